# Generated from tests/integration/aio/test_delete_by_query.py by tools/generate_sync.py: do not edit.
"""`delete_one`, `delete_many` and `find_one_and_delete`: what goes, what is left, and what the instance knows."""

from __future__ import annotations

import sys
import uuid
from datetime import datetime
from typing import List, Optional

import pytest
from pymongo import WriteConcern
from pymongo.errors import OperationFailure

from odmantic import Field, Model, Reference, hook, stored
from odmantic.bson import Binary, ObjectId
from odmantic.exceptions import (
    DocumentParsingError,
    DuplicateKeyError,
    RawQueryWarning,
    ReferencedError,
    StoredFieldsWarning,
    TransactionAbortedError,
)
from odmantic.query import asc, desc, raw

TRANSIENT = "TransientTransactionError"


class Job(Model):
    id: int = Field(primary_field=True)
    state: str = Field(default="new", key_name="s")
    tags: List[str] = []


class Note(Model, soft_delete="deleted_at"):
    id: int = Field(primary_field=True)
    text: str = ""
    deleted_at: Optional[datetime] = None


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


class User(Model):
    name: str


class Post(Model):
    id: int = Field(primary_field=True)
    author: User = Reference(on_delete="cascade")
    editor: Optional[User] = Reference(on_delete="nullify")
    hits: int = 0


class Invoice(Model):
    payer: User = Reference(on_delete="deny")


class Hooked(Model, soft_delete="deleted_at"):
    id: int = Field(primary_field=True)
    number: int = 0
    deleted_at: Optional[datetime] = None

    @hook("before_query_write")
    @classmethod
    def look(cls, event):
        called.append((event.operation, event.filter, event.update, event.instance))
        if event.filter == {"_id": 1}:
            event.filter = {"_id": 2}

    @hook("after_query_write")
    @classmethod
    def done(cls, event):
        called.append(event.operation)
        if event.filter == {"number": -1}:
            raise RuntimeError("after")

    @hook("after_load")
    def load(self):
        called.append(("load", self.id))


called = []


@pytest.fixture
def jobs(sync_engine, commands):
    jobs = sync_engine.save_all([Job(id=n, state="ab"[n % 2]) for n in range(4)])
    commands.clear()
    return jobs


def _ids(database, name):
    return [each["_id"] for each in database[name].find().sort("_id", 1)]


def _run(engine, name, model, query, **options):
    """Return the number of deleted documents, whatever the method gives."""
    given = getattr(engine, name)(model, query, **options)
    if name == "find_one_and_delete":
        assert given is None or type(given) is model
        return int(given is not None)
    assert type(given) is (bool if name == "delete_one" else int)
    return int(given)


METHODS = ["delete_one", "delete_many", "find_one_and_delete"]
EACH = pytest.mark.parametrize("name", METHODS)

# --- Queries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "left"),
    [
        (Job.id == 1, [0, 2, 3]),
        ({"_id": {"$gt": 1}}, [0, 1]),
        (raw({"s": "a"}), [1, 3]),
        ((Job.id > 0, {"s": "b"}), [0, 2]),
        ({}, []),
        (Job.id == 9, [0, 1, 2, 3]),
    ],
)
def test_what_matches_is_deleted(jobs, sync_engine, raw_database, query, left):
    """Once all, and once one after the other."""
    assert sync_engine.delete_many(Job, query) == 4 - len(left)
    assert _ids(raw_database, "job") == left
    sync_engine.save_all([Job(id=each.id, state=each.state) for each in jobs])
    for number in range(4 - len(left)):
        name = METHODS[2 * (number % 2)]
        assert _run(sync_engine, name, Job, query) == 1
    assert _ids(raw_database, "job") == left
    assert sync_engine.delete_one(Job, query) is False
    assert sync_engine.find_one_and_delete(Job, query) is None


@EACH
def test_there_is_exactly_one_query(jobs, sync_engine, commands, name):
    method = getattr(sync_engine, name)
    for query, kind, match in (
        ((), TypeError, "no condition"),
        ([], TypeError, f"{name} of Job takes a query: a condition"),
        (None, TypeError, "takes a query:"),
        (True, TypeError, "booleans"),
    ):
        with pytest.raises(kind, match=match):
            method(Job, query)
    with pytest.raises(TypeError, match="query"):
        method(Job)
    with pytest.raises(TypeError, match="positional"):
        method(Job, {}, {})
    with pytest.raises(ValueError, match="without="):
        method(Job, {}, without="scopes")
    with pytest.raises(TypeError, match="rules="):
        method(Job, {}, rules=1)
    assert commands.names == []


