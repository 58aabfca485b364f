"""The deletions with exactly one query that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._aio.session_updates import SessionUpdates
from odmantic._plan.arguments import words_said
from odmantic._plan.rules import MOST_DELETED, deletion_said

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from odmantic._aio.engine_deletions import Without
    from odmantic._aio.engine_instances import OneQuery
    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType


class SessionQueryDeletions(SessionUpdates):
    """The deletions of an engine that take exactly one query, in one driver session."""

    async def delete_one(
        self,
        model: type[ModelType],
        query: OneQuery,
        *,
        sort: SortExpressionType = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
        **options: Unpack[WriteOptions],
    ) -> bool:
        """Delete one document that matches; see `AIOEngine.delete_one`."""
        words = words_said(sort=sort, without=without or None)
        said = deletion_said(hard=hard, rules=rules, rules_limit=rules_limit)
        return await self.engine.delete_one(
            model, query, session=self._as_argument(), **words, **said, **options
        )

    async def delete_many(
        self,
        model: type[ModelType],
        query: OneQuery,
        *,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
        **options: Unpack[WriteOptions],
    ) -> int:
        """Delete all documents that match; see `AIOEngine.delete_many`."""
        words = words_said(without=without or None)
        said = deletion_said(hard=hard, rules=rules, rules_limit=rules_limit)
        return await self.engine.delete_many(
            model, query, session=self._as_argument(), **words, **said, **options
        )

    async def find_one_and_delete(  # noqa: PLR0913 - the words of a deletion
        self,
        model: type[ModelType],
        query: OneQuery,
        *,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None:
        """Delete one document that matches, and return its instance; see `AIOEngine.find_one_and_delete`."""
        words = words_said(sort=sort, load=load, missing=missing, without=without or None)
        said = deletion_said(hard=hard, rules=rules, rules_limit=rules_limit)
        return await self.engine.find_one_and_delete(
            model, query, session=self._as_argument(), **words, **said, **options
        )
