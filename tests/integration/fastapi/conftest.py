"""The application on a real replica set, and clients for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pymongo import AsyncMongoClient
from pymongo.database import Database
from tests.integration.fastapi.service import Log, async_router, sync_router

from odmantic import AIOEngine, SyncEngine
from odmantic.fastapi import TransactionRoute, install_error_handlers


@pytest.fixture
def aio_engine(
    odmantic_mongo_uri: str,
    odmantic_async_cleanup: AsyncExitStack,
    client_options: dict[str, Any],
    odmantic_database_name: str,
) -> AIOEngine:
    client: AsyncMongoClient[Any] = AsyncMongoClient(odmantic_mongo_uri, **client_options)
    odmantic_async_cleanup.push_async_callback(client.close)
    return AIOEngine(client, odmantic_database_name)


@pytest.fixture(params=["aio", "sync"])
def colour(request: pytest.FixtureRequest) -> Literal["aio", "sync"]:
    return request.param


@pytest.fixture
def engine(colour: str, aio_engine: AIOEngine, sync_engine: SyncEngine) -> AIOEngine | SyncEngine:
    """The engine of the service."""
    return aio_engine if colour == "aio" else sync_engine


@dataclass
class Service:
    """The application, a client for it, and what is stored."""

    app: FastAPI
    http: AsyncClient
    log: Log
    database: Database[dict[str, Any]]
    open_transactions: Callable[[], int]

    @property
    def stored(self) -> dict[str, int]:
        found = self.database["counter"].find(sort=[("name", 1)])
        return {counter["name"]: counter["value"] for counter in found}

    def store(self, **values: int) -> None:
        counters = [{"name": name, "value": value} for name, value in values.items()]
        self.database["counter"].insert_many(counters)


@pytest.fixture
def connect(odmantic_async_cleanup: AsyncExitStack) -> Callable[[FastAPI], AsyncClient]:
    """Makes a client of an application."""

    def make(app: FastAPI) -> AsyncClient:
        transport = ASGITransport(app, raise_app_exceptions=False)
        http = AsyncClient(transport=transport, base_url="http://service", timeout=60)
        odmantic_async_cleanup.push_async_callback(http.aclose)
        return http

    return make


@pytest.fixture
def serve(
    colour: str,
    engine: AIOEngine | SyncEngine,
    raw_database: Database[dict[str, Any]],
    open_transactions: Callable[[], int],
    connect: Callable[[FastAPI], AsyncClient],
) -> Callable[..., Service]:
    """Makes the service, with a route class of the test's own if it gives one."""

    def make(route_class: type[Any] | None = None) -> Service:
        app, log = FastAPI(), Log()
        make_router = async_router if colour == "aio" else sync_router
        app.include_router(make_router(route_class or TransactionRoute.using(engine), log))
        install_error_handlers(app)
        raw_database["counter"].create_index([("name", 1)], unique=True)
        return Service(app, connect(app), log, raw_database, open_transactions)

    return make


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    """The service with an engine given to its route class."""
    return serve()
