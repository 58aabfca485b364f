"""Transaction objects: a block commits or rolls back, its session ends, and errors in it are no success."""

from __future__ import annotations

import inspect

import pytest
from pymongo.errors import AutoReconnect, InvalidOperation, OperationFailure
from tests.integration.aio.colour import ASYNC, resolve
from tests.integration.aio.reading import MANY

from odmantic import Model
from odmantic.exceptions import (
    DuplicateKeyError,
    StrayOperationWarning,
    TransactionAbortedError,
)
from odmantic.session import NO_SESSION, AIOSession, AIOTransaction

pytestmark = pytest.mark.each_driver


class User(Model):
    name: str
    email: str = ""


@pytest.fixture
def unique_email(raw_database):
    """The address of a user that exists, in a collection that refuses a second one."""
    raw_database["user"].create_index("email", unique=True)
    raw_database["user"].insert_one({"name": "Eve", "email": "taken"})
    return "taken"


def _server_sessions(commands):
    return {event.command["lsid"]["id"] for event in commands.started}


async def _assert_idle_and_reusable(transaction, raw_database):
    assert transaction.is_started is False
    assert transaction.session.is_started is False
    for call in (
        lambda: transaction.save(User(name="x")),
        lambda: transaction.count(User),
        lambda: transaction.remove(User),
    ):
        with pytest.raises(RuntimeError, match=r"^transaction not started"):
            await call()
    with pytest.raises(RuntimeError, match=r"^transaction not started"):
        transaction.get_driver_session()
    with pytest.raises(RuntimeError, match=r"^transaction not started"):
        transaction.find(User)
    before = raw_database["user"].count_documents({})
    async with transaction:
        await transaction.save(User(name="again", email="again"))
    assert raw_database["user"].count_documents({}) == before + 1


# --- The object -----------------------------------------------------------------------------------


async def test_engine_transaction_makes_a_transaction_that_is_not_started(aio_engine, commands):
    transaction = aio_engine.transaction()

    assert type(transaction) is AIOTransaction
    assert transaction.engine is aio_engine
    assert type(transaction.session) is AIOSession
    assert transaction.is_started is False
    assert transaction.session.is_started is False
    assert transaction
    assert commands.started == []


async def test_session_transaction_runs_in_the_session(aio_engine):
    async with aio_engine.session() as session:
        for transaction in (session.transaction(), AIOTransaction(session)):
            assert transaction.session is session
            assert transaction.engine is aio_engine
            async with transaction:
                assert transaction.get_driver_session() is session.get_driver_session()
            assert session.is_started


async def test_a_transaction_can_be_made_from_an_engine(aio_engine):
    async with AIOTransaction(aio_engine) as transaction:
        assert await transaction.count(User) == 0


async def test_exit_takes_its_arguments_by_the_names_of_the_wish():
    names = list(inspect.signature(AIOTransaction.__aexit__).parameters)
    assert names == ["self", "exc_type", "exc_val", "exc_tb"]


async def test_a_session_that_is_not_started_is_no_context(aio_engine):
    session = aio_engine.session()
    with pytest.raises(RuntimeError, match="provided session is not started"):
        AIOTransaction(session)
    with pytest.raises(RuntimeError, match="provided session is not started"):
        session.transaction()


async def test_a_transaction_is_no_context(aio_engine):
    async with aio_engine.transaction() as running:
        for transaction in (running, aio_engine.transaction()):
            with pytest.raises(RuntimeError, match="nested transactions"):
                AIOTransaction(transaction)
            with pytest.raises(RuntimeError, match="nested transactions"):
                transaction.transaction()


async def test_other_kinds_of_context_are_refused(aio_engine):
    raw = await resolve(aio_engine.client.start_session())
    try:
        for context in (None, raw, aio_engine.client, "engine"):
            with pytest.raises(TypeError, match="AIOTransaction takes"):
                AIOTransaction(context)
    finally:
        await resolve(raw.end_session())


