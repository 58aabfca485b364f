"""Delete rules: what a deletion does to the documents that refer to it, in one transaction or not at all."""

from __future__ import annotations

from typing import List, Optional

import pytest
from pymongo.errors import OperationFailure
from tests.integration.aio.colour import resolve

from odmantic import AIOEngine, Field, Model, Reference
from odmantic.exceptions import (
    DocumentNotFoundError,
    ReferencedError,
    TransactionAbortedError,
)

TRANSIENT = "TransientTransactionError"


class Company(Model):
    name: str


class User(Model):
    name: str
    company: Optional[Company] = Reference(on_delete="cascade", index=True)


class Post(Model):
    author: User = Reference(on_delete="cascade", key_name="a")
    editor: Optional[User] = Reference(on_delete="nullify", key_name="e")
    readers: List[User] = Reference(on_delete="pull")


class Vote(Model):
    post: Post = Reference(on_delete="cascade")
    by: Optional[User] = Reference()


class Invoice(Model):
    id: int = Field(primary_field=True)
    payer: User = Reference(on_delete="deny")


@pytest.fixture
async def world(aio_engine, commands):
    """Two companies with a user each; their posts, and votes on these."""
    ada, bob = (User(name=name, company=Company(name=name)) for name in ("Ada", "Bob"))
    posts = [
        Post(author=ada, editor=bob, readers=[ada, bob, ada]),
        Post(author=bob, editor=ada, readers=[ada]),
        Post(author=bob, readers=[bob]),
    ]
    await aio_engine.save_all([*posts, *(Vote(post=post, by=ada) for post in posts)])
    commands.clear()
    return ada, bob, posts


def everything(database):
    return {
        name: [*database[name].find().sort("_id", 1)]
        for name in ("company", "user", "post", "vote", "invoice")
    }


def counts(database):
    return {name: len(found) for name, found in everything(database).items()}


# --- Effects -----------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_holders_are_deleted_and_released(aio_engine, world, raw_database, commands):
    ada, bob, (first, second, third) = world
    await aio_engine.delete(ada)

    posts = {post["_id"]: post for post in raw_database["post"].find()}
    assert posts == {
        second.id: {"_id": second.id, "a": bob.id, "e": None, "readers": []},
        third.id: {"_id": third.id, "a": bob.id, "e": None, "readers": [bob.id]},
    }
    assert {vote["post"] for vote in raw_database["vote"].find()} == {second.id, third.id}
    assert counts(raw_database)["company"] == 2
    assert [user["_id"] for user in raw_database["user"].find()] == [bob.id]
    # Without a rule, what refers to it stays as it is.
    assert raw_database["vote"].count_documents({"by": ada.id}) == 2
    assert ada.__fields_modified__ == {"id", "name", "company"}
    assert first.author is ada
    assert commands.names == [
        *("find", "find", "find", "find", "update", "update"),
        *("delete", "delete", "delete", "commitTransaction"),
    ]


async def test_the_leaves_go_first(aio_engine, world, commands, raw_database):
    ada, *_ = world
    await aio_engine.delete(ada.company)
    deleted = [
        event.command["delete"] for event in commands.started if event.command_name == "delete"
    ]
    assert deleted == ["vote", "post", "user", "company"]
    assert counts(raw_database) == {"company": 1, "user": 1, "post": 2, "vote": 2, "invoice": 0}


async def test_a_denial_anywhere_comes_before_everything(aio_engine, world, commands, raw_database):
    ada, *_ = world
    await aio_engine.save_all([Invoice(id=number, payer=ada) for number in range(12)])
    before = everything(raw_database)
    commands.clear()
    for what in (ada, ada.company):
        with pytest.raises(ReferencedError) as caught:
            await aio_engine.delete(what)
        error = caught.value
        assert (error.model, error.field, error.ids) == (Invoice, "payer", [ada.id])
        assert len(error.holders) == 10
        assert {*error.holders} <= {*range(12)}
        assert str(error).startswith(
            f"cannot delete {type(what).__name__}: Invoice.payer has on_delete='deny', and refers to {ada.id!r}"
        )
        assert what.__fields_modified__ == set()
    with pytest.raises(ReferencedError, match="cannot delete Company"):
        await aio_engine.remove(Company)
    assert everything(raw_database) == before
    assert {*commands.names} == {"find", "abortTransaction"}


async def test_matching_documents_are_deleted_with_their_holders(aio_engine, world, raw_database):
    assert await aio_engine.remove(User, User.name == "nobody") == 0
    assert await aio_engine.remove(User, User.name.in_(["Ada", "nobody"])) == 1
    assert counts(raw_database) == {"company": 2, "user": 1, "post": 2, "vote": 2, "invoice": 0}
    assert await aio_engine.remove(Company) == 2
    assert counts(raw_database) == {"company": 0, "user": 0, "post": 0, "vote": 0, "invoice": 0}


