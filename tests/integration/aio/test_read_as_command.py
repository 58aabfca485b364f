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
from tests.integration.aio.colour import resolve

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
async def parcel(aio_engine, commands):
    """One in the database."""
    saved = await aio_engine.save(Parcel(code="A"))
    commands.clear()
    return saved


@pytest.fixture
def collection(aio_engine):
    """One of PyMongo: Motor's is read with a cursor."""
    collection = aio_engine.get_collection(Parcel)
    if not finds_plainly(collection):
        pytest.skip("not a collection of PyMongo")
    return collection


async def test_the_command_is_that_of_find_one(aio_engine, collection, commands):
    query = {"code": {"$eq": "A"}}
    await resolve(collection.find_one())
    await resolve(collection.find_one(query, sort=[("weight", -1), ("code", 1)]))
    by_find_one = _finds(commands)
    commands.clear()

    assert await aio_engine.find_one(Parcel) is None
    sort = (Parcel.weight.desc(), Parcel.code)
    assert await aio_engine.find_one(Parcel, Parcel.code == "A", sort=sort) is None

    assert len(by_find_one) == 2
    assert _finds(commands) == by_find_one
    assert all("lsid" in event.command for event in commands.started)


async def test_the_command_is_that_of_find_one_in_a_transaction(
    aio_engine, collection, parcel, commands
):
    async with aio_engine.transaction() as transaction:
        session = transaction.get_driver_session()
        await resolve(collection.find_one({}, session=session))
        await resolve(collection.find_one({"code": {"$eq": "B"}}, session=session))
    async with aio_engine.transaction() as transaction:
        assert (await transaction.find_one(Parcel)).id == parcel.id
        assert await transaction.find_one(Parcel, Parcel.code == "B") is None

    sent = _finds(commands)
    assert [dict(command).get("startTransaction") for command in sent] == [True, None, True, None]
    assert _without_times(sent[2:]) == _without_times(sent[:2])


def _without_times(sent):
    """The commands, with the level alone of what a first one says of its reads."""
    return [
        [(key, value["level"] if key == "readConcern" else value) for key, value in command]
        for command in sent
    ]


async def test_the_right_document_is_found(aio_engine):
    parcels = [Parcel(code="A", weight=weight) for weight in (3, 1, 2)]
    await aio_engine.save_all(parcels)

    first = await aio_engine.find_one(Parcel, sort=Parcel.weight)
    last = await aio_engine.find_one(Parcel, Parcel.weight < 3, sort=Parcel.weight.desc())

    assert (first, last) == (parcels[1], parcels[2])


@pytest.mark.parametrize(
    "failure", [{"error_code": EXCEEDED_TIME_LIMIT}, {"close_connection": True}], ids=str
)
@pytest.mark.each_driver
async def test_a_read_that_failed_in_passing_is_repeated(
    aio_engine, parcel, commands, fail_point, failure
):
    with fail_point("find", times=1, **failure):
        assert await aio_engine.find_one(Parcel) == parcel

    assert commands.names == ["find", "find"]
    assert _finds(commands)[0] == _finds(commands)[1]


async def test_what_fails_again_raises(aio_engine, parcel, commands, fail_point):
    with fail_point("find", close_connection=True), pytest.raises(AutoReconnect):
        await aio_engine.find_one(Parcel)

    assert set(commands.names) == {"find"}
    assert await aio_engine.find_one(Parcel) == parcel


async def test_a_refused_read_is_not_repeated(aio_engine, commands, fail_point):
    with fail_point("find", error_code=BAD_VALUE), pytest.raises(OperationFailure) as caught:
        await aio_engine.find_one(Parcel)

    assert caught.value.code == BAD_VALUE
    assert commands.names == ["find"]


@pytest.mark.each_driver
async def test_a_read_of_a_transaction_is_not_repeated(aio_engine, parcel, commands, fail_point):
    with fail_point("find", times=1, close_connection=True), pytest.raises(ConnectionFailure):
        async with aio_engine.transaction() as transaction:
            await transaction.find_one(Parcel)

    assert commands.names.count("find") == 1


async def test_a_client_may_forbid_to_repeat_reads(
    aio_engine, parcel, commands, fail_point, odmantic_mongo_uri, client_options
):
    client = type(aio_engine.client)(odmantic_mongo_uri, **client_options, retryReads=False)
    engine = type(aio_engine)(client, aio_engine.database_name)
    with fail_point("find", times=1, close_connection=True), pytest.raises(ConnectionFailure):
        await engine.find_one(Parcel)

    assert commands.names == ["find"]
    await resolve(client.close())


async def test_a_session_reads_what_it_wrote(aio_engine, commands):
    async with aio_engine.session() as session:
        await session.save(Parcel(code="A"))
        await session.find_one(Parcel)

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
async def test_what_a_database_asks_of_reads_is_sent(aio_engine, parcel, commands, options, key):
    aio_engine.database = aio_engine.database.with_options(**options)

    assert await aio_engine.find_one(Parcel) == parcel

    assert key in dict(_finds(commands)[0])


async def test_types_of_a_program_are_decoded(aio_engine):
    class Letter(Model):
        size: Any

    registry = TypeRegistry([_Wide()])
    options = CodecOptions(type_registry=registry)
    aio_engine.database = aio_engine.database.with_options(codec_options=options)
    await resolve(aio_engine.get_collection(Letter).insert_one({"size": Int64(7)}))

    assert (await aio_engine.find_one(Letter)).size == "wide 7"


async def test_documents_of_a_program_are_read(aio_engine, parcel):
    options = CodecOptions(document_class=SON)
    aio_engine.database = aio_engine.database.with_options(codec_options=options)

    assert await aio_engine.find_one(Parcel) == parcel


async def test_a_document_that_the_driver_cannot_read_is_told_as_by_find_one(aio_engine):
    class Letter(Model):
        sent: datetime

    collection = aio_engine.get_collection(Letter)
    await resolve(collection.insert_one({"sent": DatetimeMS(2**60)}))

    with pytest.raises(InvalidBSON) as theirs:
        await resolve(collection.find_one({}))
    with pytest.raises(InvalidBSON) as ours:
        await aio_engine.find_one(Letter)

    assert (type(ours.value), str(ours.value)) == (type(theirs.value), str(theirs.value))
