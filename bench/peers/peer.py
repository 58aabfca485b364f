"""The base class of peers: one library in one colour, with a method for each workload that it can do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from bson import ObjectId

from bench.data import object_id, spread, values
from bench.workloads import IN_A_CALL, Colour, Task

Body: TypeAlias = Callable[[], Any]
"""The timed function. It returns the instances, or their number; an async peer's is a coroutine function."""
Setup: TypeAlias = Body | Coroutine[Any, Any, Body]
"""The result of a peer's method; code before that is not timed."""

LONG_WAIT = 60_000
CLIENT_OPTIONS: dict[str, Any] = {
    "uuidRepresentation": "standard",
    "serverSelectionTimeoutMS": LONG_WAIT,
}


def new_instances(model: Any, task: Task) -> list[Any]:
    """Return instances of a model, with ids that the library generates."""
    return [model(**values(task.kind, number)) for number in range(task.size)]


def given_instances(model: Any, task: Task) -> list[Any]:
    """Return instances of a model with given ids."""
    return [model(id=object_id(number), **values(task.kind, number)) for number in range(task.size)]


def ids_of(task: Task) -> list[ObjectId]:
    """Return ids of existing documents, in no particular order."""
    return [object_id(number) for number in spread(task.size, task.filling)]


def id_groups_of(task: Task) -> list[list[ObjectId]]:
    """Return ids of existing documents, in groups for one call each."""
    ids = ids_of(task)
    return [ids[start : start + IN_A_CALL] for start in range(0, len(ids), IN_A_CALL)]


class Peer:
    """One library in one colour.

    A method named after a workload takes a `Task`, prepares a run of it, and returns the function to be timed. A
    library that cannot do a workload has no such method.
    """

    colour: Colour

    def __init__(self, uri: str, database: str) -> None:
        """Keep the address; `open` connects, in the event loop of an async peer."""
        self.uri = uri
        self.database_name = database

    async def open(self) -> None:
        """Connect."""

    async def close(self) -> None:
        """Disconnect."""
