import asyncio
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from odmantic import AIOEngine, Model


class Ship(Model):
    name: str
    tonnage: int


pipeline: list[dict[str, Any]] = [
    {"$group": {"_id": None, "total": {"$sum": ++Ship.tonnage}}}
]


async def main() -> None:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        "mongodb://localhost:27017"
    )
    engine = AIOEngine(client, database="tonnage")
    await engine.save_all(
        [Ship(name="Vega", tonnage=4200), Ship(name="Lyra", tonnage=900)]
    )
    # --8<-- [start:aggregate]
    # Motor: aggregate is not awaited
    cursor = engine.get_collection(Ship).aggregate(pipeline)
    groups = await cursor.to_list(length=None)
    # --8<-- [end:aggregate]
    print(groups[0]["total"])
    # -> 5100
    client.close()


asyncio.run(main())
