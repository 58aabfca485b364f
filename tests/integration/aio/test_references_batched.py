"""References loaded for many documents at once: the results and errors of one aggregation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.read_concern import ReadConcern
from tests.integration.aio.colour import ASYNC
from tests.integration.aio.reading import to_list

from odmantic import Field, Model, Reference
from odmantic.exceptions import DocumentParsingError
from odmantic.session import NO_SESSION


class Country(Model):
    code: str = Field(primary_field=True)
    rates: list[float] = []
    notes: Any = None


class Publisher(Model):
    name: str
    country: Country = Reference(key_name="c")


class Book(Model):
    number: int
    publisher: Publisher = Reference(key_name="pub")
    printed_in: Country = Reference()


class Thing(Model):
    key: Any = Field(primary_field=True)


class Holder(Model):
    thing: Thing = Reference()


async def _error(cursor):
    with pytest.raises(DocumentParsingError) as caught:
        await to_list(cursor)
    return str(caught.value)


@pytest.fixture
async def books(aio_engine, commands):
    countries = [Country(code=code, rates=[1.5], notes={"a": [1]}) for code in ("NO", "IS")]
    publishers = [Publisher(name=str(number), country=countries[number % 2]) for number in range(3)]
    saved = await aio_engine.save_all(
        [
            Book(number=number, publisher=publishers[number % 3], printed_in=countries[0])
            for number in range(10)
        ]
    )
    commands.clear()
    return saved


@pytest.mark.each_driver
async def test_a_level_takes_one_query_for_each_model(aio_engine, books, commands):
    found = await to_list(aio_engine.find(Book, sort=Book.number))

    assert found == books
    sent = [(event.command_name, event.command["find"]) for event in commands.started]
    assert sent[0] == ("find", "book")
    assert sorted(sent[1:3]) == [("find", "country"), ("find", "publisher")]
    assert sent[3:] == [("find", "country")]


async def test_one_document_takes_one_round_trip(aio_engine, books, commands):
    assert await aio_engine.find_one(Book, Book.number == 3) == books[3]
    assert commands.names == ["aggregate"]


@pytest.mark.each_driver
async def test_each_batch_is_completed(aio_engine, raw_database, commands):
    raw_database["country"].insert_many([{"_id": code} for code in ("NO", "IS")])
    raw_database["publisher"].insert_many({"_id": n, "name": "x", "c": "NO"} for n in range(5))

    class Title(Model):
        publisher_id: int
        country: Country = Reference()

    raw_database["title"].insert_many(
        {"publisher_id": number, "country": ("NO", "IS")[number > 1500]} for number in range(2500)
    )
    count = 0
    async for title in aio_engine.find(Title):
        assert title.country.code == ("NO", "IS")[title.publisher_id > 1500]
        count += 1

    assert count == 2500
    assert commands.names.count("find") == 4


async def test_targets_are_not_shared(aio_engine, books):
    found = await to_list(aio_engine.find(Book))

    found[0].printed_in.rates.append(9.0)
    found[0].printed_in.notes["a"].append(9)
    assert [each.printed_in.rates for each in found[1:]] == [[1.5]] * 9
    assert [each.printed_in.notes for each in found[1:]] == [{"a": [1]}] * 9
    assert all(each.publisher.country.notes == {"a": [1]} for each in found)


async def test_nothing_counts_as_modified(aio_engine, books, commands):
    found = await to_list(aio_engine.find(Book))
    commands.clear()

    await aio_engine.save_all(found)

    assert commands.names == []


@pytest.mark.parametrize("values", [None, 7, ["NO"], {"a": 1}, {"$a": 1}, "XX", ObjectId()])
async def test_a_dangling_key_is_told_as_by_the_server(aio_engine, books, raw_database, values):
    if values == {"$a": 1}:
        raw_database["book"].replace_one(
            {"number": 5}, {"number": 5, "pub": books[5].publisher.id, "printed_in": values}
        )
    else:
        raw_database["book"].update_one({"number": 5}, {"$set": {"printed_in": values}})

    told = await _error(aio_engine.find(Book))

    assert told == await _error(aio_engine.find(Book, Book.number == 5, limit=1))
    assert "Referenced document not found for foreign key 'printed_in'" in told


async def test_a_dangling_key_in_a_target_is_told_as_by_the_server(aio_engine, books, raw_database):
    raw_database["publisher"].update_one({"name": "1"}, {"$unset": {"c": ""}})

    told = await _error(aio_engine.find(Book))

    assert told == await _error(aio_engine.find(Book, Book.number == 1, limit=1))
    assert "publisher.country" in told


async def test_what_stands_before_a_dangling_key_is_given(aio_engine, books, raw_database):
    raw_database["book"].update_one({"number": 5}, {"$set": {"printed_in": "XX"}})
    numbers = []

    with pytest.raises(DocumentParsingError):
        async for book in aio_engine.find(Book, sort=Book.number):
            numbers.append(book.number)  # noqa: PERF401 - keeps those before the error

    assert numbers == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "key",
    [
        ObjectId(),
        "text",
        7,
        1.5,
        Int64(2**40),
        Decimal128("0.10"),
        True,
        b"bytes",
        {"b": 1, "a": {"c": [1, 2]}},
    ],
)
async def test_keys_of_any_type(aio_engine, raw_database, key):
    others = [0, False, "other", {"a": {"c": [1, 2]}, "b": 1}]
    raw_database["thing"].insert_many([{"_id": key}, *({"_id": other} for other in others)])
    raw_database["holder"].insert_many([{"thing": key}, {"thing": key}])

    found = await to_list(aio_engine.find(Holder))

    expected = Decimal("0.10") if isinstance(key, Decimal128) else key
    assert [each.thing.key in (expected, key) for each in found] == [True, True]


async def test_numbers_of_other_types_match(aio_engine, raw_database):
    raw_database["thing"].insert_many([{"_id": 1.0}, {"_id": True}, {"_id": None}])
    raw_database["holder"].insert_many([{"thing": 1}, {"thing": Decimal128("1.00")}])

    assert [type(each.thing.key) for each in await to_list(aio_engine.find(Holder))] == [
        float,
        float,
    ]


class _Changing:
    """A collection during whose reads something else happens first."""

    def __init__(self, collection, change):
        self._collection = collection
        self._change = change

    def find(self, *args, **kwargs):
        self._change()
        return self._collection.find(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self._collection, name)


def _change_between(engine, model, change):
    """Have something happen after the documents were read and before those of `model` are."""
    original = engine.get_collection

    def get_collection(asked):
        collection = original(asked)
        return _Changing(collection, change) if asked is model else collection

    engine.get_collection = get_collection


async def test_a_target_replaced_meanwhile_is_read_once_more(aio_engine, raw_database):
    raw_database["country"].insert_one({"_id": "NO"})
    raw_database["publisher"].insert_many({"_id": ObjectId(), "name": n, "c": "NO"} for n in "abc")

    def change():
        raw_database["country"].delete_one({"_id": "NO"})
        raw_database["country"].replace_one({"_id": "IS"}, {}, upsert=True)
        raw_database["publisher"].update_many({}, {"$set": {"c": "IS"}})

    _change_between(aio_engine, Country, change)

    found = await to_list(aio_engine.find(Publisher, sort=Publisher.name))

    assert [(each.name, each.country.code) for each in found] == [
        ("a", "IS"), ("b", "IS"), ("c", "IS"),
    ]  # fmt: skip


async def test_what_was_deleted_with_its_target_is_left_out(aio_engine, raw_database):
    raw_database["country"].insert_many([{"_id": "NO"}, {"_id": "IS"}])
    raw_database["publisher"].insert_many(
        {"_id": ObjectId(), "name": name, "c": code} for name, code in [("a", "NO"), ("b", "IS")]
    )

    def change():
        raw_database["country"].delete_one({"_id": "NO"})
        raw_database["publisher"].delete_one({"c": "NO"})

    _change_between(aio_engine, Country, change)

    assert [each.name for each in await to_list(aio_engine.find(Publisher))] == ["b"]


async def test_a_target_deleted_meanwhile_is_an_error(aio_engine, raw_database, commands):
    raw_database["country"].insert_one({"_id": "NO"})
    raw_database["publisher"].insert_one({"_id": ObjectId(), "name": "a", "c": "NO"})
    _change_between(aio_engine, Country, lambda: raw_database["country"].delete_one({"_id": "NO"}))

    told = await _error(aio_engine.find(Publisher))

    assert commands.names == ["find", "find", "aggregate"]
    assert told == await _error(aio_engine.find(Publisher, limit=1))


@pytest.mark.each_driver
async def test_references_are_read_in_the_transaction(aio_engine, books, raw_database):
    async with aio_engine.transaction() as transaction:
        await transaction.count(Book)
        raw_database["country"].update_many({}, {"$set": {"rates": [7.0]}})
        inside = await to_list(transaction.find(Book))
        outside = await to_list(aio_engine.find(Country, session=NO_SESSION))
        await transaction.abort()

    assert [each.printed_in.rates for each in inside] == [[1.5]] * 10
    assert [each.rates for each in outside] == [[7.0]] * 2


@pytest.mark.each_driver
async def test_all_queries_are_in_one_session(aio_engine, books, commands):
    async with aio_engine.session() as session:
        await to_list(session.find(Book))

    assert len(commands.started) == 4
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1


@pytest.mark.each_driver
async def test_what_is_read_once_more_is_read_in_the_session(
    aio_engine, books, raw_database, commands
):
    raw_database["country"].delete_many({})

    async with aio_engine.session() as session:
        await _error(session.find(Book))

    assert commands.names[-1] == "aggregate"
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1


async def test_references_are_read_at_the_moment_of_a_snapshot(aio_engine, books, raw_database):
    async with aio_engine.session(snapshot=True) as session:
        await session.count(Book)
        raw_database["country"].update_many({}, {"$set": {"rates": [7.0]}})
        raw_database["publisher"].delete_many({})

        found = await to_list(session.find(Book, sort=Book.number))

    assert found == books


async def test_all_queries_have_the_read_concern_of_the_collections(aio_engine, books, commands):
    original = aio_engine.get_collection
    concern = ReadConcern("majority")
    aio_engine.get_collection = lambda model: original(model).with_options(read_concern=concern)

    await to_list(aio_engine.find(Book))

    assert [event.command["readConcern"]["level"] for event in commands.started] == ["majority"] * 4


async def test_the_first_batch_of_a_sync_find_is_complete(
    aio_engine, books, raw_database, commands
):
    cursor = aio_engine.find(Book, sort=Book.number)
    if ASYNC:
        assert commands.names == []
        assert await to_list(cursor) == books
    else:
        assert len(commands.names) == 4
        raw_database["country"].delete_many({})
        assert await to_list(cursor) == books


async def test_documents_of_another_class_are_resolved_by_the_server(aio_engine, books, commands):
    original = aio_engine.get_collection
    options: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
    aio_engine.get_collection = lambda model: original(model).with_options(codec_options=options)

    found = await to_list(aio_engine.find(Book, sort=Book.number))

    assert commands.names == ["aggregate"]
    assert [each.number for each in found] == list(range(10))
