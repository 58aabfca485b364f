# Generated from tests/integration/aio/test_find_one_and_update.py by tools/generate_sync.py: do not edit.
"""`find_one_and_update`: which document is changed, what the instance has, and what it knows."""

from __future__ import annotations

import pickle
import sys
import uuid
from datetime import datetime
from typing import List, Optional

import pytest
from pymongo import WriteConcern
from pymongo.errors import OperationFailure, PyMongoError

from odmantic import EmbeddedModel, Field, Model, Reference, hook
from odmantic.bson import Binary
from odmantic.exceptions import (
    DocumentParsingError,
    DuplicateKeyError,
    TransactionAbortedError,
    UpdateRefusedError,
)
from odmantic.query import asc, desc, raw
from odmantic.update import inc, push, set_

TRANSIENT = "TransientTransactionError"


class Part(EmbeddedModel):
    count: int = 0


class Job(Model):
    id: int = Field(primary_field=True)
    state: str = Field(default="new", key_name="s")
    left: int = Field(default=3, ge=0)
    tags: List[str] = []
    part: Part = Part()


class Coded(Model):
    code: str = Field(unique=True)


class Note(Model, soft_delete="deleted_at"):
    id: int = Field(primary_field=True)
    text: str = ""
    deleted_at: Optional[datetime] = None


class User(Model):
    name: str


class Post(Model):
    id: int = Field(primary_field=True)
    author: User = Reference()
    editor: Optional[User] = Reference()
    hits: int = 0


class Hooked(Model):
    id: int = Field(primary_field=True)
    number: int = 0
    text: str = ""

    @hook("before_query_write")
    @classmethod
    def look(cls, event):
        called.append((event.operation, event.filter, event.update, event.instance, event.changes))
        event.update = (*event.update, set_(cls.text, "hooked"))

    @hook("after_query_write")
    @classmethod
    def done(cls, event):
        called.append(event.operation)
        if event.filter == {"number": -1}:
            raise RuntimeError("after")

    @hook("after_load")
    def load(self):
        called.append(("load", self.number))
        self.text += "!"


called = []


@pytest.fixture
def jobs(sync_engine, commands):
    jobs = sync_engine.save_all([Job(id=n) for n in range(4)])
    commands.clear()
    return jobs


# --- What is changed ------------------------------------------------------------------------------


@pytest.mark.parametrize("returning", ["after", "before"])
@pytest.mark.parametrize(
    ("query", "id_"),
    [
        (Job.id == 1, 1),
        (raw({"s": "new"}), 3),
        ((Job.id > 0, {"_id": {"$lt": 3}}), 2),
        ({}, 3),
        (Job.id == 9, None),
    ],
)
def test_one_document_is_changed(jobs, sync_engine, commands, query, id_, returning):
    job = sync_engine.find_one_and_update(
        Job, query, set_(Job.state, "b"), inc(Job.left, 1), sort=desc(Job.id), returning=returning
    )
    if id_ is None:
        assert job is None
        return
    assert commands.names == ["findAndModify"]
    assert (job.id, job.state, job.left) == (id_, *(("b", 4), ("new", 3))[returning == "before"])
    changed = sync_engine.find_one(Job, Job.state == "b", Job.left == 4)
    assert changed.id == id_
    assert sync_engine.count(Job, Job.state == "b") == 1
    # It is clean.
    commands.clear()
    sync_engine.save(job)
    assert commands.names == []


def test_an_update_in_mongodbs_language(jobs, sync_engine):
    job = sync_engine.find_one_and_update(Job, {"_id": 1}, {"$inc": {"left": 4}})
    assert job.left == 7
    job = sync_engine.find_one_and_update(
        Job, {"_id": 1}, [{"$set": {"s": "$_id"}}, {"$set": {"s": "x"}}]
    )
    assert job.state == "x"


