"""A transaction of a sync engine around async code: calls that wait for the server run in threads.

No thread is held during the callback. Otherwise a server that runs sync code in a thread pool would deadlock, once
every thread holds a transaction that waits for a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._aio.transactions.repeat import repeat_transaction
from odmantic._driver._aio import drained
from odmantic._transaction.blocks import ANY_OWNER

if TYPE_CHECKING:
    from odmantic._sync.engine import SyncEngine, SyncTransaction
    from odmantic._transaction.retry_guard import RetryGuard

T = TypeVar("T")

InThread = Callable[..., Awaitable[Any]]
"""Calls a function with arguments in a thread, in a copy of the caller's context."""


async def run_transaction_in_threads(
    engine: SyncEngine,
    callback: Callable[[SyncTransaction], Awaitable[T]],
    *,
    timeout: float,
    in_thread: InThread,
) -> T:
    """Run an async callback like `SyncEngine.run_transaction`; the callback uses the transaction in threads.

    Args:
        engine: The engine.
        callback: Takes the transaction; it may be cancelled while one of its threads is running.
        timeout: Seconds for all attempts.
        in_thread: Calls a function in a thread.

    Raises:
        ValueError: if `timeout` is not positive.
        Exception: if `SyncEngine.run_transaction` would raise it.
    """

    def begin(guard: RetryGuard) -> _InThreads:
        transaction = engine.transaction()
        transaction._guard = guard
        return _InThreads(transaction, in_thread)

    return await repeat_transaction(begin, callback, attempts=None, timeout=timeout, restore=())


class _InThreads:
    """One attempt."""

    __slots__ = ("_in_thread", "_transaction")

    def __init__(self, transaction: SyncTransaction, in_thread: InThread) -> None:
        self._transaction = transaction
        self._in_thread = in_thread

    @property
    def is_rolled_back(self) -> bool:
        return self._transaction.is_rolled_back

    async def run_once(self, callback: Callable[[SyncTransaction], Awaitable[T]], /) -> T:
        transaction = self._transaction
        try:
            await self._finished(transaction.start)
            # In this task: a thread's changes to its copy of the context are lost with it.
            transaction._enter_block(ANY_OWNER)
            result = await callback(transaction)
            # A cancellation that came while a thread was running arrives here, and not after the commit.
            await asyncio.sleep(0)
        except BaseException as error:
            await self._finished(transaction.__exit__, type(error), error, error.__traceback__)
            raise
        await self._finished(transaction.__exit__, None, None, None)
        return result

    async def _run_last_callbacks(self) -> None:
        await self._finished(self._transaction._run_last_callbacks)

    async def _finished(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function in a thread, and wait for its end even if this task is cancelled."""
        await drained(self._in_thread, function, *arguments)