async def test_one_that_matches_is_the_first_by_id(aio_engine, world, raw_database):
    first, second = sorted(world[:2], key=lambda user: user.id)
    assert await aio_engine.remove(User, just_one=True) == 1
    assert [user["_id"] for user in raw_database["user"].find()] == [second.id]
    assert raw_database["post"].count_documents({"a": first.id}) == 0


async def test_each_step_is_one_command(aio_engine, world, commands):
    users = [User(name="x", company=world[0].company) for _ in range(20)]
    await aio_engine.save_all([Post(author=user, readers=users) for user in users])
    commands.clear()
    await aio_engine.remove(Company)
    assert len(commands.names) < 20


async def test_a_missing_document_is_told_before_anything_is_written(aio_engine, world, commands):
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.delete(User(name="nobody"))
    assert commands.names == ["find", "abortTransaction"]


# --- Without rules -----------------------------------------------------------------------------


async def test_models_that_nobody_refers_to_are_deleted_as_before(aio_engine, world, commands):
    _, _, (first, *_) = world
    votes = [Vote(post=first) for _ in range(3)]
    await aio_engine.save_all(votes)
    commands.clear()
    await aio_engine.delete(votes[0])
    await aio_engine.remove(Vote)
    assert commands.names == ["delete", "delete"]
    assert not any("startTransaction" in event.command for event in commands.started)


async def test_rules_can_be_left_out(aio_engine, world, commands, raw_database):
    ada, *_ = world
    await aio_engine.save(Invoice(id=1, payer=ada))
    commands.clear()
    await aio_engine.delete(ada, rules=False)
    assert await aio_engine.remove(User, rules=False) == 1
    async with aio_engine.session() as session:
        assert await session.remove(Company, rules=False) == 2
    assert commands.names == ["delete"] * 3
    assert counts(raw_database) == {"company": 0, "user": 0, "post": 3, "vote": 3, "invoice": 1}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"rules": None}, TypeError),
        ({"rules": 1}, TypeError),
        ({"rules_limit": "1"}, TypeError),
        ({"rules_limit": True}, TypeError),
        ({"rules_limit": None}, TypeError),
        ({"rules_limit": 0}, ValueError),
        ({"rules_limit": -1}, ValueError),
    ],
)
async def test_wrong_words_are_refused(aio_engine, world, commands, words, error):
    (word,) = words
    for operation, argument in ((aio_engine.delete, world[0]), (aio_engine.remove, User)):
        with pytest.raises(error, match=f"{word}= of {operation.__name__}"):
            await operation(argument, **words)
    assert commands.names == []


# --- Limits ------------------------------------------------------------------------------------


async def test_too_many_documents_are_refused(aio_engine, world, raw_database):
    ada, *_ = world
    before = everything(raw_database)
    with pytest.raises(
        ValueError, match=r"more than rules_limit=2 documents \(2 found so far\)"
    ) as caught:
        await aio_engine.delete(ada, rules_limit=2)
    assert "Post.author, Post.editor, Post.readers, Invoice.payer, Vote.post" in str(caught.value)
    assert "User.company" not in str(caught.value)
    with pytest.raises(ValueError, match="cannot delete Company: "):
        await aio_engine.remove(Company, rules_limit=1)
    assert everything(raw_database) == before
    assert ada.__fields_modified__ == set()
    await aio_engine.delete(ada, rules_limit=3)
    assert counts(raw_database)["vote"] == 2


async def test_lack_of_time_names_what_has_no_index(aio_engine, world, fail_point):
    with fail_point("find", error_code=50), pytest.raises(OperationFailure) as caught:
        await aio_engine.remove(Company)
    (note,) = (note for note in caught.value.__notes__ if "index" in note)
    assert "Post.author" in note
    assert "User.company" not in note


# --- Sessions and transactions -----------------------------------------------------------------


@pytest.mark.each_driver
async def test_a_given_transaction_is_used(aio_engine, world, commands, raw_database):
    ada, *_ = world
    before = everything(raw_database)

    class Refusal(Exception):  # noqa: N818
        pass

    with pytest.raises(Refusal):
        async with aio_engine.transaction() as transaction:
            await transaction.delete(ada)
            assert await transaction.count(User) == 1
            assert await aio_engine.remove(User, session=transaction) == 1
            assert await transaction.count(Post) == 0
            raise Refusal
    assert commands.names.count("abortTransaction") == 1
    assert "commitTransaction" not in commands.names
    assert everything(raw_database) == before
    assert ada.__fields_modified__ == set()
    async with aio_engine.transaction() as transaction:
        await transaction.delete(ada)
    assert counts(raw_database)["post"] == 2