def test_bounds_are_conditions(jobs, sync_engine):
    update = inc(Job.left, -2)
    assert sync_engine.find_one_and_update(Job, Job.id == 1, update).left == 1
    assert sync_engine.find_one_and_update(Job, Job.id == 1, update) is None


@pytest.mark.parametrize("returning", ["after", "before"])
def test_a_value_that_is_missing_starts_with_the_default(
    sync_engine, raw_database, commands, returning
):
    raw_database["job"].insert_one({"_id": 1})
    job = sync_engine.find_one_and_update(Job, {}, inc(Job.left, 1), returning=returning)
    assert job.left == (4 if returning == "after" else 3)
    assert commands.names == ["findAndModify", "findAndModify"]
    assert raw_database["job"].find_one() == {"_id": 1, "left": 4}


def test_what_is_wrong_is_refused(jobs, sync_engine, commands):
    update = set_(Job.state, "b")
    method = sync_engine.find_one_and_update
    for call, kind, match in (
        (lambda: method(Job, (), update), TypeError, "no condition"),
        (lambda: method(Job, update), TypeError, "takes a query before the updates"),
        (lambda: method(Job, {}), ValueError, "needs changes"),
        (lambda: method(Job, {}, update, returning="both"), ValueError, '"after" or "before"'),
        (lambda: method(Job, {}, update, returning=[]), ValueError, '"after" or "before"'),
        (lambda: method(Job, {}, update, load=[Job.state]), ValueError, "has no reference"),
        (lambda: method(Job, {}, update, upsrt=True), TypeError, "no option 'upsrt'"),
        (lambda: method(Job, {}, update, without="x"), ValueError, "without="),
        (
            lambda: method(Job, {}, update, write_concern=WriteConcern(0)),
            TypeError,
            "find_one_and_update of Job .*w=0",
        ),
    ):
        with pytest.raises(kind, match=match):
            call()
    client, database = sync_engine.client, sync_engine.database_name
    forbidding = type(sync_engine)(client, database, raw_queries="forbid")
    with pytest.raises(TypeError, match="raw"):
        forbidding.find_one_and_update(Job, {"_id": 1}, update)
    assert commands.names == []


def test_a_duplicate_names_the_model(sync_engine):
    sync_engine.configure_database([Coded])
    sync_engine.save_all([Coded(code="a"), Coded(code="b")])
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.find_one_and_update(Coded, Coded.code == "a", set_(Coded.code, "b"))
    assert (caught.value.model, caught.value.instance) == (Coded, None)


def test_deleted_documents_are_left_alone(sync_engine):
    note = sync_engine.save(Note(id=1))
    sync_engine.delete(note)
    update = set_(Note.text, "x")
    assert sync_engine.find_one_and_update(Note, {}, update) is None
    found = sync_engine.find_one_and_update(Note, {}, update, without="soft_delete")
    assert (found.text, found.deleted_at) == ("x", note.deleted_at)


def test_options_reach_the_command(jobs, sync_engine, commands):
    update = {"$set": {"tags.$[each]": "b"}}
    sync_engine.find_one_and_update(
        *(Job, {}, update),
        array_filters=[{"each": "a"}],
        hint="_id_",
        bypass_document_validation=True,
        write_concern=WriteConcern("majority"),
    )
    (event,) = commands.started
    assert event.command["hint"] == "_id_"
    assert event.command["arrayFilters"] == [{"each": "a"}]
    assert event.command["bypassDocumentValidation"] is True
    assert event.command["writeConcern"] == {"w": "majority"}


# --- The instance -----------------------------------------------------------------------------------


