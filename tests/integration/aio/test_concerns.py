"""Read preference and concerns of transactions: those of the call, the session, the client, in this order."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from pymongo.errors import ConfigurationError
from tests.integration.aio.colour import resolve

from odmantic import Model
from odmantic.session import NO_SESSION

pytestmark = pytest.mark.each_driver


class User(Model):
    name: str


@pytest.fixture
def engine_with(aio_engine, odmantic_mongo_uri, client_options):
    """Makes an engine whose client has options of its own, inside a `with` block."""

    @asynccontextmanager
    async def make(**options):
        client = type(aio_engine.client)(odmantic_mongo_uri, **client_options, **options)
        try:
            yield type(aio_engine)(client, aio_engine.database_name)
        finally:
            await resolve(client.close())

    return make


def _first(commands, name):
    return next(event.command for event in commands.started if event.command_name == name)


@pytest.mark.parametrize("mode", ["secondaryPreferred", "primaryPreferred", "nearest", "secondary"])
async def test_a_transaction_reads_from_the_primary_whatever_the_client_prefers(engine_with, mode):
    async with engine_with(readPreference=mode) as engine:
        async with engine.transaction() as transaction:
            user = await transaction.save(User(name="Ada"))
            assert (await transaction.find_one(User)).id == user.id
            assert await transaction.count(User) == 1
            assert [found.id async for found in transaction.find(User)] == [user.id]
        async with engine.session() as session, session.transaction() as transaction:
            assert await transaction.count(User) == 1


async def test_a_session_keeps_the_clients_read_preference_and_concern(engine_with, commands):
    options = {"readPreference": "secondaryPreferred", "readConcernLevel": "majority"}
    async with engine_with(**options) as engine, engine.session() as session:
        await session.save(User(name="Ada"))
        await session.find_one(User)
        driver_session = session.get_driver_session()
        assert driver_session.options.default_transaction_options is None
        assert driver_session.options.causal_consistency

    command = _first(commands, "find")
    assert command["readConcern"]["level"] == "majority"
    assert command["$readPreference"]["mode"] in {"secondaryPreferred", "primaryPreferred"}


async def test_a_session_keeps_the_clients_write_concern(engine_with, commands):
    async with engine_with(w=1, journal=True) as engine, engine.session() as session:
        await session.save(User(name="Ada"))

    assert _first(commands, "update")["writeConcern"] == {"w": 1, "j": True}


async def test_a_plain_client_gets_majority_and_snapshot(aio_engine, commands):
    async with aio_engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))

    first = _first(commands, "update")
    assert first["startTransaction"] is True
    assert first["readConcern"]["level"] == "snapshot"
    assert "writeConcern" not in first
    assert _first(commands, "commitTransaction")["writeConcern"] == {"w": "majority"}


async def test_the_clients_own_concerns_are_kept(engine_with, commands):
    async with engine_with(w=1, readConcernLevel="local") as engine:
        async with engine.transaction() as transaction:
            await transaction.save(User(name="Ada"))

    assert _first(commands, "update")["readConcern"]["level"] == "local"
    assert _first(commands, "commitTransaction")["writeConcern"] == {"w": 1}


async def test_a_transaction_reads_one_snapshot(aio_engine):
    await aio_engine.save(User(name="Ada"))
    async with aio_engine.transaction() as transaction:
        assert await transaction.count(User) == 1
        await aio_engine.save(User(name="Bob"), session=NO_SESSION)
        assert await transaction.count(User) == 1
    assert await aio_engine.count(User) == 2


async def test_a_save_creates_the_collection_in_the_transaction(aio_engine, raw_database):
    async with aio_engine.transaction() as transaction:
        assert await transaction.count(User) == 0
        await transaction.save(User(name="Ada"))
        assert raw_database.list_collection_names() == []
    assert raw_database.list_collection_names() == ["user"]


async def test_an_unacknowledged_client_is_refused_by_the_driver(engine_with):
    async with engine_with(w=0) as engine:
        transaction = engine.transaction()
        for _ in range(2):
            with pytest.raises(ConfigurationError):
                await transaction.start()
            assert not transaction.is_started
            assert not transaction.session.is_started
        with pytest.raises(ConfigurationError):
            async with transaction:
                pytest.fail("entered")
