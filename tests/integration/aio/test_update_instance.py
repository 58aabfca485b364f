"""`update`: the document changes on the server, and the instance has what it then holds; nothing else changes in it."""

from __future__ import annotations

import copy
import pickle
import sys
from datetime import datetime
from decimal import Decimal
from typing import Any, Optional

import pymongo.errors
import pytest
from pydantic import model_validator
from tests.integration.aio.colour import ASYNC, sleep

from odmantic import EmbeddedModel, Field, Model, Reference, hook, stored
from odmantic._plan.save import fields_to_save
from odmantic.exceptions import (
    DocumentNotFoundError,
    DocumentParsingError,
    DuplicateKeyError,
    NotLoadedError,
    StoredFieldsWarning,
    TransactionAbortedError,
    UnsafeRetryError,
    UnsavedChangesError,
    UpdateRefusedError,
    WriteConflictError,
)
from odmantic.path import each, matched, path_of, where
from odmantic.query import raw
from odmantic.update import (
    add_to_set,
    bit,
    current_date,
    inc,
    max_,
    mul,
    pop,
    pull,
    push,
    rename,
    set_,
    unset,
)

if ASYNC:
    import asyncio
else:
    from concurrent.futures import ThreadPoolExecutor

TRANSIENT = "TransientTransactionError"


class Line(EmbeddedModel):
    sku: str
    qty: int = Field(default=1, ge=0, key_name="q")


class Thing(Model):
    name: str = Field(default="a", key_name="N")
    left: int = Field(default=5, ge=0, le=100)
    price: Decimal = Field(default=Decimal("1.5"), lt=Decimal(10))
    flags: int = 1
    tags: list[str] = Field(default=["x"], max_length=3, min_length=1)
    codes: set[int] = {1}
    maybe: Optional[int] = 7
    at: Optional[datetime] = None
    lines: list[Line] = [Line(sku="tea"), Line(sku="oil", qty=3)]
    main: Optional[Line] = Line(sku="main")
    prefs: dict[str, int] = {"k": 1}


class Coded(Model):
    code: str = Field(unique=True)


def _dirty(engine, instance):
    return fields_to_save(instance, engine._target(type(instance)).known.place)


def _document(raw_database, instance):
    return raw_database[type(instance).__collection__].find_one({"_id": instance.id})


def _change(raw_database, operator="$set", **values):
    raw_database["thing"].update_one({}, {operator: values})


@pytest.fixture
async def thing(aio_engine, commands):
    await aio_engine.insert(Thing())
    found = await aio_engine.find_one(Thing)
    commands.clear()
    return found


# --- What is sent, and what the instance has then ---------------------------------------------------


@pytest.mark.each_driver
async def test_one_command_changes_the_document_and_returns_what_it_touched(
    aio_engine, raw_database, commands, thing
):
    _change(raw_database, left=50, tags=["y"], N="unseen")
    assert await aio_engine.update(thing, inc(Thing.left, 2), push(Thing.tags, "b")) is True
    assert (thing.left, thing.tags, thing.name) == (52, ["y", "b"], "a")
    assert _dirty(aio_engine, thing) == set()
    (event,) = commands.started
    command = event.command
    assert command["findAndModify"] == "thing"
    assert command["new"] is True
    assert command["fields"] == {"_id": 1, "left": 1, "tags": 1}
    assert command["query"]["$and"][0] == {"_id": thing.id}
    assert command["update"] == {"$inc": {"left": 2}, "$push": {"tags": {"$each": ["b"]}}}
    commands.clear()
    thing.tags.append("c")
    await aio_engine.save(thing)
    assert commands.started[0].command["updates"][0]["u"] == {"$set": {"tags": ["y", "b", "c"]}}


UPDATES = {
    "set": [set_(Thing.name, "b")],
    "set several": [set_(Thing.name, "b"), inc(Thing.left, 1)],
    "set none": [set_(Thing.main, None)],
    "set embedded": [set_(Thing.main, Line(sku="new", qty=4))],
    "set inside": [set_(Thing.main.qty, 9)],
    "unset": [unset(Thing.at), unset(Thing.maybe)],
    "mul": [mul(Thing.price, Decimal(2))],
    "max": [max_(Thing.left, 60)],
    "bit": [bit(Thing.flags, or_=6)],
    "date": [current_date(Thing.at)],
    "rename": [rename("nick", Thing.name, bounded=False)],
    "add to set": [add_to_set(Thing.codes, 4, 5)],
    "pull": [pull(Thing.lines, Line.qty == 1)],
    "push": [push(Thing.lines, Line(sku="new"), position=0)],
    "pop": [push(Thing.tags, "y", "z"), pop(Thing.codes, bounded=False)],
    "number": [set_(Thing.lines[0].qty, 8)],
    "each": [inc(Thing.lines[each].qty, 1)],
    "where": [set_(Thing.lines[where(Line.sku == "oil")].qty, 8)],
    "key": [inc(Thing.prefs["k"], 1), inc(Thing.prefs["other"], 1)],
    "raw": [{"$set": {"left": 8, "unknown": 1}, "$inc": {"prefs.k": 1}}],
    "stages": [[{"$set": {"left": {"$add": ["$left", 1]}}}, {"$unset": "maybe"}]],
    "any stages": [[{"$replaceWith": {"_id": "$_id", "N": "c", "tags": ["only"]}}]],
    "nothing known": [{"$set": {"unknown": 1}}],
}


