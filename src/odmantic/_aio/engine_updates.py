"""The updates of an engine by query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._aio.engine_instances import EngineInstances
from odmantic._aio.operations.update import plan_for, update
from odmantic._plan.arguments import check_model
from odmantic._plan.options import OF_UPDATES, checked_call_options
from odmantic._plan.query_update import QueryUpdate, queries_of
from odmantic._plan.sort import build_sort

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pymongo.results import UpdateResult
    from typing_extensions import Unpack

    from odmantic._aio.engine_deletions import Without
    from odmantic._aio.engine_instances import AnyUpdate, OneQuery
    from odmantic._aio.engine_scopes import AIOSessionType
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType


class EngineUpdates(EngineInstances):
    """The updates of an engine by query."""

    async def update_one(
        self,
        model: type[ModelType],
        query: OneQuery,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        sort: SortExpressionType = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult:
        """Update one document that matches; no instance in memory changes.

        A document that would leave the bounds of its fields by `inc`, `mul`, `push` and the like does not match.

        Args:
            model: The model whose document is updated.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` is any document.
            *updates: Changes such as `inc(User.age, 1)`; or one update in MongoDB's language, a dict or a list of
                stages.
            upsert: With `True`, a document is inserted if none matches: it has what the query says by `==`, what the
                updates write, and defaults. With an instance, it has the instance's values in place of defaults. Only a
                unique index keeps calls at the same time from inserting two.
            sort: Which document is updated, if several match; as for `find`.
            without: With `"soft_delete"`, deleted documents match too.
            session: See the class.
            **options: The options of the command; see [odmantic.typing.WriteOptions][].

        Returns:
            The driver's result. With `sort=`, a document that matches counts as modified: the server does not say more.

        Raises:
            TypeError: if `model` is not a model class, there is no query, an update or an option has a wrong type, or
                there is a `write_concern` in a transaction; or `upsert` lacks a field that the model needs.
            ValueError: if there is no update, two change one path, or a word of `without` is unknown; or the query of an
                `upsert` contradicts itself or the instance.
            ValidationError: if the model could not read what an `upsert` would insert.
            DuplicateKeyError: if a unique index refuses the document; its `instance` is `None`.

        Example:
            ```python
            sold = await engine.update_one(Stock, Stock.item == "tea", inc(Stock.left, -3))
            if not sold.matched_count:
                print("too few")
            ```
        """
        check_model(model, "update_one")
        call = QueryUpdate(
            operation="update_one",
            model=model,
            queries=queries_of("update_one", model, query),
            updates=updates,
            just_one=True,
            sort=build_sort(sort, model),
            without=without,
            options=checked_call_options("update_one", model, {**options}, OF_UPDATES),
            upsert=upsert,
            policy=self._raw_queries,
        )
        return await self._update_by_query(call, session)

    async def update_many(
        self,
        model: type[ModelType],
        query: OneQuery,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult:
        """Update all documents that match; no instance in memory changes.

        Documents that would leave the bounds of their fields are left out. Outside of a transaction, an error may leave
        some documents updated, and others not.

        Args:
            model: The model whose documents are updated.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` for all documents.
            *updates: Changes; see `update_one`.
            upsert: Whether a document is inserted if none matches; see `update_one`.
            without: With `"soft_delete"`, deleted documents match too.
            session: See the class.
            **options: The options of the command; see [odmantic.typing.WriteOptions][].

        Returns:
            The driver's result.

        Raises:
            TypeError: if `model` is not a model class, there is no query, an update or an option has a wrong type, or
                there is a `write_concern` in a transaction; or `upsert` lacks a field that the model needs.
            ValueError: if there is no update, two change one path, or a word of `without` is unknown; or the query of an
                `upsert` contradicts itself or the instance.
            ValidationError: if the model could not read what an `upsert` would insert.
            DuplicateKeyError: if a unique index refuses a document; its `instance` is `None`.
        """
        check_model(model, "update_many")
        call = QueryUpdate(
            operation="update_many",
            model=model,
            queries=queries_of("update_many", model, query),
            updates=updates,
            without=without,
            options=checked_call_options("update_many", model, {**options}, OF_UPDATES),
            upsert=upsert,
            policy=self._raw_queries,
        )
        return await self._update_by_query(call, session)

    def _update_by_query(
        self, call: QueryUpdate, session: AIOSessionType
    ) -> Awaitable[UpdateResult]:
        plans = plan_for(self, call)
        scope = self._scope_for(session, call.operation, writes=True)
        scope.check_options(call.options, call.operation, call.model)
        return update(self, scope, call, plans)