async def test_what_the_transaction_wrote_counts(aio_engine, world, raw_database):
    ada, bob, _ = world
    async with aio_engine.transaction() as transaction:
        await transaction.save(Post(author=ada))
        await transaction.delete(ada)
        assert await transaction.count(Post) == 2
        await transaction.save(Invoice(id=1, payer=bob))
        with pytest.raises(ReferencedError):
            await transaction.delete(bob)
        with pytest.raises(ValueError, match="rules_limit"):
            await transaction.delete(bob.company, rules_limit=1)
    # Nothing was written by what was refused, so that the transaction went on.
    assert counts(raw_database) == {"company": 2, "user": 1, "post": 2, "vote": 2, "invoice": 1}


@pytest.mark.parametrize("way", ["session", "argument", "driver session", "own"])
@pytest.mark.each_driver
async def test_a_session_gets_a_transaction(aio_engine, world, commands, raw_database, way):
    ada, bob, _ = world
    commands.clear()
    if way == "own":
        session = await resolve(aio_engine.client.start_session())
        await aio_engine.delete(ada, session=session)
        assert not session.in_transaction
        assert await aio_engine.count(User, session=session) == 1
        await aio_engine.delete(bob, session=session)
        await resolve(session.end_session())
    else:
        async with aio_engine.session() as session:
            if way == "session":
                await session.delete(ada)
                await session.delete(bob)
            else:
                given = session if way == "argument" else session.get_driver_session()
                await aio_engine.delete(ada, session=given)
                await aio_engine.delete(bob, session=given)
            assert await session.count(User) == 0
    lsids = {str(event.command["lsid"]) for event in commands.started}
    assert len(lsids) == 1
    assert commands.names.count("commitTransaction") == 2
    assert counts(raw_database) == {"company": 2, "user": 0, "post": 0, "vote": 0, "invoice": 0}


@pytest.mark.each_driver
async def test_a_transaction_of_the_driver_is_used(aio_engine, world, commands, raw_database):
    ada, *_ = world
    before = everything(raw_database)
    session = await resolve(aio_engine.client.start_session())
    await resolve(session.start_transaction())
    await aio_engine.delete(ada, session=session)
    assert await aio_engine.count(User, session=session) == 1
    await resolve(session.abort_transaction())
    assert everything(raw_database) == before
    await resolve(session.end_session())


@pytest.mark.each_driver
async def test_transient_errors_are_retried(aio_engine, world, fail_point, commands, raw_database):
    ada, *_ = world
    with fail_point("delete", error_code=112, labels=(TRANSIENT,), times=2):
        await aio_engine.delete(ada)
    assert commands.names.count("abortTransaction") == 2
    assert counts(raw_database) == {"company": 2, "user": 1, "post": 2, "vote": 2, "invoice": 0}
    assert ada.__fields_modified__ == {"id", "name", "company"}


@pytest.mark.parametrize("command", ["find", "update", "delete", "commitTransaction"])
async def test_an_error_leaves_everything(aio_engine, world, fail_point, raw_database, command):
    ada, *_ = world
    before = everything(raw_database)
    with fail_point(command, error_code=8000), pytest.raises(OperationFailure):
        await aio_engine.delete(ada)
    assert everything(raw_database) == before
    assert ada.__fields_modified__ == set()
    await aio_engine.delete(ada)
    assert counts(raw_database)["user"] == 1


async def test_a_part_that_fails_dooms_the_given_transaction(
    aio_engine, world, fail_point, raw_database
):
    ada, *_ = world
    before = everything(raw_database)

    def refuse(event):
        raise KeyError("no")

    remove = aio_engine.add_hook("before_delete", lambda instance: None, Vote)
    failing = aio_engine.add_hook("after_delete", refuse, Vote)
    with pytest.raises(TransactionAbortedError):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(KeyError):
                await transaction.delete(ada)
    assert everything(raw_database) == before
    assert ada.__fields_modified__ == set()
    remove(), failing()


async def test_every_command_is_part_of_the_transaction(aio_engine, world, commands):
    await aio_engine.delete(world[0])
    first, *others = (event.command for event in commands.started)
    assert first["startTransaction"] is True
    assert first["readConcern"]["level"] == "snapshot"
    for command in (first, *others):
        assert command["autocommit"] is False
        assert command["txnNumber"] == first["txnNumber"]


async def test_a_collection_of_a_programs_own(aio_engine, world, raw_database):
    """Two models are in other collections than their names say, which happen to have the same ids."""

    class Moving(AIOEngine):
        def get_collection(self, model):
            name = {"post": "vote", "vote": "post"}.get(model.__collection__, model.__collection__)
            return self.database[name]

    ada, *_ = world
    raw_database["post"].rename("first")
    raw_database["vote"].rename("post")
    raw_database["first"].rename("vote")
    raw_database["post"].insert_many([{"_id": each["_id"]} for each in raw_database["vote"].find()])
    engine = Moving(aio_engine.client, aio_engine.database_name)
    await engine.delete(ada)
    assert raw_database["vote"].count_documents({}) == 2
    assert raw_database["post"].count_documents({}) == 2 + 3
