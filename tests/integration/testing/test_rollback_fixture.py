"""The fixtures whose tests leave nothing behind, in test runs of their own and in this one."""

from __future__ import annotations

import asyncio
import threading

import pytest

from odmantic import Field, Model
from odmantic.engine import AIOEngine, SyncEngine
from odmantic.exceptions import (
    CommitHookError,
    DuplicateKeyError,
    RollbackHookError,
    SessionMisuseError,
    TransactionAbortedError,
)
from odmantic.session import NO_SESSION, AIOTransaction, SyncTransaction
from odmantic.testing.rollback import PartUndoneError


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = 0


class Unique(Model):
    code: str = Field(unique=True)


SETUP = """
import asyncio
import pytest
from odmantic import Field, Model, SyncEngine

class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = 0

@pytest.fixture(scope="session", autouse=True)
def prepared(odmantic_mongo_client, odmantic_shared_database_name):
    engine = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    engine.save(Account(owner="Ada", balance=5))
    yield
    # After all tests: nothing has changed.
    assert [(a.owner, a.balance) for a in engine.find(Account)] == [("Ada", 5)]

async def deposit(engine, owner, amount):
    async with engine.transaction() as transaction:
        account = await transaction.find_one(Account, Account.owner == owner)
        account.balance += amount
        await transaction.save(account)
"""

ASYNC_TESTS = """
class Test{name}:
    {marks}

    {fixture_mark}
    async def bo(self, aio_rollback_engine):
        account = await aio_rollback_engine.save(Account(owner="Bo"))
        yield account
        assert await aio_rollback_engine.count(Account) == 2

    @pytest.mark.parametrize("again", [1, 2])
    async def test_changes(self, aio_rollback_engine, bo, again):
        engine = aio_rollback_engine
        await deposit(engine, "Ada", 10)
        await asyncio.gather(*(deposit(engine, "Bo", 0) for _ in range(3)))
        ada = await asyncio.create_task(engine.find_one(Account, Account.owner == "Ada"))
        assert ada.balance == 15

    async def test_sends_nothing(self, aio_rollback_engine):
        pass
"""

ANYIO = """
@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


def async_tests(name, marks="pass", fixture_mark="@pytest.fixture"):
    return ASYNC_TESTS.format(name=name, marks=marks, fixture_mark=fixture_mark)


def test_tests_leave_nothing_behind_with_pytest_asyncio_and_with_anyio(run):
    scopes = ("function", "class", "module", "package", "session")
    source = SETUP + "import pytest_asyncio\n" + ANYIO
    source += async_tests("Anyio", "pytestmark = pytest.mark.anyio")
    for scope in scopes:
        source += async_tests(
            scope.title(),
            f"pytestmark = pytest.mark.asyncio(loop_scope={scope!r})",
            f"@pytest_asyncio.fixture(loop_scope={scope!r})",
        )

    counts, output = run(source, "-o", "asyncio_mode=strict")

    assert counts == {"passed": 6 * 3}, output


def test_tests_leave_nothing_behind_with_automatic_pytest_asyncio(run):
    counts, output = run(SETUP + async_tests("Auto"), "-o", "asyncio_mode=auto")

    assert counts == {"passed": 3}, output


def test_a_synchronous_test_is_told_which_fixture_to_use(run):
    source = "def test_it(aio_rollback_engine):\n    pass\n"

    counts, output = run(source)

    assert counts == {"error": 1}, output
    assert "sync_rollback_engine" in output


def test_synchronous_tests_leave_nothing_behind(run):
    source = (
        SETUP
        + """
@pytest.mark.parametrize("again", [1, 2])
def test_changes(sync_rollback_engine, again):
    sync_rollback_engine.save(Account(owner="Bo"))
    assert sync_rollback_engine.count(Account) == 2
