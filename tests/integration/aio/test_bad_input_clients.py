"""Bad input: wrong clients, servers that are not there, credentials that are wrong."""

from __future__ import annotations

import time

import pymongo
import pymongo.errors
import pytest
from tests.integration.aio.colour import ASYNC

from odmantic import AIOEngine, EmbeddedModel, Model, Reference, stored

if ASYNC:
    from pymongo import AsyncMongoClient


class Parcel(Model):
    code: str


class Shipment(Model):
    parcel: Parcel = Reference()


class Label(EmbeddedModel):
    text: str


NO_CLIENTS = {
    "bytes": b"mongodb://localhost:27017",
    "number": 1,
    "dict": {"test": None},
    "class": object,
    "object": object(),
}


@pytest.mark.parametrize("value", NO_CLIENTS.values(), ids=NO_CLIENTS)
async def test_what_is_no_client_is_refused_at_construction(value):
    with pytest.raises(TypeError, match=r"AIOEngine cannot use a .*: it takes") as caught:
        AIOEngine(value)

    assert f"cannot use a {type(value).__name__}: " in str(caught.value)


async def test_a_client_of_the_other_colour_is_refused_at_construction(foreign_engine):
    kind = type(foreign_engine.client)

    class Subclass(kind):
        pass

    for client in (foreign_engine.client, Subclass(connect=False)):
        with pytest.raises(TypeError, match=r"AIOEngine cannot use a .*: it takes") as caught:
            AIOEngine(client)
        assert f"cannot use a {type(client).__name__}: " in str(caught.value)


async def test_a_database_of_the_other_colour_is_no_client(foreign_engine):
    with pytest.raises(TypeError, match=r"AIOEngine cannot use a .*: it takes"):
        AIOEngine(foreign_engine.database)
    with pytest.raises(TypeError, match=r"AIOEngine cannot use a .*: it takes"):
        AIOEngine(foreign_engine.get_collection(Parcel))


@pytest.mark.each_driver
async def test_the_engines_own_database_is_no_client(aio_engine):
    with pytest.raises(TypeError, match="cannot use a"):
        AIOEngine(aio_engine.database)
    with pytest.raises(TypeError, match="cannot use a"):
        AIOEngine(aio_engine.get_collection(Parcel))


NOWHERE = "mongodb://%2Fno%2Fno-server.sock"
"""A socket of a file that does not exist: refused at once, with no connection left half open."""


def _engine(uri, **options):
    """An engine of the colour on a client of its own."""
    if ASYNC:
        return AIOEngine(AsyncMongoClient(uri, **options), "bad_input")
    else:  # noqa: RET505 - one branch for each colour
        return AIOEngine(pymongo.MongoClient(uri, **options), "bad_input")


async def _find(engine):
    return [found async for found in engine.find(Parcel)]


class ParcelOfSize(Model):
    name: str = ""

    @stored()
    @property
    def size(self) -> int:
        return len(self.name)


OPERATIONS = {
    "find": _find,
    "find_one": lambda engine: engine.find_one(Parcel),
    "count": lambda engine: engine.count(Parcel),
    "get": lambda engine: engine.get(Parcel, 1),
    "get_many": lambda engine: engine.get_many(Parcel, [1]),
    "exists": lambda engine: engine.exists(Parcel),
    "estimated_count": lambda engine: engine.estimated_count(Parcel),
    "distinct": lambda engine: engine.distinct(Parcel.code),
    "save": lambda engine: engine.save(Parcel(code="A")),
    "save_all": lambda engine: engine.save_all([Parcel(code="A")]),
    "delete": lambda engine: engine.delete(Parcel(code="A")),
    "remove": lambda engine: engine.remove(Parcel),
    "recompute": lambda engine: engine.recompute(ParcelOfSize),
    "delete_many": lambda engine: engine.delete_many(Parcel, {}),
    "find_one_and_delete": lambda engine: engine.find_one_and_delete(Parcel, {}),
    "update_one": lambda engine: engine.update_one(Parcel, {}, {"$set": {"x": 1}}),
    "update_many": lambda engine: engine.update_many(Parcel, {}, {"$set": {"x": 1}}),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
async def test_a_server_that_is_not_there(operation):
    engine = _engine(NOWHERE, serverSelectionTimeoutMS=200)
    try:
        started = time.monotonic()
        with pytest.raises(pymongo.errors.ServerSelectionTimeoutError) as caught:
            await operation(engine)

        assert time.monotonic() - started < 5
        assert "no-server.sock" in str(caught.value)
        notes = getattr(caught.value, "__notes__", ["odmantic: of Parcel"])
        assert any("of Parcel" in note for note in notes)
    finally:
        await engine.client.close()


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
async def test_credentials_that_are_wrong(odmantic_mongo_uri, operation):
    engine = _engine(
        odmantic_mongo_uri, username="nobody", password="wrong", serverSelectionTimeoutMS=2000
    )
    try:
        with pytest.raises(pymongo.errors.OperationFailure) as caught:
            await operation(engine)

        assert caught.value.code == 18
        notes = getattr(caught.value, "__notes__", ["odmantic: of Parcel"])
        assert any("of Parcel" in note for note in notes)
    finally:
        await engine.client.close()


@pytest.mark.each_driver
async def test_an_instance_survives_a_server_that_is_not_there(aio_engine):
    parcel = Parcel(code="A")
    engine = _engine(NOWHERE, serverSelectionTimeoutMS=200)
    try:
        with pytest.raises(pymongo.errors.ServerSelectionTimeoutError):
            await engine.save(parcel)
    finally:
        await engine.client.close()

    assert parcel.__fields_modified__ == {"code", "id"}
    await aio_engine.save(parcel)
    assert await aio_engine.find_one(Parcel) == parcel


async def test_a_closed_client_is_the_drivers_error():
    engine = _engine(NOWHERE, serverSelectionTimeoutMS=200)
    await engine.client.close()

    with pytest.raises(pymongo.errors.InvalidOperation):
        await engine.save(Parcel(code="A"))


async def test_unacknowledged_writes_are_refused_by_the_driver(odmantic_mongo_uri):
    engine = _engine(odmantic_mongo_uri, w=0)
    try:
        for operation in (OPERATIONS["save"], OPERATIONS["delete"], OPERATIONS["remove"]):
            with pytest.raises(
                (pymongo.errors.InvalidOperation, pymongo.errors.ConfigurationError)
            ):
                await operation(engine)
    finally:
        await engine.client.close()
