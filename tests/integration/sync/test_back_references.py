# Generated from tests/integration/aio/test_back_references.py by tools/generate_sync.py: do not edit.
"""What refers to an instance: found, counted, and loaded for a page of instances at once."""

from __future__ import annotations

import copy
import pickle
import uuid
from collections import deque
from datetime import datetime
from typing import Any, ClassVar, Deque, Dict, List, Optional, Tuple, Union

import pytest
from pymongo.errors import OperationFailure
from tests.integration.sync.reading import to_list

from odmantic import (
    BackReference,
    EmbeddedModel,
    Field,
    Load,
    Model,
    Ref,
    Reference,
    SyncEngine,
    hook,
    is_loaded,
)
from odmantic.exceptions import (
    DocumentParsingError,
    ForeignFieldWarning,
    NotLoadedError,
    TargetNotFoundError,
)
from odmantic.query import desc, raw

COLOUR = "sync"


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
    placed: ClassVar["BackReference[Post]"] = BackReference("Post", "grid")
    tiled: ClassVar["BackReference[Post]"] = BackReference("Post", "tiles.by")
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
    grid: List[List[User]] = Reference()
    tiles: List[List[Comment]] = []


class Note(Model, soft_delete="deleted_at"):
    text: str
    by: User = Reference()
    deleted_at: Optional[datetime] = None


class Animal(Model, inheritance="single"):
    name: str
    friends: ClassVar["BackReference[Cat]"] = BackReference("Cat", "friend")
    visits: ClassVar["BackReference[Visit]"] = BackReference("Visit", "patient")


class Cat(Animal):
    toys: ClassVar["BackReference[Toy]"] = BackReference("Toy", "of")
    friend: Optional[Animal] = Reference()


class Lion(Cat):
    pass


class Dog(Animal):
    friend: Optional[Animal] = Reference()


class Toy(Model):
    of: Cat = Reference()


class Still(Model, frozen=True):
    name: str
    holdings: ClassVar["BackReference[Holding]"] = BackReference("Holding", "still")


class Holding(Model):
    still: Still = Reference()


class Hooked(Model):
    name: str
    hooks: ClassVar["BackReference[Hook]"] = BackReference("Hook", "on")

    @hook("after_load")
    def greet(self) -> None:
        self.name = f"{self.name.upper()} {len(self.hooks.value)}"


class Hook(Model):
    name: str
    on: Hooked = Reference()

    @hook("after_load")
    def greet(self) -> None:
        self.name = self.name.upper()


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


class Ship(Model):
    name: str = Field(primary_field=True)
    logs: ClassVar["BackReference[Log]"] = BackReference("Log", "about")
    marks: ClassVar["BackReference[Log]"] = BackReference("Log", "marks.on")
    crews: ClassVar["BackReference[Log]"] = BackReference("Log", "all")
    named: ClassVar["BackReference[Log]"] = BackReference("Log", "by_name")


class Port(Model):
    name: str = Field(primary_field=True)
    logs: ClassVar["BackReference[Log]"] = BackReference("Log", "about")
    lazy: ClassVar["BackReference[Log]"] = BackReference("Log", "port")
    many: ClassVar["BackReference[Log]"] = BackReference("Log", "ports")


class Mark(EmbeddedModel):
    on: Union[Ship, Port] = Reference()


class Log(Model):
    """What refers to one of several models, and lazily."""

    text: str
    about: Union[Ship, Port, None] = Reference()
    all: List[Union[Ship, Port]] = Reference()
    by_name: Dict[str, Union[Ship, Port]] = Reference()
    marks: List[Mark] = []
    port: Optional[Ref[Port]] = None
    ports: List[Ref[Port]] = []


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
    found = to_list(sync_engine.find(Post, posts.query, Post.title > "2", sort=Post.title))
    assert titles(found) == ["4", "6"]


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
        ("placed", lambda a, b: {"grid": [[], [b, a]]}),
        ("tiled", lambda a, b: {"tiles": [[Comment()], [Comment(by=b), Comment(by=a)]]}),
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


# --- References to several models, and lazy ones -----------------------------------------------


