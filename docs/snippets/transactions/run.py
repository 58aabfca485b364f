from odmantic import AIOEngine, Field, Model
from odmantic.exceptions import UnsafeRetryError
from odmantic.session import NO_SESSION, AIOTransaction


class Stock(Model):
    item: str = Field(unique=True)
    left: int = 0


class Order(Model):
    item: str
    state: str = "new"


async def place(engine: AIOEngine) -> int:
    # --8<-- [start:run]
    async def place_order(transaction: AIOTransaction) -> int:
        stock = await transaction.find_one(Stock, Stock.item == "tea")
        if stock is None or stock.left == 0:
            raise LookupError("sold out")  # rolls back, and is not retried
        stock.left -= 1
        await transaction.save_all([stock, Order(item="tea")])
        return stock.left

    return await engine.run_transaction(place_order)
    # --8<-- [end:run]


async def collide(engine: AIOEngine) -> None:
    """Let somebody else change the stock while the first attempt of a transaction runs."""
    stock = await engine.find_one(Stock, Stock.item == "tea")
    assert stock is not None
    seen: list[int] = []

    async def disturb(transaction: AIOTransaction) -> None:
        # its snapshot begins here
        seen.append(await transaction.count(Stock))
        if len(seen) == 1:
            others = await engine.find_one(Stock, session=NO_SESSION)
            assert others is not None
            others.left -= 1
            await engine.save(others, session=NO_SESSION)

    # --8<-- [start:unsafe]
    async def take_one(transaction: AIOTransaction) -> None:
        await disturb(transaction)  # another client sells one: a write conflict
        stock.left -= 1  # changes an object from outside the callback
        await transaction.save(stock)

    try:
        await engine.run_transaction(take_one)
    except UnsafeRetryError:
        print("not run again: that would take two")
        # -> not run again: that would take two
    # --8<-- [end:unsafe]
    assert len(seen) == 2
    assert stock.left == 7, "taken twice from the object, never from the database"
    stored = await engine.find_one(Stock)
    assert stored is not None
    assert stored.left == 8

    seen.clear()
    order = await engine.save(Order(item="tea"))

    # --8<-- [start:restore]
    async def ship(transaction: AIOTransaction) -> None:
        order.state += ", shipped"
        stock = await transaction.find_one(Stock, Stock.item == order.item)
        assert stock is not None
        await disturb(transaction)
        stock.left -= 1
        await transaction.save_all([order, stock])

    await engine.run_transaction(ship, restore=[order])
    print(order.state)
    # -> new, shipped
    # --8<-- [end:restore]
    assert len(seen) == 2
    stored = await engine.find_one(Stock)
    assert stored is not None
    assert stored.left == 6


async def main(engine: AIOEngine) -> None:
    await engine.configure_database([Stock])
    # --8<-- [start:create]
    await engine.configure_database([Stock])  # creates collections that have indexes
    await engine.database.create_collection(+Order)  # this one has none
    # --8<-- [end:create]
    await engine.save(Stock(item="tea", left=10))
    assert await place(engine) == 9
    await collide(engine)