@pytest.mark.parametrize("name", UPDATES)
async def test_the_instance_equals_its_document(aio_engine, raw_database, commands, thing, name):
    _change(raw_database, nick="N")
    held = dict(vars(thing))
    before = thing.model_dump()
    assert await aio_engine.update(thing, *UPDATES[name])
    assert commands.names == ["findAndModify"]
    found = await aio_engine.find_one(Thing)
    assert thing == found
    assert thing.model_fields_set == found.model_fields_set
    assert _dirty(aio_engine, thing) == set()
    for field, value in held.items():
        if getattr(found, field) == before[field]:
            assert vars(thing)[field] is value or name == "any stages"
    # What is inside is clean, too, and its changes are noticed.
    for line in thing.lines:
        line.qty += 1
    await aio_engine.save(thing)
    assert await aio_engine.find_one(Thing) == thing


async def test_unsaved_changes_of_other_fields_stay_and_are_all_that_a_save_sends(
    aio_engine, commands, thing
):
    thing.name = "mine"
    thing.lines.append(Line(sku="mine"))
    assert await aio_engine.update(thing, inc(Thing.left, 1))
    assert _dirty(aio_engine, thing) == {"name", "lines"}
    commands.clear()
    await aio_engine.save(thing)
    assert set(commands.started[0].command["updates"][0]["u"]["$set"]) == {"N", "lines"}


# --- Conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        (Thing.name == "a", True),
        (Thing.name == "b", False),
        ((Thing.name == "a", {"left": 5}), True),
        ((Thing.name == "a", {"left": 6}), False),
        ({"N": "b"}, False),
        ({}, True),
        (raw({"$where": "this.left == 5"}), True),
        (raw({"$where": "this.left == 6"}), False),
    ],
)
async def test_where_says_what_else_the_document_has_to_match(
    aio_engine, raw_database, thing, given, holds
):
    before = thing.model_copy()
    assert await aio_engine.update(thing, inc(Thing.left, 1), where=given) is holds
    assert thing.left == (6 if holds else 5)
    assert _dirty(aio_engine, thing) == set()
    assert thing.model_copy(update={"left": 5}).model_dump() == before.model_dump()
    assert _document(raw_database, thing)["left"] == thing.left


async def test_one_more_read_tells_why_nothing_was_updated(aio_engine, raw_database, commands):
    thing = await aio_engine.insert(Thing())
    other = Thing.name == "other"
    commands.clear()
    # Also out of bounds, but `where` comes first.
    assert not await aio_engine.update(thing, inc(Thing.left, 99), where=other)
    assert commands.names == ["findAndModify", "aggregate"]
    commands.clear()
    with pytest.raises(UpdateRefusedError):
        await aio_engine.update(thing, set_(Thing.name, "b"), inc(Thing.left, 99))
    assert commands.names == ["findAndModify", "aggregate"]
    raw_database["thing"].delete_many({})
    commands.clear()
    with pytest.raises(DocumentNotFoundError) as caught:
        await aio_engine.update(thing, inc(Thing.left, 99), where=other)
    assert caught.value.instance is thing
    assert commands.names == ["findAndModify", "aggregate"]


async def test_matched_is_the_item_that_where_has_met(aio_engine, thing):
    update = inc(Thing.lines[matched].qty, 5)
    assert await aio_engine.update(thing, update, where=Thing.lines.sku == "oil")
    assert [line.qty for line in thing.lines] == [1, 8]
    with pytest.raises(ValueError, match="needs a condition on 'lines'"):
        await aio_engine.update(thing, update)


@pytest.mark.parametrize(
    ("changes", "updates", "field", "bound", "value"),
    [
        ({}, [inc(Thing.left, 96)], "left", "le=100", 5),
        ({}, [inc(Thing.left, -6)], "left", "ge=0", 5),
        ({}, [inc(Thing.flags, 1), inc(Thing.left, 96)], "left", "le=100", 5),
        ({}, [mul(Thing.price, Decimal(7))], "price", "lt=10", Decimal("1.5")),
        ({}, [push(Thing.tags, "a", "b", "c")], "tags", "max_length=3", ["x"]),
        ({}, [pop(Thing.tags)], "tags", "min_length=1", ["x"]),
        ({"maybe": None}, [inc(Thing.maybe, 1)], "maybe", None, None),
        ({"main": None}, [inc(Thing.main.qty, 1)], "main.qty", None, None),
        ({}, [inc(Thing.main.qty, -2)], "main.qty", "ge=0", 1),
        ({}, [set_(Thing.lines[7].qty, 1)], "lines.7.qty", None, None),
    ],
)
async def test_an_update_that_would_break_the_model_is_refused(
    aio_engine, raw_database, thing, changes, updates, field, bound, value
):
    _change(raw_database, **changes, extra=1)
    before = _document(raw_database, thing), thing.model_dump()
    with pytest.raises(UpdateRefusedError) as caught:
        await aio_engine.update(thing, *updates)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert (error.field, error.bound, error.value) == (field, bound, value)
        assert isinstance(error, ValueError)
        assert error.instance.id == thing.id
        assert f"Thing.{field}" in str(error)
    assert caught.value.instance is thing
    assert before == (_document(raw_database, thing), thing.model_dump())
    assert _dirty(aio_engine, thing) == set()


