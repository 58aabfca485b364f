# Generated from tests/integration/aio/test_get_or_create.py by tools/generate_sync.py: do not edit.
"""`get_or_create`: one document, whoever asks for it at the same time, and one `True`."""

from __future__ import annotations

from datetime import datetime
from typing import List, Optional

import pytest

from odmantic import EmbeddedModel, Field, Index, Model, Reference, hook
from odmantic.exceptions import (
    DuplicateKeyError,
    RawQueryWarning,
    TransactionAbortedError,
    WriteConflictError,
)
from odmantic.query import raw

TRANSIENT = "TransientTransactionError"


class Address(EmbeddedModel):
    city: str = Field(key_name="c")
    code: str = ""


class User(Model):
    email: str = Field(unique=True, key_name="e")
    name: str = "?"
    tags: List[str] = []
    home: Optional[Address] = None


class Place(Model):
    id: str = Field(primary_field=True, default_factory=lambda: "made")
    name: str


class Post(Model):
    title: str = Field(unique=True)
    author: Optional[User] = Reference()


class Note(Model, soft_delete="deleted_at"):
    text: str = Field(unique=True)
    deleted_at: Optional[datetime] = None


class Pair(Model):
    one: int
    two: int
    model_config = {"indexes": lambda: [Index(Pair.one, Pair.two, unique=True)]}


class Hooked(Model):
    name: str

    @hook("before_query_write")
    @classmethod
    def look(cls, event):
        called.append((event.operation, event.filter, event.instance.name, event.is_new))

    @hook("after_query_write")
    @classmethod
    def done(cls, event):
        called.append(event.operation)

    @hook("after_load")
    def load(self):
        called.append("load")


called = []


def _assert_clean(engine, instance, commands):
    commands.clear()
    engine.save(instance)
    assert commands.names == []


def test_it_is_created_once(sync_engine, commands, raw_database):
    user = User(email="a", name="Ada", tags=["x"])
    answer, created = sync_engine.get_or_create(User, User.email == "a", user)
    assert answer is user
    assert created is True
    assert commands.names == ["find", "findAndModify"]
    (find, modify) = (event.command for event in commands.started)
    assert find["lsid"] == modify["lsid"]
    (stored,) = raw_database["user"].find()
    assert stored == {"_id": user.id, "e": "a", "name": "Ada", "tags": ["x"], "home": None}
    _assert_clean(sync_engine, user, commands)
    other = User(email="a", name="Other")
    found, created = sync_engine.get_or_create(User, User.email == "a", other)
    assert commands.names == ["find"]
    assert (found, created) == (user, False)
    _assert_clean(sync_engine, found, commands)
    # The given one is as before.
    other.email = "b"
    sync_engine.insert(other)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ((User.email == "a", {"tags": "x"}), {"tags": ["x", "y"]}),
        ((User.email == "a") & (User.home.city == "Oslo"), {"home": Address(city="Oslo")}),
        ({"$and": [{"e": "a"}, {"name": {"$in": ["?"]}}, {"more": None}]}, {}),
        ((User.email == "a", {"name": {"$gt": ""}}), {}),
    ],
)
def test_what_the_query_says_is_in_the_instance(sync_engine, raw_database, query, words):
    user = User(email="a", **words)
    assert sync_engine.get_or_create(User, query, user) == (user, True)
    assert sync_engine.get_or_create(User, query, user) == (user, False)
    assert raw_database["user"].count_documents({}) == 1


def test_it_takes_the_primary_key_of_the_query(sync_engine, raw_database, commands):
    place = Place(name="x")
    assert sync_engine.get_or_create(Place, Place.id == "$p", place) == (place, True)
    assert place.id == "$p"
    assert [*raw_database["place"].find()] == [{"_id": "$p", "name": "x"}]
    _assert_clean(sync_engine, place, commands)
    with pytest.raises(ValueError, match="'_id'"):
        sync_engine.get_or_create(Place, Place.id == "q", Place(id="r", name="x"))


def test_what_is_wrong_is_refused(sync_engine, commands):
    user = User(email="a")
    method = sync_engine.get_or_create
    for call, kind, match in (
        (lambda: method(User, (), user), TypeError, "no condition"),
        (lambda: method(User, user, user), TypeError, "takes a query before the instance"),
        (lambda: method(User, {}, {"e": "a"}), TypeError, "Can only call"),
        (lambda: method(User, {}, Post(title="x")), TypeError, "takes an instance of User"),
        (lambda: method(User, User.email == "b", user), ValueError, "another value of 'e'"),
        (lambda: method(User, {"home.c": "x"}, user), ValueError, "another value of 'home.c'"),
        (lambda: method(User, {"$expr": {"$eq": ["$e", "a"]}}, user), TypeError, "expr"),
    ):
        with pytest.raises(kind, match=match):
            call()
    assert commands.names == []
    client, database = sync_engine.client, sync_engine.database_name
    forbidding = type(sync_engine)(client, database, raw_queries="forbid")
    with pytest.raises(TypeError, match="raw"):
        forbidding.get_or_create(User, {"e": "a"}, user)
    assert forbidding.get_or_create(User, raw({"e": "a"}), user)[1] is True
    warning = type(sync_engine)(client, database, raw_queries="warn")
    with pytest.warns(RawQueryWarning):
        warning.get_or_create(User, {"e": "a"}, user)