@EACH
def test_the_policy_for_mongodbs_language_counts(sync_engine, commands, name):
    client, database = sync_engine.client, sync_engine.database_name
    forbidding = type(sync_engine)(client, database, raw_queries="forbid")
    with pytest.raises(TypeError, match="raw"):
        getattr(forbidding, name)(Job, {"_id": 1})
    assert commands.names == []
    assert _run(forbidding, name, Job, raw({"_id": 1})) == 0
    warning = type(sync_engine)(client, database, raw_queries="warn")
    with pytest.warns(RawQueryWarning):
        getattr(warning, name)(Job, {"_id": 1})


def test_the_first_one_in_order_is_deleted(jobs, sync_engine, commands, raw_database):
    assert sync_engine.delete_one(Job, {}, sort=desc(Job.id)) is True
    (event,) = commands.started
    assert event.command_name == "findAndModify"
    assert event.command["fields"] == {"_id": True}
    found = sync_engine.find_one_and_delete(Job, {}, sort=(asc(Job.state), desc(Job.id)))
    assert (found.id, found.state) == (2, "a")
    assert _ids(raw_database, "job") == [0, 1]


@EACH
def test_only_documents_of_the_class_are_deleted(sync_engine, raw_database, name):
    sync_engine.save_all([Animal(name="x"), Cat(name="x")])
    assert _run(sync_engine, name, Cat, {"name": "x"}) == 1
    assert _run(sync_engine, name, Cat, {"name": "x"}) == 0
    assert raw_database["animal"].count_documents({}) == 1
    assert type(sync_engine.find_one_and_delete(Animal, {})) is Animal


@EACH
def test_an_unacknowledged_deletion_is_refused(odmantic_mongo_uri, sync_engine, jobs, name):
    client = type(sync_engine.client)(odmantic_mongo_uri, w=0)
    try:
        engine = type(sync_engine)(client, sync_engine.database_name)
        for model in (Job, Note):
            with pytest.raises(TypeError, match=f"{name} of {model.__name__} .*w=0"):
                getattr(engine, name)(model, {})
        assert sync_engine.count(Job) == 4
    finally:
        client.close()


@EACH
def test_options_reach_every_command(jobs, sync_engine, commands, raw_database, name):
    words = {"hint": "_id_", "comment": "why", "let": {"a": 1}}
    query = {"$and": [{"s": "A"}, raw({"$expr": {"$eq": ["$$a", 1]}})]}
    for model in (Job, Note):
        commands.clear()
        collated = {"collation": {"locale": "en", "strength": 2}}
        number = _run(sync_engine, name, model, query, **words, **collated)
        assert number == (0 if model is Note else 2 if name == "delete_many" else 1)
        (event,) = commands.started
        (sent,) = event.command.get("deletes", event.command.get("updates", [event.command]))
        assert sent["hint"] == "_id_"
        assert sent["collation"]["strength"] == 2
        assert (event.command["comment"], event.command["let"]) == ("why", {"a": 1})
    sync_engine.save(User(name="ada"))
    commands.clear()
    words["collation"] = {"locale": "en", "strength": 2}
    assert _run(sync_engine, name, User, User.name == "ADA", **words) == 1
    first, *_, last = (event.command for event in commands.started if event.command.get("comment"))
    assert (first["hint"], first["let"]) == ("_id_", {"a": 1})
    assert "let" not in last


@EACH
def test_options_are_checked(sync_engine, commands, name):
    method = getattr(sync_engine, name)
    for options, match in (
        ({"upsrt": True}, "has no option 'upsrt'"),
        ({"array_filters": []}, "has no option 'array_filters'"),
        ({"hint": 5}, f"{name} of Job takes .* as hint="),
    ):
        with pytest.raises(TypeError, match=match):
            method(Job, {}, **options)
    concern = WriteConcern("majority")
    with pytest.raises(TypeError, match="write_concern= in a transaction"):
        method(User, {}, write_concern=concern)
    with pytest.raises(TypeError, match="w=0"):
        method(Job, {}, write_concern=WriteConcern(0))
    assert commands.names == []
    method(Job, {}, write_concern=concern)
    (event,) = commands.started
    assert event.command["writeConcern"] == {"w": "majority"}
    with sync_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="write_concern= in a transaction"):
            getattr(transaction, name)(Job, {}, write_concern=concern)


