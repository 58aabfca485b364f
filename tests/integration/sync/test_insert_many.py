# Generated from tests/integration/aio/test_insert_many.py by tools/generate_sync.py: do not edit.
"""`insert_many` sends many documents at once, and each instance knows whether its document is there."""

from __future__ import annotations

import copy
import pickle
from typing import Optional

import pymongo.errors
import pytest
from pymongo.write_concern import WriteConcern
from tests.integration.sync.colour import sleep
from tests.integration.sync.reading import to_list

from odmantic import Field, HookEvent, Model, Reference, hook
from odmantic._plan.planner import BATCH_SIZE
from odmantic.exceptions import (
    BulkWriteError,
    DocumentTooLargeError,
    DuplicateKeyError,
    InvalidDocumentError,
    NotLoadedError,
    UnsavedReferenceError,
)


class Item(Model):
    number: int = Field(unique=True)
    tags: list[str] = []
    value: object = None

    model_config = {"arbitrary_types_allowed": True}


class Maker(Model):
    name: str


class Part(Model):
    number: int
    maker: Maker = Reference()


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


ALL = {"id", "number", "tags", "value"}


@pytest.fixture(autouse=True)
def unique(raw_database):
    raw_database["item"].create_index("number", unique=True)


def _items(*numbers):
    return [Item(number=number, tags=[str(number)]) for number in numbers]


def _stored(raw_database, name="item"):
    return sorted(each["number"] for each in raw_database[name].find())


def _new(instances):
    return [number for number, each in enumerate(instances) if each.__fields_modified__ == ALL]


def test_many_are_inserted_with_few_commands(sync_engine, raw_database, commands):
    items = _items(*range(BATCH_SIZE + 1))
    assert sync_engine.insert_many(iter(items)) == items
    assert commands.names == ["insert", "insert"]
    found = raw_database["item"].find().sort("number")
    assert list(found) == [item.model_dump_doc() for item in items]
    sync_engine.save_all(items)
    assert commands.names == ["insert", "insert"]
    items[5].tags.append("x")
    items[6].number = -1
    sync_engine.save_all(items)
    assert [event.command["updates"][0]["u"] for event in commands.started[2:]] == [
        {"$set": {"tags": ["5", "x"]}}
    ]
    assert raw_database["item"].count_documents({"number": -1}) == 1


def test_nothing_is_inserted_of_nothing(sync_engine, commands):
    assert sync_engine.insert_many([]) == []
    assert commands.names == []


def test_what_cannot_be_inserted_is_refused_before_anything_is_sent(sync_engine, commands):
    sync_engine.save(Part(number=1, maker=Maker(name="Leaf")))
    hollow = sync_engine.find_one(Part, load=()).maker
    commands.clear()
    items = _items(1, 2)
    for wrong in ({"number": 3}, Item, None):
        with pytest.raises(TypeError, match="Can only call insert_many with a Model instance"):
            sync_engine.insert_many([*items, wrong])
    with pytest.raises(TypeError, match="insert_many takes several instances"):
        sync_engine.insert_many(items[0])
    with pytest.raises(ValueError, match="one Item object twice, as number 0 and number 2"):
        sync_engine.insert_many([*items, items[0]])
    with pytest.raises(NotLoadedError):
        sync_engine.insert_many([Maker(name="Bark"), hollow])
    with pytest.raises(UnsavedReferenceError):
        sync_engine.insert_many([Part(number=1, maker=Maker(name="x"))], cascade=False)
    assert commands.names == []
    assert _new(items) == [0, 1]


# --- In order -------------------------------------------------------------------------------------


def test_the_first_failure_ends_it(sync_engine, raw_database):
    sync_engine.insert(Item(number=3))
    items = _items(1, 2, 3, 4)
    with pytest.raises(DuplicateKeyError, match="Item with this number") as caught:
        sync_engine.insert_many(items)
    assert caught.value.instance is items[2]
    details = caught.value.driver_error.details
    assert (details["nInserted"], details["index"], details["code"]) == (2, 2, 11000)
    assert "op" not in details["writeErrors"][0]
    assert _stored(raw_database) == [1, 2, 3]
    assert _new(items) == [2, 3]
    items[2].number = 5
    sync_engine.insert_many(items[2:])
    assert _stored(raw_database) == [1, 2, 3, 4, 5]


