# Generated from tests/integration/aio/test_replace_by_query.py by tools/generate_sync.py: do not edit.
"""`replace_one` and `find_one_and_replace`: what takes the place of a document, and what the instance knows then."""

from __future__ import annotations

import sys
import uuid
from datetime import datetime
from typing import List, Optional

import pytest
from pymongo import WriteConcern
from pymongo.errors import OperationFailure

from odmantic import Field, Model, Reference, hook
from odmantic.bson import ObjectId
from odmantic.exceptions import (
    DocumentParsingError,
    DuplicateKeyError,
    InvalidDocumentError,
    NotLoadedError,
    TransactionAbortedError,
)
from odmantic.query import desc

TRANSIENT = "TransientTransactionError"


class User(Model):
    name: str = Field(key_name="n")
    tags: List[str] = []


class Keyed(Model):
    id: str = Field(primary_field=True, default_factory=lambda: uuid.uuid4().hex)
    code: str = Field(unique=True)
    number: int = 0


class Post(Model):
    title: str
    author: Optional[User] = Reference()


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


class Note(Model, soft_delete="deleted_at"):
    text: str = ""
    deleted_at: Optional[datetime] = None


def stamp():
    return datetime(2020, 1, 1)


class Stamped(Model):
    name: str
    made: Optional[datetime] = Field(default=None, on_insert=stamp)
    at: Optional[datetime] = Field(default=None, on_update=stamp)


class Node(Model):
    name: str
    other: Optional["Node"] = Reference()


class Hooked(Model):
    name: str

    @hook("before_query_write")
    @classmethod
    def look(cls, event):
        called.append((event.operation, event.filter, event.update, event.instance, event.changes))
        event.instance.name += "!"
        if event.filter == {"name": "a"}:
            event.filter = {"name": "b"}

    @hook("after_query_write")
    @classmethod
    def done(cls, event):
        called.append(event.operation)
        if event.filter == {"name": "bad"}:
            raise RuntimeError("after")

    @hook("before_save")
    def never(self):
        raise AssertionError


called = []
EACH = pytest.mark.parametrize("name", ["replace_one", "find_one_and_replace"])


@pytest.fixture
def users(sync_engine, commands):
    users = sync_engine.save_all([User(name=name) for name in "abcd"])
    commands.clear()
    return users


def _assert_clean(engine, instance, commands):
    commands.clear()
    engine.save(instance)
    assert commands.names == []


def _run(engine, name, *arguments, **options):
    """Return whether a document was replaced, and one inserted."""
    instance = arguments[2]
    answer = getattr(engine, name)(*arguments, **options)
    if name == "find_one_and_replace":
        assert answer in (None, instance)
        return answer is instance
    return bool(answer.matched_count or answer.upserted_id is not None)


# --- The primary key --------------------------------------------------------------------------------


@EACH
def test_an_instance_takes_the_primary_key_that_is_met(
    users, sync_engine, commands, raw_database, name
):
    raw_database["user"].update_one({"n": "b"}, {"$set": {"more": 1}})
    user = User(name="new", tags=["x"])
    assert _run(sync_engine, name, User, User.name == "b", user)
    assert commands.names == ["findAndModify"]
    assert user.id == users[1].id
    stored = raw_database["user"].find_one({"_id": user.id})
    assert stored == {"_id": user.id, "n": "new", "tags": ["x"]}
    _assert_clean(sync_engine, user, commands)
    user.name = "newer"
    sync_engine.save(user)
    assert raw_database["user"].count_documents({}) == 4
    assert raw_database["user"].find_one({"_id": user.id})["n"] == "newer"


@EACH
def test_a_given_primary_key_has_to_be_that_of_the_document(
    users, sync_engine, commands, raw_database, name
):
    first, second = users[:2]
    first.name = "z"
    assert _run(sync_engine, name, User, {"_id": first.id}, first)
    _assert_clean(sync_engine, first, commands)
    first.name = "y"
    with pytest.raises(OperationFailure) as caught:
        getattr(sync_engine, name)(User, {"_id": second.id}, first)
    assert caught.value.code == 66
    commands.clear()
    sync_engine.save(first)
    assert [each["u"] for each in commands.started[0].command["updates"]] == [{"$set": {"n": "y"}}]
    user = User(id=ObjectId(), name="x")
    with pytest.raises(OperationFailure):
        getattr(sync_engine, name)(User, {"_id": second.id}, user)
    assert raw_database["user"].find_one({"_id": second.id})["n"] == "b"