# --- The instance -----------------------------------------------------------------------------------


def test_a_deleted_instance_is_new(jobs, sync_engine, commands, raw_database):
    job = sync_engine.find_one_and_delete(Job, Job.id == 1)
    assert job == jobs[1]
    commands.clear()
    job.tags.append("again")
    sync_engine.save(job)
    assert raw_database["job"].find_one({"_id": 1}) == {"_id": 1, "s": "b", "tags": ["again"]}
    assert sync_engine.find_one_and_delete(Job, Job.id == 1) == job
    sync_engine.insert(job)


@pytest.mark.parametrize("is_saved", [False, True])
def test_it_is_new_after_a_rollback_too(jobs, sync_engine, commands, raw_database, is_saved):
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            job = transaction.find_one_and_delete(Job, Job.id == 1)
            if is_saved:
                transaction.save(job)
            raise KeyError
    assert job == jobs[1]
    commands.clear()
    raw_database["job"].delete_one({"_id": 1})
    sync_engine.save(job)
    assert raw_database["job"].find_one({"_id": 1}) == {"_id": 1, "s": "b", "tags": []}


def test_a_document_that_does_not_fit_is_deleted_all_the_same(sync_engine, raw_database):
    raw_database["job"].insert_one({"_id": 1, "s": 5})
    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one_and_delete(Job, {})
    if sys.version_info >= (3, 11):
        assert "odmantic: the document is deleted" in caught.value.__notes__
    assert _ids(raw_database, "job") == []


def test_binary_data_stays_what_it_is(sync_engine, raw_database):
    class Binaries(Model):
        id: uuid.UUID = Field(primary_field=True)
        data: Binary

    data = Binary(uuid.UUID(int=7).bytes, 4)
    sync_engine.save(Binaries(id=uuid.UUID(int=1), data=data))
    found = sync_engine.find_one_and_delete(Binaries, Binaries.id == uuid.UUID(int=1))
    assert (found.id, found.data) == (uuid.UUID(int=1), data)
    assert isinstance(found.data, bytes)


# --- References and rules ---------------------------------------------------------------------------


def test_references_are_loaded_as_the_call_says(sync_engine, commands, raw_database):
    ada = User(name="Ada")
    sync_engine.save_all([Post(id=n, author=ada, editor=ada) for n in range(4)])
    commands.clear()
    post = sync_engine.find_one_and_delete(Post, Post.id == 0)
    assert commands.names == ["findAndModify", "find"]
    assert (post.author, post.editor) == (ada, ada)
    commands.clear()
    post = sync_engine.find_one_and_delete(Post, Post.id == 1, load=[Post.editor])
    assert post.editor == ada
    post = sync_engine.find_one_and_delete(Post, Post.id == 2, load=())
    assert commands.names == ["findAndModify", "find", "findAndModify"]
    with pytest.raises(ValueError, match="has no reference"):
        sync_engine.find_one_and_delete(Post, Post.id == 3, load=[Post.hits])
    # The referenced instance is clean, and the post is new.
    post = sync_engine.find_one_and_delete(Post, Post.id == 3)
    commands.clear()
    sync_engine.save(post.author)
    assert commands.names == []
    sync_engine.save(post)
    assert _ids(raw_database, "post") == [3]


def test_a_missing_target_is_an_error_after_the_deletion(sync_engine, raw_database):
    raw_database["post"].insert_many(
        [{"_id": n, "author": ObjectId(), "hits": n} for n in range(2)]
    )
    with pytest.raises(DocumentParsingError):
        sync_engine.find_one_and_delete(Post, {}, sort=Post.id)
    post = sync_engine.find_one_and_delete(Post, {}, load=())
    assert post.id == 1
    assert _ids(raw_database, "post") == []