async def test_what_is_missing_starts_with_its_default(aio_engine, raw_database, commands, thing):
    raw_database["thing"].replace_one({}, {"_id": thing.id})
    assert await aio_engine.update(
        thing, inc(Thing.left, 2), push(Thing.tags, "y"), inc(Thing.maybe, 1)
    )
    assert (thing.left, thing.tags, thing.maybe) == (7, ["x", "y"], 8)
    _change(raw_database, "$unset", left=1)
    commands.clear()
    with pytest.raises(UpdateRefusedError) as caught:
        await aio_engine.update(thing, inc(Thing.left, 96))
    assert caught.value.value is None
    assert "findAndModify" in commands.names
    assert thing.left == 7


# --- Unsaved changes ------------------------------------------------------------------------------


async def test_unsaved_changes_are_not_overwritten(aio_engine, commands, thing):
    thing.left = 8
    thing.lines[0].qty = 8
    thing.name = "mine"
    updates = inc(Thing.left, 1), set_(Thing.lines[0].qty, 1), set_(Thing.flags, 2)
    with pytest.raises(UnsavedChangesError, match="left and lines") as caught:
        await aio_engine.update(thing, *updates)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert error.fields == ("left", "lines")
        assert isinstance(error, ValueError)
    assert caught.value.instance is thing
    assert commands.names == []
    assert (thing.left, thing.lines[0].qty) == (8, 8)
    assert _dirty(aio_engine, thing) == {"left", "lines", "name"}


async def test_an_assignment_of_the_whole_field_replaces_them(aio_engine, thing):
    thing.left, thing.name, thing.maybe = 8, "mine", 9
    thing.lines[0].qty = 8
    update = {"$set": {"lines": [{"sku": "raw"}]}}
    assert await aio_engine.update(thing, set_(Thing.left, 9), unset(Thing.maybe))
    assert await aio_engine.update(thing, raw(update))
    assert (thing.left, thing.lines, thing.maybe) == (9, [Line(sku="raw")], 7)
    assert _dirty(aio_engine, thing) == {"name"}


async def test_a_new_instance_has_nothing_but_unsaved_changes(aio_engine, raw_database, commands):
    stored = await aio_engine.insert(Thing())
    thing = Thing(id=stored.id, name="mine")
    commands.clear()
    with pytest.raises(UnsavedChangesError):
        await aio_engine.update(thing, inc(Thing.left, 1))
    assert commands.names == []
    assert await aio_engine.update(thing, set_(Thing.left, 9))
    assert _dirty(aio_engine, thing) == set(Thing.model_fields) - {"id", "left"}
    await aio_engine.save(thing)
    assert _document(raw_database, thing)["N"] == "mine"
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.update(Thing(), set_(Thing.left, 9))


async def test_a_deleted_instance_is_not_found(aio_engine, thing):
    await aio_engine.delete(thing)
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.update(thing, set_(Thing.left, 1))
    assert "id" in _dirty(aio_engine, thing)


@pytest.mark.parametrize("commits", [None, True, False])
async def test_another_place_has_its_own_document(aio_engine, raw_database, thing, commits):
    elsewhere = type(aio_engine)(aio_engine.client, f"{aio_engine.database_name}_2")
    database = raw_database.client[elsewhere.database_name]
    try:
        await elsewhere.insert(thing.model_copy(update={"name": "there"}))
        with pytest.raises(UnsavedChangesError):
            await elsewhere.update(thing, inc(Thing.left, 1))
        if commits is None:
            assert await elsewhere.update(thing, set_(Thing.left, 9))
        else:
            transaction = elsewhere.transaction()
            await transaction.start()
            assert await transaction.update(thing, set_(Thing.left, 9))
            await (transaction.commit() if commits else transaction.abort())
        if commits is False:
            assert thing.left == 5
            assert _dirty(aio_engine, thing) == set()
            assert "id" in _dirty(elsewhere, thing)
        else:
            assert thing.left == 9
            assert "left" not in _dirty(elsewhere, thing)
            assert "left" in _dirty(aio_engine, thing)
            await elsewhere.save(thing)
            assert database["thing"].find_one()["N"] == "a"
    finally:
        raw_database.client.drop_database(elsewhere.database_name)


# --- Arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance", "updates", "given", "error", "text"),
    [
        (Thing, [inc(Thing.left, 1)], None, TypeError, "Model instance, not the class Thing"),
        (Line(sku="a"), [inc(Thing.left, 1)], None, TypeError, "Model instance"),
        (Thing(), [], None, ValueError, "needs changes"),
        (Thing(), [inc(Thing.left, 1), set_(Thing.left, 1)], None, ValueError, "one path"),
        (Thing(), [set_(Coded.code, "a")], None, TypeError, "no update of Thing"),
        (Thing(), [inc(Thing.left, 1)], (), TypeError, "empty tuple"),
        (Thing(), [inc(Thing.left, 1)], True, TypeError, "booleans"),
        (Thing(), [inc(Thing.left, 1)], [Thing.left == 1], TypeError, "query"),
        (Thing(), [{"left": 1}], None, ValueError, "replaces none"),
        (Thing(), [Thing.left == 1], None, TypeError, "takes updates"),
    ],
)
async def test_wrong_arguments_send_nothing(
    aio_engine, commands, instance, updates, given, error, text
):
    with pytest.raises(error, match=text):
        await aio_engine.update(instance, *updates, where=given)
    assert commands.names == []


