"""Session objects: what they offer, how they begin and end, and that tasks and threads may share one."""

from __future__ import annotations

import inspect

import pymongo.asynchronous.client_session
import pytest
from pymongo.errors import InvalidOperation, OperationFailure
from tests.integration.aio.colour import ASYNC, resolve
from tests.integration.aio.reading import MANY

from odmantic import Model
from odmantic.session import AIOSession, AIOSessionBase

pytestmark = pytest.mark.each_driver


class User(Model):
    name: str
    email: str = ""


def _server_sessions(commands):
    return {event.command["lsid"]["id"] for event in commands.started}


# --- The object -----------------------------------------------------------------------------------


async def test_engine_session_makes_a_session_that_is_not_started(aio_engine, commands):
    session = aio_engine.session()

    assert type(session) is AIOSession
    assert isinstance(session, AIOSessionBase)
    assert session.engine is aio_engine
    assert session.session is None
    assert session.is_started is False
    assert commands.started == []


async def test_a_session_is_truthy_in_every_state(aio_engine):
    session = aio_engine.session()
    assert session
    async with session:
        assert session
    assert session


async def test_a_session_can_be_made_from_an_engine(aio_engine):
    async with AIOSession(aio_engine) as session:
        assert session.engine is aio_engine
        assert await session.count(User) == 0


async def test_is_started_and_session_follow_start_and_end(aio_engine):
    session = aio_engine.session()

    await session.start()
    assert session.is_started is True
    assert session.session is session.get_driver_session()

    await session.end()
    assert session.is_started is False
    assert session.session is None


async def test_the_block_gives_the_session_itself_and_ends_it(aio_engine):
    session = aio_engine.session()
    async with session as entered:
        assert entered is session
        driver_session = session.get_driver_session()
        assert not driver_session.has_ended

    assert driver_session.has_ended
    assert not session.is_started


async def test_starting_twice_is_refused_and_keeps_the_session(aio_engine):
    async with aio_engine.session() as session:
        driver_session = session.get_driver_session()
        with pytest.raises(RuntimeError, match="Session is already started"):
            await session.start()
        with pytest.raises(RuntimeError, match="Session is already started"):
            async with session:
                pytest.fail("entered twice")

        assert session.get_driver_session() is driver_session
        assert await session.count(User) == 0


async def test_ending_a_session_that_is_not_started_is_refused(aio_engine):
    session = aio_engine.session()
    with pytest.raises(RuntimeError, match="Session is not started"):
        await session.end()
    async with session:
        pass
    with pytest.raises(RuntimeError, match="Session is not started"):
        await session.end()


async def test_an_ended_session_can_be_started_again(aio_engine):
    session = aio_engine.session()
    for _ in range(2):
        async with session:
            await session.save(User(name="Ada"))
    await session.start()
    assert await session.count(User) == 2
    await session.end()


async def test_exit_takes_its_arguments_by_the_names_of_the_wish():
    names = list(inspect.signature(AIOSession.__aexit__).parameters)
    assert names == ["self", "exc_type", "exc_val", "exc_tb"]


if ASYNC:

    def _class_of_motor(client):
        """The class of the client's sessions, if it is one of Motor's."""
        if type(client).__module__.partition(".")[0] != "motor":
            return None
        from motor.motor_asyncio import AsyncIOMotorClientSession

        return AsyncIOMotorClientSession


# --- The driver's session ---------------------------------------------------------------------------


async def test_the_driver_session_is_of_the_drivers_own_class(aio_engine):
    expected = pymongo.asynchronous.client_session.AsyncClientSession
    if ASYNC:
        expected = _class_of_motor(aio_engine.client) or expected
    async with aio_engine.session() as session:
        assert type(session.get_driver_session()) is expected
        assert session.get_driver_session() is session.get_driver_session()
    async with aio_engine.transaction() as transaction:
        assert type(transaction.get_driver_session()) is expected
        assert transaction.get_driver_session() is transaction.session.get_driver_session()


async def test_the_driver_session_fits_raw_calls(aio_engine, commands):
    async with aio_engine.session() as session:
        user = await session.save(User(name="Ada"))
        collection = aio_engine.get_collection(User)
        driver_session = session.get_driver_session()

        found = await collection.find_one({"_id": user.id}, session=driver_session)

    assert found == {"_id": user.id, "name": "Ada", "email": ""}
    assert len(_server_sessions(commands)) == 1


async def test_get_driver_session_needs_a_started_session(aio_engine):
    session = aio_engine.session()
    with pytest.raises(RuntimeError, match=r"^session not started"):
        session.get_driver_session()
    async with session:
        pass
    with pytest.raises(RuntimeError, match=r"^session not started"):
        session.get_driver_session()


# --- Operations -------------------------------------------------------------------------------------