# --- Start and end ----------------------------------------------------------------------------------


async def test_the_block_gives_the_transaction_itself(aio_engine):
    transaction = aio_engine.transaction()
    async with transaction as entered:
        assert entered is transaction
        assert transaction.is_started is True
        assert transaction.session.is_started is True
        assert transaction.get_driver_session().in_transaction


async def test_a_block_that_ends_normally_commits(aio_engine, raw_database):
    async with aio_engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        await aio_engine.save(User(name="Bob"), session=transaction)
        assert raw_database["user"].count_documents({}) == 0
    assert raw_database["user"].count_documents({}) == 2


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_a_block_that_raises_rolls_back_and_propagates(
    aio_engine, raw_database, open_transactions, error
):
    transaction = aio_engine.transaction()
    raised = error("mine")
    with pytest.raises(error) as caught:
        async with transaction:
            await transaction.save(User(name="Ada"))
            driver_session = transaction.get_driver_session()
            raise raised

    assert caught.value is raised
    assert driver_session.has_ended
    assert raw_database["user"].count_documents({}) == 0
    assert open_transactions() == 0
    await _assert_idle_and_reusable(transaction, raw_database)


async def test_the_transaction_sees_its_writes_and_others_do_not(aio_engine):
    async with aio_engine.transaction() as transaction:
        user = await transaction.save(User(name="Ada"))
        assert await transaction.count(User) == 1
        assert (await transaction.find_one(User, User.id == user.id)).name == "Ada"
        assert await aio_engine.count(User, session=NO_SESSION) == 0
        assert await aio_engine.find_one(User, session=NO_SESSION) is None
    assert await aio_engine.count(User) == 1


async def test_manual_commit(aio_engine, raw_database):
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.save(User(name="Ada"))
    driver_session = transaction.get_driver_session()
    await transaction.commit()

    assert driver_session.has_ended
    assert raw_database["user"].count_documents({}) == 1
    await _assert_idle_and_reusable(transaction, raw_database)


@pytest.mark.parametrize("method", ["abort", "end"])
async def test_manual_rollback(aio_engine, raw_database, method):
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.save(User(name="Ada"))
    driver_session = transaction.get_driver_session()
    await getattr(transaction, method)()

    assert driver_session.has_ended
    assert raw_database["user"].count_documents({}) == 0
    await _assert_idle_and_reusable(transaction, raw_database)


@pytest.mark.parametrize(("method", "stored"), [("commit", 1), ("abort", 0), ("end", 0)])
async def test_a_block_may_be_closed_inside_it(aio_engine, raw_database, commands, method, stored):
    async with aio_engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        await getattr(transaction, method)()
        sent = len(commands.started)
        with pytest.raises(RuntimeError, match=r"^transaction not started"):
            await transaction.save(User(name="Bob"))

    assert len(commands.started) == sent
    assert raw_database["user"].count_documents({}) == stored
    await _assert_idle_and_reusable(transaction, raw_database)


async def test_a_block_whose_commit_failed_leaves_an_idle_transaction(
    aio_engine, raw_database, fail_point
):
    transaction = aio_engine.transaction()
    with fail_point("commitTransaction", error_code=112, labels=("TransientTransactionError",)):
        with pytest.raises(OperationFailure) as caught:
            async with transaction:
                await transaction.save(User(name="Ada"))
                driver_session = transaction.get_driver_session()

    assert caught.value.code == 112
    assert caught.value.has_error_label("TransientTransactionError")
    assert driver_session.has_ended
    await _assert_idle_and_reusable(transaction, raw_database)


@pytest.mark.parametrize("ending", ["commit", "abort", "exit", "failure"])
async def test_a_provided_session_is_never_ended(aio_engine, raw_database, ending):
    async with aio_engine.session() as session:
        transaction = session.transaction()
        if ending == "exit":
            async with transaction:
                await transaction.save(User(name="Ada"))
        elif ending == "failure":
            with pytest.raises(ValueError, match="mine"):
                async with transaction:
                    raise ValueError("mine")
        else:
            await transaction.start()
            await getattr(transaction, ending)()

        assert transaction.is_started is False
        assert session.is_started
        assert await session.count(User) == (1 if ending == "exit" else 0)
        async with transaction:
            await transaction.save(User(name="Bob"))


