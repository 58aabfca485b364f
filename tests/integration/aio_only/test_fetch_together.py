"""Lazy references that tasks fetch at the same time are read by one query."""

from __future__ import annotations

import asyncio
import gc

import anyio
import pymongo
import pytest
from bson import ObjectId
from pymongo.errors import ExecutionTimeout, NetworkTimeout, OperationFailure, WTimeoutError

from odmantic import AIOEngine, Model, Ref
from odmantic.exceptions import DocumentParsingError, NotLoadedError, TargetNotFoundError

pytestmark = pytest.mark.each_driver


class Site(Model):
    name: str


class Other(Model):
    name: str


class Post(Model):
    source: Ref[Site]


@pytest.fixture
async def refs(aio_engine, commands):
    sites = await aio_engine.save_all([Site(name=str(number)) for number in range(5)])
    commands.clear()
    return [Ref.to(Site, site.id) for site in sites]


def names(sites):
    return [site.name for site in sites]


def tasks_left():
    # Not those of the driver.
    return [each for each in asyncio.all_tasks() if "_Batch" in str(each.get_coro())]


async def test_what_is_gathered_takes_one_query(aio_engine, refs, commands):
    found = await asyncio.gather(*(ref.fetch(aio_engine) for ref in refs))

    assert names(found) == list("01234")
    (event,) = commands.started
    assert event.command["filter"]["_id"]["$in"] == [ref.key for ref in refs]
    assert not tasks_left()


async def test_one_reference_twice_is_one_instance(aio_engine, refs, commands):
    again = Ref.to(Site, refs[0].key)
    one, other, third = await asyncio.gather(
        refs[0].fetch(aio_engine), refs[0].fetch(aio_engine), again.fetch(aio_engine)
    )

    assert one is other
    assert third == one
    assert third is not one
    assert commands.names == ["find"]
    assert len(commands.started[0].command["filter"]["_id"]["$in"]) == 1


async def test_task_groups_of_anyio_are_together(aio_engine, refs, commands):
    async with anyio.create_task_group() as group:
        for ref in refs:
            group.start_soon(ref.fetch, aio_engine)

    assert all(ref.is_loaded for ref in refs)
    assert commands.names == ["find"]


async def test_several_models_take_a_query_each(aio_engine, refs, commands):
    other = await aio_engine.save(Other(name="other"))
    commands.clear()
    await asyncio.gather(
        *(ref.fetch(aio_engine) for ref in refs), Ref.to(Other, other.id).fetch(aio_engine)
    )

    assert commands.names == ["find", "find"]


async def test_sessions_and_transactions_stay_apart(aio_engine, refs, commands):
    async with aio_engine.session() as session, aio_engine.transaction() as transaction:
        scopes = [aio_engine, session, transaction]
        found = await asyncio.gather(
            *(Ref.to(Site, ref.key).fetch(scope) for ref in refs for scope in scopes)
        )
        sent = [event.command for event in commands.started]
        assert len(sent) == 3
        assert sum("startTransaction" in command for command in sent) == 1
    assert len(found) == 15


async def test_another_engine_stays_apart(aio_engine, async_client, refs, commands):
    empty = AIOEngine(async_client, "odmantic_test_empty")
    found = await asyncio.gather(
        refs[0].fetch(aio_engine), Ref.to(Site, refs[1].key).fetch(empty), return_exceptions=True
    )
    assert found[0].name == "0"
    assert isinstance(found[1], TargetNotFoundError)


async def test_each_has_its_own_outcome(aio_engine, refs, raw_database):
    raw_database["site"].update_one({"_id": refs[1].key}, {"$set": {"name": 5}})
    gone = Ref.to(Site, ObjectId())

    found = await asyncio.gather(
        *(ref.fetch(aio_engine) for ref in [*refs, gone]), return_exceptions=True
    )

    assert names([found[0], *found[2:5]]) == ["0", "2", "3", "4"]
    assert isinstance(found[1], DocumentParsingError)
    assert isinstance(found[5], TargetNotFoundError)


async def test_an_error_reaches_each(aio_engine, refs, fail_point):
    with fail_point("find", error_code=11601):
        found = await asyncio.gather(
            *(ref.fetch(aio_engine) for ref in refs), return_exceptions=True
        )

    assert [type(each) for each in found] == [OperationFailure] * 5
    assert not tasks_left()
    assert not any(ref.is_loaded or ref.is_missing for ref in refs)


