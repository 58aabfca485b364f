# Generated from tests/integration/aio/test_read_as_command.py by tools/generate_sync.py: do not edit.
"""`find_one` sends its command itself: the same one, with the same answers and errors, as the driver's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.datetime_ms import DatetimeMS
from bson.errors import InvalidBSON
from bson.int64 import Int64
from bson.son import SON
from pymongo import ReadPreference
from pymongo.errors import AutoReconnect, ConnectionFailure, OperationFailure
from pymongo.read_concern import ReadConcern

from odmantic import Model
from odmantic._driver.plain import finds_plainly


class Parcel(Model):
    code: str
    weight: float = 1.0


_OF_A_SESSION = {"lsid", "txnNumber", "$clusterTime"}
EXCEEDED_TIME_LIMIT, BAD_VALUE = 262, 2


def _finds(commands):
    return [
        [(key, value) for key, value in event.command.items() if key not in _OF_A_SESSION]
        for event in commands.started
        if event.command_name == "find"
    ]


@pytest.fixture
def parcel(sync_engine, commands):
    """One in the database."""
    saved = sync_engine.save(Parcel(code="A"))
    commands.clear()
    return saved


@pytest.fixture
def collection(sync_engine):
    """One of PyMongo: Motor's is read with a cursor."""
    collection = sync_engine.get_collection(Parcel)
    if not finds_plainly(collection):
        pytest.skip("not a collection of PyMongo")
    return collection


def test_the_command_is_that_of_find_one(sync_engine, collection, commands):
    query = {"code": {"$eq": "A"}}
    collection.find_one()
    collection.find_one(query, sort=[("weight", -1), ("code", 1)])
    by_find_one = _finds(commands)
    commands.clear()

    assert sync_engine.find_one(Parcel) is None
    sort = (Parcel.weight.desc(), Parcel.code)
    assert sync_engine.find_one(Parcel, Parcel.code == "A", sort=sort) is None

    assert len(by_find_one) == 2
    assert _finds(commands) == by_find_one
    assert all("lsid" in event.command for event in commands.started)


def test_the_command_is_that_of_find_one_in_a_transaction(
    sync_engine, collection, parcel, commands
):
    with sync_engine.transaction() as transaction:
        session = transaction.get_driver_session()
        collection.find_one({}, session=session)
        collection.find_one({"code": {"$eq": "B"}}, session=session)
    with sync_engine.transaction() as transaction:
        assert transaction.find_one(Parcel).id == parcel.id
        assert transaction.find_one(Parcel, Parcel.code == "B") is None

    sent = _finds(commands)
    assert [dict(command).get("startTransaction") for command in sent] == [True, None, True, None]
    assert _without_times(sent[2:]) == _without_times(sent[:2])


def _without_times(sent):
    """The commands, with the level alone of what a first one says of its reads."""
    return [
        [(key, value["level"] if key == "readConcern" else value) for key, value in command]
        for command in sent
    ]


def test_the_right_document_is_found(sync_engine):
    parcels = [Parcel(code="A", weight=weight) for weight in (3, 1, 2)]
    sync_engine.save_all(parcels)

    first = sync_engine.find_one(Parcel, sort=Parcel.weight)
    last = sync_engine.find_one(Parcel, Parcel.weight < 3, sort=Parcel.weight.desc())

    assert (first, last) == (parcels[1], parcels[2])


@pytest.mark.parametrize(
    "failure", [{"error_code": EXCEEDED_TIME_LIMIT}, {"close_connection": True}], ids=str
)
def test_a_read_that_failed_in_passing_is_repeated(
    sync_engine, parcel, commands, fail_point, failure
):
    with fail_point("find", times=1, **failure):
        assert sync_engine.find_one(Parcel) == parcel

    assert commands.names == ["find", "find"]
    assert _finds(commands)[0] == _finds(commands)[1]


def test_what_fails_again_raises(sync_engine, parcel, commands, fail_point):
    with fail_point("find", close_connection=True), pytest.raises(AutoReconnect):
        sync_engine.find_one(Parcel)

    assert set(commands.names) == {"find"}
    assert sync_engine.find_one(Parcel) == parcel


def test_a_refused_read_is_not_repeated(sync_engine, commands, fail_point):
    with fail_point("find", error_code=BAD_VALUE), pytest.raises(OperationFailure) as caught:
        sync_engine.find_one(Parcel)

    assert caught.value.code == BAD_VALUE
    assert commands.names == ["find"]


def test_a_read_of_a_transaction_is_not_repeated(sync_engine, parcel, commands, fail_point):
    with fail_point("find", times=1, close_connection=True), pytest.raises(ConnectionFailure):
        with sync_engine.transaction() as transaction:
            transaction.find_one(Parcel)

    assert commands.names.count("find") == 1


def test_a_client_may_forbid_to_repeat_reads(
    sync_engine, parcel, commands, fail_point, odmantic_mongo_uri, client_options
):
    client = type(sync_engine.client)(odmantic_mongo_uri, **client_options, retryReads=False)
    engine = type(sync_engine)(client, sync_engine.database_name)
    with fail_point("find", times=1, close_connection=True), pytest.raises(ConnectionFailure):
        engine.find_one(Parcel)

    assert commands.names == ["find"]
    client.close()


def test_a_session_reads_what_it_wrote(sync_engine, commands):
    with sync_engine.session() as session:
        session.save(Parcel(code="A"))
        session.find_one(Parcel)

    assert "afterClusterTime" in dict(_finds(commands)[0])["readConcern"]


class _Wide(TypeDecoder):
    """Reads whole numbers of 64 bits as text."""

    bson_type = Int64

    def transform_bson(self, value: Any) -> str:
        return f"wide {value}"


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"read_concern": ReadConcern("majority")}, "readConcern"),
        ({"read_preference": ReadPreference.NEAREST}, "$readPreference"),
    ],
    ids=["read concern", "read preference"],
)
def test_what_a_database_asks_of_reads_is_sent(sync_engine, parcel, commands, options, key):
    sync_engine.database = sync_engine.database.with_options(**options)

    assert sync_engine.find_one(Parcel) == parcel

    assert key in dict(_finds(commands)[0])


def test_types_of_a_program_are_decoded(sync_engine):
    class Letter(Model):
        size: Any

    registry = TypeRegistry([_Wide()])
    options = CodecOptions(type_registry=registry)
    sync_engine.database = sync_engine.database.with_options(codec_options=options)
    sync_engine.get_collection(Letter).insert_one({"size": Int64(7)})

    assert sync_engine.find_one(Letter).size == "wide 7"


def test_documents_of_a_program_are_read(sync_engine, parcel):
    options = CodecOptions(document_class=SON)
    sync_engine.database = sync_engine.database.with_options(codec_options=options)

    assert sync_engine.find_one(Parcel) == parcel


def test_a_document_that_the_driver_cannot_read_is_told_as_by_find_one(sync_engine):
    class Letter(Model):
        sent: datetime

    collection = sync_engine.get_collection(Letter)
    collection.insert_one({"sent": DatetimeMS(2**60)})

    with pytest.raises(InvalidBSON) as theirs:
        collection.find_one({})
    with pytest.raises(InvalidBSON) as ours:
        sync_engine.find_one(Letter)

    assert (type(ours.value), str(ours.value)) == (type(theirs.value), str(theirs.value))
