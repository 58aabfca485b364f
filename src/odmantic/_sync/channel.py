# Generated from src/odmantic/_aio/channel.py by tools/generate_sync.py: do not edit.
"""A driver session in use: one command at a time, and none outside the transaction it was meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from odmantic._driver._sync import Lock, drained, resolve
from odmantic._state.attempt import DOOMING_ERRORS, NOT_STARTED, Attempt, AttemptState

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
        """Run one driver call, in the run of a transaction that it was made for, if any.

        Raises:
            RuntimeError: that run has ended meanwhile.
            TransactionAbortedError: that run was doomed meanwhile.
        """
        with self._lock:
            if attempt is None:
                return resolve(call())
            self._check(attempt)
            return drained(lambda: self._send_in_transaction(call, attempt))

    def begin(self, options: dict[str, Any]) -> Attempt:
        """Begin a transaction; nothing is sent until its first operation.

        Raises:
            pymongo.errors.InvalidOperation: one is running in this driver session.
        """
        with self._lock:
            resolve(self.driver_session.start_transaction(**options))
            self.attempt = Attempt()
            return self.attempt

    def commit(self, attempt: Attempt) -> None:
        """Send one commit, after the operation in flight; operations that wait behind it are refused."""
        attempt.state = AttemptState.CLOSING
        with self._lock:
            drained(lambda: resolve(self.driver_session.commit_transaction()))

    def abort(self, attempt: Attempt) -> None:
        """Roll the server's side back, after the operation in flight."""
        attempt.state = AttemptState.CLOSING
        with self._lock:
            if self.driver_session.in_transaction:
                resolve(self.driver_session.abort_transaction())

    def release(self, attempt: Attempt, state: AttemptState, *, committed: bool) -> None:
        """Note that the run is over and let its instances follow."""
        if self.attempt is attempt:
            self.attempt = None
        attempt.end(state, committed=committed)

    def end(self) -> None:
        """End the driver session, rolling back a transaction that still runs in it."""
        attempt = self.attempt
        try:
            if attempt is not None:
                in_doubt = attempt.state is AttemptState.IN_DOUBT
                try:
                    if not in_doubt:
                        self.abort(attempt)
                finally:
                    self.release(attempt, AttemptState.SESSION_ENDED, committed=False)
        finally:
            with self._lock:
                resolve(self.driver_session.end_session())

    def _check(self, attempt: Attempt) -> None:
        attempt.check_accepts_operations()
        if self.attempt is not attempt or not self.driver_session.in_transaction:
            raise RuntimeError(NOT_STARTED)

    def _send_in_transaction(self, call: Callable[[], Any], attempt: Attempt) -> Any:
        try:
            return resolve(call())
        except DOOMING_ERRORS as error:
            attempt.doom(error)
            raise