@EACH
def test_nothing_to_replace(users, sync_engine, commands, raw_database, name):
    user = User(name="new")
    id_ = user.id
    assert not _run(sync_engine, name, User, User.name == "z", user)
    assert user.id == id_
    commands.clear()
    sync_engine.save(user)
    assert raw_database["user"].find_one({"n": "new"}) == {"_id": id_, "n": "new", "tags": []}
    user.tags.append("x")
    assert not _run(sync_engine, name, User, User.name == "z", user)
    sync_engine.save(user)
    assert raw_database["user"].find_one({"n": "new"})["tags"] == ["x"]


@EACH
@pytest.mark.parametrize("given", [False, True])
def test_an_upsert_inserts_the_document(sync_engine, commands, raw_database, name, given):
    words = {"id": "mine"} if given else {}
    one = Keyed(code="a", **words)
    id_ = one.id
    assert _run(sync_engine, name, Keyed, Keyed.code == "a", one, upsert=True)
    assert one.id == id_
    assert [*raw_database["keyed"].find()] == [{"_id": id_, "code": "a", "number": 0}]
    _assert_clean(sync_engine, one, commands)
    again = Keyed(code="a", number=5)
    assert _run(sync_engine, name, Keyed, Keyed.code == "a", again, upsert=True)
    assert [*raw_database["keyed"].find()] == [{"_id": id_, "code": "a", "number": 5}]
    assert again.id == id_
    _assert_clean(sync_engine, again, commands)


@EACH
def test_an_upsert_takes_the_primary_key_of_the_query(sync_engine, raw_database, name):
    one = Keyed(code="$a", number=1)
    assert _run(sync_engine, name, Keyed, Keyed.id == "$x", one, upsert=True)
    assert one.id == "$x"
    assert [*raw_database["keyed"].find()] == [{"_id": "$x", "code": "$a", "number": 1}]


def test_the_result_is_as_the_drivers(users, sync_engine):
    known = users[1]
    known.tags.append("x")
    for user, words, numbers in (
        (User(name="x"), {}, (1, 1)),
        (known, {}, (1, 1)),
        (User(name="x"), {"sort": desc(User.name)}, (1, 1)),
    ):
        query = {"_id": known.id} if user is known else {}
        result = sync_engine.replace_one(User, query, user, **words)
        assert (result.matched_count, result.modified_count) == numbers
        assert result.upserted_id is None
    one = Keyed(code="a")
    result = sync_engine.replace_one(Keyed, Keyed.code == "a", one, upsert=True)
    assert (result.matched_count, result.modified_count, result.upserted_id) == (0, 0, one.id)


# --- Which document -----------------------------------------------------------------------------------


def test_the_document_before(users, sync_engine, commands, raw_database):
    user = User(name="new")
    before = sync_engine.find_one_and_replace(
        User, {}, user, returning="before", sort=desc(User.name)
    )
    assert before == users[3]
    assert user.id == before.id
    _assert_clean(sync_engine, user, commands)
    _assert_clean(sync_engine, before, commands)
    none = sync_engine.find_one_and_replace(
        User, User.name == "z", User(name="z"), returning="before", upsert=True
    )
    assert none is None
    assert raw_database["user"].count_documents({"n": "z"}) == 1
    raw_database["user"].insert_one({"n": 5})
    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one_and_replace(User, {"n": 5}, User(name="five"), returning="before")
    if sys.version_info >= (3, 11):
        assert "odmantic: the document is replaced" in caught.value.__notes__
    assert raw_database["user"].count_documents({"n": "five"}) == 1


