"""Deadlines: what is left of the one that the running code is under, and what an end may take beyond it."""

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

#: Seconds that the end of a transaction or session may take where nothing else limits it.
END_SECONDS = 10.0
#: Seconds that it may take after the caller's time is up, or where no server is known.
GRACE_SECONDS = 1.0
#: Seconds of these that a cancelled task waits for the transaction's command in flight, before it is cut off.
DRAIN_SECONDS = 0.5
#: Seconds that it then waits for the command to be cut off.
CANCEL_SECONDS = 0.5

#: What tells that the caller's time is up, whatever limit it was under. Threads are not cancelled, but they end what a
#: cancelled task began; and Ctrl-C wants an end.
_CUT_OFF = (asyncio.CancelledError, KeyboardInterrupt)

_deadline: ContextVar[float] = ContextVar("odmantic_deadline", default=math.inf)
_leaving: ContextVar[BaseException | None] = ContextVar("odmantic_leaving", default=None)


@contextmanager
def limited(seconds: float) -> Generator[None, None, None]:
    """A block under `pymongo.timeout`, whose deadline is known even if the driver's cannot be read."""
    token = _deadline.set(min(_deadline.get(), time.monotonic() + seconds))
    try:
        with pymongo.timeout(seconds):
            yield
    finally:
        _deadline.reset(token)


def remaining_seconds() -> float | None:
    """Seconds left until the deadline of `pymongo.timeout` or `limited`, or `None` without one."""
    driver_left = driver_seconds_left()
    left = min(_deadline.get() - time.monotonic(), math.inf if driver_left is None else driver_left)
    return None if left == math.inf else left


def seconds_for(client: Any) -> float | None:
    """Seconds that one operation of a client has by `remaining_seconds`, else by the client's `timeoutMS`."""
    left = remaining_seconds()
    if left is None:
        options = getattr(client, "options", None)
        left = (options.timeout or None) if isinstance(options, ClientOptions) else None
    return left


def seconds_to_end(
    left: float | None, *, has_server: bool, is_cut_off: bool, is_lost: bool
) -> float:
    """Seconds that the end of a transaction or session may take.

    A server that is not known is waited for a moment only: it may be back after a broken connection, with the
    transaction and its locks.

    Args:
        left: what is left of the caller's deadline.
        has_server: whether a server is known that takes writes.
        is_cut_off: whether the caller was cancelled: its time is up.
        is_lost: whether a command was cut off, which took its part of the moment.
    """
    if is_cut_off or not has_server:
        return GRACE_SECONDS - DRAIN_SECONDS if is_cut_off and is_lost else GRACE_SECONDS
    return END_SECONDS if left is None else min(max(left, 0.0) + GRACE_SECONDS, END_SECONDS)


@contextmanager
def leaving(error: BaseException | None) -> Generator[None, None, None]:
    """The end of a block, with the exception that left it; it may run in a thread in which nothing was raised."""
    token = _leaving.set(error)
    try:
        yield
    finally:
        _leaving.reset(token)


def is_cut_off() -> bool:
    """Return whether a cancellation or Ctrl-C leaves the block, or is being handled.

    One that the exception only followed does not count: a timeout inside the block is none of the caller's.
    """
    return isinstance(_leaving.get(), _CUT_OFF) or isinstance(sys.exc_info()[1], _CUT_OFF)