async def test_an_instance_that_was_not_loaded_is_refused(aio_engine, commands):
    class Holder(Model):
        thing: Thing = Reference()

    await aio_engine.save(Holder(thing=Thing()))
    holder = await aio_engine.find_one(Holder, load=())
    commands.clear()
    with pytest.raises(NotLoadedError):
        await aio_engine.update(holder.thing, set_(Thing.left, 1))
    assert commands.names == []


async def test_an_unacknowledged_write_is_refused(odmantic_mongo_uri, aio_engine, thing):
    client = type(aio_engine.client)(odmantic_mongo_uri, w=0)
    engine = type(aio_engine)(client, aio_engine.database_name)
    try:
        with pytest.raises(TypeError, match="w=0"):
            await engine.update(thing, set_(Thing.left, 1))
    finally:
        await client.close()


async def test_a_unique_index_refuses(aio_engine):
    await aio_engine.configure_database([Coded])
    await aio_engine.save(Coded(code="a"))
    coded = await aio_engine.save(Coded(code="b"))
    with pytest.raises(DuplicateKeyError, match="with this code") as caught:
        await aio_engine.update(coded, set_(Coded.code, "a"))
    assert caught.value.instance is coded
    with pytest.raises(DuplicateKeyError):
        async with aio_engine.transaction() as transaction:
            await transaction.update(coded, set_(Coded.code, "c"))
            await transaction.update(coded, set_(Coded.code, "a"))
    assert coded.code == "b"
    assert _dirty(aio_engine, coded) == set()


async def test_values_that_the_model_refuses_are_unknown(aio_engine, raw_database, commands, thing):
    """The document is updated, and the instance as before; a save does not send what it has."""
    with pytest.raises(DocumentParsingError, match="left") as caught:
        await aio_engine.update(thing, {"$set": {"left": "many", "N": "b"}})
    if sys.version_info >= (3, 11):
        assert "updated all the same" in "".join(caught.value.__notes__)
    assert _document(raw_database, thing)["left"] == "many"
    assert (thing.left, thing.name) == (5, "a")
    thing.flags = 3
    commands.clear()
    await aio_engine.save(thing)
    assert commands.started[0].command["updates"][0]["u"] == {"$set": {"flags": 3}}
    assert await aio_engine.update(thing, set_(Thing.left, 1))
    assert thing.left == 1


# --- Kinds of models ------------------------------------------------------------------------------


class Animal(Model, inheritance="single"):
    name: str = ""


class Cat(Animal):
    lives: int = Field(default=9, le=9)


class Loose(Model):
    name: str = ""

    model_config = {"extra": "allow"}


class Checked(Model):
    low: int = 0
    high: int = 10

    @model_validator(mode="after")
    def check(self) -> Any:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Own(Model):
    name: str = ""
    number: int = 0

    @classmethod
    def model_validate_doc(cls, raw_doc: Any) -> Any:
        return super().model_validate_doc({**raw_doc, "name": raw_doc["name"].upper()})


class Note(Model, soft_delete="deleted_at"):
    text: str = ""
    deleted_at: Optional[datetime] = None


async def test_the_class_of_a_hierarchy_has_its_own_documents(aio_engine, raw_database):
    cat, animal = await aio_engine.save_all([Cat(name="c"), Animal(name="a")])
    assert await aio_engine.update(cat, inc(Cat.lives, -1), set_(Animal.name, "d"))
    assert (cat.lives, cat.name, type(cat)) == (8, "d", Cat)
    raw_database["animal"].replace_one(
        {"_id": cat.id}, {**_document(raw_database, animal), "_id": cat.id}
    )
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.update(cat, inc(Cat.lives, -1))


async def test_extras_are_touched_by_their_keys(aio_engine, raw_database):
    loose = await aio_engine.save(Loose(name="a", number=1, other=[1]))
    assert await aio_engine.update(loose, inc(path_of(Loose, "number"), 2), set_(Loose.name, "b"))
    assert (loose.name, loose.number) == ("b", 3)
    assert _dirty(aio_engine, loose) == set()
    assert await aio_engine.update(loose, {"$unset": {"number": ""}, "$push": {"other": 2}})
    assert (loose.model_extra, _dirty(aio_engine, loose)) == ({"other": [1, 2]}, set())
    loose.other.append(3)
    with pytest.raises(UnsavedChangesError):
        await aio_engine.update(loose, {"$push": {"other": 4}})


