# Generated from tests/integration/aio/test_engine_construction.py by tools/generate_sync.py: do not edit.
"""Engines and their clients: how they are made, and what is refused."""

from __future__ import annotations

import pytest
from pymongo import MongoClient
from pymongo.errors import InvalidName

from odmantic import EmbeddedModel, Model, SyncEngine
from odmantic.engine import BaseEngine


class Parcel(Model):
    code: str

    model_config = {"collection": "things.parcels"}


class Label(EmbeddedModel):
    text: str


def test_an_engine_knows_client_and_database(sync_client):
    engine = SyncEngine(sync_client, "shop")

    assert isinstance(engine, BaseEngine)
    assert engine.client is sync_client
    assert engine.database_name == "shop"
    assert engine.database == sync_client["shop"]


def test_arguments_may_be_given_by_name(sync_client):
    engine = SyncEngine(database="shop", client=sync_client)

    assert (engine.client, engine.database_name) == (sync_client, "shop")


def test_the_default_database_is_test(sync_client):
    assert SyncEngine(sync_client).database_name == "test"


def test_without_a_client_one_for_the_default_address_is_made():
    engine = SyncEngine()
    assert type(engine.client) is MongoClient
    engine.client.close()
    assert engine.database_name == "test"


@pytest.mark.parametrize("character", list('/\\."$'))
def test_a_forbidden_character_in_the_name_is_named(sync_client, character):
    with pytest.raises(ValueError, match=r"^database name cannot contain: ") as caught:
        SyncEngine(sync_client, f"a{character}b")

    assert str(caught.value) == f"database name cannot contain: {character}"


def test_all_forbidden_characters_are_named_once_in_a_fixed_order(sync_client):
    with pytest.raises(ValueError) as caught:
        SyncEngine(sync_client, 'a$b"c.d\\e/f$')

    assert str(caught.value) == 'database name cannot contain: / \\ . " $'


def test_the_name_is_checked_without_a_client_too():
    with pytest.raises(ValueError, match="database name cannot contain"):
        SyncEngine(database="a.b")


@pytest.mark.parametrize("name", ["", "with space", "nul\x00"])
def test_other_bad_names_are_refused_by_the_driver(sync_client, name):
    with pytest.raises(InvalidName):
        SyncEngine(sync_client, name)


@pytest.mark.parametrize("name", [None, 1, b"shop", Parcel])
def test_a_name_that_is_no_text_is_refused(sync_client, name):
    with pytest.raises(TypeError, match="database name has to be a string"):
        SyncEngine(sync_client, name)


def test_a_stand_in_for_a_client_is_accepted():
    class Database:
        pass

    class Client:
        def __getitem__(self, name):
            return Database()

        def start_session(self):
            raise NotImplementedError

    client = Client()
    engine = SyncEngine(client)

    assert engine.client is client
    assert isinstance(engine.database, Database)


def test_an_engine_can_be_subclassed_and_called_with_client_and_name(sync_client):
    class Mine(SyncEngine):
        pass

    assert Mine(sync_client, "shop").database_name == "shop"


def test_engines_on_one_client_use_their_own_databases(sync_engine, raw_database):
    other = SyncEngine(sync_engine.client, f"{raw_database.name}_other")
    try:
        other.save(Parcel(code="A"))

        assert sync_engine.count(Parcel) == 0
        assert other.count(Parcel) == 1
    finally:
        raw_database.client.drop_database(other.database_name)


def test_the_collection_of_a_model_is_the_drivers_object(sync_engine):
    collection = sync_engine.get_collection(Parcel)

    assert collection == sync_engine.database["things.parcels"]
    assert type(collection) is type(sync_engine.database["things.parcels"])


@pytest.mark.parametrize("value", [Label, Model, Parcel(code="A"), "parcel", None, int])
def test_only_a_model_has_a_collection(sync_engine, value):
    with pytest.raises(TypeError, match="get_collection"):
        sync_engine.get_collection(value)
