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
async def jobs(aio_engine, commands):
    jobs = await aio_engine.save_all([Job(id=n, state="ab"[n % 2]) for n in range(4)])
    commands.clear()
    return jobs


def _ids(database, name):
    return [each["_id"] for each in database[name].find().sort("_id", 1)]


async def _run(engine, name, model, query, **options):
    """Return the number of deleted documents, whatever the method gives."""
    given = await getattr(engine, name)(model, query, **options)
    if name == "find_one_and_delete":
        assert given is None or type(given) is model
        return int(given is not None)
    assert type(given) is (bool if name == "delete_one" else int)
    return int(given)


METHODS = ["delete_one", "delete_many", "find_one_and_delete"]
EACH = pytest.mark.parametrize("name", METHODS)

# --- Queries --------------------------------------------------------------------------------------


@pytest.mark.each_driver
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
async def test_what_matches_is_deleted(jobs, aio_engine, raw_database, query, left):
    """Once all, and once one after the other."""
    assert await aio_engine.delete_many(Job, query) == 4 - len(left)
    assert _ids(raw_database, "job") == left
    await aio_engine.save_all([Job(id=each.id, state=each.state) for each in jobs])
    for number in range(4 - len(left)):
        name = METHODS[2 * (number % 2)]
        assert await _run(aio_engine, name, Job, query) == 1
    assert _ids(raw_database, "job") == left
    assert await aio_engine.delete_one(Job, query) is False
    assert await aio_engine.find_one_and_delete(Job, query) is None


@EACH
async def test_there_is_exactly_one_query(jobs, aio_engine, commands, name):
    method = getattr(aio_engine, name)
    for query, kind, match in (
        ((), TypeError, "no condition"),
        ([], TypeError, f"{name} of Job takes a query: a condition"),
        (None, TypeError, "takes a query:"),
        (True, TypeError, "booleans"),
    ):
        with pytest.raises(kind, match=match):
            await method(Job, query)
    with pytest.raises(TypeError, match="query"):
        await method(Job)
    with pytest.raises(TypeError, match="positional"):
        await method(Job, {}, {})
    with pytest.raises(ValueError, match="without="):
        await method(Job, {}, without="scopes")
    with pytest.raises(TypeError, match="rules="):
        await method(Job, {}, rules=1)
    assert commands.names == []


@EACH
async def test_the_policy_for_mongodbs_language_counts(aio_engine, commands, name):
    client, database = aio_engine.client, aio_engine.database_name
    forbidding = type(aio_engine)(client, database, raw_queries="forbid")
    with pytest.raises(TypeError, match="raw"):
        await getattr(forbidding, name)(Job, {"_id": 1})
    assert commands.names == []
    assert await _run(forbidding, name, Job, raw({"_id": 1})) == 0
    warning = type(aio_engine)(client, database, raw_queries="warn")
    with pytest.warns(RawQueryWarning):
        await getattr(warning, name)(Job, {"_id": 1})


@pytest.mark.each_driver
async def test_the_first_one_in_order_is_deleted(jobs, aio_engine, commands, raw_database):
    assert await aio_engine.delete_one(Job, {}, sort=desc(Job.id)) is True
    (event,) = commands.started
    assert event.command_name == "findAndModify"
    assert event.command["fields"] == {"_id": True}
    found = await aio_engine.find_one_and_delete(Job, {}, sort=(asc(Job.state), desc(Job.id)))
    assert (found.id, found.state) == (2, "a")
    assert _ids(raw_database, "job") == [0, 1]


@EACH
async def test_only_documents_of_the_class_are_deleted(aio_engine, raw_database, name):
    await aio_engine.save_all([Animal(name="x"), Cat(name="x")])
    assert await _run(aio_engine, name, Cat, {"name": "x"}) == 1
    assert await _run(aio_engine, name, Cat, {"name": "x"}) == 0
    assert raw_database["animal"].count_documents({}) == 1
    assert type(await aio_engine.find_one_and_delete(Animal, {})) is Animal


