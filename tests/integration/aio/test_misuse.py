"""Misuse of sessions and transactions: each is an error that says so, and nothing is written by it."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest
from pymongo.errors import InvalidOperation
from tests.integration.aio.colour import ASYNC, resolve

from odmantic import Model
from odmantic.exceptions import SessionMisuseError


class User(Model):
    name: str


@pytest.fixture
def count(raw_database):
    """Counts the users that are stored."""
    raw_database.create_collection("user")
    return lambda: raw_database["user"].count_documents({})


@pytest.mark.parametrize("given", ["transaction", "driver session"])
@pytest.mark.each_driver
async def test_a_transaction_of_another_client_is_refused(
    aio_engine, count, odmantic_mongo_uri, given
):
    client = type(aio_engine.client)(odmantic_mongo_uri)
    other = type(aio_engine)(client, aio_engine.database_name)
    try:
        async with other.transaction() as transaction:
            session = transaction
            if given == "driver session":
                session = transaction.get_driver_session()
            with pytest.raises(InvalidOperation):
                await aio_engine.save(User(name="Ada"), session=session)
    finally:
        await resolve(client.close())
    assert count() == 0


async def test_two_databases_of_one_client_are_one_transaction(
    aio_engine, count, odmantic_mongo_client
):
    other = type(aio_engine)(aio_engine.client, aio_engine.database_name + "_b")
    try:
        with pytest.raises(KeyError):
            async with aio_engine.transaction() as transaction:
                await transaction.save(User(name="Ada"))
                await other.save(User(name="Bob"), session=transaction)
                raise KeyError
        assert count() == 0
        assert odmantic_mongo_client[other.database_name]["user"].count_documents({}) == 0
    finally:
        odmantic_mongo_client.drop_database(other.database_name)


async def _add(engine, name, session=None):
    if session:
        return await engine.save(User(name=name), session=session)
    async with engine.session() as own:
        return await engine.save(User(name=name), session=own)


async def test_a_helper_with_an_optional_session_takes_part(aio_engine, count):
    await _add(aio_engine, "alone")
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            await _add(aio_engine, "inside", transaction)
            raise KeyError
    assert count() == 1


@pytest.mark.parametrize("end", ["commit", "abort", "exit"])
@pytest.mark.parametrize("given", ["transaction", "driver session"])
async def test_a_transaction_is_not_used_after_its_end(aio_engine, count, commands, end, given):
    transaction = aio_engine.transaction()
    await transaction.start()
    session = transaction if given == "transaction" else transaction.get_driver_session()
    if end == "exit":
        await transaction.__aexit__(None, None, None)
    else:
        await getattr(transaction, end)()

    for operate in (aio_engine.save, aio_engine.delete):
        with pytest.raises(RuntimeError, match="transaction not started") as caught:
            await operate(User(name="late"), session=session)
        assert isinstance(caught.value, InvalidOperation)
    assert commands.names == []
    assert count() == 0


@pytest.mark.each_driver
async def test_a_driver_session_is_not_used_after_its_session(aio_engine, count):
    async with aio_engine.session() as session:
        raw = session.get_driver_session()
    with pytest.raises(SessionMisuseError, match="Cannot use ended session"):
        await aio_engine.save(User(name="late"), session=raw)
    assert count() == 0


@pytest.mark.parametrize("way", ["closed", "let go"])
async def test_a_generator_that_is_not_used_up_rolls_back(
    aio_engine, count, open_transactions, way
):
    seen = []

    async def names():
        async with aio_engine.transaction() as transaction:
            seen.append(transaction)
            await transaction.save(User(name="Ada"))
            yield "Ada"

    generator = names()
    async for _ in generator:
        break
    if way == "let go":
        del generator
    if way == "closed":
        await resolve(generator.aclose())
    if ASYNC:
        while seen[0].session.is_started:
            await asyncio.sleep(0.01)
    assert not seen[0].session.is_started
    assert open_transactions() == 0
    assert count() == 0


@pytest.mark.each_driver
async def test_a_forked_child_sends_nothing(aio_engine, count, commands):
    reading, writing = os.pipe()
    async with aio_engine.session() as session:
        async with session.transaction() as transaction:
            await transaction.save(User(name="Ada"))
            child = os.fork()
            if child == 0:
                commands.clear()
                _leave(writing, lambda: _in_child(aio_engine, session, transaction, commands))
            os.close(writing)
            told = _told(child, reading)
    assert told == "refused " * 5 + "silent"
    assert count() == 1


def _in_child(engine, session, transaction, commands):
    """Tells what becomes of the calls and exits."""
    told, user = "", User(name="child")
    for call in (
        transaction.commit,
        transaction.abort,
        session.end,
        lambda: transaction.save(user),
        lambda: engine.save(user, session=session),
    ):
        try:
            _at_once(call)
        except RuntimeError as error:
            told += "refused " if "another process" in str(error) else f"{error!r} "
    _at_once(lambda: transaction.__aexit__(None, None, None))
    _at_once(lambda: session.__aexit__(None, None, None))
    return told + ("silent" if not commands.names else repr(commands.names))


def _at_once(call):
    """Makes a call that must not wait for anything: a child has no event loop."""
    if ASYNC:
        with contextlib.suppress(StopIteration):
            raise AssertionError(f"waits for {call().send(None)!r}")
    else:
        call()


def _told(child, reading):
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


def _leave(writing, work):
    """Leaves a child with what work tells, and without anything of the parent's."""
    try:
        signal.alarm(30)
        told = work()
    except BaseException as error:
        told = repr(error)
    os.write(writing, told.encode())
    os._exit(0)


