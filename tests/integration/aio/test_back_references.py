"""What refers to an instance: found, counted, and loaded for a page of instances at once."""

from __future__ import annotations

import uuid
from collections import deque
from datetime import datetime
from typing import Any, ClassVar, Deque, Dict, List, Optional, Tuple

import pytest
from tests.integration.aio.colour import ASYNC

from odmantic import AIOEngine, BackReference, EmbeddedModel, Field, Model, Reference
from odmantic.query import desc


class User(Model):
    name: str
    posts: ClassVar["BackReference[Post]"] = BackReference("Post", "author")
    edited: ClassVar["BackReference[Post]"] = BackReference("Post", "editor")
    read: ClassVar["BackReference[Post]"] = BackReference("Post", "readers")
    judged: ClassVar["BackReference[Post]"] = BackReference("Post", "judges")
    queued: ClassVar["BackReference[Post]"] = BackReference("Post", "queue")
    played: ClassVar["BackReference[Post]"] = BackReference("Post", "roles")
    commented: ClassVar["BackReference[Post]"] = BackReference("Post", "comments.by")
    answered: ClassVar["BackReference[Post]"] = BackReference("Post", "comments.replies.by")
    cast: ClassVar["BackReference[Post]"] = BackReference("Post", "comments.roles")
    headed: ClassVar["BackReference[Post]"] = BackReference("Post", "head.by")
    first: ClassVar["BackReference[Post]"] = BackReference("Post", "pair.by")
    notes: ClassVar["BackReference[Note]"] = BackReference("Note", "by")


class Comment(EmbeddedModel):
    by: Optional[User] = Reference(key_name="b")
    roles: Dict[str, User] = Reference(key_name="rs")
    replies: List["Comment"] = []


class Post(Model):
    title: str
    draft: bool = False
    author: Optional[User] = Reference(key_name="a")
    editor: Optional[User] = Reference()
    readers: List[User] = Reference(key_name="r")
    judges: Tuple[User, ...] = Reference()
    queue: Deque[User] = Reference()
    roles: Dict[str, User] = Reference()
    comments: List[Comment] = []
    head: Optional[Comment] = Field(default=None, key_name="h")
    pair: Tuple[Comment, int] = (Comment(), 0)


class Note(Model, soft_delete="deleted_at"):
    text: str
    by: User = Reference()
    deleted_at: Optional[datetime] = None


class Animal(Model, inheritance="single"):
    name: str
    friends: ClassVar["BackReference[Cat]"] = BackReference("Cat", "friend")
    visits: ClassVar["BackReference[Visit]"] = BackReference("Visit", "patient")


class Cat(Animal):
    friend: Optional[Animal] = Reference()


class Lion(Cat):
    pass


class Dog(Animal):
    friend: Optional[Animal] = Reference()


class Visit(Model):
    patient: Animal = Reference()


class Key(EmbeddedModel):
    row: int = Field(key_name="r")
    column: str


class Keyed(Model):
    """A class whose ids are of any type."""

    key: Any = Field(primary_field=True)
    all: ClassVar["BackReference[Referring]"] = BackReference("Referring", "to")
    any: ClassVar["BackReference[Referring]"] = BackReference("Referring", "each")
    named: ClassVar["BackReference[Referring]"] = BackReference("Referring", "by_name")


class Seat(Model):
    key: Key = Field(primary_field=True)
    tickets: ClassVar["BackReference[Ticket]"] = BackReference("Ticket", "seat")


class Ticket(Model):
    seat: Seat = Reference()
    number: int = 0


class Referring(Model):
    to: Keyed = Reference()
    each: List[Keyed] = Reference()
    by_name: Dict[str, Keyed] = Reference()


@pytest.fixture
async def users(aio_engine):
    return await aio_engine.save_all([User(name=name) for name in "abc"])


@pytest.fixture
async def posts(aio_engine, users, commands):
    """Seven posts by two of three users, in the order of their titles."""
    a, b, _ = users
    saved = await aio_engine.save_all(
        [Post(title=str(n), author=(a, b)[n % 2], draft=n > 3) for n in range(7)]
    )
    commands.clear()
    return saved


def titles(posts):
    return [post.title for post in posts]


