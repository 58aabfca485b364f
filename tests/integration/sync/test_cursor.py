# Generated from tests/integration/aio/test_cursor.py by tools/generate_sync.py: do not edit.
"""Cursors can be awaited and iterated over, several times and nested, and lose no document."""

from __future__ import annotations

import gc
import weakref

import pytest
from pymongo.errors import InvalidOperation, OperationFailure
from tests.integration.sync.reading import ANSWER, MANY, to_list

from odmantic import Model
from odmantic.engine import BaseCursor, SyncCursor
from odmantic.exceptions import DocumentParsingError


class Parcel(Model):
    number: int


@pytest.fixture
def parcels(sync_engine, commands):
    saved = sync_engine.save_all([Parcel(number=number) for number in range(5)])
    commands.clear()
    return saved


@pytest.fixture
def many(raw_database):
    """More documents than fit into two batches."""
    raw_database["parcel"].insert_many({"number": number} for number in range(MANY))


def _find(engine):
    return engine.find(Parcel, sort=Parcel.number)


def test_a_cursor_gives_a_list_of_instances(sync_engine, parcels):
    found = to_list(_find(sync_engine))

    assert type(found) is list
    assert found == parcels


def test_a_cursor_without_a_match_gives_an_empty_list(sync_engine):
    assert to_list(_find(sync_engine)) == []


def test_a_cursor_streams(sync_engine, parcels):
    assert [parcel for parcel in _find(sync_engine)] == parcels


def test_cursors_have_their_class_and_are_generic(sync_engine):
    cursor = _find(sync_engine)

    assert isinstance(cursor, SyncCursor)
    assert isinstance(cursor, BaseCursor)
    assert SyncCursor[Parcel] is not None


def test_a_cursor_is_neither_a_sequence_nor_an_iterator(sync_engine, parcels):
    cursor = _find(sync_engine)

    with pytest.raises(TypeError):
        len(cursor)
    with pytest.raises(TypeError):
        cursor[0]
    with pytest.raises(TypeError):
        next(cursor)


def test_consumption_is_in_the_way_of_the_colour(sync_engine, parcels):
    cursor = _find(sync_engine)
    assert not hasattr(cursor, "__await__")


def test_when_the_query_is_sent(sync_engine, parcels, commands):
    cursor = _find(sync_engine)
    assert commands.names == ["find"]

    to_list(cursor)
    assert commands.names == ["find"]


def test_a_consumed_cursor_gives_the_same_instances_without_a_command(
    sync_engine, parcels, commands
):
    cursor = _find(sync_engine)
    first = to_list(cursor)
    commands.clear()

    second = to_list(cursor)
    third = [parcel for parcel in cursor]

    assert [id(parcel) for parcel in second] == [id(parcel) for parcel in first]
    assert [id(parcel) for parcel in third] == [id(parcel) for parcel in first]
    assert commands.names == []


def test_iterated_first_and_listed_later(sync_engine, parcels, commands):
    cursor = _find(sync_engine)
    streamed = [parcel for parcel in cursor]
    commands.clear()

    assert [id(parcel) for parcel in to_list(cursor)] == [id(parcel) for parcel in streamed]
    assert commands.names == []


def test_a_consumed_cursor_does_not_touch_the_collection(sync_engine, parcels, monkeypatch):
    cursor = _find(sync_engine)
    to_list(cursor)
    monkeypatch.setattr(sync_engine, "get_collection", None)

    assert to_list(cursor) == parcels


def test_the_lists_of_a_cursor_are_independent(sync_engine, parcels):
    cursor = _find(sync_engine)
    to_list(cursor).clear()

    assert to_list(cursor) == parcels


def test_an_iteration_left_early_loses_nothing(sync_engine, parcels, commands):
    cursor = _find(sync_engine)
    for parcel in cursor:
        assert parcel == parcels[0]
        break

    assert [parcel for parcel in cursor] == parcels
    assert to_list(cursor) == parcels
    assert commands.names == ["find"]


def test_an_iteration_left_in_the_second_batch_loses_nothing(sync_engine, many, commands):
    cursor = _find(sync_engine)
    for parcel in cursor:
        if parcel.number == 1500:
            break

    found = to_list(cursor)

    assert [parcel.number for parcel in found] == list(range(MANY))
    assert commands.names == ["find", "getMore"]


def test_a_list_comes_in_fewer_answers_than_a_stream(sync_engine, raw_database, commands):
    raw_database["parcel"].insert_many({"number": number} for number in range(2 * MANY))

    listed = to_list(sync_engine.find(Parcel))
    assert commands.names == ["find", "getMore"]
    commands.clear()
    streamed = [parcel for parcel in sync_engine.find(Parcel)]
    assert commands.names == ["find", "getMore", "getMore"]

    assert listed == streamed
    assert len(listed) == 2 * MANY