async def test_every_operation_works_and_uses_the_one_driver_session(aio_engine, commands):
    async with aio_engine.session() as session:
        user = User(name="Ada")
        assert await session.save(user) is user
        assert await session.save_all([User(name="Bob"), User(name="Cy")])
        assert [found.name async for found in session.find(User, sort=User.name.desc())] == [
            "Cy",
            "Bob",
            "Ada",
        ]
        found = [found async for found in session.find(User, sort=User.name, skip=1, limit=1)]
        assert [user.name for user in found] == ["Bob"]
        assert (await session.find_one(User, User.name == "Cy")).name == "Cy"
        assert (await session.find_one(User, sort=User.name)).name == "Ada"
        assert await session.count(User) == 3
        await session.delete(user)
        assert await session.remove(User, just_one=True) == 1
        assert await session.remove(User, User.name != "nobody") == 1

    assert len(_server_sessions(commands)) == 1


async def test_a_write_in_a_session_takes_effect_immediately(aio_engine, raw_database):
    async with aio_engine.session() as session:
        await session.save(User(name="Ada"))
        assert raw_database["user"].count_documents({}) == 1
        assert await aio_engine.count(User) == 1


async def test_operations_on_a_session_that_is_not_started_are_refused(aio_engine, commands):
    session = aio_engine.session()
    user = User(name="Ada")

    async def refused():
        with pytest.raises(RuntimeError, match=r"^session not started"):
            session.find(User)
        for call in (
            lambda: session.find_one(User),
            lambda: session.count(User),
            lambda: session.save(user),
            lambda: session.save_all([user]),
            lambda: session.delete(user),
            lambda: session.remove(User),
        ):
            with pytest.raises(RuntimeError, match=r"^session not started"):
                await call()

    await refused()
    async with session:
        pass
    await refused()
    assert commands.started == []


async def test_operations_take_no_session_argument(aio_engine):
    async with aio_engine.session() as session:
        with pytest.raises(TypeError):
            await session.save(User(name="Ada"), session=session)
        with pytest.raises(TypeError):
            session.find(User, session=session)


async def test_a_cursor_of_an_ended_session_is_refused_by_the_driver(aio_engine):
    await aio_engine.save_all([User(name=str(number)) for number in range(MANY)])
    async with aio_engine.session() as session:
        cursor = session.find(User)
        seen = 0
        async for _ in cursor:
            seen += 1
            break
    with pytest.raises(InvalidOperation):
        async for _ in cursor:
            seen += 1
    assert seen >= 1


async def test_two_engines_of_one_client_share_a_session(aio_engine, raw_database, commands):
    other = type(aio_engine)(aio_engine.client, f"{aio_engine.database_name}_other")
    try:
        async with aio_engine.session() as session:
            await aio_engine.save(User(name="Ada"), session=session)
            await other.save(User(name="Bob"), session=session)
            assert await other.count(User, session=session) == 1
    finally:
        raw_database.client.drop_database(other.database_name)
    assert len(_server_sessions(commands)) == 1


# --- Ways out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_an_exception_ends_the_session_and_propagates(aio_engine, error):
    session = aio_engine.session()
    with pytest.raises(error, match="mine"):
        async with session:
            driver_session = session.get_driver_session()
            raise error("mine")

    assert driver_session.has_ended
    assert not session.is_started


async def test_a_session_may_be_ended_inside_its_block(aio_engine):
    session = aio_engine.session()
    async with session:
        await session.end()
    assert not session.is_started


async def test_an_exception_after_a_manual_end_is_not_replaced(aio_engine):
    with pytest.raises(ValueError, match="mine"):
        async with aio_engine.session() as session:
            await session.end()
            raise ValueError("mine")


async def test_a_session_may_be_ended_and_restarted_inside_its_block(aio_engine):
    async with aio_engine.session() as session:
        first = session.get_driver_session()
        await session.end()
        await session.start()
        second = session.get_driver_session()
        await session.save(User(name="Ada"))

    assert first.has_ended
    assert second.has_ended


async def test_a_failed_start_leaves_nothing_behind(aio_engine, monkeypatch):
    session = aio_engine.session()

    class Refusing:
        def start_session(self):
            raise OperationFailure("no sessions today")

    with monkeypatch.context() as patch:
        patch.setattr(aio_engine, "client", Refusing())
        for _ in range(2):
            with pytest.raises(OperationFailure, match="no sessions today"):
                await session.start()
            assert not session.is_started
    async with session:
        assert await session.count(User) == 0


async def test_hundred_sessions_use_one_server_session(aio_engine, commands):
    for _ in range(100):
        async with aio_engine.session() as session:
            await session.count(User)

    assert len(_server_sessions(commands)) == 1


async def test_a_driver_session_made_by_hand_is_never_ended_by_the_engine(aio_engine):
    raw = await resolve(aio_engine.client.start_session())
    try:
        await aio_engine.save(User(name="Ada"), session=raw)
        assert await aio_engine.count(User, session=raw) == 1
        assert not raw.has_ended
    finally:
        await resolve(raw.end_session())


