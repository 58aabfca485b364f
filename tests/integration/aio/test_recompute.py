"""Stored properties are rewritten where they are out of date, and nothing else is, whoever writes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Optional
from uuid import UUID

import bson
import pytest
from bson.binary import Binary

from odmantic import EmbeddedModel, Field, Model, Reference, hook, stored
from odmantic.exceptions import (
    DocumentParsingError,
    DuplicateKeyError,
    SessionMisuseError,
)


class Line(EmbeddedModel):
    price: int
    count: int = 1

    @stored(key_name="s")
    @property
    def total(self) -> int:
        return self.price * self.count


class Parts(EmbeddedModel):
    first: Line
    others: dict[str, list[Line]] = {}


class Plain(Model):
    lines: list[Line] = []
    parts: Optional[Parts] = None


class Square(Model):
    side: int
    meanwhile: ClassVar[list[Callable[[Any], None]]] = []

    @stored(key_name="a")
    @property
    def area(self) -> int:
        if Square.meanwhile:
            Square.meanwhile.pop()(self)
        return self.side**2


class Shop(Model):
    name: str


class Order(Model):
    model_config = {"store_none": False, "soft_delete": "gone"}
    shop: Shop = Reference()
    note: str = ""
    gone: Optional[datetime] = None
    key: Optional[UUID] = None

    @stored()
    @property
    def title(self) -> Optional[str]:
        return f"{self.shop.name} {self.note}" if self.note else None


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9

    @stored()
    @property
    def dead(self) -> int:
        return 9 - self.lives


class Unique(Model):
    number: int

    @stored(unique=True)
    @property
    def parity(self) -> int:
        return self.number % 2


class Hooked(Model):
    text: str = ""
    calls: ClassVar[list[str]] = []

    @hook("after_load")
    def loaded(self) -> None:
        self.text = self.text.upper()

    @hook("after_update")
    def wrote(self) -> None:
        self.calls.append("wrote")

    @stored()
    @property
    def size(self) -> str:
        return self.text


@pytest.mark.each_driver
async def test_documents_with_other_values_are_rewritten(aio_engine, raw_database, commands):
    await aio_engine.save_all([Square(side=side) for side in range(4)])
    collection = raw_database["square"]
    collection.update_one({"side": 1}, {"$set": {"a": 7, "unknown": [{"x": None}]}})
    collection.update_one({"side": 2}, {"$unset": {"a": ""}})
    before = list(collection.find())
    commands.clear()

    assert await aio_engine.recompute(Square) == 2

    assert commands.names == ["find", "update"]
    assert len(commands.started[1].command["updates"]) == 2
    expected = [{**document, "a": document["side"] ** 2} for document in before]
    assert list(collection.find()) == expected
    assert await aio_engine.recompute(Square) == 0


async def test_conditions_choose_the_documents(aio_engine, raw_database):
    await aio_engine.save_all([Square(side=side) for side in range(4)])
    raw_database["square"].update_many({}, {"$set": {"a": -1}})

    assert await aio_engine.recompute(Square, Square.side > 0, Square.area == -1) == 3
    assert [each["a"] for each in raw_database["square"].find(sort={"side": 1})] == [-1, 1, 4, 9]


async def test_documents_are_read_page_by_page(aio_engine, raw_database, commands):
    raw_database["square"].insert_many({"side": side} for side in range(250))

    assert await aio_engine.recompute(Square) == 250

    assert commands.names == ["find", "update", "getMore", "update", "getMore", "update"]
    assert [each["a"] for each in raw_database["square"].find()] == [n * n for n in range(250)]


async def test_what_is_embedded_keeps_all_else(aio_engine, raw_database):
    line, stale = {"price": 2, "count": 3, "s": 6, "mine": 1}, {"price": 2, "count": 3, "mine": 1}
    ids = [bson.ObjectId() for _ in range(3)]
    others = {"a.b": [{**stale, "s": 5}, line], "$c": []}
    odd = {"price": 2**40, "count": 1, "s": None, "when": datetime(1969, 1, 1)}
    documents = [
        {"_id": ids[0], "lines": [line]},
        {"_id": ids[1], "lines": [line, stale, odd], "parts": None},
        {"_id": ids[2], "lines": [], "parts": {"z": 1, "first": line, "others": others}},
    ]
    collection = raw_database["plain"]
    collection.insert_many(documents)

    assert await aio_engine.recompute(Plain) == 2

    documents[1]["lines"] = [line, {**stale, "s": 6}, odd | {"s": 2**40}]
    documents[2]["parts"]["others"]["a.b"][0] = {**stale, "s": 6}
    assert list(collection.find(sort={"_id": 1})) == documents
    assert await aio_engine.recompute(Plain) == 0


@pytest.mark.each_driver
@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_document_that_changes_meanwhile_is_read_again(
    aio_engine, raw_database, is_deleted
):
    collection = raw_database["square"]
    collection.insert_many([{"side": 2}, {"side": 3}])

    def change(square):
        if is_deleted:
            collection.delete_one({"_id": square.id})
        else:
            collection.update_one({"_id": square.id}, {"$set": {"side": 5, "note": "kept"}})

    Square.meanwhile.append(change)

    assert await aio_engine.recompute(Square) == (1 if is_deleted else 2)

    found = [(each["side"], each["a"], each.get("note")) for each in collection.find()]
    assert found == [*([] if is_deleted else [(5, 25, "kept")]), (3, 9, None)]


async def test_a_change_in_what_a_collation_ignores_counts(aio_engine, raw_database):
    class Word(Model):
        text: str
        meanwhile: ClassVar[list[Any]] = []

        @stored()
        @property
        def copied(self) -> str:
            if self.meanwhile:
                self.meanwhile.pop()()
            return self.text

    collation = {"locale": "en", "strength": 2}
    collection = raw_database.create_collection("word", collation=collation)
    collection.insert_one({"text": "x"})
    Word.meanwhile.append(lambda: collection.update_one({}, {"$set": {"text": "X"}}))

    await aio_engine.recompute(Word)
    assert collection.find_one({}, {"_id": 0}) == {"text": "X", "copied": "X"}


async def test_references_keys_and_deleted_documents(aio_engine, raw_database):
    shop = Shop(name="Tea")
    key = UUID(int=7)
    await aio_engine.save_all([Order(shop=shop, note="a", key=key), Order(shop=shop)])
    gone = Order(shop=shop, note="gone")
    await aio_engine.save(gone)
    await aio_engine.delete(gone)
    collection = raw_database["order"]
    collection.update_many({}, {"$set": {"title": "old"}})

    assert await aio_engine.recompute(Order) == 2
    assert await aio_engine.recompute(Order, without="soft_delete") == 1

    titles = [each.get("title") for each in collection.find(sort={"note": 1})]
    assert titles == [None, "Tea a", "Tea gone"]
    assert collection.find_one({"note": "a"})["key"] == Binary.from_uuid(key)


async def test_each_class_of_a_hierarchy_has_its_own(aio_engine, raw_database):
    await aio_engine.save_all([Animal(name="a"), Cat(name="b", lives=7)])
    raw_database["animal"].update_many({}, {"$unset": {"dead": ""}})

    assert await aio_engine.recompute(Animal) == 1
    assert [each.get("dead") for each in raw_database["animal"].find(sort={"name": 1})] == [None, 2]


async def test_hooks_of_loading_are_called_and_no_others(aio_engine, raw_database):
    raw_database["hooked"].insert_one({"text": "a"})

    assert await aio_engine.recompute(Hooked) == 1
    assert raw_database["hooked"].find_one({}, {"_id": 0}) == {"text": "a", "size": "A"}
    assert Hooked.calls == []


@pytest.mark.parametrize("end", ["commit", "abort"])
async def test_it_is_part_of_a_transaction(aio_engine, raw_database, end):
    collection = raw_database["square"]
    collection.insert_many({"side": side} for side in range(120))
    async with aio_engine.transaction() as transaction:
        await transaction.save(Square(side=500))
        assert await transaction.recompute(Square) == 120
        assert await transaction.count(Square, Square.area == 9) == 1
        await getattr(transaction, end)()

    assert collection.count_documents({"a": {"$gte": 0}}) == (121 if end == "commit" else 0)


async def test_it_runs_in_a_session_that_may_write(aio_engine, raw_database):
    raw_database["square"].insert_one({"side": 2})
    async with aio_engine.session() as session:
        assert await session.recompute(Square, Square.side == 2) == 1
    async with aio_engine.session(snapshot=True) as session:
        with pytest.raises(SessionMisuseError, match="recompute"):
            await session.recompute(Square)


@pytest.mark.parametrize("in_transaction", [False, True])
async def test_what_an_index_refuses_raises(aio_engine, raw_database, in_transaction):
    await aio_engine.configure_database([Unique])
    raw_database["unique"].insert_many([{"number": 1, "parity": 5}, {"number": 3}])
    with pytest.raises(DuplicateKeyError) as raised:
        if in_transaction:
            async with aio_engine.transaction() as transaction:
                await transaction.recompute(Unique)
        else:
            await aio_engine.recompute(Unique)
    assert (raised.value.instance, raised.value.model) == (None, Unique)
    assert "parity" in str(raised.value)
    assert len(str(raised.value)) < 500


async def test_what_cannot_be_read_or_computed_raises(aio_engine, raw_database):
    class Ratio(Model):
        up: int
        down: int = Field(1)

        @stored()
        @property
        def value(self) -> float:
            return self.up / self.down

    raw_database["ratio"].insert_one({"_id": bson.ObjectId(), "up": 1, "down": 0})
    with pytest.raises(ZeroDivisionError) as raised:
        await aio_engine.recompute(Ratio)
    assert "recompute of Ratio with the _id" in raised.value.__notes__[0]
    raw_database["ratio"].update_one({}, {"$set": {"up": "many"}})
    with pytest.raises(DocumentParsingError):
        await aio_engine.recompute(Ratio)


async def test_a_model_without_stored_properties_is_refused(aio_engine, commands):
    with pytest.raises(TypeError, match="recompute of Shop has nothing to do"):
        await aio_engine.recompute(Shop)
    assert commands.names == []
