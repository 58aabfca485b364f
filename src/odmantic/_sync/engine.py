# Generated from src/odmantic/_aio/engine.py by tools/generate_sync.py: do not edit.
"""The engine: what programs call to read and write instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from odmantic import _process
from odmantic._driver._sync import (
    CLIENT_ADVICE,
    REFUSED_CLIENTS,
    make_client,
    runs_for,
    waiting_frame,
)
from odmantic._driver.select import (
    SESSION_CLASSES,
    finds_plainly,
    has_own,
    is_plain_client,
    updates_plainly,
)
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.arguments import check_instance, check_model, collect_instances
from odmantic._plan.filters import build_filter
from odmantic._plan.find import plan_find
from odmantic._plan.indexes import settle
from odmantic._plan.save import referenced
from odmantic._plan.sort import build_sort
from odmantic._shared.arguments import (
    check_client,
    check_client_options,
    check_database_name,
    database_in,
)
from odmantic._shared.engine import UNNAMED, BaseSession, SyncEngineBase
from odmantic._shared.reading import ModelType, reads_by_itself
from odmantic._sync.cursor import SyncCursor
from odmantic._sync.operations.indexes import Indexes
from odmantic._sync.operations.scope import Operations
from odmantic._sync.operations.turns import Turns
from odmantic._sync.session import SyncSession
from odmantic._sync.session_base import SyncSessionBase
from odmantic._sync.transactions.repeat import join_transaction
from odmantic._sync.transactions.transaction import SyncTransaction
from odmantic._transaction.blocks import NO_SESSION, StrayOperations, is_in_block, session_of_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from pymongo.read_concern import ReadConcern
    from pymongo.synchronous.client_session import ClientSession
    from pymongo.synchronous.collection import Collection
    from pymongo.write_concern import WriteConcern
    from typing_extensions import Self

    from odmantic._plan.sort import SortExpressionType
    from odmantic._transaction.concerns import TransactionDefaults
    from odmantic.model import Model
    from odmantic.query import QueryExpression

    SyncSessionType: TypeAlias = SyncSessionBase | ClientSession | Any | None
    #: `bool` is what type checkers see in `Model.field == value`; a real one is refused.
    Query: TypeAlias = QueryExpression | Mapping[Any, Any] | bool
else:
    SyncSessionType = Any

T = TypeVar("T")

_SAVES = frozenset({"save", "save_all"})


class SyncEngine(SyncEngineBase):
    """Reads and writes instances of models in one database.

    Making an engine sends nothing and needs no running event loop. A client belongs to who made it, and several
    engines may share one; one that the engine has made is closed with it, by `close` or at the end of `with`.
    Every method that reaches the server takes `session=`: `None`, a started session or transaction object, or a
    session of the driver.

    Args:
        client: a `MongoClient`, a Motor client, something that behaves like one, or the URI to make a
            `MongoClient` for; by default the driver's default address.
        database: name of the database; by default the one in the URI, else `test`.
        stray_operations: what becomes of an operation without `session=` inside a transaction's block on the same
            client: `"warn"` (once for each place in the code), `"raise"`, `"ignore"`, or `"join"`, which makes it
            part of the transaction.
        client_options: keyword arguments for a client that the engine makes, such as `{"tz_aware": True}`.

    Attributes:
        client: the driver's client.
        database_name: name of the database.
        database: the driver's database object.

    Raises:
        TypeError: the client is one of the other colour, or `client_options` are given with a client.
        ValueError: the database name holds a forbidden character, or `stray_operations` is unknown.

    Example:
        ```python
        engine = SyncEngine(MongoClient("mongodb://localhost:27017"), database="shop")
        engine.save(Parcel(code="X1", weight=2.5))
        heavy = engine.find(Parcel, Parcel.weight > 2)
        ```
    """

    def __init__(
        self,
        client: Any = None,
        database: str = UNNAMED,
        *,
        stray_operations: str = "warn",
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the client, or make one; nothing is sent."""
        check_client(client, REFUSED_CLIENTS, "SyncEngine", CLIENT_ADVICE)
        check_client_options(client, client_options, "SyncEngine")
        uri = client if isinstance(client, str) else None
        if database is UNNAMED:
            database = (uri and database_in(uri)) or "test"
        # Whatever can fail comes before a client that nobody would close.
        check_database_name(database)
        self.stray_operations = StrayOperations(stray_operations)
        self._made_in = _process.number if client is None or uri is not None else None
        super().__init__(
            make_client(uri, client_options or {}) if self._made_in is not None else client,
            database,
        )
        self._turns = Turns()

    def close(self) -> None:
        """Close the client if the engine has made it, which ends its sessions; does nothing the second time.

        A client that was given to the engine is left to who made it, and a forked child leaves its parent's alone.
        """
        made_in, self._made_in = self._made_in, None
        if made_in is _process.number:
            self.client.close()

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Close the client if the engine has made it."""
        self.close()

    def get_collection(self, model: type[Model]) -> Collection[dict[str, Any]]:
        """The driver's collection of a model, for raw calls.

        Raises:
            TypeError: `model` is no model class.
        """
        collection: Collection[dict[str, Any]] = self._collection(model)
        return collection

    def session(
        self,
        *,
        causal_consistency: bool | None = None,
        snapshot: bool = False,
        default_transaction_options: TransactionDefaults | None = None,
        after: str | None = None,
    ) -> SyncSession:
        """A session object, to be used with `with`; see `SyncSession` for the options.

        Raises:
            ValueError: the options contradict each other, or `after` is no token.
        """
        return SyncSession(
            self,
            causal_consistency=causal_consistency,
            snapshot=snapshot,
            default_transaction_options=default_transaction_options,
            after=after,
        )

    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> SyncTransaction:
        """A transaction object in a session of its own, to be used with `with`.

        The block runs once, and its commit is repeated while the outcome is unknown. An option that is left out is
        the session's default, else the client's explicit setting, else `snapshot` and `majority`.

        Args:
            read_concern: what reads see.
            write_concern: what the commit waits for.
            max_commit_time_ms: how many milliseconds the server may take for the commit.
        """
        return SyncTransaction(
            self,
            read_concern=read_concern,
            write_concern=write_concern,
            max_commit_time_ms=max_commit_time_ms,
        )

    def run_transaction(
        self,
        callback: Callable[[SyncTransaction], T],
        *,
        attempts: int | None = None,
        timeout: float = 120.0,
        restore: Iterable[Any] = (),
        join: SyncTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T:
        """Run a callback in a transaction, and again in a fresh one after a transient error such as a write conflict.

        The callback may run several times, so it should load what it changes, and leave what reaches beyond the
        database to `transaction.on_commit`.

        Args:
            callback: gets the transaction and does the work.
            attempts: how often it is run at most; by default as often as the time allows.
            timeout: seconds for all attempts with the waits between them; commands are bounded by what is left.
            restore: objects from outside that get their present values back before each further attempt.
            join: a running transaction to run the callback in, once; if it fails, that one is rolled back.
            read_concern: what reads see.
            write_concern: what the commit waits for.
            max_commit_time_ms: how many milliseconds the server may take for the commit.

        Returns:
            What the callback returned.

        Raises:
            ValueError: `attempts` or `timeout` is not positive.
            CommitOutcomeUnknownError: the server did not say whether it committed.
            TransactionTimeoutError: the time was up after a transient error.
            UnsafeRetryError: another attempt would have applied a change to an object twice.
            CommitHookError: it is committed, but a callable given to `on_commit` failed.

        Example:
            ```python
            def sell(transaction):
                stock = transaction.find_one(Stock, Stock.item == "tea")
                stock.left -= 1
                transaction.save(stock)
                return stock.left


            left = engine.run_transaction(sell)
            ```
        """
        if join is not None:
            return join_transaction(join, callback, restore)
        with self.session() as session:
            return session.run_transaction(
                callback,
                attempts=attempts,
                timeout=timeout,
                restore=restore,
                read_concern=read_concern,
                write_concern=write_concern,
                max_commit_time_ms=max_commit_time_ms,
            )

    def configure_database(
        self,
        models: Iterable[type[Model]] | None = None,
        *,
        update_existing_indexes: bool = False,
        session: SyncSessionType = None,
    ) -> None:
        """Create the indexes that models declare; identical ones may exist already.

        Indexes that are no longer declared are left alone.

        Args:
            models: the models, in order; a failure leaves the indexes created before. By default those that this
                engine has used.
            update_existing_indexes: replace an index that conflicts with a declared one: drop it, create the
                declared one, and if that fails put the old one back.
            session: see the class.

        Raises:
            TypeError: `models` is not an iterable of model classes, or it is left out and no model was used.
            pymongo.errors.OperationFailure: an index conflicts (codes 85 and 86), or the server refuses it.
            pymongo.errors.DuplicateKeyError: the data violates a unique index.
        """
        wanted = self._models_to_configure(models)
        operations = Operations(self, session, "configure_database", writes=True)
        for model in wanted:
            indexes = Indexes(operations, model)
            indexes.create_declared(update_existing=update_existing_indexes)
            settle(mapping_of(model))

    def find(
        self,
        model: type[ModelType],
        *queries: Query,
        sort: SortExpressionType = None,
        skip: int = 0,
        limit: int | None = None,
        session: SyncSessionType = None,
    ) -> SyncCursor[ModelType]:
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
        cursor = Operations(self, session, "find").find(plan)
        cursor.open()
        return cursor

    def find_one(
        self,
        model: type[ModelType],
        *queries: Query,
        sort: SortExpressionType = None,
        session: SyncSessionType = None,
    ) -> ModelType | None:
        """Search for the first matching instance; `None` if there is none.

        Raises:
            TypeError: `model` is no model class, or a query or `sort` is of a wrong kind.
            DocumentParsingError: the document does not fit the model.
        """
        check_model(model, "find_one")
        if self._reads_by_itself(model):
            query, order = build_filter(queries, model), build_sort(sort, model)
            operations = Operations(self, session, "find")
            return operations.find_one(model, query, order)
        cursor = self.find(model, *queries, sort=sort, limit=1, session=session)
        instances = list(cursor)
        return instances[0] if instances else None

    def count(
        self, model: type[ModelType], *queries: Query, session: SyncSessionType = None
    ) -> int:
        """Count the matching documents, whether or not they fit the model.

        Raises:
            TypeError: `model` is no model class, or a query is of a wrong kind.
        """
        check_model(model, "count")
        query = build_filter(queries, model)
        return Operations(self, session, "count").count(model, query)

    def save(self, instance: ModelType, *, session: SyncSessionType = None) -> ModelType:
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
        self._save_in_session([instance], session, "save")
        return instance

    def save_all(
        self, instances: Iterable[ModelType], *, session: SyncSessionType = None
    ) -> list[ModelType]:
        """Save several instances, those they reference first, with few commands; the first error stops.

        It is no transaction. What stands before the instance that fails stays saved, and so may referenced
        instances and those of other models; each instance knows what of it is not saved.

        Returns:
            The same objects, in order.

        Raises:
            TypeError: an element is no instance of a model; nothing is written then.
            DuplicateKeyError: a unique index refuses a document.
            InvalidDocumentError: a value cannot be stored, or a document is too large.
        """
        collected = collect_instances(instances, "save_all")
        if collected:
            self._save_in_session(collected, session, "save_all")
        return collected

    def delete(self, instance: Model, session: SyncSessionType = None) -> None:
        """Delete the document of an instance; referenced documents stay.

        Raises:
            TypeError: `instance` is no instance of a model.
            DocumentNotFoundError: there is no such document.
        """
        self._delete(instance, session)

    def remove(
        self,
        model: type[ModelType],
        *queries: Query,
        just_one: bool = False,
        session: SyncSessionType = None,
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
        query = build_filter(queries, model)
        operations = Operations(self, session, "remove", writes=True)
        return operations.remove(model, query, just_one=just_one)

    def _reads_by_itself(self, model: type[Model]) -> bool:
        """Whether one document can be read by the shortest way: not where `find`, or what it calls, was replaced."""
        return (
            type(self).find is SyncEngine.find
            and has_own(self, "find")
            and reads_by_itself(SyncCursor)
            and not model.__mapping__.reference_paths
            and finds_plainly(self.get_collection(model))
        )

    @property
    def _keeps_collections(self) -> bool:
        """Whether models are in the collections that bear their names: `get_collection` was not replaced."""
        return getattr(self.get_collection, "__func__", None) is SyncEngine.get_collection

    def _collection_of_one(self, instances: Sequence[Model]) -> Any:
        """The collection of a single write, for which the driver's implicit session does: on the wire it is the same.

        `None` where the driver is not itself, or a session would be an error because no write is acknowledged.
        """
        model = type(instances[0])
        if len(instances) > 1 or model.__mapping__.reference_paths:
            return None
        collection = self.get_collection(model)
        is_usual = (
            is_plain_client(self.client)
            and updates_plainly(collection)
            and collection.write_concern.acknowledged
        )
        return collection if is_usual else None

    @staticmethod
    def _get_session(session: SyncSessionType) -> Any:
        """The driver session of a `session=` argument.

        Raises:
            RuntimeError: the session or transaction object is not started.
            TypeError: it is one of the other colour.
        """
        if isinstance(session, SyncSessionBase):
            return session.get_driver_session()
        if session is NO_SESSION:
            return None
        if isinstance(session, BaseSession):
            message = f"a SyncEngine cannot use a {type(session).__name__} as session="
            raise TypeError(message)
        return session

    def _session_for(self, session: SyncSessionType, operation: str) -> Any:
        """The driver session of an operation: the given one, or the one of the block it stands in if it joins."""
        if self._get_session is not SyncEngine._get_session:
            session = self._session_of_program(session, operation)
        if session is not None:
            return session if type(session) in SESSION_CLASSES else SyncEngine._get_session(session)
        if not is_in_block():
            return None
        return session_of_block(
            self.client, self.stray_operations, operation, runs_for, waiting_frame
        )

    def _session_of_program(self, session: SyncSessionType, operation: str) -> Any:
        """What a `_get_session` of a program's own gives; as in 1.x, a save asks it for a session object only."""
        is_asked = operation not in _SAVES or isinstance(session, BaseSession)
        return self._get_session(session) if is_asked else session

    def _save(self, instance: ModelType, session: Any) -> ModelType:
        """Save an instance and those it references in a driver session.

        Where a program has its own, every instance is saved by that, one after the other, as in 1.x.
        """
        operations = Operations(self, session, "save", writes=True)
        if self._saves_by_itself:
            operations.save([instance])
            return instance
        for target in referenced(instance):
            self._save(target, session)
        operations.save_one(instance)
        return instance

    @property
    def _saves_by_itself(self) -> bool:
        """Whether `_save` was not replaced."""
        return getattr(self._save, "__func__", None) is SyncEngine._save

    def _save_in_session(
        self, instances: Sequence[Model], session: SyncSessionType, operation: str
    ) -> None:
        # What only hands on is no coroutine of its own: each costs as much as several calls.
        operations = Operations(self, session, operation, writes=True)
        if not self._saves_by_itself:
            return self._save_each(instances, operations.session)
        if operations.session is not None:
            return operations.save(instances)
        collection = self._collection_of_one(instances)
        if collection is not None:
            return operations.save_one(instances[0], collection)
        return self._save_in_own_session(instances, operation)

    def _save_in_own_session(self, instances: Sequence[Model], operation: str) -> None:
        session = self.client.start_session()
        try:
            Operations(self, session, operation).save(instances)
        finally:
            session.end_session()

    def _save_each(self, instances: Sequence[Model], session: Any) -> None:
        own = self.client.start_session() if session is None else None
        try:
            for instance in instances:
                self._save(instance, session if own is None else own)
        finally:
            if own is not None:
                own.end_session()

    def _delete(self, instance: Model, session: SyncSessionType) -> None:
        check_instance(instance, "delete")
        operations = Operations(self, session, "delete", writes=True)
        operations.delete(instance)
