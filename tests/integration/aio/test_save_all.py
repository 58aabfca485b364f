"""`save_all` saves in order with few commands, and checks all before it writes any."""

from __future__ import annotations

import pymongo.errors
import pytest
from tests.integration.aio.colour import resolve

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import DuplicateKeyError


class Customer(Model):
    name: str = Field(unique=True)


class Order(Model):
    number: int
    customer: Customer = Reference()


class Label(EmbeddedModel):
    text: str


@pytest.mark.each_driver
async def test_all_are_saved_and_returned_in_order(aio_engine):
    orders = [Order(number=number, customer=Customer(name=str(number))) for number in range(5)]

    saved = await aio_engine.save_all(orders)

    assert type(saved) is list
    assert [id(order) for order in saved] == [id(order) for order in orders]
    found = [order async for order in aio_engine.find(Order, sort=Order.number)]
    assert found == orders


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda each: (one for one in each)])
async def test_any_iterable_is_taken(aio_engine, kind):
    customers = [Customer(name="Ada"), Customer(name="Bo")]

    assert await aio_engine.save_all(kind(customers)) == customers
    assert await aio_engine.count(Customer) == 2


async def test_nothing_is_saved_without_a_command(aio_engine, commands):
    assert await aio_engine.save_all([]) == []
    assert commands.names == []


async def test_models_may_be_mixed(aio_engine):
    customer = Customer(name="Ada")
    order = Order(number=1, customer=Customer(name="Bo"))

    await aio_engine.save_all([order, customer])

    assert await aio_engine.count(Customer) == 2
    assert await aio_engine.count(Order) == 1


async def test_a_shared_reference_is_written_once(aio_engine, raw_database, commands):
    customer = Customer(name="Ada")

    await aio_engine.save_all(
        [Order(number=1, customer=customer), Order(number=2, customer=customer)]
    )

    assert raw_database["customer"].count_documents({}) == 1
    written = [
        (event.command_name, event.command[event.command_name]) for event in commands.started
    ]
    assert written == [("update", "customer"), ("insert", "order")]


async def test_an_instance_that_is_there_twice_is_written_once(aio_engine, raw_database, commands):
    ada, bob = Customer(name="Ada"), Customer(name="Bob")

    assert await aio_engine.save_all([ada, bob, ada]) == [ada, bob, ada]
    assert raw_database["customer"].count_documents({}) == 2
    [event] = commands.started
    assert [document["name"] for document in event.command["documents"]] == ["Ada", "Bob"]


async def test_a_known_instance_that_is_there_twice_is_written_once(
    aio_engine, raw_database, commands
):
    ada, bob = await aio_engine.save_all([Customer(name="Ada"), Customer(name="Bob")])
    ada.name, bob.name = "Ada Lovelace", "Bob Dylan"
    commands.clear()

    await aio_engine.save_all([ada, ada, bob, ada])

    [event] = commands.started
    assert [each["q"] for each in event.command["updates"]] == [{"_id": ada.id}, {"_id": bob.id}]
    assert raw_database["customer"].distinct("name") == ["Ada Lovelace", "Bob Dylan"]


@pytest.mark.each_driver
async def test_all_writes_share_one_session(aio_engine, commands):
    await aio_engine.save_all([Customer(name=str(number)) for number in range(3)])

    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1
    assert all("autocommit" not in event.command for event in commands.started)


async def test_only_changed_instances_are_written(aio_engine, commands):
    customers = await aio_engine.save_all([Customer(name=str(number)) for number in range(3)])
    commands.clear()
    customers[1].name = "new"

    await aio_engine.save_all(customers)

    [event] = commands.started
    [update] = event.command["updates"]
    assert (update["q"], update["u"]) == ({"_id": customers[1].id}, {"$set": {"name": "new"}})


@pytest.mark.each_driver
async def test_the_first_error_stops(aio_engine, raw_database):
    await aio_engine.configure_database([Customer])
    customers = [Customer(name=name) for name in ("a", "b", "a", "c")]

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save_all(customers)

    assert caught.value.instance is customers[2]
    assert isinstance(caught.value.driver_error, pymongo.errors.DuplicateKeyError)
    assert [document["name"] for document in raw_database["customer"].find()] == ["a", "b"]
    assert [bool(customer.__fields_modified__) for customer in customers] == [
        False,
        False,
        True,
        True,
    ]
    customers[2].name = "d"
    await aio_engine.save_all(customers)
    assert await aio_engine.count(Customer) == 4


async def test_a_reference_that_fails_is_the_instance_of_the_error(aio_engine, raw_database):
    await aio_engine.configure_database([Customer])
    orders = [
        Order(number=1, customer=Customer(name="a")),
        Order(number=2, customer=Customer(name="a")),
    ]

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save_all(orders)

    assert caught.value.instance is orders[1].customer
    assert not orders[0].__fields_modified__
    assert orders[1].__fields_modified__
    assert [document["number"] for document in raw_database["order"].find()] == [1]


@pytest.mark.parametrize("value", [Label(text="x"), Customer, {"name": "a"}, None, "customer"])
async def test_elements_are_checked_before_anything_is_written(aio_engine, commands, value):
    customer = Customer(name="a")

    with pytest.raises(TypeError, match="Can only call save_all with a Model instance"):
        await aio_engine.save_all([customer, value])

    assert commands.names == []
    assert customer.__fields_modified__ == {"name", "id"}


@pytest.mark.parametrize("value", [None, 1, Customer])
async def test_what_is_no_iterable_is_refused(aio_engine, value):
    with pytest.raises(TypeError):
        await aio_engine.save_all(value)


async def test_a_given_session_stays_open(aio_engine):
    session = await resolve(aio_engine.client.start_session())
    try:
        await aio_engine.save_all([Customer(name="a")], session=session)
        assert not session.has_ended
    finally:
        await resolve(session.end_session())
