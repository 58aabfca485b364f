# Generated from tests/integration/aio/test_commands_in_transaction.py by tools/generate_sync.py: do not edit.
"""Every public operation inside a transaction is part of it on the wire."""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import Optional

import pytest
from pymongo.read_concern import ReadConcern
from tests.integration.sync.reading import ANSWER

from odmantic import Field, Model, Reference, stored
from odmantic._sync.engine import SyncEngine
from odmantic.session import SyncTransaction
from odmantic.update import set_


class User(Model):
    name: str = Field(index=True)


class Post(Model):
    author: User = Reference()
    reviewer: User = Reference()


class Note(Model, soft_delete="deleted_at"):
    text: str
    by: Optional[User] = Reference()
    deleted_at: Optional[datetime] = None


class Sized(Model):
    name: str = ""

    @stored()
    @property
    def size(self) -> int:
        return len(self.name)


MANY = ANSWER + 1
"""More than the server sends at once."""


def _find(target, user, **session):
    assert [found.name for found in target.find(User, **session)] == ["Ada"]


def _find_one(target, user, **session):
    assert target.find_one(User, **session)


def _find_any(target, user, **session):
    found = [one for one in target.find_any([User, Note], **session)]
    assert [type(one) for one in found] == [User]


def _load(target, user, **session):
    target.save(Note(text="x", by=user), **session)
    note = target.find_one(Note, load=(), **session)
    target.load(note, Note.by, **session)
    assert note.by.name == "Ada"


def _restore(target, user, **session):
    note = target.save(Note(text="x"), **session)
    target.delete(note, **session)
    target.restore(note, **session)


def _count(target, user, **session):
    assert target.count(User, **session) == 1


def _get(target, user, **session):
    assert target.get(User, user.id, **session).name == "Ada"


def _get_many(target, user, **session):
    assert [each.name for each in target.get_many(User, [user.id], **session)] == ["Ada"]


def _exists(target, user, **session):
    assert target.exists(User, **session)


def _distinct(target, user, **session):
    assert target.distinct(User.name, **session) == ["Ada"]


def _save(target, user, **session):
    user.name = "Bob"
    target.save(user, **session)


def _save_all(target, user, **session):
    target.save_all([User(name="Cy"), User(name="Di")], **session)


def _insert(target, user, **session):
    target.insert(Post(author=user, reviewer=User(name="Ed")), **session)


def _insert_many(target, user, **session):
    target.insert_many([User(name="Cy"), Note(text="x")], **session)


def _replace(target, user, **session):
    user.name = "Bob"
    target.replace(user, **session)


def _refresh(target, user, **session):
    target.refresh(user, **session)
    target.refresh(user, User.name, **session)


def _update(target, user, **session):
    assert target.update(user, set_(User.name, "Bob"), where=User.name == "Ada", **session)
    assert not target.update(user, set_(User.name, "Cy"), where=User.name == "Ada", **session)


def _update_one(target, user, **session):
    target.update_one(User, {}, set_(User.name, "Bob"), sort=User.name, **session)


def _update_many(target, user, **session):
    result = target.update_many(User, User.name == "Ada", set_(User.name, "Bob"), **session)
    assert result.modified_count == 1


def _recompute(target, user, **session):
    target.save(Sized(name="abc"), **session)
    assert target.recompute(Sized, **session) == 0


def _delete(target, user, **session):
    target.delete(user, **session)


def _remove(target, user, **session):
    target.remove(User, **session)


def _delete_one(target, user, **session):
    assert target.delete_one(User, {}, sort=User.name, **session) is True


def _delete_many(target, user, **session):
    assert target.delete_many(User, {}, **session) == 1


def _find_one_and_delete(target, user, **session):
    post = target.save(Post(author=user, reviewer=user), **session)
    found = target.find_one_and_delete(Post, Post.id == post.id, **session)
    assert (found, found.author) == (post, user)


def _find_one_and_update(target, user, **session):
    post = target.save(Post(author=user, reviewer=user), **session)
    found = target.find_one_and_update(Post, {}, {"$set": {"x": 1}}, **session)
    assert (found, found.author) == (post, user)


def _replace_one(target, user, **session):
    assert target.replace_one(User, {}, User(name="Bob"), **session).matched_count


