from typing import Any

import pytest
from bank import Account, deposit
from pymongo import MongoClient

from odmantic import SyncEngine
from odmantic.testing.rollback import AIORollbackEngine


@pytest.fixture(scope="session", autouse=True)
def accounts(
    odmantic_mongo_client: MongoClient[dict[str, Any]],
    odmantic_shared_database_name: str,
) -> None:
    engine = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    engine.configure_database([Account])
    engine.save_all([Account(owner=f"customer {n}", balance=n) for n in range(1000)])


@pytest.mark.asyncio
@pytest.mark.parametrize("amount", [1, 2])
async def test_a_deposit(aio_rollback_engine: AIORollbackEngine, amount: int) -> None:
    account = await deposit(aio_rollback_engine, "customer 7", amount)

    assert account.balance == 7 + amount  # the other test has left no trace
