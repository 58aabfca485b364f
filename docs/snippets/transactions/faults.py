import asyncio

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from odmantic import AIOEngine, Field, Model
from odmantic.testing.faults import Fault, FaultRun, aio_inject_faults

FEW = [Fault.COMMIT_UNKNOWN, Fault.COMMIT_UNKNOWN_UNDONE]


# --8<-- [start:planted]
class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = 0


async def transfer(engine: AIOEngine) -> None:
    while True:
        try:
            async with engine.transaction() as transaction:
                ada = await transaction.find_one(Account, Account.owner == "Ada")
                bo = await transaction.find_one(Account, Account.owner == "Bo")
                ada.balance -= 30
                bo.balance += 30
                await transaction.save_all([ada, bo])
        except PyMongoError:
            continue  # the bug: not every error means "run it again"
        return
    # --8<-- [end:planted]


# --8<-- [start:check]
async def open_accounts(engine: AIOEngine) -> None:
    await engine.save_all([Account(owner="Ada", balance=100), Account(owner="Bo")])


async def check(engine: AIOEngine, run: FaultRun) -> None:
    accounts = await engine.find(Account, sort=Account.owner)
    balances = [account.balance for account in accounts]
    may_be = [[70, 30]] if run.succeeded else [[70, 30], [100, 0]]
    assert balances in may_be, f"balances are {balances}"


async def main() -> None:
    uri = "mongodb://localhost:27017"
    report = await aio_inject_faults(uri, transfer, check, prepare=open_accounts)
    for violation in report.violations:  # print(report) gives the whole table
        print(f"{violation.run.point.fault.value}: {violation.message}")
        # -> commit unknown, done: balances are [40, 60]
    # --8<-- [end:check]

    report = await aio_inject_faults(
        uri, correct, check, prepare=open_accounts, faults=FEW
    )
    report.raise_for_violations()


async def correct(engine: AIOEngine) -> None:
    async def work(transaction) -> None:
        ada = await transaction.find_one(Account, Account.owner == "Ada")
        bo = await transaction.find_one(Account, Account.owner == "Bo")
        ada.balance -= 30
        bo.balance += 30
        await transaction.save_all([ada, bo])

    await engine.run_transaction(work)


asyncio.run(main())