def test_references_are_loaded_as_the_call_says(sync_engine, commands, raw_database):
    ada, bob = sync_engine.save_all([User(name="Ada"), User(name="Bob")])
    sync_engine.save(Post(id=1, author=ada, editor=ada))
    commands.clear()
    post = sync_engine.find_one_and_update(Post, {}, set_(Post.author, bob))
    assert commands.names == ["findAndModify", "find"]
    assert (post.author, post.editor) == (bob, ada)
    update = set_(Post.author, ada)
    post = sync_engine.find_one_and_update(Post, {}, update, returning="before")
    assert post.author == bob
    commands.clear()
    post = sync_engine.find_one_and_update(Post, {}, inc(Post.hits, 1), load=())
    assert commands.names == ["findAndModify"]
    assert post.hits == 2 - 1
    raw_database["user"].delete_one({"_id": ada.id})
    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one_and_update(Post, {}, inc(Post.hits, 1))
    if sys.version_info >= (3, 11):
        assert "odmantic: the document is updated" in caught.value.__notes__
    post = sync_engine.find_one_and_update(
        Post, {}, inc(Post.hits, 1), load=[Post.editor], missing="none"
    )
    assert (post.editor, post.hits) == (None, 3)


def test_a_document_that_does_not_fit_is_updated_all_the_same(jobs, sync_engine, raw_database):
    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one_and_update(Job, {"_id": 1}, {"$set": {"left": "x"}})
    if sys.version_info >= (3, 11):
        assert "odmantic: the document is updated" in caught.value.__notes__
    assert raw_database["job"].find_one({"_id": 1})["left"] == "x"


def test_binary_data_stays_what_it_is(sync_engine):
    class Binaries(Model):
        id: uuid.UUID = Field(primary_field=True)
        data: Binary
        other: Optional[uuid.UUID] = None

    data, id_ = Binary(uuid.UUID(int=7).bytes, 4), uuid.UUID(int=1)
    sync_engine.save(Binaries(id=id_, data=data))
    found = sync_engine.find_one_and_update(Binaries, Binaries.id == id_, set_(Binaries.other, id_))
    assert (found.id, found.data, found.other) == (id_, data, id_)
    assert isinstance(found.data, bytes)


def test_after_a_rollback_a_save_sends_what_was_assigned(jobs, sync_engine, raw_database):
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            job = transaction.find_one_and_update(
                Job, Job.id == 1, inc(Job.left, 1), push(Job.tags, "x"), set_(Job.state, "b")
            )
            raise KeyError
    assert (job.left, job.tags, job.state) == (4, ["x"], "b")
    raw_database["job"].update_one({"_id": 1}, {"$inc": {"left": 10}})
    sync_engine.save(job)
    job.part.count = 5
    sync_engine.save(job)
    assert raw_database["job"].find_one({"_id": 1}) == {
        "_id": 1, "s": "new", "left": 13, "tags": [], "part": {"count": 5},
    }  # fmt: skip


def test_an_attempt_is_repeated_from_the_document(jobs, sync_engine, fail_point):
    def work(transaction):
        return transaction.find_one_and_update(Job, Job.id == 1, inc(Job.left, 1))

    with fail_point("commitTransaction", error_code=112, labels=(TRANSIENT,), times=1):
        job = sync_engine.run_transaction(work)
    assert job.left == 4
    assert sync_engine.find_one(Job, Job.id == 1) == job


# --- Upserts ----------------------------------------------------------------------------------------


class Counter(Model):
    key: str = Field(unique=True)
    number: int = 0
    level: int = Field(default=3, le=6)


