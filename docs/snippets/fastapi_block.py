from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from pymongo import AsyncMongoClient

from odmantic import AIOEngine, Model
from odmantic.session import AIOTransaction

client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
    "mongodb://localhost:27017"
)
engine = AIOEngine(client, database="dependencies")
app = FastAPI()


class Ship(Model):
    name: str


# --8<-- [start:block]
async def unit_of_work() -> AsyncIterator[AIOTransaction]:
    async with engine.transaction() as transaction:
        yield transaction


UnitOfWork = Annotated[AIOTransaction, Depends(unit_of_work, scope="function")]


@app.put("/ships/")
async def put_ship(ship: Ship, transaction: UnitOfWork) -> Ship:
    return await transaction.save(ship)


# --8<-- [end:block]


async def main() -> None:
    import httpx

    transport = httpx.ASGITransport(app)
    async with (
        client,
        httpx.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        print((await http.put("/ships/", json={"name": "Vega"})).json()["name"])
        # -> Vega


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
