# Generated from src/odmantic/_aio/session_writes.py by tools/generate_sync.py: do not edit.
"""The operations that sessions and transactions share with engines, and that write whole instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._plan.arguments import words_said
from odmantic._shared.reading import ModelType
from odmantic._sync.operations.scope import HasScope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odmantic._sync.engine_base import SyncEngineBase


class SessionWrites(HasScope):
    """The operations of an engine that write whole instances, in one driver session."""

    engine: SyncEngineBase

    def _as_argument(self) -> Any:
        """Return the `session=` for the engine's methods: this object, which has the scope of an operation."""
        return self if self.engine._takes_sessions is True else self.engine._get_session(self)

    def insert(
        self,
        instance: ModelType,
        *,
        cascade: bool = True,
        bypass_document_validation: bool | None = None,
    ) -> ModelType:
        """Insert the document of an instance; see `SyncEngine.insert`."""
        return self.engine.insert(
            instance,
            cascade=cascade,
            session=self._as_argument(),
            **words_said(bypass_document_validation=bypass_document_validation),
        )

    def insert_many(
        self,
        instances: Iterable[ModelType],
        *,
        ordered: bool = True,
        cascade: bool = True,
        bypass_document_validation: bool | None = None,
    ) -> list[ModelType]:
        """Insert the documents of several instances; see `SyncEngine.insert_many`."""
        return self.engine.insert_many(
            instances,
            ordered=ordered,
            cascade=cascade,
            session=self._as_argument(),
            **words_said(bypass_document_validation=bypass_document_validation),
        )

    def replace(self, instance: ModelType) -> ModelType:
        """Replace the document of an instance as a whole; see `SyncEngine.replace`."""
        return self.engine.replace(instance, session=self._as_argument())