async def test_a_cancelled_one_does_not_stop_the_others(aio_engine, refs, commands, fail_point):
    with fail_point("find", block_ms=50):
        tasks = [asyncio.create_task(ref.fetch(aio_engine)) for ref in refs]
        while not commands.started:
            await asyncio.sleep(0.001)
        tasks[0].cancel()
        tasks[4].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(each) for each in (found[0], found[4])] == [asyncio.CancelledError] * 2
    assert names(found[1:4]) == ["1", "2", "3"]
    assert commands.names == ["find"]
    assert not tasks_left()


async def test_one_that_is_cancelled_before_the_query_is_not_asked_for(aio_engine, refs, commands):
    tasks = [asyncio.create_task(ref.fetch(aio_engine)) for ref in refs[:2]]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert commands.started[0].command["filter"]["_id"]["$in"] == [refs[1].key]


async def test_without_anyone_waiting_nothing_goes_on(aio_engine, refs, commands, fail_point):
    with fail_point("find", block_ms=50):
        tasks = [asyncio.create_task(ref.fetch(aio_engine)) for ref in refs]
        while not commands.started:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert not tasks_left()
    assert names(await asyncio.gather(*(ref.fetch(aio_engine) for ref in refs))) == list("01234")


async def test_a_cancelled_transaction_ends(aio_engine, refs, commands, fail_point):
    async def work():
        async with aio_engine.transaction() as transaction:
            await asyncio.gather(*(ref.fetch(transaction) for ref in refs))

    with fail_point("find", block_ms=50):
        task = asyncio.create_task(work())
        while not commands.started:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert not tasks_left()
    assert commands.names[-1] == "abortTransaction"


async def test_each_has_its_own_deadline(aio_engine, refs, commands, fail_point):
    async def soon(ref):
        with pymongo.timeout(0.02):
            return await ref.fetch(aio_engine)

    with fail_point("find", block_ms=100):
        found = await asyncio.gather(
            soon(refs[0]), *(ref.fetch(aio_engine) for ref in refs[1:]), return_exceptions=True
        )

    errors = (ExecutionTimeout, NetworkTimeout, WTimeoutError)
    assert isinstance(found[0], errors)
    assert sorted(names(found[1:])) == list("1234") or isinstance(found[1], errors)


def test_loops_stay_apart(odmantic_mongo_uri, odmantic_database_name):
    found = []
    for _ in range(2):

        async def work():
            async with AIOEngine(odmantic_mongo_uri, odmantic_database_name) as engine:
                site = await engine.save(Site(name="s"))
                refs = [Ref.to(Site, site.id) for _ in range(3)]
                found.extend(await asyncio.gather(*(ref.fetch(engine) for ref in refs)))

        asyncio.run(work())
    assert len(found) == 6


def test_what_a_closed_loop_left_is_forgotten(odmantic_mongo_uri, odmantic_database_name):
    engine = AIOEngine(odmantic_mongo_uri, odmantic_database_name)

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    task = loop.create_task(Ref.to(Site, ObjectId()).fetch(engine))
    loop.call_soon(loop.stop)  # before the query
    loop.run_forever()
    assert len(engine._together._open) == 1
    task.get_coro().close()
    loop.close()

    async def again():
        with pytest.raises(TargetNotFoundError):
            await Ref.to(Site, ObjectId()).fetch(engine)
        assert not engine._together._open
        await engine.close()

    asyncio.run(again())


async def test_strict_loading_counts_for_what_is_gathered_too(
    aio_engine, async_client, odmantic_database_name, refs
):
    strict = AIOEngine(async_client, odmantic_database_name, strict_loading=True)
    await strict.save_all([Post(source=ref) for ref in refs])
    posts = await strict.find(Post)

    found = await asyncio.gather(
        *(post.source.fetch(strict) for post in posts), return_exceptions=True
    )

    assert [type(each) for each in found] == [NotLoadedError] * 5


def test_outside_of_asyncio_it_says_so(odmantic_mongo_uri):
    engine = AIOEngine(odmantic_mongo_uri)
    fetch = Ref.to(Site, ObjectId()).fetch(engine).__await__()
    with pytest.raises(RuntimeError, match="needs a running event loop of asyncio"):
        next(fetch)
    gc.collect()
