"""Engines and their clients: how they are made, and what is refused."""

from __future__ import annotations

import pytest
from pymongo.errors import InvalidName
from tests.integration.aio.colour import ASYNC

from odmantic import AIOEngine, EmbeddedModel, Model
from odmantic.engine import BaseEngine

if ASYNC:
    from pymongo import AsyncMongoClient
else:
    from pymongo import MongoClient


class Parcel(Model):
    code: str

    model_config = {"collection": "things.parcels"}


class Label(EmbeddedModel):
    text: str


@pytest.mark.each_driver
async def test_an_engine_knows_client_and_database(async_client):
    engine = AIOEngine(async_client, "shop")

    assert isinstance(engine, BaseEngine)
    assert engine.client is async_client
    assert engine.database_name == "shop"
    assert engine.database == async_client["shop"]


async def test_arguments_may_be_given_by_name(async_client):
    engine = AIOEngine(database="shop", client=async_client)

    assert (engine.client, engine.database_name) == (async_client, "shop")


async def test_the_default_database_is_test(async_client):
    assert AIOEngine(async_client).database_name == "test"


async def test_without_a_client_one_for_the_default_address_is_made():
    engine = AIOEngine()
    if ASYNC:
        assert type(engine.client) is AsyncMongoClient
        await engine.client.close()
    else:
        assert type(engine.client) is MongoClient
        engine.client.close()
    assert engine.database_name == "test"


@pytest.mark.parametrize("character", list('/\\."$'))
async def test_a_forbidden_character_in_the_name_is_named(async_client, character):
    with pytest.raises(ValueError, match=r"^database name cannot contain: ") as caught:
        AIOEngine(async_client, f"a{character}b")

    assert str(caught.value) == f"database name cannot contain: {character}"


async def test_all_forbidden_characters_are_named_once_in_a_fixed_order(async_client):
    with pytest.raises(ValueError) as caught:
        AIOEngine(async_client, 'a$b"c.d\\e/f$')

    assert str(caught.value) == 'database name cannot contain: / \\ . " $'


async def test_the_name_is_checked_without_a_client_too():
    with pytest.raises(ValueError, match="database name cannot contain"):
        AIOEngine(database="a.b")


@pytest.mark.parametrize("name", ["", "with space", "nul\x00"])
async def test_other_bad_names_are_refused_by_the_driver(async_client, name):
    with pytest.raises(InvalidName):
        AIOEngine(async_client, name)


@pytest.mark.parametrize("name", [None, 1, b"shop", Parcel])
async def test_a_name_that_is_no_text_is_refused(async_client, name):
    with pytest.raises(TypeError, match="database name has to be a string"):
        AIOEngine(async_client, name)


async def test_a_stand_in_for_a_client_is_accepted():
    class Database:
        pass

    class Client:
        def __getitem__(self, name):
            return Database()

        def start_session(self):
            raise NotImplementedError

    client = Client()
    engine = AIOEngine(client)

    assert engine.client is client
    assert isinstance(engine.database, Database)


async def test_an_engine_can_be_subclassed_and_called_with_client_and_name(async_client):
    class Mine(AIOEngine):
        pass

    assert Mine(async_client, "shop").database_name == "shop"


@pytest.mark.each_driver
async def test_engines_on_one_client_use_their_own_databases(aio_engine, raw_database):
    other = AIOEngine(aio_engine.client, f"{raw_database.name}_other")
    try:
        await other.save(Parcel(code="A"))

        assert await aio_engine.count(Parcel) == 0
        assert await other.count(Parcel) == 1
    finally:
        raw_database.client.drop_database(other.database_name)


@pytest.mark.each_driver
async def test_the_collection_of_a_model_is_the_drivers_object(aio_engine):
    collection = aio_engine.get_collection(Parcel)

    assert collection == aio_engine.database["things.parcels"]
    assert type(collection) is type(aio_engine.database["things.parcels"])


@pytest.mark.parametrize("value", [Label, Model, Parcel(code="A"), "parcel", None, int])
async def test_only_a_model_has_a_collection(aio_engine, value):
    with pytest.raises(TypeError, match="get_collection"):
        aio_engine.get_collection(value)