@EACH
def test_references_are_saved_before(sync_engine, commands, raw_database, name):
    sync_engine.save(Post(title="a", author=User(name="Ada")))
    commands.clear()
    post = Post(title="b", author=User(name="Bob"))
    assert _run(sync_engine, name, Post, Post.title == "a", post)
    assert commands.names == ["update", "findAndModify"]
    (stored,) = raw_database["post"].find()
    assert stored == {"_id": post.id, "title": "b", "author": post.author.id}
    _assert_clean(sync_engine, post, commands)
    if name == "find_one_and_replace":
        before = sync_engine.find_one_and_replace(
            Post, {}, Post(title="c"), returning="before", load=()
        )
        assert before.author.id == post.author.id
        assert raw_database["post"].find_one()["author"] is None


def test_what_is_referred_to_needs_its_primary_key(sync_engine, commands):
    one, other = Node(name="a"), Node(name="b")
    one.other, other.other = other, one
    with pytest.raises(ValueError, match="give the Node its primary key"):
        sync_engine.replace_one(Node, {}, one)
    assert commands.names == []
    known = sync_engine.save(Node(name="c"))
    one = Node(id=known.id, name="d", other=other)
    other.other = one
    sync_engine.replace_one(Node, Node.name == "c", one)
    found = sync_engine.find_one(Node, Node.name == "d", load=["other.other"])
    assert found.other.other.id == known.id


@EACH
def test_a_replacement_keeps_the_class(sync_engine, raw_database, name):
    sync_engine.save_all([Animal(name="x"), Cat(name="x", lives=1)])
    cat = Cat(name="y")
    assert _run(sync_engine, name, Animal, Animal.name == "x", cat)
    assert not _run(sync_engine, name, Animal, Animal.name == "x", Cat(name="z"))
    kinds = [type(each) for each in sync_engine.find(Animal, sort=Animal.name)]
    assert kinds == [Animal, Cat]


@EACH
def test_deleted_documents_are_left_alone(sync_engine, name):
    note = sync_engine.save(Note(text="x"))
    sync_engine.delete(note)
    assert not _run(sync_engine, name, Note, {}, Note(text="y"))
    assert _run(sync_engine, name, Note, {}, Note(text="y"), without="soft_delete")
    assert sync_engine.count(Note, Note.text == "y") == 1


@EACH
def test_times_are_supplied(sync_engine, name):
    one = Stamped(name="a")
    _run(sync_engine, name, Stamped, Stamped.name == "a", one, upsert=True)
    assert (one.made, one.at) == (stamp(), stamp())
    other = Stamped(name="a")
    _run(sync_engine, name, Stamped, Stamped.name == "a", other)
    assert (other.made, other.at) == (stamp(), stamp())


# --- What is refused ----------------------------------------------------------------------------------


@EACH
def test_what_is_wrong_is_refused(users, sync_engine, commands, name):
    method = getattr(sync_engine, name)
    user = User(name="x")
    hollow = sync_engine.find_one(Post, load=()) or None
    assert hollow is None
    for call, kind, match in (
        (lambda: method(User, (), user), TypeError, "no condition"),
        (lambda: method(User, user, user), TypeError, "takes a query before the instance"),
        (lambda: method(User, {}, {"n": "x"}), TypeError, "Can only call"),
        (lambda: method(User, {}, Note()), TypeError, "takes an instance of User, not Note"),
        (lambda: method(Cat, {}, Animal(name="x")), TypeError, "takes an instance of Cat"),
        (lambda: method(User, {}, user, upsert=1), TypeError, "True or False"),
        (lambda: method(User, {}, user, array_filters=[]), TypeError, "no option 'array_filters'"),
        (
            lambda: method(User, User.name == "y", user, upsert=True),
            ValueError,
            f"{name} of User: the instance has another value of 'n'",
        ),
        (
            lambda: method(User, {"$expr": {"$gt": ["$n", "a"]}}, user, upsert=True),
            TypeError,
            "expr",
        ),
        (lambda: method(User, {}, user, write_concern=WriteConcern(0)), TypeError, "w=0"),
    ):
        commands.clear()
        with pytest.raises(kind, match=match):
            call()
        assert commands.names == []
    sync_engine.insert(user)


@EACH
def test_what_was_not_loaded_is_refused(sync_engine, name):
    sync_engine.save(Post(title="a", author=User(name="x")))
    author = sync_engine.find_one(Post, load=()).author
    with pytest.raises(NotLoadedError):
        getattr(sync_engine, name)(User, {}, author)