# --- fetch and count ---------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_what_refers_to_an_instance_is_found(aio_engine, users, posts, commands):
    a, b, c = users

    assert titles(await a.posts.fetch(aio_engine)) == ["0", "2", "4", "6"]
    assert titles(await b.posts.fetch(aio_engine)) == ["1", "3", "5"]
    assert await c.posts.fetch(aio_engine) == []
    assert await a.posts.count(aio_engine) == 4
    assert await c.posts.count(aio_engine) == 0
    assert all(isinstance(each, Post) for each in await b.posts.fetch(aio_engine))


async def test_one_command_each(aio_engine, users, posts, commands):
    [first, *_] = await users[0].posts.fetch(aio_engine)

    # The references of what is found are loaded as their fields say.
    assert first.author == users[0]
    assert [event.command.get("find") for event in commands.started] == ["post", "user"]
    commands.clear()
    await users[0].posts.count(aio_engine)
    assert commands.names == ["aggregate"]


async def test_conditions_orders_and_limits(aio_engine, users, posts):
    posts = users[0].posts

    assert titles(await posts.fetch(aio_engine, Post.draft == True)) == ["4", "6"]  # noqa: E712
    assert titles(await posts.fetch(aio_engine, {"draft": False}, Post.title != "0")) == ["2"]
    assert titles(await posts.fetch(aio_engine, sort=desc(Post.title), limit=2)) == ["6", "4"]
    assert titles(await posts.fetch(aio_engine, limit=1)) == ["0"]
    assert await posts.count(aio_engine, Post.draft == True, {"title": "4"}) == 1  # noqa: E712
    found = aio_engine.find(Post, posts.query, Post.title > "2", sort=Post.title, load=())
    assert titles(await found if ASYNC else list(found)) == ["4", "6"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("posts", lambda a, b: {"author": a}),
        ("edited", lambda a, b: {"editor": a}),
        ("read", lambda a, b: {"readers": [b, a, a]}),
        ("judged", lambda a, b: {"judges": (b, a)}),
        ("queued", lambda a, b: {"queue": deque([a])}),
        ("played", lambda a, b: {"roles": {"x.$y": b, "": a}}),
        ("commented", lambda a, b: {"comments": [Comment(), Comment(by=b), Comment(by=a)]}),
        ("answered", lambda a, b: {"comments": [Comment(replies=[Comment(by=b), Comment(by=a)])]}),
        ("cast", lambda a, b: {"comments": [Comment(by=b), Comment(roles={"r": b, "s": a})]}),
        ("headed", lambda a, b: {"head": Comment(by=a)}),
        ("first", lambda a, b: {"pair": (Comment(by=a), 1)}),
    ],
)
async def test_every_form_of_a_reference(aio_engine, users, name, values):
    a, b, c = users
    await aio_engine.save_all(
        [
            Post(title="both", **values(a, b)),
            Post(title="other", **values(b, b)),
            Post(title="none"),
        ]
    )

    assert titles(await getattr(a, name).fetch(aio_engine)) == ["both"]
    assert await getattr(a, name).count(aio_engine, Post.title != "x") == 1
    assert "other" in titles(await getattr(b, name).fetch(aio_engine))
    assert await getattr(c, name).count(aio_engine) == 0


async def test_embedded_objects_have_their_own_ways(aio_engine, users):
    a, b, _ = users
    await aio_engine.save(
        Post(title="x", author=b, comments=[Comment(by=b, replies=[Comment(by=a)])])
    )
    assert await a.posts.count(aio_engine) == 0
    assert await a.commented.count(aio_engine) == 0
    assert await a.answered.count(aio_engine) == 1


async def test_documents_of_other_shapes(aio_engine, users, raw_database):
    a = users[0]
    raw_database["post"].insert_many(
        [
            {"title": "1", "roles": value, "comments": value}
            for value in (None, 5, [], [5], "x", [[a.id]], {"x": [a.id]}, {"x": {"y": a.id}})
        ]
    )
    for found in (a.played, a.cast, a.commented, a.posts):
        assert await found.count(aio_engine) == 0