@pytest.fixture
def vega(sync_engine):
    """A ship with the name of a port."""
    ship, port, other = Ship(name="Vega"), Port(name="Vega"), Port(name="Oslo")
    sync_engine.save_all(
        [
            Log(text="a", about=ship, marks=[Mark(on=port), Mark(on=ship)]),
            Log(text="b", about=port, all=[port, ship, ship], by_name={"x": ship, "y": port}),
            Log(text="c", about=None, all=[port, other], by_name={"x": port}, port=Ref(port)),
            Log(text="d", about=other, ports=[Ref(other), Ref.to(Port, "Vega")], port=Ref(other)),
        ]
    )
    return ship, port


def texts(logs):
    return "".join(sorted(log.text for log in logs))


def test_one_of_several_models(sync_engine, vega):
    ship, port = vega
    for back, expected in (
        (ship.logs, "a"),
        (port.logs, "b"),
        (ship.marks, "a"),
        (ship.crews, "b"),
        (ship.named, "b"),
        (port.lazy, "c"),
        (port.many, "d"),
    ):
        assert texts(back.fetch(sync_engine)) == expected
        assert back.count(sync_engine) == 1


@pytest.mark.parametrize("limit", [None, 1])
def test_one_of_several_models_is_loaded(sync_engine, vega, limit):
    names = ("logs", "marks", "crews", "named")
    load = [Load(name, limit=limit) for name in names]
    ship = sync_engine.find_one(Ship, load=load)
    assert [texts(getattr(ship, name).value) for name in names] == ["a", "a", "b", "b"]
    names = ("logs", "lazy", "many")
    load = [Load(name, limit=limit) for name in names]
    oslo, port = to_list(sync_engine.find(Port, sort=Port.name, load=load))
    assert [texts(getattr(port, name).value) for name in names] == ["b", "c", "d"]
    assert [texts(getattr(oslo, name).value) for name in names] == ["d", "d", "d"]
    assert not port.lazy.value[0].port.is_loaded
    assert port.lazy.value[0].port.key == "Vega"


def test_paths_through_such_references(sync_engine, vega, commands):
    commands.clear()
    logs = to_list(
        sync_engine.find(
            Log, sort=Log.text, load=["about.logs", "port.lazy", (Log.ports, Port.lazy)]
        )
    )

    assert texts(logs[0].about.logs.value) == "a"
    assert texts(logs[1].about.logs.value) == "b"
    assert texts(logs[2].port.value.lazy.value) == "c"
    assert [texts(each.value.lazy.value) for each in logs[3].ports] == ["d", "c"]
    [log] = to_list(sync_engine.find(Log, Log.text == "c"))
    sync_engine.load(log, "port.many.about")
    assert log.port.value.many.value[0].about == Port(name="Oslo")
    ships = to_list(sync_engine.find(Ship, load=["logs.about.logs", "marks.marks.on.marks"]))
    assert texts(ships[0].logs.value[0].about.logs.value) == "a"
    assert texts(ships[0].marks.value[0].marks[1].on.marks.value) == "a"


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


# --- load= -------------------------------------------------------------------------------------


def test_a_page_takes_one_query(sync_engine, users, posts, commands):
    found = to_list(sync_engine.find(User, sort=User.name, load=[User.posts]))

    assert [event.command["find"] for event in commands.started] == ["user", "post"]
    assert commands.started[1].command["filter"] == {"a": {"$in": [user.id for user in users]}}
    assert [titles(user.posts.value) for user in found] == [
        ["0", "2", "4", "6"],
        ["1", "3", "5"],
        [],
    ]
    assert all(user.posts.is_loaded for user in found)
    assert not any(user.read.is_loaded for user in found)
    post = found[0].posts.value[0]
    assert type(post) is Post
    # Exactly the paths of the call are loaded.
    assert not is_loaded(post.author)
    assert post.author == found[0]
    assert post.author is not found[0]
    assert post.__fields_modified__ == set()


