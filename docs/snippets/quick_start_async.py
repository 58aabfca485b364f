import asyncio

from pymongo import AsyncMongoClient

from odmantic import AIOEngine, Field, Model


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = Field(0, ge=0)


async def main() -> None:
    async with AsyncMongoClient("mongodb://localhost:27017") as client:
        engine = AIOEngine(client, database="quick_start")
        await engine.save_all(
            [Account(owner="Ada", balance=100), Account(owner="Bo")]
        )

        ada = await engine.find_one(Account, Account.owner == "Ada")
        bo = await engine.find_one(Account, Account.owner == "Bo")

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
