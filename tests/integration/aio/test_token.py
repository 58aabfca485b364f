"""Causal tokens: what another session has seen, also on a secondary that lags and in another process."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from bson.timestamp import Timestamp
from tests.integration.aio.colour import resolve

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


async def _token(engine):
    async with engine.session() as session:
        await session.save(User(name="Ada"))
        return session.token()


@pytest.mark.each_driver
async def test_a_session_reads_after_what_the_token_has_seen(aio_engine, commands):
    token = await _token(aio_engine)
    commands.clear()
    async with aio_engine.session(after=token) as session:
        assert await session.count(User) == 1
    (event,) = commands.started
    times = decode_token(token, now=time.time())
    assert event.command["readConcern"]["afterClusterTime"] == times.operation_time


@pytest.mark.each_driver
async def test_a_token_tells_of_a_transaction_after_its_commit(aio_engine):
    async with aio_engine.session() as session:
        await session.count(User)
        before = decode_token(session.token(), now=time.time())
        async with session.transaction() as transaction:
            await transaction.save(User(name="Ada"))
            with pytest.raises(RuntimeError, match="after the commit"):
                transaction.token()
        after = decode_token(session.token(), now=time.time())
    assert after.operation_time > before.operation_time


async def test_a_session_that_has_seen_nothing_has_no_token(aio_engine):
    session = aio_engine.session()
    with pytest.raises(RuntimeError, match="session not started"):
        session.token()
    async with session:
        with pytest.raises(RuntimeError, match="no token yet"):
            session.token()


async def test_a_session_after_a_token_may_be_started_again(aio_engine):
    session = aio_engine.session(after=await _token(aio_engine))
    for _ in range(2):
        async with session:
            assert await session.count(User) == 1


@pytest.mark.each_driver
async def test_a_token_from_the_far_future_is_refused(aio_engine):
    cluster = {"clusterTime": Timestamp(int(time.time()) + 86400, 1)}
    token = encode_token(CausalTimes(cluster, cluster["clusterTime"]))
    with pytest.raises(ValueError, match="ahead of this machine's clock"):
        aio_engine.session(after=token)


async def test_a_token_works_in_another_process(aio_engine, odmantic_mongo_uri):
    assert _run(odmantic_mongo_uri, aio_engine.database_name, await _token(aio_engine)) == [
        "1",
        "True",
    ]


@pytest.fixture(scope="module")
def lagging_set():
    """A primary, and a secondary that applies every write seconds later."""
    with LocalReplicaSet(members=2, delay=2) as replica_set:
        yield replica_set


async def test_a_lagging_secondary_is_waited_for(aio_engine, lagging_set, odmantic_database_name):
    kind = type(aio_engine.client)
    # With the majority the write would wait for the delayed member.
    primary = kind(lagging_set.uri, w=1)
    # The delayed member is hidden: it is asked directly.
    secondary = kind(
        "127.0.0.1", lagging_set.ports[1], directConnection=True, readPreference="secondary"
    )
    writer, reader = (
        type(aio_engine)(each, odmantic_database_name) for each in (primary, secondary)
    )
    try:
        token = await _token(writer)
        async with reader.session() as session:
            assert await session.count(User) == 0
        async with reader.session(after=token) as session:
            assert await session.count(User) == 1
    finally:
        await resolve(primary.drop_database(odmantic_database_name))
        for client in (primary, secondary):
            await resolve(client.close())