def test_a_failure_leaves_instances_as_they_were_before(sync_engine, raw_database, commands):
    known = sync_engine.insert_many(_items(1, 2))
    known[0].tags.append("x")
    known[1].number = 7
    clean = sync_engine.find_one(Item)
    items = [*_items(3), *known, clean, *_items(4)]
    with pytest.raises(DuplicateKeyError):
        sync_engine.insert_many(items)
    with pytest.raises(BulkWriteError):
        sync_engine.insert_many(items[1:], ordered=False)
    assert _new(items) == []
    raw_database["item"].update_many({}, {"$set": {"value": 1}})
    commands.clear()
    sync_engine.save_all(items)
    sent = [each["u"]["$set"].keys() for e in commands.started for each in e.command["updates"]]
    assert sorted(map(sorted, sent)) == [["number"], ["tags"]]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_document_without_a_stored_form_is_named(sync_engine, raw_database, ordered):
    items = _items(1, 2, 3, 4)
    items[1].tags.append("\ud800")
    items[2].value = object()
    kind = InvalidDocumentError if ordered else BulkWriteError
    with pytest.raises(kind) as caught:
        sync_engine.insert_many(items, ordered=ordered)
    if ordered:
        assert "cannot insert Item" in str(caught.value)
        assert "tags" in str(caught.value)
        assert (_stored(raw_database), _new(items)) == ([1], [1, 2, 3])
    else:
        assert [each.index for each in caught.value.failures] == [1, 2]
        assert all(isinstance(e.error, InvalidDocumentError) for e in caught.value.failures)
        assert (_stored(raw_database), _new(items)) == ([1, 4], [1, 2])


@pytest.mark.parametrize(("ordered", "depth"), [(True, 0), (True, 300), (False, 300)])
def test_a_document_that_is_too_large_or_deep_is_named(sync_engine, raw_database, ordered, depth):
    items = _items(1, 2, 3)
    items[1].value = None if depth else "x" * 16_777_216
    for _ in range(depth):
        items[1].value = [items[1].value]
    error = InvalidDocumentError if depth else DocumentTooLargeError
    with pytest.raises(error if ordered else BulkWriteError) as caught:
        sync_engine.insert_many(items, ordered=ordered)
    if ordered:
        assert (_stored(raw_database), _new(items)) == ([1], [1, 2])
    else:
        (failure,) = caught.value.failures
        assert failure.instance is items[1]
        assert isinstance(failure.error, error)
        assert (_stored(raw_database), _new(items)) == ([1, 3], [1])


def test_instances_of_several_models_are_inserted_in_order(sync_engine, raw_database, commands):
    sync_engine.insert(Item(number=3))
    commands.clear()
    mixed = [*_items(1, 2), Maker(name="A"), *_items(3), Maker(name="B")]
    with pytest.raises(DuplicateKeyError):
        sync_engine.insert_many(mixed)
    assert commands.names == ["insert"] * 3
    assert _stored(raw_database) == [1, 2, 3]
    assert raw_database["maker"].distinct("name") == ["A"]
    assert mixed[4].__fields_modified__ == {"id", "name"}


def test_classes_of_a_hierarchy_go_together(sync_engine, raw_database, commands):
    animals = [Cat(name="Tom"), Animal(name="Ada"), Cat(name="Kit", lives=1)]
    sync_engine.insert_many(animals)
    assert commands.names == ["insert"]
    assert to_list(sync_engine.find(Animal, sort=Animal.id)) == animals
    assert raw_database["animal"].count_documents({"_type": "Cat"}) == 2
    sync_engine.save_all(animals)
    assert "update" not in commands.names


# --- As many as possible --------------------------------------------------------------------------


def test_all_others_are_inserted(sync_engine, raw_database, commands):
    sync_engine.insert_many(_items(3, 5))
    items = [*_items(1, 2, 3, 4, 5), Maker(name="A"), *_items(6)]
    commands.clear()
    with pytest.raises(BulkWriteError) as caught:
        sync_engine.insert_many(items, ordered=False)
    error = caught.value
    assert isinstance(error, pymongo.errors.BulkWriteError)
    assert commands.names == ["insert", "insert"]
    assert [(each.index, each.instance, each.operation, each.model) for each in error.failures] == [
        (2, items[2], "insert", Item),
        (4, items[4], "insert", Item),
    ]
    assert all(isinstance(each.error, DuplicateKeyError) for each in error.failures)
    assert error.result.inserted_count == error.details["nInserted"] == 5
    assert [each["index"] for each in error.details["writeErrors"]] == [2, 4]
    assert error.model is Item
    assert "2 writes failed; the first one, number 2, with: Item with this number" in str(error)
    assert _stored(raw_database) == [1, 2, 3, 4, 5, 6]
    assert _new(items) == [2, 4]
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert str(same) == str(error)
        assert same.result == error.result
        assert [each.index for each in same.failures] == [2, 4]


