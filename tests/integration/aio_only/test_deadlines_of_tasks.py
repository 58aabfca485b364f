"""A task that is cancelled ends within a second, whatever became of the server: its time is up.

Half of the second is for the command in flight, which is cut off then, and which the server gives up.
"""

from __future__ import annotations

import asyncio
import secrets
import sys

import pytest
from pymongo import MongoClient
from tests.integration.losing import Losable, takes_at_most

from odmantic import Model
from odmantic.query import raw
from odmantic.testing._databases import drop_database

SECONDS = 1.0
TASKS_TELL = pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks have no `cancelling`")
"""Before, a task forgets that it was cancelled as soon as it knows."""
LOST = pytest.mark.parametrize("way_down", ["killed", "stopped"])


class User(Model):
    name: str


@pytest.fixture
def losable(odmantic_replica_set):
    losable = Losable(odmantic_replica_set)
    yield losable
    losable.close()


@pytest.fixture
def odmantic_mongo_uri(losable):
    """What the engine's client connects to."""
    return losable.uri


@pytest.fixture
def server(losable):
    """It is there again before the engine's client is closed, which says goodbye."""
    yield losable
    losable.find()


@pytest.fixture
def odmantic_database_name(odmantic_replica_set):
    """What is lost to the client is not to the server, which drops it."""
    name = f"deadlines_{secrets.token_hex(4)}"
    yield name
    with MongoClient(odmantic_replica_set.uri) as client:
        drop_database(client, name)


async def _operation(engine, server, way_down):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        server.lose(way_down)
        await transaction.save(User(name="Bob"))


async def _waiting(engine, server, way_down):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        server.lose(way_down)
        await asyncio.sleep(60)


async def _commit(engine, server, way_down):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        server.lose(way_down)


async def _callback(engine, server, way_down):
    async def work(transaction):
        await transaction.save(User(name="Ada"))
        server.lose(way_down)
        await transaction.save(User(name="Bob"))

    await engine.run_transaction(work)


async def _translated(engine, server, way_down):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        server.lose(way_down)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise KeyError from None


async def _session(engine, server, way_down):
    async with engine.session() as session:
        await session.transaction().start()
        await session.save(User(name="Ada"))
        server.lose(way_down)
        await session.save(User(name="Bob"))


async def _check_end(engine, server, way_down, program):
    await engine.save(User(name="first"))
    with takes_at_most(SECONDS + 1), pytest.raises(Exception):  # noqa: B017 - each has its own
        await asyncio.wait_for(program(engine, server, way_down), SECONDS)


@LOST
@pytest.mark.parametrize(
    "program",
    [
        _waiting,
        _callback,
        pytest.param(_translated, marks=TASKS_TELL),
        _session,
    ],
)
async def test_a_task_that_ran_out_of_time_ends_a_second_later(
    aio_engine, server, way_down, program
):
    await _check_end(aio_engine, server, way_down, program)


@LOST
@pytest.mark.parametrize("program", [_operation, _commit])
@pytest.mark.each_driver
async def test_so_does_one_whose_command_is_in_flight(aio_engine, server, way_down, program):
    """Motor's is in a thread, which nothing cancels."""
    await _check_end(aio_engine, server, way_down, program)


@pytest.mark.each_driver
async def test_a_command_that_was_cut_off_leaves_no_transaction_behind(
    aio_engine, odmantic_mongo_uri, odmantic_database_name
):
    """Also not one that is no first command: the server has the rollback wait for it."""
    await aio_engine.save(User(name="first"))

    async def work():
        async with aio_engine.transaction() as transaction:
            await transaction.save(User(name="Ada"))
            await transaction.find(User, raw({"$where": "sleep(4000) || true"}))

    with takes_at_most(1.5), pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(work(), 0.5)
    mine = {"transaction": {"$exists": True}, "appName": odmantic_database_name}
    idle = [{"$currentOp": {"idleSessions": True}}, {"$match": mine}]
    with MongoClient(odmantic_mongo_uri) as client:
        assert list(client.admin.aggregate(idle)) == []
