# The sync twin is written by hand: there is no Motor in it.
"""Run an example: `python examples/aio/session.py [--motor] [URI]`.

The URI comes from the command line, or else from MONGODB_URI. Without one a replica set is started,
if the extra `server` is installed. The database is the URI's, or else `examples`.
"""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

from odmantic import AIOEngine
from odmantic.testing import LocalReplicaSet
from pymongo.uri_parser import parse_uri

Example = Callable[[AIOEngine], Awaitable[None]]


def run(example: Example) -> None:
    """Call an example with an engine, and wait until it is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("uri", nargs="?", default=os.environ.get("MONGODB_URI"))
    parser.add_argument("--motor", action="store_true", help="use a client of Motor")
    options = parser.parse_args()
    with ExitStack() as stack:
        uri = options.uri or stack.enter_context(LocalReplicaSet()).uri
        call = with_motor if options.motor else with_pymongo
        asyncio.run(call(example, uri, parse_uri(uri)["database"] or "examples"))


async def with_pymongo(example: Example, uri: str, database: str) -> None:
    """Call an example with an engine on PyMongo's client."""
    async with AIOEngine(uri, database=database) as engine:
        await example(engine)


async def with_motor(example: Example, uri: str, database: str) -> None:
    """Call an example with an engine on a Motor client, which needs the extra `motor`."""
    from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 (it is optional)

    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(uri)
    try:
        await example(AIOEngine(client, database=database))
    finally:
        client.close()


async def at_once(calls: list[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """Make calls at the same time; return their results or exceptions."""
    return await asyncio.gather(*(call() for call in calls), return_exceptions=True)
