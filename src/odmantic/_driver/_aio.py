"""Primitives of the async colour; `_sync` has the same names.

The async drivers differ in which calls are awaited; `resolve` handles that.

Both files are written by hand, because here the colours really differ. A task can be cancelled, belongs to an event
loop and may wait for a task that `wait_for` created; a thread has none of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import sys
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard, TypeVar

import pymongo
from pymongo import AsyncMongoClient

from odmantic._driver import deadline
from odmantic._driver.clients import ClientKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
    from types import FrameType

    Client: TypeAlias = AsyncMongoClient[Any] | "MotorClient"
    """What an engine takes."""
    OwnClient: TypeAlias = Any
    """What it has: a client of PyMongo or Motor."""
    OwnDatabase: TypeAlias = Any
    OfCoroutineFunction: TypeAlias = None
    """What a call returns that registers an async callable, which is awaited in time."""

T = TypeVar("T")

_COROUTINES: frozenset[type[Any]] = frozenset({CoroutineType})

Event = asyncio.Event
sleep = asyncio.sleep


class Lock(asyncio.Lock):
    """A lock that takes fewer steps to enter."""

    __aenter__ = asyncio.Lock.acquire  # type: ignore[assignment]


CAN_AWAIT = True
"""Whether callables that programs register may be async."""

REFUSED_CLIENTS = frozenset({ClientKind.SYNC})
CLIENT_ADVICE = "an AsyncMongoClient (or a Motor client), or a URI; SyncEngine takes a MongoClient"


class MotorClient(Protocol):
    """A client of Motor, which may not be installed."""

    def __getitem__(self, name: str, /) -> Any:
        """Return a database."""

    def get_io_loop(self) -> Any:
        """Return the event loop."""


class DriverSession(Protocol):
    """A session of PyMongo or Motor."""

    async def end_session(self) -> None:
        """End it."""


def make_client(uri: str | None, options: Mapping[str, Any]) -> AsyncMongoClient[dict[str, Any]]:
    """Create a client for a URI, or for the driver's default address; it connects on first use."""
    return AsyncMongoClient(uri, **options)


def foreign_loop(error: Exception) -> RuntimeError | None:
    """Return the error to raise if an event loop other than asyncio's caused `error`."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        message = (
            "AIOEngine needs a running event loop of asyncio, as PyMongo does, and this code runs in none, but maybe in "
            f"trio's: use asyncio (anyio.run(..., backend='asyncio')), or a SyncEngine in threads ({error})"
        )
        return RuntimeError(message)
    return None


def resolve(value: Any) -> Awaitable[Any]:
    """Return an awaitable for the result of a driver call, whether or not this driver's call is awaited."""
    # Most are coroutines; checking for other awaitables takes longer.
    is_awaitable = type(value) in _COROUTINES or inspect.isawaitable(value)
    return value if is_awaitable else _given(value)


async def _given(value: T) -> T:
    return value


def take_at_once(lock: asyncio.Lock) -> Awaitable[bool]:
    """Take a lock if it is free, without waiting."""
    return _given(False) if lock.locked() else lock.acquire()