def test_nothing_is_loaded_unless_it_is_named(sync_engine, users, posts, commands):
    for words in ({}, {"load": ()}, {"load": ["*"]}, {"load": None, "missing": None}):
        if words.get("load") == ["*"]:
            [post, *_] = to_list(sync_engine.find(Post, sort=Post.title, **words))
            found = post.author
        else:
            found = sync_engine.find_one(User, User.name == "a", **words)
        assert not found.posts.is_loaded
        with pytest.raises(
            NotLoadedError, match=r"User\.posts was not loaded: read with load=\[User\.posts\]"
        ):
            found.posts.value
    assert commands.names == ["find", "find", "find", "find", "find"]


def test_one_instance(sync_engine, users, posts, commands):
    found = sync_engine.find_one(User, User.name == "b", load=[User.posts])

    assert titles(found.posts.value) == ["1", "3", "5"]
    assert commands.names == ["find", "find"]
    commands.clear()
    assert sync_engine.find_one(User, User.name == "x", load=[User.posts]) is None
    assert to_list(sync_engine.find(User, User.name == "x", load=[User.posts])) == []
    assert commands.names == ["find", "find"]


def test_in_a_loop(sync_engine, users, posts, commands):
    for user in sync_engine.find(User, load=[User.posts]):
        assert user.posts.is_loaded
    cursor = sync_engine.find(User, User.name == "a", load=[User.posts])
    [once] = to_list(cursor)
    [again] = to_list(cursor)
    assert once is again
    assert commands.names == ["find"] * 4


@pytest.mark.parametrize(
    ("load", "models", "check"),
    [
        ([(User.posts, Post.editor)], "user post user", lambda post: is_loaded(post.editor)),
        (["posts.editor"], "user post user", lambda post: is_loaded(post.editor)),
        (["posts.editor.notes"], "user post user note", lambda post: post.editor.notes.is_loaded),
        (["posts.comments.by"], "user post user", lambda post: is_loaded(post.comments[0].by)),
        (["posts.*"], "user post user", lambda post: is_loaded(post.comments[0].by)),
        (
            [(User.posts, Post.author, User.posts)],
            "user post user post",
            lambda post: len(post.author.posts.value) == 1,
        ),
        (
            [(User.posts, "comments.by", User.commented), "posts.editor"],
            "user post user post",
            lambda post: is_loaded(post.editor) and post.comments[0].by.commented.value == [post],
        ),
    ],
)
def test_paths_go_on_behind(sync_engine, users, commands, load, models, check):
    a, b, c = users
    sync_engine.save(Post(title="x", author=a, editor=b, comments=[Comment(by=c)]))
    commands.clear()

    for found in (
        sync_engine.find_one(User, User.name == "a", load=load),
        *to_list(sync_engine.find(User, User.name == "a", load=load)),
    ):
        [post] = found.posts.value
        assert check(post)
        assert [e.command["find"] for e in commands.started][
            : len(models.split())
        ] == models.split()


