"""Every private name of the drivers that the library reads; without one of them it knows less, and nothing breaks.

A test for each fails when the name is gone, or means something else, in a new version of the driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_remaining: Callable[[], float | None] | None
try:
    from pymongo._csot import remaining as _remaining
except ImportError:  # it is only this package's business how the driver keeps its deadline
    _remaining = None


def driver_seconds_left() -> float | None:
    """Seconds left until the deadline that `pymongo.timeout` has set; `None` without one, or where it cannot be read.

    The driver has no public way to ask for it.
    """
    return None if _remaining is None else _remaining()


def commits_sent(driver_session: Any) -> int | None:
    """Return how often the driver has put the commit of a session's transaction on a connection; `None` if it does not tell.

    The driver repeats a commit by itself, and its last error hides those before it.
    """
    transaction = getattr(_inner(driver_session), "_transaction", None)
    sent = getattr(transaction, "attempt", None)
    return sent if type(sent) is int else None


def lift_batch_limit(cursor: Any) -> None:
    """Let the server put as much as it can into each further answer to an open driver cursor.

    There is no public way once a cursor is open.
    """
    inner = _inner(cursor)
    if hasattr(inner, "_batch_size"):
        inner._batch_size = 0  # noqa: SLF001 - what this module is for


def _inner(value: Any) -> Any:
    """PyMongo's own object, which Motor's wraps."""
    return getattr(value, "delegate", value)