@EACH
def test_rules_are_carried_out(sync_engine, raw_database, commands, name):
    ada, bob = sync_engine.save_all([User(name="Ada"), User(name="Bob")])
    sync_engine.save_all([Post(id=1, author=ada), Post(id=2, author=bob, editor=ada)])
    commands.clear()
    options = {} if name == "delete_many" else {"sort": User.name}
    query = User.name == "Ada" if name == "delete_many" else {}
    assert _run(sync_engine, name, User, query, **options) == 1
    assert [each["name"] for each in raw_database["user"].find()] == ["Bob"]
    assert [*raw_database["post"].find()] == [
        {"_id": 2, "author": bob.id, "editor": None, "hits": 0}
    ]
    assert commands.names[-1] == "commitTransaction"
    commands.clear()
    assert _run(sync_engine, name, User, User.name == "Cy") == 0
    assert "delete" not in commands.names


@EACH
def test_a_denial_leaves_everything(sync_engine, raw_database, name):
    ada = sync_engine.save(User(name="Ada"))
    sync_engine.save_all([Invoice(payer=ada), Post(id=1, author=ada)])
    with pytest.raises(ReferencedError):
        getattr(sync_engine, name)(User, {})
    with pytest.raises(ValueError, match="rules_limit"):
        getattr(sync_engine, name)(User, {}, rules_limit=1)
    assert raw_database["post"].count_documents({}) == 1
    assert _run(sync_engine, name, User, {}, rules=False) == 1
    assert raw_database["post"].count_documents({}) == 1


def test_with_rules_an_error_of_the_instance_undoes_the_deletion(sync_engine, raw_database):
    raw_database["user"].insert_one({"_id": 1, "name": 5})
    with pytest.raises(DocumentParsingError):
        sync_engine.find_one_and_delete(User, {})
    assert _ids(raw_database, "user") == [1]


@EACH
def test_rules_are_repeated_after_transient_errors(sync_engine, raw_database, fail_point, name):
    ada = sync_engine.save(User(name="Ada"))
    sync_engine.save(Post(id=1, author=ada))
    with fail_point("commitTransaction", error_code=112, labels=(TRANSIENT,), times=1):
        assert _run(sync_engine, name, User, {}) == 1
    assert _ids(raw_database, "user") == _ids(raw_database, "post") == []


@EACH
def test_a_step_that_fails_dooms_the_given_transaction(sync_engine, raw_database, fail_point, name):
    ada = sync_engine.save(User(name="Ada"))
    sync_engine.save(Post(id=1, author=ada))
    command = "findAndModify" if name == "find_one_and_delete" else "delete"
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with fail_point(command, error_code=13), pytest.raises(OperationFailure):
                getattr(transaction, name)(User, {})
    assert _ids(raw_database, "post") == [1]


# --- Soft deletion ----------------------------------------------------------------------------------


@EACH
def test_a_soft_deletion_sets_the_time(sync_engine, raw_database, commands, name):
    sync_engine.save_all([Note(id=n) for n in range(2)])
    options = {} if name == "delete_many" else {"sort": desc(Note.id)}
    query = Note.id == 1 if name == "delete_many" else {}
    assert _run(sync_engine, name, Note, query, **options) == 1
    assert sync_engine.count(Note) == 1
    assert raw_database["note"].find_one({"_id": 1})["deleted_at"]
    assert _run(sync_engine, name, Note, Note.id == 1) == 0
    assert _run(sync_engine, name, Note, Note.id == 1, hard=True) == 0
    assert _run(sync_engine, name, Note, Note.id == 1, without="soft_delete") == 1
    assert _run(sync_engine, name, Note, Note.id == 0, hard=True) == 1
    assert _ids(raw_database, "note") == [1]


def test_a_softly_deleted_instance_is_clean(sync_engine, raw_database, commands):
    sync_engine.save_all([Note(id=n, text="x") for n in range(2)])
    note = sync_engine.find_one_and_delete(Note, Note.id == 1)
    assert note.deleted_at == raw_database["note"].find_one({"_id": 1})["deleted_at"]
    commands.clear()
    sync_engine.save(note)
    assert commands.names == []
    sync_engine.restore(note)
    assert sync_engine.count(Note) == 2
    # What was deleted for good is new.
    note = sync_engine.find_one_and_delete(Note, Note.id == 0, hard=True)
    assert note.deleted_at is None
    sync_engine.insert(note)