def test_paths_through_references(sync_engine, users, posts, commands):
    loads = [(Post.author, User.posts)], ["author.posts"], ["*.posts"]
    for load in loads:
        commands.clear()
        found = to_list(sync_engine.find(Post, sort=Post.title, load=load))
        # One query for all authors of the page.
        names = [event.command["find"] for event in commands.started]
        assert names[:3] == ["post", "user", "post"]
        assert titles(found[2].author.posts.value) == ["0", "2", "4", "6"]
        assert found[0].author is not found[2].author
    [note] = [sync_engine.save(Note(text="x", by=users[0]))]
    found = sync_engine.find_one(Note, Note.id == note.id, load=["by.posts.author.notes"])
    assert found.by.posts.value[0].author.notes.value == [note]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("read", lambda a, b: {"readers": [b, a, a]}),
        ("judged", lambda a, b: {"judges": (b, a)}),
        ("queued", lambda a, b: {"queue": deque([a, b])}),
        ("played", lambda a, b: {"roles": {"x.$y": b, "": a}}),
        ("commented", lambda a, b: {"comments": [Comment(by=b), Comment(), Comment(by=a)]}),
        ("answered", lambda a, b: {"comments": [Comment(replies=[Comment(by=b), Comment(by=a)])]}),
        ("cast", lambda a, b: {"comments": [Comment(by=b), Comment(roles={"r": b, "s": a})]}),
        ("placed", lambda a, b: {"grid": [[], [b, a]]}),
        ("tiled", lambda a, b: {"tiles": [[Comment()], [Comment(by=b), Comment(by=a)]]}),
    ],
)
@pytest.mark.parametrize("limit", [None, 2])
def test_what_refers_to_several_is_with_each(sync_engine, users, name, values, limit):
    a, b, _ = users
    sync_engine.save_all([Post(title=str(n), **values(a, b)) for n in range(3)])
    sync_engine.save(Post(title="other", **values(b, b)))

    back = getattr(User, name)
    found = to_list(
        sync_engine.find(User, sort=User.name, load=[Load(back, sort=Post.title, limit=limit)])
    )

    of_a, of_b, of_c = (getattr(user, name).value for user in found)
    both = ["0", "1", "2"] if limit is None else ["0", "1"]
    assert titles(of_a) == both
    assert titles(of_b)[: len(both)] == both
    assert of_c == []
    # Each has an instance of its own.
    assert of_a[0] == of_b[0]
    assert of_a[0] is not of_b[0]
    assert of_a[0].readers is not of_b[0].readers
    assert all(
        one is not other for one, other in zip(of_a[0].readers, of_b[0].readers, strict=True)
    )


def test_conditions_orders_and_limits_for_each(sync_engine, users, posts, commands):
    for load, first, second in (
        (Load(User.posts), "0246", "135"),
        (Load(User.posts, Post.draft == False), "02", "13"),  # noqa: E712
        (Load(User.posts, {"draft": True}, Post.title != "4"), "6", "5"),
        (Load(User.posts, sort=desc(Post.title)), "6420", "531"),
        (Load(User.posts, limit=2), "02", "13"),
        (Load(User.posts, sort=(Post.draft, desc(Post.title)), limit=3), "206", "315"),
        (Load(User.posts, Post.draft == True, sort=desc(Post.title), limit=1), "6", "5"),  # noqa: E712
        (Load("posts", Post.title > "3", limit=9), "46", "5"),
        (Load((User.posts,), limit=100), "0246", "135"),
    ):
        commands.clear()
        found = to_list(sync_engine.find(User, sort=User.name, load=[load]))
        shown = ["".join(titles(user.posts.value)) for user in found]
        assert shown == [first, second, ""]
        assert len(commands.names) == 2
    found = to_list(sync_engine.find(User, sort=User.name, load=Load(User.posts, limit=1)))
    assert titles(found[1].posts.value) == ["1"]


def test_a_limit_on_the_way(sync_engine, users, posts, commands):
    found = to_list(
        sync_engine.find(
            User,
            sort=User.name,
            load=[
                Load(User.posts, sort=desc(Post.title), limit=1),
                Load((User.posts, Post.author, User.posts), limit=2),
                "posts.editor",
            ],
        )
    )

    [post] = found[0].posts.value
    assert post.title == "6"
    assert titles(post.author.posts.value) == ["0", "2"]
    assert commands.names == ["find", "aggregate", "find", "aggregate"]


@pytest.mark.parametrize(
    ("load", "error", "text"),
    [
        ([User.notes, "nobody"], ValueError, "User has no reference 'nobody'"),
        ([Post.author], ValueError, "Post is not the class that it starts at"),
        (
            [(User.posts, User.posts)],
            ValueError,
            "User is not the class that it starts at or leads to",
        ),
        (["posts.title"], ValueError, "Post has no reference 'title'"),
        (["posts.author.name"], ValueError, "User has no reference 'name'"),
        ([Load(User.posts, limit=0)], ValueError, "limit"),
        ([Load(User.posts, limit="1")], TypeError, "limit"),
        ([Load(User.posts, sort="title")], TypeError, "sort"),
        ([Load(User.posts, False)], TypeError, "booleans"),
        ([Load(User.posts, 5)], TypeError, "query expression"),
        ([Load(User.posts, raw({"$where": "1"}), limit=1)], ValueError, r"takes neither \$where"),
        ([Load("posts.author")], ValueError, "is not about one back reference"),
        ([Load("posts.*", limit=1)], ValueError, "is not about one back reference"),
        ([Load("nobody")], ValueError, "User has no reference 'nobody'"),
        ([Load(Load(User.posts))], ValueError, "neither a field nor text"),
        ([Load(User.posts, limit=1), Load("posts", limit=2)], ValueError, "two of 'posts'"),
        ([User(name="x").posts], ValueError, "neither a field nor text"),
    ],
)
def test_wrong_paths_are_refused_at_the_call(sync_engine, users, commands, load, error, text):
    commands.clear()
    with pytest.raises(error, match=text):
        sync_engine.find(User, load=load)
    with pytest.raises(error, match=text):
        sync_engine.find_one(User, load=load)
    with pytest.raises(error, match=text):
        sync_engine.load(users, *load)
    assert commands.names == []


