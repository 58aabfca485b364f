"""The fixtures whose tests leave nothing behind, in test runs of their own and in this one."""

from __future__ import annotations

import threading

from odmantic import Field, Model
from odmantic.engine import SyncEngine


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = 0


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


def test_other_threads_take_part(
    sync_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
):
    thread = threading.Thread(target=sync_rollback_engine.save, args=[Account(owner="thread")])
    thread.start()
    thread.join()

    assert sync_rollback_engine.count(Account) == 1
    outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    assert outside.count(Account) == 0
