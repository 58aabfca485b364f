# Generated from tests/integration/aio/test_ids.py by tools/generate_sync.py: do not edit.
"""A primary key names one document, whatever it holds: never an operator, never a pattern, never all at once.

In a filter `{"$gt": ""}` is a condition, and a regular expression matches other ids. Ids come from requests, so every
filter by id says `$eq` for what could be read otherwise, and what can be no primary key is refused before anything is
sent. The stored id is left as it is: it may be equal and not the same.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Optional, Union

import pytest
from bson import Decimal128, Int64, ObjectId
from bson.regex import Regex
from pymongo.collation import Collation

from odmantic import EmbeddedModel, Field, Model, Reference, WithBsonSerializer
from odmantic.exceptions import DocumentNotFoundError, InvalidDocumentError


class Thing(Model):
    id: Any = Field(primary_field=True)
    name: str = ""
    size: int = 0


class Parts(Model):
    id: dict[str, Any] = Field(primary_field=True)
    name: str = ""


class Either(Model):
    id: Union[str, dict[str, Any]] = Field(primary_field=True)
    name: str = ""


class Line(EmbeddedModel):
    what: Thing = Reference()


class Order(Model):
    thing: Thing = Reference()
    name: str = ""


class Bill(Model):
    line: Line


class Tag(Model):
    id: Any = Field(primary_field=True)


class OptionalKey(Model):
    id: Optional[ObjectId] = Field(None, primary_field=True)
    name: str = ""


class UnionKey(Model):
    id: Union[int, str, None] = Field(None, primary_field=True)
    name: str = ""


class NoneByFactory(Model):
    id: Any = Field(default_factory=lambda: None, primary_field=True)
    name: str = ""


class NoneByForm(Model):
    id: Annotated[str, WithBsonSerializer(lambda text: text or None)] = Field(primary_field=True)
    name: str = ""


class Holder(Model):
    target: OptionalKey = Reference()
    name: str = ""


OPERATORS = [
    {"$gt": ""},
    {"$gte": {"a": 1}},
    {"$ne": None},
    {"$exists": True},
    {"$in": ["a", "b"]},
    {"$nin": []},
    {"$regex": "^a"},
    {"$not": {"$gt": ""}},
    {"$type": "string"},
    {"$elemMatch": {}},
    {"$mod": [1, 0]},
]
PATTERNS = [re.compile("^"), re.compile(b"a"), Regex("a|b"), Regex("", "i")]


@pytest.fixture
def theirs(raw_database):
    """Documents of others, which none of the ids means."""
    documents = [
        {"_id": each, "name": "theirs", "size": 1} for each in ("a", "b", "abc", {"a": 1}, 5)
    ]
    collections = [raw_database[name] for name in ("thing", "parts", "either")]
    for collection in collections:
        collection.insert_many(documents)
    yield documents
    assert all(list(each.find()) == documents for each in collections)


def _written(instance):
    """Have an instance count as saved, with a change since."""
    object.__setattr__(instance, "__baseline__", ())
    object.__setattr__(instance, "__modified__", None)
    instance.name = "mine"
    return instance


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("model", [Thing, Parts, Either])
def test_an_id_is_no_operator(sync_engine, model, in_transaction):
    def try_all(engine, id_):
        for call, argument in (
            (engine.save, model(id=id_)),
            (engine.save, _written(model(id=id_))),
            (engine.save_all, [model(id=id_), model(id=id_)]),
            (engine.save_all, [_written(model(id=id_)) for _ in range(3)]),
        ):
            with pytest.raises(InvalidDocumentError, match=rf"save {model.__name__}: .*'id'"):
                call(argument)
        with pytest.raises(DocumentNotFoundError):
            engine.delete(model(id=id_))

    for id_ in OPERATORS:
        if in_transaction:
            with sync_engine.transaction() as transaction:
                try_all(transaction, id_)
        else:
            try_all(sync_engine, id_)


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize("id_", [*PATTERNS, ["a", "b"], ("a",), []], ids=repr)
def test_patterns_and_arrays_are_no_ids(sync_engine, commands, id_):
    for call, argument in (
        (sync_engine.save, Thing(id=id_)),
        (sync_engine.save, _written(Thing(id=id_))),
        (sync_engine.save_all, [Thing(id=id_), Thing(id=id_)]),
        (sync_engine.save_all, [_written(Thing(id=id_)), _written(Thing(id=id_))]),
        (sync_engine.delete, Thing(id=id_)),
    ):
        with pytest.raises(
            InvalidDocumentError, match=r"(save|delete) Thing: its primary key 'id'"
        ):
            call(argument)
    assert set(commands.names) <= {"find"}


@pytest.mark.parametrize("id_", [{"a": 1}, {"b": {"c": [1]}}, {"x.y": 2}, {}], ids=repr)
def test_a_document_is_an_id(sync_engine, raw_database, id_):
    thing = sync_engine.save(Thing(id=id_, name="first"))
    thing.name = "second"
    sync_engine.save(thing)
    sync_engine.save_all([Thing(id=id_, name="third"), Thing(id={**id_, "z": 1})])

    assert list(raw_database["thing"].find()) == [
        {"_id": id_, "name": "third", "size": 0},
        {"_id": {**id_, "z": 1}, "name": "", "size": 0},
    ]
    thing.size = 4
    other = sync_engine.find_one(Thing, Thing.id == {**id_, "z": 1})
    other.size = 5
    sync_engine.save_all([thing, other])
    assert [each["size"] for each in raw_database["thing"].find()] == [4, 5]
    sync_engine.delete(thing)
    assert raw_database["thing"].count_documents({}) == 1


def test_documents_that_are_ids_are_references(sync_engine, raw_database):
    order = Order(thing=Thing(id={"a": 1}, name="one"))
    bill = Bill(line=Line(what=Thing(id={"a": 2}, name="two")))
    sync_engine.save_all([order, bill])
    sync_engine.save(Order(thing=Thing(id="plain", name="three")))

    assert {each.thing.name for each in sync_engine.find(Order)} == {"one", "three"}
    assert sync_engine.find_one(Order, Order.thing == order.thing).thing.name == "one"
    assert sync_engine.find_one(Bill).line.what.name == "two"


@pytest.mark.parametrize("key", [{"$gt": ""}, {"$ne": 1}, Regex("^"), ["a", "abc"]], ids=repr)
def test_a_foreign_key_is_no_operator(sync_engine, raw_database, key):
    raw_database["thing"].insert_many([{"_id": "a"}, {"_id": "abc"}])
    raw_database["order"].insert_one({"thing": key, "name": ""})

    with pytest.raises(ValueError, match="Referenced document not found"):
        sync_engine.find_one(Order)
    with pytest.raises(ValueError, match="Referenced document not found"):
        [each for each in sync_engine.find(Order)]


# --- None --------------------------------------------------------------------------------------


def _without_key():
    yield from (OptionalKey(), UnionKey(), NoneByFactory(), NoneByForm(id=""))
    yield from (Thing(id=None), OptionalKey.model_construct(id=None, name=""))


@pytest.mark.parametrize("number", range(6))
def test_none_is_no_primary_key(sync_engine, commands, number):
    def make():
        return list(_without_key())[number]

    model = type(make())
    for call, argument in (
        (sync_engine.save, make()),
        (sync_engine.save, _written(make())),
        (sync_engine.save_all, [make(), make()]),
        (sync_engine.save_all, [make() for _ in range(120)]),
        (sync_engine.save_all, [_written(make()), _written(make())]),
        (sync_engine.delete, make()),
    ):
        with pytest.raises(InvalidDocumentError) as caught:
            call(argument)
        assert caught.value.model is model
        text = str(caught.value)
        assert f"{model.__name__}: its primary key 'id' is None" in text
        assert "default_factory" in text

    with sync_engine.transaction() as transaction:
        with pytest.raises(InvalidDocumentError):
            transaction.save_all([make(), make()])
        with pytest.raises(InvalidDocumentError):
            transaction.save(make())
    assert set(commands.names) <= {"find"}


def test_a_reference_to_what_has_no_primary_key_is_refused(sync_engine, raw_database):
    for target in (OptionalKey(), _known(OptionalKey())):
        for call, argument in (
            (sync_engine.save, Holder(target=target)),
            (sync_engine.save_all, [Holder(target=target), Holder(target=target)]),
        ):
            with pytest.raises(InvalidDocumentError, match="OptionalKey"):
                call(argument)
    assert raw_database.list_collection_names() == []


def _known(instance):
    object.__setattr__(instance, "__baseline__", ())
    object.__setattr__(instance, "__modified__", None)
    return instance


def test_what_comes_before_the_refused_one_is_saved(sync_engine, raw_database):
    good = UnionKey(id=1)
    with pytest.raises(InvalidDocumentError):
        sync_engine.save_all([good, UnionKey(), UnionKey(id=2)])

    assert [each["_id"] for each in raw_database["union_key"].find()] == [1]
    late = UnionKey(id="a")
    sync_engine.save_all([late, UnionKey(id=2)])
    assert raw_database["union_key"].count_documents({}) == 3


# --- The stored id stays -----------------------------------------------------------------------


@pytest.mark.parametrize("stored", [5, 5.0, Int64(5), Decimal128("5"), Decimal128("5.0")], ids=repr)
@pytest.mark.parametrize("given", [5, 5.0, Int64(5), Decimal128("5")], ids=repr)
def test_a_whole_save_meets_an_equal_id(sync_engine, raw_database, stored, given):
    raw_database["thing"].insert_one({"_id": stored, "name": "old"})

    sync_engine.save(Thing(id=given, name="one"))
    assert raw_database["thing"].find_one()["name"] == "one"
    sync_engine.save_all([Thing(id=given, name="two"), Thing(id="other")])
    with sync_engine.transaction() as transaction:
        transaction.save(Thing(id=given, size=7))
    sync_engine.save(Tag(id=given))

    (document, _) = raw_database["thing"].find()
    assert document == {"_id": stored, "name": "", "size": 7}
    assert type(document["_id"]) is type(stored)


def test_a_whole_save_meets_an_id_of_another_case(sync_engine, raw_database):
    ignoring_case = Collation("en", strength=2)
    for name in ("thing", "tag"):
        raw_database.create_collection(name, collation=ignoring_case)
        raw_database[name].insert_one({"_id": "ABC"})

    sync_engine.save(Thing(id="abc", name="one"))
    sync_engine.save_all([Tag(id="abc"), Tag(id="Abc"), Tag(id="x")])
    sync_engine.save(Tag(id="aBC"))

    assert list(raw_database["thing"].find()) == [{"_id": "ABC", "name": "one", "size": 0}]
    assert [each["_id"] for each in raw_database["tag"].find()] == ["ABC", "x"]


@pytest.mark.parametrize(
    "given", ["a", 5, 5.5, {"a": 1}, b"x", ObjectId("5f85f36d6dfecacc68428a46"), True], ids=repr
)
def test_a_new_document_has_the_id_of_its_instance(sync_engine, raw_database, given):
    sync_engine.save(Thing(id=given))
    sync_engine.save_all([Tag(id=given), Tag(id="other")])
    sync_engine.save(Tag(id=given))

    assert raw_database["thing"].find_one() == {"_id": given, "name": "", "size": 0}
    assert list(raw_database["tag"].find()) == [{"_id": given}, {"_id": "other"}]
