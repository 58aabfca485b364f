# Generated from tests/integration/aio/test_save_turns.py by tools/generate_sync.py: do not edit.
"""Saves of one instance that overlap: after each of them, the instance is in the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pymongo.errors
import pytest
from tests.integration.sync.colour import sleep

from odmantic import Model, Reference


class Parcel(Model):
    code: str
    tags: list[str] = []


class Customer(Model):
    name: str


class Shipment(Model):
    number: int
    customer: Customer = Reference()


WRITES = ("insert", "update", "bulkWrite")


def _begin(work, *arguments, **options):
    """Begins a call, and gives it the time to be sent."""
    threads = ThreadPoolExecutor(1)
    running = threads.submit(work, *arguments, **options)
    threads.shutdown(wait=False)
    sleep(0.05)
    return running


def _end(running):
    return running.result()


def test_each_save_of_a_new_instance_returns_when_it_is_stored(
    sync_engine, raw_database, fail_point
):
    customer = Customer(name="Ada")
    with fail_point(*WRITES, block_ms=200):
        first = _begin(sync_engine.save, customer)
        second = _begin(sync_engine.save, customer)
        _end(second)
        assert raw_database["customer"].find_one() == customer.model_dump_doc()
        _end(first)
    assert raw_database["customer"].count_documents({}) == 1


def test_newer_values_are_not_replaced_by_older_ones_that_arrive_late(
    sync_engine, raw_database, fail_point
):
    parcel = sync_engine.save(Parcel(code="A"))
    parcel.code = "B"
    with fail_point(*WRITES, times=1, block_ms=200):
        first = _begin(sync_engine.save, parcel)
        parcel.code = "C"
        second = _begin(sync_engine.save, parcel)
        _end(first)
        _end(second)
    assert raw_database["parcel"].find_one()["code"] == "C"


def test_a_save_behind_one_that_fails_writes_all(sync_engine, raw_database, fail_point):
    parcel = Parcel(code="A")
    with fail_point(*WRITES, times=1, block_ms=200, error_code=13):
        first = _begin(sync_engine.save, parcel)
        second = _begin(sync_engine.save, parcel)
        with pytest.raises(pymongo.errors.OperationFailure):
            _end(first)
        _end(second)
    assert raw_database["parcel"].find_one() == parcel.model_dump_doc()
    assert parcel.__fields_modified__ == set()


def test_a_reference_that_another_save_writes_is_stored_first(
    sync_engine, raw_database, fail_point
):
    customer = Customer(name="Ada")
    shipments = [Shipment(number=number, customer=customer) for number in range(2)]
    with fail_point(*WRITES, times=1, block_ms=200):
        first = _begin(sync_engine.save, shipments[0])
        second = _begin(sync_engine.save, shipments[1])
        _end(second)
        assert raw_database["customer"].find_one() == customer.model_dump_doc()
        _end(first)
    assert sync_engine.count(Shipment) == 2


@pytest.mark.parametrize("is_bulk_first", [True, False])
def test_save_and_save_all_wait_for_each_other(
    sync_engine, raw_database, fail_point, is_bulk_first
):
    parcels = [Parcel(code="A"), Parcel(code="B")]
    calls = [(sync_engine.save_all, parcels), (sync_engine.save, parcels[1])]
    if not is_bulk_first:
        calls.reverse()
    with fail_point(*WRITES, times=1, block_ms=200):
        first = _begin(*calls[0])
        second = _begin(*calls[1])
        _end(second)
        assert raw_database["parcel"].find_one({"code": "B"}) == parcels[1].model_dump_doc()
        _end(first)
    assert raw_database["parcel"].count_documents({}) == 2


def test_a_transaction_waits_for_no_save_outside_of_it(sync_engine, raw_database):
    parcel = sync_engine.save(Parcel(code="A"))
    with sync_engine.transaction() as transaction:
        parcel.code = "B"
        transaction.save(parcel)
        parcel.tags.append("x")
        # The server lets it wait for the transaction.
        outside = _begin(sync_engine.save, parcel)
        parcel.code = "C"
        transaction.save(parcel)
    _end(outside)
    assert raw_database["parcel"].find_one() == parcel.model_dump_doc()
