import pytest
from bank import Account, deposit

from odmantic import AIOEngine

pytestmark = pytest.mark.asyncio


async def test_a_deposit_adds_to_the_balance(aio_engine: AIOEngine) -> None:
    await aio_engine.save(Account(owner="Ada", balance=5))

    await deposit(aio_engine, "Ada", 10)

    stored = await aio_engine.find_one(Account, Account.owner == "Ada")
    assert stored is not None
    assert stored.balance == 15


async def test_nobody_is_invented(aio_engine: AIOEngine) -> None:
    with pytest.raises(LookupError):
        await deposit(aio_engine, "Bo", 10)

    assert await aio_engine.count(Account) == 0  # a fresh database per test
