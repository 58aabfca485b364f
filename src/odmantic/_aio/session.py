"""Sessions and transactions.

A transaction is a session, and a session makes transactions, so both live here.
"""

from __future__ import annotations

import time
from abc import ABCMeta
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from odmantic._aio.channel import Channel
from odmantic._base import AIOEngineBase, BaseSession, ModelType
from odmantic._driver._aio import drained, resolve, sleep
from odmantic._plan.concerns import transaction_options
from odmantic._plan.retry import commit_retry_delay, outcome_is_unknown
from odmantic._state.attempt import NOT_STARTED, Attempt, AttemptState
from odmantic.exceptions import SessionMisuseError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from typing_extensions import Self

    from odmantic._aio.cursor import AIOCursor
    from odmantic._aio.engine import AIOEngine, Query
    from odmantic._plan.sort import SortExpressionType
    from odmantic.model import Model


class AIOSessionBase(BaseSession, metaclass=ABCMeta):
    """The operations of an engine, in one driver session.

    Each does what the engine's method of the same name does with `session=` set to this object.
    """

    engine: AIOEngine

    def find(
        self,
        model: type[ModelType],
        *queries: Query,
        sort: SortExpressionType = None,
        skip: int = 0,
        limit: int | None = None,
    ) -> AIOCursor[ModelType]:
        """Search for instances of a model; see `AIOEngine.find`."""
        return self.engine.find(
            model,
            *queries,
            sort=sort,
            skip=skip,
            limit=limit,
            session=self.engine._get_session(self),
        )

    async def find_one(
        self, model: type[ModelType], *queries: Query, sort: SortExpressionType = None
    ) -> ModelType | None:
        """Search for one instance of a model; see `AIOEngine.find_one`."""
        return await self.engine.find_one(
            model, *queries, sort=sort, session=self.engine._get_session(self)
        )

    async def count(self, model: type[ModelType], *queries: Query) -> int:
        """Count the matching documents; see `AIOEngine.count`."""
        return await self.engine.count(model, *queries, session=self.engine._get_session(self))

    async def save(self, instance: ModelType) -> ModelType:
        """Save an instance and those it references; see `AIOEngine.save`."""
        return await self.engine.save(instance, session=self.engine._get_session(self))

    async def save_all(self, instances: Iterable[ModelType]) -> list[ModelType]:
        """Save several instances in order; see `AIOEngine.save_all`."""
        return await self.engine.save_all(instances, session=self.engine._get_session(self))

    async def delete(self, instance: Model) -> None:
        """Delete the document of an instance; see `AIOEngine.delete`."""
        await self.engine.delete(instance, session=self.engine._get_session(self))

    async def remove(self, model: type[ModelType], *queries: Query, just_one: bool = False) -> int:
        """Delete the matching documents; see `AIOEngine.remove`."""
        return await self.engine.remove(
            model, *queries, just_one=just_one, session=self.engine._get_session(self)
        )


class AIOSession(AIOSessionBase, AbstractAsyncContextManager["AIOSession"]):
    """A driver session: operations in it see each other's effects, in order.

    It uses the client's own read preference and concerns. Each write takes effect at once; for all or nothing, see
    `transaction`. Commands of one session are sent one at a time, also when several tasks share it.

    Attributes:
        engine: the engine whose operations it offers.
        session: the driver session, or `None` while it is not started.

    Example:
        ```python
        async with engine.session() as session:
            ship = await session.find_one(Ship, Ship.name == "Vega")
            await engine.count(Ship, session=session)
        ```

    See https://www.mongodb.com/docs/manual/reference/server-sessions/
    """

    session: Any

    def __init__(self, engine: AIOEngine) -> None:
        """Make a session that is not started yet; nothing is sent."""
        self.engine = engine
        self.session = None
        self._channel: Channel | None = None

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
        driver_session = await resolve(self.engine.client.start_session())
        try:
            self._check_not_started()
        except RuntimeError:
            await resolve(driver_session.end_session())
            raise
        self.session = driver_session
        self._channel = Channel(driver_session)

    async def end(self) -> None:
        """End the driver session; a transaction that runs in it is rolled back.

        Raises:
            RuntimeError: it is not open.
        """
        channel = self._channel
        if channel is None:
            message = "Session is not started"
            raise SessionMisuseError(message)
        self.session = self._channel = None
        await drained(channel.end)

    def get_driver_session(self) -> Any:
        """The driver's own session object, for raw calls of the driver.

        Raises:
            RuntimeError: it is not open.
        """
        if self._channel is None:
            message = "session not started"
            raise SessionMisuseError(message)
        return self._channel.driver_session

    def transaction(self) -> AIOTransaction:
        """A transaction in this session.

        Raises:
            RuntimeError: the session is not started.
        """
        return AIOTransaction(self)

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
        if not self.is_started:
            return
        try:
            await self.end()
        except PyMongoError:
            if exc_val is None:
                raise

    def _check_not_started(self) -> None:
        if self._channel is not None:
            message = "Session is already started"
            raise SessionMisuseError(message)


