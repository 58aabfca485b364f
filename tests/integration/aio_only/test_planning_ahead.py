"""A write of many plans the next batch while the one before is on its way."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from odmantic import AIOEngine, Model
from odmantic._driver._aio import Meanwhile
from odmantic.exceptions import DuplicateKeyError, InvalidDocumentError


class Customer(Model):
    name: str
    tags: list[str] = []


VERBS = ("save_all", "insert_many")


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odmantic._plan.planner.BATCH_SIZE", 20)
    monkeypatch.setattr("odmantic._plan.planner.UPDATE_BATCH_SIZE", 20)
    monkeypatch.setattr("odmantic._plan.planner.PIECE_SIZE", 3)
    monkeypatch.setattr("odmantic._aio.operations.insert_many.BATCH_SIZE", 20)
    monkeypatch.setattr("odmantic._plan.whole.PIECE_SIZE", 3)


def _customers(count: int = 60) -> list[Customer]:
    return [Customer(name=str(number)) for number in range(count)]


def _are_clean(customers: list[Customer]) -> list[bool]:
    return [not each.__fields_modified__ for each in customers]


async def _stored_names(engine: Any) -> list[str]:
    return sorted([each.name async for each in engine.find(Customer)], key=int)


async def _begin_to_save(
    engine: Any, customers: list[Customer], verb: str = "save_all"
) -> asyncio.Future[Any]:
    """A write that is under way: the server takes its time with the first batch."""
    saving = asyncio.ensure_future(getattr(engine, verb)(customers))
    await asyncio.sleep(0.2)
    assert not saving.done()
    return saving


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.each_driver
async def test_the_next_batch_is_planned_if_it_is_new_and_no_more(
    aio_engine, fail_point, commands, is_known
):
    customers = _customers()
    if is_known:
        await aio_engine.save_all(customers)
        for each in customers:
            each.tags.append("new")
            each.name = f"{each.name}0"
    commands.clear()

    with fail_point("insert", "update", block_ms=400, times=1):
        saving = await _begin_to_save(aio_engine, customers)
        clean = _are_clean(customers)
        await saving

    assert clean == [True] * (20 if is_known else 40) + [False] * (40 if is_known else 20)
    assert commands.names == ["update" if is_known else "insert"] * 3
    assert all(_are_clean(customers))
    assert await _stored_names(aio_engine) == [each.name for each in customers]


@pytest.mark.parametrize("verb", VERBS)
async def test_what_is_changed_while_it_waits_for_its_turn_stays_dirty(
    aio_engine, fail_point, verb
):
    customers = _customers()

    with fail_point("insert", block_ms=400, times=1):
        saving = await _begin_to_save(aio_engine, customers, verb)
        assert _are_clean(customers) == [True] * 40 + [False] * 20
        for each in customers[10], customers[30], customers[50]:
            each.name = "1000"
            each.tags.append("new")
        await saving

    dirty = [place for place, each in enumerate(customers) if each.__fields_modified__]
    assert dirty == [10, 30]
    await aio_engine.save_all(customers)
    found = await aio_engine.find(Customer, Customer.name == "1000")
    assert [(each.id, each.tags) for each in found] == [
        (customers[place].id, ["new"]) for place in (10, 30, 50)
    ]


@pytest.mark.parametrize("is_known", [False, True])
async def test_what_another_engine_saves_meanwhile_is_not_undone(aio_engine, fail_point, is_known):
    customers = _customers()
    if is_known:
        await aio_engine.save_all(customers)
        for each in customers:
            each.name = f"{each.name}0"
    other = AIOEngine(aio_engine.client, aio_engine.database_name)

    with fail_point("update" if is_known else "insert", block_ms=400, times=1):
        saving = await _begin_to_save(aio_engine, customers)
        customers[30].name = "1000"
        await other.save(customers[30])
        await saving

    assert all(_are_clean(customers))
    assert await _stored_names(aio_engine) == sorted((each.name for each in customers), key=int)


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("verb", VERBS)
async def test_a_batch_that_fails_gives_back_the_next_one(
    aio_engine, fail_point, verb, in_transaction
):
    customers = _customers()
    write = getattr(aio_engine, verb)

    async def save() -> None:
        if not in_transaction:
            await write(customers)
            return
        async with aio_engine.transaction() as transaction:
            await write(customers, session=transaction)

    names = ("find",) if in_transaction and verb == "save_all" else ("insert",)
    with fail_point(*names, error_code=8000, block_ms=100, times=1), pytest.raises(PyMongoError):
        await save()

    assert not any(_are_clean(customers))
    assert await aio_engine.count(Customer) == 0
    await save()
    assert all(_are_clean(customers))
    assert await aio_engine.count(Customer) == 60


@pytest.mark.parametrize("verb", VERBS)
async def test_a_refused_document_leaves_those_behind_it_dirty(aio_engine, raw_database, verb):
    raw_database.customer.create_index("name", unique=True)
    customers = _customers()
    customers[12].name = "3"

    with pytest.raises(DuplicateKeyError) as caught:
        await getattr(aio_engine, verb)(customers)

    assert caught.value.instance is customers[12]
    assert _are_clean(customers) == [True] * 12 + [False] * 48
    assert await aio_engine.count(Customer) == 12


async def test_an_instance_without_a_document_ends_an_insert_in_its_batch(aio_engine, fail_point):
    customers = _customers()
    customers[30].tags.append("\ud800")

    with fail_point("insert", block_ms=400, times=1):
        saving = await _begin_to_save(aio_engine, customers, "insert_many")
        with pytest.raises(InvalidDocumentError):
            await saving

    assert _are_clean(customers) == [True] * 30 + [False] * 30
    assert await aio_engine.count(Customer) == 30


async def test_an_id_that_is_taken_after_all_is_gone_on_from(aio_engine, raw_database, commands):
    customers = _customers()
    raw_database.customer.insert_one({"_id": customers[12].id, "name": "another"})
    commands.clear()

    await aio_engine.save_all(customers)

    assert all(_are_clean(customers))
    assert await _stored_names(aio_engine) == [each.name for each in customers]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.each_driver
async def test_a_cancelled_write_gives_back_the_next_batch(aio_engine, fail_point, verb):
    customers = _customers()

    with fail_point("insert", block_ms=400, times=1):
        saving = await _begin_to_save(aio_engine, customers, verb)
        assert any(_are_clean(customers))
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving

    assert not any(_are_clean(customers))
    await aio_engine.save_all(customers)
    assert await _stored_names(aio_engine) == [each.name for each in customers]


async def test_given_ids_that_exist_are_supposed_no_longer(aio_engine, commands, monkeypatch):
    monkeypatch.setattr("odmantic._aio.operations.bulk.FEWEST_TO_SUPPOSE", 10)
    first = _customers()
    await aio_engine.save_all(first[:20])
    again = [Customer(id=each.id, name=f"{each.name}0") for each in first]
    commands.clear()

    await aio_engine.save_all(again)

    assert commands.names == ["find", "update", "update", "update"]
    assert await _stored_names(aio_engine) == sorted((each.name for each in again), key=int)


async def test_what_was_planned_is_let_go_without_a_garbage_collection():
    class Plan:
        def advance(self) -> bool:
            return True

    plan = Plan()
    alive = weakref.ref(plan)
    gc.disable()
    try:
        with Meanwhile(plan.advance):
            await asyncio.sleep(0.01)
        del plan
        await asyncio.sleep(0)
        assert alive() is None
    finally:
        gc.enable()
