# Generated from tests/integration/aio/test_back_references.py by tools/generate_sync.py: do not edit.
"""What refers to an instance: found, counted, and loaded for a page of instances at once."""

from __future__ import annotations

import uuid
from collections import deque
from datetime import datetime
from typing import Any, ClassVar, Deque, Dict, List, Optional, Tuple

import pytest

from odmantic import BackReference, EmbeddedModel, Field, Model, Reference, SyncEngine
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
def users(sync_engine):
    return sync_engine.save_all([User(name=name) for name in "abc"])


@pytest.fixture
def posts(sync_engine, users, commands):
    """Seven posts by two of three users, in the order of their titles."""
    a, b, _ = users
    saved = sync_engine.save_all(
        [Post(title=str(n), author=(a, b)[n % 2], draft=n > 3) for n in range(7)]
    )
    commands.clear()
    return saved


def titles(posts):
    return [post.title for post in posts]


# --- fetch and count ---------------------------------------------------------------------------


def test_what_refers_to_an_instance_is_found(sync_engine, users, posts, commands):
    a, b, c = users

    assert titles(a.posts.fetch(sync_engine)) == ["0", "2", "4", "6"]
    assert titles(b.posts.fetch(sync_engine)) == ["1", "3", "5"]
    assert c.posts.fetch(sync_engine) == []
    assert a.posts.count(sync_engine) == 4
    assert c.posts.count(sync_engine) == 0
    assert all(isinstance(each, Post) for each in b.posts.fetch(sync_engine))


def test_one_command_each(sync_engine, users, posts, commands):
    [first, *_] = users[0].posts.fetch(sync_engine)

    # The references of what is found are loaded as their fields say.
    assert first.author == users[0]
    assert [event.command.get("find") for event in commands.started] == ["post", "user"]
    commands.clear()
    users[0].posts.count(sync_engine)
    assert commands.names == ["aggregate"]


def test_conditions_orders_and_limits(sync_engine, users, posts):
    posts = users[0].posts

    assert titles(posts.fetch(sync_engine, Post.draft == True)) == ["4", "6"]  # noqa: E712
    assert titles(posts.fetch(sync_engine, {"draft": False}, Post.title != "0")) == ["2"]
    assert titles(posts.fetch(sync_engine, sort=desc(Post.title), limit=2)) == ["6", "4"]
    assert titles(posts.fetch(sync_engine, limit=1)) == ["0"]
    assert posts.count(sync_engine, Post.draft == True, {"title": "4"}) == 1  # noqa: E712
    found = sync_engine.find(Post, posts.query, Post.title > "2", sort=Post.title, load=())
    assert titles(list(found)) == ["4", "6"]


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
def test_every_form_of_a_reference(sync_engine, users, name, values):
    a, b, c = users
    sync_engine.save_all(
        [
            Post(title="both", **values(a, b)),
            Post(title="other", **values(b, b)),
            Post(title="none"),
        ]
    )

    assert titles(getattr(a, name).fetch(sync_engine)) == ["both"]
    assert getattr(a, name).count(sync_engine, Post.title != "x") == 1
    assert "other" in titles(getattr(b, name).fetch(sync_engine))
    assert getattr(c, name).count(sync_engine) == 0


def test_embedded_objects_have_their_own_ways(sync_engine, users):
    a, b, _ = users
    sync_engine.save(Post(title="x", author=b, comments=[Comment(by=b, replies=[Comment(by=a)])]))
    assert a.posts.count(sync_engine) == 0
    assert a.commented.count(sync_engine) == 0
    assert a.answered.count(sync_engine) == 1


