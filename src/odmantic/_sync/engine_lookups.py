# Generated from src/odmantic/_aio/engine_lookups.py by tools/generate_sync.py: do not edit.
"""The reads of an engine by primary key, and those that return no instances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, overload

from odmantic._plan.arguments import check_model
from odmantic._plan.distinct import plan_distinct
from odmantic._plan.filters import build_filter
from odmantic._plan.find import plan_find
from odmantic._plan.lookups import Wanted, check_estimable, filter_of_id
from odmantic._plan.options import (
    OF_COUNTS,
    OF_DISTINCTS,
    OF_ESTIMATES,
    OF_FINDS,
    checked_call_options,
)
from odmantic._shared.reading import ModelType
from odmantic._sync.engine_scopes import EngineScopes
from odmantic._sync.operations.find import count, find_first
from odmantic._sync.operations.lookups import distinct, estimated_count, exists, get_many

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import FindOptions
    from odmantic._sync.engine_deletions import Query, Without
    from odmantic._sync.engine_scopes import SyncSessionType

T = TypeVar("T")


class EngineLookups(EngineScopes):
    """The reads of an engine by primary key, and those that return no instances."""

    def get(
        self,
        model: type[ModelType],
        id: Any,  # noqa: A002 - the name of the field
        *,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        session: SyncSessionType = None,
    ) -> ModelType | None:
        """Return the instance with a primary key; `None` if there is none; `find` explains the keywords.

        Args:
            model: The model.
            id: The primary key; for an `ObjectId`, its 24 hexadecimal digits may be given.
            load: The paths of references to load.
            missing: What stands in for a target that does not exist.
            identity: Whether each document has one instance in all that the call returns.
            without: What the model does not add to the query.
            session: See the class.

        Raises:
            TypeError: if `model` is not a model class, or `id` is a condition.
            ValueError: if a path of `load` leads to no reference.
            DocumentParsingError: if the document does not fit the model.

        Example:
            ```python
            parcel = engine.get(Parcel, "5f85f36d6dfecacc68428a46")
            ```
        """
        check_model(model, "get")
        plan = plan_find(
            model,
            (filter_of_id(model, id),),
            load=load,
            missing=missing,
            identity=identity,
            without=without,
        )
        return find_first(self, self._scope_for(session, "get"), plan, "get")

    def get_many(
        self,
        model: type[ModelType],
        ids: Iterable[Any],
        *,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        session: SyncSessionType = None,
    ) -> list[ModelType | None]:
        """Return the instances with some primary keys, in their order, and `None` where there is none.

        It sends one query for each 1,000 ids. An id that is given twice has two instances, unless `identity` is true.

        Args:
            model: The model.
            ids: The primary keys; for each `ObjectId`, its 24 hexadecimal digits may be given.
            load: The paths of references to load; `find` explains the keywords.
            missing: What stands in for a target that does not exist.
            identity: Whether each document has one instance in all that the call returns.
            without: What the model does not add to the query.
            session: See the class.

        Raises:
            TypeError: if `model` is not a model class, or `ids` is no iterable of ids.
            ValueError: if a path of `load` leads to no reference.
            DocumentParsingError: if a document does not fit the model.
        """
        check_model(model, "get_many")
        plan = plan_find(model, (), load=load, missing=missing, identity=identity)
        wanted = Wanted(model, ids, "get_many")
        return get_many(self, self._scope_for(session, "get_many"), plan, wanted, without)

    def count(
        self,
        model: type[ModelType],
        *queries: Query,
        skip: int = 0,
        limit: int | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> int:
        """Count the matching documents, whether or not they fit the model; `find` explains the arguments.

        With `limit=`, the server stops at that number.

        Raises:
            TypeError: if `model` is not a model class, a query has a wrong type, or an option is unknown: of those of
                `find`, it has no `batch_size` and `no_cursor_timeout`.
            ValueError: if `limit` is not positive, or `skip` is negative.
        """
        check_model(model, "count")
        plan = plan_find(
            model, queries, skip=skip, limit=limit, without=without, raw=self._raw_queries
        )
        checked = checked_call_options("count", model, {**options}, OF_COUNTS)
        scope = self._scope_for(session, "count").reading(checked, "count", model)
        return count(self, scope, replace(plan, options=checked))

    def exists(
        self,
        model: type[ModelType],
        *queries: Query,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> bool:
        """Return whether a document matches, whether or not it fits the model; `find` explains the arguments.

        Raises:
            TypeError: if `model` is not a model class, a query has a wrong type, or an option is unknown.
        """
        check_model(model, "exists")
        query = build_filter(queries, model, without, self._raw_queries)
        checked = checked_call_options("exists", model, {**options}, OF_FINDS)
        scope = self._scope_for(session, "exists").reading(checked, "exists", model)
        return exists(self, scope, model, query, checked)

    def estimated_count(
        self,
        model: type[ModelType],
        *,
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> int:
        """Return the number of documents in the collection of a model by its metadata, without a query.

        It is exact, but for shards and the time after a crash:
        https://www.mongodb.com/docs/manual/reference/command/count/#considerations

        Raises:
            TypeError: if `model` is not a model class, or not all documents of the collection count for it: it is a
                class within a hierarchy, or has `soft_delete`; or an option is unknown: it has `comment`,
                `max_time_ms`, `read_preference` and `read_concern`.
            SessionMisuseError: if it is called in a transaction.
        """
        check_model(model, "estimated_count")
        check_estimable(model)
        checked = checked_call_options("estimated_count", model, {**options}, OF_ESTIMATES)
        scope = self._scope_for(session, "estimated_count")
        return estimated_count(self, scope, model, checked)

    @overload
    def distinct(
        self,
        field: list[T] | set[T] | frozenset[T] | deque[T] | tuple[T, ...],
        *queries: Query,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    @overload
    def distinct(
        self,
        field: T,
        *queries: Query,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    def distinct(
        self,
        field: Any,
        *queries: Query,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> list[Any]:
        """Return the different values of a field in documents that match, in the server's order.

        Of an array, MongoDB takes the items; of a reference, these are keys. Documents without the field have no part
        in it. All values together take 16 MiB at most.

        Args:
            field: A field such as `User.name`, `User.home.city` or `Order.lines.sku`.
            *queries: Conditions, as for `find`.
            without: What the model does not add to the queries this time, as for `find`.
            session: See the class.
            **options: `collation`, `comment`, `hint` (MongoDB 7.1), `max_time_ms`, `read_preference`, `read_concern`.

        Raises:
            TypeError: if `field` is not a field of a model, a query has a wrong type, or an option is unknown.
            ValueError: if the path of the field has no meaning in filters.
            DocumentParsingError: if a value does not fit the field.

        Example:
            ```python
            codes = engine.distinct(Parcel.code, Parcel.weight > 2)
            ```
        """
        plan = plan_distinct(field)
        query = build_filter(queries, plan.model, without, self._raw_queries)
        checked = checked_call_options("distinct", plan.model, {**options}, OF_DISTINCTS)
        scope = self._scope_for(session, "distinct").reading(checked, "distinct", plan.model)
        return distinct(self, scope, plan, query, checked)
