# Generated from tests/integration/aio/test_count.py by tools/generate_sync.py: do not edit.
"""`count` counts documents, whether or not they fit the model."""

from __future__ import annotations

import contextlib

import pytest
from bson import SON, ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from odmantic import EmbeddedModel, Model, Reference
from odmantic.query import raw


class Parcel(Model):
    code: str
    weight: float = 1.0


class Shipment(Model):
    parcel: Parcel = Reference()


class Label(EmbeddedModel):
    text: str


def test_all_documents_are_counted(sync_engine):
    assert sync_engine.count(Parcel) == 0
    sync_engine.save_all([Parcel(code="A"), Parcel(code="B", weight=2.0)])

    assert sync_engine.count(Parcel) == 2


def test_matching_documents_are_counted(sync_engine):
    sync_engine.save_all([Parcel(code="A"), Parcel(code="B", weight=2.0)])

    assert sync_engine.count(Parcel, Parcel.weight > 1) == 1
    assert sync_engine.count(Parcel, Parcel.weight > 1, {"code": "A"}) == 0
    assert sync_engine.count(Parcel, {"code": {"$in": ["A", "B"]}}) == 2


def test_dangling_references_and_broken_documents_are_counted(sync_engine, raw_database):
    raw_database["shipment"].insert_many([{"parcel": ObjectId()}, {"broken": True}])

    assert sync_engine.count(Shipment) == 2


def test_a_transaction_counts_what_it_wrote(sync_engine, raw_database):
    with sync_engine.transaction() as transaction:
        transaction.save(Parcel(code="A"))
        assert transaction.count(Parcel) == 1
        assert raw_database["parcel"].count_documents({}) == 0


@pytest.mark.parametrize("value", [Label, Model, None, "parcel", Parcel(code="A")])
def test_only_models_are_counted(sync_engine, value):
    with pytest.raises(TypeError, match="Can only call count with a Model class"):
        sync_engine.count(value)


def test_booleans_are_no_queries(sync_engine, commands):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        sync_engine.count(Parcel, True)

    assert commands.names == []


class Spot(Model):
    at: list[float]
    name: str = "a"


class Visit(Model):
    spot: Spot = Reference()
    at: list[float] = [0.0, 0.0]
    name: str = "a"


ONLY_IN_FIND = [
    (raw({"$where": "this.name == 'a'"}), 2),
    (raw({"$and": [{"name": {"$in": ["a", "b"]}}, {"$where": "this.name == 'b'"}]}), 1),
    (raw({"$or": [{"$where": "this.name == 'b'"}, {"name": "a"}]}), 3),
    (raw({"$nor": [{"$and": ({"$where": "this.name == 'b'"},)}]}), 2),
    ({"at": {"$near": [0.0, 0.0]}}, 3),
    ({"at": {"$near": [0.0, 0.0], "$maxDistance": 1}}, 1),
    ({"$and": [{"at": {"$nearSphere": [0.0, 0.0]}}, {"name": "a"}]}, 2),
    (raw({"at": {"$not": {"$gt": 60}}, "$where": "true"}), 3),
]


@pytest.fixture
def spots(sync_engine, raw_database):
    for name in ("spot", "visit"):
        raw_database[name].create_index([("at", "2d")])
    places = [([0.5, 0.5], "a"), ([50.0, 50.0], "a"), ([20.0, 20.0], "b")]
    spots = sync_engine.save_all([Spot(at=at, name=name) for at, name in places])
    sync_engine.save_all([Visit(spot=each, at=each.at, name=each.name) for each in spots])
    return spots


@pytest.mark.parametrize(("query", "number"), ONLY_IN_FIND, ids=[str(q) for q, _ in ONLY_IN_FIND])
def test_every_filter_of_find_counts_and_finds_one(sync_engine, spots, query, number):
    for model in (Spot, Visit):
        found = [each for each in sync_engine.find(model, query)]
        assert len(found) == number
        assert sync_engine.count(model, query) == number
        assert sync_engine.count(model, query, model.name == "a") == sum(
            each.name == "a" for each in found
        )
        assert sync_engine.find_one(model, query) == found[0]
        assert [each for each in sync_engine.find(model, query, limit=1)] == found[:1]
        last = sync_engine.find_one(model, query, sort=model.id.desc())
        assert last.id == max(each.id for each in found)
    with sync_engine.session() as session:
        assert session.count(Visit, query) == number
        assert session.find_one(Visit, query) is not None
    with sync_engine.transaction() as transaction:
        transaction.save(Visit(spot=spots[0], at=[100.0, 0.0], name="c"))
        is_new = raw({"$where": "this.name == 'c'"})
        assert transaction.count(Visit, is_new) == 1
        assert transaction.find_one(Visit, is_new).spot == spots[0]


def test_text_search_counts_and_finds_one(sync_engine, spots, raw_database):
    for name in ("spot", "visit"):
        raw_database[name].create_index([("name", "text")])
    query = {"$and": [{"$text": {"$search": "b"}}, {"name": "b"}]}

    for model in (Spot, Visit):
        assert sync_engine.count(model, query) == 1
        assert sync_engine.find_one(model, query).name == "b"


def test_values_that_look_like_operators_are_counted_as_usual(sync_engine, commands):
    for query in ({"name": {"$eq": {"$where": 1}}}, {"name": {"$in": [{"$near": 1}, "a"]}}):
        with contextlib.suppress(OperationFailure):
            sync_engine.count(Spot, query)
    assert commands.names == ["aggregate", "aggregate"]


def test_many_documents_are_counted(sync_engine, raw_database):
    raw_database["spot"].insert_many([{"number": number} for number in range(2_500)])

    assert sync_engine.count(Spot, raw({"$where": "this.number % 2 == 0"})) == 1_250


def test_foreign_document_classes_are_found_too(sync_engine, spots):
    engine = type(sync_engine)(sync_engine.client, database=sync_engine.database_name)
    for document_class in (RawBSONDocument, SON):
        options = CodecOptions(document_class=document_class)
        engine.database = sync_engine.client.get_database(sync_engine.database_name, options)
        query = raw({"$where": "this.name == 'a'"})
        assert engine.find_one(Visit, query).spot == spots[0]
        assert [each.spot for each in engine.find(Visit, query)] == spots[:2]
