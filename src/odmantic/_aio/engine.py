"""The engine: what programs call to read and write instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from odmantic._aio.colour import ASYNC
from odmantic._aio.operations import Operations
from odmantic._aio.session import AIOSession, AIOSessionBase, AIOTransaction
from odmantic._base import AIOEngineBase, BaseSession, ModelType, check_client
from odmantic._driver._aio import (
    CLIENT_ADVICE,
    REFUSED_CLIENTS,
    default_client,
    resolve,
)
from odmantic._plan.checks import check_instance, check_model, collect_instances
from odmantic._plan.filters import build_filter
from odmantic._plan.find import plan_find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pymongo.asynchronous.client_session import AsyncClientSession
    from pymongo.asynchronous.collection import AsyncCollection

    from odmantic._aio.cursor import AIOCursor
    from odmantic._plan.sort import SortExpressionType
    from odmantic.model import Model
    from odmantic.query import QueryExpression

    AIOSessionType: TypeAlias = AIOSessionBase | AsyncClientSession | Any | None
    #: `bool` is what type checkers see in `Model.field == value`; a real one is refused.
    Query: TypeAlias = QueryExpression | Mapping[Any, Any] | bool
else:
    AIOSessionType = Any


class AIOEngine(AIOEngineBase):
    """Reads and writes instances of models in one database.

    Making an engine sends nothing and needs no running event loop. It has nothing to close: the client belongs to
    who made it, and several engines may share one. Every method that reaches the server takes `session=`: `None`,
    a started session or transaction object, or a session of the driver.

    Args:
        client: an `AsyncMongoClient`, a Motor client, or something that behaves like one; by default an
            `AsyncMongoClient` for the driver's default address.
        database: name of the database.

    Attributes:
        client: the driver's client.
        database_name: name of the database.
        database: the driver's database object.

    Raises:
        TypeError: the client is one of the other colour.
        ValueError: the database name holds a forbidden character.

    Example:
        ```python
        engine = AIOEngine(AsyncMongoClient("mongodb://localhost:27017"), database="shop")
        await engine.save(Parcel(code="X1", weight=2.5))
        heavy = await engine.find(Parcel, Parcel.weight > 2)
        ```
    """

    def __init__(self, client: Any = None, database: str = "test") -> None:
        """Keep the client, or make the default one; nothing is sent."""
        check_client(client, REFUSED_CLIENTS, "AIOEngine", CLIENT_ADVICE)
        super().__init__(default_client() if client is None else client, database)

    def get_collection(self, model: type[Model]) -> AsyncCollection[dict[str, Any]]:
        """The driver's collection of a model, for raw calls.

        Raises:
            TypeError: `model` is no model class.
        """
        return cast("AsyncCollection[dict[str, Any]]", self._collection(model))

    def session(self) -> AIOSession:
        """A session object, to be used with `async with`."""
        return AIOSession(self)

    def transaction(self) -> AIOTransaction:
        """A transaction object in a session of its own, to be used with `async with`."""
        return AIOTransaction(self)

    async def configure_database(
        self,
        models: Iterable[type[Model]],
        *,
        update_existing_indexes: bool = False,
        session: AIOSessionType = None,
    ) -> None:
        """Create the indexes that models declare; identical ones may exist already.

        Indexes that are no longer declared are left alone.

        Args:
            models: the models, in order; a failure leaves the indexes created before.
            update_existing_indexes: replace an index that conflicts with a declared one: drop it, create the
                declared one, and if that fails put the old one back.
            session: see the class.

        Raises:
            TypeError: `models` is not an iterable of model classes.
            pymongo.errors.OperationFailure: an index conflicts (codes 85 and 86), or the server refuses it.
            pymongo.errors.DuplicateKeyError: the data violates a unique index.
        """
        models = list(models)
        for model in models:
            check_model(model, "configure_database")
        operations = Operations(self, self._get_session(session))
        for model in models:
            await operations.create_indexes(model, update_existing=update_existing_indexes)

    def find(
        self,
        model: type[ModelType],
        *queries: Query,
        sort: SortExpressionType = None,
        skip: int = 0,
        limit: int | None = None,
        session: AIOSessionType = None,
    ) -> AIOCursor[ModelType]:
        """Search for instances of a model; all of the queries must hold.

        References are resolved. Await the cursor for a list, or iterate over it.

        Args:
            model: the model to search for.
            *queries: conditions such as `Parcel.weight > 2`, or filters of MongoDB as dicts of key names.
            sort: a field, `asc(field)`, `desc(field)`, or a tuple of these.
            skip: how many matching documents to leave out.
            limit: how many to return at most.
            session: see the class.

        Raises:
            TypeError: `model` is no model class, or a query or `sort` is of a wrong kind.
            ValueError: `limit` is not positive, or `skip` negative.
            DocumentParsingError: on consumption: a document does not fit the model.
        """
        plan = plan_find(model, queries, sort=sort, skip=skip, limit=limit)
        cursor = Operations(self, self._get_session(session)).find(plan)
        if ASYNC:
            return cursor
        else:  # noqa: RET505 - the sync query is sent by the call
            cursor.open()
            return cursor

    async def find_one(
        self,
        model: type[ModelType],
        *queries: Query,
        sort: SortExpressionType = None,
        session: AIOSessionType = None,
    ) -> ModelType | None:
        """Search for the first matching instance; `None` if there is none.

        Raises:
            TypeError: `model` is no model class, or a query or `sort` is of a wrong kind.
            DocumentParsingError: the document does not fit the model.
        """
        check_model(model, "find_one")
        cursor = self.find(model, *queries, sort=sort, limit=1, session=session)
        if ASYNC:
            instances = await cursor
        else:
            instances = list(cursor)
        return instances[0] if instances else None

    async def count(
        self, model: type[ModelType], *queries: Query, session: AIOSessionType = None
    ) -> int:
        """Count the matching documents, whether or not they fit the model.

        Raises:
            TypeError: `model` is no model class, or a query is of a wrong kind.
        """
        check_model(model, "count")
        query = build_filter(queries)
        return await Operations(self, self._get_session(session)).count(model, query)

    async def save(self, instance: ModelType, *, session: AIOSessionType = None) -> ModelType:
        """Insert an instance, or update what has changed in its document, after the instances it references.

        Only fields that were assigned, or changed in place, since the last read or write are sent. Without a
        session the writes share one of the call's own; only in a transaction they take effect together.

        Returns:
            The same object.

        Raises:
            TypeError: `instance` is no instance of a model.
            DuplicateKeyError: a unique index refuses the document.
            InvalidDocumentError: a value cannot be stored, or the document is too large.
        """
        check_instance(instance, "save")
        await self._save_in_session([instance], session)
        return instance

    async def save_all(
        self, instances: Iterable[ModelType], *, session: AIOSessionType = None
    ) -> list[ModelType]:
        """Save instances one after the other; the first error stops, and what was saved before stays saved.

        Returns:
            The same objects, in order.

        Raises:
            TypeError: an element is no instance of a model; nothing is written then.
            DuplicateKeyError: a unique index refuses a document.
            InvalidDocumentError: a value cannot be stored, or a document is too large.
        """
        collected = collect_instances(instances, "save_all")
        if collected:
            await self._save_in_session(collected, session)
        return collected

    if ASYNC:

        async def delete(self, instance: ModelType, *, session: AIOSessionType = None) -> None:
            """Delete the document of an instance; referenced documents stay.

            Raises:
                TypeError: `instance` is no instance of a model.
                DocumentNotFoundError: there is no such document.
            """
            await self._delete(instance, session)

    elif not TYPE_CHECKING:

        def delete(self, instance: ModelType, session: AIOSessionType = None) -> None:
            """Delete the document of an instance; referenced documents stay.

            Raises:
                TypeError: `instance` is no instance of a model.
                DocumentNotFoundError: there is no such document.
            """
            self._delete(instance, session)

    async def remove(
        self,
        model: type[ModelType],
        *queries: Query,
        just_one: bool = False,
        session: AIOSessionType = None,
    ) -> int:
        """Delete the matching documents of a model; without a query, all of them.

        Args:
            model: the model whose documents are deleted.
            *queries: conditions, as for `find`.
            just_one: delete one at most.
            session: see the class.

        Returns:
            How many documents were deleted.

        Raises:
            TypeError: `model` is no model class, or a query is of a wrong kind.
        """
        check_model(model, "remove")
        query = build_filter(queries)
        operations = Operations(self, self._get_session(session))
        return await operations.remove(model, query, just_one=just_one)

    @staticmethod
    def _get_session(session: AIOSessionType) -> Any:
        """The driver session of a `session=` argument.

        Raises:
            RuntimeError: the session or transaction object is not started.
            TypeError: it is one of the other colour.
        """
        if isinstance(session, AIOSessionBase):
            return cast("AIOSession", session).get_driver_session()
        if isinstance(session, BaseSession):
            message = f"an AIOEngine cannot use a {type(session).__name__} as session="
            raise TypeError(message)
        return session

    async def _save(self, instance: ModelType, session: Any) -> ModelType:
        """Save an instance and those it references in a driver session."""
        await Operations(self, session).save([instance])
        return instance

    async def _save_in_session(self, instances: list[ModelType], session: AIOSessionType) -> None:
        driver_session = self._get_session(session)
        if driver_session is not None:
            await Operations(self, driver_session).save(instances)
            return
        own_session = await resolve(self.client.start_session())
        try:
            await Operations(self, own_session).save(instances)
        finally:
            await resolve(own_session.end_session())

    async def _delete(self, instance: ModelType, session: AIOSessionType) -> None:
        check_instance(instance, "delete")
        await Operations(self, self._get_session(session)).delete(instance)
