"""Whether, and when, a commit is sent again or a whole transaction is run again.

The rules are the driver specification's: repeating a commit is safe, and called for while its outcome is unknown; a
transaction is run again after a transient error. See
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

#: Seconds after the first attempt during which a commit is repeated, and a transaction run again.
RETRY_SECONDS = 120.0

_MAX_TIME_EXPIRED, _UNKNOWN_WRITE_CONCERN, _UNSATISFIABLE_WRITE_CONCERN = 50, 79, 100
#: What another commit meets again.
_NOT_MENDED = (_MAX_TIME_EXPIRED, _UNKNOWN_WRITE_CONCERN, _UNSATISFIABLE_WRITE_CONCERN)
_NO_SUCH_TRANSACTION = 251
_FIRST_DELAY = 0.005
_GROWTH = 1.5
_LONGEST_DELAY = 0.5
_SLACK = 0.1
_NEVER_SENT = (ServerSelectionTimeoutError, WaitQueueTimeoutError)


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How often, and until when, a transaction is run.

    Attributes:
        attempts: how often at most; `None` for no limit.
        deadline: the monotonic time in seconds after which nothing is begun.
    """

    attempts: int | None
    deadline: float

    def allow(self, made: int) -> bool:
        """Whether another attempt may begin after `made` attempts, if there is time."""
        return self.attempts is None or made < self.attempts

    def are_reached(self, error: BaseException, made: int, *, at: float) -> bool:
        """Whether it is for lack of time that there is no attempt after an error.

        Args:
            error: what ended the last attempt.
            made: attempts so far.
            at: the monotonic time in seconds at which another one would begin.
        """
        if is_transient(error):
            return self.allow(made) and at >= self.deadline
        # The driver and the server give up a command a little before its time is over.
        is_timeout = isinstance(error, PyMongoError) and error.timeout
        return is_timeout and at + _SLACK >= self.deadline


def outcome_is_unknown(error: BaseException, *, attempts: int, sent: int | None) -> bool:
    """Whether the server may or may not have committed, after so many commits.

    A first commit for which no server or connection could be had was never sent.

    Args:
        error: what the last commit raised.
        attempts: commits so far, this one included.
        sent: how often the driver has put one on a connection, its own repetitions included; `None` if nobody knows.
    """
    if attempts == 1 and sent == 0 and isinstance(error, _NEVER_SENT):
        return False
    # One about the write concern comes after the commit; without the label if another try cannot mend it.
    is_done = isinstance(error, WriteConcernError)
    return is_done or "UnknownTransactionCommitResult" in labels_of(error)


def is_no_commit(error: BaseException) -> bool:
    """Whether the server says that there was no commit, also of an earlier commit whose outcome was unknown."""
    return is_transient(error) or getattr(error, "code", None) == _NO_SUCH_TRANSACTION


def is_transient(error: BaseException) -> bool:
    """Whether running the transaction again may succeed."""
    return "TransientTransactionError" in labels_of(error)


def may_repeat_commit(error: BaseException) -> bool:
    """Whether a commit of unknown outcome is worth repeating.

    It is not if the server ran out of time, nor if it knows no such write concern or has too few members for it.
    """
    return not (isinstance(error, OperationFailure) and error.code in _NOT_MENDED)


def backoff(made: int, jitter: float) -> float:
    """Seconds to wait after `made` attempts, growing to half a second.

    Args:
        made: attempts so far, from 1.
        jitter: a random number from 0 to 1.
    """
    return jitter * min(_FIRST_DELAY * _GROWTH ** min(made - 1, 50), _LONGEST_DELAY)