async def test_the_session_of_a_save_without_one_is_ended_also_on_errors(
    aio_engine, raw_database, commands
):
    raw_database["user"].create_index("email", unique=True)
    await aio_engine.save(User(name="Ada", email="a@x"))
    for _ in range(5):
        with pytest.raises(Exception, match="exists already"):
            await aio_engine.save(User(name="Bob", email="a@x"))
        await aio_engine.save(User(name="Cy", email=str(_)))

    assert len(_server_sessions(commands)) == 1


# --- A transaction in the session -------------------------------------------------------------------


async def test_ending_the_session_rolls_its_transaction_back(
    aio_engine, raw_database, open_transactions
):
    user = User(name="Ada")
    session = aio_engine.session()
    await session.start()
    transaction = session.transaction()
    await transaction.start()
    await transaction.save(user)
    await session.end()

    assert not transaction.is_started
    assert user.__fields_modified__ == {"id", "name", "email"}
    for closing in (transaction.commit, transaction.abort):
        with pytest.raises(RuntimeError, match="Transaction not started"):
            await closing()
    assert raw_database["user"].count_documents({}) == 0
    assert open_transactions() == 0


async def test_leaving_the_session_block_rolls_its_transaction_back(aio_engine, raw_database):
    user = User(name="Ada")
    async with aio_engine.session() as session:
        transaction = session.transaction()
        await transaction.start()
        await transaction.save(user)

    assert not transaction.is_started
    assert raw_database["user"].count_documents({}) == 0
    await aio_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": ""}


async def test_ending_the_session_inside_the_transactions_block_is_no_success(
    aio_engine, raw_database
):
    user = User(name="Ada")
    async with aio_engine.session() as session:
        with pytest.raises(RuntimeError, match="session was ended"):
            async with session.transaction() as transaction:
                await transaction.save(user)
                await session.end()

    assert not transaction.is_started
    assert user.__fields_modified__ == {"id", "name", "email"}
    assert raw_database["user"].count_documents({}) == 0


async def test_ending_the_own_session_inside_the_transactions_block_is_no_success(
    aio_engine, raw_database
):
    transaction = aio_engine.transaction()
    with pytest.raises(RuntimeError, match="session was ended"):
        async with transaction:
            await transaction.save(User(name="Ada"))
            await transaction.session.end()

    assert not transaction.is_started
    assert raw_database["user"].count_documents({}) == 0
    async with transaction:
        await transaction.save(User(name="Bob"))
    assert raw_database["user"].count_documents({}) == 1


async def test_an_exception_after_the_session_ended_in_the_block_propagates(aio_engine):
    async with aio_engine.session() as session:
        with pytest.raises(ValueError, match="mine"):
            async with session.transaction():
                await session.end()
                raise ValueError("mine")


async def test_operations_of_the_session_join_its_transaction(aio_engine, raw_database):
    user = User(name="Ada")
    async with aio_engine.session() as session:
        transaction = session.transaction()
        await transaction.start()
        await session.save(user)
        assert await session.count(User) == 1
        assert raw_database["user"].count_documents({}) == 0
        await transaction.abort()

        assert user.__fields_modified__ == {"id", "name", "email"}
        assert await session.count(User) == 0


async def test_a_cursor_of_the_session_made_in_the_transaction_reads_in_it(aio_engine):
    async with aio_engine.session() as session:
        async with session.transaction() as transaction:
            await transaction.save(User(name="Ada"))
            assert [user.name async for user in session.find(User)] == ["Ada"]


async def test_a_cursor_made_before_the_transaction_is_refused_there_and_does_it_no_harm(
    aio_engine,
):
    await aio_engine.save_all([User(name=str(number)) for number in range(MANY)])
    async with aio_engine.session() as session:
        cursor = session.find(User)
        async for _ in cursor:
            break
        async with session.transaction() as transaction:
            await transaction.count(User)
            with pytest.raises(RuntimeError, match="begun in this session after"):
                async for _ in cursor:
                    pass
            await transaction.save(User(name="Ada"))
        assert await session.count(User) == MANY + 1


if ASYNC:
    import asyncio

    async def test_tasks_may_share_a_session(aio_engine, raw_database):
        async with aio_engine.session() as session:
            users = [User(name=str(number)) for number in range(20)]
            await asyncio.gather(*(session.save(user) for user in users))
            counts = await asyncio.gather(*(session.count(User) for _ in range(5)))

        assert counts == [20] * 5
        assert raw_database["user"].count_documents({}) == 20

    async def test_tasks_may_start_one_session_only_once(aio_engine):
        session = aio_engine.session()
        results = await asyncio.gather(*(session.start() for _ in range(5)), return_exceptions=True)

        assert results.count(None) == 1
        assert sum(isinstance(result, RuntimeError) for result in results) == 4
        await session.end()

else:
    from concurrent.futures import ThreadPoolExecutor

    def test_threads_may_share_a_session(sync_engine, raw_database):
        with sync_engine.session() as session, ThreadPoolExecutor(5) as pool:
            users = [User(name=str(number)) for number in range(20)]
            list(pool.map(session.save, users))
            counts = list(pool.map(session.count, [User] * 5))

        assert counts == [20] * 5
        assert raw_database["user"].count_documents({}) == 20
