# Generated from src/odmantic/_aio/session_replacements.py by tools/generate_sync.py: do not edit.
"""The writes that put the document of an instance where a query says, which sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from odmantic._plan.arguments import words_said
from odmantic._sync.session_find_one_and import SessionFindOneAnd

if TYPE_CHECKING:
    from pymongo.results import UpdateResult
    from typing_extensions import Unpack

    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType
    from odmantic._sync.engine_deletions import Without
    from odmantic._sync.engine_instances import OneQuery


class SessionReplacements(SessionFindOneAnd):
    """The writes of an engine that put the document of an instance where a query says, in one driver session."""

    def replace_one(
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        upsert: bool = False,
        sort: SortExpressionType = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult:
        """Replace one document that matches with that of an instance; see `SyncEngine.replace_one`."""
        words = words_said(sort=sort, without=without or None)
        return self.engine.replace_one(
            model,
            query,
            instance,
            upsert=upsert,
            session=self._as_argument(),
            **words,
            **options,
        )

    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        returning: Literal["after"] = "after",
        upsert: Literal[True],
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def find_one_and_replace(  # noqa: PLR0913 - the words of a write and of a read
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None:
        """Replace one document that matches, and return an instance; see `SyncEngine.find_one_and_replace`."""
        words = words_said(sort=sort, load=load, missing=missing, without=without or None)
        return self.engine.find_one_and_replace(
            model,
            query,
            instance,
            returning=returning,
            upsert=upsert,
            session=self._as_argument(),
            **words,
            **options,
        )

    def get_or_create(
        self, model: type[ModelType], query: OneQuery, instance: ModelType
    ) -> tuple[ModelType, bool]:
        """Find the instance of a document, or create the document; see `SyncEngine.get_or_create`."""
        return self.engine.get_or_create(model, query, instance, session=self._as_argument())
