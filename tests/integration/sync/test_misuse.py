# Generated from tests/integration/aio/test_misuse.py by tools/generate_sync.py: do not edit.
"""Misuse of sessions and transactions: each is an error that says so, and nothing is written by it."""

from __future__ import annotations

import os

import pytest
from pymongo.errors import InvalidOperation

from odmantic import Model
from odmantic._driver._sync import resolve
from odmantic.exceptions import SessionMisuseError


class User(Model):
    name: str


@pytest.fixture
def count(raw_database):
    """Counts the users that are stored."""
    raw_database.create_collection("user")
    return lambda: raw_database["user"].count_documents({})


def test_a_transaction_of_another_client_is_refused(sync_engine, count, odmantic_mongo_uri):
    client = type(sync_engine.client)(odmantic_mongo_uri)
    other = type(sync_engine)(client, sync_engine.database_name)
    try:
        with other.transaction() as transaction:
            with pytest.raises(InvalidOperation):
                sync_engine.save(User(name="Ada"), session=transaction)
    finally:
        resolve(client.close())
    assert count() == 0


def test_two_databases_of_one_client_are_one_transaction(sync_engine, count, odmantic_mongo_client):
    other = type(sync_engine)(sync_engine.client, sync_engine.database_name + "_b")
    try:
        with pytest.raises(KeyError):
            with sync_engine.transaction() as transaction:
                transaction.save(User(name="Ada"))
                other.save(User(name="Bob"), session=transaction)
                raise KeyError
        assert count() == 0
        assert odmantic_mongo_client[other.database_name]["user"].count_documents({}) == 0
    finally:
        odmantic_mongo_client.drop_database(other.database_name)


def _add(engine, name, session=None):
    if session:
        return engine.save(User(name=name), session=session)
    with engine.session() as own:
        return engine.save(User(name=name), session=own)


def test_a_helper_with_an_optional_session_takes_part(sync_engine, count):
    _add(sync_engine, "alone")
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            _add(sync_engine, "inside", transaction)
            raise KeyError
    assert count() == 1


@pytest.mark.parametrize("end", ["commit", "abort", "exit"])
@pytest.mark.parametrize("given", ["transaction", "driver session"])
def test_a_transaction_is_not_used_after_its_end(sync_engine, count, commands, end, given):
    transaction = sync_engine.transaction()
    transaction.start()
    session = transaction if given == "transaction" else transaction.get_driver_session()
    if end == "exit":
        transaction.__exit__(None, None, None)
    else:
        getattr(transaction, end)()

    for operate in (sync_engine.save, sync_engine.delete):
        with pytest.raises(RuntimeError, match="transaction not started") as caught:
            operate(User(name="late"), session=session)
        assert isinstance(caught.value, InvalidOperation)
    assert commands.names == []
    assert count() == 0


def test_a_driver_session_is_not_used_after_its_session(sync_engine, count):
    with sync_engine.session() as session:
        raw = session.get_driver_session()
    with pytest.raises(SessionMisuseError, match="Cannot use ended session"):
        sync_engine.save(User(name="late"), session=raw)
    assert count() == 0


def test_a_generator_that_is_closed_rolls_back(sync_engine, count, open_transactions):
    seen = []

    def names():
        with sync_engine.transaction() as transaction:
            seen.append(transaction)
            transaction.save(User(name="Ada"))
            yield "Ada"

    generator = names()
    for _ in generator:
        break
    generator.close()
    assert not seen[0].session.is_started
    assert open_transactions() == 0
    assert count() == 0


from concurrent.futures import ThreadPoolExecutor


def test_saves_of_threads_are_all_stored(sync_engine, count):
    with ThreadPoolExecutor(8) as pool, sync_engine.transaction() as transaction:
        list(pool.map(transaction.save, [User(name=str(number)) for number in range(50)]))
    assert count() == 50


def test_a_forked_child_sends_nothing(sync_engine, count, commands):
    reading, writing = os.pipe()
    with sync_engine.session() as session, session.transaction() as transaction:
        transaction.save(User(name="Ada"))
        child = os.fork()
        if child == 0:
            _in_child(sync_engine, session, transaction, commands, writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
    assert told == "refused " * 5 + "silent"
    assert count() == 1


def _in_child(engine, session, transaction, commands, writing):
    """Leaves the process without anything of the parent's."""
    commands.clear()
    told = ""
    try:
        user = User(name="child")
        for call in (
            transaction.commit,
            transaction.abort,
            session.end,
            lambda: transaction.save(user),
            lambda: engine.save(user, session=session),
        ):
            try:
                call()
            except RuntimeError as error:
                told += "refused " if "another process" in str(error) else f"{error!r} "
        transaction.__exit__(None, None, None)
        session.__exit__(None, None, None)
        told += "silent" if not commands.names else repr(commands.names)
    except BaseException as error:
        told += repr(error)
    finally:
        os.write(writing, told.encode())
        os._exit(0)
