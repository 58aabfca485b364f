"""The pytest plugin: a replica set per run, a fresh database and engines per test.

Nothing is imported or started before a test needs it. With pytest-xdist every worker has its own replica set, so that
fault injection in one does not disturb the others.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AsyncExitStack

    from pymongo import MongoClient

    from odmantic.engine import AIOEngine, SyncEngine
    from odmantic.testing.replica_set import LocalReplicaSet
    from odmantic.testing.rollback import AIORollbackEngine, SyncRollbackEngine


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("odmantic")
    group.addoption(
        "--odmantic-mongo-uri",
        metavar="URI",
        help="use this server (a replica set, for transactions) instead of starting one",
    )
    group.addoption(
        "--odmantic-mongod",
        metavar="PATH",
        help="the mongod to start (default: $ODMANTIC_MONGOD, the PATH, the extra 'server')",
    )
    group.addoption(
        "--odmantic-members",
        metavar="N",
        type=int,
        default=1,
        help="how many members the replica set has (default: 1)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the fixtures that need a plugin for async tests, if that one is there."""
    if config.pluginmanager.hasplugin("asyncio"):
        from odmantic.testing import _pytest_asyncio  # noqa: PLC0415

        config.pluginmanager.register(_pytest_asyncio, "odmantic-asyncio")
    if config.pluginmanager.hasplugin("anyio"):
        from odmantic.testing import _pytest_anyio  # noqa: PLC0415

        config.pluginmanager.register(_pytest_anyio, "odmantic-anyio")


@pytest.fixture(scope="session")
def odmantic_replica_set_options() -> dict[str, Any]:
    """Arguments for `LocalReplicaSet`, to be overridden in a conftest."""
    return {}


@pytest.fixture(scope="session")
def odmantic_replica_set(
    pytestconfig: pytest.Config, odmantic_replica_set_options: dict[str, Any]
) -> Iterator[LocalReplicaSet]:
    """The replica set of this run. Tests that need it are skipped if a server is given."""
    if pytestconfig.getoption("odmantic_mongo_uri"):
        pytest.skip("needs a replica set of its own, but --odmantic-mongo-uri gives a server")
    from odmantic.testing.replica_set import LocalReplicaSet  # noqa: PLC0415

    options: dict[str, Any] = {
        "members": pytestconfig.getoption("odmantic_members"),
        "mongod": pytestconfig.getoption("odmantic_mongod"),
        **odmantic_replica_set_options,
    }
    with LocalReplicaSet(**options) as replica_set:
        yield replica_set


@pytest.fixture(scope="session")
def odmantic_mongo_uri(request: pytest.FixtureRequest) -> str:
    """The URI of the server: the one from the command line, or else the replica set's."""
    given: str | None = request.config.getoption("odmantic_mongo_uri")
    if given:
        return given
    replica_set: LocalReplicaSet = request.getfixturevalue("odmantic_replica_set")
    return replica_set.uri


@pytest.fixture(scope="session")
def odmantic_client_options() -> dict[str, Any]:
    """Arguments for the clients of all engines, such as `tz_aware=True`, to be overridden in a conftest."""
    return {}