def test_a_field_of_another_class_in_a_condition(sync_engine):
    with pytest.warns(ForeignFieldWarning):
        sync_engine.find(User, load=[Load(User.posts, User.name == "x")])


def test_plain_dictionaries_may_be_forbidden(sync_engine, users):
    strict = SyncEngine(
        sync_engine.client, database=sync_engine.database_name, raw_queries="forbid"
    )
    asked = Load(User.posts, {"draft": True})
    for call in (
        lambda: strict.find(User, load=[asked]),
        lambda: strict.find_one(User, load=[asked]),
        lambda: strict.load(users, asked),
        lambda: users[0].posts.fetch(strict, {"draft": True}),
    ):
        with pytest.raises(TypeError, match="plain dictionary"):
            call()
    for name in ("posts", "played", "commented"):
        assert getattr(users[0], name).fetch(strict) == []
        assert getattr(users[0], name).count(strict) == 0
        found = strict.find_one(User, load=[Load(name, raw({"draft": True}), limit=1)])
        assert getattr(found, name).value == []


def test_many_ids_are_asked_in_slices(sync_engine, users, posts, monkeypatch, commands):
    monkeypatch.setattr("odmantic._plan.references.MOST_IDS", 2)
    for load in (User.posts, Load(User.posts, limit=1)):
        commands.clear()
        found = to_list(sync_engine.find(User, sort=User.name, load=[load]))
        assert titles(found[1].posts.value)[0] == "1"
        assert len(commands.names) == 3


def test_more_than_one_batch(sync_engine, users, monkeypatch, raw_database):
    for module in (f"odmantic._{COLOUR}.operations.back_references", "odmantic._plan.find"):
        monkeypatch.setattr(f"{module}.BATCH_SIZE", 2)
    raw_database["post"].insert_many([{"title": str(n), "a": users[0].id} for n in range(5)])

    for load, count in (
        (User.posts, 5),
        (Load(User.posts, limit=4), 4),
        (Load(User.posts, limit=3), 3),
    ):
        found = sync_engine.find_one(User, User.name == "a", load=[load])
        assert titles(found.posts.value) == ["0", "1", "2", "3", "4"][:count]


def test_soft_deletion_of_what_is_loaded(sync_engine, users):
    kept, gone = sync_engine.save_all([Note(text=text, by=users[0]) for text in "xy"])
    sync_engine.delete(gone)

    for load in (User.notes, Load(User.notes, limit=5)):
        found = sync_engine.find_one(User, User.name == "a", load=[load])
        assert found.notes.value == [kept]


def test_hierarchies_are_loaded(sync_engine):
    tom = Cat(name="Tom")
    cats = [Cat(name="a", friend=tom), Lion(name="b", friend=tom)]
    sync_engine.save_all([*cats, Dog(name="c", friend=tom), Visit(patient=cats[1])])

    for load in (Animal.friends, Load(Animal.friends, limit=9)):
        found = sync_engine.find_one(Animal, Animal.name == "Tom", load=[load])
        assert [type(each) for each in found.friends.value] == [Cat, Lion]
    every = to_list(sync_engine.find(Animal, sort=Animal.name, load=["friends.visits"]))
    assert [[len(cat.visits.value) for cat in each.friends.value] for each in every] == [
        [0, 1],
        [],
        [],
        [],
    ]
    visit = sync_engine.find_one(Visit, load=[(Visit.patient, Animal.visits)])
    assert [each.id for each in visit.patient.visits.value] == [visit.id]