async def test_validators_see_the_whole_document(aio_engine, raw_database, commands):
    checked = await aio_engine.save(Checked())
    raw_database["checked"].update_one({}, {"$set": {"high": 20}})
    assert await aio_engine.update(checked, inc(Checked.low, 15))
    assert (checked.low, checked.high) == (15, 10)
    with pytest.raises(DocumentParsingError, match="above high"):
        await aio_engine.update(checked, inc(Checked.low, 15))
    assert checked.low == 15


async def test_classes_that_read_themselves_take_updates_in_mongodbs_language(aio_engine):
    own = await aio_engine.save(Own(name="a"))
    assert await aio_engine.update(own, {"$set": {"name": "b"}, "$inc": {"number": 1}})
    assert (own.name, own.number) == ("B", 1)
    with pytest.raises(TypeError, match="cannot know the documents of Own"):
        await aio_engine.update(own, set_(Own.name, "c"))


async def test_a_deleted_document_that_is_kept_is_updated_too(aio_engine):
    note = await aio_engine.save(Note(text="a"))
    await aio_engine.delete(note)
    assert await aio_engine.update(note, set_(Note.text, "b"))
    assert note.text == "b"
    assert note.deleted_at is not None


async def test_stored_properties_are_not_computed(aio_engine):
    class Line(Model):
        qty: int = 1

        @stored()
        @property
        def double(self) -> int:
            return 2 * self.qty

    line = await aio_engine.insert(Line())
    with pytest.warns(StoredFieldsWarning, match="double"):
        assert await aio_engine.update(line, inc(Line.qty, 1))
    assert (line.qty, line.double) == (2, 4)


class Maker(Model):
    name: str


class Part(Model):
    number: int = 0
    maker: Maker = Reference()
    others: list[Maker] = Reference()


async def test_references_are_loaded_as_by_find(aio_engine, commands):
    leaf, bark = await aio_engine.save_all([Maker(name="Leaf"), Maker(name="Bark")])
    part = await aio_engine.save(Part(maker=leaf, others=[]))
    commands.clear()
    assert await aio_engine.update(part, inc(Part.number, 1))
    assert commands.names == ["findAndModify"]
    assert part.maker is leaf
    assert await aio_engine.update(part, set_(Part.maker, bark), push(Part.others, leaf.id, bark))
    assert commands.names == ["findAndModify", "findAndModify", "find"]
    assert (part.maker, part.others) == (bark, [leaf, bark])
    assert _dirty(aio_engine, part) == set()
    assert _dirty(aio_engine, part.maker) == set()
    assert await aio_engine.find_one(Part) == part
    part.maker.name = "mine"
    assert await aio_engine.update(part, set_(Part.maker, bark))
    # The document has nothing new for it, and the change would be lost.
    assert part.maker.name == "mine"


async def test_copies_are_instances_of_their_own(aio_engine, thing):
    copies = [copy.copy(thing), copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))]
    for number, each_ in enumerate(copies):
        assert await aio_engine.update(each_, inc(Thing.left, 1))
        assert each_.left == 6 + number
        again = pickle.loads(pickle.dumps(each_))
        assert (again.left, _dirty(aio_engine, again)) == (each_.left, set())
    assert thing.left == 5


# --- Hooks ----------------------------------------------------------------------------------------

called: list[Any] = []


class Hooked(Model):
    id: int = Field(primary_field=True)
    number: int = Field(default=0, le=50)
    text: str = ""
    at: datetime = Field(default=datetime(1999, 1, 1), on_update=lambda: datetime(2020, 1, 1))

    @hook("before_query_write")
    @classmethod
    def look(cls, event):
        called.append((event.operation, event.instance, event.filter, event.update, event.changes))
        if event.instance.text == "add":
            event.update = (*event.update, set_(cls.text, "hooked"))
        elif event.instance.text == "narrow":
            event.filter = cls.number == 7
        elif event.instance.text == "narrow in place":
            event.filter["number"] = 7
        elif event.instance.text == "add in place":
            event.update["$set"]["text"] = "hooked"

    @hook("after_query_write")
    @classmethod
    def done(cls, event):
        called.append(event.operation)
        if event.instance.number == 41:
            raise RuntimeError("after")

    @hook("before_save")
    def never(self, event):
        assert event.operation != "update"


async def test_hooks_for_writes_by_query_get_the_instance(aio_engine, raw_database):
    called.clear()
    hooked, _ = await aio_engine.save_all([Hooked(id=1), Hooked(id=2, number=7)])
    update = inc(Hooked.number, 1)
    assert await aio_engine.update(hooked, update, where=Hooked.text == "")
    operation, instance, filter_, updates, changes = called[0]
    assert (operation, updates, changes) == ("update", (update,), {"number", "at"})
    assert instance is hooked
    assert [*map(dict, filter_["$and"])] == [{"_id": 1}, {"text": {"$eq": ""}}]
    assert called[1:] == ["update"]
    assert (hooked.number, hooked.at) == (1, datetime(2020, 1, 1))
    assert _dirty(aio_engine, hooked) == set()
    hooked.text = "add"
    await aio_engine.save(hooked)
    with pytest.raises(UnsavedChangesError):
        hooked.number = 3
        await aio_engine.update(hooked, update)
    await aio_engine.save(hooked)
    assert await aio_engine.update(hooked, update)
    assert (hooked.number, hooked.text) == (4, "hooked")
    called.clear()
    hooked.text = "narrow"
    # Whatever the filter says, it is the document of the instance.
    assert not await aio_engine.update(hooked, update)
    assert len(called) == 1
    assert raw_database["hooked"].find_one({"_id": 2})["number"] == 7


