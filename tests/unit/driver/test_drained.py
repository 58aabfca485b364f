"""A command of a transaction is cut off only when a cancelled task has waited for it long enough."""

from __future__ import annotations

import asyncio

import pytest

from odmantic._driver import _sync, deadline
from odmantic._driver._aio import drained


async def test_the_result_and_the_error_are_those_of_the_call():
    async def fail():
        raise KeyError("mine")

    assert await drained(asyncio.sleep, 0, "result") == "result"
    with pytest.raises(KeyError, match="mine"):
        await drained(fail)


def test_the_sync_one_just_calls():
    assert _sync.drained(max, 3, 5) == 5


async def _cancelled(call, times=1):
    """Cancels a task that waits for a drained call, a number of times."""
    task = asyncio.ensure_future(drained(call))
    for _ in range(times):
        await asyncio.sleep(0.01)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_cancelled_task_waits_for_the_call(times):
    done = []

    async def work():
        await asyncio.sleep(0.1)
        done.append(True)

    await _cancelled(work, times)
    assert done == [True]


async def test_the_error_of_a_call_nobody_waits_for_is_silent(caplog):
    async def fail():
        await asyncio.sleep(0.05)
        raise KeyError("mine")

    await _cancelled(fail)
    assert caplog.records == []


async def test_a_call_that_hangs_is_cancelled(monkeypatch):
    monkeypatch.setattr(deadline, "DRAIN_SECONDS", 0.05)
    ended = []

    async def hang():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(True)

    await asyncio.wait_for(_cancelled(hang), 5)
    assert ended == [True]


async def test_a_call_that_refuses_to_end_is_let_go(monkeypatch):
    monkeypatch.setattr(deadline, "DRAIN_SECONDS", 0.05)
    monkeypatch.setattr(deadline, "CANCEL_SECONDS", 0.05)
    release = asyncio.Event()
    tasks = []

    async def hang():
        tasks.append(asyncio.current_task())
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    await asyncio.wait_for(_cancelled(hang), 5)
    assert not tasks[0].done()
    release.set()
    await tasks[0]


async def test_a_call_that_cancels_itself_cancels_the_caller():
    async def give_up():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await drained(give_up)
