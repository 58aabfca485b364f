"""Deadlines: the time left until the current one, and the time that ending a transaction may take beyond it."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo.client_options import ClientOptions

from odmantic._driver.internals import driver_seconds_left

if TYPE_CHECKING:
    from collections.abc import Generator

END_SECONDS = 10.0
"""Seconds to end a transaction or session if nothing else limits it."""
GRACE_SECONDS = 1.0
"""Seconds to end it after the caller's time is up, or if no server is known."""
DRAIN_SECONDS = 0.5
"""The part of these that a cancelled task waits for the transaction's command in flight, before it cuts it off."""
CANCEL_SECONDS = 0.5
"""Seconds that it then waits until the command is cut off."""

_CUT_OFF = (asyncio.CancelledError, KeyboardInterrupt)
"""Exceptions that mean that the caller's time is up, whatever the deadline.

Threads are not cancelled, but they end what a cancelled task began.
"""

_deadline: ContextVar[float] = ContextVar("odmantic_deadline", default=math.inf)
_leaving: ContextVar[BaseException | None] = ContextVar("odmantic_leaving", default=None)


@contextmanager
def limited(seconds: float) -> Generator[None, None, None]:
    """Limit a block with `pymongo.timeout`, and remember the deadline in case the driver's cannot be read."""
    token = _deadline.set(min(_deadline.get(), time.monotonic() + seconds))
    try:
        with pymongo.timeout(seconds):
            yield
    finally:
        _deadline.reset(token)


def remaining_seconds() -> float | None:
    """Return the seconds until the deadline of `pymongo.timeout` or `limited`, or `None` without one."""
    driver_left = driver_seconds_left()
    left = min(_deadline.get() - time.monotonic(), math.inf if driver_left is None else driver_left)
    return None if left == math.inf else left


def seconds_for(client: Any) -> float | None:
    """Return the seconds for one operation of a client: `remaining_seconds`, or else the client's `timeoutMS`."""
    left = remaining_seconds()
    if left is None:
        options = getattr(client, "options", None)
        left = (options.timeout or None) if isinstance(options, ClientOptions) else None
    return left


def seconds_to_end(
    left: float | None, *, has_server: bool, is_cut_off: bool, is_lost: bool
) -> float:
    """Return the seconds that ending a transaction or session may take.

    An unknown server gets a short time: it may come back after a broken connection, with the transaction and its locks.

    Args:
        left: The time left until the caller's deadline.
        has_server: Whether a server that accepts writes is known.
        is_cut_off: Whether the caller was cancelled: its time is up.
        is_lost: Whether a command was cut off, which used part of the time.
    """
    if is_cut_off or not has_server:
        return GRACE_SECONDS - DRAIN_SECONDS if is_cut_off and is_lost else GRACE_SECONDS
    return END_SECONDS if left is None else min(max(left, 0.0) + GRACE_SECONDS, END_SECONDS)


@contextmanager
def leaving(error: BaseException | None) -> Generator[None, None, None]:
    """Enclose the end of a block, given the exception that left it; it may run in another thread."""
    token = _leaving.set(error)
    try:
        yield
    finally:
        _leaving.reset(token)


def is_cut_off() -> bool:
    """Return whether a cancellation or Ctrl-C leaves the block, or is being handled.

    A cause or context of the exception does not count: a timeout inside the block is not the caller's.
    """
    return isinstance(_leaving.get(), _CUT_OFF) or isinstance(sys.exc_info()[1], _CUT_OFF)
