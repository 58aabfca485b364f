"""Cursors can be awaited and iterated over, several times and nested, and lose no document."""

from __future__ import annotations

import gc
import weakref

import pytest
from pymongo.errors import InvalidOperation, OperationFailure
from tests.integration.aio.colour import ASYNC
from tests.integration.aio.reading import ANSWER, MANY, to_list

from odmantic import Model
from odmantic.engine import AIOCursor, BaseCursor
from odmantic.exceptions import DocumentParsingError

pytestmark = pytest.mark.each_driver

if ASYNC:
    import asyncio


class Parcel(Model):
    number: int


@pytest.fixture
async def parcels(aio_engine, commands):
    saved = await aio_engine.save_all([Parcel(number=number) for number in range(5)])
    commands.clear()
    return saved


@pytest.fixture
def many(raw_database):
    """More documents than fit into two batches."""
    raw_database["parcel"].insert_many({"number": number} for number in range(MANY))


def _find(engine):
    return engine.find(Parcel, sort=Parcel.number)


async def test_a_cursor_gives_a_list_of_instances(aio_engine, parcels):
    found = await to_list(_find(aio_engine))

    assert type(found) is list
    assert found == parcels


async def test_a_cursor_without_a_match_gives_an_empty_list(aio_engine):
    assert await to_list(_find(aio_engine)) == []


async def test_a_cursor_streams(aio_engine, parcels):
    assert [parcel async for parcel in _find(aio_engine)] == parcels


async def test_cursors_have_their_class_and_are_generic(aio_engine):
    cursor = _find(aio_engine)

    assert isinstance(cursor, AIOCursor)
    assert isinstance(cursor, BaseCursor)
    assert AIOCursor[Parcel] is not None


async def test_a_cursor_is_neither_a_sequence_nor_an_iterator(aio_engine, parcels):
    cursor = _find(aio_engine)

    with pytest.raises(TypeError):
        len(cursor)
    with pytest.raises(TypeError):
        cursor[0]
    with pytest.raises(TypeError):
        next(cursor)


async def test_consumption_is_in_the_way_of_the_colour(aio_engine, parcels):
    cursor = _find(aio_engine)
    if ASYNC:
        with pytest.raises(TypeError):
            iter(cursor)
    else:
        assert not hasattr(cursor, "__await__")


async def test_when_the_query_is_sent(aio_engine, parcels, commands):
    cursor = _find(aio_engine)
    if ASYNC:
        assert commands.names == []
    else:
        assert commands.names == ["find"]

    await to_list(cursor)
    assert commands.names == ["find"]


async def test_a_consumed_cursor_gives_the_same_instances_without_a_command(
    aio_engine, parcels, commands
):
    cursor = _find(aio_engine)
    first = await to_list(cursor)
    commands.clear()

    second = await to_list(cursor)
    third = [parcel async for parcel in cursor]

    assert [id(parcel) for parcel in second] == [id(parcel) for parcel in first]
    assert [id(parcel) for parcel in third] == [id(parcel) for parcel in first]
    assert commands.names == []


async def test_iterated_first_and_listed_later(aio_engine, parcels, commands):
    cursor = _find(aio_engine)
    streamed = [parcel async for parcel in cursor]
    commands.clear()

    assert [id(parcel) for parcel in await to_list(cursor)] == [id(parcel) for parcel in streamed]
    assert commands.names == []


async def test_a_consumed_cursor_does_not_touch_the_collection(aio_engine, parcels, monkeypatch):
    cursor = _find(aio_engine)
    await to_list(cursor)
    monkeypatch.setattr(aio_engine, "get_collection", None)

    assert await to_list(cursor) == parcels


async def test_the_lists_of_a_cursor_are_independent(aio_engine, parcels):
    cursor = _find(aio_engine)
    (await to_list(cursor)).clear()

    assert await to_list(cursor) == parcels


async def test_an_iteration_left_early_loses_nothing(aio_engine, parcels, commands):
    cursor = _find(aio_engine)
    async for parcel in cursor:
        assert parcel == parcels[0]
        break

    assert [parcel async for parcel in cursor] == parcels
    assert await to_list(cursor) == parcels
    assert commands.names == ["find"]


async def test_an_iteration_left_in_the_second_batch_loses_nothing(aio_engine, many, commands):
    cursor = _find(aio_engine)
    async for parcel in cursor:
        if parcel.number == 1500:
            break

    found = await to_list(cursor)

    assert [parcel.number for parcel in found] == list(range(MANY))
    assert commands.names == ["find", "getMore"]


async def test_a_list_comes_in_fewer_answers_than_a_stream(aio_engine, raw_database, commands):
    raw_database["parcel"].insert_many({"number": number} for number in range(2 * MANY))

    listed = await to_list(aio_engine.find(Parcel))
    assert commands.names == ["find", "getMore"]
    commands.clear()
    streamed = [parcel async for parcel in aio_engine.find(Parcel)]
    assert commands.names == ["find", "getMore", "getMore"]

    assert listed == streamed
    assert len(listed) == 2 * MANY


async def test_what_is_left_of_a_stream_comes_in_one_answer_to_a_list(
    aio_engine, raw_database, commands
):
    raw_database["parcel"].insert_many({"number": number} for number in range(3 * MANY))
    cursor = _find(aio_engine)
    async for parcel in cursor:
        if parcel.number == ANSWER:
            break

    found = await to_list(cursor)

    assert [parcel.number for parcel in found] == list(range(3 * MANY))
    assert commands.names == ["find", "getMore", "getMore"]


