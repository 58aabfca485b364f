"""Cancelled tasks: contract, sections 22.1, 22.2, 22.3 and D12."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Generator
from typing import Any

import pytest

from odmantic import Model, Reference


class Publisher(Model):
    name: str


class Book(Model):
    title: str
    tags: list[str] = []
    publisher: Publisher = Reference()


def _book():
    return Book(title="Tea", tags=["green"], publisher=Publisher(name="Leaf"))


class _CancelledAt:
    """Awaits something and cancels the awaiting task where it waits for the n-th time."""

    def __init__(self, awaited: Awaitable[Any], step: int) -> None:
        self._awaited = awaited
        self._step = step
        self.reached = False

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._awaited.__await__()
        count = 0
        try:
            waiting_for = steps.send(None)
            while True:
                count += 1
                if count == self._step:
                    self.reached = True
                    asyncio.current_task().cancel()
                try:
                    sent = yield waiting_for
                except BaseException as error:
                    waiting_for = steps.throw(error)
                else:
                    waiting_for = steps.send(sent)
        except StopIteration as end:
            return end.value


async def _cancelled_at(step, work):
    """Runs work in a task, cancelled at its n-th wait; tells whether it waits that often."""
    awaited = _CancelledAt(work, step)

    async def run():
        await awaited

    task = asyncio.ensure_future(run())
    await asyncio.wait({task})
    if awaited.reached:
        assert task.cancelled() or task.exception() is None
    else:
        await task
    return awaited.reached


async def _transaction_block(engine, transaction, book):
    async with transaction:
        await transaction.save(book)
        assert await transaction.count(Book, Book.id == book.id) == 1
        book.title = "Coffee"
        await engine.save(book, session=transaction)
        assert await transaction.find_one(Book, Book.title == "Coffee")


async def _manual_transaction(engine, transaction, book):
    await transaction.start()
    try:
        await transaction.save(book)
    except BaseException:
        await transaction.abort()
        raise
    await transaction.commit()


async def _rolled_back(engine, transaction, book):
    try:
        async with transaction:
            await transaction.save(book)
            raise KeyError
    except KeyError:
        pass


def _assert_clean_means_stored(raw_database, book):
    """The other way round, a save would just repeat the values."""
    for instance, collection in ((book, "book"), (book.publisher, "publisher")):
        if raw_database[collection].find_one({"_id": instance.id}) is None:
            assert instance.__fields_modified__ == set(type(instance).__odm_fields__)


@pytest.mark.parametrize("work", [_transaction_block, _manual_transaction, _rolled_back])
async def test_a_transaction_cancelled_anywhere_leaves_nothing_behind(
    aio_engine, raw_database, open_transactions, commands, work
):
    for collection in ("book", "publisher"):
        raw_database.create_collection(collection)
    for step in itertools.count(1):
        book, transaction = _book(), aio_engine.transaction()
        was_reached = await _cancelled_at(step, work(aio_engine, transaction, book))

        assert not transaction.is_started, step
        assert not transaction.session.is_started, step
        assert open_transactions() == 0, step
        _assert_clean_means_stored(raw_database, book)
        await aio_engine.save(book)
        stored = raw_database["book"].find_one({"_id": book.id})
        assert stored == book.model_dump_doc(), step
        if not was_reached:
            break

    assert step > 4
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1


@pytest.mark.parametrize("work", [_transaction_block, _manual_transaction, _rolled_back])
async def test_a_given_session_stays_usable_wherever_its_transaction_is_cancelled(
    aio_engine, raw_database, open_transactions, commands, work
):
    for collection in ("book", "publisher"):
        raw_database.create_collection(collection)
    for step in itertools.count(1):
        async with aio_engine.session() as session:
            book, transaction = _book(), session.transaction()
            was_reached = await _cancelled_at(step, work(aio_engine, transaction, book))

            assert not transaction.is_started, step
            assert session.is_started, step
            assert open_transactions() == 0, step
            _assert_clean_means_stored(raw_database, book)
            await session.save(book)
            async with transaction:
                await transaction.delete(book)
        if not was_reached:
            break

    assert raw_database["book"].count_documents({}) == 0


async def test_a_session_cancelled_anywhere_is_ended(aio_engine, raw_database, commands):
    async def work(session, book):
        async with session:
            await session.save(book)
            await session.count(Book)
            await session.find_one(Book)

    for step in itertools.count(1):
        book, session = _book(), aio_engine.session()
        was_reached = await _cancelled_at(step, work(session, book))

        assert not session.is_started, step
        await aio_engine.save(book)
        assert raw_database["book"].find_one({"_id": book.id}) == book.model_dump_doc(), step
        if not was_reached:
            break

    assert step > 3


@pytest.mark.parametrize("way", ["commit", "exit"])
async def test_a_commit_in_flight_is_waited_for_and_counts_as_unknown(
    aio_engine, raw_database, fail_point, open_transactions, way
):
    book, transaction = _book(), aio_engine.transaction()

    async def work():
        if way == "exit":
            async with transaction:
                await transaction.save(book)
            return
        await transaction.start()
        await transaction.save(book)
        await transaction.commit()

    with fail_point("commitTransaction", block_ms=300, times=1):
        task = asyncio.ensure_future(work())
        while transaction.is_started or not transaction.session.is_started:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert not transaction.is_started
    assert not transaction.session.is_started
    assert open_transactions() == 0
    assert raw_database["book"].count_documents({}) == 1
    assert book.__fields_modified__ == {"id", "title", "tags", "publisher"}
    await aio_engine.save(book)
    assert raw_database["book"].count_documents({}) == 1
    with pytest.raises(RuntimeError, match=r"^transaction not started"):
        await transaction.save(book)


async def test_a_first_write_in_flight_is_waited_for_before_the_rollback(
    aio_engine, raw_database, fail_point, open_transactions, commands
):
    book = _book()

    async def work():
        async with aio_engine.transaction() as transaction:
            await transaction.save(book)

    with fail_point("update", block_ms=300, times=1):
        task = asyncio.ensure_future(work())
        while "update" not in commands.names:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert commands.names == ["update", "abortTransaction"]
    assert open_transactions() == 0
    assert raw_database["book"].count_documents({}) == 0


async def test_a_timeout_rolls_back(aio_engine, raw_database, fail_point, open_transactions):
    book, transaction = _book(), aio_engine.transaction()

    async def work():
        async with transaction:
            await transaction.save(book)

    with fail_point("update", block_ms=300), pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(work(), 0.1)

    assert not transaction.session.is_started
    assert open_transactions() == 0
    assert raw_database["publisher"].count_documents({}) == 0
    await aio_engine.save(book)
    assert raw_database["book"].find_one() == book.model_dump_doc()


async def test_a_task_that_is_cancelled_twice_still_cleans_up(
    aio_engine, raw_database, fail_point, open_transactions, commands
):
    transaction = aio_engine.transaction()

    async def work():
        async with transaction:
            await transaction.save(_book())

    with fail_point("update", "abortTransaction", block_ms=300):
        task = asyncio.ensure_future(work())
        for name in ("update", "abortTransaction"):
            while name not in commands.names:
                await asyncio.sleep(0.01)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert not transaction.session.is_started
    assert open_transactions() == 0


async def test_a_commit_that_waits_for_an_operation_may_be_cancelled(
    aio_engine, raw_database, fail_point, open_transactions
):
    books = [_book(), _book()]
    async with aio_engine.session() as session:
        transaction = session.transaction()
        await transaction.start()
        with fail_point("update", block_ms=300, times=1):
            saving = asyncio.ensure_future(transaction.save(books[0].publisher))
            await asyncio.sleep(0.05)
            committing = asyncio.ensure_future(transaction.commit())
            await asyncio.sleep(0.05)
            committing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await committing
            await saving

        assert not transaction.is_started
        assert not session.get_driver_session().in_transaction
        assert open_transactions() == 0
        assert books[0].publisher.__fields_modified__ == {"id", "name"}


async def test_a_failing_task_among_several_rolls_back_and_the_rest_is_refused(
    aio_engine, raw_database, fail_point, open_transactions
):
    raw_database["publisher"].create_index("name", unique=True)
    publishers = [Publisher(name="same") for _ in range(6)]
    with pytest.raises(Exception, match="Duplicate key"):
        async with aio_engine.transaction() as transaction:
            saves = [asyncio.ensure_future(transaction.save(each)) for each in publishers]
            await asyncio.gather(*saves)
    results = await asyncio.gather(*saves, return_exceptions=True)

    assert sum(isinstance(result, Exception) for result in results) == 5
    assert open_transactions() == 0
    assert raw_database["publisher"].count_documents({}) == 0
    assert all(each.__fields_modified__ == {"id", "name"} for each in publishers)


async def test_a_command_that_hangs_is_given_up(
    aio_engine, fail_point, open_transactions, commands, monkeypatch
):
    """Also by the server, which would begin the transaction after its rollback."""
    monkeypatch.setattr("odmantic._driver._aio.DRAIN_SECONDS", 0.2)
    transaction = aio_engine.transaction()

    async def work():
        async with transaction:
            await transaction.save(Publisher(name="Leaf"))

    with fail_point("update", block_ms=1500, times=1):
        task = asyncio.ensure_future(work())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)

    assert not transaction.is_started
    assert not transaction.session.is_started
    assert commands.names == ["update", "abortTransaction", "killSessions"]
    assert open_transactions() == 0
