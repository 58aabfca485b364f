"""A cancelled insert, replacement, refresh or update leaves its instance as it was before, outside of transactions and in them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from odmantic import AIOEngine, Model, Reference
from odmantic.update import inc, set_

pytestmark = pytest.mark.each_driver


class Crate(Model):
    code: str
    tags: list[str] = []


@pytest.mark.parametrize("verb", ["insert", "insert_many", "replace", "refresh"])
@pytest.mark.parametrize("within", [False, True])
async def test_an_instance_is_as_before(
    aio_engine: AIOEngine, fail_point: Any, verb: str, within: bool
) -> None:
    await aio_engine.save(Crate(code="A"))
    crate: Any = await aio_engine.find_one(Crate)
    crate.code = "B"
    crate.tags.append("x")

    async def work(target: Any) -> None:
        await getattr(target, verb)([crate] if verb == "insert_many" else crate)

    with fail_point("insert", "update", "find", block_ms=60):
        transaction = aio_engine.transaction()
        if within:
            await transaction.start()
        task = asyncio.ensure_future(work(transaction if within else aio_engine))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if within:
            await transaction.abort()

    assert crate.__fields_modified__ >= {"code"}
    assert (crate.code, crate.tags) == ("B", ["x"])
    other: Any = await aio_engine.find_one(Crate, Crate.id == crate.id)
    other.code, other.tags = "C", []
    await aio_engine.save(other)
    await aio_engine.save(crate)
    found: Any = await aio_engine.find_one(Crate, Crate.id == crate.id)
    assert (found.code, found.tags) == ("B", ["x"])


class Owner(Model):
    name: str


class Box(Model):
    number: int = 0
    note: str = ""
    owner: Owner = Reference()


@pytest.mark.parametrize("where_it_waits", ["update", "findAndModify", "aggregate", "find"])
@pytest.mark.parametrize("within", [False, True])
async def test_a_cancelled_update_leaves_its_instance_as_it_was(
    aio_engine: AIOEngine, fail_point: Any, raw_database: Any, where_it_waits: str, within: bool
) -> None:
    """While it waits for its turn, for the update, for the reason of a refusal, or for a reference."""
    box = await aio_engine.save(Box(owner=Owner(name="A")))
    other = await aio_engine.save(Owner(name="B"))
    owner = box.owner
    transaction = aio_engine.transaction()
    target: Any = transaction if within else aio_engine
    if within:
        await transaction.start()
        await transaction.update(box, inc(Box.number, 1))
    number = box.number
    changes = inc(Box.number, 5), set_(Box.owner, other)
    where = Box.note == "other" if where_it_waits == "aggregate" else None
    saving = None
    with fail_point(where_it_waits, block_ms=100):
        if where_it_waits == "update":
            box.note = "mine"
            saving = asyncio.ensure_future(target.save(box))
            await asyncio.sleep(0.02)
        task = asyncio.ensure_future(target.update(box, *changes, where=where))
        await asyncio.sleep(0.03)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if saving is not None:
            await saving
    assert (box.number, box.owner) == (number, owner)
    if within:
        await transaction.abort()
        assert box.number == 0
    # What it has touched is not dirty, and not believed either.
    box.note = "mine"
    await aio_engine.save(box)
    stored = raw_database["box"].find_one()["number"]
    assert await aio_engine.update(box, inc(Box.number, 1))
    assert box.number == stored + 1
    assert box.__fields_modified__ == set()