def _find_one_and_replace(target, user, **session):
    post = target.save(Post(author=user, reviewer=user), **session)
    other = Post(author=user, reviewer=User(name="Bob"))
    found = target.find_one_and_replace(Post, {}, other, returning="before", **session)
    assert found == post


def _get_or_create(target, user, **session):
    for created in (True, False):
        other = User(name="Bob")
        answer = target.get_or_create(User, User.name == "Bob", other, **session)
        assert answer[1] is created


def _configure_database(target, user, **session):
    class Fresh(Model):
        name: str = Field(index=True)

    target.configure_database([Fresh], **session)


OPERATIONS = {
    operate.__name__[1:]: operate
    for operate in (
        *(_find, _find_one, _find_any, _load, _count, _get, _get_many, _exists, _distinct),
        *(_save, _save_all, _insert, _insert_many, _replace, _update_one, _update_many),
        *(_update, _refresh, _delete, _remove, _restore, _recompute),
        *(_delete_one, _delete_many, _find_one_and_delete, _find_one_and_update),
        *(_replace_one, _find_one_and_replace, _get_or_create),
    )
}
OF_ENGINES = OPERATIONS | {"configure_database": _configure_database}
NO_OPERATIONS = {
    *("abort", "commit", "end", "start", "get_driver_session", "on_commit", "on_rollback"),
    *("run_once", "run_transaction", "session", "token", "track", "transaction", "dooming"),
    *("add_hook", "close", "get_collection", "estimated_count"),
}
"""What is public and sends nothing by itself, is refused in a transaction, or is the transaction."""


def _methods(cls):
    return {
        name
        for name, member in inspect.getmembers(cls)
        if not name.startswith("_") and inspect.isfunction(member)
    }


def test_no_method_is_forgotten():
    assert _methods(SyncTransaction) - NO_OPERATIONS == set(OPERATIONS)
    assert _methods(SyncEngine) - NO_OPERATIONS == set(OF_ENGINES)


def _assert_in_transaction(commands):
    assert commands.started
    first, *others = (event.command for event in commands.started)
    assert first["startTransaction"] is True
    for command in (first, *others):
        assert command["autocommit"] is False
        assert (command["lsid"], command["txnNumber"]) == (first["lsid"], first["txnNumber"])
    assert not any("startTransaction" in command for command in others)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_of_a_transaction(sync_engine, commands, name):
    user = sync_engine.save(User(name="Ada"))
    commands.clear()
    with sync_engine.transaction() as transaction:
        OPERATIONS[name](transaction, user)
    _assert_in_transaction(commands)


@pytest.mark.parametrize("way", ["transaction", "session", "driver session"])
@pytest.mark.parametrize("name", OF_ENGINES)
def test_an_operation_of_an_engine(sync_engine, commands, name, way):
    user = sync_engine.save(User(name="Ada"))
    commands.clear()
    # The server creates no indexes in a transaction that reads a snapshot.
    with sync_engine.transaction(read_concern=ReadConcern("local")) as transaction:
        given = {
            "transaction": transaction,
            "session": transaction.session,
            "driver session": transaction.get_driver_session(),
        }[way]
        OF_ENGINES[name](sync_engine, user, session=given)
    _assert_in_transaction(commands)


def test_every_command_of_an_operation(sync_engine, commands, raw_database):
    """Of a read in several batches, of references, of one write after the other, and of a second write."""
    raw_database["user"].insert_many([{"name": str(number)} for number in range(MANY)])
    lost = sync_engine.save(User(name="lost"))
    raw_database["user"].delete_one({"_id": lost.id})
    lost.name = "found"
    commands.clear()
    with sync_engine.transaction() as transaction:
        assert len([user for user in transaction.find(User)]) == MANY
        posts = [Post(author=lost, reviewer=User(name="Bo")), Post(author=lost, reviewer=lost)]
        transaction.save(posts[0])
        transaction.save_all(posts)
        assert [post.reviewer.name for post in transaction.find(Post)] == ["Bo", "found"]
        assert transaction.find_one(Post, Post.author == lost.id)
        transaction.delete(posts[0])
    _assert_in_transaction(commands)
    assert {"find", "getMore", "update", "aggregate", "delete"} <= set(commands.names)
    assert commands.names[-1] == "commitTransaction"
