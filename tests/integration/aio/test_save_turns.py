"""Saves of one instance that overlap: after each of them, the instance is in the database."""

from __future__ import annotations

import pymongo.errors
import pytest
from tests.integration.aio.colour import ASYNC, sleep

from odmantic import Model, Reference

if ASYNC:
    import asyncio
else:
    from concurrent.futures import ThreadPoolExecutor


class Parcel(Model):
    code: str
    tags: list[str] = []


class Customer(Model):
    name: str


class Shipment(Model):
    number: int
    customer: Customer = Reference()


WRITES = ("insert", "update", "bulkWrite")


async def _begin(work, *arguments, **options):
    """Begins a call, and gives it the time to be sent."""
    if ASYNC:
        running = asyncio.ensure_future(work(*arguments, **options))
    else:
        threads = ThreadPoolExecutor(1)
        running = threads.submit(work, *arguments, **options)
        threads.shutdown(wait=False)
    await sleep(0.05)
    return running


async def _end(running):
    if ASYNC:
        return await running
    else:  # noqa: RET505 - the other colour
        return running.result()


async def test_each_save_of_a_new_instance_returns_when_it_is_stored(
    aio_engine, raw_database, fail_point
):
    customer = Customer(name="Ada")
    with fail_point(*WRITES, block_ms=200):
        first = await _begin(aio_engine.save, customer)
        second = await _begin(aio_engine.save, customer)
        await _end(second)
        assert raw_database["customer"].find_one() == customer.model_dump_doc()
        await _end(first)
    assert raw_database["customer"].count_documents({}) == 1


async def test_newer_values_are_not_replaced_by_older_ones_that_arrive_late(
    aio_engine, raw_database, fail_point
):
    parcel = await aio_engine.save(Parcel(code="A"))
    parcel.code = "B"
    with fail_point(*WRITES, times=1, block_ms=200):
        first = await _begin(aio_engine.save, parcel)
        parcel.code = "C"
        second = await _begin(aio_engine.save, parcel)
        await _end(first)
        await _end(second)
    assert raw_database["parcel"].find_one()["code"] == "C"


async def test_a_save_behind_one_that_fails_writes_all(aio_engine, raw_database, fail_point):
    parcel = Parcel(code="A")
    with fail_point(*WRITES, times=1, block_ms=200, error_code=13):
        first = await _begin(aio_engine.save, parcel)
        second = await _begin(aio_engine.save, parcel)
        with pytest.raises(pymongo.errors.OperationFailure):
            await _end(first)
        await _end(second)
    assert raw_database["parcel"].find_one() == parcel.model_dump_doc()
    assert parcel.__fields_modified__ == set()


async def test_a_reference_that_another_save_writes_is_stored_first(
    aio_engine, raw_database, fail_point
):
    customer = Customer(name="Ada")
    shipments = [Shipment(number=number, customer=customer) for number in range(2)]
    with fail_point(*WRITES, times=1, block_ms=200):
        first = await _begin(aio_engine.save, shipments[0])
        second = await _begin(aio_engine.save, shipments[1])
        await _end(second)
        assert raw_database["customer"].find_one() == customer.model_dump_doc()
        await _end(first)
    assert await aio_engine.count(Shipment) == 2


@pytest.mark.parametrize("is_bulk_first", [True, False])
async def test_save_and_save_all_wait_for_each_other(
    aio_engine, raw_database, fail_point, is_bulk_first
):
    parcels = [Parcel(code="A"), Parcel(code="B")]
    calls = [(aio_engine.save_all, parcels), (aio_engine.save, parcels[1])]
    if not is_bulk_first:
        calls.reverse()
    with fail_point(*WRITES, times=1, block_ms=200):
        first = await _begin(*calls[0])
        second = await _begin(*calls[1])
        await _end(second)
        assert raw_database["parcel"].find_one({"code": "B"}) == parcels[1].model_dump_doc()
        await _end(first)
    assert raw_database["parcel"].count_documents({}) == 2


async def test_a_transaction_waits_for_no_save_outside_of_it(aio_engine, raw_database):
    parcel = await aio_engine.save(Parcel(code="A"))
    async with aio_engine.transaction() as transaction:
        parcel.code = "B"
        await transaction.save(parcel)
        parcel.tags.append("x")
        # The server lets it wait for the transaction.
        outside = await _begin(aio_engine.save, parcel)
        parcel.code = "C"
        await transaction.save(parcel)
    await _end(outside)
    assert raw_database["parcel"].find_one() == parcel.model_dump_doc()
