"""The private names of the drivers are there, and what they mean; without them the library knows less, no more.

A test that fails here with a new version of a driver says which name of `odmantic._driver.internals` broke. What can
only be seen on a server is in `tests/integration/aio/test_internals.py`.
"""

from __future__ import annotations

import importlib
import sys
from datetime import date
from types import SimpleNamespace

import pymongo
import pytest
from bson.codec_options import TypeEncoder, TypeRegistry
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, MongoClient

from odmantic._driver import internals
from odmantic._driver.internals import (
    CHANNEL,
    DEPLOYMENT,
    commits_sent,
    driver_seconds_left,
    encoders_of,
    keep_on,
    kept_on,
    lift_batch_limit,
)


def test_the_deadline_of_the_driver_is_read():
    assert driver_seconds_left() is None
    with pymongo.timeout(5):
        assert 4 < driver_seconds_left() <= 5
    with pymongo.timeout(1e-9):
        assert driver_seconds_left() <= 0


def test_without_the_drivers_deadline_the_library_can_be_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymongo._csot", None)
    try:
        importlib.reload(internals)
        assert internals.driver_seconds_left() is None
    finally:
        monkeypatch.undo()
        importlib.reload(internals)


class _Days(TypeEncoder):
    python_type = date

    def transform_python(self, value):
        return value.isoformat()


def test_the_encoders_of_a_registry_are_read():
    assert encoders_of(TypeRegistry([_Days()], fallback_encoder=repr)) == ((date,), repr)
    assert encoders_of(TypeRegistry()) == ((), None)
    assert encoders_of(object()) == ((), None)


@pytest.mark.parametrize(
    "session",
    [
        object(),
        SimpleNamespace(_transaction=None),
        SimpleNamespace(_transaction=SimpleNamespace()),
        SimpleNamespace(_transaction=SimpleNamespace(attempt="2")),
        SimpleNamespace(_transaction=SimpleNamespace(attempt=True)),
        SimpleNamespace(delegate=object()),
    ],
)
def test_a_count_of_commits_that_cannot_be_read_is_unknown(session):
    assert commits_sent(session) is None


def test_a_cursor_without_a_batch_size_is_left_alone():
    cursor = SimpleNamespace()
    lift_batch_limit(cursor)
    assert vars(cursor) == {}


@pytest.mark.parametrize("kind", [MongoClient, AsyncMongoClient, AsyncIOMotorClient])
def test_a_client_makes_no_database_of_what_is_kept_on_it(kind):
    client, kept = kind(connect=False), object()

    assert kept_on(client, DEPLOYMENT) is None
    keep_on(client, DEPLOYMENT, kept)
    assert kept_on(client, DEPLOYMENT) is kept


def test_a_stand_in_with_slots_keeps_nothing():
    class Session:
        __slots__ = ()

    session = Session()
    keep_on(session, CHANNEL, "session")
    assert kept_on(session, CHANNEL) is None
