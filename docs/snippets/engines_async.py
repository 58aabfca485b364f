# --8<-- [start:make]
from typing import Any

from pymongo import AsyncMongoClient

from odmantic import AIOEngine

client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
    "mongodb://localhost:27017"
)
engine = AIOEngine(client, database="fleet")
# --8<-- [end:make]

import asyncio

from odmantic import Model


class Ship(Model):
    name: str


async def main() -> None:
    async with client:
        await engine.save(Ship(name="Vega"))
        print(await engine.count(Ship))
        # -> 1


asyncio.run(main())
