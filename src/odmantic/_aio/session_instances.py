"""The operations between one instance and its document that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._aio.session_writes import SessionWrites
from odmantic._plan.arguments import words_said
from odmantic._shared.reading import ModelType

if TYPE_CHECKING:
    from odmantic._aio.engine_instances import AnyUpdate, OneQuery
    from odmantic._query.paths import FieldProxy
    from odmantic.model import Model


class SessionInstances(SessionWrites):
    """The operations of an engine between one instance and its document, in one driver session."""

    async def refresh(
        self, instance: ModelType, *fields: FieldProxy | str | Any, discard: bool = False
    ) -> ModelType:
        """Read the document of an instance again, into the same object; see `AIOEngine.refresh`."""
        return await self.engine.refresh(
            instance, *fields, discard=discard, session=self._as_argument()
        )

    async def update(
        self, instance: Model, *updates: AnyUpdate, where: OneQuery | None = None
    ) -> bool:
        """Update the document of an instance; see `AIOEngine.update`."""
        return await self.engine.update(
            instance, *updates, session=self._as_argument(), **words_said(where=where)
        )
