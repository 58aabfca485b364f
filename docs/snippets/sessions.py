from odmantic import AIOEngine, Field, Model
from odmantic.exceptions import DuplicateKeyError, TransactionAbortedError


# --8<-- [start:models]
class Account(Model):
    owner: str = Field(unique=True)
    balance: int = Field(default=0, ge=0)


class Transfer(Model):
    source: str
    target: str
    amount: int
    # --8<-- [end:models]


async def session(engine: AIOEngine) -> None:
    # --8<-- [start:session]
    async with engine.session() as session:
        await session.save(Account(owner="Ada", balance=100))
        # sees the write
        ada = await session.find_one(Account, Account.owner == "Ada")
        assert ada is not None
        # the same, written differently
        accounts = await engine.find(Account, session=session)
    # --8<-- [end:session]
    assert ada.balance == 100
    assert len(accounts) == 1


# --8<-- [start:transfer]
async def transfer(
    engine: AIOEngine,
    source: str,
    target: str,
    amount: int,
) -> None:
    async with engine.transaction() as transaction:
        payer = await transaction.find_one(Account, Account.owner == source)
        payee = await transaction.find_one(Account, Account.owner == target)
        if payer is None or payee is None:
            raise LookupError("no such account")
        if payer.balance < amount:
            raise ValueError("insufficient funds")
        payer.balance -= amount
        payee.balance += amount
        await transaction.save_all([payer, payee])
        record = Transfer(source=source, target=target, amount=amount)
        await transaction.save(record)
    # --8<-- [end:transfer]


async def session_with_transactions(engine: AIOEngine) -> None:
    # --8<-- [start:inside_session]
    async with engine.session() as session:
        ada = await session.find_one(Account, Account.owner == "Ada")
        assert ada is not None
        async with session.transaction() as transaction:
            ada.balance += 5
            await transaction.save(ada)
        # committed; the session continues
        await session.count(Account)
    # --8<-- [end:inside_session]


async def manual(engine: AIOEngine) -> None:
    # --8<-- [start:manual]
    transaction = engine.transaction()
    await transaction.start()
    try:
        await transaction.save(Account(owner="Cy"))
    except BaseException:
        await transaction.abort()
        raise
    await transaction.commit()
    # --8<-- [end:manual]


async def early_end(engine: AIOEngine) -> None:
    # --8<-- [start:early]
    async with engine.transaction() as transaction:
        await transaction.save(Account(owner="Di"))
        if await transaction.count(Account) > 3:
            await transaction.abort()
    print(transaction.is_started)
    # -> False
    # --8<-- [end:early]
    assert await engine.count(Account, Account.owner == "Di") == 0


async def rollback(engine: AIOEngine) -> None:
    # --8<-- [start:rollback]
    eve = Account(owner="Eve", balance=10)
    try:
        async with engine.transaction() as transaction:
            await transaction.save(eve)
            raise RuntimeError("changed my mind")
    except RuntimeError:
        pass

    print(await engine.count(Account, Account.owner == "Eve"))
    # -> 0
    # the instance knows that it is not stored: it is sent whole
    await engine.save(eve)
    print(await engine.count(Account, Account.owner == "Eve"))
    # -> 1
    # --8<-- [end:rollback]


async def caught(engine: AIOEngine) -> None:
    # --8<-- [start:caught]
    try:
        async with engine.transaction() as transaction:
            try:
                # Ada exists already
                await transaction.save(Account(owner="Ada"))
            except DuplicateKeyError:
                pass  # too late: the server has aborted the transaction
            await transaction.save(Account(owner="Fay"))  # raises, sends nothing
    except TransactionAbortedError as error:
        print(type(error.first_error).__name__)
        # -> DuplicateKeyError
    # --8<-- [end:caught]
    assert await engine.count(Account, Account.owner == "Fay") == 0


async def driver(engine: AIOEngine) -> None:
    # --8<-- [start:driver]
    async with engine.client.start_session() as raw:  # PyMongo's own session
        async with await raw.start_transaction():
            await engine.save(Account(owner="Gus"), session=raw)

    async with engine.transaction() as transaction:  # or the other way round
        await engine.get_collection(Account).update_many(
            {},
            {"$inc": {+Account.balance: 1}},
            session=transaction.get_driver_session(),
        )
    # --8<-- [end:driver]


async def main(engine: AIOEngine) -> None:
    await engine.configure_database([Account])
    await session(engine)
    await engine.save(Account(owner="Bo"))
    await transfer(engine, "Ada", "Bo", 30)
    try:
        await transfer(engine, "Ada", "Bo", 1000)
    except ValueError as error:
        assert str(error) == "insufficient funds"  # noqa: PT017
    await session_with_transactions(engine)
    await manual(engine)
    await early_end(engine)
    await rollback(engine)
    await caught(engine)
    await driver(engine)
    ada = await engine.find_one(Account, Account.owner == "Ada")
    assert ada is not None
    assert ada.balance == 100 - 30 + 5 + 1
    assert await engine.count(Transfer) == 1