def test_a_derived_class_has_one_that_others_lack(sync_engine):
    cat, dog = Cat(name="a"), Dog(name="b")
    sync_engine.save_all([cat, dog, Toy(of=cat), Toy(of=cat)])

    found = to_list(sync_engine.find(Animal, sort=Animal.name, load=["toys"]))

    assert len(found[0].toys.value) == 2
    assert not hasattr(found[1], "toys")


@pytest.mark.parametrize(
    ("key", "other"),
    [
        (1, "1"),
        (b"\x00", b"\x01"),
        (uuid.UUID(int=1), uuid.UUID(int=2)),
        ({"x": 1}, {"x": 2}),
        (True, 1),
    ],
)
def test_primary_keys_of_every_type_are_loaded(sync_engine, key, other):
    keys = [Keyed(key=key), Keyed(key=other)]
    sync_engine.save_all([Referring(to=each, each=[each], by_name={"x": each}) for each in keys])

    for limit in (None, 1):
        load = [Load(name, limit=limit) for name in ("all", "any", "named")]
        found = to_list(sync_engine.find(Keyed, load=load))
        for each in found:
            for back in (each.all, each.any, each.named):
                assert [holder.to for holder in back.value] == [each]
    seat, other_seat = (Seat(key=Key(row=row, column="x")) for row in (1, 2))
    sync_engine.save_all([Ticket(seat=seat), Ticket(seat=other_seat)])
    for load in (Seat.tickets, Load(Seat.tickets, limit=1)):
        for each in to_list(sync_engine.find(Seat, load=[load])):
            assert [ticket.seat for ticket in each.tickets.value] == [each]


def test_references_that_lead_nowhere(sync_engine, users, raw_database):
    sync_engine.save(Post(title="x", author=users[0], readers=users, editor=users[2]))
    raw_database["user"].delete_one({"name": "c"})

    with pytest.raises(DocumentParsingError, match="editor"):
        sync_engine.find_one(User, User.name == "a", load=["posts.editor"])
    found = to_list(sync_engine.find(User, load=["read.readers"], missing="drop"))
    for user in found:
        assert [reader.name for reader in user.read.value[0].readers] == ["a", "b"]


def test_documents_that_do_not_fit(sync_engine, users, posts, raw_database):
    raw_database["post"].update_one({"title": "2"}, {"$set": {"draft": "perhaps"}})

    cursor = sync_engine.find(User, load=[User.posts])
    for _ in range(2):
        with pytest.raises(DocumentParsingError, match="draft"):
            for user in cursor:
                raise AssertionError(user)  # without what was asked for
    with pytest.raises(DocumentParsingError):
        sync_engine.load(users, User.posts)
    assert not any(user.posts.is_loaded for user in users)


def test_hooks_are_called(sync_engine):
    owner = Hooked(name="a")
    sync_engine.save_all([owner, Hook(name="b", on=owner)])

    found = sync_engine.find_one(Hooked, load=[Hooked.hooks])

    # What refers comes first.
    assert found.hooks.value[0].name == "B"
    assert found.name == "A 1"


def test_saving_leaves_them_alone(sync_engine, users, posts, commands):
    found = sync_engine.find_one(User, User.name == "a", load=[User.posts])
    found.posts.value[0].title = "new"
    commands.clear()

    sync_engine.save(found)
    assert commands.names == []
    found.name = "A"
    sync_engine.save(found)
    sync_engine.save(found.posts.value[0])

    assert commands.names == ["update", "update"]
    # It stays loaded.
    assert titles(found.posts.value)[0] == "new"
    found.posts.value.clear()
    sync_engine.save(found)
    assert found.posts.count(sync_engine) == 4


