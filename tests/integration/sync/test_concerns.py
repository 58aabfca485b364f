# Generated from tests/integration/aio/test_concerns.py by tools/generate_sync.py: do not edit.
"""Read preference and concerns of transactions: those of the call, the session, the client, in this order."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from pymongo.errors import ConfigurationError

from odmantic import Model
from odmantic.session import NO_SESSION


class User(Model):
    name: str


@pytest.fixture
def engine_with(sync_engine, odmantic_mongo_uri, client_options):
    """Makes an engine whose client has options of its own, inside a `with` block."""

    @contextmanager
    def make(**options):
        client = type(sync_engine.client)(odmantic_mongo_uri, **client_options, **options)
        try:
            yield type(sync_engine)(client, sync_engine.database_name)
        finally:
            client.close()

    return make


def _first(commands, name):
    return next(event.command for event in commands.started if event.command_name == name)


@pytest.mark.parametrize("mode", ["secondaryPreferred", "primaryPreferred", "nearest", "secondary"])
def test_a_transaction_reads_from_the_primary_whatever_the_client_prefers(engine_with, mode):
    with engine_with(readPreference=mode) as engine:
        with engine.transaction() as transaction:
            user = transaction.save(User(name="Ada"))
            assert transaction.find_one(User).id == user.id
            assert transaction.count(User) == 1
            assert [found.id for found in transaction.find(User)] == [user.id]
        with engine.session() as session, session.transaction() as transaction:
            assert transaction.count(User) == 1


def test_a_session_keeps_the_clients_read_preference_and_concern(engine_with, commands):
    options = {"readPreference": "secondaryPreferred", "readConcernLevel": "majority"}
    with engine_with(**options) as engine, engine.session() as session:
        session.save(User(name="Ada"))
        session.find_one(User)
        driver_session = session.get_driver_session()
        assert driver_session.options.default_transaction_options is None
        assert driver_session.options.causal_consistency

    command = _first(commands, "find")
    assert command["readConcern"]["level"] == "majority"
    assert command["$readPreference"]["mode"] in {"secondaryPreferred", "primaryPreferred"}


def test_a_session_keeps_the_clients_write_concern(engine_with, commands):
    with engine_with(w=1, journal=True) as engine, engine.session() as session:
        session.save(User(name="Ada"))

    assert _first(commands, "update")["writeConcern"] == {"w": 1, "j": True}


def test_a_plain_client_gets_majority_and_snapshot(sync_engine, commands):
    with sync_engine.transaction() as transaction:
        transaction.save(User(name="Ada"))

    first = _first(commands, "update")
    assert first["startTransaction"] is True
    assert first["readConcern"]["level"] == "snapshot"
    assert "writeConcern" not in first
    assert _first(commands, "commitTransaction")["writeConcern"] == {"w": "majority"}


def test_the_clients_own_concerns_are_kept(engine_with, commands):
    with engine_with(w=1, readConcernLevel="local") as engine:
        with engine.transaction() as transaction:
            transaction.save(User(name="Ada"))

    assert _first(commands, "update")["readConcern"]["level"] == "local"
    assert _first(commands, "commitTransaction")["writeConcern"] == {"w": 1}


def test_a_transaction_reads_one_snapshot(sync_engine):
    sync_engine.save(User(name="Ada"))
    with sync_engine.transaction() as transaction:
        assert transaction.count(User) == 1
        sync_engine.save(User(name="Bob"), session=NO_SESSION)
        assert transaction.count(User) == 1
    assert sync_engine.count(User) == 2


def test_a_save_creates_the_collection_in_the_transaction(sync_engine, raw_database):
    with sync_engine.transaction() as transaction:
        assert transaction.count(User) == 0
        transaction.save(User(name="Ada"))
        assert raw_database.list_collection_names() == []
    assert raw_database.list_collection_names() == ["user"]


def test_an_unacknowledged_client_is_refused_by_the_driver(engine_with):
    with engine_with(w=0) as engine:
        transaction = engine.transaction()
        for _ in range(2):
            with pytest.raises(ConfigurationError):
                transaction.start()
            assert not transaction.is_started
            assert not transaction.session.is_started
        with pytest.raises(ConfigurationError):
            with transaction:
                pytest.fail("entered")
