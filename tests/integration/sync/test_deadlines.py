# Generated from tests/integration/aio/test_deadlines.py by tools/generate_sync.py: do not edit.
"""A deadline holds: the end of a transaction or session takes a second more at most, whatever became of the server.

A rollback that cannot be sent is given up, for the server gives the transaction up by itself; a commit is repeated
within the deadline only.
"""

from __future__ import annotations

import secrets

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from tests.integration.losing import Losable, takes_at_most
from tests.integration.sync.colour import sleep

from odmantic import Model
from odmantic.engine import SyncEngine
from odmantic.exceptions import CommitOutcomeUnknownError, TransactionTimeoutError
from odmantic.testing._databases import drop_database

SECONDS = 1.0
LOST = pytest.mark.parametrize("way_down", ["killed", "stopped"])


class User(Model):
    name: str


@pytest.fixture
def losable(odmantic_replica_set):
    losable = Losable(odmantic_replica_set)
    yield losable
    losable.close()


@pytest.fixture
def odmantic_mongo_uri(losable):
    """What the engine's client connects to."""
    return losable.uri


@pytest.fixture
def server(losable):
    """It is there again before the engine's client is closed, which says goodbye."""
    yield losable
    losable.find()


@pytest.fixture
def odmantic_database_name(odmantic_replica_set):
    """What is lost to the client is not to the server, which drops it."""
    name = f"deadlines_{secrets.token_hex(4)}"
    yield name
    with MongoClient(odmantic_replica_set.uri) as client:
        drop_database(client, name)


@pytest.fixture
def engine(sync_engine):
    sync_engine.save(User(name="first"))
    return sync_engine


@LOST
def test_run_transaction_returns_in_its_time(engine, server, way_down):
    def work(transaction):
        transaction.save(User(name="Ada"))
        server.lose(way_down)
        transaction.save(User(name="Bob"))

    # The operation may have arrived before the signal: then it is the commit that gets no answer.
    errors = (TransactionTimeoutError, CommitOutcomeUnknownError)
    with takes_at_most(SECONDS + 1), pytest.raises(errors):
        engine.run_transaction(work, timeout=SECONDS)


@LOST
@pytest.mark.parametrize("fails_at", ["operation", "exception"])
def test_a_block_is_rolled_back_within_the_drivers_deadline(engine, server, way_down, fails_at):
    user = User(name="Ada")
    with takes_at_most(SECONDS + 1), pytest.raises((PyMongoError, KeyError)):
        with pymongo.timeout(SECONDS):
            with engine.transaction() as transaction:
                transaction.save(user)
                server.lose(way_down)
                if fails_at == "exception":
                    raise KeyError
                transaction.save(User(name="Bob"))
    assert user.__fields_modified__ == {"id", "name"}


@LOST
@pytest.mark.parametrize("limit", ["deadline", "client"])
def test_a_commit_is_repeated_within_the_deadline(
    engine, server, way_down, limit, sync_client, client_options
):
    if limit == "client":
        options = {**client_options, "timeoutMS": round(SECONDS * 1000)}
        client = type(sync_client)(server.uri, **options)
        engine = SyncEngine(client, engine.database_name)
    user = User(name="Ada")
    with takes_at_most(SECONDS), pytest.raises(PyMongoError):
        with pymongo.timeout(SECONDS if limit == "deadline" else None):
            with engine.transaction() as transaction:
                transaction.save(user)
                server.lose(way_down)
    if limit == "client":
        with pymongo.timeout(0.1):  # Motor looks for the server, to say goodbye
            client.close()


@LOST
def test_a_session_with_a_transaction_ends_in_time(engine, server, way_down):
    with takes_at_most(SECONDS + 1), pymongo.timeout(SECONDS):
        with engine.session() as session:
            transaction = session.transaction()
            transaction.start()
            transaction.save(User(name="Ada"))
            server.lose(way_down)


def test_a_rollback_waits_a_second_at_most_where_no_server_is_known(engine, server):
    user = User(name="Ada")
    with takes_at_most(2), pytest.raises(KeyError):
        with engine.transaction() as transaction:
            transaction.save(user)
            server.lose("killed")
            while engine.client.topology_description.has_writable_server():
                sleep(0.01)
            raise KeyError
    assert user.__fields_modified__ == {"id", "name"}
