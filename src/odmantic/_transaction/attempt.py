"""One run of a transaction: its state, the error that doomed it, and its journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from pymongo.errors import ConnectionFailure, OperationFailure

from odmantic._transaction.callbacks import Callbacks
from odmantic._transaction.journal import Journal
from odmantic._transaction.retry_guard import RetryGuard
from odmantic.exceptions import OdmanticError, SessionMisuseError, TransactionAbortedError

DOOMING_ERRORS = (OperationFailure, ConnectionFailure)
"""Errors after which the server has, or may have, aborted a running transaction."""


NOT_STARTED = "transaction not started"


class AttemptState(Enum):
    """The state of a run of a transaction; each state allows its own operations and transitions."""

    RUNNING = auto()
    DOOMED = auto()
    """An operation in it failed on the server, which has rolled it back."""
    CLOSING = auto()
    """A commit or rollback is under way; no operation may start."""
    IN_DOUBT = auto()
    """A commit was sent and its outcome is unknown."""
    ENDED = auto()
    """Committed, rolled back or abandoned."""
    SESSION_ENDED = auto()
    """Rolled back because its session was ended."""


# Names of the module: looking a member up on its class takes three times as long.
RUNNING, IN_DOUBT = AttemptState.RUNNING, AttemptState.IN_DOUBT
_DOOMED, _CLOSING = AttemptState.DOOMED, AttemptState.CLOSING
_ENDED, _SESSION_ENDED = AttemptState.ENDED, AttemptState.SESSION_ENDED
_CLOSED = (_CLOSING, _ENDED, _SESSION_ENDED)


@dataclass(eq=False)
class Attempt:
    """One run of a transaction, from its start to its end; a restarted transaction has a new one."""

    journal: Journal = field(default_factory=Journal)
    state: AttemptState = RUNNING
    first_error: BaseException | None = None
    has_sent: bool = False
    """Whether an operation of odmantic has reached the server."""
    commit_was_sent: bool = False
    commit_failed: bool = False
    """Whether the server reported that it has not committed."""
    callbacks: Callbacks | None = None
    """The callbacks for its end; `None` if there are none."""
    guard: RetryGuard | None = None
    """The guard that compares the saves of a transaction that may be retried."""
    is_private: bool = False
    """Whether one operation has begun it by itself, so that no other one in the session becomes a part of it."""

    @property
    def number(self) -> int:
        """The number of this run among those of one `run_transaction`, from 1."""
        return 1 if self.guard is None else self.guard.attempt

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can be done with this run."""
        return self.state is _ENDED or self.state is _SESSION_ENDED

    @property
    def is_open(self) -> bool:
        """Whether it is running, even if doomed."""
        return self.state is RUNNING or self.state is _DOOMED

    @property
    def is_committed(self) -> bool:
        """Whether the run ended with a commit that succeeded."""
        return self.has_ended and self.journal.committed is True

    @property
    def is_rolled_back(self) -> bool:
        """Whether the run ended without a commit; false if that is unknown."""
        return self.has_ended and self.journal.committed is False

    @property
    def may_be_closed(self) -> bool:
        """Whether a commit or a rollback may begin."""
        return self.state not in _CLOSED

    def waiting(self) -> Callbacks:
        """Return the callbacks for the end, to add to them."""
        if self.callbacks is None:
            self.callbacks = Callbacks()
        return self.callbacks

    def refusal(self) -> OdmanticError:
        """Return the error of an operation in a run that is not `RUNNING`.

        It is a `TransactionAbortedError` if an earlier operation failed on the server, or else a
        `SessionMisuseError`: the run has ended, is ending, or its outcome is in doubt.
        """
        return self.aborted() if self.state is _DOOMED else SessionMisuseError(NOT_STARTED)

    def doom(self, error: BaseException) -> None:
        """Note the first server error; it decides the fate of the transaction."""
        if self.state is RUNNING:
            self.state = _DOOMED
        if self.first_error is None:
            self.first_error = error

    def aborted(self) -> TransactionAbortedError:
        """Return the error of everything after the operation that doomed the transaction."""
        first = self.first_error or RuntimeError(NOT_STARTED)
        message = (
            f"the transaction was rolled back because an operation in it failed: {type(first).__name__}: {first}. "
            "An error inside a transaction cannot be caught and ignored; run the whole transaction again"
        )
        error = TransactionAbortedError(message, first)
        error.__cause__ = first
        return error

    def doubt(self) -> None:
        """Note that the outcome of a commit is unknown; its instances are dirty meanwhile."""
        self.state = IN_DOUBT
        self.journal.doubt()

    def end_committed(self) -> None:
        """Finish the run after a successful commit."""
        self._end(_ENDED, committed=True)

    def end_without_commit(self, state: AttemptState = _ENDED) -> None:
        """Finish the run in any other way; its instances become dirty again."""
        is_known = self.commit_failed or not self.commit_was_sent
        self._end(state, committed=False if is_known else None)

    def _end(self, state: AttemptState, *, committed: bool | None) -> None:
        if self.has_ended:
            return
        self.state = state
        self.first_error = None
        self.journal.close(committed=committed)
