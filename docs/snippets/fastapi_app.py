# --8<-- [start:app]
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from pydantic import BaseModel
from pymongo import AsyncMongoClient

from odmantic import AIOEngine, Model, ObjectId
from odmantic.fastapi import (
    CurrentTransaction,
    TransactionRoute,
    install_error_handlers,
)

client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
    "mongodb://localhost:27017"
)
engine = AIOEngine(client, database="harbour")
router = APIRouter(route_class=TransactionRoute.using(engine))


class Ship(Model):
    name: str
    tonnage: int


class ShipPatch(BaseModel):
    name: str | None = None
    tonnage: int | None = None


@router.put("/ships/")
async def put_ship(ship: Ship, transaction: CurrentTransaction) -> Ship:
    return await transaction.save(ship)


async def ship_of_path(key: ObjectId, transaction: CurrentTransaction) -> Ship:
    ship = await transaction.find_one(Ship, Ship.id == key)
    if ship is None:
        raise HTTPException(404)
    return ship


ShipOfPath = Annotated[Ship, Depends(ship_of_path)]


@router.patch("/ships/{key}")
async def patch_ship(
    ship: ShipOfPath, patch: ShipPatch, transaction: CurrentTransaction
) -> Ship:
    ship.model_update(patch)
    return await transaction.save(ship)


@router.post("/ships/{key}/load")
async def load_ship(ship: ShipOfPath, transaction: CurrentTransaction) -> int:
    ship.tonnage += 1
    await transaction.save(ship)
    return ship.tonnage


app = FastAPI()
app.include_router(router)
install_error_handlers(app)
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
        loads = [http.post(f"/ships/{ship['id']}/load") for _ in range(20)]
        print(max(answer.json() for answer in await asyncio.gather(*loads)))
        # -> 4320


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
