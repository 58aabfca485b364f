"""Bad input: wrong clients, servers that are not there, credentials that are wrong."""

from __future__ import annotations

import time

import pymongo
import pymongo.errors
import pytest

from odmantic import AIOEngine, EmbeddedModel, Model, Reference
from odmantic._aio.colour import ASYNC

if ASYNC:
    from pymongo import AsyncMongoClient


class Parcel(Model):
    code: str


class Shipment(Model):
    parcel: Parcel = Reference()


class Label(EmbeddedModel):
    text: str


def _other_colour():
    if ASYNC:
        return pymongo.MongoClient(connect=False)
    else:  # noqa: RET505 - one branch for each colour
        return pymongo.AsyncMongoClient()


class _SubclassedOtherColour(pymongo.MongoClient if ASYNC else pymongo.AsyncMongoClient):
    pass


NO_CLIENTS = {
    "other colour": _other_colour,
    "subclass of the other colour": lambda: (
        _SubclassedOtherColour(connect=False) if ASYNC else _SubclassedOtherColour()
    ),
    "URI": lambda: "mongodb://localhost:27017",
    "number": lambda: 1,
    "dict": lambda: {"test": None},
    "class": lambda: pymongo.MongoClient,
    "object": object,
    "database": lambda: pymongo.MongoClient(connect=False)["test"],
    "collection": lambda: pymongo.MongoClient(connect=False)["test"]["x"],
}


@pytest.mark.parametrize("make", NO_CLIENTS.values(), ids=NO_CLIENTS)
async def test_a_wrong_client_is_refused_at_construction(make):
    client = make()
    try:
        with pytest.raises(TypeError, match="AIOEngine cannot use a .*: it takes") as caught:
            AIOEngine(client)
        name = type(client).__name__
        assert f"cannot use a {name}" in str(caught.value)
    finally:
        if isinstance(client, pymongo.AsyncMongoClient):
            # Not awaited on purpose in the sync colour: it never connected.
            if ASYNC:
                await client.close()
        elif isinstance(client, pymongo.MongoClient):
            client.close()


async def test_the_engines_own_database_is_no_client(aio_engine):
    with pytest.raises(TypeError, match="cannot use a"):
        AIOEngine(aio_engine.database)
    with pytest.raises(TypeError, match="cannot use a"):
        AIOEngine(aio_engine.get_collection(Parcel))


def _engine(uri, **options):
    """An engine of the colour on a client of its own."""
    if ASYNC:
        return AIOEngine(AsyncMongoClient(uri, **options), "bad_input")
    else:  # noqa: RET505 - one branch for each colour
        return AIOEngine(pymongo.MongoClient(uri, **options), "bad_input")


async def _find(engine):
    return [found async for found in engine.find(Parcel)]


OPERATIONS = {
    "find": _find,
    "find_one": lambda engine: engine.find_one(Parcel),
    "count": lambda engine: engine.count(Parcel),
    "save": lambda engine: engine.save(Parcel(code="A")),
    "save_all": lambda engine: engine.save_all([Parcel(code="A")]),
    "delete": lambda engine: engine.delete(Parcel(code="A")),
    "remove": lambda engine: engine.remove(Parcel),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
async def test_a_server_that_is_not_there(operation):
    # Port 1 is reserved and never listened on.
    engine = _engine("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=200)
    try:
        started = time.monotonic()
        with pytest.raises(pymongo.errors.ServerSelectionTimeoutError) as caught:
            await operation(engine)

        assert time.monotonic() - started < 5
        assert "127.0.0.1:1" in str(caught.value)
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


async def test_an_instance_survives_a_server_that_is_not_there(aio_engine):
    parcel = Parcel(code="A")
    engine = _engine("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=200)
    try:
        with pytest.raises(pymongo.errors.ServerSelectionTimeoutError):
            await engine.save(parcel)
    finally:
        await engine.client.close()

    assert parcel.__fields_modified__ == {"code", "id"}
    await aio_engine.save(parcel)
    assert await aio_engine.find_one(Parcel) == parcel


async def test_a_closed_client_is_the_drivers_error():
    engine = _engine("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=200)
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
        engine.client.drop_database if ASYNC else None
        await engine.client.close()