def test_what_is_left_of_a_stream_comes_in_one_answer_to_a_list(
    sync_engine, raw_database, commands
):
    raw_database["parcel"].insert_many({"number": number} for number in range(3 * MANY))
    cursor = _find(sync_engine)
    for parcel in cursor:
        if parcel.number == ANSWER:
            break

    found = to_list(cursor)

    assert [parcel.number for parcel in found] == list(range(3 * MANY))
    assert commands.names == ["find", "getMore", "getMore"]


def test_nested_iterations_see_everything(sync_engine, parcels):
    cursor = _find(sync_engine)
    pairs = [(a.number, b.number) for a in cursor for b in cursor]

    assert pairs == [(a, b) for a in range(5) for b in range(5)]


def test_nested_iterations_over_several_batches_see_everything(sync_engine, many, commands):
    cursor = _find(sync_engine)
    outer = 0
    inner = []
    for parcel in cursor:
        outer += 1
        if parcel.number == 10:
            inner = [other.number for other in cursor]

    assert outer == MANY
    assert inner == list(range(MANY))
    assert commands.names == ["find", "getMore"]


def test_concurrent_consumers_get_everything(sync_engine, many, commands):
    cursor = _find(sync_engine)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as threads:
        lists = list(threads.map(list, [cursor] * 4))

    assert [[parcel.number for parcel in each] for each in lists] == [list(range(MANY))] * 4
    assert commands.names == ["find", "getMore"]


def test_a_parsing_error_is_raised_at_each_use(sync_engine, parcels, raw_database, commands):
    raw_database["parcel"].insert_one({"number": "many"})
    cursor = sync_engine.find(Parcel)

    for _ in range(2):
        with pytest.raises(DocumentParsingError):
            to_list(cursor)
        with pytest.raises(DocumentParsingError):
            [parcel for parcel in cursor]
    assert commands.names == ["find"]


def test_what_comes_before_a_broken_document_is_streamed(sync_engine, parcels, raw_database):
    raw_database["parcel"].insert_one({"number": "many"})
    cursor = sync_engine.find(Parcel, sort=Parcel.number)

    for _ in range(2):
        seen = []
        with pytest.raises(DocumentParsingError):
            _collect(cursor, seen)
        assert seen == [0, 1, 2, 3, 4]


def _collect(cursor, seen):
    for parcel in cursor:
        seen.append(parcel.number)


def test_an_error_of_the_server_is_raised_at_consumption(sync_engine, parcels):
    with pytest.raises(OperationFailure):
        sync_engine.find(Parcel, {"$unknown": 1})


def test_a_driver_cursor_can_be_wrapped(sync_engine, parcels):
    cursor = SyncCursor(Parcel, sync_engine.get_collection(Parcel).find().sort("number"))

    found = to_list(cursor)

    assert found == parcels
    assert found[0].__fields_modified__ == set()
    assert to_list(cursor) == parcels


def test_a_document_becomes_an_unmodified_instance(sync_engine, parcels):
    instance = _find(sync_engine)._parse_document(parcels[0].model_dump_doc())

    assert instance == parcels[0]
    assert instance.__fields_modified__ == set()


def test_a_cursor_of_a_transaction_ends_with_it(sync_engine, many):
    with sync_engine.transaction() as transaction:
        cursor = transaction.find(Parcel)
        for _ in cursor:
            break

    with pytest.raises(InvalidOperation):
        to_list(cursor)


def test_a_cursor_is_consumed_by_what_the_language_offers(sync_engine, parcels):
    assert list(iter(_find(sync_engine))) == parcels


def test_a_read_that_was_cancelled_starts_again(sync_engine, parcels, fail_point):
    cursor = _find(sync_engine)

    assert to_list(cursor) == parcels


def test_a_read_cancelled_between_batches_says_so(
    sync_engine, many, fail_point, odmantic_mongo_client
):
    cursor = _find(sync_engine)
    assert len(list(cursor)) == MANY


def test_a_stream_keeps_no_more_than_a_page_in_memory(sync_engine, many):
    seen = []
    most = 0
    for parcel in sync_engine.find(Parcel):
        seen.append(weakref.ref(parcel))
        if len(seen) % 500 == 0:
            gc.collect()
            most = max(most, sum(reference() is not None for reference in seen))

    assert len(seen) == MANY
    assert most <= 200
