"""A rollback is short only where the time of the block's caller is up, whatever went wrong inside the block before.

The exception that leaves the block tells, be it in another thread, and from Python 3.11 on the task as well, whose
cancellation code in the block may have turned into another exception. What the block only followed does not count.
"""

from __future__ import annotations

import asyncio
import sys

import anyio
import pytest
from tests.integration.losing import takes_at_most

from odmantic import Model
from odmantic._driver import deadline

SHORT, LONG = 600, 2300
"""Milliseconds that the server keeps a rollback."""
if sys.version_info >= (3, 11):
    asyncio_timeout = asyncio.timeout
else:
    asyncio_timeout = anyio.fail_after


class User(Model):
    name: str


@pytest.fixture
def short_grace(monkeypatch):
    """A rollback that is cut short ends before `SHORT`, so that the tests of those that are not do not take long."""
    monkeypatch.setattr(deadline, "GRACE_SECONDS", 0.3)


class ApiError(Exception):
    """What a program makes of the failure of some other service."""


async def _hang():
    await asyncio.sleep(60)


async def _after_wait_for():
    try:
        await asyncio.wait_for(_hang(), 0.01)
    except asyncio.TimeoutError:
        raise ApiError  # noqa: B904 - implicitly, as most programs do


async def _caused_by_wait_for():
    try:
        await asyncio.wait_for(_hang(), 0.01)
    except asyncio.TimeoutError as error:
        raise ApiError from error


async def _let_out():
    await asyncio.wait_for(_hang(), 0.01)


async def _after_timeout():
    try:
        async with asyncio_timeout(0.01):
            await _hang()
    except TimeoutError:
        raise ApiError  # noqa: B904


async def _after_a_scope():
    with anyio.move_on_after(0.01):
        await _hang()
    raise ApiError


async def _after_a_child():
    child = asyncio.ensure_future(_hang())
    asyncio.get_running_loop().call_later(0.01, child.cancel)
    try:
        await child
    except asyncio.CancelledError:
        raise ApiError  # noqa: B904


async def _in_a_group():
    async with anyio.create_task_group() as group:
        group.start_soon(_hang)
        group.start_soon(_after_wait_for)


async def _after_an_interrupt():
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        raise ApiError  # noqa: B904


@pytest.mark.parametrize(
    "failing",
    [
        _after_wait_for,
        _caused_by_wait_for,
        _let_out,
        _after_timeout,
        _after_a_scope,
        _after_a_child,
        _in_a_group,
        _after_an_interrupt,
    ],
)
@pytest.mark.usefixtures("short_grace")
async def test_a_timeout_inside_the_block_leaves_the_rollback_its_time(
    aio_engine, fail_point, open_transactions, failing
):
    with fail_point("abortTransaction", block_ms=SHORT):
        with pytest.raises(Exception):  # noqa: B017 - each has its own
            async with aio_engine.transaction() as transaction:
                await transaction.save(User(name="Ada"))
                await failing()
        assert open_transactions() == 0


@pytest.mark.parametrize("failing", [_after_wait_for, _let_out])
@pytest.mark.usefixtures("short_grace")
async def test_so_does_one_inside_a_session(aio_engine, fail_point, open_transactions, failing):
    with fail_point("abortTransaction", block_ms=SHORT):
        with pytest.raises((ApiError, asyncio.TimeoutError)):
            async with aio_engine.session() as session:
                await session.transaction().start()
                await session.save(User(name="Ada"))
                await failing()
        assert open_transactions() == 0


async def _cancelled(engine):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        await _hang()


async def _cancelled_after_a_timeout(engine):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        try:
            await asyncio.wait_for(_hang(), 0.01)
        except asyncio.TimeoutError:
            await _hang()


async def _rolled_back_by_hand(engine):
    transaction = engine.transaction()
    await transaction.start()
    await transaction.save(User(name="Ada"))
    try:
        await _hang()
    except asyncio.CancelledError:
        await transaction.abort()
        raise


async def _in_a_session(engine):
    async with engine.session() as session:
        await session.transaction().start()
        await session.save(User(name="Ada"))
        await _hang()


@pytest.mark.parametrize(
    "program", [_cancelled, _cancelled_after_a_timeout, _rolled_back_by_hand, _in_a_session]
)
@pytest.mark.each_driver
async def test_the_rollback_of_a_cancelled_task_is_short(aio_engine, fail_point, program):
    await aio_engine.save(User(name="first"))
    with fail_point("abortTransaction", block_ms=LONG), takes_at_most(0.3 + 1.0):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(program(aio_engine), 0.3)


@pytest.mark.parametrize("kind", ["transaction", "session"])
@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt()])
async def test_an_exception_that_is_handed_to_a_thread_counts_there(
    sync_engine, fail_point, kind, error
):
    """As a server does that runs sync code in threads, for a request that was cancelled."""
    sync_engine.save(User(name="first"))
    block = getattr(sync_engine, kind)()
    block.__enter__()
    if kind == "session":
        block.transaction().start()
    block.save(User(name="Ada"))
    with fail_point("abortTransaction", block_ms=LONG), takes_at_most(1.0):
        await asyncio.to_thread(block.__exit__, type(error), error, None)


@pytest.mark.parametrize("kind", ["transaction", "session"])
@pytest.mark.usefixtures("short_grace")
async def test_another_one_leaves_the_rollback_its_time_there(
    sync_engine, fail_point, open_transactions, kind
):
    error = ApiError()
    error.__context__ = asyncio.CancelledError()
    block = getattr(sync_engine, kind)()
    block.__enter__()
    if kind == "session":
        block.transaction().start()
    block.save(User(name="Ada"))
    with fail_point("abortTransaction", block_ms=SHORT):
        await asyncio.to_thread(block.__exit__, type(error), error, None)
        assert open_transactions() == 0


@pytest.mark.parametrize("is_slow", [False, True])
@pytest.mark.each_driver
async def test_a_commit_is_cut_off_but_not_taken_back(
    aio_engine, fail_point, commands, raw_database, is_slow
):
    """Its outcome is unknown: a rollback could meet it, and here the server completes it."""
    await aio_engine.save(User(name="first"))
    commands.clear()

    async def work():
        async with aio_engine.transaction() as transaction:
            await transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", block_ms=LONG if is_slow else 600):
        with takes_at_most(0.3 + 1.0), pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(work(), 0.3)
        assert commands.names == ["update", "commitTransaction"]
    for _ in range(LONG // 100):
        if raw_database["user"].count_documents({"name": "Ada"}):
            break
        await asyncio.sleep(0.1)
    assert raw_database["user"].count_documents({"name": "Ada"}) == 1