def test_documents_of_other_shapes(sync_engine, users, raw_database):
    a = users[0]
    raw_database["post"].insert_many(
        [
            {"title": "1", "roles": value, "comments": value}
            for value in (None, 5, [], [5], "x", [[a.id]], {"x": [a.id]}, {"x": {"y": a.id}})
        ]
    )
    for found in (a.played, a.cast, a.commented, a.posts):
        assert found.count(sync_engine) == 0


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
def test_primary_keys_of_every_type(sync_engine, key, other):
    mine, theirs = Keyed(key=key), Keyed(key=other)
    sync_engine.save(Referring(to=mine, each=[mine], by_name={"x": mine}))
    sync_engine.save(Referring(to=theirs, each=[theirs], by_name={"x": theirs}))

    for found in (mine.all, mine.any, mine.named):
        assert found.count(sync_engine) == 1
    assert len(theirs.named.fetch(sync_engine)) == 1


def test_an_embedded_primary_key(sync_engine):
    seat, other = (Seat(key=Key(row=row, column="x")) for row in (1, 2))
    sync_engine.save_all([Ticket(seat=seat), Ticket(seat=other)])

    [ticket] = seat.tickets.fetch(sync_engine)

    assert ticket.seat == seat
    assert seat.tickets.count(sync_engine) == 1


def test_an_instance_that_was_never_saved(sync_engine, commands):
    assert User(name="x").posts.fetch(sync_engine) == []
    assert User(name="x").posts.count(sync_engine) == 0
    assert commands.names == ["find", "aggregate"]


def test_an_instance_that_was_not_loaded(sync_engine, users, posts):
    post = sync_engine.find_one(Post, load=())

    assert post.author.posts.count(sync_engine) == 4
    assert len(post.author.posts.fetch(sync_engine)) == 4


def test_soft_deletion_of_what_refers(sync_engine, users):
    kept, gone = sync_engine.save_all([Note(text=text, by=users[0]) for text in "xy"])
    sync_engine.delete(gone)

    assert users[0].notes.fetch(sync_engine) == [kept]
    assert users[0].notes.count(sync_engine) == 1
    every = sync_engine.count(Note, users[0].notes.query, without="soft_delete")
    assert every == 2


def test_classes_of_a_hierarchy(sync_engine):
    tom = Cat(name="Tom")
    cats = [Cat(name="a", friend=tom), Lion(name="b", friend=tom)]
    sync_engine.save_all([*cats, Dog(name="c", friend=tom), Visit(patient=tom)])

    # Dogs store the same key.
    assert [type(each) for each in tom.friends.fetch(sync_engine)] == [Cat, Lion]
    assert tom.friends.count(sync_engine) == 2
    assert tom.visits.count(sync_engine) == 1
    assert cats[1].visits.count(sync_engine) == 0


# --- Sessions and transactions -----------------------------------------------------------------


def test_in_sessions_and_transactions(sync_engine, users, posts, commands, raw_database):
    a = users[0]
    with sync_engine.session() as session:
        assert len(a.posts.fetch(session)) == 4
        assert a.posts.count(session) == 4
    with sync_engine.transaction() as transaction:
        transaction.save(Post(title="new", author=a))
        commands.clear()
        found = a.posts.fetch(transaction)
        assert a.posts.count(transaction) == 5
        assert all(event.command["txnNumber"] for event in commands.started)
        assert raw_database["post"].count_documents(a.posts.query) == 4
        transaction.abort()
    assert titles(found)[-1] == "new"
    assert a.posts.count(sync_engine) == 4
    # It may be saved again as a whole.
    assert "title" in found[-1].__fields_modified__


# --- What is refused ---------------------------------------------------------------------------


def test_wrong_arguments(sync_engine, users, commands, raw_database):
    posts = users[0].posts
    commands.clear()
    for wrong in (None, 5, "text", SyncEngine, [], raw_database, raw_database["post"], Post):
        for call in (posts.fetch, posts.count):
            with pytest.raises(TypeError, match=r"User\.posts\.(fetch|count) takes an engine"):
                call(wrong)
    for words, error in (({"limit": 0}, ValueError), ({"limit": "x"}, TypeError)):
        with pytest.raises(error, match="limit"):
            posts.fetch(sync_engine, **words)
    with pytest.raises(TypeError, match="sort"):
        posts.fetch(sync_engine, sort="title")
    with pytest.raises(TypeError, match="booleans"):
        posts.fetch(sync_engine, False)
    assert commands.names == []
