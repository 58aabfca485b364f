"""A user's service: what an endpoint declares to get the transaction is the transaction, to type checkers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from pymongo import AsyncMongoClient, MongoClient
from typing_extensions import assert_type

from odmantic import AIOEngine, Model, SyncEngine
from odmantic.fastapi import (
    CurrentSyncTransaction,
    CurrentTransaction,
    TransactionRoute,
    install_error_handlers,
)
from odmantic.session import AIOTransaction, SyncTransaction


class Ship(Model):
    name: str


class Route(TransactionRoute):
    timeout = 5.0


class Repository:
    def __init__(self, transaction: CurrentTransaction) -> None:
        self.transaction = transaction


aio_engine = AIOEngine(AsyncMongoClient())
sync_engine = SyncEngine(MongoClient(connect=False))
assert_type(TransactionRoute.using(aio_engine), type[TransactionRoute])
assert_type(Route.using(sync_engine, timeout=1), type[Route])
aio_router = APIRouter(route_class=TransactionRoute.using(aio_engine))
sync_router = APIRouter(route_class=Route.using(sync_engine))


@aio_router.post("/ships")
async def create(
    ship: Ship, transaction: CurrentTransaction, repository: Annotated[Repository, Depends()]
) -> Ship:
    assert_type(transaction, AIOTransaction)
    assert_type(repository.transaction, AIOTransaction)
    return assert_type(await transaction.save(ship), Ship)


@sync_router.get("/ships")
def ships(transaction: CurrentSyncTransaction) -> list[Ship]:
    assert_type(transaction, SyncTransaction)
    return list(transaction.find(Ship))


app = FastAPI()
app.include_router(aio_router)
install_error_handlers(app)
