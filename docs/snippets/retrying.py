from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.errors import PyMongoError

from odmantic import AIOEngine, Model
from odmantic.session import AIOTransaction


class Counter(Model):
    value: int = 0


# --8<-- [start:retry]
T = TypeVar("T")


async def run(
    engine: AIOEngine,
    work: Callable[[AIOTransaction], Awaitable[T]],
    attempts: int = 5,
) -> T:
    while True:
        attempts -= 1
        try:
            async with engine.transaction() as transaction:
                return await work(transaction)
        except PyMongoError as error:
            transient = error.has_error_label("TransientTransactionError")
            if not (attempts and transient):
                raise
    # --8<-- [end:retry]


async def main(engine: AIOEngine) -> None:
    counter = await engine.save(Counter())
    conflicts = 0

    # --8<-- [start:work]
    async def increment(transaction: AIOTransaction) -> int:
        stored = await transaction.find_one(Counter, Counter.id == counter.id)
        stored.value += 1
        await transaction.save(stored)
        return stored.value

    # --8<-- [end:work]

    async def disturbed(transaction: AIOTransaction) -> int:
        nonlocal conflicts
        await transaction.count(Counter)  # what it reads from now on is this old
        if conflicts < 2:
            conflicts += 1
            counter.value += 10
            await engine.save(counter)
        return await increment(transaction)

    print(await run(engine, disturbed))
    # -> 21
    assert conflicts == 2
