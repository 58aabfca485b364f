# Generated from src/odmantic/_aio/session_instances.py by tools/generate_sync.py: do not edit.
"""The operations between one instance and its document that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._plan.arguments import words_said
from odmantic._shared.reading import ModelType
from odmantic._sync.session_writes import SessionWrites

if TYPE_CHECKING:
    from odmantic._query.paths import FieldProxy
    from odmantic._sync.engine_instances import AnyUpdate, OneQuery
    from odmantic.model import Model


class SessionInstances(SessionWrites):
    """The operations of an engine between one instance and its document, in one driver session."""

    def refresh(
        self, instance: ModelType, *fields: FieldProxy | str | Any, discard: bool = False
    ) -> ModelType:
        """Read the document of an instance again, into the same object; see `SyncEngine.refresh`."""
        return self.engine.refresh(instance, *fields, discard=discard, session=self._as_argument())

    def update(self, instance: Model, *updates: AnyUpdate, where: OneQuery | None = None) -> bool:
        """Update the document of an instance; see `SyncEngine.update`."""
        return self.engine.update(
            instance, *updates, session=self._as_argument(), **words_said(where=where)
        )
