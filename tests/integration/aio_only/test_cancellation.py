"""A cancelled task leaves no transaction and no session open, and its instances know what is not saved."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from odmantic import Field, Model, Reference
from odmantic._plan.find import BATCH_SIZE

pytestmark = pytest.mark.each_driver


class Publisher(Model):
    name: str


class Book(Model):
    title: str
    tags: list[str] = []
    publisher: Publisher = Reference()


class Number(Model):
    id: int = Field(primary_field=True)
    notes: list[str] = []


MANY = BATCH_SIZE + 1
"""More than the server sends at once."""
TRANSIENT = "TransientTransactionError"


def _book():
    return Book(title="Tea", tags=["green"], publisher=Publisher(name="Leaf"))


class _Steps:
    """Runs work in a task and cancels it where it, or what it has odmantic run in other tasks, waits for the n-th time.

    A command of a transaction runs in a task of its own, so that a cancellation does not cut it off: it arrives
    while the command is anywhere on its way.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def was_reached(self) -> bool:
        """Whether the work waits that often."""
        return self._count >= self._number

    async def run(self, work: Awaitable[None]) -> bool:
        """Run to the end; tell whether it was cut off."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(self._make_task)
        try:
            self._task = asyncio.ensure_future(_awaited(_Counted(work, self.step)))
            await asyncio.wait({self._task})
        finally:
            loop.set_task_factory(None)
        if not self.was_reached:
            await self._task
        return self._task.cancelled()

    def step(self) -> None:
        """Note that the work waits."""
        self._count += 1
        if self._count == self._number:
            self._task.cancel()

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any
    ) -> asyncio.Task[Any]:
        code = getattr(work, "cr_code", None)
        if code is not None and "odmantic" in Path(code.co_filename).parts:
            work = _awaited(_Counted(work, self.step))
        return asyncio.Task(work, loop=loop, **options)


class _Counted:
    """Awaits something and tells whenever it waits."""

    def __init__(self, awaited: Awaitable[Any], step: Callable[[], None]) -> None:
        self._awaited = awaited
        self._step = step

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._awaited.__await__()
        try:
            waiting_for = steps.send(None)
            while True:
                self._step()
                try:
                    sent = yield waiting_for
                except BaseException as error:
                    waiting_for = steps.throw(error)
                else:
                    waiting_for = steps.send(sent)
        except StopIteration as end:
            return end.value


async def _awaited(awaited: Awaitable[Any]) -> Any:
    return await awaited


@pytest.fixture
def assert_nothing_is_left(
    aio_engine,
    async_client_kind,
    raw_database,
    odmantic_mongo_client,
    open_transactions,
    pytestconfig,
):
    """Looks at the server, the client's connections, and what was saved; saving the same again makes them equal."""
    is_own_server = not pytestconfig.getoption("odmantic_mongo_uri")
    client = aio_engine.client.delegate if async_client_kind == "motor" else aio_engine.client

    async def check(books, step):
        assert open_transactions() == 0, step
        if is_own_server:
            status = odmantic_mongo_client.admin.command("serverStatus")
            assert status["transactions"]["currentOpen"] == 0, step
        for server in client._topology._servers.values():
            # The driver itself may be about to close a cursor that was let go.
            deadline = time.monotonic() + 10
            while server.pool.active_sockets or server.pool.operation_count:
                assert time.monotonic() < deadline, step
                await asyncio.sleep(0.01)

        instances = [*books, *{id(book.publisher): book.publisher for book in books}.values()]
        for instance in instances:
            collection = raw_database[type(instance).__collection__]
            # The other way round, a save would just repeat the values.
            if collection.find_one({"_id": instance.id}) is None:
                assert instance.__fields_modified__ == set(type(instance).__odm_fields__), step
        for book in books:
            await aio_engine.save(book)
        for instance in instances:
            collection = raw_database[type(instance).__collection__]
            assert collection.find_one({"_id": instance.id}) == instance.model_dump_doc(), step

    return check


async def _use(engine, transaction, books):
    """Every operation; also those that change nothing."""
    first, second = books
    await transaction.save(first)
    assert await transaction.count(Book, Book.id == first.id) == 1
    first.title = "Coffee"
    await engine.save(first, session=transaction)
    assert await transaction.find_one(Book, Book.id == first.id)
    await transaction.save(second)
    await transaction.delete(second)
    await transaction.remove(Book, Book.title == "nobody's")


async def _block(engine, books):
    async with engine.transaction() as transaction:
        await _use(engine, transaction, books)


async def _manual(engine, books):
    transaction = engine.transaction()
    await transaction.start()
    try:
        await transaction.save(books[0])
    except BaseException:
        await transaction.abort()
        raise
    await transaction.commit()


async def _rolled_back(engine, books):
    with contextlib.suppress(KeyError):
        async with engine.transaction() as transaction:
            await _use(engine, transaction, books)
            raise KeyError


async def _in_session(engine, books):
    async with engine.session() as session:
        async with session.transaction() as transaction:
            await _use(engine, transaction, books)
        await session.count(Book)
        with contextlib.suppress(KeyError):
            async with session.transaction() as transaction:
                books[0].tags.append("more")
                await transaction.save(books[0])
                raise KeyError


async def _callback(engine, books):
    await engine.run_transaction(lambda transaction: _use(engine, transaction, books))


async def _callback_in_session(engine, books):
    async with engine.session() as session:
        await session.run_transaction(lambda transaction: _use(engine, transaction, books))


async def _joined(engine, books):
    async with engine.transaction() as transaction:
        await transaction.save(books[0])
        await engine.run_transaction(lambda part: part.save(books[1]), join=transaction)


