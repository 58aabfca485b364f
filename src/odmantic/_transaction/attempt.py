"""One run of a transaction: its state, the error that doomed it, and its journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from pymongo.errors import ConnectionFailure, OperationFailure

from odmantic._transaction.callbacks import Hooks
from odmantic._transaction.journal import Journal
from odmantic._transaction.retry_guard import RetryGuard
from odmantic.exceptions import OdmanticError, SessionMisuseError, TransactionAbortedError

#: Errors after which the server has, or may have, given up a running transaction.
DOOMING_ERRORS = (OperationFailure, ConnectionFailure)


NOT_STARTED = "transaction not started"


class AttemptState(Enum):
    """Where a run of a transaction stands; each state allows its own operations and ways on."""

    RUNNING = auto()
    DOOMED = auto()
    """An operation in it failed on the server, which has rolled it back."""
    CLOSING = auto()
    """A commit or rollback is under way; no operation may start."""
    IN_DOUBT = auto()
    """A commit was sent and its outcome is unknown."""
    ENDED = auto()
    """Committed, rolled back or given up."""
    SESSION_ENDED = auto()
    """Rolled back because its session was ended."""


# Names of the module: to look a member up on its class takes three times as long.
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
    """Whether an operation of ours has reached the server."""
    commit_was_sent: bool = False
    commit_failed: bool = False
    """Whether the server said that it has not committed."""
    hooks: Hooks | None = None
    """What waits for the end; `None` while nothing does."""
    guard: RetryGuard | None = None
    """Compares the saves of a transaction that may be run again."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing can be done with this run any more."""
        return self.state is _ENDED or self.state is _SESSION_ENDED

    @property
    def is_open(self) -> bool:
        """Whether it runs, be it doomed."""
        return self.state is RUNNING or self.state is _DOOMED

    @property
    def is_committed(self) -> bool:
        """Whether the run ended with a commit that succeeded."""
        return self.has_ended and self.journal.committed is True

    @property
    def is_rolled_back(self) -> bool:
        """Whether the run ended without a commit; false also where that is unknown."""
        return self.has_ended and self.journal.committed is False

    @property
    def may_be_closed(self) -> bool:
        """Whether a commit or a rollback may begin."""
        return self.state not in _CLOSED

    def waiting(self) -> Hooks:
        """Give what waits for the end, to add to it."""
        if self.hooks is None:
            self.hooks = Hooks()
        return self.hooks

    def refusal(self) -> OdmanticError:
        """The error of an operation in a run that is not `RUNNING`.

        A `TransactionAbortedError` if an earlier operation failed on the server, else a `SessionMisuseError`: the run
        has ended, is ending, or its outcome is in doubt.
        """
        return self.aborted() if self.state is _DOOMED else SessionMisuseError(NOT_STARTED)

    def doom(self, error: BaseException) -> None:
        """Note the first server error; it decides the fate of the transaction."""
        if self.state is RUNNING:
            self.state = _DOOMED
        if self.first_error is None:
            self.first_error = error

    def aborted(self) -> TransactionAbortedError:
        """The error of everything that follows the one that doomed the transaction."""
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
        """Finish the run after a commit that succeeded."""
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
