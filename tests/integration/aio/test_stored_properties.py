"""Stored properties: what saves send of them, and what rollbacks leave."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Optional

import pytest
from bson import Decimal128
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Model, Reference, hook, stored
from odmantic.exceptions import DuplicateKeyError


class Line(EmbeddedModel):
    price: int
    note: str = ""

    @stored(key_name="s")
    @property
    def size(self) -> str:
        return f"{self.price:03}"


class Order(Model):
    name: str = ""
    lines: list[Line] = []

    @stored(key_name="t", index=True)
    @property
    def total(self) -> Decimal:
        return Decimal(sum(line.price for line in self.lines))


class Ratio(Model):
    up: int
    down: int

    @stored()
    @property
    def value(self) -> float:
        return self.up / self.down


class Cached(Model):
    model_config = {"extra": "allow"}
    values: list[int]

    @stored()
    @cached_property
    def total(self) -> Optional[int]:
        return sum(self.values) or None


def updates(commands):
    """The updates that were sent, by statement."""
    return [
        each["u"]
        for event in commands.started
        if event.command_name == "update"
        for each in event.command["updates"]
    ]


@pytest.mark.each_driver
async def test_a_save_sends_a_property_that_has_changed(aio_engine, commands):
    order = Order(name="a", lines=[Line(price=1)])
    await aio_engine.save(order)
    line = {"price": 1, "note": "", "s": "001"}
    assert updates(commands) == [{"$set": {"name": "a", "lines": [line], "t": Decimal128("1")}}]

    commands.clear()
    await aio_engine.save(order)
    assert commands.names == []
    order.name = "b"
    await aio_engine.save(order)
    assert updates(commands) == [{"$set": {"name": "b"}}]

    commands.clear()
    order.lines[0].price = 5
    await aio_engine.save(order)
    line = {"price": 5, "note": "", "s": "005"}
    assert updates(commands) == [{"$set": {"lines": [line], "t": Decimal128("5")}}]


@pytest.mark.parametrize("how", ["find", "find_one", "transaction"])
async def test_after_a_read_the_document_is_what_is_known(aio_engine, commands, raw_database, how):
    order = Order(name="a", lines=[Line(price=1)])
    await aio_engine.save(order)

    async def change(**values):
        async def read_and_save(scope):
            if how == "find":
                (found,) = await to_list(scope.find(Order))
            else:
                found = await scope.find_one(Order)
            for name, value in values.items():
                setattr(found, name, value)
            commands.clear()
            await scope.save(found)

        if how == "transaction":
            async with aio_engine.transaction() as transaction:
                await read_and_save(transaction)
        else:
            await read_and_save(aio_engine)
        return updates(commands)

    assert await change() == []
    assert await change(name="b") == [{"$set": {"name": "b"}}]
    for stale in ({"$set": {"t": "?"}}, {"$unset": {"t": ""}}, {"$set": {"t": {"deep": [1]}}}):
        raw_database["order"].update_one({}, stale)
        assert await change() == []
        assert await change(name="c" + str(stale)) == [
            {"$set": {"name": "c" + str(stale), "t": Decimal128("1")}}
        ]
    (changed,) = await change(lines=[Line(price=7)])
    assert changed["$set"]["t"] == Decimal128("7")


async def test_queries_and_sort_orders_use_it(aio_engine):
    orders = [Order(name=str(n), lines=[Line(price=n)]) for n in range(40)]
    await aio_engine.save_all(orders)
    await aio_engine.configure_database([Order])
    found = await to_list(aio_engine.find(Order, Order.total > 36, sort=Order.total.desc()))
    assert [each.total for each in found] == [39, 38, 37]
    assert await aio_engine.count(Order, Order.total == Decimal(3)) == 1
    assert await aio_engine.count(Order, {"lines.s": "007"}) == 1


@pytest.mark.parametrize("number", [3, 40])
async def test_many_are_saved_at_once(aio_engine, commands, raw_database, number):
    orders = [Order(name=str(n), lines=[Line(price=n)]) for n in range(number)]
    await aio_engine.save_all(orders)
    totals = [each["t"].to_decimal() for each in raw_database["order"].find().sort("t")]
    assert totals == list(range(number))
    for order in orders:
        order.name += "!"
    orders[1].lines[0].price = 100
    commands.clear()
    await aio_engine.save_all(orders)
    assert [one["$set"].keys() for one in updates(commands)] == [
        {"name", "lines", "t"} if n == 1 else {"name"} for n in range(number)
    ]
    commands.clear()
    await aio_engine.save_all(orders)
    assert commands.names == []


@pytest.mark.each_driver
async def test_a_property_that_raises_sends_nothing(aio_engine, commands, raw_database):
    ratio = Ratio(up=1, down=0)
    with pytest.raises(ZeroDivisionError):
        await aio_engine.save(ratio)
    assert commands.names == []
    ratio.down = 2
    await aio_engine.save(ratio)
    ratio.down = 0
    commands.clear()
    with pytest.raises(ZeroDivisionError):
        await aio_engine.save(ratio)
    with pytest.raises(ZeroDivisionError):
        await aio_engine.save_all([ratio, Ratio(up=1, down=1)])
    assert commands.names == []
    ratio.down = 4
    await aio_engine.save(ratio)
    assert raw_database["ratio"].find_one() == {"_id": ratio.id, "up": 1, "down": 4, "value": 0.25}


async def test_a_document_is_read_although_its_property_raises(aio_engine, raw_database):
    raw_database["ratio"].insert_one({"up": 1, "down": 0, "value": "none"})
    ratio = await aio_engine.find_one(Ratio)
    with pytest.raises(ZeroDivisionError):
        _ = ratio.value
    ratio.down = 1
    await aio_engine.save(ratio)
    assert raw_database["ratio"].find_one()["value"] == 1.0


async def test_a_rollback_sends_the_property_again(aio_engine, commands):
    order = Order(lines=[Line(price=1)])
    await aio_engine.save(order)
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            order.lines[0].price = 2
            await transaction.save(order)
            raise KeyError
    commands.clear()
    order.lines[0].price = 1
    await aio_engine.save(order)
    assert updates(commands)[0]["$set"]["t"] == Decimal128("1")


async def test_each_attempt_sends_the_property(aio_engine, raw_database, fail_point):
    order = Order(lines=[Line(price=1)])
    await aio_engine.save(order)

    async def work(transaction):
        order.lines.append(Line(price=10))
        await transaction.save(order)

    with fail_point(
        "commitTransaction", times=2, error_code=112, labels=("TransientTransactionError",)
    ):
        await aio_engine.run_transaction(work, restore=[order])
    assert raw_database["order"].find_one()["t"] == Decimal128("11")


async def test_a_failed_save_sends_the_property_again(aio_engine, commands):
    class Seat(Model):
        row: int
        n: int = 0

        @stored(unique=True)
        @property
        def label(self) -> str:
            return f"{self.row}"

    await aio_engine.configure_database([Seat])
    first, second = Seat(row=1), Seat(row=2)
    await aio_engine.save_all([first, second])
    second.row = 1
    with pytest.raises(DuplicateKeyError):
        await aio_engine.save(second)
    second.row = 3
    commands.clear()
    await aio_engine.save(second)
    assert updates(commands) == [{"$set": {"row": 3, "label": "3"}}]


async def test_a_lost_document_is_written_whole(aio_engine, raw_database):
    order = Order(lines=[Line(price=1)])
    await aio_engine.save(order)
    raw_database["order"].delete_many({})
    order.name = "n"
    await aio_engine.save(order)
    assert raw_database["order"].find_one()["t"] == Decimal128("1")
    await aio_engine.delete(order)
    await aio_engine.save(order)
    assert raw_database["order"].find_one()["t"] == Decimal128("1")


async def test_cached_properties_and_extras(aio_engine, commands, raw_database):
    cached = Cached(values=[1], more="x")
    await aio_engine.save(cached)
    assert raw_database["cached"].find_one() == {
        "_id": cached.id, "values": [1], "more": "x", "total": 1,
    }  # fmt: skip
    assert cached.total == 1
    cached.values.append(2)
    await aio_engine.save(cached)
    assert cached.total == 3
    assert raw_database["cached"].find_one()["total"] == 3

    found = await aio_engine.find_one(Cached)
    assert found.model_extra == {"more": "x"}
    del found.more
    commands.clear()
    await aio_engine.save(found)
    assert updates(commands) == [{"$unset": {"more": ""}}]
    commands.clear()
    await aio_engine.save(found)
    assert commands.names == []


class Buyer(Model):
    name: str

    @stored()
    @property
    def initial(self) -> str:
        return self.name[0]


class Sale(Model):
    buyer: Buyer = Reference()

    @stored()
    @property
    def who(self) -> str:
        return self.buyer.name


async def test_referenced_documents_have_their_own(aio_engine, commands, raw_database):
    await aio_engine.save(Sale(buyer=Buyer(name="Ada")))
    assert raw_database["buyer"].find_one()["initial"] == "A"
    for found in [await aio_engine.find_one(Sale), *await to_list(aio_engine.find(Sale))]:
        commands.clear()
        found.buyer.name = "A" + found.buyer.name
        await aio_engine.save(found)
        assert updates(commands) == [{"$set": {"name": found.buyer.name}}]


class Animal(Model):
    model_config = {"inheritance": "single"}
    name: str

    @stored(key_name="u")
    @property
    def upper(self) -> str:
        return self.name.upper()


class Cat(Animal):
    lives: int = 9

    @stored()
    @property
    def double(self) -> int:
        return self.lives * 2


class Lion(Cat):
    @property
    def double(self) -> int:
        return self.lives * 3


async def test_classes_of_a_hierarchy_have_properties(aio_engine, commands, raw_database):
    await aio_engine.save_all([Animal(name="a"), Cat(name="c"), Lion(name="l")])
    found = await to_list(aio_engine.find(Animal, Animal.upper != "X", sort=Animal.name))
    assert [type(each) for each in found] == [Animal, Cat, Lion]
    assert await aio_engine.count(Cat, Cat.double == 27) == 1
    raw = raw_database["animal"].find_one({"name": "l"})
    assert raw == {
        "_type": "Lion", "_id": found[2].id, "name": "l", "lives": 9, "u": "L", "double": 27,
    }  # fmt: skip
    for each in found[1:]:
        each.lives = 1
    commands.clear()
    await aio_engine.save_all(found)
    assert updates(commands) == [
        {"$set": {"lives": 1, "double": 2}},
        {"$set": {"lives": 1, "double": 3}},
    ]
    one = await aio_engine.find_one(Animal, Animal.name == "c")
    one.name = "C"
    commands.clear()
    await aio_engine.save(one)
    assert updates(commands) == [{"$set": {"name": "C"}}]


async def test_what_a_hook_assigns_counts(aio_engine, commands, raw_database):
    class Tidied(Model):
        name: str
        n: int = 0

        @hook("before_save")
        def tidy(self) -> None:
            self.name = self.name.strip()

        @stored()
        def size(self) -> int:
            return len(self.name)

    many = [Tidied(name=f" {'x' * n} ") for n in range(20)]
    await aio_engine.save_all(many)
    assert [each["size"] for each in raw_database["tidied"].find().sort("size")] == [*range(20)]
    many[3].name = "  longer name  "
    commands.clear()
    await aio_engine.save(many[3])
    assert updates(commands) == [{"$set": {"name": "longer name", "size": 11}}]


async def test_documents_of_a_program_of_its_own_have_properties(
    aio_engine, commands, raw_database
):
    class Own(Model):
        n: int = 1
        other: int = 1
        model_config = {"store_none": False}

        @stored(key_name="h")
        def half(self) -> Optional[float]:
            return None if self.n % 2 else self.n / 2

        def model_dump_doc(self, include=None):
            return super().model_dump_doc(include)

    own = Own()
    await aio_engine.save(own)
    assert raw_database["own"].find_one() == {"_id": own.id, "n": 1, "other": 1}
    own.n = 4
    await aio_engine.save(own)
    own.other = 2
    await aio_engine.save(own)
    own.n = 5
    await aio_engine.save(own)
    assert updates(commands)[1:] == [
        {"$set": {"n": 4, "h": 2.0}},
        {"$set": {"other": 2}},
        {"$set": {"n": 5}, "$unset": {"h": ""}},
    ]
