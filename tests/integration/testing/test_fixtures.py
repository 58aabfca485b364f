"""The fixtures that the other integration tests are built on."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from odmantic.testing._databases import drop_database


async def test_an_async_client_of_each_kind_works(async_client, raw_database, commands):
    await async_client[raw_database.name]["things"].insert_one({"_id": 1})

    assert raw_database["things"].find_one() == {"_id": 1}
    assert commands.names == ["insert"]
    commands.clear()
    assert commands.started == []


def test_a_sync_client_works(sync_client, raw_database, commands):
    sync_client[raw_database.name]["things"].insert_one({"_id": 1})

    assert raw_database["things"].find_one() == {"_id": 1}
    assert commands.started[0].command["documents"] == [{"_id": 1}]


async def test_the_async_engine_uses_the_database(aio_engine, raw_database):
    assert aio_engine.database.name == raw_database.name


def test_the_sync_engine_uses_the_database(sync_engine, raw_database):
    assert sync_engine.database.name == raw_database.name


def test_a_fail_point_fails_commands_of_the_engines_client_only(
    sync_client, raw_database, fail_point
):
    things = sync_client[raw_database.name]["things"]
    with fail_point("insert", error_code=11601, labels=("Mine",)):
        with pytest.raises(OperationFailure) as caught:
            things.insert_one({})
        raw_database["things"].insert_one({})
    things.insert_one({})

    assert caught.value.has_error_label("Mine")
    assert raw_database["things"].count_documents({}) == 2


def test_a_fail_point_can_break_connections_a_number_of_times(
    sync_client, raw_database, fail_point
):
    # One of the two failures is hidden by the driver's own retry.
    with fail_point("find", times=2, close_connection=True):
        with pytest.raises(AutoReconnect):
            sync_client[raw_database.name]["things"].find_one()
        assert sync_client[raw_database.name]["things"].find_one() is None


def test_a_transaction_left_open_does_not_keep_the_database(
    sync_client, raw_database, odmantic_mongo_client
):
    raw_database["things"].insert_one({"_id": 1})
    with sync_client.start_session() as session:
        session.start_transaction()
        sync_client[raw_database.name]["things"].insert_one({"_id": 2}, session=session)
        started = time.monotonic()
        drop_database(odmantic_mongo_client, raw_database.name)

        assert time.monotonic() - started < 30  # the server gives it up after 60 seconds
        assert raw_database.name not in odmantic_mongo_client.list_database_names()


def test_collections_of_every_kind_go_with_the_database(raw_database, odmantic_mongo_client):
    raw_database["things"].insert_one({"_id": 1})
    raw_database.create_collection("some", viewOn="things", pipeline=[])
    raw_database.create_collection("times", timeseries={"timeField": "at"})
    raw_database["times"].insert_one({"at": datetime(2020, 1, 1, tzinfo=timezone.utc)})
    drop_database(odmantic_mongo_client, raw_database.name)

    assert raw_database.name not in odmantic_mongo_client.list_database_names()