def test_an_unacknowledged_creation_is_refused(odmantic_mongo_uri, sync_engine):
    client = type(sync_engine.client)(odmantic_mongo_uri, w=0)
    try:
        engine = type(sync_engine)(client, sync_engine.database_name)
        with pytest.raises(TypeError, match=r"get_or_create of User .*w=0"):
            engine.get_or_create(User, User.email == "a", User(email="a"))
        assert sync_engine.count(User) == 0
    finally:
        client.close()


def test_references_are_saved_before(sync_engine, commands):
    ada = User(email="a")
    post = Post(title="x", author=ada)
    assert sync_engine.get_or_create(Post, Post.title == "x", post)[1] is True
    found, created = sync_engine.get_or_create(Post, Post.title == "x", Post(title="x"))
    assert (found.author, created) == (ada, False)
    _assert_clean(sync_engine, ada, commands)


def test_one_in_the_way_is_an_error(sync_engine, commands, raw_database):
    sync_engine.configure_database([Note, User])
    note = sync_engine.save(Note(text="x"))
    sync_engine.delete(note)
    other = Note(text="x")
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.get_or_create(Note, Note.text == "x", other)
    assert caught.value.instance is other
    # By another field than those of the query.
    sync_engine.save(User(email="a"))
    commands.clear()
    user = User(email="a", name="Ada")
    with pytest.raises(DuplicateKeyError):
        sync_engine.get_or_create(User, User.name == "Ada", user)
    assert commands.names == ["find", "findAndModify", "find"]
    user.email = "b"
    sync_engine.insert(user)


def test_another_one_that_is_faster(sync_engine, commands, raw_database):
    """Between the first look and the creation."""
    hooks = []

    def insert(model, event):
        hooks.append(event.operation)
        raw_database["user"].insert_one({"e": event.instance.email, "name": "fast"})

    sync_engine.add_hook("before_query_write", insert, User)
    sync_engine.configure_database([User])
    commands.clear()
    found, created = sync_engine.get_or_create(User, User.email == "a", User(email="a"))
    assert (found.name, created) == ("fast", False)
    _assert_clean(sync_engine, found, commands)
    query = (User.email == "b", User.name != "x")
    found, created = sync_engine.get_or_create(User, query, User(email="b"))
    assert (found.name, created) == ("fast", False)
    assert hooks == ["get_or_create"] * 2


def test_eight_callers_of_sixty_keys(sync_engine, raw_database):
    sync_engine.configure_database([Pair])

    def create(number):
        count = 0
        for key in range(60):
            one = (key + number) % 60
            pair, created = sync_engine.get_or_create(
                Pair, (Pair.one == one, Pair.two == 1, Pair.two < 5), Pair(one=one, two=1)
            )
            assert (pair.one, pair.two) == (one, 1)
            count += created
        return count

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(create, range(8)))
    assert sum(counts) == 60
    assert raw_database["pair"].count_documents({}) == 60


# --- Hooks ------------------------------------------------------------------------------------------


def test_hooks_of_queries_are_called_if_it_is_created(sync_engine):
    called.clear()
    hooked = Hooked(name="a")
    sync_engine.get_or_create(Hooked, Hooked.name == "a", hooked)
    write = ("get_or_create", {"name": {"$eq": "a"}}, "a", True)
    assert called == [write, "get_or_create"]
    sync_engine.get_or_create(Hooked, Hooked.name == "a", Hooked(name="a"))
    assert called == [write, "get_or_create", "load"]


# --- Transactions -----------------------------------------------------------------------------------


def test_after_a_rollback_it_is_new_again(sync_engine, commands, raw_database):
    user, place = User(email="a"), Place(name="x")
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            transaction.get_or_create(User, User.email == "a", user)
            transaction.get_or_create(Place, Place.id == "p", place)
            found, created = transaction.get_or_create(User, User.email == "a", User(email="a"))
            assert (found, created) == (user, False)
            raise KeyError
    assert raw_database["user"].count_documents({}) == 0
    assert place.id == "made"
    sync_engine.insert(user)
    sync_engine.insert(place)
    assert raw_database["user"].count_documents({}) == 1


def test_what_was_found_is_clean_after_a_rollback(sync_engine, commands):
    sync_engine.save(User(email="a"))
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            user, created = transaction.get_or_create(User, User.email == "a", User(email="a"))
            raise KeyError
    assert created is False
    _assert_clean(sync_engine, user, commands)


def test_each_attempt_creates_it(sync_engine, fail_point, raw_database):
    user = User(email="a")

    def work(transaction):
        return transaction.get_or_create(User, User.email == "a", user)

    with fail_point("commitTransaction", error_code=112, labels=(TRANSIENT,), times=1):
        assert sync_engine.run_transaction(work) == (user, True)
    assert raw_database["user"].count_documents({}) == 1


def test_in_a_transaction_another_one_that_was_faster_is_an_error(sync_engine, raw_database):
    sync_engine.configure_database([User])
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            assert transaction.find_one(User) is None
            raw_database["user"].insert_one({"e": "a"})
            with pytest.raises((DuplicateKeyError, WriteConflictError)):
                transaction.get_or_create(User, User.email == "a", User(email="a"))
    found, created = sync_engine.get_or_create(User, User.email == "a", User(email="a"))
    assert (found.name, created) == ("?", False)


@pytest.mark.parametrize("command", ["find", "findAndModify"])
def test_what_the_driver_retries_is_created_once(sync_engine, fail_point, raw_database, command):
    user = User(email="a")
    with fail_point(command, close_connection=True, times=1):
        assert sync_engine.get_or_create(User, User.email == "a", user) == (user, True)
    assert raw_database["user"].count_documents({}) == 1