def test_copies_are_not_loaded(sync_engine, users, posts):
    found = sync_engine.find_one(User, User.name == "a", load=[User.posts])
    assert found == users[0]
    assert "posts" not in repr(found)
    assert repr(found.posts).startswith("<User.posts: [Post(")
    assert found.model_dump() == users[0].model_dump()
    for clone in (
        copy.copy(found),
        copy.deepcopy(found),
        found.model_copy(),
        found.model_copy(deep=True),
        pickle.loads(pickle.dumps(found)),
    ):
        assert clone == found
        assert not clone.posts.is_loaded
    assert found.posts.is_loaded
    assert found.__fields_modified__ == set()


def test_frozen_models_are_loaded(sync_engine):
    still = Still(name="x")
    sync_engine.save(Holding(still=still))

    found = sync_engine.find_one(Still, load=[Still.holdings])

    assert len(found.holdings.value) == 1
    assert found == still
    assert hash(found) == hash(still)


# --- load= in sessions and transactions --------------------------------------------------------


def test_loading_in_sessions_and_transactions(sync_engine, users, posts, commands, raw_database):
    with sync_engine.session() as session:
        found = session.find_one(User, User.name == "a", load=[User.posts])
        assert len(found.posts.value) == 4
    with sync_engine.transaction() as transaction:
        transaction.save(Post(title="7", author=users[0]))
        raw_database["post"].insert_one({"title": "theirs", "a": users[0].id})
        commands.clear()
        for load in (User.posts, Load(User.posts, limit=9)):
            found = transaction.find_one(User, User.name == "a", load=[load])
            assert titles(found.posts.value) == ["0", "2", "4", "6", "7"]
        transaction.load(users, User.posts)
        assert titles(users[0].posts.value)[-1] == "7"
        assert all(event.command["txnNumber"] for event in commands.started)
        assert len(commands.names) == 5
        transaction.abort()
    # What was read there may be of no document.
    assert "title" in found.posts.value[-1].__fields_modified__
    assert found.posts.count(sync_engine) == 5


def test_a_command_that_fails(sync_engine, users, posts, fail_point):
    sync_engine.load(users, User.notes)
    for load, command in ((User.posts, "find"), (Load(User.posts, limit=1), "aggregate")):
        with fail_point(command, error_code=8000):
            with pytest.raises(OperationFailure) as caught:
                sync_engine.load(users, User.notes, load)
            with pytest.raises(OperationFailure):
                for user in sync_engine.find(User, load=[load]):
                    raise AssertionError(user)  # without what was asked for
        assert "in load of Post" in str(getattr(caught.value, "__notes__", caught.value))
        assert not any(user.posts.is_loaded for user in users)
        assert all(user.notes.is_loaded for user in users)
    sync_engine.load(users, User.posts)
    assert len(users[0].posts.value) == 4


def test_a_command_that_fails_in_a_transaction(sync_engine, users, posts, fail_point):
    with pytest.raises(OperationFailure):
        with sync_engine.transaction() as transaction:
            with fail_point("aggregate", error_code=8000):
                transaction.load(users, Load(User.posts, limit=1))
    assert not users[0].posts.is_loaded


def test_an_engine_that_has_collections_elsewhere(sync_engine, users, posts, raw_database):
    class Elsewhere(SyncEngine):
        def get_collection(self, model):
            name = "elsewhere" if model is Post else model.__collection__
            return self.database[name]

    raw_database["elsewhere"].insert_one({"title": "there", "a": users[0].id})
    engine = Elsewhere(sync_engine.client, database=sync_engine.database_name)
    for load in (User.posts, Load(User.posts, limit=3)):
        found = engine.find_one(User, User.name == "a", load=[load])
        assert titles(found.posts.value) == ["there"]
    assert titles(users[0].posts.fetch(engine)) == ["there"]


# --- engine.load -------------------------------------------------------------------------------


def test_instances_at_hand(sync_engine, users, posts, commands):
    sync_engine.load(users, User.posts)

    assert commands.names == ["find"]
    assert [titles(user.posts.value) for user in users] == [
        ["0", "2", "4", "6"],
        ["1", "3", "5"],
        [],
    ]
    commands.clear()
    sync_engine.load([users[0], users[0]], User.posts)
    sync_engine.load([], User.posts)
    assert commands.names == []
    sync_engine.load(users[0], Load(User.posts, limit=1))
    assert commands.names == ["aggregate"]
    assert titles(users[0].posts.value) == ["0"]


