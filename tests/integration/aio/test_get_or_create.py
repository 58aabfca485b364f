"""`get_or_create`: one document, whoever asks for it at the same time, and one `True`."""

from __future__ import annotations

from datetime import datetime
from typing import List, Optional

import pytest
from tests.integration.aio.colour import ASYNC

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


async def _assert_clean(engine, instance, commands):
    commands.clear()
    await engine.save(instance)
    assert commands.names == []


@pytest.mark.each_driver
async def test_it_is_created_once(aio_engine, commands, raw_database):
    user = User(email="a", name="Ada", tags=["x"])
    answer, created = await aio_engine.get_or_create(User, User.email == "a", user)
    assert answer is user
    assert created is True
    assert commands.names == ["find", "findAndModify"]
    (find, modify) = (event.command for event in commands.started)
    assert find["lsid"] == modify["lsid"]
    (stored,) = raw_database["user"].find()
    assert stored == {"_id": user.id, "e": "a", "name": "Ada", "tags": ["x"], "home": None}
    await _assert_clean(aio_engine, user, commands)
    other = User(email="a", name="Other")
    found, created = await aio_engine.get_or_create(User, User.email == "a", other)
    assert commands.names == ["find"]
    assert (found, created) == (user, False)
    await _assert_clean(aio_engine, found, commands)
    # The given one is as before.
    other.email = "b"
    await aio_engine.insert(other)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ((User.email == "a", {"tags": "x"}), {"tags": ["x", "y"]}),
        ((User.email == "a") & (User.home.city == "Oslo"), {"home": Address(city="Oslo")}),
        ({"$and": [{"e": "a"}, {"name": {"$in": ["?"]}}, {"more": None}]}, {}),
        ((User.email == "a", {"name": {"$gt": ""}}), {}),
    ],
)
async def test_what_the_query_says_is_in_the_instance(aio_engine, raw_database, query, words):
    user = User(email="a", **words)
    assert await aio_engine.get_or_create(User, query, user) == (user, True)
    assert (await aio_engine.get_or_create(User, query, user)) == (user, False)
    assert raw_database["user"].count_documents({}) == 1


async def test_it_takes_the_primary_key_of_the_query(aio_engine, raw_database, commands):
    place = Place(name="x")
    assert await aio_engine.get_or_create(Place, Place.id == "$p", place) == (place, True)
    assert place.id == "$p"
    assert [*raw_database["place"].find()] == [{"_id": "$p", "name": "x"}]
    await _assert_clean(aio_engine, place, commands)
    with pytest.raises(ValueError, match="'_id'"):
        await aio_engine.get_or_create(Place, Place.id == "q", Place(id="r", name="x"))


async def test_what_is_wrong_is_refused(aio_engine, commands):
    user = User(email="a")
    method = aio_engine.get_or_create
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
            await call()
    assert commands.names == []
    client, database = aio_engine.client, aio_engine.database_name
    forbidding = type(aio_engine)(client, database, raw_queries="forbid")
    with pytest.raises(TypeError, match="raw"):
        await forbidding.get_or_create(User, {"e": "a"}, user)
    assert (await forbidding.get_or_create(User, raw({"e": "a"}), user))[1] is True
    warning = type(aio_engine)(client, database, raw_queries="warn")
    with pytest.warns(RawQueryWarning):
        await warning.get_or_create(User, {"e": "a"}, user)


async def test_an_unacknowledged_creation_is_refused(odmantic_mongo_uri, aio_engine):
    client = type(aio_engine.client)(odmantic_mongo_uri, w=0)
    try:
        engine = type(aio_engine)(client, aio_engine.database_name)
        with pytest.raises(TypeError, match=r"get_or_create of User .*w=0"):
            await engine.get_or_create(User, User.email == "a", User(email="a"))
        assert await aio_engine.count(User) == 0
    finally:
        await client.close()


async def test_references_are_saved_before(aio_engine, commands):
    ada = User(email="a")
    post = Post(title="x", author=ada)
    assert (await aio_engine.get_or_create(Post, Post.title == "x", post))[1] is True
    found, created = await aio_engine.get_or_create(Post, Post.title == "x", Post(title="x"))
    assert (found.author, created) == (ada, False)
    await _assert_clean(aio_engine, ada, commands)


async def test_one_in_the_way_is_an_error(aio_engine, commands, raw_database):
    await aio_engine.configure_database([Note, User])
    note = await aio_engine.save(Note(text="x"))
    await aio_engine.delete(note)
    other = Note(text="x")
    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.get_or_create(Note, Note.text == "x", other)
    assert caught.value.instance is other
    # By another field than those of the query.
    await aio_engine.save(User(email="a"))
    commands.clear()
    user = User(email="a", name="Ada")
    with pytest.raises(DuplicateKeyError):
        await aio_engine.get_or_create(User, User.name == "Ada", user)
    assert commands.names == ["find", "findAndModify", "find"]
    user.email = "b"
    await aio_engine.insert(user)


