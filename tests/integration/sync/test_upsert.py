# Generated from tests/integration/aio/test_upsert.py by tools/generate_sync.py: do not edit.
"""`upsert=` of updates by query: what is inserted, what is refused, and upserts at the same time."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Optional

import pytest
from bson import ObjectId
from pydantic import ValidationError, model_validator
from pymongo import WriteConcern

from odmantic import EmbeddedModel, Field, Model, Reference, hook, stored
from odmantic.exceptions import (
    DuplicateKeyError,
    NotLoadedError,
    StoredFieldsWarning,
    WriteConflictError,
)
from odmantic.path import each, matched, where
from odmantic.update import (
    add_to_set,
    current_date,
    inc,
    pull,
    push,
    rename,
    set_,
    set_on_insert,
    unset,
)


class Address(EmbeddedModel):
    city: str = Field(key_name="c")
    code: str = Field(default="0", key_name="z")


class Line(EmbeddedModel):
    sku: str
    count: int = 0


class User(Model):
    email: str = Field(unique=True)
    name: str
    age: int = Field(default=0, ge=0, le=150)
    tags: list[str] = Field(default=[], max_length=3)
    prefs: dict[str, str] = {}
    home: Optional[Address] = None
    lines: list[Line] = []
    seen: Optional[datetime] = None
    nick: Optional[str] = Field(default=None, store_none=False)


class Counter(Model):
    key: str = Field(unique=True)
    number: int = 0
    level: int = Field(default=3, le=6)
    names: list[str] = ["a"]


class Animal(Model, inheritance="single"):
    name: str
    age: int = 0


class Dog(Animal):
    tricks: int = 1


class Note(Model, soft_delete="deleted_at"):
    text: str
    deleted_at: Optional[datetime] = None


class Stamped(Model):
    key: str
    made: datetime = Field(default=datetime(1999, 1, 1), on_insert=lambda: datetime(2020, 1, 1))
    changed: datetime = Field(default=datetime(1999, 1, 1), on_update=lambda: datetime(2021, 1, 1))


class Post(Model):
    author: User = Reference()
    text: str = ""


class Own(Model):
    key: str
    name: str = "x"

    def model_dump_doc(self, *args: Any, **kwargs: Any) -> Any:
        return {**super().model_dump_doc(*args, **kwargs), "name": self.name.upper()}


class Span(Model):
    start: int
    end: int

    @model_validator(mode="after")
    def check(self):
        if self.end < self.start:
            raise ValueError("ends before it starts")
        return self


class Shown(Model):
    first: str
    last: str = "Doe"

    @stored()
    @property
    def whole(self) -> str:
        return f"{self.first} {self.last}"


ADA = User.email == "ada"


def _upsert(engine, model, *arguments, **words):
    """Return what is in the collection after an upsert of it while it was empty."""
    result = engine.update_one(model, *arguments, **words)
    assert result.matched_count == 0
    (found,) = [one for one in engine.find(model)]
    assert result.upserted_id == found.id
    return found


# --- What is inserted -----------------------------------------------------------------------------


def test_a_document_is_complete(sync_engine):
    found = _upsert(sync_engine, User, (ADA, User.name == "Ada"), inc(User.age, 1), upsert=True)
    expected = User(id=found.id, email="ada", name="Ada", age=1)
    assert found == expected
    result = sync_engine.update_one(User, ADA, inc(User.age, 1), upsert=found)
    assert (result.matched_count, result.upserted_id) == (1, None)
    assert sync_engine.find_one(User, ADA).age == 2


def test_an_instance_says_what_it_is_made_of_and_stays_new(sync_engine):
    ada = User(email="ada", name="Ada", age=7, home=Address(city="Ulm"), prefs={"a": "b"})
    found = _upsert(
        sync_engine, User, ADA, current_date(User.seen), set_(User.prefs["c"], "d"), upsert=ada
    )
    assert found.id == ada.id
    assert (found.name, found.age, found.home, found.prefs) == (
        "Ada",
        7,
        ada.home,
        {"a": "b", "c": "d"},
    )
    assert found.seen is not None
    assert ada.seen is None
    with pytest.raises(DuplicateKeyError):
        sync_engine.insert(ada)


def test_one_command_inserts(sync_engine, commands):
    sync_engine.update_one(
        User, ADA, inc(User.age, 1, bounded=False), upsert=User(email="ada", name="A")
    )
    assert commands.names == ["update"]
    (one,) = commands.started[0].command["updates"]
    assert one["upsert"] is True
    assert one["u"]["$inc"] == {"age": 1}
    assert "age" not in one["u"]["$setOnInsert"]
    assert "email" not in one["u"]["$setOnInsert"]
    assert "nick" not in one["u"]["$setOnInsert"]


def test_objects_that_are_entered_are_completed(sync_engine):
    query = ADA, User.home.city == "Ulm"
    found = _upsert(sync_engine, User, query, set_(User.name, "A"), upsert=True)
    assert found.home == Address(city="Ulm", code="0")
    assert sync_engine.count(User, *query) == 1


def test_updates_begin_with_defaults(sync_engine):
    query = Counter.key == "k"
    changes = inc(Counter.level, 1), push(Counter.names, "b"), inc(Counter.number, 2)
    found = _upsert(sync_engine, Counter, query, *changes, upsert=True)
    assert (found.level, found.names, found.number) == (4, ["a", "b"], 2)
    sync_engine.update_one(Counter, query, *changes, upsert=True)
    found = sync_engine.find_one(Counter)
    assert (found.level, found.names, found.number) == (5, ["a", "b", "b"], 4)


def test_a_document_at_its_bounds_gets_no_other_one_beside_it(sync_engine, raw_database):
    query = Counter.key == "k"
    for method in (sync_engine.update_one, sync_engine.update_many):
        for _ in range(4):
            result = method(Counter, query, inc(Counter.level, 1), upsert=True)
            assert (result.matched_count, result.upserted_id is not None) in (
                (0, True),
                (1, False),
                (0, False),
            )
        assert (result.matched_count, result.upserted_id) == (0, None)
        (document,) = raw_database[Counter.__collection__].find()
        assert document["level"] == 6
    # Nor does one that lacks the value.
    raw_database[Counter.__collection__].update_one({}, {"$unset": {"level": ""}})
    sync_engine.update_one(Counter, query, inc(Counter.level, 1), upsert=True)
    (document,) = raw_database[Counter.__collection__].find()
    assert document["level"] == 4


def test_the_first_one_by_a_sort_order(sync_engine):
    query = Counter.number == 5
    found = _upsert(
        sync_engine, Counter, query, set_(Counter.key, "k"), upsert=True, sort=Counter.key
    )
    assert found.key == "k"
    result = sync_engine.update_one(
        Counter, query, set_(Counter.key, "l"), upsert=True, sort=Counter.key
    )
    assert (result.matched_count, result.upserted_id) == (1, None)
    found = sync_engine.update_one(
        Counter, Counter.key == "m", inc(Counter.level, 1), upsert=True, sort=Counter.key
    )
    assert found.upserted_id is not None


def test_a_hierarchy(sync_engine, raw_database):
    sync_engine.update_one(Dog, Dog.name == "Rex", inc(Dog.age, 1), upsert=True)
    sync_engine.update_one(Animal, Animal.name == "Tom", inc(Animal.age, 1), upsert=True)
    sync_engine.update_one(
        Animal, Animal.name == "Ben", inc(Animal.age, 1), upsert=Dog(name="Ben", tricks=2)
    )
    found = {each.name: each for each in sync_engine.find(Animal)}
    assert {name: type(each) for name, each in found.items()} == {
        "Rex": Dog,
        "Tom": Animal,
        "Ben": Dog,
    }
    assert (found["Rex"].tricks, found["Ben"].tricks) == (1, 2)


def test_soft_deletion(sync_engine):
    query = Note.text == "a"
    first = _upsert(sync_engine, Note, query, set_(Note.text, "a"), upsert=True)
    sync_engine.delete(first)
    result = sync_engine.update_one(Note, query, set_(Note.text, "a"), upsert=True)
    assert result.upserted_id is not None
    with pytest.raises(ValueError, match="another value of 'deleted_at'"):
        sync_engine.update_one(
            Note,
            query,
            set_(Note.text, "a"),
            upsert=Note(text="a", deleted_at=datetime(2020, 1, 1)),
        )


def test_values_of_functions(sync_engine):
    query = Stamped.key == "a"
    for upsert in (True, Stamped(key="a")):
        found = _upsert(sync_engine, Stamped, query, set_(Stamped.key, "a"), upsert=upsert)
        assert (found.made, found.changed) == (datetime(2020, 1, 1), datetime(2021, 1, 1))
        sync_engine.delete(found)
    given = Stamped(key="a", made=datetime(2000, 1, 1))
    found = _upsert(sync_engine, Stamped, query, set_(Stamped.key, "a"), upsert=given)
    assert found.made == datetime(2000, 1, 1)


def test_references(sync_engine):
    ada = sync_engine.save(User(email="ada", name="Ada"))
    for number, (query, upsert) in enumerate(
        [
            ((Post.author == ada, Post.text == "0"), True),
            (Post.text == "1", Post(author=ada, text="1")),
        ]
    ):
        sync_engine.update_one(Post, query, set_(Post.text, str(number)), upsert=upsert)
        found = sync_engine.find_one(Post, Post.text == str(number))
        assert found.author.id == ada.id


def test_stored_properties_of_what_is_inserted(sync_engine, raw_database):
    for upsert in (True, Shown(first="Ada")):
        with pytest.warns(StoredFieldsWarning):
            sync_engine.update_one(
                Shown, Shown.first == "Ada", set_(Shown.last, "Low"), upsert=upsert
            )
        document = raw_database[Shown.__collection__].find_one_and_delete({})
        assert document["whole"] == "Ada Low"


def test_a_primary_key(sync_engine):
    key = ObjectId()
    found = _upsert(
        sync_engine,
        User,
        (ADA, User.id == key),
        set_(User.age, 1),
        upsert=User(email="ada", name="A"),
    )
    assert found.id == key
    with pytest.raises(ValueError, match="another value of '_id'"):
        sync_engine.update_one(
            User, User.id == key, set_(User.age, 1), upsert=User(id=ObjectId(), email="a", name="A")
        )


def test_updates_in_mongodbs_language(sync_engine):
    query = {"$and": [{"email": "ada"}, {"name": {"$in": ["A"]}}]}
    found = _upsert(sync_engine, User, query, {"$inc": {"age": 2}}, upsert=True)
    assert (found.email, found.name, found.age, found.tags) == ("ada", "A", 2, [])
    sync_engine.delete(found)
    update = {"$set": {"name": "B"}, "$setOnInsert": {"age": 3}}
    found = _upsert(sync_engine, User, {"email": "ada"}, update, upsert=True)
    assert (found.name, found.age, found.prefs) == ("B", 3, {})
    assert update == {"$set": {"name": "B"}, "$setOnInsert": {"age": 3}}
    sync_engine.delete(found)
    stages = [{"$set": {"name": "C", "tags": []}}]
    found = _upsert(sync_engine, User, {"email": "ada"}, stages, upsert=True)
    assert found.name == "C"
    result = sync_engine.update_one(Own, {"key": "k"}, {"$set": {"name": "n"}}, upsert=True)
    assert result.upserted_id is not None


# --- What is refused ------------------------------------------------------------------------------

ONE = set_(User.age, 1)
GIVEN = User(email="ada", name="A", tags=["x"], home=Address(city="Ulm"))
REFUSED: list[tuple[Any, tuple[Any, ...], Any, type[Exception], str]] = [
    (ADA, (ONE,), True, TypeError, "without name: compare"),
    (User.age == 1, (ONE,), True, TypeError, "without email, name"),
    (ADA, ({"$set": {"age": 1}},), True, TypeError, "without name"),
    ((ADA, User.home.code == "1"), (ONE, set_(User.name, "A")), True, TypeError, "home.c:"),
    (ADA, (ONE,), "yes", TypeError, "True, or an instance of User"),
    (ADA, (ONE,), 1, TypeError, "True, or an instance of User"),
    (ADA, (ONE,), None, TypeError, "True, or an instance of User"),
    (ADA, (ONE,), Dog(name="x"), TypeError, "True, or an instance of User"),
    (User.email == "bob", (ONE,), GIVEN, ValueError, "another value of 'email'"),
    ((ADA, User.home.city == "Bonn"), (ONE,), GIVEN, ValueError, "another value of 'home.c'"),
    ((ADA, {"nick": "A"}), (ONE,), GIVEN, ValueError, "another value of 'nick'"),
    ((ADA, ADA), (ONE,), GIVEN, ValueError, "says twice what 'email'"),
    ((ADA, User.email == "b"), (ONE,), GIVEN, ValueError, "says twice what 'email'"),
    ((ADA, User.name.in_([])), (ONE,), GIVEN, ValueError, "empty list"),
    ((ADA, User.name == User.email), (ONE,), GIVEN, TypeError, r"\$expr"),
    (ADA, (push(User.tags, "y"),), GIVEN, TypeError, "lose the items"),
    (ADA, (add_to_set(User.tags, "y"),), GIVEN, TypeError, "lose the items"),
    (ADA, (pull(User.tags, "x"),), GIVEN, TypeError, "lose the items"),
    (ADA, ({"$push": {"tags": "y"}},), GIVEN, TypeError, "lose the items"),
    ({"key": "k"}, ({"$push": {"names": "y"}},), Counter, TypeError, "lose the items"),
    (ADA, (set_(User.lines[each].count, 0),), GIVEN, ValueError, "item of a list"),
    (ADA, (set_(User.lines[where(Line.sku == "x")].count, 0),), GIVEN, ValueError, "item of a"),
    ((ADA, User.lines.sku == "x"), (inc(User.lines[matched].count, 1),), GIVEN, ValueError, "item"),
    (ADA, (inc(User.age, -1),), GIVEN, ValidationError, "greater than or equal to 0"),
    (ADA, (inc(User.age, -1, bounded=False),), GIVEN, ValidationError, "greater than or equal"),
    ((ADA, User.tags == "x"), (ONE,), User(email="ada", name="A"), ValueError, "'tags'"),
    ((ADA, User.tags == "x"), (ONE, set_(User.name, "A")), True, ValidationError, "tags"),
    ((ADA, User.age == 200), (set_(User.name, "A"),), True, ValidationError, "age"),
    ((ADA, {"lines.sku": "x"}), (set_(User.name, "A"),), True, ValidationError, "lines"),
    ((ADA, User.home == None), (set_(User.home.city, "x"),), GIVEN, ValueError, "no object"),  # noqa: E711
    (ADA, (rename("old", User.name),), True, ValidationError, "name"),
    (Span.start == 5, (set_(Span.end, 3),), Span, ValidationError, "ends before"),
    (Own.key == "k", (unset(Own.name),), Own, TypeError, "makes or reads them itself"),
    (ADA, ([{"$set": {"age": 1}}],), GIVEN, TypeError, "list of stages"),
]


@pytest.mark.parametrize(("query", "updates", "upsert", "kind", "match"), REFUSED)
def test_what_no_model_would_read_is_refused(
    sync_engine, commands, query, updates, upsert, kind, match
):
    model = User
    if isinstance(upsert, type):
        model, upsert = upsert, True
    for method in (sync_engine.update_one, sync_engine.update_many):
        with pytest.raises(kind, match=match) as caught:
            method(model, query, *updates, upsert=upsert)
        assert f"{method.__name__} of {model.__name__}" in str(caught.value) or kind is ValueError
    assert commands.names == []


def test_without_upsert_nothing_is_set_on_insertion(sync_engine, commands):
    with pytest.raises(TypeError, match="say upsert="):
        sync_engine.update_one(User, ADA, set_on_insert(User.name, "A"))
    found = _upsert(sync_engine, User, ADA, set_on_insert(User.name, "A"), upsert=True)
    assert found.name == "A"


def test_what_was_not_loaded_is_no_instance(sync_engine):
    ada = sync_engine.save(User(email="ada", name="Ada"))
    sync_engine.save(Post(author=ada))
    post = sync_engine.find_one(Post, load=())
    with pytest.raises(NotLoadedError):
        sync_engine.update_one(User, ADA, ONE, upsert=post.author)


def test_an_unacknowledged_upsert(sync_engine):
    options = {"write_concern": WriteConcern(w=0), "upsert": User(email="ada", name="A")}
    result = sync_engine.update_one(User, ADA, ONE, **options)
    assert result.acknowledged is False
    with pytest.raises(TypeError, match="w=0"):
        sync_engine.update_one(User, ADA, inc(User.age, 1), **options)


# --- Hooks, sessions, transactions ----------------------------------------------------------------


class Watched(Model):
    key: str
    number: int = 0
    made: int = Field(default_factory=itertools.count().__next__)

    @hook("before_query_write")
    @classmethod
    def look(cls, event):
        seen.append((event.filter, event.update))


seen: list[Any] = []


def test_hooks_see_the_filter_and_the_update_of_the_program(sync_engine):
    seen.clear()
    start = Watched(key="").made
    found = _upsert(
        sync_engine, Watched, Watched.key == "k", update := inc(Watched.number, 1), upsert=True
    )
    assert seen == [({"key": {"$eq": "k"}}, (update,))]
    assert found.made == start + 1  # default factories are called once


def test_a_hook_changes_what_is_inserted(sync_engine):
    def change(model, event):
        event.filter = {"key": "b"}

    remove = sync_engine.add_hook("before_query_write", change, Counter)
    try:
        found = _upsert(sync_engine, Counter, {"key": "a"}, inc(Counter.number, 1), upsert=True)
    finally:
        remove()
    assert found.key == "b"


def test_a_rollback_takes_the_document_back(sync_engine):
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            for change in (inc(User.age, 1), inc(User.age, 1, bounded=False)):
                result = transaction.update_one(
                    User, ADA, change, upsert=User(email="ada", name="A")
                )
            assert result.matched_count == 1
            read = transaction.find_one(User, ADA)
            raise KeyError
    assert sync_engine.count(User) == 0
    assert read.age == 2


def test_a_lost_race_in_a_transaction_is_a_conflict(sync_engine, commands):
    sync_engine.configure_database([User])
    ada = User(email="ada", name="A")
    with pytest.raises(WriteConflictError):
        with sync_engine.transaction() as transaction:
            transaction.count(User)
            with sync_engine.session() as other:
                other.insert(User(email="ada", name="B"))
            commands.clear()
            transaction.update_one(User, (ADA, User.age > 5), ONE, upsert=ada)
    assert commands.names.count("update") == 1


# --- At the same time -----------------------------------------------------------------------------

KEYS = [f"k{number}" for number in range(60)]


@pytest.mark.parametrize("changes", [(), (push(Counter.names, "b"),)], ids=["one", "two"])
def test_calls_at_the_same_time_insert_one_document(sync_engine, changes):
    """One command inserts, or a second one behind that of the updates, which demand that values are there."""
    sync_engine.configure_database([Counter])

    def count(worker):
        for key in KEYS:
            # One more condition, so that the server does not repeat it by itself.
            query = Counter.key == key, Counter.number >= 0
            sync_engine.update_one(Counter, query, inc(Counter.number, 1), *changes, upsert=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    found = [each for each in sync_engine.find(Counter)]
    assert len(found) == len(KEYS)
    assert {(each.number, len(each.names)) for each in found} == {(8, 9 if changes else 1)}


def test_what_another_index_refuses_is_no_lost_race(sync_engine, commands):
    sync_engine.configure_database([User])
    sync_engine.insert(User(email="ada", name="A"))
    commands.clear()
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.update_one(User, User.name == "B", set_(User.email, "ada"), upsert=True)
    assert caught.value.instance is None
    assert caught.value.fields == ("email",)
    assert commands.names == ["update"]
    commands.clear()
    with pytest.raises(DuplicateKeyError):
        sync_engine.update_one(User, (ADA, User.name == "B"), ONE, upsert=True)
    assert commands.names == ["update"] * 6