async def _with_hooks(engine, books):
    async def hook():
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def work(transaction):
        transaction.on_commit(hook)
        transaction.on_rollback(hook)
        await transaction.save(books[0])

    await engine.run_transaction(work)
    books[0].title = "Coffee"
    with contextlib.suppress(KeyError):
        async with engine.transaction() as transaction:
            await work(transaction)
            raise KeyError


async def _bulk(engine, books):
    async with engine.transaction() as transaction:
        await transaction.save_all(books)
        books[0].title = "Coffee"
        books[1].tags.append("ground")
        await transaction.save_all(books)


async def _cursor(engine, books):
    async with engine.transaction() as transaction:
        await transaction.save_all(books)
        seen = [number.id async for number in transaction.find(Number)]
        assert len(seen) == MANY
        assert await transaction.find(Book, Book.id == books[0].id)
        async for book in transaction.find(Book):
            book.tags.append("seen")
            await transaction.save(book)
            break


_KINDS = [
    _block,
    _manual,
    _rolled_back,
    _in_session,
    _callback,
    _callback_in_session,
    _joined,
    _with_hooks,
    _bulk,
    _cursor,
]


async def _cancel_everywhere(work, engine, check):
    """Returns the number of places."""
    step, was_reached = 0, True
    while was_reached:
        step += 1
        books, steps = [_book(), _book()], _Steps(step)
        was_cut_off = await steps.run(work(engine, books))
        was_reached = steps.was_reached
        assert was_cut_off == was_reached, step
        await check(books, step)
    assert engine.client.nodes
    return step - 1


def _server_sessions(commands):
    """How many were used; a cursor that was let go is closed without one."""
    lsids = [event.command["lsid"]["id"] for event in commands.started if "lsid" in event.command]
    return len({*lsids})


@pytest.mark.parametrize("work", _KINDS, ids=[work.__name__[1:] for work in _KINDS])
async def test_a_transaction_cancelled_anywhere_leaves_nothing_behind(
    aio_engine, raw_database, commands, assert_nothing_is_left, work
):
    for collection in ("book", "publisher"):
        raw_database.create_collection(collection)
    raw_database["number"].insert_many([{"_id": number} for number in range(MANY)])

    places = await _cancel_everywhere(work, aio_engine, assert_nothing_is_left)

    assert places > 5
    assert _server_sessions(commands) == 1


async def test_a_transaction_cancelled_anywhere_while_it_is_repeated_leaves_nothing_behind(
    aio_engine, raw_database, commands, fail_point, assert_nothing_is_left
):
    for collection in ("book", "publisher"):
        raw_database.create_collection(collection)
    runs = []

    async def work(engine, books):
        async def save(transaction):
            runs.append(transaction)
            await transaction.save(books[0])

        with fail_point("update", error_code=112, labels=(TRANSIENT,), times=1):
            await engine.run_transaction(save)

    places = await _cancel_everywhere(work, aio_engine, assert_nothing_is_left)

    assert places > 10
    assert not any(transaction.is_started for transaction in runs)
    assert len(runs) > places
    assert _server_sessions(commands) == 1


async def test_a_session_cancelled_anywhere_is_ended(aio_engine, raw_database, commands):
    async def work(session, book):
        async with session:
            await session.save(book)
            await session.count(Book)
            await session.find_one(Book)

    for step in itertools.count(1):
        book, session, steps = _book(), aio_engine.session(), _Steps(step)
        await steps.run(work(session, book))

        assert not session.is_started, step
        await aio_engine.save(book)
        assert raw_database["book"].find_one({"_id": book.id}) == book.model_dump_doc(), step
        if not steps.was_reached:
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
    with pytest.raises(Exception, match="exists already"):
        async with aio_engine.transaction() as transaction:
            saves = [asyncio.ensure_future(transaction.save(each)) for each in publishers]
            await asyncio.gather(*saves)
    results = await asyncio.gather(*saves, return_exceptions=True)

    assert sum(isinstance(result, Exception) for result in results) == 5
    assert open_transactions() == 0
    assert raw_database["publisher"].count_documents({}) == 0
    assert all(each.__fields_modified__ == {"id", "name"} for each in publishers)


async def test_a_command_that_hangs_is_given_up(
    aio_engine, fail_point, open_transactions, commands
):
    """Also by the server, which would begin the transaction after its rollback."""
    transaction = aio_engine.transaction()

    async def work():
        async with transaction:
            await transaction.save(Publisher(name="Leaf"))

    with fail_point("update", block_ms=2000, times=1):
        task = asyncio.ensure_future(work())
        while "update" not in commands.names:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)

    assert not transaction.is_started
    assert not transaction.session.is_started
    assert commands.names == ["update", "killSessions", "abortTransaction"]
    assert open_transactions() == 0


@pytest.mark.parametrize("command", ["update", "aggregate", "commitTransaction"])
async def test_a_loop_that_is_shut_down_leaves_nothing_open(
    aio_engine, raw_database, fail_point, open_transactions, commands, command
):
    """It cancels every task, and with them those that odmantic has made for its commands."""
    raw_database.create_collection("publisher")
    before, publisher = asyncio.all_tasks(), Publisher(name="Leaf")

    async def work():
        async with aio_engine.transaction() as transaction:
            await transaction.save(publisher)
            await transaction.count(Publisher)

    with fail_point(command, block_ms=500, times=1):
        task = asyncio.ensure_future(work())
        while command not in commands.names:
            await asyncio.sleep(0.01)
        for each in asyncio.all_tasks() - before:
            each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert open_transactions() == 0
    assert publisher.__fields_modified__ == {"id", "name"}
    await aio_engine.save(publisher)
    assert raw_database["publisher"].find_one() == publisher.model_dump_doc()
