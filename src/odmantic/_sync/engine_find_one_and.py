# Generated from src/odmantic/_aio/engine_find_one_and.py by tools/generate_sync.py: do not edit.
"""The writes of an engine that find one document by query, and give its instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from odmantic._driver.plain import check_acknowledged
from odmantic._plan.arguments import check_model, check_returning
from odmantic._plan.loading import plan_load
from odmantic._plan.options import OF_UPDATES, checked_call_options
from odmantic._plan.query_update import QueryUpdate, queries_of
from odmantic._plan.sort import build_sort
from odmantic._sync.engine_query_deletions import EngineQueryDeletions
from odmantic._sync.operations.find_one_and import find_and_update
from odmantic._sync.operations.update import plan_for

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType
    from odmantic._sync.engine_deletions import Without
    from odmantic._sync.engine_instances import AnyUpdate, OneQuery
    from odmantic._sync.engine_scopes import SyncSessionType


class EngineFindOneAnd(EngineQueryDeletions):
    """The writes of an engine that find one document by query, and give its instance."""

    @overload
    def find_one_and_update(
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
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...

    @overload
    def find_one_and_update(
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
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...

    def find_one_and_update(  # noqa: PLR0913 - the words of a write and of a read
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
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None:
        """Update one document that matches, and return its instance, in one step.

        Of several callers that look for the same state and change it, each gets another document. A document that would
        leave the bounds of its fields does not match; see `update_one`. References are loaded by further reads.

        Args:
            model: The model whose document is updated.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` is any document.
            *updates: Changes; see `update_one`.
            returning: Whether the instance has the values `"after"` the update, or those `"before"` it.
            upsert: With `True` or an instance, a document is inserted if none matches; see `update_one`.
            sort: Which document is updated, if several match; as for `find`.
            load: The paths of references to load, as for `find`.
            missing: What stands in for a target that does not exist, as for `find`.
            without: With `"soft_delete"`, deleted documents match too.
            session: See the class.
            **options: The options of the command; see [odmantic.typing.WriteOptions][].

        Returns:
            The instance, which is clean; never the one given as `upsert`, which stays as it was. `None` if no document
            matches; with an upsert, if there was none `"before"`. After the rollback of a transaction, a save sends what
            was assigned since. If there is no document then, as after an upsert that has inserted it, it sends the whole
            instance.

        Raises:
            TypeError: if `model` is not a model class, there is no query, an update or an option has a wrong type, writes
                are not acknowledged, or there is a `write_concern` in a transaction; or `upsert` lacks a field that the
                model needs.
            ValueError: if there is no update, two change one path, `returning` is neither of its values, a path of `load`
                leads to no reference, or a word of `without` is unknown; or the query of an `upsert` contradicts itself or
                the instance.
            ValidationError: if the model could not read what an `upsert` would insert.
            UpdateRefusedError: if there is an `upsert`, and what matches would leave the bounds of its fields; its
                `instance` is `None`. With `"before"`, the answer is `None`.
            DuplicateKeyError: if a unique index refuses the document; its `instance` is `None`.
            DocumentParsingError: if the document does not fit the model; it is updated all the same.

        Example:
            ```python
            sold = engine.find_one_and_update(
                Stock, Stock.left > 0, inc(Stock.left, -1), sort=Stock.item
            )
            print(sold.left if sold else "nothing is left")
            ```
        """
        operation = "find_one_and_update"
        check_model(model, operation)
        call = QueryUpdate(
            operation=operation,
            model=model,
            queries=queries_of(operation, model, query),
            updates=updates,
            just_one=True,
            sort=build_sort(sort, model),
            without=without,
            options=checked_call_options(operation, model, {**options}, OF_UPDATES),
            upsert=upsert,
            policy=self._raw_queries,
            returning=check_returning(returning, operation),
        )
        loads = plan_load(model, load, missing, self._raw_queries)
        plans = plan_for(self, call)
        scope = self._scope_for(session, operation, writes=True)
        scope.check_options(call.options, operation, model)
        check_acknowledged(call.options.collection(self._target(model).writing), operation, model)
        found: Any = find_and_update(self, scope, call, plans, loads)
        instance: ModelType | None = found
        return instance