async def test_another_one_that_is_faster(aio_engine, commands, raw_database):
    """Between the first look and the creation."""
    hooks = []

    def insert(model, event):
        hooks.append(event.operation)
        raw_database["user"].insert_one({"e": event.instance.email, "name": "fast"})

    aio_engine.add_hook("before_query_write", insert, User)
    await aio_engine.configure_database([User])
    commands.clear()
    found, created = await aio_engine.get_or_create(User, User.email == "a", User(email="a"))
    assert (found.name, created) == ("fast", False)
    await _assert_clean(aio_engine, found, commands)
    query = (User.email == "b", User.name != "x")
    found, created = await aio_engine.get_or_create(User, query, User(email="b"))
    assert (found.name, created) == ("fast", False)
    assert hooks == ["get_or_create"] * 2


async def test_eight_callers_of_sixty_keys(aio_engine, raw_database):
    await aio_engine.configure_database([Pair])

    async def create(number):
        count = 0
        for key in range(60):
            one = (key + number) % 60
            pair, created = await aio_engine.get_or_create(
                Pair, (Pair.one == one, Pair.two == 1, Pair.two < 5), Pair(one=one, two=1)
            )
            assert (pair.one, pair.two) == (one, 1)
            count += created
        return count

    if ASYNC:
        import asyncio

        counts = await asyncio.gather(*map(create, range(8)))
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(8) as pool:
            counts = list(pool.map(create, range(8)))
    assert sum(counts) == 60
    assert raw_database["pair"].count_documents({}) == 60


# --- Hooks ------------------------------------------------------------------------------------------


async def test_hooks_of_queries_are_called_if_it_is_created(aio_engine):
    called.clear()
    hooked = Hooked(name="a")
    await aio_engine.get_or_create(Hooked, Hooked.name == "a", hooked)
    write = ("get_or_create", {"name": {"$eq": "a"}}, "a", True)
    assert called == [write, "get_or_create"]
    await aio_engine.get_or_create(Hooked, Hooked.name == "a", Hooked(name="a"))
    assert called == [write, "get_or_create", "load"]


# --- Transactions -----------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_after_a_rollback_it_is_new_again(aio_engine, commands, raw_database):
    user, place = User(email="a"), Place(name="x")
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            await transaction.get_or_create(User, User.email == "a", user)
            await transaction.get_or_create(Place, Place.id == "p", place)
            found, created = await transaction.get_or_create(
                User, User.email == "a", User(email="a")
            )
            assert (found, created) == (user, False)
            raise KeyError
    assert raw_database["user"].count_documents({}) == 0
    assert place.id == "made"
    await aio_engine.insert(user)
    await aio_engine.insert(place)
    assert raw_database["user"].count_documents({}) == 1


async def test_what_was_found_is_clean_after_a_rollback(aio_engine, commands):
    await aio_engine.save(User(email="a"))
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            user, created = await transaction.get_or_create(
                User, User.email == "a", User(email="a")
            )
            raise KeyError
    assert created is False
    await _assert_clean(aio_engine, user, commands)


async def test_each_attempt_creates_it(aio_engine, fail_point, raw_database):
    user = User(email="a")

    async def work(transaction):
        return await transaction.get_or_create(User, User.email == "a", user)

    with fail_point("commitTransaction", error_code=112, labels=(TRANSIENT,), times=1):
        assert await aio_engine.run_transaction(work) == (user, True)
    assert raw_database["user"].count_documents({}) == 1


async def test_in_a_transaction_another_one_that_was_faster_is_an_error(aio_engine, raw_database):
    await aio_engine.configure_database([User])
    with pytest.raises(TransactionAbortedError):
        async with aio_engine.transaction() as transaction:
            assert await transaction.find_one(User) is None
            raw_database["user"].insert_one({"e": "a"})
            with pytest.raises((DuplicateKeyError, WriteConflictError)):
                await transaction.get_or_create(User, User.email == "a", User(email="a"))
    found, created = await aio_engine.get_or_create(User, User.email == "a", User(email="a"))
    assert (found.name, created) == ("?", False)


@pytest.mark.parametrize("command", ["find", "findAndModify"])
async def test_what_the_driver_retries_is_created_once(
    aio_engine, fail_point, raw_database, command
):
    user = User(email="a")
    with fail_point(command, close_connection=True, times=1):
        assert await aio_engine.get_or_create(User, User.email == "a", user) == (user, True)
    assert raw_database["user"].count_documents({}) == 1
