"""The writes that find one document by query, which sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from odmantic._aio.session_query_deletions import SessionQueryDeletions
from odmantic._plan.arguments import words_said

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from odmantic._aio.engine_deletions import Without
    from odmantic._aio.engine_instances import AnyUpdate, OneQuery
    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType


class SessionFindOneAnd(SessionQueryDeletions):
    """The writes of an engine that find one document by query, in one driver session."""

    @overload
    async def find_one_and_update(
        self,
        model: type[ModelType],
        query: OneQuery,
        *updates: AnyUpdate,
        returning: Literal["after"] = "after",
        upsert: Literal[True] | ModelType,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...

    @overload
    async def find_one_and_update(
        self,
        model: type[ModelType],
        query: OneQuery,
        *updates: AnyUpdate,
        returning: Literal["after", "before"] = "after",
        upsert: bool | ModelType = False,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...

    async def find_one_and_update(
        self,
        model: type[ModelType],
        query: OneQuery,
        *updates: AnyUpdate,
        returning: Literal["after", "before"] = "after",
        upsert: bool | ModelType = False,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None:
        """Update one document that matches, and return its instance; see `AIOEngine.find_one_and_update`."""
        words = words_said(sort=sort, load=load, missing=missing, without=without or None)
        return await self.engine.find_one_and_update(
            model,
            query,
            *updates,
            returning=returning,
            upsert=upsert,
            session=self._as_argument(),
            **words,
            **options,
        )
