"""Deletions with rules beside other tasks: cancelled anywhere, in a session that they share, at the same time as a save."""

from __future__ import annotations

import asyncio
import random
from typing import Optional

import pytest
from tests.integration.aio_only.test_cancellation import _Steps

from odmantic import Model, Reference
from odmantic.exceptions import SessionMisuseError

pytestmark = pytest.mark.each_driver


class Owner(Model):
    name: str = ""


class Ship(Model):
    owner: Owner = Reference(on_delete="cascade")


class Club(Model):
    head: Optional[Owner] = Reference(on_delete="nullify")


async def _alone(engine, owner):
    await engine.delete(owner)


async def _by_query(engine, owner):
    await engine.remove(Owner)


async def _in_session(engine, owner):
    async with engine.session() as session:
        await session.delete(owner)


async def _in_transaction(engine, owner):
    async with engine.transaction() as transaction:
        await transaction.delete(owner)


@pytest.mark.parametrize("work", [_alone, _by_query, _in_session, _in_transaction])
async def test_it_is_all_or_nothing(aio_engine, raw_database, open_transactions, work):
    for name in ("owner", "ship", "club"):
        raw_database.create_collection(name)
    # Each step takes some time, and the next run begins elsewhere.
    step, was_reached = random.randint(1, 4), True
    while was_reached:
        owner = Owner()
        await aio_engine.save_all([Ship(owner=owner), Ship(owner=owner), Club(head=owner)])
        steps = _Steps(step)
        was_cut_off = await steps.run(work(aio_engine, owner))
        was_reached = steps.was_reached
        assert was_cut_off == was_reached
        is_gone = raw_database["owner"].count_documents({}) == 0
        assert raw_database["ship"].count_documents({}) == (0 if is_gone else 2), step
        assert raw_database["club"].count_documents({"head": None}) == int(is_gone), step
        assert is_gone or was_cut_off
        assert open_transactions() == 0, step
        if work is not _by_query:
            assert owner.__fields_modified__ == ({"id", "name"} if is_gone else set()), step
        for name in ("owner", "ship", "club"):
            raw_database[name].delete_many({})
        step += 4
    assert step > 12


@pytest.mark.parametrize("ways", [("session", "session"), ("session", "driver session")])
async def test_others_in_the_session_stay_out_of_its_transaction(aio_engine, raw_database, ways):
    """A retry would undo them, and nobody would know."""
    owner = Owner()
    await aio_engine.save(Ship(owner=owner))
    is_inside, may_go_on = asyncio.Event(), asyncio.Event()

    async def wait(instance, event):
        is_inside.set()
        await may_go_on.wait()
        assert await event.session.count(Owner) == 1
        assert await aio_engine.count(Owner, session=event.session.get_driver_session()) == 1

    aio_engine.add_hook("before_delete", wait, Ship)
    async with aio_engine.session() as session:
        given = session if ways[1] == "session" else session.get_driver_session()
        deletion = asyncio.ensure_future(session.delete(owner))
        await is_inside.wait()
        with pytest.raises(SessionMisuseError, match="a transaction was begun in this session"):
            await aio_engine.save(Owner(), session=given)
        may_go_on.set()
        await deletion
        await session.save(Owner(name="later"))
    assert [document["name"] for document in raw_database["owner"].find()] == ["later"]


async def test_a_holder_inserted_by_who_writes_the_target_too_is_found(aio_engine, raw_database):
    owner = await aio_engine.save(Owner())
    raw_database.create_collection("ship")
    async with aio_engine.transaction() as transaction:
        owner.name = "written"
        await transaction.save(Ship(owner=owner))
        deletion = asyncio.ensure_future(aio_engine.remove(Owner))
        # It meets the write of the owner, and tries again.
        await asyncio.sleep(0.05)
        assert not deletion.done()
    assert await deletion == 1
    assert raw_database["ship"].count_documents({}) == 0