def test_after_a_rollback_a_save_sends_what_was_assigned(sync_engine, commands, raw_database):
    sync_engine.save(Note(id=1, text="x"))
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            note = transaction.find_one_and_delete(Note, {})
            raise KeyError
    note.text = "y"
    sync_engine.save(note)
    assert raw_database["note"].find_one() == {"_id": 1, "text": "y", "deleted_at": None}


@EACH
def test_stored_properties_are_not_computed(sync_engine, name):
    class Page(Model, soft_delete="deleted_at"):
        deleted_at: Optional[datetime] = None

        @stored()
        def is_live(self) -> bool:
            return self.deleted_at is None

    sync_engine.save(Page())
    with pytest.warns(StoredFieldsWarning, match=f"^{name} sets .* Page: is_live"):
        assert _run(sync_engine, name, Page, {}) == 1


# --- Hooks ------------------------------------------------------------------------------------------


@EACH
def test_hooks_see_and_may_replace_the_query(sync_engine, raw_database, name):
    sync_engine.save_all([Hooked(id=number) for number in range(4)])
    called.clear()
    assert _run(sync_engine, name, Hooked, {"_id": 1}) == 1
    loads = [("load", 2)] if name == "find_one_and_delete" else []
    assert called == [(name, {"_id": 1}, None, None), name, *loads]
    deleted = raw_database["hooked"].find({"deleted_at": {"$ne": None}})
    assert [each["_id"] for each in deleted] == [2]
    # What the model adds, no hook takes away.
    assert _run(sync_engine, name, Hooked, {"_id": 1}) == 0


@EACH
def test_an_error_of_a_hook_after_the_deletion_dooms_the_transaction(sync_engine, name):
    sync_engine.save(Hooked(id=7, number=-1))
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with pytest.raises(RuntimeError, match="after"):
                getattr(transaction, name)(Hooked, {"number": -1})
    assert sync_engine.count(Hooked) == 1


class Ticket(Model, soft_delete="deleted_at"):
    id: int = Field(primary_field=True)
    number: int = Field(default=0, key_name="n", unique=True, on_update=lambda: 7)
    deleted_at: Optional[datetime] = None


class Desk(Model):
    id: int = Field(primary_field=True)
    clerk: Optional[User] = Reference(on_delete="nullify", key_name="c", unique=True)


@pytest.mark.parametrize("name", ["remove", *METHODS])
def test_the_error_of_a_unique_index_names_fields_and_no_values(sync_engine, raw_database, name):
    sync_engine.configure_database([Ticket, Desk])
    raw_database["ticket"].insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": 7}])
    with pytest.raises(
        DuplicateKeyError, match=r"^Ticket with this number exists already$"
    ) as info:
        getattr(sync_engine, name)(Ticket, Ticket.id == 1)
    assert (info.value.instance, info.value.model) == (None, Ticket)
    assert sync_engine.count(Ticket) == 2

    user, other = sync_engine.save_all([User(name="a"), User(name="a")])
    sync_engine.save_all([Desk(id=1, clerk=user), Desk(id=2, clerk=other), Desk(id=3)])
    with pytest.raises(DuplicateKeyError, match=r"^Desk with this clerk exists already"):
        getattr(sync_engine, name)(User, User.id == user.id)
    assert sync_engine.count(User) == 2


# --- Faults -----------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("sort", [None, Job.id])
def test_what_the_driver_retries_is_deleted_once(jobs, sync_engine, fail_point, name, sort):
    if name == "delete_many":
        pytest.skip("the driver does not retry it")
    command = "findAndModify" if sort is not None or "find" in name else "delete"
    with fail_point(command, close_connection=True, times=1):
        assert _run(sync_engine, name, Job, {}, sort=sort) == 1
    assert sync_engine.count(Job) == 3


@EACH
def test_a_conflict_in_a_transaction_is_repeated(jobs, sync_engine, fail_point, name):
    command = "findAndModify" if "find" in name else "delete"

    def work(transaction):
        return _run(transaction, name, Job, {"s": "a", "_id": 2})

    with fail_point(command, error_code=112, labels=(TRANSIENT,), times=1):
        assert sync_engine.run_transaction(work) == 1
    assert sync_engine.count(Job) == 3