async def test_an_empty_transaction_sends_nothing(aio_engine, commands):
    async with aio_engine.transaction():
        pass
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.commit()
    await transaction.start()
    await transaction.abort()
    with pytest.raises(ValueError, match="mine"):
        async with transaction:
            raise ValueError("mine")

    assert commands.started == []


async def test_hundred_transactions_use_one_server_session(aio_engine, commands):
    for number in range(100):
        try:
            async with aio_engine.transaction() as transaction:
                await transaction.save(User(name="Ada"))
                if number % 3 == 0:
                    raise ValueError
                if number % 3 == 1:
                    await transaction.abort()
        except ValueError:
            pass

    assert len(_server_sessions(commands)) == 1


async def test_a_failing_start_ends_the_own_session_and_may_be_repeated(aio_engine, monkeypatch):
    transaction = aio_engine.transaction()
    with monkeypatch.context() as patch:
        patch.setattr(
            aio_engine, "_transaction_options", lambda *_arguments: {"read_concern": "wrong"}
        )
        for _ in range(2):
            with pytest.raises(TypeError, match="read_concern"):
                await transaction.start()
            assert not transaction.is_started
            assert not transaction.session.is_started
    async with transaction:
        await transaction.save(User(name="Ada"))
    assert await aio_engine.count(User) == 1


async def test_starting_in_a_session_that_ended_meanwhile_is_refused(aio_engine):
    async with aio_engine.session() as session:
        transaction = session.transaction()
    with pytest.raises(RuntimeError, match="provided session is not started"):
        await transaction.start()
    assert not transaction.is_started


async def test_leaving_a_block_that_was_never_entered_does_nothing(aio_engine):
    assert await aio_engine.transaction().__aexit__(None, None, None) is None
    assert await aio_engine.session().__aexit__(None, None, None) is None


# --- Two transactions -------------------------------------------------------------------------------


async def test_a_second_transaction_in_a_session_is_refused_and_the_first_unharmed(
    aio_engine, raw_database
):
    async with aio_engine.session() as session:
        first, second = session.transaction(), session.transaction()
        async with first:
            await first.save(User(name="Ada"))
            with pytest.raises(InvalidOperation, match="Transaction already in progress"):
                await second.start()
            assert not second.is_started
            with pytest.raises(RuntimeError, match=r"^transaction not started"):
                await second.save(User(name="Bob"))
            await first.save(User(name="Cy"))
    assert raw_database["user"].distinct("name") == ["Ada", "Cy"]


async def test_transactions_may_follow_each_other_in_a_session(aio_engine, raw_database):
    async with aio_engine.session() as session:
        first, second = session.transaction(), session.transaction()
        async with first:
            await first.save(User(name="Ada"))
        async with second:
            await second.save(User(name="Bob"))
        with pytest.raises(ValueError, match="mine"):
            async with first:
                await first.save(User(name="Cy"))
                raise ValueError("mine")
    assert raw_database["user"].distinct("name") == ["Ada", "Bob"]


@pytest.mark.parametrize("ending", ["commit", "abort"])
@pytest.mark.parametrize("raises", [False, True])
async def test_the_exit_leaves_a_transaction_begun_meanwhile_alone(
    aio_engine, raw_database, ending, raises
):
    async with aio_engine.session() as session:
        second = session.transaction()
        try:
            async with session.transaction() as first:
                await first.save(User(name="first"))
                await getattr(first, ending)()
                await second.start()
                await second.save(User(name="second"))
                if raises:
                    raise ValueError
        except ValueError:
            pass

        assert second.is_started
        assert raw_database["user"].count_documents({"name": "second"}) == 0
        await second.commit()
    assert raw_database["user"].count_documents({"name": "second"}) == 1


