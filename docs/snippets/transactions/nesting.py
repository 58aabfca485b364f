from odmantic import AIOEngine, Model
from odmantic.exceptions import TransactionAbortedError
from odmantic.session import AIOSession, AIOTransaction


class Order(Model):
    item: str


class Bill(Model):
    item: str
    amount: int


# --8<-- [start:helper]
async def bill(
    engine: AIOEngine,
    order: Order,
    session: AIOSession | None = None,
) -> Bill:
    return await engine.save(Bill(item=order.item, amount=3), session=session)
    # --8<-- [end:helper]


# --8<-- [start:join]
async def place_order(
    engine: AIOEngine,
    item: str,
    transaction: AIOTransaction | None = None,
) -> Bill:
    async def work(transaction: AIOTransaction) -> Bill:
        order = await transaction.save(Order(item=item))
        return await bill(engine, order, session=transaction)

    # its own transaction, or part of the caller's
    return await engine.run_transaction(work, join=transaction)
    # --8<-- [end:join]


async def doomed(engine: AIOEngine) -> None:
    # --8<-- [start:doomed]
    async def fail(transaction: AIOTransaction) -> None:
        await transaction.save(Order(item="tea"))
        raise ValueError("no tea")

    try:
        async with engine.transaction() as transaction:
            try:
                await engine.run_transaction(fail, join=transaction)
            except ValueError:
                pass  # half of the inner work is done: the outer one cannot commit
    except TransactionAbortedError as error:
        print(repr(error.first_error))
        # -> ValueError('no tea')
    # --8<-- [end:doomed]


async def main(engine: AIOEngine) -> None:
    await engine.save_all([Order(item="bread"), Bill(item="bread", amount=1)])
    await place_order(engine, "milk")
    async with engine.transaction() as transaction:
        await place_order(engine, "tea", transaction)
    await doomed(engine)
    assert await engine.count(Order) == await engine.count(Bill) == 3
