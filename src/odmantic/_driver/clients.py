"""Clients and sessions: their driver, recognised by their type, and the servers that they reach."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, cast

from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.topology_description import TopologyDescription

from odmantic._driver.internals import DEPLOYMENT, keep_on, kept_on
from odmantic._state.places import Addresses, Deployment

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names by which a machine knows itself."""

_PARTS = (AsyncDatabase, AsyncCollection, Database, Collection)
SESSION_CLASSES = frozenset({AsyncClientSession, ClientSession})
"""The session classes of PyMongo."""


class ClientKind(Enum):
    """The kinds of clients, by driver."""

    SYNC = auto()
    ASYNC = auto()
    MOTOR = auto()
    UNKNOWN = auto()
    """A stand-in that behaves like a client, such as an in-memory one for tests."""
    NONE = auto()
    """Not a client: a URI, or the database of a client."""


DRIVERS = frozenset({ClientKind.SYNC, ClientKind.ASYNC, ClientKind.MOTOR})


def client_kind(client: Any) -> ClientKind:
    """Return the kind of a client, or of a client's subclass, without importing Motor.

    It is recognised by its type: a client has every attribute, because it makes databases of them.
    """
    if isinstance(client, MongoClient):
        return ClientKind.SYNC
    if isinstance(client, AsyncMongoClient):
        return ClientKind.ASYNC
    if _is_of_motor(client, {"AgnosticClient"}):
        return ClientKind.MOTOR
    if not _is_part(client) and hasattr(client, "__getitem__") and hasattr(client, "start_session"):
        return ClientKind.UNKNOWN
    return ClientKind.NONE


def servers_of(client: Any) -> list[tuple[str, int | None]]:
    """Return the servers that a client seeks or knows, as hosts and ports; none for a stand-in."""
    topology = _topology_of(client)
    return [] if topology is None else list(topology.server_descriptions())


def addresses_of(client: Any) -> list[str]:
    """Return the servers of a client as `host:port`."""
    return [host if port is None else f"{host}:{port}" for host, port in servers_of(client)]


def deployment_of(client: Any) -> Deployment:
    """Return the deployment of a client, the same object each time if the client can keep it."""
    deployment = kept_on(client, DEPLOYMENT)
    if not isinstance(deployment, Deployment):
        deployment = Deployment(client, _addresses)
        keep_on(client, DEPLOYMENT, deployment)
    return deployment


def _addresses(client: Any) -> Addresses:
    """Return the addresses in a client's topology.

    Before a client connects, they are those of its connection string.
    """
    # Ignore the servers' own names: in containers that are reached directly all may say "localhost:27017".
    return frozenset(
        ("localhost" if host in _LOOPBACK else host, port) for host, port in servers_of(client)
    )


def knows_server(client: Any) -> bool:
    """Return whether a client knows a server that accepts writes; a stand-in is its own server."""
    topology = _topology_of(client)
    return topology is None or topology.has_writable_server()


def check_session(value: Any) -> None:
    """Refuse a value that is certainly not a driver's session; the driver checks that it is the right one.

    Raises:
        TypeError: if it is not a session; the text names the value.
    """
    if value is None or type(value) in SESSION_CLASSES:
        return
    if hasattr(cast("object", type(value)), "end_session"):
        return
    is_stand_in = hasattr(value, "end_session") and not isinstance(value, type)
    if not is_stand_in or _is_part(value) or client_kind(value) in DRIVERS:
        raise TypeError(
            "session= takes a session or transaction object, or a session of the driver, "
            f"not {value!r:.200}"
        )


def runs_transaction(session: Any) -> bool:
    """Return whether a transaction runs in a session, whoever began it; a stand-in may not say."""
    return getattr(session, "in_transaction", None) is True


def sends_nothing_at_end(session: Any) -> bool:
    """Return whether a session ends without sending anything, so that its end cannot be cut off."""
    return type(session) in SESSION_CLASSES and not session.in_transaction


def _topology_of(client: Any) -> TopologyDescription | None:
    description = getattr(client, "topology_description", None)
    return description if isinstance(description, TopologyDescription) else None


def _is_part(value: Any) -> bool:
    """Return whether this is a database or a collection, which have every attribute."""
    return isinstance(value, _PARTS) or _is_of_motor(
        value, {"AgnosticDatabase", "AgnosticCollection"}
    )


def is_motor_collection(value: Any) -> bool:
    """Return whether this is a collection of Motor."""
    return _is_of_motor(value, {"AgnosticCollection"})


def _is_of_motor(value: Any, names: set[str]) -> bool:
    return any(
        base.__module__ == "motor.core" and base.__name__ in names for base in type(value).__mro__
    )