async def test_hooks_may_change_filters_and_updates_in_place(aio_engine, raw_database):
    narrowed, added = await aio_engine.save_all(
        [Hooked(id=1, text="narrow in place"), Hooked(id=2, text="add in place")]
    )
    assert not await aio_engine.update(narrowed, inc(Hooked.number, 1))
    assert raw_database["hooked"].find_one({"_id": 1})["number"] == 0
    assert await aio_engine.update(added, {"$set": {"number": 5}})
    assert (added.number, added.text) == (5, "hooked")


async def test_an_error_of_a_hook_after_the_update_dooms_the_transaction(aio_engine):
    hooked = await aio_engine.save(Hooked(id=1, number=40))
    with pytest.raises(TransactionAbortedError):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(RuntimeError, match="after"):
                await transaction.update(hooked, inc(Hooked.number, 1))
    assert hooked.number == 40
    assert _dirty(aio_engine, hooked) == set()


async def test_a_hook_cannot_update_the_instance_that_is_being_saved(aio_engine):
    class Sly(Model):
        number: int = 0

        @hook("before_save")
        async def update_itself(self, event):
            await event.engine.update(self, set_(Sly.number, 1), session=event.session)

    with pytest.raises(RecursionError, match="cannot update"):
        await aio_engine.save(Sly())


# --- Transactions ---------------------------------------------------------------------------------


async def _assign(target, thing):
    thing.left = 20


async def _save(target, thing):
    await target.save(thing)


async def _increment(target, thing):
    before = thing.left
    assert await target.update(thing, inc(Thing.left, 1))
    assert thing.left == before + 1


async def _set(target, thing):
    assert await target.update(thing, set_(Thing.left, 30))


async def _refresh(target, thing):
    await target.refresh(thing, Thing.left, discard=True)


async def _delete(target, thing):
    await target.delete(thing)


async def _insert(target, thing):
    await target.insert(thing)


_CLEAN, _DIRTY = frozenset(), {"left"}


@pytest.mark.parametrize(
    ("before", "inside", "value", "dirty"),
    [
        ([], [_increment], 5, _CLEAN),
        ([], [_increment, _increment, _set, _increment], 5, _CLEAN),
        ([_assign], [_set], 20, _DIRTY),
        ([_assign], [_set, _increment], 20, _DIRTY),
        ([_assign], [_save, _increment], 20, _DIRTY),
        ([], [_increment, _assign], 20, _DIRTY),
        ([], [_increment, _assign, _save], 20, _DIRTY),
        ([], [_increment, _assign, _save, _increment], 20, _DIRTY),
        ([], [_increment, _refresh], 6, _CLEAN),
        ([], [_increment, _delete], 5, _CLEAN),
        ([], [_delete, _insert, _increment], 5, _DIRTY),
    ],
)
async def test_after_a_rollback_the_value_and_what_is_dirty_are_as_before(
    aio_engine, thing, before, inside, value, dirty
):
    for step in before:
        await step(aio_engine, thing)
    tags = thing.tags
    transaction = aio_engine.transaction()
    await transaction.start()
    assert await transaction.update(thing, push(Thing.tags, "y"))
    for step in inside:
        await step(transaction, thing)
    await transaction.abort()
    assert thing.left == value
    assert thing.tags is tags
    assert _dirty(aio_engine, thing) - {"tags"} == dirty
    if _delete not in inside:
        assert "tags" not in _dirty(aio_engine, thing)


@pytest.mark.each_driver
async def test_what_is_committed_stays(aio_engine, raw_database, thing):
    async with aio_engine.transaction() as transaction:
        assert await transaction.update(thing, inc(Thing.left, 1), push(Thing.tags, "y"))
        assert not await transaction.update(thing, inc(Thing.left, 1), where=Thing.left == 5)
        with pytest.raises(UpdateRefusedError):
            await transaction.update(thing, inc(Thing.left, 99))
    assert _dirty(aio_engine, thing) == set()
    assert (thing.left, thing.tags) == (6, ["x", "y"])
    assert _document(raw_database, thing)["left"] == 6


@pytest.mark.parametrize("ends", ["unknown", "committed", "not committed"])
async def test_while_nobody_knows_the_value_stays_and_is_clean(
    aio_engine, raw_database, fail_point, thing, ends
):
    transaction = aio_engine.transaction()
    await transaction.start()
    assert await transaction.update(thing, inc(Thing.left, 1))
    lsid = transaction.get_driver_session().session_id
    with fail_point("commitTransaction", error_code=50), pytest.raises(pymongo.errors.PyMongoError):
        await transaction.commit()
    assert (thing.left, _dirty(aio_engine, thing)) == (6, set())
    if ends == "committed":
        await transaction.commit()
    elif ends == "unknown":
        await transaction.abort()
    else:
        raw_database.client.admin.command({"killSessions": [lsid]})
        with pytest.raises(pymongo.errors.PyMongoError):
            await transaction.commit()
    assert (thing.left, _dirty(aio_engine, thing)) == (5 if ends == "not committed" else 6, set())