@EACH
async def test_an_unacknowledged_deletion_is_refused(odmantic_mongo_uri, aio_engine, jobs, name):
    client = type(aio_engine.client)(odmantic_mongo_uri, w=0)
    try:
        engine = type(aio_engine)(client, aio_engine.database_name)
        for model in (Job, Note):
            with pytest.raises(TypeError, match=f"{name} of {model.__name__} .*w=0"):
                await getattr(engine, name)(model, {})
        assert await aio_engine.count(Job) == 4
    finally:
        await client.close()


@pytest.mark.each_driver
@EACH
async def test_options_reach_every_command(jobs, aio_engine, commands, raw_database, name):
    words = {"hint": "_id_", "comment": "why", "let": {"a": 1}}
    query = {"$and": [{"s": "A"}, raw({"$expr": {"$eq": ["$$a", 1]}})]}
    for model in (Job, Note):
        commands.clear()
        collated = {"collation": {"locale": "en", "strength": 2}}
        number = await _run(aio_engine, name, model, query, **words, **collated)
        assert number == (0 if model is Note else 2 if name == "delete_many" else 1)
        (event,) = commands.started
        (sent,) = event.command.get("deletes", event.command.get("updates", [event.command]))
        assert sent["hint"] == "_id_"
        assert sent["collation"]["strength"] == 2
        assert (event.command["comment"], event.command["let"]) == ("why", {"a": 1})
    await aio_engine.save(User(name="ada"))
    commands.clear()
    words["collation"] = {"locale": "en", "strength": 2}
    assert await _run(aio_engine, name, User, User.name == "ADA", **words) == 1
    first, *_, last = (event.command for event in commands.started if event.command.get("comment"))
    assert (first["hint"], first["let"]) == ("_id_", {"a": 1})
    assert "let" not in last


@EACH
async def test_options_are_checked(aio_engine, commands, name):
    method = getattr(aio_engine, name)
    for options, match in (
        ({"upsrt": True}, "has no option 'upsrt'"),
        ({"array_filters": []}, "has no option 'array_filters'"),
        ({"hint": 5}, f"{name} of Job takes .* as hint="),
    ):
        with pytest.raises(TypeError, match=match):
            await method(Job, {}, **options)
    concern = WriteConcern("majority")
    with pytest.raises(TypeError, match="write_concern= in a transaction"):
        await method(User, {}, write_concern=concern)
    with pytest.raises(TypeError, match="w=0"):
        await method(Job, {}, write_concern=WriteConcern(0))
    assert commands.names == []
    await method(Job, {}, write_concern=concern)
    (event,) = commands.started
    assert event.command["writeConcern"] == {"w": "majority"}
    async with aio_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="write_concern= in a transaction"):
            await getattr(transaction, name)(Job, {}, write_concern=concern)


# --- The instance -----------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_a_deleted_instance_is_new(jobs, aio_engine, commands, raw_database):
    job = await aio_engine.find_one_and_delete(Job, Job.id == 1)
    assert job == jobs[1]
    commands.clear()
    job.tags.append("again")
    await aio_engine.save(job)
    assert raw_database["job"].find_one({"_id": 1}) == {"_id": 1, "s": "b", "tags": ["again"]}
    assert await aio_engine.find_one_and_delete(Job, Job.id == 1) == job
    await aio_engine.insert(job)


@pytest.mark.parametrize("is_saved", [False, True])
async def test_it_is_new_after_a_rollback_too(jobs, aio_engine, commands, raw_database, is_saved):
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            job = await transaction.find_one_and_delete(Job, Job.id == 1)
            if is_saved:
                await transaction.save(job)
            raise KeyError
    assert job == jobs[1]
    commands.clear()
    raw_database["job"].delete_one({"_id": 1})
    await aio_engine.save(job)
    assert raw_database["job"].find_one({"_id": 1}) == {"_id": 1, "s": "b", "tags": []}


