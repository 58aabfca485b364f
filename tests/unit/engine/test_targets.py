"""The collections of models, which an engine looks at once."""

from __future__ import annotations

import pytest
from pymongo import AsyncMongoClient, MongoClient

from odmantic import AIOEngine, Model, SyncEngine


class Parcel(Model):
    code: str


@pytest.fixture(params=[AIOEngine, SyncEngine])
def engine(request):
    client = AsyncMongoClient if request.param is AIOEngine else MongoClient
    return request.param(client(connect=False), "test")


def test_a_collection_is_looked_at_once(engine):
    target = engine._target(Parcel)

    assert engine._target(Parcel) is target
    assert engine.get_collection(Parcel) is target.collection


def test_another_database_has_another(engine):
    before = engine._target(Parcel)
    engine.database = engine.client["other"]

    assert engine._target(Parcel).collection.full_name == "other.parcel"
    assert engine._target(Parcel) is not before


def test_what_a_program_gives_is_looked_at_while_it_is_the_same(engine):
    before, given = engine._target(Parcel), engine.client["test"]["elsewhere"]
    engine.get_collection = lambda _model: given
    target = engine._target(Parcel)

    assert (target.collection, target.known.place.collection) == (given, "elsewhere")
    assert engine._target(Parcel) is target

    engine.get_collection = lambda _model: engine.client["test"]["third"]
    assert engine._target(Parcel).known.place.collection == "third"

    del engine.get_collection
    assert engine._target(Parcel).collection == before.collection