async def test_each_attempt_begins_from_the_value_before(
    aio_engine, raw_database, fail_point, thing
):
    seen = []

    async def sell(transaction):
        seen.append(thing.left)
        await transaction.update(thing, inc(Thing.left, -1))
        thing.flags = thing.left
        await transaction.save(thing)
        await transaction.update(thing, inc(Thing.left, -1))
        thing.name = "sold"
        await transaction.save(thing)

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=2):
        await aio_engine.run_transaction(sell)
    assert seen == [5, 5, 5]
    document = _document(raw_database, thing)
    assert (thing.left, document["left"], document["flags"]) == (3, 3, 4)


async def test_a_value_of_the_server_may_be_saved_in_each_attempt(
    aio_engine, raw_database, fail_point, thing
):
    """Somebody else changes it between the attempts."""
    seen = []

    async def work(transaction):
        if seen:
            _change(raw_database, left=50)
        await transaction.update(thing, inc(Thing.left, 1))
        thing.name = "b"
        await transaction.save(thing)
        seen.append(thing.left)
        if len(seen) == 1:
            raise pymongo.errors.OperationFailure("again", 112, {"errorLabels": [TRANSIENT]})

    await aio_engine.run_transaction(work)
    assert seen == [6, 51]
    assert _document(raw_database, thing)["left"] == 51


async def test_a_change_that_would_be_set_twice_stops_the_retry(
    aio_engine, raw_database, fail_point, thing
):
    async def sell(transaction):
        thing.left -= 1
        await transaction.update(thing, set_(Thing.left, thing.left))

    with (
        fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1),
        pytest.raises(UnsafeRetryError),
    ):
        await aio_engine.run_transaction(sell)
    assert _document(raw_database, thing)["left"] == 5


async def test_tracked_objects_have_the_values_before_the_update(aio_engine, fail_point, thing):
    seen = []

    async def work(transaction):
        seen.append(thing.left)
        await transaction.update(thing, inc(Thing.left, 1))
        transaction.track(thing)

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=2):
        await aio_engine.run_transaction(work)
    assert seen == [5, 5, 5]
    assert thing.left == 6


async def test_a_deletion_in_between_does_not_keep_the_value_of_the_server(aio_engine):
    thing = await aio_engine.save(Thing(left=1))
    other = await aio_engine.find_one(Thing)
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.update(thing, inc(Thing.left, 5))
    await transaction.delete(thing)
    # The document comes back, and the instance knows one part of it.
    await transaction.insert(other)
    await transaction.update(thing, set_(Thing.name, "b"))
    thing.flags = 9
    await transaction.abort()
    assert (thing.left, thing.name, thing.flags) == (1, "a", 9)
    assert "flags" in thing.__fields_modified__
    assert "left" not in thing.__fields_modified__


async def test_what_is_read_after_it_in_the_transaction_is_clean_after_a_rollback(
    aio_engine, commands, thing
):
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.update(thing, inc(Thing.left, 1))
    found = await transaction.find_one(Thing)
    copied = copy.copy(thing)
    await transaction.abort()
    assert (found.left, copied.left, thing.left) == (6, 6, 5)
    commands.clear()
    await aio_engine.save_all([found, copied, thing])
    assert commands.names == []


# --- Faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"close_connection": True}, pymongo.errors.AutoReconnect),
        ({"error_code": 11601}, pymongo.errors.OperationFailure),
        ({"error_code": 112}, WriteConflictError),
    ],
    ids=str,
)
@pytest.mark.parametrize("way", ["outside", "inside"])
async def test_a_failed_update_leaves_the_instance_as_it_was(
    aio_engine, raw_database, fail_point, thing, fault, error, way
):
    thing.name = "mine"
    thing.left = 9
    updates = set_(Thing.left, 1), inc(Thing.flags, 1)
    before = dict(vars(thing))
    with fail_point("findAndModify", **fault):
        if way == "outside":
            with pytest.raises(error):
                await aio_engine.update(thing, *updates)
        else:
            with pytest.raises(error):
                async with aio_engine.transaction() as transaction:
                    await transaction.update(thing, *updates)
    assert all(vars(thing)[name] is value for name, value in before.items())
    assert _dirty(aio_engine, thing) == {"name", "left"}
    assert _document(raw_database, thing)["left"] == 5
    assert await aio_engine.update(thing, *updates)
    assert (thing.left, thing.flags) == (1, 2)


async def test_the_driver_sends_it_once_more(aio_engine, raw_database, fail_point, thing):
    with fail_point("findAndModify", times=1, close_connection=True):
        assert await aio_engine.update(thing, inc(Thing.left, 1))
    assert thing.left == _document(raw_database, thing)["left"] == 6


