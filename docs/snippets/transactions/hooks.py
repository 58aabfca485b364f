from odmantic import AIOEngine, Model
from odmantic.exceptions import CommitHookError
from odmantic.session import AIOTransaction


class Order(Model):
    item: str


async def hooks(engine: AIOEngine) -> None:
    # --8<-- [start:hooks]
    async def place_order(transaction: AIOTransaction) -> Order:
        order = await transaction.save(Order(item="tea"))
        transaction.on_commit(lambda: print("thank you for", order.item))
        transaction.on_rollback(lambda: print("sorry"))
        return order

    await engine.run_transaction(place_order)
    # -> thank you for tea
    # --8<-- [end:hooks]


async def failing(engine: AIOEngine) -> None:
    # --8<-- [start:failing]
    async def send_mail() -> None:
        raise ConnectionError("no mail today")

    try:
        async with engine.transaction() as transaction:
            await transaction.save(Order(item="milk"))
            transaction.on_commit(send_mail)  # plain or async
    except CommitHookError as error:  # the commit stands
        print(error.errors)
        # -> (ConnectionError('no mail today'),)
    # --8<-- [end:failing]
    assert await engine.count(Order) == 2


async def main(engine: AIOEngine) -> None:
    await engine.database.create_collection(+Order)
    await hooks(engine)
    await failing(engine)
