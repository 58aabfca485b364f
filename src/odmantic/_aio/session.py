"""Sessions and transactions.

A transaction is a session, and a session makes transactions, so both live here.
"""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._aio.channel import Channel
from odmantic._aio.commit import commit_until_known
from odmantic._aio.hooks import run_hooks
from odmantic._aio.run import join_transaction, repeat_transaction
from odmantic._aio.session_base import AIOSessionBase
from odmantic._base import AIOEngineBase
from odmantic._driver._aio import CAN_AWAIT, call_given, current_owner, resolve
from odmantic._plan.concerns import TransactionDefaults, TransactionSettings, session_options
from odmantic._plan.token import CausalTimes, decode_token, encode_token
from odmantic._state.attempt import NOT_STARTED, Attempt, AttemptState
from odmantic._state.blocks import (
    Block,
    StrayOperations,
    enter_block,
    is_entered_in_generator,
    leave_block,
)
from odmantic._state.hooks import check_callback
from odmantic.exceptions import (
    CommitOutcomeUnknownError,
    RollbackHookError,
    SessionMisuseError,
    StrayOperationError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable
    from types import TracebackType

    from pymongo.read_concern import ReadConcern
    from pymongo.write_concern import WriteConcern
    from typing_extensions import Self

    from odmantic._aio.engine import AIOEngine
    from odmantic._state.hooks import Hook
    from odmantic._state.reuse import RetryGuard

T = TypeVar("T")


class AIOSession(AIOSessionBase, AbstractAsyncContextManager["AIOSession"]):
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
        async with engine.session() as session:
            ship = await session.find_one(Ship, Ship.name == "Vega")
            await engine.count(Ship, session=session)
        ```

    See https://www.mongodb.com/docs/manual/reference/server-sessions/
    """

    session: Any

    def __init__(
        self,
        engine: AIOEngine,
        *,
        causal_consistency: bool | None = None,
        snapshot: bool = False,
        default_transaction_options: TransactionDefaults | None = None,
        after: str | None = None,
    ) -> None:
        """Make a session that is not started yet; nothing is sent."""
        self.engine = engine
        self.session = None
        self._channel: Channel | None = None
        self._is_snapshot = snapshot
        self._defaults = default_transaction_options
        self._options = session_options(
            causal_consistency=causal_consistency,
            snapshot=snapshot,
            default_transaction_options=default_transaction_options,
            has_token=after is not None,
        )
        self._after = None if after is None else decode_token(after, now=time.time())

    @property
    def is_started(self) -> bool:
        """Whether a driver session is open."""
        return self._channel is not None

    async def start(self) -> None:
        """Open the driver session.

        Raises:
            RuntimeError: it is open already.
        """
        self._check_not_started()
        driver_session = await resolve(self.engine.client.start_session(**self._options))
        try:
            self._check_not_started()
        except RuntimeError:
            await resolve(driver_session.end_session())
            raise
        if self._after is not None:
            driver_session.advance_cluster_time(self._after.cluster_time)
            driver_session.advance_operation_time(self._after.operation_time)
        self.session = driver_session
        self._channel = Channel(driver_session, is_snapshot=self._is_snapshot)

    async def end(self) -> None:
        """End the driver session; a transaction that runs in it is rolled back.

        Raises:
            RuntimeError: it is not open.
        """
        channel = self._channel
        if channel is None:
            message = "Session is not started"
            raise SessionMisuseError(message)
        channel.check_process()
        self.session = self._channel = None
        attempt = channel.attempt
        await channel.end()
        if attempt is not None and attempt.guard is None:
            await run_hooks(attempt)

    def get_driver_session(self) -> Any:
        """The driver's own session object, for raw calls of the driver.

        Raises:
            RuntimeError: it is not open.
        """
        if self._channel is None:
            message = "session not started"
            raise SessionMisuseError(message)
        self._channel.check_process()
        return self._channel.driver_session

    def token(self) -> str:
        """A short text with what this session has seen, for `engine.session(after=...)` elsewhere.

        It holds the server's cluster time and the time of the session's last operation. One that leaves your
        servers should be signed: whoever makes one up can have reads wait.

        Raises:
            RuntimeError: the session is not open, or nothing was read or written in it yet.

        See https://www.mongodb.com/docs/manual/core/causal-consistency-read-write-concerns/
        """
        driver_session = self.get_driver_session()
        cluster_time, operation_time = driver_session.cluster_time, driver_session.operation_time
        if cluster_time is None or operation_time is None:
            message = "no token yet: nothing was read or written in this session"
            raise SessionMisuseError(message)
        return encode_token(CausalTimes(dict(cluster_time), operation_time))

    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> AIOTransaction:
        """A transaction in this session; see `AIOEngine.transaction`.

        Raises:
            RuntimeError: the session is not started.
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
        restore: Iterable[Any] = (),
        join: AIOTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T:
        """Run a callback in a transaction of this session, again after a transient error; see `AIOEngine.run_transaction`."""
        if join is not None:
            return await join_transaction(join, callback, restore)
        settings = TransactionSettings(read_concern, write_concern, max_commit_time_ms)

        def begin(guard: RetryGuard) -> AIOTransaction:
            transaction = AIOTransaction(self)
            transaction._settings = settings
            transaction._guard = guard
            return transaction

        return await repeat_transaction(
            begin, callback, attempts=attempts, timeout=timeout, restore=restore
        )

    async def __aenter__(self) -> Self:
        """Start the session."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """End the session if it is still open; exceptions pass."""
        channel = self._channel
        if channel is None:
            return
        if channel.is_inherited:
            self._abandon()
            return
        try:
            await self.end()
        except Exception:
            if exc_val is None:
                raise

    def _abandon(self) -> None:
        """In a forked child: forget what belongs to the parent process, without a word to the server."""
        channel, self.session, self._channel = self._channel, None, None
        if channel is not None:
            channel.abandon()

    def _check_not_started(self) -> None:
        if self._channel is not None:
            message = "Session is already started"
            raise SessionMisuseError(message)


class AIOTransaction(AIOSession):
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
        async with engine.transaction() as transaction:
            await transaction.save(order)
            await engine.save(customer, session=transaction)
        ```

    See https://www.mongodb.com/docs/manual/core/transactions/
    """

    def __init__(
        self,
        context: AIOEngine | AIOSession,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> None:
        """Make a transaction that is not started yet; nothing is sent."""
        self._attempt: Attempt | None = None
        self._guard: RetryGuard | None = None
        self._max_commit_time_ms: int | None = None
        self._settings = TransactionSettings(read_concern, write_concern, max_commit_time_ms)
        _check_context(context)
        if isinstance(context, AIOSession):
            super().__init__(context.engine)
            self.session = context
            self._owns_session = False
        else:
            super().__init__(context)
            self.session = AIOSession(context)
            self._owns_session = True

    @property
    def is_started(self) -> bool:
        """Whether the transaction runs."""
        return self._running() is not None

    async def start(self) -> None:
        """Begin the transaction; the server hears of it with the first operation.

        Raises:
            RuntimeError: it runs already, or the given session has ended or is a snapshot session.
            pymongo.errors.InvalidOperation: another one runs in the given session.
        """
        if self._attempt is not None and not self._attempt.has_ended:
            message = "Transaction already started"
            raise SessionMisuseError(message)
        if self._attempt is not None and self._guard is not None:
            message = "an attempt of run_transaction is over for good: transaction not started"
            raise SessionMisuseError(message)
        if self._owns_session:
            await self.session.start()
        try:
            _check_fit_for_transaction(self.session)
            channel = self.session._channel
            options = self._settings.resolved(self.session._defaults, self.engine.client)
            self._attempt = attempt = await channel.begin(options)
            attempt.guard = self._guard
            self._max_commit_time_ms = options.get("max_commit_time_ms")
            self._channel = channel
        except BaseException:
            await self._end_own_session()
            raise

    async def commit(self) -> None:
        """Make the changes durable; repeated for up to 120 seconds while the outcome is unknown.

        After a `CommitOutcomeUnknownError` the transaction is in doubt: `commit` may be called again, and `abort`
        gives it up. After any other error it is over, and its instances are modified again.

        Raises:
            RuntimeError: it does not run.
            TransactionAbortedError: an operation in it failed; it has been rolled back.
            CommitOutcomeUnknownError: the server did not say whether it committed.
            CommitHookError: it is committed, but a callable given to `on_commit` failed.
        """
        attempt, channel = self._open()
        channel.check_process()
        try:
            await commit_until_known(channel, attempt, self._max_commit_time_ms)
        except CommitOutcomeUnknownError:
            attempt.doubt()
            raise
        except BaseException:
            await self._roll_back(attempt, channel)
            with suppress(RollbackHookError):  # logged; the error of the commit wins
                await self._run_hooks(attempt)
            raise
        await self._finish()
        await self._run_hooks(attempt)

    async def abort(self) -> None:
        """Roll back; saved instances count as modified again. Gives up a transaction that is in doubt.

        Raises:
            RuntimeError: it does not run.
            RollbackHookError: it is rolled back, but a callable given to `on_rollback` failed.
        """
        attempt, channel = self._open()
        channel.check_process()
        await self._roll_back(attempt, channel)
        await self._run_hooks(attempt)

    async def end(self) -> None:
        """Roll back; the same as `abort`."""
        await self.abort()

    def on_commit(self, hook: Hook) -> None:
        """Have a callable without arguments called after the commit, once, outside of the transaction.

        It is not called while the outcome is unknown, nor for an attempt that is run again.

        Raises:
            RuntimeError: the transaction does not run.
            TypeError: it is no callable that can be called here.
        """
        check_callback(hook, may_await=CAN_AWAIT)
        self._open()[0].hooks.on_commit.append(hook)

    def on_rollback(self, hook: Hook) -> None:
        """Have a callable without arguments called after the final rollback, once, outside of the transaction.

        Raises:
            RuntimeError: the transaction does not run.
            TypeError: it is no callable that can be called here.
        """
        check_callback(hook, may_await=CAN_AWAIT)
        self._open()[0].hooks.on_rollback.append(hook)

    def track(self, instance: T) -> T:
        """Have an object's values put back as they are now, before the callback is run again.

        Does nothing in a block, which runs once.
        """
        if self._guard is not None:
            attempt = self._attempt
            journal = attempt.journal if attempt is not None and not attempt.has_ended else None
            self._guard.tracked.add(instance, journal.after_rollback if journal else None)
        return instance

    def get_driver_session(self) -> Any:
        """The driver's own session object, in which the transaction runs.

        Raises:
            RuntimeError: it does not run.
            TransactionAbortedError: an operation in it failed.
        """
        attempt = self._running()
        if attempt is None or self._channel is None:
            raise SessionMisuseError(NOT_STARTED)
        self._channel.check_process()
        attempt.check_accepts_operations()
        return self._channel.driver_session

    def token(self) -> str:
        """Refused: what a transaction did has its time only when it is committed."""
        message = "take the token from the session, after the commit: use session.transaction()"
        raise SessionMisuseError(message)

    def transaction(self, **_options: Any) -> AIOTransaction:
        """Refused: MongoDB has no nested transactions."""
        raise SessionMisuseError(_NESTED)

    async def run_once(self, callback: Callable[[AIOTransaction], Awaitable[T]]) -> T:
        """Run a callback in this transaction, as in its block; `run_transaction` is for programs.

        Raises:
            Exception: what the callback or the commit raises, after the rollback.
        """
        await self.start()
        self._enter_block()
        try:
            result: T = await call_given(callback, self)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        await self.__aexit__(None, None, None)
        return result

    @contextmanager
    def dooming(self) -> Generator[None, None, None]:
        """A block in the running transaction which, if it fails, leaves nothing but a rollback."""
        attempt, channel = self._open()
        channel.check_process()
        attempt.check_accepts_operations()
        try:
            yield
        except BaseException as error:
            attempt.doom(error)
            raise

    @property
    def is_rolled_back(self) -> bool:
        """Whether it is over without a commit; false also where nobody knows."""
        return self._attempt is not None and self._attempt.is_rolled_back

    async def __aenter__(self) -> Self:
        """Start the transaction."""
        in_generator = is_entered_in_generator()
        if in_generator and self._stray_operations() is StrayOperations.JOIN:
            message = (
                "a transaction's block inside a generator cannot take in operations without session=: the generator's "
                "consumer would join them unawares. Pass session= there, and use another stray_operations policy"
            )
            raise StrayOperationError(message)
        await self.start()
        if not in_generator:
            self._enter_block()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Commit after a normal end, roll back after an exception; then the transaction is over in any case."""
        attempt, channel = self._attempt, self._channel
        if attempt is None:
            return
        leave_block(attempt)
        if attempt.has_ended:
            if exc_val is None:
                _check_session_lived(attempt)
        elif channel is not None and channel.is_inherited:
            self._channel = None
            channel.abandon()
            if self._owns_session:
                self.session._abandon()
        elif exc_val is None and attempt.state is not AttemptState.IN_DOUBT:
            await self._commit_at_exit(attempt)
        else:
            await self._abort_at_exit(exc_val)

    async def _commit_at_exit(self, attempt: Attempt) -> None:
        try:
            await self.commit()
        finally:
            if attempt.state is AttemptState.IN_DOUBT:
                await self.abort()

    async def _abort_at_exit(self, error: BaseException | None) -> None:
        """Roll back; the exception of the block wins over a failure of the rollback."""
        try:
            await self.abort()
        except Exception:
            if error is None:
                raise

    def _enter_block(self) -> None:
        """Have operations without `session=` in the running task or thread noticed."""
        if self._attempt is not None and self._stray_operations() is not StrayOperations.IGNORE:
            block = Block(
                self.engine.client, self._attempt, self.get_driver_session(), current_owner()
            )
            enter_block(block)

    def _stray_operations(self) -> StrayOperations:
        return self.engine.stray_operations

    def _running(self) -> Attempt | None:
        attempt = self._attempt
        if attempt is None or attempt.state not in {AttemptState.RUNNING, AttemptState.DOOMED}:
            return None
        return attempt

    def _open(self) -> tuple[Attempt, Channel]:
        """The run that can be committed or rolled back, and its channel."""
        attempt, channel = self._attempt, self._channel
        if attempt is None or channel is None or not attempt.may_be_closed:
            message = "Transaction not started"
            raise SessionMisuseError(message)
        return attempt, channel

    async def _roll_back(self, attempt: Attempt, channel: Channel) -> None:
        try:
            await channel.abort(attempt)
        finally:
            await self._finish()

    async def _run_hooks(self, attempt: Attempt) -> None:
        """Call what waits for the end, unless `run_transaction` does: it may run the transaction again."""
        if self._guard is None:
            await run_hooks(attempt)

    async def _finish(self) -> None:
        """Let go of the driver session, and end it if it is of its own."""
        self._channel = None
        await self._end_own_session()

    async def _end_own_session(self) -> None:
        if self._owns_session and self.session.is_started:
            await self.session.end()


_NESTED = (
    "MongoDB has no nested transactions: pass the running one on as session=, run a callback in it with "
    "run_transaction(..., join=transaction), or begin another in a session of its own"
)


def _check_context(context: object) -> None:
    if isinstance(context, AIOTransaction):
        raise SessionMisuseError(_NESTED)
    if isinstance(context, AIOSession):
        _check_started(context)
    elif not isinstance(context, AIOEngineBase):
        message = (
            f"AIOTransaction takes an AIOEngine or an AIOSession, not {type(context).__name__}"
        )
        raise TypeError(message)


def _check_started(session: AIOSession) -> None:
    if not session.is_started:
        message = "provided session is not started"
        raise SessionMisuseError(message)


def _check_fit_for_transaction(session: AIOSession) -> None:
    _check_started(session)
    if session._is_snapshot:
        message = "a snapshot session is for reading only; begin the transaction in another session"
        raise SessionMisuseError(message)


def _check_session_lived(attempt: Attempt) -> None:
    """Raise if a block ended normally although its session was ended in it, which rolled it back."""
    if attempt.state is AttemptState.SESSION_ENDED:
        message = (
            "the session was ended inside the transaction's block, so the transaction was rolled back; "
            "commit, or leave the block, before ending the session"
        )
        raise SessionMisuseError(message)
