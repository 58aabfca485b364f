"""A server that the runner gives, a database per test, and an engine per kind of client."""

from __future__ import annotations

import os
import secrets

import pytest
from pymongo import AsyncMongoClient, MongoClient

import odmantic
from odmantic import AIOEngine, SyncEngine

PYMONGO_ASYNC = pytest.param(
    "AsyncMongoClient",
    marks=pytest.mark.skipif(
        odmantic.__version__.startswith("1."), reason="odmantic 1.x knows Motor only"
    ),
)


@pytest.fixture
def uri():
    return os.environ["ODMANTIC_ECOSYSTEM_URI"]


@pytest.fixture
def database(uri):
    name = f"ecosystem_{secrets.token_hex(4)}"
    yield name
    with MongoClient(uri, uuidRepresentation="standard") as client:
        client.drop_database(name)


@pytest.fixture
def sync_engine(uri, database):
    with MongoClient(uri, uuidRepresentation="standard") as client:
        yield SyncEngine(client, database)


@pytest.fixture(params=["AsyncIOMotorClient", PYMONGO_ASYNC])
async def aio_engine(request, uri, database):
    if request.param == "AsyncMongoClient":
        async with AsyncMongoClient(uri, uuidRepresentation="standard") as client:
            yield AIOEngine(client, database)
    else:
        from motor.motor_asyncio import AsyncIOMotorClient

        client = AsyncIOMotorClient(uri, uuidRepresentation="standard")
        yield AIOEngine(client, database)
        client.close()


@pytest.fixture(params=["sync", "AsyncIOMotorClient", PYMONGO_ASYNC])
async def engine(request, uri, database):
    if request.param == "sync":
        with MongoClient(uri, uuidRepresentation="standard") as client:
            yield SyncEngine(client, database)
    elif request.param == "AsyncMongoClient":
        async with AsyncMongoClient(uri, uuidRepresentation="standard") as client:
            yield AIOEngine(client, database)
    else:
        from motor.motor_asyncio import AsyncIOMotorClient

        client = AsyncIOMotorClient(uri, uuidRepresentation="standard")
        yield AIOEngine(client, database)
        client.close()