"""
    )

    counts, output = run(source)

    assert counts == {"passed": 2}, output


class Refusal(Exception):  # noqa: N818
    pass


class TestAsync:
    async def test_every_kind_of_block_takes_part(
        self, aio_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
    ):
        engine = aio_rollback_engine
        async with engine.session() as session:
            await session.save(Account(owner="session"))
            async with session.transaction() as transaction:
                await transaction.save(Account(owner="session's transaction"))
            assert await session.run_transaction(lambda txn: txn.count(Account)) == 2
        async with engine.transaction() as transaction:
            await engine.save(Account(owner="block"), session=transaction)
            await engine.save(Account(owner="stray"))
            await engine.run_transaction(
                lambda joined: joined.save(Account(owner="joined")), join=transaction
            )
        await engine.run_transaction(lambda txn: txn.save(Account(owner="callback")))
        manual = engine.transaction()
        await manual.start()
        await manual.save(Account(owner="manual"))
        await manual.commit()

        assert await engine.count(Account) == 7
        outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
        assert outside.count(Account) == 0

    async def test_objects_are_part_of_one_state_only_while_they_are_running(
        self, aio_rollback_engine
    ):
        session = aio_rollback_engine.session()
        for unusable in (session, aio_rollback_engine.transaction()):
            assert not unusable.is_started
            with pytest.raises(SessionMisuseError, match="not started"):
                await unusable.count(Account)
        with pytest.raises(SessionMisuseError, match="not started"):
            session.transaction()
        with pytest.raises(SessionMisuseError, match="not started"):
            await session.end()
        async with session:
            with pytest.raises(SessionMisuseError, match="already started"):
                await session.start()
            async with session.transaction() as transaction:
                assert transaction.is_started
                with pytest.raises(SessionMisuseError, match="already started"):
                    await transaction.start()
                with pytest.raises(SessionMisuseError, match="nested"):
                    transaction.transaction()
            with pytest.raises(SessionMisuseError, match="not started"):
                await transaction.commit()
            assert not transaction.is_started

    async def test_a_block_that_fails_before_it_writes_does_no_harm(self, aio_rollback_engine):
        calls = []
        with pytest.raises(Refusal):
            async with aio_rollback_engine.transaction() as transaction:
                transaction.on_rollback(lambda: calls.append("rollback"))
                transaction.on_commit(lambda: calls.append("commit"))
                await transaction.count(Account)
                raise Refusal

        assert calls == ["rollback"]
        assert await aio_rollback_engine.count(Account) == 0

    async def test_a_block_that_fails_after_it_has_written_ends_the_test(self, aio_rollback_engine):
        with pytest.raises(Refusal):
            async with aio_rollback_engine.transaction() as transaction:
                await transaction.save(Account(owner="Ada"))
                raise Refusal

        with pytest.raises(TransactionAbortedError, match="cannot undo a part") as caught:
            await aio_rollback_engine.count(Account)
        assert isinstance(caught.value.first_error, PartUndoneError)

    async def test_a_server_error_ends_the_test(self, aio_rollback_engine):
        engine = aio_rollback_engine
        await engine.save(Account(owner="Ada"))
        with pytest.raises(Exception, match="unknown operator"):
            await engine.find(Account, {"balance": {"$what": 1}})

        with pytest.raises(TransactionAbortedError):
            await engine.count(Account)

    async def test_hooks_run_when_a_part_is_left(self, aio_rollback_engine):
        calls = []

        async def note():
            calls.append(await aio_rollback_engine.count(Account))

        async with aio_rollback_engine.transaction() as transaction:
            transaction.on_commit(note)
            await transaction.save(Account(owner="Ada"))
            assert calls == []

        assert calls == [1]

    async def test_failing_hooks_do_not_stop_the_others(self, aio_rollback_engine):
        calls = []
        for outcome, error in (("commit", CommitHookError), ("abort", RollbackHookError)):
            transaction = aio_rollback_engine.transaction()
            await transaction.start()
            for register in (transaction.on_commit, transaction.on_rollback):
                register(lambda: 1 / 0)
                register(lambda: calls.append(1))
            with pytest.raises(error) as caught:
                await getattr(transaction, outcome)()
            assert isinstance(caught.value.errors[0], ZeroDivisionError)

        assert calls == [1, 1]

    async def test_what_would_stay_is_refused(self, aio_rollback_engine):
        engine = aio_rollback_engine
        with pytest.raises(SessionMisuseError, match="NO_SESSION"):
            await engine.save(Account(owner="Ada"), session=NO_SESSION)
        with pytest.raises(SessionMisuseError, match="Indexes"):
            await engine.configure_database([Unique])
        made_by_hand = AIOTransaction(engine)
        async with made_by_hand:
            with pytest.raises(SessionMisuseError, match="not made by"):
                await made_by_hand.save(Account(owner="Ada"))
        other = AIOEngine(engine.client, database=engine.database_name)
        async with other.session() as session:
            with pytest.raises(SessionMisuseError, match="not made by"):
                await engine.save(Account(owner="Ada"), session=session)

    async def test_it_can_be_used_after_another_test(self, aio_rollback_engine):
        await aio_rollback_engine.save(Unique(code="a"))
        assert await aio_rollback_engine.count(Unique) == 1


class TestSync:
    def test_every_kind_of_block_takes_part(
        self, sync_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
    ):
        engine = sync_rollback_engine
        with engine.session() as session:
            session.save(Account(owner="session"))
            with session.transaction() as transaction:
                transaction.save(Account(owner="session's transaction"))
            assert session.run_transaction(lambda txn: txn.count(Account)) == 2
        with engine.transaction() as transaction:
            engine.save(Account(owner="block"), session=transaction)
            engine.save(Account(owner="stray"))
            engine.run_transaction(
                lambda joined: joined.save(Account(owner="joined")), join=transaction
            )
        engine.run_transaction(lambda txn: txn.save(Account(owner="callback")))
        thread = threading.Thread(target=engine.save, args=[Account(owner="thread")])
        thread.start()
        thread.join()

        assert engine.count(Account) == 7
        outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
        assert outside.count(Account) == 0

    def test_a_block_that_fails_after_it_has_written_ends_the_test(self, sync_rollback_engine):
        with pytest.raises(Refusal):
            with sync_rollback_engine.transaction() as transaction:
                transaction.save(Account(owner="Ada"))
                raise Refusal

        with pytest.raises(TransactionAbortedError, match="cannot undo a part"):
            sync_rollback_engine.count(Account)

    def test_a_block_that_fails_before_it_writes_does_no_harm(self, sync_rollback_engine):
        calls = []
        with pytest.raises(Refusal):
            with sync_rollback_engine.transaction() as transaction:
                transaction.on_rollback(lambda: calls.append("rollback"))
                raise Refusal

        assert calls == ["rollback"]
        assert sync_rollback_engine.count(Account) == 0

    def test_hooks_run_when_a_part_is_left(self, sync_rollback_engine):
        calls = []
        with sync_rollback_engine.transaction() as transaction:
            transaction.on_commit(lambda: calls.append(1))
            with pytest.raises(TypeError, match="cannot await"):
                transaction.on_commit(asyncio.sleep)

        assert calls == [1]

    def test_what_would_stay_is_refused(self, sync_rollback_engine):
        engine = sync_rollback_engine
        with pytest.raises(SessionMisuseError, match="NO_SESSION"):
            engine.save(Account(owner="Ada"), session=NO_SESSION)
        with pytest.raises(SessionMisuseError, match="Indexes"):
            engine.configure_database([Unique])
        with SyncTransaction(engine) as made_by_hand:
            with pytest.raises(SessionMisuseError, match="not made by"):
                made_by_hand.save(Account(owner="Ada"))


def test_a_server_error_is_an_error_of_the_test(
    sync_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
):
    outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    outside.configure_database([Unique])
    sync_rollback_engine.save(Unique(code="a"))
    with pytest.raises(DuplicateKeyError):
        sync_rollback_engine.save(Unique(code="a"))
    with pytest.raises(TransactionAbortedError):
        sync_rollback_engine.count(Unique)