@pytest.mark.parametrize("returning", ["after", "before"])
@pytest.mark.parametrize(
    ("updates", "upsert", "names", "expected"),
    [
        ((set_(Counter.number, 1),), True, ["findAndModify"], (1, 3)),
        ((set_(Counter.number, 1),), Counter(key="a", level=5), ["findAndModify"], (1, 5)),
        # The first ones meet the bound, and the second ones a document without the value.
        ((inc(Counter.level, 1),), True, ["findAndModify"] * 2 + ["update"], (0, 4)),
        (({"$inc": {"number": 2}},), True, ["findAndModify"], (2, 3)),
        (([{"$set": {"number": 3, "level": 4}}],), True, ["findAndModify"], (3, 4)),
    ],
)
def test_an_upsert_gives_what_it_inserts(
    sync_engine, raw_database, commands, updates, upsert, names, expected, returning
):
    query = Counter.key == "a"
    counter = sync_engine.find_one_and_update(
        Counter, query, *updates, upsert=upsert, returning=returning
    )
    assert commands.names == names
    (document,) = raw_database["counter"].find()
    assert (document["number"], document["level"]) == expected
    if returning == "before":
        assert counter is None
    else:
        assert counter is not upsert
        assert counter.model_dump_doc() == document
        commands.clear()
        sync_engine.save(counter)
        assert commands.names == []
    counter = sync_engine.find_one_and_update(
        Counter, query, set_(Counter.level, 6), upsert=upsert, returning=returning
    )
    assert counter.id == document["_id"]
    assert counter.level == (6 if returning == "after" else expected[1])
    if isinstance(upsert, Counter):
        assert upsert.__fields_modified__ == {"id", "key", "number", "level"}


def test_an_upsert_refuses_what_a_bound_refuses(sync_engine, raw_database):
    sync_engine.save(Counter(key="a", level=6))
    words = {"upsert": True}
    for updates, field, bound in (
        ([inc(Counter.level, 1)], "level", "le=6"),
        ([inc(Counter.level, 1), inc(Counter.number, 1)], "level", "le=6"),
    ):
        arguments = (Counter, Counter.key == "a", *updates)
        with pytest.raises(UpdateRefusedError, match=f"{bound} of Counter.{field}") as caught:
            sync_engine.find_one_and_update(*arguments, **words)
        error = pickle.loads(pickle.dumps(caught.value))
        assert (error.instance, error.model, error.field, error.bound, error.value) == (
            *(None, Counter, field, bound, None),
        )
        found = sync_engine.find_one_and_update(*arguments, **words, returning="before")
        assert found is None
    assert raw_database["counter"].count_documents({"level": 6}) == 1


def test_an_upsert_refuses_what_no_model_reads(sync_engine, commands):
    method = sync_engine.find_one_and_update
    for query, upsert, kind, match in (
        ({}, True, TypeError, "key"),
        (Counter.key == "a", Counter(key="b"), ValueError, "another value"),
        (Counter.key == "a", Coded(code="a"), TypeError, "an instance of Counter"),
        (Counter.key == "a", 1, TypeError, "takes True"),
    ):
        with pytest.raises(kind, match=match):
            method(Counter, query, set_(Counter.number, 1), upsert=upsert)
    assert commands.names == []


@pytest.mark.parametrize("update", [set_(Counter.number, 1), inc(Counter.level, 1)])
@pytest.mark.parametrize("is_there", [False, True])
def test_after_a_rollback_a_save_does_not_lose_what_was_inserted(
    sync_engine, raw_database, update, is_there
):
    sync_engine.configure_database([Counter])
    kept = sync_engine.save(Counter(key="a", number=7)) if is_there else None
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            counter = transaction.find_one_and_update(
                Counter, Counter.key == "a", update, upsert=True
            )
            raise KeyError
    assert counter.__fields_modified__ == {"id"}
    values = counter.model_dump_doc()
    if kept is None:
        assert raw_database["counter"].count_documents({}) == 0
        sync_engine.save(counter)
        assert raw_database["counter"].find_one() == values
    else:
        # The server's values never were.
        sync_engine.save_all([counter])
        assert raw_database["counter"].find_one() == kept.model_dump_doc()
    assert counter.__fields_modified__ == set()


