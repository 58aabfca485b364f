# --8<-- [start:make]
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from odmantic import AIOEngine

client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
    "mongodb://localhost:27017"
)
engine = AIOEngine(client, database="fleet")
# --8<-- [end:make]

import asyncio

from odmantic import Model


class Ship(Model):
    name: str


async def main() -> None:
    await engine.save(Ship(name="Vega"))
    print(await engine.count(Ship))
    # -> 1
    client.close()


asyncio.run(main())
