import asyncio

import pymongo

from odmantic import AIOEngine, Model
from odmantic.exceptions import TransactionTimeoutError
from odmantic.session import NO_SESSION, AIOTransaction


class Counter(Model):
    value: int = 0


async def deadlines(engine: AIOEngine) -> None:
    async def always_in_conflict(transaction: AIOTransaction) -> None:
        counter = await transaction.find_one(Counter)
        assert counter is not None
        other = await engine.find_one(Counter, session=NO_SESSION)
        assert other is not None
        other.value += 1
        await engine.save(other, session=NO_SESSION)
        counter.value += 1
        await transaction.save(counter)

    # --8<-- [start:deadline]
    try:
        with pymongo.timeout(0.5):  # for everything in this block
            await engine.run_transaction(always_in_conflict)
    except TransactionTimeoutError as error:
        print(error.attempts > 1)
        # -> True
    # --8<-- [end:deadline]


async def cancelled(engine: AIOEngine) -> None:
    async def slow(transaction: AIOTransaction) -> None:
        await transaction.save(Counter(value=-1))
        await asyncio.sleep(60)

    # --8<-- [start:cancel]
    try:
        await asyncio.wait_for(engine.run_transaction(slow), timeout=0.2)
    except asyncio.TimeoutError:
        # rolled back, and its session has ended
        print(await engine.count(Counter, Counter.value == -1))
        # -> 0
    # --8<-- [end:cancel]


async def main(engine: AIOEngine) -> None:
    await engine.save(Counter())
    await deadlines(engine)
    await cancelled(engine)