class AIOTransaction(AIOSession):
    """Operations that take effect together, or not at all.

    Leaving the block commits; an exception, or `abort`, rolls back, in the database and in the instances: what was
    saved counts as modified again. The block runs once. An error of an operation aborts the transaction on the
    server, so catching it inside the block does not save it. Transactions need a replica set or a sharded cluster.

    Attributes:
        engine: the engine whose operations it offers.
        session: the session *object* it runs in: the given one, or one of its own that ends with it.

    Example:
        ```python
        async with engine.transaction() as transaction:
            await transaction.save(order)
            await engine.save(customer, session=transaction)
        ```

    Args:
        context: an engine, or a started session.

    Raises:
        RuntimeError: the session is not started, or `context` is itself a transaction.
        TypeError: `context` is something else.

    See https://www.mongodb.com/docs/manual/core/transactions/
    """

    def __init__(self, context: AIOEngine | AIOSession) -> None:
        """Make a transaction that is not started yet; nothing is sent."""
        self._attempt: Attempt | None = None
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
            RuntimeError: it runs already, or the given session has ended.
            pymongo.errors.InvalidOperation: another one runs in the given session.
        """
        if self._attempt is not None and not self._attempt.has_ended:
            message = "Transaction already started"
            raise SessionMisuseError(message)
        if self._owns_session:
            await self.session.start()
        try:
            _check_started(self.session)
            channel = self.session._channel
            self._attempt = await channel.begin(transaction_options(self.engine.client))
            self._channel = channel
        except BaseException:
            await self._end_own_session()
            raise

    async def commit(self) -> None:
        """Make the changes durable; repeated for up to 120 seconds while the outcome is unknown.

        After an error with the label `UnknownTransactionCommitResult` the transaction is in doubt: `commit` may be
        called again, and `abort` gives it up. After any other error it is over, and its instances are modified again.

        Raises:
            RuntimeError: it does not run.
            TransactionAbortedError: an operation in it failed; it has been rolled back.
        """
        attempt, channel = self._open()
        try:
            await _commit_until_known(channel, attempt)
        except BaseException as error:
            if outcome_is_unknown(error):
                attempt.state = AttemptState.IN_DOUBT
            else:
                await self._roll_back(attempt, channel)
            raise
        await self._finish()

    async def abort(self) -> None:
        """Roll back; saved instances count as modified again. Gives up a transaction that is in doubt.

        Raises:
            RuntimeError: it does not run.
        """
        await self._roll_back(*self._open())

    async def end(self) -> None:
        """Roll back; the same as `abort`."""
        await self.abort()

    def get_driver_session(self) -> Any:
        """The driver's own session object, in which the transaction runs.

        Raises:
            RuntimeError: it does not run.
            TransactionAbortedError: an operation in it failed.
        """
        attempt = self._running()
        if attempt is None or self._channel is None:
            raise SessionMisuseError(NOT_STARTED)
        attempt.check_accepts_operations()
        return self._channel.driver_session

    def transaction(self) -> AIOTransaction:
        """Refused: MongoDB has no nested transactions."""
        raise SessionMisuseError(_NESTED)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Commit after a normal end, roll back after an exception; then the transaction is over in any case."""
        attempt = self._attempt
        if attempt is None or attempt.has_ended:
            if exc_val is None and attempt is not None:
                _check_session_lived(attempt)
            return
        if exc_val is None and attempt.state is not AttemptState.IN_DOUBT:
            try:
                await self.commit()
            finally:
                await self._give_up_if_in_doubt(attempt)
            return
        try:
            await self.abort()
        except Exception:
            if exc_val is None:
                raise

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
            await drained(lambda: channel.abort(attempt))
        finally:
            await self._finish()

    async def _give_up_if_in_doubt(self, attempt: Attempt) -> None:
        if attempt.state is AttemptState.IN_DOUBT:
            await self.abort()

    async def _finish(self) -> None:
        """Let go of the driver session, and end it if it is of its own."""
        self._channel = None
        await self._end_own_session()

    async def _end_own_session(self) -> None:
        if self._owns_session and self.session.is_started:
            await self.session.end()


async def _commit_until_known(channel: Channel, attempt: Attempt) -> None:
    """Commit, and again while the outcome is unknown; repeating a commit is safe."""
    attempts, began = 0, time.monotonic()
    while True:
        attempts += 1
        try:
            await channel.commit(attempt)
        except PyMongoError as error:
            delay = commit_retry_delay(error, attempts=attempts, elapsed=time.monotonic() - began)
            if delay is None:
                raise
            await sleep(delay)
        else:
            return


_NESTED = "MongoDB has no nested transactions: pass the running one on as session=, or begin another in a session of its own"


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


def _check_session_lived(attempt: Attempt) -> None:
    """Raise if a block ended normally although its session was ended in it, which rolled it back."""
    if attempt.state is AttemptState.SESSION_ENDED:
        message = (
            "the session was ended inside the transaction's block, so the transaction was rolled back; "
            "commit, or leave the block, before ending the session"
        )
        raise SessionMisuseError(message)
