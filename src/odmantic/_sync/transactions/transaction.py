# Generated from src/odmantic/_aio/transactions/transaction.py by tools/generate_sync.py: do not edit.
"""The lifetime of a transaction: from its start to a commit or a rollback."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from odmantic._driver._sync import CAN_AWAIT
from odmantic._sync.transactions.block import TransactionBlock
from odmantic._sync.transactions.callbacks import run_callbacks
from odmantic._sync.transactions.commit import commit_until_known
from odmantic._transaction.attempt import NOT_STARTED, RUNNING
from odmantic._transaction.callbacks import check_callback
from odmantic._transaction.concerns import TransactionSettings
from odmantic.exceptions import (
    CommitOutcomeUnknownError,
    RollbackHookError,
    SessionMisuseError,
)

if TYPE_CHECKING:
    from odmantic._driver._sync import OfCoroutineFunction
    from odmantic._sync.session import SessionLifetime
    from odmantic._sync.transactions.channel import Channel
    from odmantic._transaction.attempt import Attempt
    from odmantic._transaction.callbacks import Callback, CoroutineFunction
    from odmantic._transaction.retry_guard import RetryGuard

T = TypeVar("T")


class TransactionLifetime(TransactionBlock):
    """The start and end of a transaction."""

    _guard: RetryGuard | None = None
    _is_private = False
    """Whether an operation has begun it by itself."""
    _max_commit_time_ms: int | None = None
    _settings: TransactionSettings

    @property
    def is_started(self) -> bool:
        """Whether the transaction runs."""
        return self._attempt is not None and self._attempt.is_open

    def start(self) -> None:
        """Begin the transaction; the first operation sends it to the server.

        Raises:
            RuntimeError: if it is already running, or the given session has ended or is a snapshot session.
            pymongo.errors.InvalidOperation: if another one runs in the given session.
        """
        if self._attempt is not None:
            self._check_may_start_again(self._attempt)
        if self._owns_session:
            self.session.start()
        else:
            _check_fit_for_transaction(self.session)
        try:
            channel = self.session._channel
            options = self.engine._transaction_options(self._settings, self.session._defaults)
            self._attempt = attempt = channel.begin(options, is_private=self._is_private)
            attempt.guard = self._guard
            self._max_commit_time_ms = options.get("max_commit_time_ms")
            self._channel = channel
        except BaseException:
            self._finish()
            raise

    def commit(self) -> None:
        """Commit the changes; the commit is retried while the outcome is unknown.

        It is retried for up to 120 seconds, or as long as `pymongo.timeout` or the client's `timeoutMS` allows.

        After a `CommitOutcomeUnknownError` the transaction is in doubt: `commit` may be called again, and `abort`
        gives up. After any other error it has ended, and its instances are modified again.

        Raises:
            RuntimeError: if it is not running.
            TransactionAbortedError: if an operation in it failed; it has been rolled back.
            CommitOutcomeUnknownError: if the server did not say whether it committed.
            CommitHookError: if it is committed, but a callable given to `on_commit` failed.
        """
        attempt, channel = self._open()
        try:
            commit_until_known(channel, attempt, self._max_commit_time_ms)
        except CommitOutcomeUnknownError:
            attempt.doubt()
            raise
        except BaseException:
            self._roll_back(attempt, channel)
            with suppress(RollbackHookError):  # logged; the error of the commit wins
                self._run_callbacks(attempt)
            raise
        self._finish()
        if attempt.callbacks is not None:
            self._run_callbacks(attempt)

    def abort(self) -> None:
        """Roll back, or give up a transaction in doubt; saved instances count as modified again.

        It takes at most a second longer than `pymongo.timeout` allows, and at most a second if no primary is known.

        Raises:
            RuntimeError: if it is not running.
            RollbackHookError: if it is rolled back, but a callable given to `on_rollback` failed.
        """
        attempt, channel = self._open()
        self._roll_back(attempt, channel)
        self._run_callbacks(attempt)

    def end(self) -> None:
        """Roll back; the same as `abort`."""
        self.abort()

    @overload
    # Each of these is a callback too, on purpose.
    def on_commit(  # pyright: ignore[reportOverlappingOverload]
        self, hook: CoroutineFunction
    ) -> OfCoroutineFunction: ...

    @overload
    def on_commit(self, hook: Callback) -> None: ...

    def on_commit(self, hook: Callback) -> Any:
        """Register a callable without arguments to be called once after the commit, outside the transaction.

        It is not called while the outcome is unknown, nor for an attempt that is retried.

        Raises:
            RuntimeError: if the transaction is not running.
            TypeError: if the callable cannot be called here.
        """
        check_callback(hook, may_await=CAN_AWAIT)
        self._open()[0].waiting().on_commit.append(hook)

    @overload
    # Each of these is a callback too, on purpose.
    def on_rollback(  # pyright: ignore[reportOverlappingOverload]
        self, hook: CoroutineFunction
    ) -> OfCoroutineFunction: ...

    @overload
    def on_rollback(self, hook: Callback) -> None: ...

    def on_rollback(self, hook: Callback) -> Any:
        """Register a callable without arguments to be called once after the final rollback, outside the transaction.

        Raises:
            RuntimeError: if the transaction is not running.
            TypeError: if the callable cannot be called here.
        """
        check_callback(hook, may_await=CAN_AWAIT)
        self._open()[0].waiting().on_rollback.append(hook)

    def track(self, instance: T) -> T:
        """Restore the present values of an object before the callback is retried.

        In a block, which runs once, it does nothing.
        """
        if self._guard is not None:
            attempt = self._attempt
            journal = attempt.journal if attempt is not None and not attempt.has_ended else None
            self._guard.tracked.add(instance, journal.after_rollback if journal else None)
        return instance

    def get_driver_session(self) -> Any:
        """Return the driver's own session object, in which the transaction runs.

        Raises:
            RuntimeError: if it is not running.
            TransactionAbortedError: if an operation in it failed.
        """
        attempt, channel = self._attempt, self._channel
        if attempt is None or channel is None:
            raise SessionMisuseError(NOT_STARTED)
        channel.check_process()
        if attempt.state is not RUNNING:
            raise attempt.refusal()
        return channel.driver_session

    def token(self) -> NoReturn:
        """Raise: a transaction's time is known only after its commit."""
        raise SessionMisuseError(
            "take the token from the session, after the commit: use session.transaction()"
        )

    def _after_transaction(self) -> SessionLifetime | None:
        return None if self._owns_session else self.session

    def _check_may_start_again(self, attempt: Attempt) -> None:
        if not attempt.has_ended:
            raise SessionMisuseError("Transaction already started")
        if self._guard is not None:
            raise SessionMisuseError(
                "an attempt of run_transaction is over for good: transaction not started"
            )

    def _open(self) -> tuple[Attempt, Channel]:
        """Return the run that can be committed or rolled back, and its channel."""
        attempt, channel = self._attempt, self._channel
        if attempt is None or channel is None or not attempt.may_be_closed:
            raise SessionMisuseError("Transaction not started")
        channel.check_process()
        return attempt, channel

    def _roll_back(self, attempt: Attempt, channel: Channel) -> None:
        try:
            channel.abort(attempt)
        finally:
            self._finish()

    def _run_callbacks(self, attempt: Attempt) -> None:
        """Run the callbacks for the end, unless `run_transaction` does: it may retry the transaction."""
        if self._guard is None:
            run_callbacks(attempt)

    def _finish(self) -> None:
        """Release the driver session, and end it if the transaction owns it."""
        self._channel = None
        if self._owns_session and self.session.is_started:
            self.session.end()


def check_started(session: SessionLifetime) -> None:
    """Check that a session in which a transaction is to run has a driver session."""
    if not session.is_started:
        raise SessionMisuseError("provided session is not started")


def _check_fit_for_transaction(session: SessionLifetime) -> None:
    check_started(session)
    if session._is_snapshot:
        raise SessionMisuseError(
            "a snapshot session is for reading only; begin the transaction in another session"
        )