async def test_a_document_that_does_not_fit_is_deleted_all_the_same(aio_engine, raw_database):
    raw_database["job"].insert_one({"_id": 1, "s": 5})
    with pytest.raises(DocumentParsingError) as caught:
        await aio_engine.find_one_and_delete(Job, {})
    if sys.version_info >= (3, 11):
        assert "odmantic: the document is deleted" in caught.value.__notes__
    assert _ids(raw_database, "job") == []


async def test_binary_data_stays_what_it_is(aio_engine, raw_database):
    class Binaries(Model):
        id: uuid.UUID = Field(primary_field=True)
        data: Binary

    data = Binary(uuid.UUID(int=7).bytes, 4)
    await aio_engine.save(Binaries(id=uuid.UUID(int=1), data=data))
    found = await aio_engine.find_one_and_delete(Binaries, Binaries.id == uuid.UUID(int=1))
    assert (found.id, found.data) == (uuid.UUID(int=1), data)
    assert isinstance(found.data, bytes)


# --- References and rules ---------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_references_are_loaded_as_the_call_says(aio_engine, commands, raw_database):
    ada = User(name="Ada")
    await aio_engine.save_all([Post(id=n, author=ada, editor=ada) for n in range(4)])
    commands.clear()
    post = await aio_engine.find_one_and_delete(Post, Post.id == 0)
    assert commands.names == ["findAndModify", "find"]
    assert (post.author, post.editor) == (ada, ada)
    commands.clear()
    post = await aio_engine.find_one_and_delete(Post, Post.id == 1, load=[Post.editor])
    assert post.editor == ada
    post = await aio_engine.find_one_and_delete(Post, Post.id == 2, load=())
    assert commands.names == ["findAndModify", "find", "findAndModify"]
    with pytest.raises(ValueError, match="has no reference"):
        await aio_engine.find_one_and_delete(Post, Post.id == 3, load=[Post.hits])
    # The referenced instance is clean, and the post is new.
    post = await aio_engine.find_one_and_delete(Post, Post.id == 3)
    commands.clear()
    await aio_engine.save(post.author)
    assert commands.names == []
    await aio_engine.save(post)
    assert _ids(raw_database, "post") == [3]


async def test_a_missing_target_is_an_error_after_the_deletion(aio_engine, raw_database):
    raw_database["post"].insert_many(
        [{"_id": n, "author": ObjectId(), "hits": n} for n in range(2)]
    )
    with pytest.raises(DocumentParsingError):
        await aio_engine.find_one_and_delete(Post, {}, sort=Post.id)
    post = await aio_engine.find_one_and_delete(Post, {}, load=())
    assert post.id == 1
    assert _ids(raw_database, "post") == []


@pytest.mark.each_driver
@EACH
async def test_rules_are_carried_out(aio_engine, raw_database, commands, name):
    ada, bob = await aio_engine.save_all([User(name="Ada"), User(name="Bob")])
    await aio_engine.save_all([Post(id=1, author=ada), Post(id=2, author=bob, editor=ada)])
    commands.clear()
    options = {} if name == "delete_many" else {"sort": User.name}
    query = User.name == "Ada" if name == "delete_many" else {}
    assert await _run(aio_engine, name, User, query, **options) == 1
    assert [each["name"] for each in raw_database["user"].find()] == ["Bob"]
    assert [*raw_database["post"].find()] == [
        {"_id": 2, "author": bob.id, "editor": None, "hits": 0}
    ]
    assert commands.names[-1] == "commitTransaction"
    commands.clear()
    assert await _run(aio_engine, name, User, User.name == "Cy") == 0
    assert "delete" not in commands.names


