"""Hooks in tasks: cancellation, and what a hook begins and does not wait for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from odmantic import HookEvent, Model, hook
from odmantic.exceptions import TransactionAbortedError

pytestmark = pytest.mark.each_driver

called: list[Any] = []


class Slow(Model):
    name: str
    count: int = 0
    waits: str = ""

    @hook("before_save")
    async def before(self) -> None:
        self.count += 1
        await self._wait("before")

    @hook("after_save")
    async def after(self) -> None:
        await self._wait("after")

    @hook("after_load")
    async def loaded(self) -> None:
        await self._wait("load")

    @hook("after_commit")
    def committed(self) -> None:
        called.append("commit")

    @hook("after_rollback")
    def rolled_back(self) -> None:
        called.append("rollback")

    async def _wait(self, what: str) -> None:
        if self.waits == what:
            called.append(what)
            await asyncio.sleep(30)


@pytest.fixture(autouse=True)
def collection(raw_database):
    called.clear()
    raw_database.create_collection("slow")
    return raw_database["slow"]


async def _cancelled(work, what):
    task = asyncio.ensure_future(work)
    while what not in called:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("is_bulk", [False, True])
async def test_a_cancellation_before_the_write_sends_nothing(aio_engine, collection, is_bulk):
    slow = Slow(name="a", waits="before")
    call = aio_engine.save_all([Slow(name="b"), slow]) if is_bulk else aio_engine.save(slow)

    await _cancelled(call, "before")

    assert collection.count_documents({}) == 0
    assert slow.__fields_modified__ == Slow.__odm_fields__.keys()
    # Its turn is over: the next save does not wait.
    slow.waits = ""
    await asyncio.wait_for(aio_engine.save(slow), 10)
    assert collection.find_one(slow.id)["count"] == 2


async def test_a_cancellation_after_the_write_rolls_a_transaction_back(aio_engine, collection):
    slow = Slow(name="a", waits="after")

    async def work():
        async with aio_engine.transaction() as transaction:
            await transaction.save(slow)

    await _cancelled(work(), "after")

    assert collection.count_documents({}) == 0
    assert slow.count == 0
    assert called == ["after", "rollback"]


async def test_a_cancellation_that_is_caught_after_the_write_dooms_the_transaction(aio_engine):
    async def work():
        async with aio_engine.transaction() as transaction:
            try:
                await transaction.save(Slow(name="a", waits="after"))
            except asyncio.CancelledError:
                called.append("caught")

    task = asyncio.ensure_future(work())
    while "after" not in called:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(TransactionAbortedError):
        await task

    assert called == ["after", "caught", "rollback"]


async def test_a_read_that_is_cancelled_in_a_hook_begins_again(aio_engine, collection):
    collection.insert_one({"name": "a", "count": 0, "waits": "load"})
    cursor = aio_engine.find(Slow)
    await _cancelled(cursor.__aiter__().__anext__(), "load")

    collection.update_one({}, {"$set": {"waits": ""}})
    assert [slow.name async for slow in cursor] == ["a"]


async def test_a_task_that_outlives_its_hook_may_save_the_instance(aio_engine, collection):
    tasks = []

    class Later(Model):
        name: str

        @hook("after_insert")
        async def begin(self, event: HookEvent) -> None:
            tasks.append(asyncio.ensure_future(self.rename(event.engine)))

        async def rename(self, engine: Any) -> None:
            await asyncio.sleep(0.02)
            self.name = "b"
            await engine.save(self)

    later = await aio_engine.save(Later(name="a"))
    await asyncio.gather(*tasks)

    assert (await aio_engine.find_one(Later)).name == "b"
    assert not later.__fields_modified__


async def test_concurrent_saves_of_one_instance_take_turns(aio_engine, collection):
    seen = []

    class Item(Model):
        count: int = 0

        @hook("before_save")
        async def before(self) -> None:
            seen.append("before")
            await asyncio.sleep(0.01)
            seen.append(self.count)

    item = await aio_engine.save(Item())
    seen.clear()
    item.count = 1
    await asyncio.gather(aio_engine.save(item), aio_engine.save(item), aio_engine.save_all([item]))

    assert seen == ["before", 1]
