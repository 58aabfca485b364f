"""Engines of every colour on a database of the test's own, and what they sent to the server.

A test of an asynchronous engine runs with PyMongo's client, and with `@pytest.mark.each_driver` with Motor's, too. The
mark is for what the drivers do in different ways; CONTRIBUTING.md says what that is.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from typing import Any, Literal, TypeAlias

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.database import Database
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from odmantic.engine import AIOEngine, SyncEngine

Document: TypeAlias = dict[str, Any]
FailPoint: TypeAlias = Callable[..., AbstractContextManager[None]]

_WITHOUT_INTEREST = frozenset({"hello", "ping", "endSessions"})


class Commands:
    """What the client of the engine has sent to the server.

    Attributes:
        started: The events, in order.
    """

    def __init__(self) -> None:
        self.started: list[CommandStartedEvent] = []

    @property
    def names(self) -> list[str]:
        """The names of the commands, in order."""
        return [event.command_name for event in self.started]

    def clear(self) -> None:
        """Forgets what was sent so far."""
        self.started.clear()


class _Listener(CommandListener):
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name not in _WITHOUT_INTEREST:
            self._commands.started.append(event)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@pytest.fixture
def commands() -> Commands:
    """The commands that `aio_engine` or `sync_engine` sends."""
    return Commands()


@pytest.fixture
def client_options(request: pytest.FixtureRequest, odmantic_database_name: str) -> dict[str, Any]:
    """What the engine's client is made with; tests that make their own may use them, too.

    Only a test that wants the commands listens to them: a client without listeners reads in another way.
    """
    options: dict[str, Any] = {"appname": odmantic_database_name}
    if "commands" in request.fixturenames:
        options["event_listeners"] = [_Listener(request.getfixturevalue("commands"))]
    return options


_PYMONGO = pytest.param("pymongo", id="pymongo")
_MOTOR = pytest.param(
    "motor",
    id="motor",
    marks=pytest.mark.skipif(
        importlib.util.find_spec("motor") is None, reason="the extra 'motor' is not installed"
    ),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives every test of an asynchronous engine its clients."""
    if "async_client_kind" in metafunc.fixturenames:
        differs = metafunc.definition.get_closest_marker("each_driver") is not None
        metafunc.parametrize("async_client_kind", [_PYMONGO, _MOTOR] if differs else [_PYMONGO])


@pytest.fixture
def async_client(
    async_client_kind: Literal["pymongo", "motor"],
    odmantic_mongo_uri: str,
    odmantic_async_cleanup: AsyncExitStack,
    client_options: dict[str, Any],
) -> Any:
    """An `AsyncMongoClient` or an `AsyncIOMotorClient`, closed in the event loop of the test."""
    if async_client_kind == "motor":
        from motor.motor_asyncio import AsyncIOMotorClient

        motor_client: Any = AsyncIOMotorClient(odmantic_mongo_uri, **client_options)
        odmantic_async_cleanup.callback(motor_client.close)
        return motor_client
    client: AsyncMongoClient[Document] = AsyncMongoClient(odmantic_mongo_uri, **client_options)
    odmantic_async_cleanup.push_async_callback(client.close)
    return client


@pytest.fixture
def aio_engine(async_client: Any, odmantic_database_name: str) -> AIOEngine:
    """An asynchronous engine on the client of the test."""
    return AIOEngine(async_client, database=odmantic_database_name)


@pytest.fixture
def sync_client(
    odmantic_mongo_uri: str, client_options: dict[str, Any]
) -> Iterator[MongoClient[Document]]:
    """The client of `sync_engine`."""
    client: MongoClient[Document] = MongoClient(odmantic_mongo_uri, **client_options)
    with client:
        yield client


@pytest.fixture
def sync_engine(sync_client: MongoClient[Document], odmantic_database_name: str) -> SyncEngine:
    """A synchronous engine."""
    return SyncEngine(sync_client, database=odmantic_database_name)


@pytest.fixture
def foreign_engine(request: pytest.FixtureRequest) -> AIOEngine | SyncEngine:
    """An engine of the colour that the test does not have; its client never connects."""
    from odmantic.engine import AIOEngine, SyncEngine

    if "sync" in request.path.parts[:-1]:
        return AIOEngine(AsyncMongoClient())
    return SyncEngine(MongoClient(connect=False))


@pytest.fixture
def raw_database(
    odmantic_mongo_client: MongoClient[Document], odmantic_database_name: str
) -> Database[Document]:
    """The database of the test without any engine, synchronous for tests of either colour."""
    return odmantic_mongo_client[odmantic_database_name]


@pytest.fixture
def open_transactions(
    odmantic_mongo_client: MongoClient[Document], odmantic_database_name: str
) -> Callable[[], int]:
    """Counts the transactions of the engine's client that are open on the server."""

    def count() -> int:
        pipeline = [
            {"$currentOp": {"idleSessions": True}},
            {"$match": {"appName": odmantic_database_name, "transaction": {"$exists": True}}},
        ]
        return len(list(odmantic_mongo_client.admin.aggregate(pipeline)))

    return count


@pytest.fixture
def fail_point(
    odmantic_mongo_client: MongoClient[Document], odmantic_database_name: str
) -> FailPoint:
    """Makes commands of the engine's client fail on the server, inside a `with` block.

    The arguments: the names of the commands, and by keyword `times` (default: as long as the
    block lasts) and at least one of `error_code`, `labels`, `close_connection`, `block_ms`, and
    `write_concern_error` (a document). The application's name keeps others out of it.
    """

    @contextmanager
    def fail(
        *names: str,
        times: int | None = None,
        error_code: int | None = None,
        labels: tuple[str, ...] | None = None,
        close_connection: bool = False,
        block_ms: int | None = None,
        write_concern_error: Document | None = None,
    ) -> Iterator[None]:
        data: Document = {"failCommands": list(names), "appName": odmantic_database_name}
        if error_code is not None:
            data["errorCode"] = error_code
        if labels is not None:
            data["errorLabels"] = list(labels)
        if close_connection:
            data["closeConnection"] = True
        if block_ms is not None:
            data |= {"blockConnection": True, "blockTimeMS": block_ms}
        if write_concern_error is not None:
            data["writeConcernError"] = write_concern_error
        configure = odmantic_mongo_client.admin.command
        mode = {"times": times} if times is not None else "alwaysOn"
        configure({"configureFailPoint": "failCommand", "mode": mode, "data": data})
        try:
            yield
        finally:
            configure({"configureFailPoint": "failCommand", "mode": "off"})

    return fail
