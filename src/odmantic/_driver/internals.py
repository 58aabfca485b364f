"""All private names of the drivers that odmantic reads; if one is missing, it knows less, but nothing breaks.

A test for each fails if the name disappears or changes its meaning in a new version of the driver.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_document

if TYPE_CHECKING:
    from collections.abc import Callable


# Attributes that the library sets on objects of the drivers. A client makes a database of every other name; one that
# begins with an underscore is an attribute.

CHANNEL = "_odmantic_channel"
"""Of a session: its channel, and after its end the name of what is over."""
DEPLOYMENT = "_odmantic_deployment"
"""Of a client: its deployment."""

_remaining: Callable[[], float | None] | None
try:
    from pymongo._csot import remaining as _remaining
except ImportError:  # how the driver keeps its deadline is its own business
    _remaining = None


def driver_seconds_left() -> float | None:
    """Return the seconds until the deadline of `pymongo.timeout`; `None` without one, or if it cannot be read.

    The driver has no public function for it.
    """
    return None if _remaining is None else _remaining()


def encoders_of(registry: Any) -> tuple[tuple[type[Any], ...], Callable[[Any], Any] | None]:
    """Return the classes of which a `TypeRegistry` has encoders, and its encoder for all others, if there is one."""
    found: object = getattr(registry, "_encoder_map", None)
    fallback: Any = getattr(registry, "_fallback_encoder", None)
    return (tuple(found) if is_document(found) else ()), fallback


def commits_sent(driver_session: Any) -> int | None:
    """Return how often the driver has sent the commit of a session's transaction; `None` if it does not say.

    The driver retries a commit itself, and its last error hides the earlier ones.
    """
    transaction = getattr(_inner(driver_session), "_transaction", None)
    sent = getattr(transaction, "attempt", None)
    return sent if type(sent) is int else None


def lift_batch_limit(cursor: Any) -> None:
    """Let the server fill each further batch of an open driver cursor.

    There is no public way to do so once a cursor is open.
    """
    inner = _inner(cursor)
    if hasattr(inner, "_batch_size"):
        inner._batch_size = 0  # noqa: SLF001 - the purpose of this module


def kept_on(holder: Any, name: str) -> Any:
    """Return what the library keeps on an object of the driver, in one of the attributes above, or `None`."""
    return getattr(holder, name, None)


def keep_on(holder: Any, name: str, value: object) -> None:
    """Keep something on an object of the driver for as long as that lives; a stand-in with slots keeps nothing."""
    with suppress(AttributeError):
        setattr(holder, name, value)


def _inner(value: Any) -> Any:
    """Return PyMongo's own object inside Motor's."""
    return getattr(value, "delegate", value)
