"""The objects of a program: engines, and the sessions and transactions that they create.

They create each other, so they are in one module: an engine creates sessions and transactions, a session creates
transactions, and a transaction is a session. Other modules have their behaviour.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from odmantic._aio.engine_base import AIOEngineBase
from odmantic._aio.session import SessionLifetime
from odmantic._aio.transactions.repeat import join_transaction, repeat_transaction
from odmantic._aio.transactions.transaction import TransactionLifetime, check_started
from odmantic._transaction.concerns import TransactionSettings
from odmantic._transaction.retry import RETRY_SECONDS
from odmantic.exceptions import SessionMisuseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from pymongo.read_concern import ReadConcern
    from pymongo.write_concern import WriteConcern

    from odmantic._aio.operations.scope import Scope
    from odmantic._aio.transactions.channel import Channel
    from odmantic._transaction.concerns import TransactionDefaults
    from odmantic._transaction.retry_guard import RetryGuard

T = TypeVar("T")


class AIOEngine(AIOEngineBase):
    """An engine, which reads and writes instances of models in one database.

    Creating an engine sends nothing and needs no running event loop. Whoever created a client owns it, and several
    engines may share one; a client that the engine has created is closed by `close` or at the end of `async with`.
    Every method that reaches the server takes `session=`: `None`, a started session or transaction object, or a
    session of the driver.

    Args:
        client: An `AsyncMongoClient`, a Motor client, a stand-in for one, or the URI for a new
            `AsyncMongoClient`; by default the driver's default address.
        database: Name of the database; by default the one in the URI, or else `test`.
        stray_operations: The policy for an operation without `session=` inside a transaction's block on the same
            client: `"warn"` (once for each place in the code), `"raise"`, `"ignore"`, or `"join"`, which makes it
            part of the transaction.
        client_options: Keyword arguments for a client that the engine creates, such as `{"tz_aware": True}`.
        clock: Returns the time that `utcnow` gives to fields, and that of soft deletions, for tests; a naive one is in UTC.
        strict_loading: Whether `fetch` of a lazy reference raises `NotLoadedError` if the read that it comes from gave
            several documents: `load=` takes one query for all.
        raw_queries: The policy for plain dictionaries as queries, `raw({...})` apart: `"allow"`, which warns of code for
            the server in them, `"warn"` (once for each place in the code), or `"forbid"`.

    Attributes:
        client: The driver's client.
        database_name: Name of the database.
        database: The driver's database object.

    Raises:
        TypeError: if the client has the other colour, or `client_options` are given with a client.
        ValueError: if the database name holds a forbidden character, or `stray_operations` or `raw_queries` is unknown.

    Example:
        ```python
        engine = AIOEngine(AsyncMongoClient("mongodb://localhost:27017"), database="shop")
        await engine.save(Parcel(code="X1", weight=2.5))
        heavy = await engine.find(Parcel, Parcel.weight > 2)
        ```
    """

    def session(
        self,
        *,
        causal_consistency: bool | None = None,
        snapshot: bool = False,
        default_transaction_options: TransactionDefaults | None = None,
        after: str | None = None,
    ) -> AIOSession:
        """Return a session object for `async with`; see `AIOSession` for the options.

        Raises:
            ValueError: if the options contradict each other, or `after` is not a token.
        """
        return AIOSession(
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
    ) -> AIOTransaction:
        """Return a transaction object in a new session, for `async with`.

        The block runs once, and its commit is retried while the outcome is unknown. The default of an option is the
        session's default, or else the client's explicit setting, or else `snapshot` and `majority`.

        Args:
            read_concern: The read concern.
            write_concern: The write concern of the commit.
            max_commit_time_ms: The limit in milliseconds for the commit on the server.
        """
        return AIOTransaction(
            self,
            read_concern=read_concern,
            write_concern=write_concern,
            max_commit_time_ms=max_commit_time_ms,
        )

    async def run_transaction(
        self,
        callback: Callable[[AIOTransaction], Awaitable[T]],
        *,
        attempts: int | None = None,
        timeout: float = 120.0,
        restore: Collection[object] = (),
        join: AIOTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T:
        """Run a callback in a transaction, and retry it in a new one after a transient error such as a write conflict.

        The callback may run several times, so it should load what it changes, and leave side effects outside the
        database to `transaction.on_commit`.

        Args:
            callback: Takes the transaction and does the work.
            attempts: The largest number of attempts; by default as many as the time allows.
            timeout: Seconds for all attempts, including the waits between them; each command has the time that is left.
            restore: Objects from outside whose present values are restored before each further attempt.
            join: A running transaction in which to run the callback, once; if it fails, that one is rolled back.
            read_concern: The read concern.
            write_concern: The write concern of the commit.
            max_commit_time_ms: The limit in milliseconds for the commit on the server.

        Returns:
            The callback's result.

        Raises:
            ValueError: if `attempts` or `timeout` is not positive.
            CommitOutcomeUnknownError: if the server did not say whether it committed.
            TransactionTimeoutError: if the time was up after a transient error.
            UnsafeRetryError: if another attempt would have applied a change to an object twice.
            CommitHookError: if it is committed, but a callable given to `on_commit` failed.

        Example:
            ```python
            async def sell(transaction):
                stock = await transaction.find_one(Stock, Stock.item == "tea")
                stock.left -= 1
                await transaction.save(stock)
                return stock.left


            left = await engine.run_transaction(sell)
            ```
        """
        if join is not None:
            return await join_transaction(join, callback, restore)
        async with self.session() as session:
            return await session.run_transaction(
                callback,
                attempts=attempts,
                timeout=timeout,
                restore=restore,
                read_concern=read_concern,
                write_concern=write_concern,
                max_commit_time_ms=max_commit_time_ms,
            )

    async def _atomically(self, scope: Scope, work: Callable[[Scope], Awaitable[T]]) -> T:
        """Run work in the transaction of a scope, or else in one that is repeated after transient errors."""
        if scope.unit is not None:
            return await work(scope)

        async def run(transaction: AIOTransaction) -> T:
            inner = transaction._scope()
            inner.given = transaction
            return await work(inner)

        if scope.session is None:
            async with AIOSession(self) as session:
                return await session._repeat(run, is_private=True)
        with scope.lending() as channel:
            return await AIOSession._lent(self, channel)._repeat(run, is_private=True)


class AIOSession(SessionLifetime, AbstractAsyncContextManager["AIOSession"]):
    """A driver session: its operations see each other's effects, in order.

    It uses the client's own read preference and concerns. Each write takes effect at once; use `transaction` for atomic
    writes. Commands of one session are sent one at a time, even if several tasks share it.

    Args:
        engine: The engine whose operations it offers.
        causal_consistency: Whether reads see earlier writes of the session; the driver's default is yes.
        snapshot: Whether all reads see one snapshot of the database; then nothing can be written.
        default_transaction_options: The defaults for the session's transactions.
        after: A token of another session; reads see at least what that one has seen.

    Attributes:
        engine: The engine.
        session: The driver session, or `None` while it is not started.

    Raises:
        ValueError: if the options contradict each other, or the token is not valid.

    Example:
        ```python
        async with engine.session() as session:
            ship = await session.find_one(Ship, Ship.name == "Vega")
            await engine.count(Ship, session=session)
        ```

    See https://www.mongodb.com/docs/manual/reference/server-sessions/
    """

    engine: AIOEngine

    @classmethod
    def _lent(cls, engine: AIOEngine, channel: Channel) -> AIOSession:
        """Return a session object for a driver session that has another owner, who ends it."""
        session = cls(engine)
        session.session, session._channel = channel.driver_session, channel
        return session

    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> AIOTransaction:
        """Return a transaction in this session; see `AIOEngine.transaction`.

        Raises:
            RuntimeError: if the session is not started.
        """
        return AIOTransaction(
            self,
            read_concern=read_concern,
            write_concern=write_concern,
            max_commit_time_ms=max_commit_time_ms,
        )

    async def run_transaction(
        self,
        callback: Callable[[AIOTransaction], Awaitable[T]],
        *,
        attempts: int | None = None,
        timeout: float = 120.0,
        restore: Collection[object] = (),
        join: AIOTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T:
        """Run a callback in a transaction of this session, with retries; see `AIOEngine.run_transaction`."""
        if join is not None:
            return await join_transaction(join, callback, restore)

        return await self._repeat(
            callback,
            attempts=attempts,
            timeout=timeout,
            restore=restore,
            read_concern=read_concern,
            write_concern=write_concern,
            max_commit_time_ms=max_commit_time_ms,
        )

    async def _repeat(
        self,
        callback: Callable[[AIOTransaction], Awaitable[T]],
        *,
        attempts: int | None = None,
        timeout: float = RETRY_SECONDS,
        restore: Collection[object] = (),
        is_private: bool = False,
        **options: Any,
    ) -> T:
        def begin(guard: RetryGuard) -> AIOTransaction:
            transaction = self.transaction(**options)
            transaction._guard, transaction._is_private = guard, is_private
            return transaction

        return await repeat_transaction(
            begin, callback, attempts=attempts, timeout=timeout, restore=restore
        )


class AIOTransaction(TransactionLifetime, AIOSession):
    """Operations that take effect together, or not at all.

    Leaving the block commits; an exception, or `abort`, rolls back, in the database and in the instances: saved
    instances count as modified again. The block runs once; `run_transaction` retries a callback. A failed operation
    aborts the transaction on the server, so catching its error inside the block does not help. Transactions need a
    replica set or a sharded cluster.

    Args:
        context: An engine, or a started session.
        read_concern: The read concern; by default `snapshot`.
        write_concern: The write concern of the commit; by default `majority`.
        max_commit_time_ms: The limit in milliseconds for the commit on the server.

    Attributes:
        engine: The engine whose operations it offers.
        session: The session *object* in which it runs: the given one, or its own, which ends with it.

    Raises:
        RuntimeError: if the session is not started, or `context` is itself a transaction.
        TypeError: if `context` is something else.

    Example:
        ```python
        async with engine.transaction() as transaction:
            await transaction.save(order)
            await engine.save(customer, session=transaction)
        ```

    See https://www.mongodb.com/docs/manual/core/transactions/
    """

    engine: AIOEngine
    session: AIOSession

    def __init__(
        self,
        context: AIOEngine | AIOSession,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> None:
        """Create a transaction that is not started yet; nothing is sent."""
        self._settings = TransactionSettings(read_concern, write_concern, max_commit_time_ms)
        if isinstance(context, AIOEngine):
            self.engine = context
            self.session = AIOSession(context)
            self._owns_session = True
        else:
            _check_context(context)
            self.engine = context.engine
            self.session = context
            self._owns_session = False

    def transaction(self, **_options: Any) -> NoReturn:
        """Raise: MongoDB has no nested transactions."""
        raise SessionMisuseError(_NESTED)


_NESTED = (
    "MongoDB has no nested transactions: pass the running one on as session=, run a callback in it with "
    "run_transaction(..., join=transaction), or begin another in a session of its own"
)


def _check_context(context: object) -> None:
    if isinstance(context, AIOTransaction):
        raise SessionMisuseError(_NESTED)
    if not isinstance(context, AIOSession):
        raise TypeError(
            f"AIOTransaction takes an AIOEngine or an AIOSession, not {type(context).__name__}"
        )
    check_started(context)