async def test_transactions_of_an_engine_are_independent(aio_engine, raw_database):
    async with aio_engine.transaction() as first:
        await first.save(User(name="first"))
        with pytest.raises(ValueError, match="mine"):
            async with aio_engine.transaction() as second:
                await second.save(User(name="second"))
                assert await second.count(User) == 1
                raise ValueError("mine")
    assert raw_database["user"].distinct("name") == ["first"]


async def test_engines_of_one_client_share_a_transaction(aio_engine, raw_database):
    other = type(aio_engine)(aio_engine.client, f"{aio_engine.database_name}_other")
    try:
        with pytest.raises(ValueError, match="mine"):
            async with aio_engine.transaction() as transaction:
                await other.save(User(name="Ada"), session=transaction)
                await aio_engine.save(User(name="Bob"), session=transaction)
                assert await other.count(User, session=transaction) == 1
                raise ValueError("mine")
        assert await other.count(User) == 0
        async with aio_engine.transaction() as transaction:
            await other.save(User(name="Ada"), session=transaction)
        assert await other.count(User) == 1
    finally:
        raw_database.client.drop_database(other.database_name)


async def test_there_is_no_ambient_transaction(aio_engine, raw_database):
    with pytest.raises(ValueError, match="mine"):
        async with aio_engine.transaction() as transaction:
            await transaction.save(User(name="inside"))
            with pytest.warns(StrayOperationWarning, match="save without session="):
                await aio_engine.save(User(name="outside"))
            assert await aio_engine.count(User, session=NO_SESSION) == 1
            raise ValueError("mine")
    assert raw_database["user"].distinct("name") == ["outside"]


# --- Errors inside ----------------------------------------------------------------------------------


async def test_a_caught_error_of_an_operation_is_never_reported_as_success(
    aio_engine, raw_database, unique_email, commands
):
    transaction = aio_engine.transaction()
    user = User(name="Ada", email="free")
    with pytest.raises(OperationFailure) as caught:
        async with transaction:
            await transaction.save(user)
            with pytest.raises(DuplicateKeyError):
                await transaction.save(User(name="Bob", email=unique_email))
            commands.clear()

    assert isinstance(caught.value, TransactionAbortedError)
    assert caught.value.code == 251
    assert isinstance(caught.value.first_error, OperationFailure)
    assert "duplicate key" in str(caught.value)
    assert caught.value.__cause__ is caught.value.first_error
    assert "commitTransaction" not in commands.names
    assert user.__fields_modified__ == {"id", "name", "email"}
    assert raw_database["user"].count_documents({}) == 1
    await _assert_idle_and_reusable(transaction, raw_database)


async def test_operations_after_a_failed_one_are_refused_and_nothing_is_sent(
    aio_engine, unique_email, commands
):
    with pytest.raises(TransactionAbortedError):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(DuplicateKeyError):
                await transaction.save(User(name="Bob", email=unique_email))
            commands.clear()
            for call in (
                lambda: transaction.save(User(name="x", email="y")),
                lambda: transaction.find_one(User),
                lambda: transaction.count(User),
                lambda: transaction.remove(User),
                lambda: aio_engine.count(User, session=transaction),
                lambda: transaction.session.count(User),
            ):
                with pytest.raises(TransactionAbortedError, match="duplicate key"):
                    await call()
            with pytest.raises(TransactionAbortedError):
                transaction.find(User)
            with pytest.raises(TransactionAbortedError):
                transaction.get_driver_session()
            assert commands.started == []


async def test_the_exception_of_the_block_wins_over_the_failed_operation(aio_engine, unique_email):
    with pytest.raises(KeyError, match="mine"):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(DuplicateKeyError):
                await transaction.save(User(name="Bob", email=unique_email))
            raise KeyError("mine")