@EACH
async def test_a_denial_leaves_everything(aio_engine, raw_database, name):
    ada = await aio_engine.save(User(name="Ada"))
    await aio_engine.save_all([Invoice(payer=ada), Post(id=1, author=ada)])
    with pytest.raises(ReferencedError):
        await getattr(aio_engine, name)(User, {})
    with pytest.raises(ValueError, match="rules_limit"):
        await getattr(aio_engine, name)(User, {}, rules_limit=1)
    assert raw_database["post"].count_documents({}) == 1
    assert await _run(aio_engine, name, User, {}, rules=False) == 1
    assert raw_database["post"].count_documents({}) == 1


async def test_with_rules_an_error_of_the_instance_undoes_the_deletion(aio_engine, raw_database):
    raw_database["user"].insert_one({"_id": 1, "name": 5})
    with pytest.raises(DocumentParsingError):
        await aio_engine.find_one_and_delete(User, {})
    assert _ids(raw_database, "user") == [1]


@EACH
async def test_rules_are_repeated_after_transient_errors(
    aio_engine, raw_database, fail_point, name
):
    ada = await aio_engine.save(User(name="Ada"))
    await aio_engine.save(Post(id=1, author=ada))
    with fail_point("commitTransaction", error_code=112, labels=(TRANSIENT,), times=1):
        assert await _run(aio_engine, name, User, {}) == 1
    assert _ids(raw_database, "user") == _ids(raw_database, "post") == []


@EACH
async def test_a_step_that_fails_dooms_the_given_transaction(
    aio_engine, raw_database, fail_point, name
):
    ada = await aio_engine.save(User(name="Ada"))
    await aio_engine.save(Post(id=1, author=ada))
    command = "findAndModify" if name == "find_one_and_delete" else "delete"
    with pytest.raises(TransactionAbortedError):
        async with aio_engine.transaction() as transaction:
            with fail_point(command, error_code=13), pytest.raises(OperationFailure):
                await getattr(transaction, name)(User, {})
    assert _ids(raw_database, "post") == [1]


# --- Soft deletion ----------------------------------------------------------------------------------


@pytest.mark.each_driver
@EACH
async def test_a_soft_deletion_sets_the_time(aio_engine, raw_database, commands, name):
    await aio_engine.save_all([Note(id=n) for n in range(2)])
    options = {} if name == "delete_many" else {"sort": desc(Note.id)}
    query = Note.id == 1 if name == "delete_many" else {}
    assert await _run(aio_engine, name, Note, query, **options) == 1
    assert await aio_engine.count(Note) == 1
    assert raw_database["note"].find_one({"_id": 1})["deleted_at"]
    assert await _run(aio_engine, name, Note, Note.id == 1) == 0
    assert await _run(aio_engine, name, Note, Note.id == 1, hard=True) == 0
    assert await _run(aio_engine, name, Note, Note.id == 1, without="soft_delete") == 1
    assert await _run(aio_engine, name, Note, Note.id == 0, hard=True) == 1
    assert _ids(raw_database, "note") == [1]


async def test_a_softly_deleted_instance_is_clean(aio_engine, raw_database, commands):
    await aio_engine.save_all([Note(id=n, text="x") for n in range(2)])
    note = await aio_engine.find_one_and_delete(Note, Note.id == 1)
    assert note.deleted_at == raw_database["note"].find_one({"_id": 1})["deleted_at"]
    commands.clear()
    await aio_engine.save(note)
    assert commands.names == []
    await aio_engine.restore(note)
    assert await aio_engine.count(Note) == 2
    # What was deleted for good is new.
    note = await aio_engine.find_one_and_delete(Note, Note.id == 0, hard=True)
    assert note.deleted_at is None
    await aio_engine.insert(note)


async def test_after_a_rollback_a_save_sends_what_was_assigned(aio_engine, commands, raw_database):
    await aio_engine.save(Note(id=1, text="x"))
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            note = await transaction.find_one_and_delete(Note, {})
            raise KeyError
    note.text = "y"
    await aio_engine.save(note)
    assert raw_database["note"].find_one() == {"_id": 1, "text": "y", "deleted_at": None}


