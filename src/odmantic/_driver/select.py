"""Which driver a client belongs to, told by its type: every attribute exists on a client."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from pymongo import AsyncMongoClient, MongoClient


class ClientKind(Enum):
    """The drivers the library knows."""

    SYNC = auto()
    ASYNC = auto()
    MOTOR = auto()
    UNKNOWN = auto()
    """A stand-in that behaves like a client, such as an in-memory one for tests."""


def client_kind(client: Any) -> ClientKind:
    """Tell the kind of a client, or of a client's subclass, without importing Motor."""
    if isinstance(client, MongoClient):
        return ClientKind.SYNC
    if isinstance(client, AsyncMongoClient):
        return ClientKind.ASYNC
    if any(base.__module__.partition(".")[0] == "motor" for base in type(client).__mro__):
        return ClientKind.MOTOR
    return ClientKind.UNKNOWN
