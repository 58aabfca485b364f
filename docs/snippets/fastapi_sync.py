# --8<-- [start:app]
from typing import Any

from fastapi import APIRouter, FastAPI
from pymongo import MongoClient

from odmantic import Field, Model, SyncEngine
from odmantic.fastapi import (
    CurrentSyncTransaction,
    TransactionRoute,
    install_error_handlers,
)


class Berth(Model):
    number: int = Field(unique=True)
    ship: str


router = APIRouter(route_class=TransactionRoute)


@router.post("/berths/", status_code=201)
def take_berth(berth: Berth, transaction: CurrentSyncTransaction) -> Berth:
    return transaction.save(berth)


client: MongoClient[dict[str, Any]] = MongoClient("mongodb://localhost:27017")
app = FastAPI()
app.state.engine = SyncEngine(client, database="harbour")
app.include_router(router)
install_error_handlers(app)
# --8<-- [end:app]


async def main() -> None:
    import httpx

    app.state.engine.configure_database([Berth])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        for ship in "Vega", "Deneb":
            answer = await http.post("/berths/", json={"number": 1, "ship": ship})
            print(answer.status_code, answer.json().get("detail"))
            # -> 201 None
            # -> 409 Berth with this number exists already
    client.close()


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