@pytest.fixture(scope="session")
def odmantic_mongo_client(odmantic_mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A plain synchronous client for the whole run, to look at what is really stored."""
    from pymongo import MongoClient  # noqa: PLC0415

    client: MongoClient[dict[str, Any]] = MongoClient(odmantic_mongo_uri)
    with client:
        yield client


@pytest.fixture
def odmantic_database_name(odmantic_mongo_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """The name of a database for this test only, dropped afterwards."""
    from odmantic.testing._databases import drop_database  # noqa: PLC0415

    name = f"odmantic_test_{secrets.token_hex(6)}"
    if name in odmantic_mongo_client.list_database_names():
        pytest.fail(f"The database {name!r} exists already and will not be touched.")
    yield name
    drop_database(odmantic_mongo_client, name)


@pytest.fixture
def odmantic_async_cleanup(request: pytest.FixtureRequest) -> AsyncExitStack:
    """An exit stack that is closed in the event loop of the test, for clients bound to a loop.

    pytest-asyncio (in any mode and loop scope) and anyio are supported. A test that runs a loop
    by itself has to clean up in it.
    """
    name = _fixture_in_loop(request, "odmantic_async_cleanup")
    return request.getfixturevalue(name)  # type: ignore[no-any-return]


def _fixture_in_loop(request: pytest.FixtureRequest, name: str) -> str:
    """Return the name of the fixture that lives in the test's event loop, among several alike."""
    mark = request.node.get_closest_marker("asyncio")
    if mark is not None and request.config.pluginmanager.hasplugin("asyncio"):
        scope = mark.kwargs.get("loop_scope") or mark.kwargs.get("scope")
        scope = scope or request.config.getini("asyncio_default_test_loop_scope")
        return f"{name}_{scope}"
    if "anyio_backend" in request.fixturenames:
        return f"{name}_anyio"
    pytest.fail(
        "Only asynchronous tests can use an asynchronous engine: mark this one for pytest-asyncio"
        " or anyio, or use 'sync_engine' or 'sync_rollback_engine'."
    )


@pytest.fixture
def aio_engine(
    odmantic_mongo_uri: str,
    odmantic_database_name: str,
    odmantic_async_cleanup: AsyncExitStack,
    odmantic_client_options: dict[str, Any],
) -> AIOEngine:
    """An asynchronous engine on the database of this test."""
    from pymongo import AsyncMongoClient  # noqa: PLC0415

    from odmantic.engine import AIOEngine  # noqa: PLC0415

    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        odmantic_mongo_uri, appname=odmantic_database_name, **odmantic_client_options
    )
    odmantic_async_cleanup.push_async_callback(client.close)
    return AIOEngine(client, database=odmantic_database_name)


@pytest.fixture
def sync_engine(
    odmantic_mongo_uri: str,
    odmantic_database_name: str,
    odmantic_client_options: dict[str, Any],
) -> Iterator[SyncEngine]:
    """A synchronous engine on the database of this test."""
    from pymongo import MongoClient  # noqa: PLC0415

    from odmantic.engine import SyncEngine  # noqa: PLC0415

    client: MongoClient[dict[str, Any]] = MongoClient(
        odmantic_mongo_uri, appname=odmantic_database_name, **odmantic_client_options
    )
    with client:
        yield SyncEngine(client, database=odmantic_database_name)


@pytest.fixture(scope="session")
def odmantic_shared_database_name(
    odmantic_mongo_client: MongoClient[dict[str, Any]],
) -> Iterator[str]:
    """The name of a database that tests share and do not change; dropped after the run.

    Fill it in a session-scoped fixture, with an engine on `odmantic_mongo_client`.
    """
    from odmantic.testing._databases import drop_database  # noqa: PLC0415

    name = f"odmantic_shared_{secrets.token_hex(6)}"
    yield name
    drop_database(odmantic_mongo_client, name)


@pytest.fixture
def aio_rollback_engine(request: pytest.FixtureRequest) -> AIORollbackEngine:
    """An asynchronous engine on the shared database, in a transaction that is rolled back."""
    name = _fixture_in_loop(request, "odmantic_async_rollback")
    return request.getfixturevalue(name)  # type: ignore[no-any-return]


@pytest.fixture
def sync_rollback_engine(
    odmantic_mongo_uri: str,
    odmantic_shared_database_name: str,
    odmantic_client_options: dict[str, Any],
) -> Iterator[SyncRollbackEngine]:
    """A synchronous engine on the shared database, in a transaction that is rolled back."""
    from odmantic.testing.rollback import _sync  # noqa: PLC0415

    with _sync.sync_rollback_engine(
        odmantic_mongo_uri, odmantic_shared_database_name, odmantic_client_options
    ) as engine:
        yield engine
