"""Primitives of the sync colour; `_aio` has the same names."""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo import MongoClient

from odmantic._driver.select import ClientKind

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

Lock = threading.Lock
sleep = time.sleep

REFUSED_CLIENTS = frozenset({ClientKind.ASYNC, ClientKind.MOTOR})
CLIENT_ADVICE = "a MongoClient; AIOEngine takes an AsyncMongoClient or a Motor client"


def default_client() -> MongoClient[dict[str, Any]]:
    """A client for the driver's default address; connects on first use."""
    return MongoClient(connect=False)


def resolve(value: Any) -> Any:
    """The result of a driver call."""
    return value


def take_batch(cursor: Any, size: int) -> list[Any]:
    """Up to `size` next documents of a driver cursor; an empty list at its end."""
    return list(islice(cursor, size))


def drained(call: Callable[[], T]) -> T:
    """Run a call to its end; threads are not cancelled."""
    return call()