async def test_nested_iterations_see_everything(aio_engine, parcels):
    cursor = _find(aio_engine)
    pairs = [(a.number, b.number) async for a in cursor async for b in cursor]

    assert pairs == [(a, b) for a in range(5) for b in range(5)]


async def test_nested_iterations_over_several_batches_see_everything(aio_engine, many, commands):
    cursor = _find(aio_engine)
    outer = 0
    inner = []
    async for parcel in cursor:
        outer += 1
        if parcel.number == 10:
            inner = [other.number async for other in cursor]

    assert outer == MANY
    assert inner == list(range(MANY))
    assert commands.names == ["find", "getMore"]


async def test_concurrent_consumers_get_everything(aio_engine, many, commands):
    cursor = _find(aio_engine)
    if ASYNC:

        async def stream():
            return [parcel async for parcel in cursor]

        lists = await asyncio.gather(stream(), to_list(cursor), stream(), to_list(cursor))
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as threads:
            lists = list(threads.map(list, [cursor] * 4))

    assert [[parcel.number for parcel in each] for each in lists] == [list(range(MANY))] * 4
    assert commands.names == ["find", "getMore"]


async def test_a_parsing_error_is_raised_at_each_use(aio_engine, parcels, raw_database, commands):
    raw_database["parcel"].insert_one({"number": "many"})
    cursor = aio_engine.find(Parcel)

    for _ in range(2):
        with pytest.raises(DocumentParsingError):
            await to_list(cursor)
        with pytest.raises(DocumentParsingError):
            [parcel async for parcel in cursor]
    assert commands.names == ["find"]


async def test_what_comes_before_a_broken_document_is_streamed(aio_engine, parcels, raw_database):
    raw_database["parcel"].insert_one({"number": "many"})
    cursor = aio_engine.find(Parcel, sort=Parcel.number)

    for _ in range(2):
        seen = []
        with pytest.raises(DocumentParsingError):
            await _collect(cursor, seen)
        assert seen == [0, 1, 2, 3, 4]


async def _collect(cursor, seen):
    async for parcel in cursor:
        seen.append(parcel.number)


async def test_an_error_of_the_server_is_raised_at_consumption(aio_engine, parcels):
    if ASYNC:
        cursor = aio_engine.find(Parcel, {"$unknown": 1})
        for _ in range(2):
            with pytest.raises(OperationFailure):
                await cursor
    else:
        with pytest.raises(OperationFailure):
            aio_engine.find(Parcel, {"$unknown": 1})


async def test_a_driver_cursor_can_be_wrapped(aio_engine, parcels):
    cursor = AIOCursor(Parcel, aio_engine.get_collection(Parcel).find().sort("number"))

    found = await to_list(cursor)

    assert found == parcels
    assert found[0].__fields_modified__ == set()
    assert await to_list(cursor) == parcels


async def test_a_document_becomes_an_unmodified_instance(aio_engine, parcels):
    instance = _find(aio_engine)._parse_document(parcels[0].model_dump_doc())

    assert instance == parcels[0]
    assert instance.__fields_modified__ == set()


async def test_a_cursor_of_a_transaction_ends_with_it(aio_engine, many):
    async with aio_engine.transaction() as transaction:
        cursor = transaction.find(Parcel)
        async for _ in cursor:
            break

    with pytest.raises(InvalidOperation):
        await to_list(cursor)


async def test_a_cursor_is_consumed_by_what_the_language_offers(aio_engine, parcels):
    if ASYNC:
        assert await asyncio.wait_for(_find(aio_engine), 10) == parcels
        assert await asyncio.ensure_future(_find(aio_engine)) == parcels
    else:
        assert list(iter(_find(aio_engine))) == parcels


async def test_a_read_that_was_cancelled_starts_again(aio_engine, parcels, fail_point):
    cursor = _find(aio_engine)
    if ASYNC:
        with fail_point("find", block_ms=300):
            task = asyncio.ensure_future(cursor)
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    assert await to_list(cursor) == parcels


async def test_a_read_cancelled_between_batches_says_so(
    aio_engine, many, fail_point, odmantic_mongo_client
):
    cursor = _find(aio_engine)
    if ASYNC:
        mine = {"command.getMore": {"$exists": True}, "command.$db": aio_engine.database_name}
        running = [{"$currentOp": {}}, {"$match": mine}]
        async for _ in cursor:
            break
        with fail_point("getMore", block_ms=600):
            task = asyncio.ensure_future(cursor)
            while not list(odmantic_mongo_client.admin.aggregate(running)):
                assert not task.done()
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        with pytest.raises(InvalidOperation, match="interrupted between two batches"):
            await cursor
    else:
        assert len(list(cursor)) == MANY


async def test_a_stream_keeps_no_more_than_a_page_in_memory(aio_engine, many):
    seen = []
    most = 0
    async for parcel in aio_engine.find(Parcel):
        seen.append(weakref.ref(parcel))
        if len(seen) % 500 == 0:
            gc.collect()
            most = max(most, sum(reference() is not None for reference in seen))

    assert len(seen) == MANY
    assert most <= 200