def test_what_was_inserted_is_looked_for_after_all_that_was_sent_is_read_again(
    sync_engine, raw_database
):
    sync_engine.configure_database([Counter])
    transaction = sync_engine.transaction()
    transaction.start()
    counter = transaction.find_one_and_update(
        Counter, Counter.key == "a", set_(Counter.number, 1), upsert=True
    )
    counter.number = 2
    transaction.save(counter)
    transaction.refresh(counter)
    transaction.abort()
    sync_engine.save_all([counter])
    assert raw_database["counter"].find_one()["number"] == 2


def test_what_was_inserted_by_a_commit_is_clean(sync_engine, commands, fail_point):
    sync_engine.configure_database([Counter])
    transaction = sync_engine.transaction()
    transaction.start()
    counter = transaction.find_one_and_update(
        Counter, Counter.key == "a", set_(Counter.number, 1), upsert=True
    )
    with fail_point("commitTransaction", error_code=50, times=1), pytest.raises(PyMongoError):
        transaction.commit()
    assert counter.__fields_modified__ == {"id"}
    transaction.commit()
    assert counter.__fields_modified__ == set()


def test_upserts_at_the_same_time_give_one_document(sync_engine, raw_database):
    sync_engine.configure_database([Counter])
    ids = set()

    def upsert(_):
        counter = sync_engine.find_one_and_update(
            *(Counter, (Counter.key == "a", Counter.number < 99), inc(Counter.number, 1)),
            upsert=Counter(key="a"),
        )
        ids.add(counter.id)

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(upsert, range(8)))
    assert len(ids) == 1
    assert raw_database["counter"].find_one()["number"] == 8


# --- Hooks ------------------------------------------------------------------------------------------


def test_hooks_of_queries_and_loads_are_called(sync_engine, raw_database, commands):
    sync_engine.save(Hooked(id=1))
    called.clear()
    update = inc(Hooked.number, 1)
    found = sync_engine.find_one_and_update(Hooked, {"_id": 1}, update)
    assert called == [
        ("find_one_and_update", {"_id": 1}, (update,), None, frozenset({"number"})),
        "find_one_and_update",
        ("load", 1),
    ]
    assert found.text == "hooked!"
    sync_engine.save(found)
    assert raw_database["hooked"].find_one() == {"_id": 1, "number": 1, "text": "hooked!"}


def test_an_error_of_a_hook_after_the_update_dooms_the_transaction(sync_engine):
    sync_engine.save(Hooked(id=7, number=-1))
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with pytest.raises(RuntimeError, match="after"):
                transaction.find_one_and_update(Hooked, {"number": -1}, inc(Hooked.number, 1))
    assert sync_engine.count(Hooked, Hooked.number == -1) == 1


# --- Faults and callers at the same time ------------------------------------------------------------


@pytest.mark.parametrize("fault", ["close_connection", "error_code"])
def test_what_the_driver_retries_is_updated_once(jobs, sync_engine, fail_point, fault):
    words = {"close_connection": True} if fault == "close_connection" else {
        "error_code": 91, "labels": ("RetryableWriteError",),
    }  # fmt: skip
    with fail_point("findAndModify", times=1, **words):
        job = sync_engine.find_one_and_update(Job, Job.id == 1, inc(Job.left, 1))
    assert job.left == 4


def test_an_error_in_a_transaction_dooms_it(jobs, sync_engine, fail_point):
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with fail_point("findAndModify", error_code=13), pytest.raises(OperationFailure):
                transaction.find_one_and_update(Job, Job.id == 1, inc(Job.left, 1))
    assert sync_engine.count(Job, Job.left == 3) == 4


def test_two_callers_never_get_the_same_document(sync_engine, raw_database):
    raw_database["job"].insert_many([{"_id": n, "s": "new", "left": 3} for n in range(40)])
    update = set_(Job.state, "taken")

    def take(taken):
        while (
            job := sync_engine.find_one_and_update(
                Job, Job.state == "new", update, sort=asc(Job.id), load=()
            )
        ) is not None:
            taken.append(job.id)

    taken: List[int] = []
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, [taken] * 8))
    assert sorted(taken) == list(range(40))