def test_failures_of_all_batches_are_collected(sync_engine, raw_database):
    sync_engine.insert_many(_items(0, BATCH_SIZE))
    items = _items(*range(BATCH_SIZE + 2))
    with pytest.raises(BulkWriteError) as caught:
        sync_engine.insert_many(items, ordered=False)
    assert [each.index for each in caught.value.failures] == [0, BATCH_SIZE]
    assert raw_database["item"].count_documents({}) == BATCH_SIZE + 2
    assert _new(items) == [0, BATCH_SIZE]


@pytest.mark.parametrize("ordered", [True, False])
def test_an_error_that_no_document_is_to_blame_for_ends_it(
    sync_engine, raw_database, fail_point, ordered
):
    items = _items(1, 2)
    with fail_point("insert", error_code=11601), pytest.raises(pymongo.errors.OperationFailure):
        sync_engine.insert_many(items, ordered=ordered)
    concern = {"code": 100, "errmsg": "no such members"}
    with fail_point("insert", write_concern_error=concern):
        with pytest.raises(pymongo.errors.WriteConcernError):
            sync_engine.insert_many(items, ordered=ordered)
    # It may be there.
    assert _new(items) == [0, 1]
    sync_engine.save_all(items)
    assert _stored(raw_database) == [1, 2]


def test_unacknowledged_inserts_are_sent_and_not_trusted(sync_engine, raw_database, monkeypatch):
    concern = WriteConcern(w=0)
    collection = sync_engine.get_collection(Item).with_options(write_concern=concern)
    monkeypatch.setattr(sync_engine, "get_collection", lambda model: collection)
    items = _items(1, 2)
    sync_engine.insert_many(items)
    assert _new(items) == [0, 1]
    for _ in range(100):
        if raw_database["item"].count_documents({}) == 2:
            break
        sleep(0.01)
    assert _stored(raw_database) == [1, 2]


def test_the_collections_own_validation_can_be_bypassed(sync_engine, raw_database):
    raw_database.drop_collection("item")
    raw_database.create_collection("item", validator={"number": {"$ne": 2}})
    items = _items(1, 2, 3)
    with pytest.raises(pymongo.errors.WriteError) as caught:
        sync_engine.insert_many(items)
    assert caught.value.code == 121
    sync_engine.insert_many(items[1:], bypass_document_validation=True)
    assert _stored(raw_database) == [1, 2, 3]


# --- References, hooks, transactions --------------------------------------------------------------


def test_references_are_saved_before(sync_engine, raw_database, commands):
    leaf, bark = Maker(name="Leaf"), Maker(name="Bark")
    parts = [Part(number=1, maker=leaf), Part(number=2, maker=bark), Part(number=3, maker=leaf)]
    sync_engine.insert_many(parts)
    assert commands.names == ["insert", "insert"]
    assert [event.command["insert"] for event in commands.started] == ["maker", "part"]
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1
    assert raw_database["part"].distinct("maker") == sorted([leaf.id, bark.id])


def test_instances_that_refer_to_one_another_come_in_their_order(sync_engine, raw_database):
    maker = Maker(name="Leaf")
    part = Part(number=1, maker=maker)
    assert sync_engine.insert_many([part, maker]) == [part, maker]
    sync_engine.save(maker)
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.insert_many([Part(number=2, maker=maker), maker])
    assert caught.value.instance is maker
    assert _stored(raw_database, "part") == [1]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_failure_in_a_transaction_ends_it(sync_engine, raw_database, ordered):
    sync_engine.insert(Item(number=3))
    items = _items(1, 2, 3, 4)
    with pytest.raises((DuplicateKeyError, BulkWriteError)) as caught:
        with sync_engine.transaction() as transaction:
            transaction.insert_many(items, ordered=ordered)
    assert isinstance(caught.value, DuplicateKeyError if ordered else BulkWriteError)
    assert _stored(raw_database) == [3]
    assert _new(items) == [0, 1, 2, 3]
    with sync_engine.transaction() as transaction:
        transaction.insert_many([items[0], items[3]])
    assert _stored(raw_database) == [1, 3, 4]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_document_without_a_stored_form_ends_no_transaction(sync_engine, raw_database, ordered):
    items = _items(1, 2, 3)
    items[1].tags.append("\ud800")
    with sync_engine.transaction() as transaction:
        with pytest.raises((InvalidDocumentError, BulkWriteError)):
            transaction.insert_many(items, ordered=ordered)
    assert _stored(raw_database) == ([1] if ordered else [1, 3])
    assert _new(items) == ([1, 2] if ordered else [1])