@pytest.mark.parametrize(
    ("key", "other"),
    [
        (1, 2),
        (1, "1"),
        ("a", "b"),
        ("$a", "a"),
        (True, 1),
        (b"\x00", b"\x01"),
        (uuid.UUID(int=1), uuid.UUID(int=2)),
        ({"x": 1}, {"x": 2}),
        ({"x": 1, "y": 2}, {"y": 2, "x": 1}),
        (datetime(2020, 1, 1), datetime(2020, 1, 2)),
    ],
)
async def test_primary_keys_of_every_type(aio_engine, key, other):
    mine, theirs = Keyed(key=key), Keyed(key=other)
    await aio_engine.save(Referring(to=mine, each=[mine], by_name={"x": mine}))
    await aio_engine.save(Referring(to=theirs, each=[theirs], by_name={"x": theirs}))

    for found in (mine.all, mine.any, mine.named):
        assert await found.count(aio_engine) == 1
    assert len(await theirs.named.fetch(aio_engine)) == 1


async def test_an_embedded_primary_key(aio_engine):
    seat, other = (Seat(key=Key(row=row, column="x")) for row in (1, 2))
    await aio_engine.save_all([Ticket(seat=seat), Ticket(seat=other)])

    [ticket] = await seat.tickets.fetch(aio_engine)

    assert ticket.seat == seat
    assert await seat.tickets.count(aio_engine) == 1


async def test_an_instance_that_was_never_saved(aio_engine, commands):
    assert await User(name="x").posts.fetch(aio_engine) == []
    assert await User(name="x").posts.count(aio_engine) == 0
    assert commands.names == ["find", "aggregate"]


async def test_an_instance_that_was_not_loaded(aio_engine, users, posts):
    post = await aio_engine.find_one(Post, load=())

    assert await post.author.posts.count(aio_engine) == 4
    assert len(await post.author.posts.fetch(aio_engine)) == 4


async def test_soft_deletion_of_what_refers(aio_engine, users):
    kept, gone = await aio_engine.save_all([Note(text=text, by=users[0]) for text in "xy"])
    await aio_engine.delete(gone)

    assert await users[0].notes.fetch(aio_engine) == [kept]
    assert await users[0].notes.count(aio_engine) == 1
    every = await aio_engine.count(Note, users[0].notes.query, without="soft_delete")
    assert every == 2


async def test_classes_of_a_hierarchy(aio_engine):
    tom = Cat(name="Tom")
    cats = [Cat(name="a", friend=tom), Lion(name="b", friend=tom)]
    await aio_engine.save_all([*cats, Dog(name="c", friend=tom), Visit(patient=tom)])

    # Dogs store the same key.
    assert [type(each) for each in await tom.friends.fetch(aio_engine)] == [Cat, Lion]
    assert await tom.friends.count(aio_engine) == 2
    assert await tom.visits.count(aio_engine) == 1
    assert await cats[1].visits.count(aio_engine) == 0


# --- Sessions and transactions -----------------------------------------------------------------


@pytest.mark.each_driver
async def test_in_sessions_and_transactions(aio_engine, users, posts, commands, raw_database):
    a = users[0]
    async with aio_engine.session() as session:
        assert len(await a.posts.fetch(session)) == 4
        assert await a.posts.count(session) == 4
    async with aio_engine.transaction() as transaction:
        await transaction.save(Post(title="new", author=a))
        commands.clear()
        found = await a.posts.fetch(transaction)
        assert await a.posts.count(transaction) == 5
        assert all(event.command["txnNumber"] for event in commands.started)
        assert raw_database["post"].count_documents(a.posts.query) == 4
        await transaction.abort()
    assert titles(found)[-1] == "new"
    assert await a.posts.count(aio_engine) == 4
    # It may be saved again as a whole.
    assert "title" in found[-1].__fields_modified__


# --- What is refused ---------------------------------------------------------------------------


async def test_wrong_arguments(aio_engine, users, commands, raw_database):
    posts = users[0].posts
    commands.clear()
    for wrong in (None, 5, "text", AIOEngine, [], raw_database, raw_database["post"], Post):
        for call in (posts.fetch, posts.count):
            with pytest.raises(TypeError, match=r"User\.posts\.(fetch|count) takes an engine"):
                call(wrong)
    for words, error in (({"limit": 0}, ValueError), ({"limit": "x"}, TypeError)):
        with pytest.raises(error, match="limit"):
            await posts.fetch(aio_engine, **words)
    with pytest.raises(TypeError, match="sort"):
        await posts.fetch(aio_engine, sort="title")
    with pytest.raises(TypeError, match="booleans"):
        await posts.fetch(aio_engine, False)
    assert commands.names == []
