# Generated from src/odmantic/_aio/engine.py by tools/generate_sync.py: do not edit.
"""The objects of a program: engines, and the sessions and transactions that they make.

They make each other, so they stand together: an engine gives sessions and transactions, a session gives transactions,
and a transaction is a session. What they do is elsewhere.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._sync.engine_base import SyncEngineBase
from odmantic._sync.session import SessionLifetime
from odmantic._sync.transactions.repeat import join_transaction, repeat_transaction
from odmantic._sync.transactions.transaction import TransactionLifetime, check_started
from odmantic._transaction.concerns import TransactionSettings
from odmantic.exceptions import SessionMisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pymongo.read_concern import ReadConcern
    from pymongo.write_concern import WriteConcern

    from odmantic._transaction.concerns import TransactionDefaults
    from odmantic._transaction.retry_guard import RetryGuard

T = TypeVar("T")


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


class SyncSession(SessionLifetime, AbstractContextManager["SyncSession"]):
    """A driver session: operations in it see each other's effects, in order.

    It uses the client's own read preference and concerns. Each write takes effect at once; for all or nothing, see
    `transaction`. Commands of one session are sent one at a time, also when several tasks share it.

    Args:
        engine: the engine whose operations it offers.
        causal_consistency: whether reads see what was written before in the session; the driver's default is yes.
        snapshot: whether all reads see the database at one moment; then nothing can be written.
        default_transaction_options: what transactions of the session use unless a call says otherwise.
        after: a token of another session; reads see at least what that one had seen.

    Attributes:
        engine: the engine.
        session: the driver session, or `None` while it is not started.

    Raises:
        ValueError: the options contradict each other, or the token is none.

    Example:
        ```python
        with engine.session() as session:
            ship = session.find_one(Ship, Ship.name == "Vega")
            engine.count(Ship, session=session)
        ```

    See https://www.mongodb.com/docs/manual/reference/server-sessions/
    """

    engine: SyncEngine

    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> SyncTransaction:
        """A transaction in this session; see `SyncEngine.transaction`.

        Raises:
            RuntimeError: the session is not started.
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
        """Run a callback in a transaction of this session, again after a transient error; see `SyncEngine.run_transaction`."""
        if join is not None:
            return join_transaction(join, callback, restore)

        def begin(guard: RetryGuard) -> SyncTransaction:
            transaction = self.transaction(
                read_concern=read_concern,
                write_concern=write_concern,
                max_commit_time_ms=max_commit_time_ms,
            )
            transaction._guard = guard
            return transaction

        return repeat_transaction(
            begin, callback, attempts=attempts, timeout=timeout, restore=restore
        )


class SyncTransaction(TransactionLifetime, SyncSession):
    """Operations that take effect together, or not at all.

    Leaving the block commits; an exception, or `abort`, rolls back, in the database and in the instances: what was
    saved counts as modified again. The block runs once; see `run_transaction` for a callback that is run again. An
    error of an operation aborts the transaction on the server, so catching it inside the block does not save it.
    Transactions need a replica set or a sharded cluster.

    Args:
        context: an engine, or a started session.
        read_concern: what reads see; by default one snapshot of majority-committed data.
        write_concern: what the commit waits for; by default the majority.
        max_commit_time_ms: how many milliseconds the server may take for the commit.

    Attributes:
        engine: the engine whose operations it offers.
        session: the session *object* it runs in: the given one, or one of its own that ends with it.

    Raises:
        RuntimeError: the session is not started, or `context` is itself a transaction.
        TypeError: `context` is something else.

    Example:
        ```python
        with engine.transaction() as transaction:
            transaction.save(order)
            engine.save(customer, session=transaction)
        ```

    See https://www.mongodb.com/docs/manual/core/transactions/
    """

    engine: SyncEngine
    session: SyncSession

    def __init__(
        self,
        context: SyncEngine | SyncSession,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> None:
        """Make a transaction that is not started yet; nothing is sent."""
        self._settings = TransactionSettings(read_concern, write_concern, max_commit_time_ms)
        if isinstance(context, SyncEngine):
            self.engine = context
            self.session = SyncSession(context)
            self._owns_session = True
        else:
            _check_context(context)
            self.engine = context.engine
            self.session = context
            self._owns_session = False

    def transaction(self, **_options: Any) -> SyncTransaction:
        """Refused: MongoDB has no nested transactions."""
        raise SessionMisuseError(_NESTED)


_NESTED = (
    "MongoDB has no nested transactions: pass the running one on as session=, run a callback in it with "
    "run_transaction(..., join=transaction), or begin another in a session of its own"
)


def _check_context(context: object) -> None:
    if isinstance(context, SyncTransaction):
        raise SessionMisuseError(_NESTED)
    if not isinstance(context, SyncSession):
        message = (
            f"SyncTransaction takes a SyncEngine or a SyncSession, not {type(context).__name__}"
        )
        raise TypeError(message)
    check_started(context)
