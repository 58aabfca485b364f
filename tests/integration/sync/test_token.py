# Generated from tests/integration/aio/test_token.py by tools/generate_sync.py: do not edit.
"""Causal tokens: what another session has seen, also on a secondary that lags and in another process."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from bson.timestamp import Timestamp

from odmantic import Model
from odmantic._transaction.token import CausalTimes, decode_token, encode_token
from odmantic.testing import LocalReplicaSet


class User(Model):
    name: str


PROGRAM = """
import sys
from pymongo import MongoClient
from odmantic import Model, SyncEngine

class User(Model):
    name: str

uri, database, token = sys.argv[1:]
engine = SyncEngine(MongoClient(uri), database)
with engine.session(after=token) as session:
    print(session.count(User))
    print(session.token() >= "odm1.")
"""


def _run(*arguments):
    """What the program prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split()


def _token(engine):
    with engine.session() as session:
        session.save(User(name="Ada"))
        return session.token()


def test_a_session_reads_after_what_the_token_has_seen(sync_engine, commands):
    token = _token(sync_engine)
    commands.clear()
    with sync_engine.session(after=token) as session:
        assert session.count(User) == 1
    (event,) = commands.started
    times = decode_token(token, now=time.time())
    assert event.command["readConcern"]["afterClusterTime"] == times.operation_time


def test_a_token_tells_of_a_transaction_after_its_commit(sync_engine):
    with sync_engine.session() as session:
        session.count(User)
        before = decode_token(session.token(), now=time.time())
        with session.transaction() as transaction:
            transaction.save(User(name="Ada"))
            with pytest.raises(RuntimeError, match="after the commit"):
                transaction.token()
        after = decode_token(session.token(), now=time.time())
    assert after.operation_time > before.operation_time


def test_a_session_that_has_seen_nothing_has_no_token(sync_engine):
    session = sync_engine.session()
    with pytest.raises(RuntimeError, match="session not started"):
        session.token()
    with session:
        with pytest.raises(RuntimeError, match="no token yet"):
            session.token()


def test_a_session_after_a_token_may_be_started_again(sync_engine):
    session = sync_engine.session(after=_token(sync_engine))
    for _ in range(2):
        with session:
            assert session.count(User) == 1


def test_a_token_from_the_far_future_is_refused(sync_engine):
    cluster = {"clusterTime": Timestamp(int(time.time()) + 86400, 1)}
    token = encode_token(CausalTimes(cluster, cluster["clusterTime"]))
    with pytest.raises(ValueError, match="ahead of this machine's clock"):
        sync_engine.session(after=token)


def test_a_token_works_in_another_process(sync_engine, odmantic_mongo_uri):
    assert _run(odmantic_mongo_uri, sync_engine.database_name, _token(sync_engine)) == [
        "1",
        "True",
    ]


@pytest.fixture(scope="module")
def lagging_set():
    """A primary, and a secondary that applies every write seconds later."""
    with LocalReplicaSet(members=2, delay=2) as replica_set:
        yield replica_set


def test_a_lagging_secondary_is_waited_for(sync_engine, lagging_set, odmantic_database_name):
    kind = type(sync_engine.client)
    # With the majority the write would wait for the delayed member.
    primary = kind(lagging_set.uri, w=1)
    # The delayed member is hidden: it is asked directly.
    secondary = kind(
        "127.0.0.1", lagging_set.ports[1], directConnection=True, readPreference="secondary"
    )
    writer, reader = (
        type(sync_engine)(each, odmantic_database_name) for each in (primary, secondary)
    )
    try:
        token = _token(writer)
        with reader.session() as session:
            assert session.count(User) == 0
        with reader.session(after=token) as session:
            assert session.count(User) == 1
    finally:
        primary.drop_database(odmantic_database_name)
        for client in (primary, secondary):
            client.close()