async def test_a_server_that_shuts_down_is_asked_again(
    aio_engine, odmantic_mongo_uri, client_options, raw_database, fail_point, thing
):
    client = type(aio_engine.client)(odmantic_mongo_uri, heartbeatFrequencyMS=500, **client_options)
    engine = type(aio_engine)(client, aio_engine.database_name)
    shut_down = {"error_code": 91, "labels": ("RetryableWriteError",)}
    try:
        with fail_point("findAndModify", times=1, **shut_down):
            assert await engine.update(thing, inc(Thing.left, 1))
        with (
            fail_point("findAndModify", times=2, **shut_down),
            pytest.raises(pymongo.errors.NotPrimaryError),
        ):
            await engine.update(thing, inc(Thing.left, 1))
    finally:
        await client.close()
    assert thing.left == _document(raw_database, thing)["left"] == 6


async def test_a_conflict_in_a_transaction_is_transient(
    aio_engine, raw_database, fail_point, thing
):
    async def work(transaction):
        await transaction.update(thing, inc(Thing.left, 1))

    with fail_point("findAndModify", error_code=112, labels=(TRANSIENT,), times=2):
        await aio_engine.run_transaction(work)
    assert thing.left == _document(raw_database, thing)["left"] == 6


async def test_a_failed_judgement_changes_nothing(aio_engine, fail_point, thing):
    with fail_point("aggregate", error_code=8000), pytest.raises(pymongo.errors.OperationFailure):
        await aio_engine.update(thing, inc(Thing.left, 1), where=Thing.left == 9)
    assert (thing.left, _dirty(aio_engine, thing)) == (5, set())


# --- At the same time -----------------------------------------------------------------------------


async def _together(works):
    """Runs calls of functions at the same time."""
    if ASYNC:
        await asyncio.gather(*(work() for work in works))
    else:
        with ThreadPoolExecutor(8) as threads:
            for running in [threads.submit(work) for work in works]:
                running.result()


async def _begin(work, *arguments, **options):
    """Begins a call, and gives it the time to be sent."""
    if ASYNC:
        running = asyncio.ensure_future(work(*arguments, **options))
    else:
        threads = ThreadPoolExecutor(1)
        running = threads.submit(work, *arguments, **options)
        threads.shutdown(wait=False)
    await sleep(0.04)
    return running


async def _end(running):
    if ASYNC:
        return await running
    else:  # noqa: RET505 - the other colour
        return running.result()


class Tally(Model):
    number: int = 0
    note: int = 0


async def test_a_thousand_increments_sum_up(aio_engine, raw_database):
    tally = await aio_engine.insert(Tally())
    copies = [copy.copy(tally) for _ in range(4)]

    def adding(instance):
        async def add():
            for _ in range(125):
                await aio_engine.update(instance, inc(Tally.number, 1))

        return add

    await _together([adding(instance) for instance in (tally, tally, tally, tally, *copies)])
    assert raw_database["tally"].find_one()["number"] == 1000
    largest = max(each_.number for each_ in (tally, *copies))
    assert largest == 1000
    assert _dirty(aio_engine, tally) == set()
    assert await aio_engine.update(tally, inc(Tally.number, 1))
    assert tally.number == 1001


async def test_saves_and_updates_of_one_instance_lose_nothing(aio_engine, raw_database):
    tally = await aio_engine.insert(Tally())

    async def add():
        for _ in range(20):
            await aio_engine.update(tally, inc(Tally.number, 1))

    async def note():
        for number in range(20):
            tally.note = number + 1
            await aio_engine.save(tally)

    await _together([add, note, add, note])
    assert raw_database["tally"].find_one({}, {"_id": 0}) == {"number": 40, "note": 20}
    assert (tally.number, tally.note, _dirty(aio_engine, tally)) == (40, 20, set())


async def test_what_is_assigned_while_it_is_under_way_is_not_lost(
    aio_engine, raw_database, fail_point, thing
):
    thing.flags = 8
    with fail_point("findAndModify", block_ms=120):
        running = await _begin(
            aio_engine.update,
            thing,
            inc(Thing.left, 1),
            set_(Thing.flags, 9),
            push(Thing.tags, "b"),
        )
        thing.left, thing.flags = 50, 60
        thing.tags.append("mine")
        assert await _end(running)
    assert (thing.left, thing.flags, thing.tags) == (50, 60, ["x", "mine"])
    assert _dirty(aio_engine, thing) == {"left", "flags", "tags"}
    await aio_engine.save(thing)
    document = _document(raw_database, thing)
    assert (document["left"], document["flags"], document["tags"]) == (50, 60, ["x", "mine"])


async def test_a_refresh_waits_for_it(aio_engine, fail_point, thing):
    with fail_point("findAndModify", block_ms=80):
        running = await _begin(aio_engine.update, thing, inc(Thing.left, 1))
        await aio_engine.refresh(thing)
        assert thing.left == 6
        await _end(running)


async def test_who_changes_the_document_in_between_is_no_refusal(
    aio_engine, raw_database, fail_point, commands, thing
):
    """It missed when it was sent, and would match when the reason is asked for."""
    _change(raw_database, left=100)
    with fail_point("aggregate", block_ms=120, times=1):
        running = await _begin(aio_engine.update, thing, inc(Thing.left, 1))
        _change(raw_database, left=7)
        assert await _end(running)
    assert thing.left == 8
    # The second one is for a document without the value.
    assert commands.names == ["findAndModify", "findAndModify", "aggregate", "findAndModify"]
