# Generated from tests/integration/aio/test_misuse.py by tools/generate_sync.py: do not edit.
"""Misuse of sessions and transactions: each is an error that says so, and nothing is written by it."""

from __future__ import annotations

import os
import signal

import pytest
from pymongo.errors import InvalidOperation

from odmantic import Model
from odmantic.exceptions import SessionMisuseError


class User(Model):
    name: str


@pytest.fixture
def count(raw_database):
    """Counts the users that are stored."""
    raw_database.create_collection("user")
    return lambda: raw_database["user"].count_documents({})


@pytest.mark.parametrize("given", ["transaction", "driver session"])
def test_a_transaction_of_another_client_is_refused(sync_engine, count, odmantic_mongo_uri, given):
    client = type(sync_engine.client)(odmantic_mongo_uri)
    other = type(sync_engine)(client, sync_engine.database_name)
    try:
        with other.transaction() as transaction:
            session = transaction
            if given == "driver session":
                session = transaction.get_driver_session()
            with pytest.raises(InvalidOperation):
                sync_engine.save(User(name="Ada"), session=session)
    finally:
        client.close()
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


@pytest.mark.parametrize("way", ["closed", "let go"])
def test_a_generator_that_is_not_used_up_rolls_back(sync_engine, count, open_transactions, way):
    seen = []

    def names():
        with sync_engine.transaction() as transaction:
            seen.append(transaction)
            transaction.save(User(name="Ada"))
            yield "Ada"

    generator = names()
    for _ in generator:
        break
    if way == "let go":
        del generator
    if way == "closed":
        generator.close()
    assert not seen[0].session.is_started
    assert open_transactions() == 0
    assert count() == 0


def test_a_forked_child_sends_nothing(sync_engine, count, commands):
    reading, writing = os.pipe()
    with sync_engine.session() as session:
        with session.transaction() as transaction:
            transaction.save(User(name="Ada"))
            child = os.fork()
            if child == 0:
                commands.clear()
                _leave(writing, lambda: _in_child(sync_engine, session, transaction, commands))
            os.close(writing)
            told = _told(child, reading)
    assert told == "refused " * 5 + "silent"
    assert count() == 1


def _in_child(engine, session, transaction, commands):
    """Tells what becomes of the calls and exits."""
    told, user = "", User(name="child")
    for call in (
        transaction.commit,
        transaction.abort,
        session.end,
        lambda: transaction.save(user),
        lambda: engine.save(user, session=session),
    ):
        try:
            _at_once(call)
        except RuntimeError as error:
            told += "refused " if "another process" in str(error) else f"{error!r} "
    _at_once(lambda: transaction.__exit__(None, None, None))
    _at_once(lambda: session.__exit__(None, None, None))
    return told + ("silent" if not commands.names else repr(commands.names))


def _at_once(call):
    """Makes a call that must not wait for anything: a child has no event loop."""
    call()


def _told(child, reading):
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


def _leave(writing, work):
    """Leaves a child with what work tells, and without anything of the parent's."""
    try:
        signal.alarm(30)
        told = work()
    except BaseException as error:
        told = repr(error)
    os.write(writing, told.encode())
    os._exit(0)


import threading
from concurrent.futures import ThreadPoolExecutor

from pymongo import MongoClient

from odmantic.engine import SyncEngine


def test_saves_of_threads_are_all_stored(sync_engine, count):
    with ThreadPoolExecutor(8) as pool, sync_engine.transaction() as transaction:
        list(pool.map(transaction.save, [User(name=str(number)) for number in range(50)]))
    assert count() == 50


@pytest.mark.parametrize("given", ["transaction", "driver session"])
def test_a_thread_that_is_late_writes_nothing(sync_engine, count, given):
    over = threading.Event()

    def save(session):
        over.wait(10)
        sync_engine.save(User(name="late"), session=session)

    with ThreadPoolExecutor(1) as pool:
        with sync_engine.transaction() as transaction:
            transaction.save(User(name="Ada"))
            session = transaction
            if given == "driver session":
                session = transaction.get_driver_session()
            saving = pool.submit(save, session)
        over.set()
        with pytest.raises(RuntimeError, match="transaction not started"):
            saving.result()
    assert count() == 1


def test_a_forked_child_with_a_client_of_its_own_works(sync_engine, count, odmantic_mongo_uri):
    def work():
        with MongoClient(odmantic_mongo_uri) as client:
            engine = SyncEngine(client, sync_engine.database_name, stray_operations="raise")
            engine.save(User(name="Bob"))
            with engine.transaction() as transaction:
                transaction.save(User(name="Cy"))
        return "saved"

    reading, writing = os.pipe()
    with sync_engine.transaction() as transaction:
        transaction.save(User(name="Ada"))
        child = os.fork()
        if child == 0:
            _leave(writing, work)
        os.close(writing)
        assert _told(child, reading) == "saved"
    assert count() == 3