def test_an_unacknowledged_replacement(users, sync_engine, raw_database):
    concern = WriteConcern(0)
    result = sync_engine.replace_one(User, {"_id": users[0].id}, users[0], write_concern=concern)
    assert result.acknowledged is False
    with pytest.raises(TypeError, match="w=0"):
        sync_engine.find_one_and_replace(
            User, {"_id": users[0].id}, users[0], write_concern=concern
        )


@EACH
def test_a_failure_leaves_the_instance_as_it_was(
    sync_engine, commands, raw_database, fail_point, name
):
    sync_engine.configure_database([Keyed])
    _, other = sync_engine.save_all([Keyed(code="a"), Keyed(code="b")])
    new = Keyed(code="a", number=3)
    with pytest.raises(DuplicateKeyError) as caught:
        getattr(sync_engine, name)(Keyed, Keyed.code == "b", new)
    assert caught.value.instance is new
    other.number = 7
    with fail_point("findAndModify", "update", error_code=13), pytest.raises(OperationFailure):
        getattr(sync_engine, name)(Keyed, Keyed.code == "b", other)
    commands.clear()
    sync_engine.save(other)
    assert [each["u"] for each in commands.started[0].command["updates"]] == [
        {"$set": {"number": 7}}
    ]
    with pytest.raises(InvalidDocumentError):
        getattr(sync_engine, name)(Keyed, Keyed.code == "b", Keyed(code="c", number=2**70))


# --- Transactions -----------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("inserts", [False, True])
def test_a_rollback_makes_it_dirty_again(sync_engine, raw_database, name, inserts):
    if not inserts:
        raw_database["keyed"].insert_one({"_id": "met", "code": "a"})
    one = Keyed(code="a", number=3)
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            assert _run(transaction, name, Keyed, Keyed.code == "a", one, upsert=inserts)
            raise KeyError
    assert raw_database["keyed"].count_documents({"number": 3}) == 0
    assert one.id != "met"
    sync_engine.save(one)
    stored = raw_database["keyed"].find_one({"_id": one.id})
    assert stored == {"_id": one.id, "code": "a", "number": 3}


@EACH
def test_each_attempt_meets_what_is_there(sync_engine, raw_database, name):
    raw_database["keyed"].insert_one({"_id": "first", "code": "a"})
    one = Keyed(code="a", number=3)
    attempts = []

    def work(transaction):
        attempts.append(one.id)
        if len(attempts) == 2:
            raw_database["keyed"].delete_one({"_id": "first"})
            raw_database["keyed"].insert_one({"_id": "second", "code": "a"})
        assert _run(transaction, name, Keyed, Keyed.code == "a", one)
        if len(attempts) == 1:
            # With a failing commit, the server would hold the document until its transaction is too old.
            raise OperationFailure("conflict", 112, {"errorLabels": [TRANSIENT]})

    sync_engine.run_transaction(work)
    assert len(attempts) == 2
    assert one.id == "second"
    assert [*raw_database["keyed"].find()] == [{"_id": "second", "code": "a", "number": 3}]


@EACH
def test_an_error_dooms_the_transaction(sync_engine, fail_point, name):
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with fail_point("findAndModify", error_code=13), pytest.raises(OperationFailure):
                getattr(transaction, name)(User, {}, User(name="x"))


# --- Hooks ------------------------------------------------------------------------------------------


@EACH
def test_hooks_of_queries_are_called(sync_engine, raw_database, name):
    raw_database["hooked"].insert_many([{"name": "a"}, {"name": "b"}])
    called.clear()
    hooked = Hooked(name="c")
    assert _run(sync_engine, name, Hooked, {"name": "a"}, hooked)
    assert called == [
        (name, {"name": "a"}, None, hooked, frozenset({"id", "name"})),
        name,
    ]
    assert sorted(each["name"] for each in raw_database["hooked"].find()) == ["a", "c!"]


@EACH
def test_an_error_of_a_hook_after_it_dooms_the_transaction(sync_engine, raw_database, name):
    raw_database["hooked"].insert_one({"name": "bad"})
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with pytest.raises(RuntimeError, match="after"):
                getattr(transaction, name)(Hooked, {"name": "bad"}, Hooked(name="c"))
    assert raw_database["hooked"].find_one()["name"] == "bad"