async def test_an_uncaught_duplicate_arrives_as_it_is(aio_engine, unique_email, open_transactions):
    bob = User(name="Bob", email=unique_email)
    with pytest.raises(DuplicateKeyError) as caught:
        async with aio_engine.transaction() as transaction:
            await transaction.save(bob)

    assert caught.value.instance is bob
    assert caught.value.driver_error.code == 11000
    assert open_transactions() == 0


async def test_an_error_of_the_program_does_not_doom_the_transaction(aio_engine, raw_database):
    async with aio_engine.transaction() as transaction:
        with pytest.raises(TypeError):
            await transaction.count(object)
        with pytest.raises(ValueError, match="limit"):
            transaction.find(User, limit=0)
        await transaction.save(User(name="Ada"))
    assert raw_database["user"].count_documents({}) == 1


async def test_a_value_that_cannot_be_stored_never_becomes_a_partial_commit(
    aio_engine, raw_database
):
    class Counter(Model):
        count: int

    with pytest.raises(OverflowError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(User(name="Ada"))
            await transaction.save(Counter(count=2**70))
    assert raw_database["user"].count_documents({}) == 0

    async with aio_engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
        with pytest.raises(OverflowError):
            await transaction.save(Counter(count=2**70))
        await transaction.save(User(name="Bob"))
    assert raw_database["user"].count_documents({}) == 2


async def test_after_a_first_operation_that_could_not_be_sent_the_cause_is_told(
    aio_engine, raw_database, commands
):
    """The driver would have the server say that there is no such transaction, and to try again."""

    class Counter(Model):
        count: int

    transaction = aio_engine.transaction()
    with pytest.raises(TransactionAbortedError, match="8-byte ints") as caught:
        async with transaction:
            with pytest.raises(OverflowError):
                await transaction.save(Counter(count=2**70))
            await transaction.save(User(name="Ada"))

    assert not caught.value.has_error_label("TransientTransactionError")
    assert raw_database["user"].count_documents({}) == 0
    assert not transaction.session.is_started


async def test_a_write_conflict_propagates_with_its_label_and_the_block_runs_once(
    aio_engine, raw_database
):
    user = await aio_engine.save(User(name="Ada"))
    runs = 0
    with pytest.raises(OperationFailure) as caught:
        async with aio_engine.transaction() as transaction:
            runs += 1
            found = await transaction.find_one(User)
            await aio_engine.get_collection(User).update_one(
                {"_id": user.id}, {"$set": {"name": "other"}}
            )
            found.name = "mine"
            await transaction.save(found)

    assert runs == 1
    assert caught.value.code == 112
    assert caught.value.has_error_label("TransientTransactionError")
    assert raw_database["user"].find_one()["name"] == "other"


async def test_a_lost_connection_dooms_the_transaction(
    aio_engine, raw_database, fail_point, open_transactions
):
    user = User(name="Ada")
    with fail_point("update", times=1, close_connection=True):
        with pytest.raises(AutoReconnect) as caught:
            async with aio_engine.transaction() as transaction:
                await transaction.count(User)
                await transaction.save(user)

    assert caught.value.has_error_label("TransientTransactionError")
    assert raw_database["user"].count_documents({}) == 0
    assert open_transactions() == 0
    await aio_engine.save(user)
    assert raw_database["user"].count_documents({}) == 1


async def test_the_exception_of_the_block_wins_over_a_failing_rollback(aio_engine, fail_point):
    transaction = aio_engine.transaction()
    with fail_point("abortTransaction", error_code=8000):
        with pytest.raises(ValueError, match="mine"):
            async with transaction:
                await transaction.save(User(name="Ada"))
                raise ValueError("mine")
    assert not transaction.is_started
    assert not transaction.session.is_started


async def test_a_cursor_of_a_finished_transaction_is_refused(aio_engine, commands):
    await aio_engine.save_all([User(name=str(number)) for number in range(MANY)])
    async with aio_engine.transaction() as transaction:
        cursor = transaction.find(User)
        async for _ in cursor:
            break
    commands.clear()
    with pytest.raises(InvalidOperation, match="transaction not started"):
        async for _ in cursor:
            pass
    assert commands.started == []


async def test_a_cursor_of_a_former_run_does_not_read_in_the_next_one(aio_engine):
    await aio_engine.save_all([User(name=str(number)) for number in range(MANY)])
    transaction = aio_engine.transaction()
    async with transaction:
        cursor = transaction.find(User)
        async for _ in cursor:
            break
    async with transaction:
        with pytest.raises(RuntimeError, match="transaction not started"):
            async for _ in cursor:
                pass
        assert await transaction.count(User) == MANY


# --- Misused driver sessions --------------------------------------------------------------------------


async def test_operations_do_not_escape_a_transaction_that_was_aborted_by_hand(
    aio_engine, raw_database
):
    with pytest.raises(InvalidOperation):
        async with aio_engine.transaction() as transaction:
            await transaction.save(User(name="Ada"))
            await resolve(transaction.get_driver_session().abort_transaction())
            with pytest.raises(RuntimeError, match="transaction not started"):
                await transaction.save(User(name="Bob"))
    assert raw_database["user"].count_documents({}) == 0
    assert not transaction.session.is_started


async def test_raw_calls_of_the_driver_join_the_transaction(aio_engine, raw_database):
    collection = aio_engine.get_collection(User)
    with pytest.raises(ValueError, match="mine"):
        async with aio_engine.transaction() as transaction:
            await collection.insert_one({"name": "raw"}, session=transaction.get_driver_session())
            assert await transaction.count(User) == 1
            raise ValueError("mine")
    assert raw_database["user"].count_documents({}) == 0


async def test_a_transaction_of_the_driver_works_as_session_argument(aio_engine, raw_database):
    raw = await resolve(aio_engine.client.start_session())
    async with raw:
        async with await resolve(raw.start_transaction()):
            await aio_engine.save(User(name="Ada"), session=raw)
            assert await aio_engine.count(User, session=raw) == 1
            assert raw_database["user"].count_documents({}) == 0
    assert raw_database["user"].count_documents({}) == 1


if ASYNC:
    import asyncio

    async def test_tasks_may_share_a_transaction(aio_engine, raw_database):
        async with aio_engine.transaction() as transaction:
            users = [User(name=str(number)) for number in range(20)]
            await asyncio.gather(*(transaction.save(user) for user in users))
            assert await asyncio.gather(*(transaction.count(User) for _ in range(5))) == [20] * 5
            assert raw_database["user"].count_documents({}) == 0
        assert raw_database["user"].count_documents({}) == 20

    async def test_a_commit_waits_for_the_operation_in_flight_and_refuses_the_next(
        aio_engine, raw_database, fail_point
    ):
        users = [User(name=str(number)) for number in range(3)]
        async with aio_engine.transaction() as transaction:
            with fail_point("update", times=1, block_ms=200):
                saves = [asyncio.ensure_future(transaction.save(user)) for user in users]
                await asyncio.sleep(0.05)
                await transaction.commit()
            results = await asyncio.gather(*saves, return_exceptions=True)

        assert results[0] is users[0]
        assert all(isinstance(result, RuntimeError) for result in results[1:])
        assert raw_database["user"].count_documents({}) == 1
        assert users[0].__fields_modified__ == set()
        assert users[1].__fields_modified__ == {"id", "name", "email"}

else:
    from concurrent.futures import ThreadPoolExecutor

    def test_threads_may_share_a_transaction(sync_engine, raw_database):
        with sync_engine.transaction() as transaction, ThreadPoolExecutor(5) as pool:
            list(pool.map(transaction.save, [User(name=str(number)) for number in range(20)]))
            assert list(pool.map(transaction.count, [User] * 5)) == [20] * 5
            assert raw_database["user"].count_documents({}) == 0
        assert raw_database["user"].count_documents({}) == 20
