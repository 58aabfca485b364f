import asyncio

from pymongo.errors import PyMongoError

from odmantic import AIOEngine, Field, Model
from odmantic.testing.faults import Fault, FaultRun, aio_inject_faults


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int


# --8<-- [start:program]
async def transfer(engine: AIOEngine) -> None:
    async with engine.transaction() as transaction:
        payer = await transaction.find_one(Account, Account.owner == "Ada")
        assert payer is not None
        payee = await transaction.find_one(Account, Account.owner == "Bo")
        assert payee is not None
        payer.balance -= 10
        payee.balance += 10
        await transaction.save(payer)
        await transaction.save(payee)


async def transfer_until_done(engine: AIOEngine) -> None:
    while True:
        try:
            return await transfer(engine)
        except PyMongoError:
            pass  # once more: is that right?


# --8<-- [end:program]


# --8<-- [start:faults]
async def open_accounts(engine: AIOEngine) -> None:
    await engine.save_all(
        [Account(owner="Ada", balance=100), Account(owner="Bo", balance=0)]
    )


async def check(engine: AIOEngine, run: FaultRun) -> None:
    balances = {a.owner: a.balance for a in await engine.find(Account)}
    assert sum(balances.values()) == 100, "money is lost or made"
    if run.succeeded:
        assert balances["Bo"] == 10, f"Bo has {balances['Bo']}"


async def main() -> None:
    report = await aio_inject_faults(
        "mongodb://localhost:27017",
        transfer_until_done,
        check,
        prepare=open_accounts,
        faults=[Fault.WRITE_CONFLICT, Fault.LOST_AFTER, Fault.COMMIT_UNKNOWN],
    )
    for violation in report.violations:
        print(violation)
    # -> commit unknown, done at command 5 (commitTransaction): Bo has 20


asyncio.run(main())
# --8<-- [end:faults]