if ASYNC:
    import asyncio

    @pytest.mark.each_driver
    async def test_another_event_loop_is_refused_and_the_transaction_goes_on(
        aio_engine, count, open_transactions
    ):
        async def elsewhere(session, transaction):
            user, raw = User(name="elsewhere"), transaction.get_driver_session
            with pytest.raises(SessionMisuseError, match="another event loop"):
                raw()
            for call in (
                lambda: transaction.save(user),
                lambda: transaction.find_one(User),
                lambda: aio_engine.save(user, session=session),
                transaction.commit,
                transaction.abort,
                session.transaction().start,
                session.end,
                lambda: transaction.__aexit__(None, None, None),
                lambda: session.__aexit__(None, None, None),
            ):
                with pytest.raises(SessionMisuseError, match="another event loop"):
                    await call()
            with pytest.raises(RuntimeError):
                await aio_engine.count(User)

        async with aio_engine.session() as session:
            async with session.transaction() as transaction:
                await transaction.save(User(name="Ada"))
                await asyncio.to_thread(asyncio.run, elsewhere(session, transaction))
                await transaction.save(User(name="Bob"))
        assert open_transactions() == 0
        assert count() == 2

    @pytest.mark.each_driver
    async def test_another_event_loop_with_a_client_of_its_own_is_none_of_its_business(
        aio_engine, count, odmantic_mongo_uri
    ):
        async def elsewhere():
            client = type(aio_engine.client)(odmantic_mongo_uri)
            engine = type(aio_engine)(client, aio_engine.database_name, stray_operations="raise")
            await engine.save(User(name="Bob"))
            async with engine.transaction() as transaction:
                await transaction.save(User(name="Cy"))
            await resolve(client.close())

        async with aio_engine.transaction() as transaction:
            await transaction.save(User(name="Ada"))
            await asyncio.to_thread(asyncio.run, elsewhere())
        assert count() == 3

    @pytest.mark.each_driver
    async def test_gathered_saves_are_all_stored(aio_engine, count):
        async with aio_engine.transaction() as transaction:
            users = [User(name=str(number)) for number in range(50)]
            await asyncio.gather(*(transaction.save(user) for user in users))
        assert count() == 50

    @pytest.mark.parametrize("given", ["transaction", "driver session"])
    @pytest.mark.parametrize("delay", [0, 0.3])
    @pytest.mark.each_driver
    async def test_a_late_sibling_of_a_failed_gather_writes_nothing(
        aio_engine, count, given, delay
    ):
        late, over = [], asyncio.Event()

        async def fail():
            await asyncio.sleep(0.1)
            raise KeyError

        async def save(session):
            if delay:
                await over.wait()
            else:
                await asyncio.sleep(0.1)
            await aio_engine.save(User(name="late"), session=session)

        with pytest.raises(KeyError):
            async with aio_engine.transaction() as transaction:
                await transaction.save(User(name="Ada"))
                session = transaction
                if given == "driver session":
                    session = transaction.get_driver_session()
                late.append(asyncio.ensure_future(save(session)))
                await asyncio.gather(fail(), late[0])
        over.set()
        (result,) = await asyncio.gather(*late, return_exceptions=True)
        if delay:
            assert isinstance(result, RuntimeError)
            assert "transaction not started" in str(result)
        assert count() == 0

    async def test_a_save_that_waits_while_a_transaction_begins_is_refused(
        aio_engine, count, fail_point
    ):
        """It was called outside of the transaction, and could only be sent inside."""
        user = User(name="outside")
        async with aio_engine.session() as session:
            with fail_point("aggregate", block_ms=300, times=1):
                counting = asyncio.ensure_future(session.count(User))
                await asyncio.sleep(0.05)
                transaction = session.transaction()
                starting = asyncio.ensure_future(transaction.start())
                await asyncio.sleep(0)
                saving = asyncio.ensure_future(aio_engine.save(user, session=session))
                await counting
            await starting
            with pytest.raises(RuntimeError, match="begun in this session after"):
                await saving
            await transaction.abort()
        assert user.__fields_modified__ == {"id", "name"}
        assert count() == 0

else:
    import threading
    from concurrent.futures import ThreadPoolExecutor

    from pymongo import MongoClient

    from odmantic.engine import SyncEngine

    def test_saves_of_threads_are_all_stored(sync_engine, count):
        with ThreadPoolExecutor(8) as pool, sync_engine.transaction() as transaction:
            list(pool.map(transaction.save, [User(name=str(number)) for number in range(50)]))
        assert count() == 50

    @pytest.mark.parametrize("given", ["transaction", "driver session"])
    def test_a_thread_that_is_late_writes_nothing(sync_engine, count, given):
        over = threading.Event()

        def save(session):
            over.wait(10)
            sync_engine.save(User(name="late"), session=session)

        with ThreadPoolExecutor(1) as pool:
            with sync_engine.transaction() as transaction:
                transaction.save(User(name="Ada"))
                session = transaction
                if given == "driver session":
                    session = transaction.get_driver_session()
                saving = pool.submit(save, session)
            over.set()
            with pytest.raises(RuntimeError, match="transaction not started"):
                saving.result()
        assert count() == 1

    def test_a_forked_child_with_a_client_of_its_own_works(sync_engine, count, odmantic_mongo_uri):
        def work():
            with MongoClient(odmantic_mongo_uri) as client:
                engine = SyncEngine(client, sync_engine.database_name, stray_operations="raise")
                engine.save(User(name="Bob"))
                with engine.transaction() as transaction:
                    transaction.save(User(name="Cy"))
            return "saved"

        reading, writing = os.pipe()
        with sync_engine.transaction() as transaction:
            transaction.save(User(name="Ada"))
            child = os.fork()
            if child == 0:
                _leave(writing, work)
            os.close(writing)
            assert _told(child, reading) == "saved"
        assert count() == 3