async def call_given(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of the program, async or not."""
    return await resolve(function(*arguments))


async def take_batch(cursor: Any, size: int) -> list[Any]:
    """Return up to `size` next documents of a driver cursor; an empty list at its end."""
    batch: list[Any] = await cursor.to_list(length=size)
    return batch


class Meanwhile:
    """A block that calls `step` once per turn of the event loop while it waits, until that returns false."""

    __slots__ = ("_loop", "_step")

    def __init__(self, step: Callable[[], bool]) -> None:
        """Call nothing yet."""
        self._loop = asyncio.get_running_loop()
        self._step: Callable[[], bool] | None = step

    def __enter__(self) -> None:
        """Begin."""
        self._loop.call_soon(self._run)

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._step = None

    def _run(self) -> None:
        if self._step is not None and self._step():
            self._loop.call_soon(self._run)


def current_owner() -> object:
    """Return the running task, or `None` outside of an event loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def is_cancelled() -> bool:
    """Return whether the running task is to be cancelled, and nobody has called `uncancel`; exact from Python 3.11 on.

    Older versions have no `uncancel`, even if a library's tasks count cancellations.
    """
    cancelling = getattr(current_owner(), "cancelling", None)
    return sys.version_info >= (3, 11) and cancelling is not None and cancelling() > 0


def current_home() -> object:
    """Return the event loop to which a new driver session would belong; `None` outside of any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def runs_for(owner: object) -> bool:
    """Return whether this code runs in a task, or in one that `asyncio.wait_for` created for it.

    From Python 3.12 on `wait_for` creates none; the result must be the same in all versions.
    """
    current = current_owner()
    if current is owner:
        return True
    if sys.version_info >= (3, 12) or not _is_task(owner):
        return False
    return any(runs_for(child) for child in _waited_for(owner))


def waiting_frame(owner: object) -> FrameType | None:
    """Return the frame in which a task waits: the innermost one, or the caller of `wait_for`."""
    if not _is_task(owner):
        return None
    waiting = _awaited(owner)
    frame: FrameType | None = None
    while (
        waiting is not None and getattr(waiting, "cr_code", None) is not asyncio.wait_for.__code__
    ):
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None) or frame
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
    return frame


def _is_task(value: object) -> TypeGuard[asyncio.Task[Any]]:
    # Tasks written in Python, as other event loops create, are not instances of `asyncio.Task`.
    return asyncio.isfuture(value) and hasattr(value, "get_coro")


def _awaited(task: asyncio.Task[Any]) -> Any:
    """Return the coroutine of a task."""
    return task.get_coro()


def _waited_for(task: asyncio.Task[Any]) -> Iterator[object]:
    """Yield the tasks that `wait_for` created for a task which is waiting for them."""
    waiting = _awaited(task)
    while waiting is not None:
        code = getattr(waiting, "cr_code", None)
        if code is asyncio.wait_for.__code__ and waiting.cr_frame is not None:
            yield waiting.cr_frame.f_locals.get("fut")
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)


async def drained(
    call: Callable[..., Awaitable[T] | T],
    *arguments: Any,
    on_hang: Callable[[], None] = lambda: None,
) -> T:
    """Run a call to its end even if this task is cancelled meanwhile; then let the cancellation continue.

    An abort that overtakes the first write of a transaction would leave the transaction open on the server. So a
    cancellation waits for the command in flight, for at most `deadline.DRAIN_SECONDS`. Then the command is cut off,
    whether it hangs or is only slow, even a commit; a loop that is shutting down cuts it off at once. The server may
    still run it, so `on_hang` is called: before a rollback the server has to kill the command, and the outcome of a
    commit is unknown.
    """
    loop = asyncio.get_running_loop()
    is_over = loop.create_future()

    async def run() -> T:
        try:
            result: T = await resolve(call(*arguments))
        finally:
            # This wakes the waiter when the task ends; a callback, as in `shield`, would wake it one turn later.
            if not is_over.done():
                is_over.set_result(None)
        return result

    task = _begun_task(run(), loop)
    try:
        await is_over
    except asyncio.CancelledError:
        await _wait_out(task, on_hang)
        raise
    if task.cancelled():
        on_hang()
    return task.result()


def _begun_task(
    coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop
) -> asyncio.Task[T]:
    """Return a task that has run up to its first wait, if Python supports it: this saves one turn of the loop."""
    if sys.version_info >= (3, 12) and loop.get_task_factory() is None:
        return asyncio.Task(coroutine, loop=loop, eager_start=True)
    return loop.create_task(coroutine)


async def finished(
    call: Callable[..., Awaitable[T]],
    *arguments: Any,
    seconds: float,
    on_hang: Callable[[], None] = lambda: None,
) -> T:
    """Run a call that ends something, like `drained`, but with its own time limit.

    It runs in its own context, so that an expired `pymongo.timeout` of the caller cannot prevent it.
    """

    async def limited() -> T:
        with pymongo.timeout(seconds):
            return await call(*arguments)

    context = contextvars.Context()
    return await drained(lambda: context.run(asyncio.ensure_future, limited()), on_hang=on_hang)


async def _wait_out(task: asyncio.Future[Any], on_hang: Callable[[], None]) -> None:
    """Wait for a task, however often this one is cancelled; cancel it if it takes too long."""
    await _wait(task, deadline.DRAIN_SECONDS)
    if not task.done():
        on_hang()
        task.cancel()
        await _wait(task, deadline.CANCEL_SECONDS)
    if task.cancelled():
        on_hang()
    elif task.done():
        task.exception()  # retrieved, so that the loop does not report it


async def _wait(task: asyncio.Future[Any], seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not task.done() and (left := end - loop.time()) > 0:
        # The caller is about to raise the first cancellation.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left)
