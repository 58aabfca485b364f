# --8<-- [start:app]
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
from pymongo import AsyncMongoClient

from odmantic import AIOEngine, Model, ObjectId
from odmantic.session import AIOTransaction

client = AsyncMongoClient("mongodb://localhost:27017")
engine = AIOEngine(client, database="harbour")
app = FastAPI()


class Ship(Model):
    name: str
    tonnage: int


class ShipPatch(BaseModel):
    name: str | None = None
    tonnage: int | None = None


async def unit_of_work() -> AsyncIterator[AIOTransaction]:
    async with engine.transaction() as transaction:
        yield transaction  # an exception in the endpoint rolls back


# scope="function": commit before the response is sent, so that a failure is seen
UnitOfWork = Annotated[AIOTransaction, Depends(unit_of_work, scope="function")]


@app.put("/ships/")
async def put_ship(ship: Ship, work: UnitOfWork) -> Ship:
    return await work.save(ship)


@app.patch("/ships/{key}")
async def patch_ship(key: ObjectId, patch: ShipPatch, work: UnitOfWork) -> Ship:
    ship = await work.find_one(Ship, Ship.id == key)
    if ship is None:
        raise HTTPException(404)
    ship.model_update(patch)
    return await work.save(ship)


# --8<-- [end:app]


async def main() -> None:
    import httpx

    transport = httpx.ASGITransport(app)
    async with (
        client,
        httpx.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        made = await http.put("/ships/", json={"name": "Vega", "tonnage": 4200})
        ship = made.json()
        patched = await http.patch(f"/ships/{ship['id']}", json={"tonnage": 4300})
        print(patched.json()["name"], patched.json()["tonnage"])
        # -> Vega 4300
        missing = await http.patch("/ships/5f85f36d6dfecacc68428a46", json={})
        wrong = await http.patch("/ships/not-an-id", json={})
        print(missing.status_code, wrong.status_code)
        # -> 404 422


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
