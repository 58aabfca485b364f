"""The block of a transaction: how it is entered and left, and how operations inside find it."""

from __future__ import annotations

import sys
from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from odmantic._aio.session import SessionLifetime
from odmantic._aio.transactions.callbacks import run_callbacks
from odmantic._driver._aio import call_given, current_owner
from odmantic._driver.deadline import leaving
from odmantic._transaction.attempt import IN_DOUBT, RUNNING, Attempt, AttemptState
from odmantic._transaction.blocks import (
    Block,
    StrayOperations,
    enter_block,
    is_entered_in_generator,
    leave_block,
)
from odmantic.exceptions import SessionMisuseError, StrayOperationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from types import TracebackType

    from typing_extensions import Self

    from odmantic._aio.transactions.channel import Channel

T = TypeVar("T")


class TransactionBlock(SessionLifetime):
    """A transaction as a `with` block, or as the callback in place of one."""

    _owns_session: bool

    @abstractmethod
    async def commit(self) -> None:
        """Make the changes durable."""

    @abstractmethod
    async def abort(self) -> None:
        """Roll back."""

    @abstractmethod
    def _open(self) -> tuple[Attempt, Channel]:
        """Return the run that can be committed or rolled back, and its channel."""

    async def run_once(self, callback: Callable[[Self], Awaitable[T]]) -> T:
        """Run a callback in this transaction, like its block; programs use `run_transaction`.

        Raises:
            Exception: if the callback or the commit raises it; it is raised after the rollback.
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
        """Enclose a part of the running transaction, which cannot be rolled back alone: a failure dooms it."""
        attempt, _ = self._open()
        if attempt.state is not RUNNING:
            raise attempt.refusal()
        try:
            yield
        except BaseException as error:
            attempt.doom(error)
            raise

    @property
    def is_rolled_back(self) -> bool:
        """Whether it ended without a commit; false if that is unknown."""
        return self._attempt is not None and self._attempt.is_rolled_back

    async def __aenter__(self) -> Self:
        """Start the transaction."""
        in_generator = is_entered_in_generator(sys._getframe(1))
        if in_generator and self.engine.stray_operations is StrayOperations.JOIN:
            raise StrayOperationError(
                "a transaction's block inside a generator cannot take in operations without session=: the generator's "
                "consumer would join them unawares. Pass session= there, and use another stray_operations policy"
            )
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
        """Commit after a normal end, roll back after an exception; the transaction ends in any case."""
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
        elif exc_val is None and attempt.state is not IN_DOUBT:
            await self._commit_at_exit(attempt)
        else:
            await self._abort_at_exit(exc_val)

    async def _commit_at_exit(self, attempt: Attempt) -> None:
        try:
            await self.commit()
        finally:
            # Ctrl-C may come before the commit begins.
            if attempt.state is IN_DOUBT or attempt.is_open:
                await self.abort()

    async def _abort_at_exit(self, error: BaseException | None) -> None:
        """Roll back; the exception of the block wins over a failure of the rollback."""
        try:
            with leaving(error):
                await self.abort()
        except Exception:
            if error is None:
                raise

    async def _run_last_callbacks(self) -> None:
        """Run the callbacks of the last attempt of `run_transaction`."""
        if self._attempt is not None:
            await run_callbacks(self._attempt)

    def _enter_block(self, owner: object = None) -> None:
        """Have operations without `session=` noticed, in the running task or thread unless another owner is given."""
        attempt, channel, engine = self._attempt, self._channel, self.engine
        if attempt is None or channel is None:
            return
        if engine.stray_operations is not StrayOperations.IGNORE:
            owner = current_owner() if owner is None else owner
            enter_block(Block(engine.client, attempt, channel.driver_session, owner))


def _check_session_lived(attempt: Attempt) -> None:
    """Raise if a block ended normally although its session was ended in it, which rolled it back."""
    if attempt.state is AttemptState.SESSION_ENDED:
        raise SessionMisuseError(
            "the session was ended inside the transaction's block, so the transaction was rolled back; "
            "commit, or leave the block, before ending the session"
        )
