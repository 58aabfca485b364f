"""Which driver a client belongs to, told by its type: every attribute exists on a client."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.collection import Collection
from pymongo.database import Database

_PARTS = (AsyncDatabase, AsyncCollection, Database, Collection)


class ClientKind(Enum):
    """The drivers the library knows."""

    SYNC = auto()
    ASYNC = auto()
    MOTOR = auto()
    UNKNOWN = auto()
    """A stand-in that behaves like a client, such as an in-memory one for tests."""
    NONE = auto()
    """No client: a URI, or the database of a client."""


def client_kind(client: Any) -> ClientKind:
    """Tell the kind of a client, or of a client's subclass, without importing Motor."""
    if isinstance(client, MongoClient):
        return ClientKind.SYNC
    if isinstance(client, AsyncMongoClient):
        return ClientKind.ASYNC
    if _is_of_motor(client, "AgnosticClient"):
        return ClientKind.MOTOR
    # Every attribute exists on a database and on a collection.
    is_part = isinstance(client, _PARTS) or _is_of_motor(client, "AgnosticBase")
    if is_part or not (hasattr(client, "__getitem__") and hasattr(client, "start_session")):
        return ClientKind.NONE
    return ClientKind.UNKNOWN


def _is_of_motor(value: Any, name: str) -> bool:
    bases = type(value).__mro__
    return any(base.__module__ == "motor.core" and base.__name__ == name for base in bases)
