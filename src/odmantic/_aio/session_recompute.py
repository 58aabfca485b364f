"""The rewriting of stored properties that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._aio.session_writes import SessionWrites
from odmantic._plan.arguments import words_said

if TYPE_CHECKING:
    from odmantic._aio.engine_deletions import Query, Without
    from odmantic._shared.reading import ModelType


class SessionRecompute(SessionWrites):
    """The rewriting of stored properties, in one driver session."""

    async def recompute(
        self, model: type[ModelType], *queries: Query, without: Without = ()
    ) -> int:
        """Rewrite the stored properties of documents; see `AIOEngine.recompute`."""
        words = words_said(without=without or None)
        return await self.engine.recompute(model, *queries, session=self._as_argument(), **words)
