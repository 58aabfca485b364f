import asyncio

from odmantic import AIOEngine, F, Field, Model


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = Field(default=0, ge=0)


async def main() -> None:
    async with AIOEngine(
        "mongodb://localhost:27017", database="quick_start"
    ) as engine:
        await engine.save_all(
            [Account(owner="Ada", balance=100), Account(owner="Bo")]
        )

        ada = await engine.find_one(Account, F(Account.owner) == "Ada")
        assert ada is not None
        bo = await engine.find_one(Account, F(Account.owner) == "Bo")
        assert bo is not None

        async with engine.transaction() as transaction:
            ada.balance -= 30
            bo.balance += 30
            # sends the two balances, nothing else
            await transaction.save_all([ada, bo])

        async for account in engine.find(Account, sort=Account.owner):
            print(account.owner, account.balance)
            # -> Ada 70
            # -> Bo 30


asyncio.run(main())
