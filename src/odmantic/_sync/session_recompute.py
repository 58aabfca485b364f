# Generated from src/odmantic/_aio/session_recompute.py by tools/generate_sync.py: do not edit.
"""The rewriting of stored properties that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._plan.arguments import words_said
from odmantic._sync.session_writes import SessionWrites

if TYPE_CHECKING:
    from odmantic._shared.reading import ModelType
    from odmantic._sync.engine_deletions import Query, Without


class SessionRecompute(SessionWrites):
    """The rewriting of stored properties, in one driver session."""

    def recompute(self, model: type[ModelType], *queries: Query, without: Without = ()) -> int:
        """Rewrite the stored properties of documents; see `SyncEngine.recompute`."""
        words = words_said(without=without or None)
        return self.engine.recompute(model, *queries, session=self._as_argument(), **words)
