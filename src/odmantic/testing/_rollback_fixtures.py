"""An engine that rolls back, with a client of its own."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient, MongoClient

from odmantic.testing.rollback import AIORollbackEngine, SyncRollbackEngine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator


@asynccontextmanager
async def aio_rollback_engine(
    uri: str, database: str, options: dict[str, Any]
) -> AsyncGenerator[AIORollbackEngine]:
    """The asynchronous one; the client belongs to the running event loop."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, appname=database, **options)
    async with client, AIORollbackEngine(client, database) as engine:
        yield engine


@contextmanager
def sync_rollback_engine(
    uri: str, database: str, options: dict[str, Any]
) -> Generator[SyncRollbackEngine]:
    """The synchronous one."""
    client: MongoClient[dict[str, Any]] = MongoClient(uri, appname=database, **options)
    with client, SyncRollbackEngine(client, database) as engine:
        yield engine
