import warnings
from typing import Any

from pymongo import AsyncMongoClient

from odmantic import AIOEngine, Model
from odmantic.exceptions import StrayOperationError, StrayOperationWarning
from odmantic.session import NO_SESSION


class Order(Model):
    item: str


class Attempt(Model):
    what: str


async def strays(engine: AIOEngine) -> None:
    # --8<-- [start:warn]
    async with engine.transaction() as transaction:
        await transaction.save(Order(item="tea"))
        await engine.save(
            Order(item="milk")
        )  # StrayOperationWarning: session= is missing
        await engine.save(Attempt(what="an order"), session=NO_SESSION)  # intended
        await transaction.abort()
    print([order.item for order in await engine.find(Order)])
    # -> ['milk']
    # --8<-- [end:warn]
    assert await engine.count(Attempt) == 1


async def policies(client: AsyncMongoClient[dict[str, Any]], database: str) -> None:
    # --8<-- [start:policies]
    strict = AIOEngine(client, database=database, stray_operations="raise")
    try:
        async with strict.transaction() as transaction:
            await transaction.save(Order(item="tea"))
            await strict.count(Order)
    except StrayOperationError:
        print("rolled back, and nothing was sent for the count")
        # -> rolled back, and nothing was sent for the count

    joining = AIOEngine(client, database=database, stray_operations="join")
    async with joining.transaction():
        await joining.save(Order(item="tea"))  # part of the transaction
    # --8<-- [end:policies]
    assert await joining.count(Order) == 2


async def main(engine: AIOEngine) -> None:
    await engine.save(Order(item="bread"))
    await engine.remove(Order)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await strays(engine)
    assert [warning.category for warning in caught] == [StrayOperationWarning]
    await policies(engine.client, engine.database_name)