def test_what_is_loaded_stays(sync_engine, users, posts, raw_database, commands):
    user = users[0]
    sync_engine.load(user, User.posts)
    before = user.posts.value
    raw_database["post"].delete_one({"title": "0"})
    commands.clear()

    sync_engine.load(user, User.posts)
    assert user.posts.value is before
    assert commands.names == []
    # Deeper paths go on with the same instances.
    sync_engine.load(users, "posts.author", (User.posts, Post.author, User.notes))
    assert user.posts.value is before
    assert before[0].author.notes.value == []
    assert [e.command["find"] for e in commands.started] == ["user", "post", "user", "note"]
    sync_engine.load(user, User.posts, again=True)
    assert titles(user.posts.value) == ["2", "4", "6"]


def test_other_choices_are_loaded_again(sync_engine, users, posts, commands):
    user = users[0]
    for load, expected, count in (
        (Load(User.posts, limit=2), "02", 1),
        (Load(User.posts, limit=2), "02", 0),
        (Load(User.posts, limit=3), "024", 1),
        (Load(User.posts, Post.title != "0", limit=3), "246", 1),
        (Load(User.posts, Post.title != "0", limit=3), "246", 0),
        (User.posts, "0246", 1),
        (Load(User.posts), "0246", 0),
        (Load(User.posts, sort=Post.title), "0246", 1),
    ):
        commands.clear()
        sync_engine.load(user, load)
        assert ("".join(titles(user.posts.value)), len(commands.names)) == (expected, count)


def test_equal_instances_have_the_same_in_lists_of_their_own(sync_engine, users, posts, commands):
    one, other = [sync_engine.find_one(User, User.name == "a") for _ in range(2)]
    commands.clear()

    sync_engine.load([one, other, one], User.posts)

    assert commands.names == ["find"]
    assert len(one.posts.value) == 4
    assert all(a is b for a, b in zip(one.posts.value, other.posts.value, strict=True))
    one.posts.value.clear()
    assert len(other.posts.value) == 4
    sync_engine.load([one, other], "posts.author")
    assert len(other.posts.value) == 4


def test_levels_do_not_multiply(sync_engine, users, commands):
    """A user has 20 posts, and each of them has a user of its own, who has these posts."""
    sync_engine.save_all([Post(title=str(n), author=users[0]) for n in range(20)])
    commands.clear()

    found = sync_engine.find_one(User, User.name == "a", load=["posts.author.posts.author.posts"])

    last = {
        id(third)
        for first in found.posts.value
        for second in first.author.posts.value
        for third in second.author.posts.value
    }
    assert len(last) == 20
    assert commands.names == ["find"] * 6


def test_an_instance_that_is_not_loaded_is_loaded_first(sync_engine, users, posts, commands):
    post = sync_engine.find_one(Post, Post.title == "0", load=())
    commands.clear()

    sync_engine.load(post, "author.posts")

    assert post.author.name == "a"
    assert len(post.author.posts.value) == 4
    assert commands.names == ["find", "find"]
    assert post.__fields_modified__ == set()


def test_new_and_changed_instances(sync_engine, users, posts, commands):
    new, changed = User(name="new"), users[0]
    changed.name = "changed"

    sync_engine.load([new, changed], User.posts)

    assert new.posts.value == []
    assert len(changed.posts.value) == 4
    assert new.__fields_modified__ == {"id", "name"}
    assert changed.__fields_modified__ == {"name"}
    sync_engine.save_all([new, changed])
    assert sync_engine.count(User) == 4
    assert len(changed.posts.value) == 4


def test_missing_targets_and_back_references(sync_engine, users, posts, raw_database):
    post = sync_engine.find_one(Post, Post.title == "0", load=())
    raw_database["user"].delete_one({"name": "a"})

    with pytest.raises(TargetNotFoundError):
        sync_engine.load(post, "author.posts")

    assert not is_loaded(post.author)
    assert not post.author.posts.is_loaded


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
