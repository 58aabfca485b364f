from odmantic import AIOEngine, Field, Model
from odmantic.exceptions import CommitOutcomeUnknownError
from odmantic.session import AIOTransaction


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = 0


# --8<-- [start:pay]
class Payment(Model):
    order: str = Field(primary_field=True)  # identifies the payment
    amount: int


async def pay(engine: AIOEngine, order: str, amount: int) -> None:
    async def work(transaction: AIOTransaction) -> None:
        if await transaction.count(Payment, Payment.order == order):
            return  # an earlier run has taken effect
        account = await transaction.find_one(Account, Account.owner == "Ada")
        assert account is not None
        account.balance -= amount
        await transaction.save_all([account, Payment(order=order, amount=amount)])

    try:
        await engine.run_transaction(work)
    except CommitOutcomeUnknownError:
        await engine.run_transaction(work)
    # --8<-- [end:pay]


async def lose_the_answer_of_a_commit(engine: AIOEngine) -> None:
    unknown = {"code": 50, "codeName": "MaxTimeMSExpired", "errmsg": "too slow"}
    data = {
        "failCommands": ["commitTransaction"],
        "appName": engine.database_name,
        "writeConcernError": unknown,
    }
    command = {
        "configureFailPoint": "failCommand",
        "mode": {"times": 1},
        "data": data,
    }
    await engine.client.admin.command(command)


async def main(engine: AIOEngine) -> None:
    await engine.database.create_collection(+Payment)
    await engine.save(Account(owner="Ada", balance=100))
    await lose_the_answer_of_a_commit(engine)

    await pay(engine, "4711", 30)

    account = await engine.find_one(Account)
    assert account is not None
    assert account.balance == 70
    assert await engine.count(Payment) == 1

    await lose_the_answer_of_a_commit(engine)
    account.balance = 60
    try:
        async with engine.transaction() as transaction:
            await transaction.save(account)
    except CommitOutcomeUnknownError as error:
        assert getattr(error, "code", None) == 50  # noqa: PT017
        assert error.attempts == 1  # noqa: PT017
    assert "balance" in account.__fields_modified__