@EACH
async def test_stored_properties_are_not_computed(aio_engine, name):
    class Page(Model, soft_delete="deleted_at"):
        deleted_at: Optional[datetime] = None

        @stored()
        def is_live(self) -> bool:
            return self.deleted_at is None

    await aio_engine.save(Page())
    with pytest.warns(StoredFieldsWarning, match=f"^{name} sets .* Page: is_live"):
        assert await _run(aio_engine, name, Page, {}) == 1


# --- Hooks ------------------------------------------------------------------------------------------


@EACH
async def test_hooks_see_and_may_replace_the_query(aio_engine, raw_database, name):
    await aio_engine.save_all([Hooked(id=number) for number in range(4)])
    called.clear()
    assert await _run(aio_engine, name, Hooked, {"_id": 1}) == 1
    loads = [("load", 2)] if name == "find_one_and_delete" else []
    assert called == [(name, {"_id": 1}, None, None), name, *loads]
    deleted = raw_database["hooked"].find({"deleted_at": {"$ne": None}})
    assert [each["_id"] for each in deleted] == [2]
    # What the model adds, no hook takes away.
    assert await _run(aio_engine, name, Hooked, {"_id": 1}) == 0


@EACH
async def test_an_error_of_a_hook_after_the_deletion_dooms_the_transaction(aio_engine, name):
    await aio_engine.save(Hooked(id=7, number=-1))
    with pytest.raises(TransactionAbortedError):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(RuntimeError, match="after"):
                await getattr(transaction, name)(Hooked, {"number": -1})
    assert await aio_engine.count(Hooked) == 1


class Ticket(Model, soft_delete="deleted_at"):
    id: int = Field(primary_field=True)
    number: int = Field(default=0, key_name="n", unique=True, on_update=lambda: 7)
    deleted_at: Optional[datetime] = None


class Desk(Model):
    id: int = Field(primary_field=True)
    clerk: Optional[User] = Reference(on_delete="nullify", key_name="c", unique=True)


@pytest.mark.parametrize("name", ["remove", *METHODS])
async def test_the_error_of_a_unique_index_names_fields_and_no_values(
    aio_engine, raw_database, name
):
    await aio_engine.configure_database([Ticket, Desk])
    raw_database["ticket"].insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": 7}])
    with pytest.raises(
        DuplicateKeyError, match=r"^Ticket with this number exists already$"
    ) as info:
        await getattr(aio_engine, name)(Ticket, Ticket.id == 1)
    assert (info.value.instance, info.value.model) == (None, Ticket)
    assert await aio_engine.count(Ticket) == 2

    user, other = await aio_engine.save_all([User(name="a"), User(name="a")])
    await aio_engine.save_all([Desk(id=1, clerk=user), Desk(id=2, clerk=other), Desk(id=3)])
    with pytest.raises(DuplicateKeyError, match=r"^Desk with this clerk exists already"):
        await getattr(aio_engine, name)(User, User.id == user.id)
    assert await aio_engine.count(User) == 2


# --- Faults -----------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("sort", [None, Job.id])
async def test_what_the_driver_retries_is_deleted_once(jobs, aio_engine, fail_point, name, sort):
    if name == "delete_many":
        pytest.skip("the driver does not retry it")
    command = "findAndModify" if sort is not None or "find" in name else "delete"
    with fail_point(command, close_connection=True, times=1):
        assert await _run(aio_engine, name, Job, {}, sort=sort) == 1
    assert await aio_engine.count(Job) == 3


@EACH
async def test_a_conflict_in_a_transaction_is_repeated(jobs, aio_engine, fail_point, name):
    command = "findAndModify" if "find" in name else "delete"

    async def work(transaction):
        return await _run(transaction, name, Job, {"s": "a", "_id": 2})

    with fail_point(command, error_code=112, labels=(TRANSIENT,), times=1):
        assert await aio_engine.run_transaction(work) == 1
    assert await aio_engine.count(Job) == 3
