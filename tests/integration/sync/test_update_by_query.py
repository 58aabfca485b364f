# Generated from tests/integration/aio/test_update_by_query.py by tools/generate_sync.py: do not edit.
"""`update_one` and `update_many`: what is sent, what is changed, and what is refused before anything is sent."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Optional

import pymongo.errors
import pytest
from pydantic import ValidationError
from pymongo import WriteConcern

from odmantic import EmbeddedModel, Field, Model, hook, stored
from odmantic.exceptions import (
    DuplicateKeyError,
    ForeignFieldWarning,
    RawQueryWarning,
    StoredFieldsWarning,
    TransactionAbortedError,
)
from odmantic.path import matched, where
from odmantic.query import desc, exists, raw
from odmantic.update import (
    add_to_set,
    bit,
    inc,
    max_,
    min_,
    mul,
    pop,
    push,
    rename,
    set_,
    set_on_insert,
    unset,
)


class Part(EmbeddedModel):
    name: str = Field(key_name="n")
    count: int = 5


class Thing(Model):
    id: int = Field(primary_field=True)
    name: str = Field(default="", key_name="N")
    left: int = Field(default=0, ge=0)
    level: int = Field(default=3, le=10)
    rate: Decimal = Decimal("1.5")
    flags: int = 5
    tags: list[str] = Field(default=["x"], max_length=3)
    maybe: Optional[int] = 7
    more: list[int] = Field(default=[1, 2], min_length=1, max_length=2)
    parts: list[Part] = []
    main: Optional[Part] = None


class Other(Model):
    name: str


class Coded(Model):
    code: str = Field(unique=True)


def stamp():
    return datetime(2020, 1, 1)


class Stamped(Model):
    id: int = Field(primary_field=True)
    number: int = 0
    at: datetime = Field(default=datetime(1999, 1, 1), key_name="t", on_update=stamp)


class Animal(Model, inheritance="single"):
    name: str
    age: int = 0


class Dog(Animal):
    tricks: int = 0


class Note(Model, soft_delete="deleted_at"):
    id: int = Field(primary_field=True)
    text: str = ""
    deleted_at: Optional[datetime] = None


class Own(Model):
    id: int = Field(primary_field=True)
    name: str = ""

    def model_dump_doc(self, *args: Any, **kwargs: Any) -> Any:
        return {**super().model_dump_doc(*args, **kwargs), "name": self.name.upper()}


@pytest.fixture
def things(sync_engine):
    sync_engine.save_all([Thing(id=number, name=f"n{number}", left=5) for number in range(4)])


def _all(engine, model):
    return [each for each in engine.find(model, sort=model.id)]


def _sent(commands):
    (event,) = commands.started
    (one,) = event.command["updates"]
    return one


# --- Queries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "number"),
    [
        (Thing.id == 1, 1),
        ({"_id": {"$gt": 1}}, 2),
        (raw({"N": "n2"}), 1),
        ((Thing.id > 0, {"N": "n1"}), 1),
        ((Thing.id > 0,), 3),
        ({}, 4),
    ],
)
def test_a_query_is_a_condition_a_dict_or_a_tuple_of_these(things, sync_engine, query, number):
    result = sync_engine.update_many(Thing, query, inc(Thing.left, 1), set_(Thing.name, "b"))
    assert (result.matched_count, result.modified_count, result.upserted_id) == (
        number,
        number,
        None,
    )
    assert sync_engine.count(Thing, Thing.name == "b", Thing.left == 6) == number


def test_update_one_changes_one(things, sync_engine):
    result = sync_engine.update_one(Thing, {}, set_(Thing.name, "b"))
    assert (result.matched_count, result.modified_count) == (1, 1)
    assert sync_engine.count(Thing, Thing.name == "b") == 1
    result = sync_engine.update_one(Thing, Thing.id == 9, set_(Thing.name, "b"))
    assert (result.matched_count, result.modified_count) == (0, 0)


MISUSED = [
    ((), TypeError, "no condition"),
    ([], TypeError, "takes a query before"),
    ([{"_id": 1}], TypeError, "takes a query before"),
    ("x", TypeError, "takes a query before"),
    (None, TypeError, "takes a query before"),
    (inc(Thing.left, 1), TypeError, "takes a query before"),
    (True, TypeError, "booleans"),
    (({}, True), TypeError, "booleans"),
    (({}, inc(Thing.left, 1)), TypeError, "a query has to be"),
]


@pytest.mark.parametrize(("query", "kind", "match"), MISUSED)
def test_what_is_no_query_is_refused(sync_engine, commands, query, kind, match):
    for method in (sync_engine.update_one, sync_engine.update_many):
        with pytest.raises(kind, match=match):
            method(Thing, query, inc(Thing.left, 1))
    assert commands.names == []


def test_there_is_no_update_without_a_query_or_a_model(sync_engine, commands):
    with pytest.raises(TypeError, match="query"):
        sync_engine.update_many(Thing)
    with pytest.raises(ValueError, match="needs changes"):
        sync_engine.update_many(Thing, {})
    with pytest.raises(TypeError, match="Can only call update_one with a Model class"):
        sync_engine.update_one(Thing(id=1), {}, inc(Thing.left, 1))
    with pytest.raises(ValueError, match="without="):
        sync_engine.update_one(Thing, {}, inc(Thing.left, 1), without="scopes")
    assert commands.names == []


# --- Updates --------------------------------------------------------------------------------------


REFUSED = [
    ((set_(Thing.name, "a"), set_(Thing.name, "b")), ValueError, "change one path"),
    ((set_(Thing.name, "a"), {"$set": {"left": 1}}), TypeError, "takes changes such as"),
    (({"$set": {"left": 1}}, {"$set": {"level": 1}}), TypeError, "one dict alone"),
    ((Thing.name == "b",), TypeError, "takes updates such as"),
    ((set_(Other.name, "a"),), TypeError, "no update of Thing"),
    ((set_on_insert(Thing.name, "a"),), TypeError, "upsert"),
    ((inc(Thing.parts[matched].count, 1),), ValueError, r"\[matched\] needs a condition on 'parts'"),
    (({"left": 1},), ValueError, "is no operator"),
    (({"$set": {"left": 1}, "left": 1},), ValueError, "is no operator"),
    (({},), ValueError, "there is no operator"),
    (([],), ValueError, "without stages"),
    ((["x"],), TypeError, "list of stages"),
    (([Thing.name == "b"],), TypeError, "list of stages"),
    (("x",), TypeError, "takes updates such as"),
    ((None,), TypeError, "takes updates such as"),
]  # fmt: skip


@pytest.mark.parametrize(("updates", "kind", "match"), REFUSED)
def test_what_is_no_update_is_refused(sync_engine, commands, updates, kind, match):
    for method in (sync_engine.update_one, sync_engine.update_many):
        with pytest.raises(kind, match=match):
            method(Thing, Thing.id == 1, *updates)
    assert commands.names == []


def test_a_value_that_does_not_fit_is_pydantics_error():
    with pytest.raises(ValidationError, match=r"set_ Thing\.left"):
        set_(Thing.left, -1)


def test_bounds_are_conditions_besides_the_query(sync_engine, commands):
    sync_engine.update_one(Thing, Thing.id == 1, inc(Thing.left, -3))
    conditions = [{"_id": {"$eq": 1}}, {"left": {"$exists": True}}, {"left": {"$not": {"$lt": 3}}}]
    assert [*_sent(commands)["q"]["$and"]] == conditions
    assert _sent(commands)["u"] == {"$inc": {"left": -3}}


def test_the_item_that_the_query_met(things, sync_engine, commands):
    parts = [Part(name="a"), Part(name="b")]
    sync_engine.update_one(Thing, Thing.id == 1, set_(Thing.parts, parts))
    query = (Thing.id == 1, (Thing.parts.name == "b") & (Thing.left > 0))
    for other in (
        push(Thing.tags, "z"),
        add_to_set(Thing.tags, "x"),
        pop(Thing.more),
        push(Thing.more, 3),
    ):
        result = sync_engine.update_one(Thing, query, inc(Thing.parts[matched].count, 1), other)
        assert result.matched_count == 1, other
    thing = sync_engine.find_one(Thing, Thing.id == 1)
    assert [part.count for part in thing.parts] == [5, 9]


def test_array_filters_of_items(things, sync_engine):
    parts = [Part(name="a"), Part(name="b")]
    sync_engine.update_many(Thing, {}, set_(Thing.parts, parts))
    update = inc(Thing.parts[where(Part.name == "a")].count, 1)
    for options in ({}, {"sort": Thing.id}):
        sync_engine.update_one(Thing, {}, update, **options)
    thing = sync_engine.find_one(Thing, Thing.id == 0)
    assert [part.count for part in thing.parts] == [7, 5]


# --- Updates in MongoDB's language ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("update", "options"),
    [
        ({"$set": {"parts.$[p].count": 8}}, {"array_filters": [{"p.n": "a"}]}),
        (raw({"$set": {"parts.0.count": 8}}), {}),
        ([{"$set": {"parts": [{"n": "a", "count": {"$add": [7, 1]}}]}}], {}),
        ([raw({"$set": {"parts": [{"n": "a", "count": 8}]}})], {}),
    ],
)
def test_an_update_in_mongodbs_language(things, sync_engine, update, options):
    sync_engine.update_one(Thing, Thing.id == 1, push(Thing.parts, Part(name="a")))
    for method in (sync_engine.update_one, sync_engine.update_many):
        method(Thing, Thing.id == 1, update, **options)
    assert sync_engine.find_one(Thing, Thing.id == 1).parts[0].count == 8


@pytest.mark.parametrize(
    ("updates", "array_filters"),
    [
        ((inc(Thing.left, 1),), [{"p.n": "a"}]),
        (([{"$set": {"left": 1}}],), [{"p.n": "a"}]),
        (({"$set": {"left": 1}},), {"p.n": "a"}),
        (({"$set": {"left": 1}},), ["p"]),
    ],
)
def test_array_filters_belong_to_a_dict(sync_engine, commands, updates, array_filters):
    with pytest.raises(TypeError, match="array_filters="):
        sync_engine.update_one(Thing, {}, *updates, array_filters=array_filters)
    assert commands.names == []


def test_the_policy_for_mongodbs_language_counts_for_updates(sync_engine, commands):
    def make(policy):
        return type(sync_engine)(sync_engine.client, sync_engine.database_name, raw_queries=policy)

    strict, query = make("forbid"), Thing.id == 1
    for updates, options in [
        (({"$set": {"left": 1}},), {}),
        (([{"$set": {"left": 1}}],), {}),
        ((raw({"$set": {"parts.$[p].count": 8}}),), {"array_filters": [{"p.n": "a"}]}),
    ]:
        with pytest.raises(TypeError, match="forbid"):
            strict.update_one(Thing, query, *updates, **options)
    with pytest.raises(TypeError, match="forbid"):
        strict.update_one(Thing, {"_id": 1}, inc(Thing.left, 1))
    assert commands.names == []
    strict.update_one(Thing, query, raw({"$set": {"left": 1}}))
    strict.update_one(Thing, query, inc(Thing.level, 1))
    strict.update_one(Thing, query, [raw({"$set": {"left": 1}})])
    with pytest.warns(RawQueryWarning):
        make("warn").update_one(Thing, query, {"$set": {"left": 1}})
    code = {"$function": {"body": "function() { return 1 }", "args": [], "lang": "js"}}
    with pytest.warns(RawQueryWarning, match="run code"):
        sync_engine.update_one(Thing, query, [{"$set": {"left": code}}])


def test_a_value_in_a_stage_is_the_programs(things, sync_engine):
    """In built updates a text that begins with `$` is a text."""
    sync_engine.update_one(Thing, Thing.id == 1, set_(Thing.name, "$left"))
    assert sync_engine.find_one(Thing, Thing.id == 1).name == "$left"


# --- Defaults -------------------------------------------------------------------------------------

STARTED = [
    (inc(Thing.level, 2), lambda thing: thing.level, 5),
    (inc(Thing.level, 7), lambda thing: thing.level, 10),
    (mul(Thing.level, 2), lambda thing: thing.level, 6),
    (inc(Thing.rate, Decimal("0.1")), lambda thing: thing.rate, Decimal("1.6")),
    (mul(Thing.rate, 2), lambda thing: thing.rate, Decimal("3.0")),
    (min_(Thing.level, 2), lambda thing: thing.level, 2),
    (min_(Thing.level, 4), lambda thing: thing.level, 3),
    (max_(Thing.level, 4), lambda thing: thing.level, 4),
    (max_(Thing.rate, Decimal("1.25")), lambda thing: thing.rate, Decimal("1.5")),
    (max_(Thing.name, "é"), lambda thing: thing.name, "é"),
    (bit(Thing.flags, and_=4), lambda thing: thing.flags, 4),
    (bit(Thing.flags, or_=2), lambda thing: thing.flags, 7),
    (bit(Thing.flags, xor=1), lambda thing: thing.flags, 4),
    (push(Thing.tags, "a", "b"), lambda thing: thing.tags, ["x", "a", "b"]),
    (push(Thing.tags, "a", position=0, slice=1), lambda thing: thing.tags, ["a"]),
    (push(Thing.tags, "y", "a", sort=-1), lambda thing: thing.tags, ["y", "x", "a"]),
    (push(Thing.tags, "y", "a", slice=-2), lambda thing: thing.tags, ["y", "a"]),
    (add_to_set(Thing.tags, "x", "a", "a"), lambda thing: thing.tags, ["x", "a"]),
    (inc(Thing.maybe, 1), lambda thing: thing.maybe, 8),
]


def test_a_value_that_is_missing_starts_with_the_default(sync_engine, raw_database):
    collection = raw_database["thing"]
    for update, look, expected in STARTED:
        for method in (sync_engine.update_one, sync_engine.update_many):
            collection.delete_many({})
            collection.insert_one({"_id": 1})
            result = method(Thing, Thing.id == 1, update)
            assert (result.matched_count, result.modified_count) == (1, 1), update
            assert look(sync_engine.find_one(Thing)) == expected, update


@pytest.mark.parametrize(
    ("update", "document"),
    [
        (inc(Thing.level, 8), {}),
        (inc(Thing.left, -1), {}),
        (push(Thing.tags, "a", "b", "c"), {}),
        (inc(Thing.maybe, 1), {"maybe": None}),
        (inc(Thing.main.count, 1), {}),
    ],
)
def test_what_would_not_fit_is_left_as_it_is(sync_engine, update, document, raw_database):
    collection = raw_database["thing"]
    collection.insert_one({"_id": 1, **document})
    for method in (sync_engine.update_one, sync_engine.update_many):
        assert method(Thing, {}, update).matched_count == 0
    assert collection.find_one() == {"_id": 1, **document}


def test_a_missing_value_in_an_embedded_object(sync_engine, raw_database):
    collection = raw_database["thing"]
    collection.insert_one({"_id": 1, "main": {"n": "a"}})
    assert sync_engine.update_one(Thing, {}, inc(Thing.main.count, 1)).matched_count == 1
    assert (collection.find_one())["main"] == {"n": "a", "count": 6}


def test_many_documents_are_changed_once_each(sync_engine, raw_database):
    collection = raw_database["thing"]
    documents = [
        {"_id": 1}, {"_id": 2, "level": 1}, {"_id": 3, "flags": 1}, {"_id": 4, "level": 1, "flags": 1},
    ]  # fmt: skip
    collection.insert_many(documents)
    updates = (inc(Thing.level, 1), inc(Thing.flags, 1), set_(Thing.name, "new"))
    result = sync_engine.update_many(Thing, {}, *updates)
    assert (result.matched_count, result.modified_count) == (4, 4)
    things = _all(sync_engine, Thing)
    assert [(each.level, each.flags, each.name) for each in things] == [
        (4, 6, "new"), (2, 6, "new"), (4, 2, "new"), (2, 2, "new"),
    ]  # fmt: skip


def test_one_document_is_changed_though_others_lack_the_value(sync_engine, commands, raw_database):
    raw_database["thing"].insert_many([{"_id": 1}, {"_id": 2, "level": 1}, {"_id": 3}])
    for number in (1, 2, 3):
        result = sync_engine.update_one(Thing, exists(Thing.name, False), inc(Thing.level, 1), set_(Thing.name, "b"))  # fmt: skip
        assert result.matched_count == 1
        assert sync_engine.count(Thing, Thing.name == "b") == number
    things = _all(sync_engine, Thing)
    assert [each.level for each in things] == [4, 2, 4]


def test_too_many_defaults_in_one_call(sync_engine, commands):
    updates = (
        inc(Thing.level, 1),
        mul(Thing.rate, 1),
        bit(Thing.flags, or_=1),
        push(Thing.tags, "a"),
    )
    sync_engine.update_many(Thing, {}, *updates)
    assert len(commands.started) == 16
    with pytest.raises(ValueError, match="make several calls"):
        sync_engine.update_many(Thing, {}, *updates, inc(Thing.maybe, 1))


# --- What the model adds ----------------------------------------------------------------------------


def test_only_documents_of_the_class_are_changed(sync_engine, raw_database):
    sync_engine.save_all([Animal(name="a"), Dog(name="d"), Dog(name="e")])
    assert sync_engine.update_many(Dog, {}, set_(Dog.tricks, 1)).matched_count == 2
    query = {"$or": [{"name": "a"}, {"name": "d"}]}
    assert sync_engine.update_many(Dog, query, inc(Animal.age, 1)).matched_count == 1
    assert sync_engine.update_many(Animal, {}, inc(Animal.age, 1)).matched_count == 3
    with pytest.raises(TypeError, match="use a field of Animal"):
        sync_engine.update_many(Animal, {}, set_(Dog.tricks, 1))
    assert sync_engine.update_many(Animal, {}, set_(Dog.age, 5)).matched_count == 3
    assert [each.age for each in _all(sync_engine, Animal)] == [5, 5, 5]


def test_deleted_documents_are_left_alone(sync_engine, raw_database):
    notes = sync_engine.save_all([Note(id=1), Note(id=2)])
    sync_engine.delete(notes[0])
    query = {"$or": [{"_id": 1}, {"_id": 2}]}
    assert sync_engine.update_many(Note, query, set_(Note.text, "a")).matched_count == 1
    for method, number in ((sync_engine.update_one, 1), (sync_engine.update_many, 2)):
        result = method(Note, query, set_(Note.text, "b"), without="soft_delete")
        assert result.matched_count == number


@pytest.mark.parametrize(
    "updates",
    [
        (inc(Stamped.number, 1),),
        ({"$inc": {"number": 1}},),
        ({"$inc": {"number": 1}, "$set": {"x": 1}},),
        ([{"$set": {"number": 1}}],),
    ],
)
def test_on_update_is_set_besides(sync_engine, updates, raw_database):
    raw_database["stamped"].insert_one({"_id": 1, "t": datetime(2000, 1, 1)})
    for method in (sync_engine.update_one, sync_engine.update_many):
        method(Stamped, {}, *updates)
    found = sync_engine.find_one(Stamped)
    assert found.at == stamp()
    assert found.number > 0


@pytest.mark.parametrize(
    "updates",
    [
        (set_(Stamped.at, datetime(2001, 1, 1)),),
        (unset(Stamped.at),),
        (rename(Stamped.at, "other"),),
        ({"$set": {"t": datetime(2001, 1, 1)}},),
        ({"$rename": {"x": "t"}},),
        ([{"$set": {"t": datetime(2001, 1, 1)}}],),
        ([{"$unset": "t"}],),
        ([{"$unset": ["t"]}],),
    ],
)
def test_on_update_is_not_set_where_the_update_names_the_field(sync_engine, updates, raw_database):
    raw_database["stamped"].insert_one({"_id": 1, "x": datetime(2002, 1, 1)})
    sync_engine.update_one(Stamped, {}, *updates)
    assert sync_engine.find_one(Stamped).at != stamp()


def test_stored_properties_are_not_computed(sync_engine):
    class Box(Model):
        side: int = 1

        @stored()
        @property
        def area(self) -> int:
            return self.side**2

    with pytest.warns(StoredFieldsWarning, match="update_one .* area"):
        sync_engine.update_one(Box, {}, set_(Box.side, 2))


def test_a_field_of_another_model_in_the_query(sync_engine):
    with pytest.warns(ForeignFieldWarning):
        sync_engine.update_one(Thing, Other.name == "a", inc(Thing.left, 1))


def test_a_model_with_documents_of_its_own_takes_raw_updates(sync_engine):
    sync_engine.save(Own(id=1, name="a"))
    with pytest.raises(TypeError, match="makes or reads them itself"):
        set_(Own.name, "b")
    assert sync_engine.update_one(Own, Own.id == 1, {"$set": {"name": "B"}}).modified_count
    assert sync_engine.find_one(Own).name == "B"


# --- One of several ---------------------------------------------------------------------------------


def test_the_first_one_in_order_is_updated(things, sync_engine, commands):
    commands.clear()
    for sort in (desc(Thing.id), (desc(Thing.left), Thing.id)):
        result = sync_engine.update_one(Thing, Thing.id > 0, inc(Thing.left, 1), sort=sort)
        assert (result.matched_count, result.modified_count) == (1, 1)
    assert commands.names == ["findAndModify"] * 2
    assert sync_engine.find_one(Thing, Thing.id == 3).left == 7
    result = sync_engine.update_one(Thing, Thing.id > 9, inc(Thing.left, 1), sort=Thing.id)
    assert (result.matched_count, result.modified_count) == (0, 0)


def test_a_sort_order_may_meet_documents_without_the_value(sync_engine, raw_database):
    raw_database["thing"].insert_many([{"_id": 1}, {"_id": 2}])
    sync_engine.update_one(Thing, {}, inc(Thing.level, 1), sort=desc(Thing.id))
    assert sync_engine.find_one(Thing, Thing.id == 2).level == 4


def test_what_is_no_sort_order_is_refused(sync_engine, commands):
    with pytest.raises(TypeError, match="sort has to be"):
        sync_engine.update_one(Thing, {}, inc(Thing.left, 1), sort="id")
    assert commands.names == []


# --- Errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["update_one", "update_many", "sort"])
def test_a_duplicate_names_the_model(sync_engine, way):
    sync_engine.configure_database([Coded])
    sync_engine.save_all([Coded(code="a"), Coded(code="b")])
    method = sync_engine.update_many if way == "update_many" else sync_engine.update_one
    options = {"sort": Coded.code} if way == "sort" else {}
    with pytest.raises(DuplicateKeyError, match="Coded with this code exists already") as caught:
        method(Coded, Coded.code == "a", set_(Coded.code, "b"), **options)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert (error.instance, error.model, error.fields) == (None, Coded, ("code",))
        assert isinstance(error.driver_error, pymongo.errors.DuplicateKeyError)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes since Python 3.11")
def test_another_error_is_the_drivers_with_a_note(things, sync_engine):
    with pytest.raises(pymongo.errors.WriteError) as caught:
        sync_engine.update_many(Thing, {}, {"$inc": {"N": 1}})
    assert caught.value.code == 14
    assert "odmantic: in update_many of Thing" in caught.value.__notes__


# --- Hooks ------------------------------------------------------------------------------------------

called = []


class Hooked(Model, soft_delete="deleted_at"):
    id: int = Field(primary_field=True)
    number: int = Field(default=0, le=5)
    text: str = ""
    deleted_at: Optional[datetime] = None

    @hook("before_query_write")
    @classmethod
    def look(cls, event):
        called.append((event.operation, event.filter, event.update, event.instance, event.changes))
        if event.filter == {"_id": 1}:
            event.filter = cls.id >= 2
        if isinstance(event.update, tuple):
            event.update = (*event.update, set_(cls.text, "hooked"))
        else:
            event.update = {"$set": {"text": "raw"}}

    @hook("after_query_write")
    @classmethod
    def done(cls, event):
        called.append(event.operation)
        if event.filter == {"number": -1}:
            raise RuntimeError("after")


def test_hooks_see_and_may_replace_query_and_update(sync_engine):
    called.clear()
    hooked = [Hooked(id=number) for number in range(4)]
    sync_engine.save_all(hooked)
    sync_engine.delete(hooked[3])
    update = inc(Hooked.number, 1)
    result = sync_engine.update_many(Hooked, {"_id": 1}, update)
    assert result.matched_count == 1
    assert called == [
        ("update_many", {"_id": 1}, (update,), None, frozenset({"number"})),
        "update_many",
    ]
    found = sync_engine.find_one(Hooked, Hooked.id == 2)
    assert (found.number, found.text) == (1, "hooked")
    raw_update = {"$set": {"number": 2}}
    sync_engine.update_one(Hooked, {"_id": 2}, raw_update)
    assert called[2][2] == raw_update
    found = sync_engine.find_one(Hooked, Hooked.id == 2)
    assert (found.number, found.text) == (1, "raw")


def test_an_error_of_a_hook_after_the_update_dooms_the_transaction(sync_engine):
    sync_engine.save(Hooked(id=7, number=-1))
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with pytest.raises(RuntimeError, match="after"):
                transaction.update_one(Hooked, {"number": -1}, inc(Hooked.number, 1))
    assert sync_engine.find_one(Hooked).number == -1


# --- Transactions -----------------------------------------------------------------------------------


def test_a_rollback_undoes_it_and_later_saves_send_only_what_was_assigned(
    things, sync_engine, commands
):
    before = sync_engine.find_one(Thing, Thing.id == 1)
    with pytest.raises(RuntimeError, match="back"):
        with sync_engine.transaction() as transaction:
            transaction.update_many(Thing, {}, inc(Thing.left, 1), push(Thing.tags, "b"))
            transaction.update_one(Thing, {}, inc(Thing.left, 1), sort=desc(Thing.id))
            inside = transaction.find_one(Thing, Thing.id == 1)
            raise RuntimeError("back")
    assert (inside.left, inside.tags, before.left) == (6, ["x", "b"], 5)
    commands.clear()
    sync_engine.save_all([inside, before])
    assert commands.names == []
    inside.name = "assigned"
    sync_engine.save(inside)
    assert _sent(commands)["u"] == {"$set": {"N": "assigned"}}
    found = sync_engine.find_one(Thing, Thing.id == 1)
    assert (found.name, found.left, found.tags) == ("assigned", 5, ["x"])


def test_a_repeated_call_is_in_the_transaction_too(sync_engine, raw_database):
    raw_database["thing"].insert_one({"_id": 1})
    with pytest.raises(RuntimeError, match="back"):
        with sync_engine.transaction() as transaction:
            result = transaction.update_one(Thing, {}, inc(Thing.level, 1))
            assert result.matched_count == 1
            raise RuntimeError("back")
    assert (raw_database["thing"].find_one()) == {"_id": 1}


def test_each_attempt_begins_from_the_documents(things, sync_engine, fail_point):
    def work(transaction):
        transaction.update_many(Thing, {}, inc(Thing.left, 1))

    with fail_point(
        "commitTransaction", error_code=112, labels=("TransientTransactionError",), times=1
    ):
        sync_engine.run_transaction(work)
    assert [each.left for each in _all(sync_engine, Thing)] == [6] * 4


def test_an_unacknowledged_update(odmantic_mongo_uri, sync_engine):
    client = type(sync_engine.client)(odmantic_mongo_uri, w=0)
    engine = type(sync_engine)(client, sync_engine.database_name)
    try:
        result = engine.update_many(Thing, {}, set_(Thing.name, "a"))
        assert result.acknowledged is False
        for updates, options in (
            ((inc(Thing.level, 1),), {}),
            ((set_(Thing.name, "a"),), {"sort": Thing.id}),
        ):
            with pytest.raises(TypeError, match="w=0"):
                engine.update_one(Thing, {}, *updates, **options)
    finally:
        client.close()


def test_queries_are_mappings():
    assert isinstance(Thing.id == 1, Mapping)


# --- Options --------------------------------------------------------------------------------------


OPTIONS = {
    "hint": "_id_",
    "collation": {"locale": "de"},
    "comment": "why",
    "bypass_document_validation": True,
    "write_concern": WriteConcern(w="majority"),
}


@pytest.mark.parametrize("place", ["engine", "session"])
@pytest.mark.parametrize("method", ["update_one", "update_many", "sorted"])
def test_options_reach_every_command_of_the_call(
    sync_engine, things, raw_database, commands, method, place
):
    raw_database[Thing.__collection__].update_many({}, {"$unset": {"level": ""}})
    commands.clear()
    sort = {"sort": desc(Thing.id)} if method == "sorted" else {}
    name = "update_one" if method == "sorted" else method
    with sync_engine.session() as session:
        target = session if place == "session" else sync_engine
        result = getattr(target, name)(Thing, Thing.id > -1, inc(Thing.level, 1), **OPTIONS, **sort)
    assert result.matched_count == (4 if name == "update_many" else 1)
    assert len(commands.started) == 2  # the second one is for documents without a level
    for event in commands.started:
        command = event.command
        one = command if method == "sorted" else command["updates"][0]
        assert (one["hint"], one["collation"]) == ("_id_", {"locale": "de"})
        assert command["comment"] == "why"
        assert command["bypassDocumentValidation"] is True
        assert command["writeConcern"] == {"w": "majority"}


def test_variables_are_values(sync_engine, things):
    result = sync_engine.update_many(
        Thing,
        ({"$expr": {"$eq": ["$N", "$$wanted"]}}),
        [{"$set": {"N": "$$new"}}],
        let={"wanted": "n1", "new": "$left"},
    )
    assert result.matched_count == 1
    assert sync_engine.count(Thing, Thing.name == "$left") == 1


def test_wrong_options_send_nothing(sync_engine, commands):
    with sync_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="update_many of Thing cannot take write_concern="):
            transaction.update_many(Thing, {}, set_(Thing.name, "a"), write_concern=WriteConcern(1))
        options: dict[str, Any] = {"upser": True}
        with pytest.raises(TypeError, match="update_one of Thing has no option 'upser'"):
            transaction.update_one(Thing, {}, set_(Thing.name, "a"), **options)
    assert commands.names == []


def test_a_call_need_not_wait_for_an_answer(sync_engine, things):
    result = sync_engine.update_one(
        Thing, Thing.id == 1, set_(Thing.name, "a"), write_concern=WriteConcern(w=0)
    )
    assert result.acknowledged is False
    with pytest.raises(TypeError, match="w=0"):
        sync_engine.update_one(Thing, {}, inc(Thing.level, 1), write_concern=WriteConcern(w=0))
