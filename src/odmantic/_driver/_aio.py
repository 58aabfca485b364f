"""Primitives of the async colour; `_sync` has the same names.

The async drivers differ in which calls have to be awaited; `resolve` is the one rule for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo import AsyncMongoClient

from odmantic._driver.select import ClientKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

Lock = asyncio.Lock
sleep = asyncio.sleep

REFUSED_CLIENTS = frozenset({ClientKind.SYNC})
CLIENT_ADVICE = "an AsyncMongoClient (or a Motor client); SyncEngine takes a MongoClient"

#: Seconds that a cancelled task waits for the transaction's command in flight.
DRAIN_SECONDS = 10.0
#: Seconds that it then waits for the cancelled command.
CANCEL_SECONDS = 1.0


def default_client() -> AsyncMongoClient[dict[str, Any]]:
    """A client for the driver's default address; connects on first use."""
    return AsyncMongoClient()


async def resolve(value: Any) -> Any:
    """The result of a driver call, awaited if the driver at hand wants that."""
    return await value if inspect.isawaitable(value) else value


async def take_batch(cursor: Any, size: int) -> list[Any]:
    """Up to `size` next documents of a driver cursor; an empty list at its end."""
    batch: list[Any] = await cursor.to_list(length=size)
    return batch


async def drained(call: Callable[[], Awaitable[T]]) -> T:
    """Run a call to its end even if this task is cancelled meanwhile; then the cancellation goes on.

    An abort that overtakes the first write of a transaction would leave the transaction open on the server, so
    commands of a transaction are never cut off. A command that hangs is given up after `DRAIN_SECONDS`.
    """
    task = asyncio.ensure_future(call())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _wait_out(task)
        raise


async def _wait_out(task: asyncio.Future[Any]) -> None:
    """Wait for a task, however often this one is cancelled; cancel it when it takes too long."""
    await _wait(task, DRAIN_SECONDS)
    if not task.done():
        task.cancel()
        await _wait(task, CANCEL_SECONDS)
    if task.done() and not task.cancelled():
        task.exception()  # fetched, so that the loop does not report it


async def _wait(task: asyncio.Future[Any], seconds: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not task.done() and (left := deadline - loop.time()) > 0:
        # The caller is about to raise the first cancellation.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left)
