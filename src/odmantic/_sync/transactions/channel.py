# Generated from src/odmantic/_aio/transactions/channel.py by tools/generate_sync.py: do not edit.
"""A driver session in use: one command at a time, and none outside the transaction it was meant for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pymongo.errors import InvalidOperation, NetworkTimeout, PyMongoError

from odmantic import _process
from odmantic._driver._sync import (
    Lock,
    current_home,
    drained,
    finished,
    is_cancelled,
    take_at_once,
)
from odmantic._driver.clients import knows_server, sends_nothing_at_end
from odmantic._driver.deadline import is_cut_off, seconds_for, seconds_to_end
from odmantic._driver.internals import CHANNEL, commits_sent, keep_on, kept_on
from odmantic._plan.errors import NOT_ENCODABLE
from odmantic._transaction.attempt import (
    DOOMING_ERRORS,
    NOT_STARTED,
    RUNNING,
    Attempt,
    AttemptState,
)
from odmantic._transaction.log import log_event
from odmantic.exceptions import SessionMisuseError

if TYPE_CHECKING:
    from collections.abc import Callable


def channel_of(driver_session: Any) -> Channel | None:
    """Return the channel of a driver session that a session object owns; `None` for one made by hand.

    The driver would refuse an ended one, too, but a late operation of a transaction gets one error however it was
    given the session.

    Raises:
        SessionMisuseError: if a session object had it, and has ended it.
    """
    owner = kept_on(driver_session, CHANNEL)
    if isinstance(owner, Channel):
        return owner
    if isinstance(owner, str):
        raise SessionMisuseError(f"{owner} not started: Cannot use ended session")
    return None


class Channel:
    """The way to the server through one driver session.

    MongoDB allows one command at a time in a session; the lock sees to that. It is held for one command, not
    between the batches of a cursor.
    """

    attempt: Attempt | None = None
    _had_transaction = False
    _is_lost = False

    def __init__(self, driver_session: Any) -> None:
        """Register the channel, so that `session=` arguments find it."""
        self.driver_session = driver_session
        self._lock = Lock()
        self._process = _process.number
        self._home = current_home()
        keep_on(driver_session, CHANNEL, self)

    @property
    def is_inherited(self) -> bool:
        """Whether this process was forked from the one that opened the driver session, and must not use it."""
        return self._process is not _process.number

    def check_process(self) -> None:
        """Raise in a forked child, and in another event loop.

        Raises:
            SessionMisuseError: if the driver session belongs to the parent process, or to the other loop.
        """
        if self._process is not _process.number:
            raise SessionMisuseError(_INHERITED)
        if self._home is not None and current_home() not in (self._home, None):
            raise SessionMisuseError(_ELSEWHERE)

    def send(
        self,
        call: Callable[[], Any],
        attempt: Attempt | None,
        read: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Run one driver call, in the run of a transaction that it was made for, or outside of any.

        Args:
            call: the call.
            attempt: that run.
            read: what the result is made of the answer with, in a transaction; its errors are those of the call.

        Raises:
            RuntimeError: if that run has ended meanwhile, or one has begun that the call was not made for.
            TransactionAbortedError: if that run was doomed meanwhile.
        """
        self.check_process()
        with self._lock:
            if attempt is not None:
                if attempt.state is not RUNNING:
                    raise attempt.refusal()
                if self.attempt is not attempt or not self.driver_session.in_transaction:
                    raise SessionMisuseError(NOT_STARTED)
                return drained(self._send_in_transaction, call, attempt, read, on_hang=self._lose)
            if self.attempt is not None:
                raise SessionMisuseError(_BEGUN_MEANWHILE)
            return call()

    def begin(self, options: dict[str, Any], *, is_private: bool = False) -> Attempt:
        """Begin a transaction; nothing is sent until its first operation. One that is in doubt is given up.

        Raises:
            pymongo.errors.InvalidOperation: if one is running in this driver session.
        """
        self.check_process()
        with self._lock:
            previous = self.attempt
            if previous is not None and previous.state is AttemptState.CLOSING:
                raise SessionMisuseError(_IN_PROGRESS)
            try:
                self.driver_session.start_transaction(**options)
            except InvalidOperation as error:
                if "in progress" not in str(error):
                    raise
                raise SessionMisuseError(_IN_PROGRESS) from error
            if previous is not None:
                previous.end_without_commit()
            self.attempt = Attempt(is_private=is_private)
            self._had_transaction = True
            log_event("begin", self.driver_session)
            return self.attempt

    def commit(self, attempt: Attempt) -> None:
        """Send one commit, after the operation in flight; operations that wait behind it are refused.

        Raises:
            RuntimeError: if the commit is in doubt, and the driver session is in another transaction by now.
            TransactionAbortedError: if the run is doomed.
        """
        attempt.state = AttemptState.CLOSING
        with self._lock:
            if attempt.first_error is not None:
                raise attempt.aborted()
            if attempt.commit_was_sent and self.driver_session.in_transaction:
                raise SessionMisuseError(
                    "another transaction was begun in the session, so this commit cannot be repeated"
                )
            may_be_known = attempt.commit_was_sent
            try:
                attempt.commit_was_sent = True
                drained(self.driver_session.commit_transaction, on_hang=self._lose)
            except Exception:
                raise
            except BaseException:
                # It may have been cut off before the driver had a connection for it.
                attempt.commit_was_sent = may_be_known or commits_sent(self.driver_session) != 0
                raise
            self._forget(attempt)
            attempt.end_committed()
            log_event("commit", self.driver_session)

    def abort(self, attempt: Attempt, outcome: AttemptState = AttemptState.ENDED) -> None:
        """Roll the server's side back, after the operation in flight; give up one whose commit was sent."""
        seconds = self._seconds_to_end()
        finished(self._abort, attempt, outcome, seconds=seconds, on_hang=self._lose)

    def end(self) -> None:
        """End the driver session, rolling back a transaction that still runs in it."""
        ends_at_once = (
            self.attempt is None
            and not self._is_lost
            and sends_nothing_at_end(self.driver_session)
            and take_at_once(self._lock)
        )
        if not ends_at_once:
            finished(self._end, seconds=self._seconds_to_end(), on_hang=self._lose)
            return
        try:
            self._note_end()
            self.driver_session.end_session()
        finally:
            self._lock.release()

    def abandon(self) -> None:
        """In a forked child: forget the transaction without a word to the server."""
        attempt, self.attempt = self.attempt, None
        if attempt is not None:
            attempt.end_without_commit()

    def _abort(self, attempt: Attempt, outcome: AttemptState) -> None:
        attempt.state = AttemptState.CLOSING
        with self._lock:
            try:
                if not attempt.commit_was_sent and self.attempt is attempt:
                    runs = self.driver_session.in_transaction
                    # The server has a rollback wait for the transaction's command in flight. And after a commit that
                    # was cut off unsent, there is nothing to roll back any more to the driver.
                    if self._is_lost and (runs or attempt.has_sent):
                        self._kill()
                    if runs:
                        self.driver_session.abort_transaction()
            finally:
                self._forget(attempt)
                attempt.end_without_commit(outcome)
                log_event("abort", self.driver_session)

    def _end(self) -> None:
        try:
            if self.attempt is not None:
                self._abort(self.attempt, AttemptState.SESSION_ENDED)
        finally:
            self._note_end()
            # A server session in which a command may still run is not handed to others.
            if not self._is_lost:
                with self._lock:
                    self.driver_session.end_session()

    def _kill(self) -> None:
        """Have the server give up a command that was cut off; the first one may begin its transaction even later."""
        kill = {"killSessions": [self.driver_session.session_id]}
        with suppress(PyMongoError):  # then the transaction ends by itself, within a minute
            self.driver_session.client.admin.command(kill)

    def _seconds_to_end(self) -> float:
        client = getattr(self.driver_session, "client", None)
        return seconds_to_end(
            seconds_for(client),
            has_server=knows_server(client),
            is_cut_off=is_cut_off() or is_cancelled(),
            is_lost=self._is_lost,
        )

    def _note_end(self) -> None:
        name = "transaction" if self._had_transaction else "session"
        keep_on(self.driver_session, CHANNEL, name)

    def _lose(self) -> None:
        self._is_lost = True

    def _forget(self, attempt: Attempt) -> None:
        if self.attempt is attempt:
            self.attempt = None

    def _send_in_transaction(
        self,
        call: Callable[[], Any],
        attempt: Attempt,
        read: Callable[[Any], Any] | None,
    ) -> Any:
        try:
            result = call()
            if read is not None:
                result = read(result)
        except DOOMING_ERRORS as error:
            attempt.doom(error)
            if isinstance(error, NetworkTimeout):
                self._lose()
            raise
        except NOT_ENCODABLE as error:
            # The driver takes the transaction for begun, though the server has not heard of it.
            if not attempt.has_sent:
                attempt.doom(error)
            raise
        attempt.has_sent = True
        return result


_INHERITED = (
    "this session was started in another process, before a fork; a child process makes a client, an engine and "
    "sessions of its own"
)

_ELSEWHERE = (
    "this session was started in another event loop, and can only be used and ended there; each event loop has a "
    "client, an engine and sessions of its own"
)

_BEGUN_MEANWHILE = (
    "a transaction was begun in this session after the operation was called, so it cannot run outside of the "
    "transaction any more; call it before or inside the transaction, or in another session"
)

_IN_PROGRESS = (
    "Transaction already in progress: MongoDB has one transaction in a session and no nested ones. Pass the running "
    "one on as session=, run a callback in it with run_transaction(..., join=transaction), or use another session"
)
