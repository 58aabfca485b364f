from odmantic import AIOEngine, Field, Model


class Account(Model):
    owner: str = Field(unique=True)
    balance: int = Field(default=0, ge=0)


async def deposit(engine: AIOEngine, owner: str, amount: int) -> Account:
    async with engine.transaction() as transaction:
        account = await transaction.find_one(Account, Account.owner == owner)
        if account is None:
            raise LookupError(owner)
        account.balance += amount
        return await transaction.save(account)
