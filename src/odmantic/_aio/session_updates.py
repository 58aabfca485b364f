"""The updates by query that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._aio.session_instances import SessionInstances
from odmantic._plan.arguments import words_said

if TYPE_CHECKING:
    from pymongo.results import UpdateResult
    from typing_extensions import Unpack

    from odmantic._aio.engine_deletions import Without
    from odmantic._aio.engine_instances import AnyUpdate, OneQuery
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType


class SessionUpdates(SessionInstances):
    """The updates of an engine by query, in one driver session."""

    async def update_one(
        self,
        model: type[ModelType],
        query: OneQuery,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        sort: SortExpressionType = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult:
        """Update one document that matches; see `AIOEngine.update_one`."""
        words = words_said(
            upsert=None if upsert is False else upsert, sort=sort, without=without or None
        )
        return await self.engine.update_one(
            model, query, *updates, session=self._as_argument(), **words, **options
        )

    async def update_many(
        self,
        model: type[ModelType],
        query: OneQuery,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult:
        """Update all documents that match; see `AIOEngine.update_many`."""
        words = words_said(upsert=None if upsert is False else upsert, without=without or None)
        return await self.engine.update_many(
            model, query, *updates, session=self._as_argument(), **words, **options
        )
