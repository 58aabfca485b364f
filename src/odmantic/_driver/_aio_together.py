"""Calls of several tasks that become one call; `_sync_together` has the same name, for threads, which wait one by one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from odmantic._driver._aio import foreign_loop
from odmantic._driver.deadline import remaining_seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

T = TypeVar("T")


class Together(Generic[T]):
    """Items that tasks hand in during one turn of their event loop, for one call with all of them.

    The call runs in a task of its own: that a waiting task is cancelled concerns only that one. Without a waiting task
    the call is cancelled too.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        """Begin without items."""
        self._open: dict[tuple[asyncio.AbstractEventLoop, Any, Hashable], _Batch[T]] = {}

    async def call(self, key: Hashable, item: T, run: Callable[[list[T]], Awaitable[None]]) -> None:
        """Wait until `run` has been called with this item, and others of the same key, loop and deadline.

        Raises:
            Exception: that of the call, to each that waits for it.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError as error:
            raise foreign_loop(error) or error from error
        place = loop, _deadline(), key
        batch = self._open.get(place)
        if batch is None:
            self._forget_closed_loops()
            batch = self._open[place] = _Batch(run)
            # What is ready now hands its items in before.
            loop.call_soon(self._begin, place)
        await batch.wait(item, loop.create_future())

    def _begin(self, place: tuple[asyncio.AbstractEventLoop, Any, Hashable]) -> None:
        self._open.pop(place).begin()

    def _forget_closed_loops(self) -> None:
        """Forget what was handed in during the last turn of a loop."""
        for place in [*self._open]:
            if place[0].is_closed():
                self._open.pop(place, None)


class _Batch(Generic[T]):
    __slots__ = ("_run", "_task", "_waiting")

    def __init__(self, run: Callable[[list[T]], Awaitable[None]]) -> None:
        self._run = run
        self._task: asyncio.Task[None] | None = None
        self._waiting: dict[asyncio.Future[None], T] = {}

    async def wait(self, item: T, result: asyncio.Future[None]) -> None:
        self._waiting[result] = item
        try:
            await result
        except asyncio.CancelledError:
            self._waiting.pop(result, None)
            if not self._waiting and self._task is not None and not self._task.done():
                # Nobody wants it any more.
                self._task.cancel()
                await asyncio.wait({self._task})
            raise

    def begin(self) -> None:
        if self._waiting:
            self._task = asyncio.get_running_loop().create_task(self._call())

    async def _call(self) -> None:
        error: BaseException | None = None
        try:
            await self._run(list(self._waiting.values()))
        except Exception as caught:  # noqa: BLE001 - raised to each that waits
            error = caught
        except BaseException:
            for result in [*self._waiting]:
                result.cancel()
            raise
        waiting, self._waiting = self._waiting, {}
        for result in waiting:
            if result.done():  # cancelled meanwhile
                continue
            if error is None:
                result.set_result(None)
            else:
                result.set_exception(error)


def _deadline() -> Any:
    """Return the deadline of the running task, to the hundredth of a second; `None` without one."""
    left = remaining_seconds()
    return None if left is None else round(time.monotonic() + left, 2)
