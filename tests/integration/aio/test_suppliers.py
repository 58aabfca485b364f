"""Fields that get their values when documents are written."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest
from pydantic import ValidationError
from pymongo.errors import OperationFailure
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference, current, hook, utcnow

START = datetime(2020, 1, 1)
acting_user: ContextVar[str] = ContextVar("acting_user", default="nobody")
calls: list[str] = []


def _numbered():
    calls.append("call")
    return len(calls)


class Line(EmbeddedModel):
    article: str
    created: Optional[datetime] = Field(on_insert=utcnow)
    updated: Optional[datetime] = Field(on_update=utcnow)


class Order(Model):
    name: str
    created: Optional[datetime] = Field(on_insert=utcnow, frozen=True)
    updated: Optional[datetime] = Field(on_update=utcnow)
    by: str = Field("?", on_update=current(acting_user))
    number: int = Field(0, on_insert=_numbered)
    lines: list[Line] = []


class Shipment(Model):
    order: Order = Reference()
    created: Optional[datetime] = Field(on_insert=utcnow)


class _Clock:
    """A clock that goes on by a day with each look at it."""

    def __init__(self):
        self.looks = 0

    def __call__(self):
        self.looks += 1
        return START + timedelta(days=self.looks)


def _day(number):
    return START + timedelta(days=number)


@pytest.fixture(autouse=True)
def clock(aio_engine):
    calls.clear()
    clock = aio_engine._clock = _Clock()
    return clock


async def test_an_engine_takes_its_clock(aio_engine):
    engine = type(aio_engine)(
        aio_engine.client,
        clock=lambda: datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=1))),
    )

    assert engine._now() == datetime(2020, 1, 1, 1)


@pytest.mark.each_driver
async def test_an_insert_and_an_update_set_their_fields(aio_engine, raw_database):
    order = Order(name="a")
    calls.clear()

    await aio_engine.save(order)
    assert (order.created, order.updated, order.by, order.number) == (_day(1), _day(1), "nobody", 1)

    acting_user.set("ada")
    order.name = "b"
    await aio_engine.save(order)
    assert (order.created, order.updated, order.by, order.number) == (_day(1), _day(2), "ada", 1)
    assert raw_database["order"].find_one() == {"_id": order.id, **order.model_dump(exclude={"id"})}
    assert await aio_engine.find_one(Order) == order


async def test_a_save_without_changes_sets_nothing(aio_engine, clock, commands):
    order = await aio_engine.save(Order(name="a"))
    commands.clear()

    await aio_engine.save(order)

    assert clock.looks == 1
    assert commands.names == []


async def test_a_field_that_would_be_all_that_is_sent_is_sent_as_it_is(aio_engine):
    order = await aio_engine.save(Order(name="a"))

    order.updated = START
    await aio_engine.save(order)

    assert (await aio_engine.find_one(Order)).updated == START


async def test_a_value_of_the_program_wins_for_on_insert(aio_engine):
    order = await aio_engine.save(Order(name="a", created=START, updated=START, number=70))

    assert (order.created, order.updated, order.number) == (START, _day(1), 70)


async def test_a_call_has_one_time(aio_engine, clock):
    orders = [Order(name=each) for each in "ab"]
    shipment = Shipment(order=Order(name="c"))

    await aio_engine.save_all([*orders, shipment])
    await aio_engine.save(Shipment(order=Order(name="d")))

    assert {each.created for each in (*orders, shipment, shipment.order)} == {_day(1)}
    assert [each.created for each in await to_list(aio_engine.find(Order))] == [
        *[_day(1)] * 3,
        _day(2),
    ]
    assert clock.looks == 2


async def test_embedded_instances_get_values_with_the_document(aio_engine, raw_database):
    order = await aio_engine.save(Order(name="a", lines=[Line(article="tea")]))
    assert (order.lines[0].created, order.lines[0].updated) == (_day(1), _day(1))

    order.name = "b"
    await aio_engine.save(order)
    assert order.lines[0].updated == _day(1)

    order.lines.append(Line(article="milk"))
    await aio_engine.save(order)
    assert [(each.created, each.updated) for each in order.lines] == [
        (_day(1), _day(3)),
        (_day(3), _day(3)),
    ]
    assert raw_database["order"].find_one()["lines"][1]["created"] == _day(3)


async def test_hooks_come_first_and_what_they_assign_is_given(aio_engine):
    class Item(Model):
        name: str
        code: str = Field("", on_insert=lambda: "function")
        other: str = Field("", on_insert=lambda: "function")
        seen: Any = None

        @hook("before_insert")
        def look(self):
            self.code = "hook"
            self.seen = self.other

    item = Item(name="a")
    item.other = item.other
    await aio_engine.save(item)

    assert (item.code, item.other, item.seen) == ("hook", "function", "function")


@pytest.mark.parametrize("frozen", [False, True])
async def test_a_value_that_is_not_valid_keeps_the_document_from_being_sent(
    aio_engine, commands, frozen
):
    class Item(Model):
        name: str
        level: int = Field(1, on_update=lambda: -1, ge=0, frozen=frozen, validate_default=False)

    with pytest.raises(ValidationError, match=r"(?s)Item\nlevel\n.*greater than or equal to 0"):
        await aio_engine.save(Item(name="a"))

    assert commands.names == []


async def test_a_failed_insert_asks_again(aio_engine, fail_point):
    order = Order(name="a")
    calls.clear()

    with fail_point("update", error_code=1, times=1):
        with pytest.raises(OperationFailure):
            await aio_engine.save(order)
    assert (order.created, order.number) == (_day(1), 1)
    assert order.__fields_modified__ == Order.__odm_fields__.keys()

    await aio_engine.save(order)
    assert (order.created, order.number) == (_day(2), 2)


@pytest.mark.each_driver
async def test_an_attempt_that_fails_is_undone(aio_engine, raw_database, fail_point):
    raw_database.create_collection("order")
    order = Order(name="a")
    before = order.created, order.updated
    seen = []

    async def work(transaction):
        seen.append((order.created, order.updated))
        await transaction.save(order)

    label = ("TransientTransactionError",)
    with fail_point("commitTransaction", error_code=251, labels=label, times=2):
        await aio_engine.run_transaction(work)

    assert seen == [before] * 3
    assert raw_database["order"].find_one()["created"] == order.created == _day(3)


async def test_a_rollback_restores_the_values_and_the_state(aio_engine):
    order = await aio_engine.save(Order(name="a"))

    with pytest.raises(ZeroDivisionError):
        async with aio_engine.transaction() as transaction:
            order.name = "b"
            await transaction.save_all([order, Order(name="c")])
            assert order.updated == _day(2)
            raise ZeroDivisionError

    assert order.updated == _day(1)
    assert order.__fields_modified__ == {"name"}


async def test_soft_deletions_have_the_time_of_the_clock(aio_engine):
    class Post(Model):
        title: str
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

    post = await aio_engine.save(Post(title="a"))
    await aio_engine.delete(post)

    assert post.deleted_at == _day(1)
