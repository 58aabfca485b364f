# Generated from src/odmantic/_aio/channel.py by tools/generate_sync.py: do not edit.
"""A driver session in use: one command at a time, and none outside the transaction it was meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from odmantic._driver._sync import Lock, drained, resolve
from odmantic._plan.errors import NOT_ENCODABLE
from odmantic._state.attempt import DOOMING_ERRORS, NOT_STARTED, Attempt, AttemptState
from odmantic.exceptions import SessionMisuseError

if TYPE_CHECKING:
    from collections.abc import Callable

_channels: WeakValueDictionary[int, Channel] = WeakValueDictionary()


def channel_of(driver_session: Any) -> Channel | None:
    """The channel of a driver session that a session object owns; `None` for one made by hand."""
    return None if driver_session is None else _channels.get(id(driver_session))


class Channel:
    """The way to the server through one driver session.

    MongoDB allows one command at a time in a session; the lock sees to that. It is held for one command, not
    between the batches of a cursor.
    """

    __slots__ = ("__weakref__", "_lock", "attempt", "driver_session")

    def __init__(self, driver_session: Any) -> None:
        """Register the channel, so that `session=` arguments find it."""
        self.driver_session = driver_session
        self.attempt: Attempt | None = None
        self._lock = Lock()
        _channels[id(driver_session)] = self

    def send(self, call: Callable[[], Any], attempt: Attempt | None) -> Any:
        """Run one driver call, in the run of a transaction that it was made for, or else in the current one.

        Raises:
            RuntimeError: that run has ended meanwhile.
            TransactionAbortedError: that run was doomed meanwhile.
        """
        with self._lock:
            run = attempt or self.attempt
            if run is None:
                return resolve(call())
            self._check(run)
            return drained(lambda: self._send_in_transaction(call, run))

    def begin(self, options: dict[str, Any]) -> Attempt:
        """Begin a transaction; nothing is sent until its first operation. One that is in doubt is given up.

        Raises:
            pymongo.errors.InvalidOperation: one is running in this driver session.
        """
        with self._lock:
            previous = self.attempt
            if previous is not None and previous.state is AttemptState.CLOSING:
                message = "Transaction already in progress"
                raise SessionMisuseError(message)
            resolve(self.driver_session.start_transaction(**options))
            if previous is not None:
                self._release(previous, AttemptState.ENDED, committed=False)
            self.attempt = Attempt()
            return self.attempt

    def commit(self, attempt: Attempt) -> None:
        """Send one commit, after the operation in flight; operations that wait behind it are refused.

        Raises:
            TransactionAbortedError: the run is doomed.
        """
        attempt.state = AttemptState.CLOSING
        with self._lock:
            if attempt.first_error is not None:
                raise attempt.aborted()
            drained(lambda: resolve(self.driver_session.commit_transaction()))
            self._release(attempt, AttemptState.ENDED, committed=True)

    def abort(self, attempt: Attempt, outcome: AttemptState = AttemptState.ENDED) -> None:
        """Roll the server's side back, after the operation in flight; give up one whose commit was sent."""
        is_in_doubt = attempt.state is AttemptState.IN_DOUBT
        attempt.state = AttemptState.CLOSING
        with self._lock:
            try:
                if (
                    not is_in_doubt
                    and self.attempt is attempt
                    and self.driver_session.in_transaction
                ):
                    resolve(self.driver_session.abort_transaction())
            finally:
                self._release(attempt, outcome, committed=False)

    def end(self) -> None:
        """End the driver session, rolling back a transaction that still runs in it."""
        try:
            if self.attempt is not None:
                self.abort(self.attempt, AttemptState.SESSION_ENDED)
        finally:
            with self._lock:
                resolve(self.driver_session.end_session())

    def _release(self, attempt: Attempt, outcome: AttemptState, *, committed: bool) -> None:
        """Note that the run is over and let its instances follow."""
        if self.attempt is attempt:
            self.attempt = None
        attempt.end(outcome, committed=committed)

    def _check(self, attempt: Attempt) -> None:
        attempt.check_accepts_operations()
        if self.attempt is not attempt or not self.driver_session.in_transaction:
            raise SessionMisuseError(NOT_STARTED)

    def _send_in_transaction(self, call: Callable[[], Any], attempt: Attempt) -> Any:
        try:
            result = resolve(call())
        except DOOMING_ERRORS as error:
            attempt.doom(error)
            raise
        except NOT_ENCODABLE as error:
            # The driver takes the transaction for begun, though the server has not heard of it.
            if not attempt.has_sent:
                attempt.doom(error)
            raise
        attempt.has_sent = True
        return result