@pytest.mark.parametrize("commits", [True, False])
def test_instances_follow_their_transaction(sync_engine, raw_database, commits):
    items = _items(1, 2)
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.insert_many(items)
    assert _new(items) == []
    (transaction.commit() if commits else transaction.abort())
    assert _new(items) == ([] if commits else [0, 1])
    assert _stored(raw_database) == ([1, 2] if commits else [])


called: list[object] = []


class Watched(Model):
    number: int
    maker: Optional[Maker] = Reference()
    made: int = Field(default=0)

    @hook("before_insert")
    def number_it(self) -> None:
        called.append("before_insert")
        self.made += 1

    @hook("before_update")
    @hook("before_save")
    @hook("after_insert")
    @hook("after_update")
    @hook("after_save")
    @hook("after_commit")
    def note(self, event: HookEvent) -> None:
        called.append((event.operation, event.is_new, sorted(event.changes)))


FIELDS = ["id", "made", "maker", "number"]


@pytest.mark.parametrize("verb", ["insert", "insert_many", "replace"])
def test_hooks_are_called_as_by_saves(sync_engine, raw_database, verb):
    watched = Watched(number=1)
    if verb == "replace":
        sync_engine.save(watched)
        watched.number = 2
    called.clear()
    if verb == "insert_many":
        sync_engine.insert_many([watched])
    else:
        getattr(sync_engine, verb)(watched)
    is_new = verb != "replace"
    told = (verb, is_new, FIELDS)
    expected = ["before_insert", told, told, told, told] if is_new else [told] * 5
    assert called == expected
    found = raw_database["watched"].find_one()
    assert (found["made"], found["number"]) == (1, 1 if is_new else 2)


@pytest.mark.parametrize("verb", ["insert", "insert_many"])
def test_hooks_are_called_for_a_known_instance_too(sync_engine, raw_database, verb):
    """As for a copy in another database; here the document is gone."""
    watched = sync_engine.insert(Watched(number=1))
    with pytest.raises(DuplicateKeyError):
        (sync_engine.insert(watched) if verb == "insert" else sync_engine.insert_many([watched]))
    assert watched.__fields_modified__ == {"made"}
    raw_database["watched"].delete_many({})
    called.clear()
    (sync_engine.insert(watched) if verb == "insert" else sync_engine.insert_many([watched]))
    assert "before_insert" in called
    assert all(is_new for _, is_new, _ in called[1:])
    assert raw_database["watched"].find_one() == watched.model_dump_doc()


@pytest.mark.parametrize("verb", ["insert", "insert_many"])
def test_what_a_hook_refers_to_is_saved_before(sync_engine, raw_database, verb):
    class Tagged(Model):
        maker: Optional[Maker] = Reference()

        @hook("before_save")
        def assign(self) -> None:
            self.maker = self.maker or Maker(name="by hook")

    tagged = Tagged()
    (sync_engine.insert(tagged) if verb == "insert" else sync_engine.insert_many([tagged]))
    assert raw_database["maker"].find_one()["_id"] == raw_database["tagged"].find_one()["maker"]


@pytest.mark.parametrize("verb", ["insert", "insert_many", "replace"])
def test_a_hook_cannot_write_its_own_instance(sync_engine, raw_database, verb):
    class Own(Model):
        n: int = 0

        @hook("after_save")
        def again(self, event: HookEvent) -> None:
            write = getattr(event.engine, verb)
            write([self] if verb == "insert_many" else self, session=event.session)

    with pytest.raises(RecursionError, match=f"cannot {verb} the Own"):
        sync_engine.save(Own())


def test_values_by_the_clock_are_given(sync_engine, raw_database):
    count = iter(range(100))

    class Stamped(Model):
        made: int = Field(if_missing=int, on_insert=lambda: next(count))
        changed: int = Field(if_missing=int, on_update=lambda: 50 + next(count))

    stamped = Stamped()
    sync_engine.insert(stamped)
    first = raw_database["stamped"].find_one()
    assert first == stamped.model_dump_doc()
    assert first["changed"] >= 50
    sync_engine.replace(stamped)
    second = raw_database["stamped"].find_one()
    assert second == stamped.model_dump_doc()
    assert second["made"] == first["made"]
    assert second["changed"] > first["changed"]
