"""The operations that sessions and transactions share with engines, and that write whole instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._aio.operations.scope import HasScope
from odmantic._plan.arguments import words_said
from odmantic._shared.reading import ModelType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odmantic._aio.engine_base import AIOEngineBase


class SessionWrites(HasScope):
    """The operations of an engine that write whole instances, in one driver session."""

    engine: AIOEngineBase

    def _as_argument(self) -> Any:
        """Return the `session=` for the engine's methods: this object, which has the scope of an operation."""
        return self if self.engine._takes_sessions is True else self.engine._get_session(self)

    async def insert(
        self,
        instance: ModelType,
        *,
        cascade: bool = True,
        bypass_document_validation: bool | None = None,
    ) -> ModelType:
        """Insert the document of an instance; see `AIOEngine.insert`."""
        return await self.engine.insert(
            instance,
            cascade=cascade,
            session=self._as_argument(),
            **words_said(bypass_document_validation=bypass_document_validation),
        )

    async def insert_many(
        self,
        instances: Iterable[ModelType],
        *,
        ordered: bool = True,
        cascade: bool = True,
        bypass_document_validation: bool | None = None,
    ) -> list[ModelType]:
        """Insert the documents of several instances; see `AIOEngine.insert_many`."""
        return await self.engine.insert_many(
            instances,
            ordered=ordered,
            cascade=cascade,
            session=self._as_argument(),
            **words_said(bypass_document_validation=bypass_document_validation),
        )

    async def replace(self, instance: ModelType) -> ModelType:
        """Replace the document of an instance as a whole; see `AIOEngine.replace`."""
        return await self.engine.replace(instance, session=self._as_argument())
