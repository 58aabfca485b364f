"""Primitives of the sync colour; `_aio` has the same names, and explains why neither is generated."""

from __future__ import annotations

import contextlib
import contextvars
import inspect
import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import pymongo
from pymongo import MongoClient

from odmantic._driver.clients import ClientKind

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from types import FrameType

    from pymongo.database import Database

    Client: TypeAlias = MongoClient[Any]
    """What an engine takes."""
    OwnClient: TypeAlias = MongoClient[dict[str, Any]]
    """What it has."""
    OwnDatabase: TypeAlias = Database[dict[str, Any]]
    OfCoroutineFunction: TypeAlias = Coroutine[Any, Any, None]
    """What a call returns that registers an async callable: a coroutine that nobody awaits, as type checkers report."""

T = TypeVar("T")

Lock = threading.Lock
Event = threading.Event
sleep = time.sleep

CAN_AWAIT = False
"""Whether callables that programs register may be async."""

REFUSED_CLIENTS = frozenset({ClientKind.ASYNC, ClientKind.MOTOR})
CLIENT_ADVICE = "a MongoClient, or a URI; AIOEngine takes an AsyncMongoClient or a Motor client"


class DriverSession(Protocol):
    """A session of PyMongo."""

    def end_session(self) -> None:
        """End it."""


def make_client(uri: str | None, options: Mapping[str, Any]) -> MongoClient[dict[str, Any]]:
    """Create a client for a URI, or for the driver's default address; it connects on first use."""
    keywords: dict[str, Any] = {"connect": False, **options}
    return MongoClient(uri, **keywords)


def foreign_loop(error: Exception) -> RuntimeError | None:  # noqa: ARG001 - as in the async colour
    """Return `None`: threads need no event loop."""
    return None


def take_at_once(lock: threading.Lock) -> bool:
    """Take a lock if it is free, without waiting."""
    return lock.acquire(blocking=False)


def call_given(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of the program.

    Raises:
        TypeError: if it is async, which only its result shows.
    """
    result = function(*arguments)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        message = (
            f"the sync engine cannot await what {function!r} returned: give it a plain callable"
        )
        raise TypeError(message)
    return result


def take_batch(cursor: Any, size: int) -> list[Any]:
    """Return up to `size` next documents of a driver cursor; an empty list at its end."""
    to_list = getattr(cursor, "to_list", None)
    # An iterator takes several steps per document; a stand-in for a cursor may be only an iterator.
    return list(islice(cursor, size)) if to_list is None else to_list(size)


class Meanwhile(contextlib.nullcontext[None]):
    """A block that calls nothing: a waiting thread does nothing else."""

    def __init__(self, step: Callable[[], bool]) -> None:  # noqa: ARG002
        """Call nothing."""
        super().__init__()


def current_owner() -> object:
    """Return the running thread."""
    return threading.current_thread()


def is_cancelled() -> bool:
    """Return `False`: threads are not cancelled."""
    return False


def current_home() -> object:
    """Return `None`: threads may share driver sessions."""
    return None


def runs_for(owner: object) -> bool:
    """Return whether this code runs in that thread."""
    return current_owner() is owner


def waiting_frame(owner: object) -> FrameType | None:  # noqa: ARG001 - as in the async colour
    """Return `None`: nothing runs for a thread in another one."""
    return None


def drained(
    call: Callable[..., T], *arguments: Any, on_hang: Callable[[], None] = lambda: None
) -> T:
    """Run a call to its end; Ctrl-C abandons a command that the server may still run."""
    try:
        return call(*arguments)
    except Exception:
        raise
    except BaseException:
        on_hang()
        raise


def finished(
    call: Callable[..., T],
    *arguments: Any,
    seconds: float,
    on_hang: Callable[[], None] = lambda: None,
) -> T:
    """Run a call that ends something, with its own time limit.

    It runs in its own context, so that an expired `pymongo.timeout` of the caller cannot prevent it.
    """

    def limited() -> T:
        with pymongo.timeout(seconds):
            return drained(call, *arguments, on_hang=on_hang)

    return contextvars.Context().run(limited)
