"""Whether, and when, a commit or a whole transaction is retried.

The rules are the driver specification's: retrying a commit is safe, and required while its outcome is unknown; a
transaction is retried after a transient error. See
https://github.com/mongodb/specifications/blob/master/source/transactions-convenient-api/transactions-convenient-api.md
"""

from __future__ import annotations

from dataclasses import dataclass

from pymongo.errors import (
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)

from odmantic._errors.transactions import labels_of

RETRY_SECONDS = 120.0
"""Seconds after the first attempt during which a commit or a transaction is retried."""

_MAX_TIME_EXPIRED, _UNKNOWN_WRITE_CONCERN, _UNSATISFIABLE_WRITE_CONCERN = 50, 79, 100
_NOT_MENDED = (_MAX_TIME_EXPIRED, _UNKNOWN_WRITE_CONCERN, _UNSATISFIABLE_WRITE_CONCERN)
"""Errors that another commit would meet again."""
_NO_SUCH_TRANSACTION = 251
_FIRST_DELAY = 0.005
_GROWTH = 1.5
_LONGEST_DELAY = 0.5
_SLACK = 0.1
_NEVER_SENT = (ServerSelectionTimeoutError, WaitQueueTimeoutError)


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """The limits of a transaction's attempts.

    Attributes:
        attempts: The largest number of attempts; `None` for no limit.
        deadline: The monotonic time in seconds after which no attempt begins.
    """

    attempts: int | None
    deadline: float

    def allow(self, made: int) -> bool:
        """Return whether another attempt may begin after `made` attempts, if there is time."""
        return self.attempts is None or made < self.attempts

    def are_reached(self, error: BaseException, made: int, *, at: float) -> bool:
        """Return whether lack of time is why there is no attempt after an error.

        Args:
            error: The error of the last attempt.
            made: The number of attempts so far.
            at: The monotonic time in seconds at which another one would begin.
        """
        if is_transient(error):
            return self.allow(made) and at >= self.deadline
        # The driver and the server abandon a command a little before its time is up.
        is_timeout = isinstance(error, PyMongoError) and error.timeout
        return is_timeout and at + _SLACK >= self.deadline


def outcome_is_unknown(error: BaseException, *, attempts: int, sent: int | None) -> bool:
    """Return whether the outcome is unknown after a number of commits.

    A first commit without a server or connection was never sent.

    Args:
        error: The error of the last commit.
        attempts: The number of commits so far, including this one.
        sent: How often the driver has sent one, its own retries included; `None` if unknown.
    """
    if attempts == 1 and sent == 0 and isinstance(error, _NEVER_SENT):
        return False
    # A write concern error comes after the commit; without the label if another try cannot help.
    is_done = isinstance(error, WriteConcernError)
    return is_done or "UnknownTransactionCommitResult" in labels_of(error)


def is_no_commit(error: BaseException) -> bool:
    """Return whether the server reports that there was no commit, not even an earlier one of unknown outcome."""
    return is_transient(error) or getattr(error, "code", None) == _NO_SUCH_TRANSACTION


def is_transient(error: BaseException) -> bool:
    """Return whether retrying the transaction may succeed."""
    return "TransientTransactionError" in labels_of(error)


def may_repeat_commit(error: BaseException) -> bool:
    """Return whether a commit of unknown outcome is worth retrying.

    It is not if the server ran out of time, does not know the write concern, or has too few members for it.
    """
    return not (isinstance(error, OperationFailure) and error.code in _NOT_MENDED)


def backoff(made: int, jitter: float) -> float:
    """Return the seconds to wait after `made` attempts, growing to half a second.

    Args:
        made: The number of attempts so far, from 1.
        jitter: A random number from 0 to 1.
    """
    return jitter * min(_FIRST_DELAY * _GROWTH ** min(made - 1, 50), _LONGEST_DELAY)
