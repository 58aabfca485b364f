"""The deadline that `pymongo.timeout` sets for the running code."""

from __future__ import annotations

from pymongo import _csot


def remaining_seconds() -> float | None:
    """Seconds left until the deadline, or `None` without one.

    The driver has no public way to ask for what `pymongo.timeout` has set.
    """
    return _csot.remaining()
