"""Whether, and when, a commit is sent again.

The rule is the driver's: repeating a commit is safe, and called for while its outcome is unknown. See
https://github.com/mongodb/specifications/blob/master/source/transactions-convenient-api/transactions-convenient-api.md
"""

from __future__ import annotations

from pymongo.errors import PyMongoError

#: Seconds after the first attempt during which a commit is repeated.
COMMIT_RETRY_SECONDS = 120.0

_MAX_TIME_EXPIRED = 50
_FIRST_DELAY = 0.005
_GROWTH = 1.5
_LONGEST_DELAY = 0.5


def outcome_is_unknown(error: BaseException) -> bool:
    """Whether the server may or may not have committed."""
    return isinstance(error, PyMongoError) and error.has_error_label(
        "UnknownTransactionCommitResult"
    )


def commit_retry_delay(error: BaseException, *, attempts: int, elapsed: float) -> float | None:
    """Seconds to wait before a commit is repeated, or `None` if it must not be.

    Args:
        error: what the last attempt raised.
        attempts: how many attempts there were.
        elapsed: seconds since the first one.
    """
    if not outcome_is_unknown(error) or getattr(error, "code", None) == _MAX_TIME_EXPIRED:
        return None
    delay = min(_FIRST_DELAY * _GROWTH ** (attempts - 1), _LONGEST_DELAY)
    return delay if elapsed + delay < COMMIT_RETRY_SECONDS else None
