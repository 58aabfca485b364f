"""Set the stage: the content of the database before a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from bench.data import OWNER_COLLECTION, OWNERS, Kind, collection_name, owner, stored
from bench.peers.peer import CLIENT_OPTIONS
from bench.workloads import Stage, Workload

BATCH = 5_000


class Database:
    """The database of a run of the benchmark; it is dropped at the end."""

    def __init__(self, uri: str, name: str) -> None:
        """Connect."""
        self._client: MongoClient[dict[str, Any]] = MongoClient(uri, **CLIENT_OPTIONS)
        self._name = name
        self._database = self._client[name]

    def close(self) -> None:
        """Drop the database and disconnect."""
        self._client.drop_database(self._name)
        self._client.close()

    def server_version(self) -> str:
        """Return the version of the server."""
        return str(self._client.server_info()["version"])

    def prepare(self, workload: Workload, kind: Kind, filling: int) -> None:
        """Create what all runs of a workload share."""
        owned = workload.stage is Stage.OWNED
        if workload.stage in {Stage.FILLED, Stage.OWNED}:
            self._fill(
                collection_name(kind, owned=owned), filling, lambda n: stored(kind, n, owned=owned)
            )
        if owned:
            self._fill(OWNER_COLLECTION, OWNERS, owner)

    def reset(self, workload: Workload, kind: Kind, filling: int) -> None:
        """Create what each run of a workload needs for itself."""
        if workload.stage is Stage.EMPTY:
            self._empty(collection_name(kind))
        elif workload.stage is Stage.REFILLED:
            self._fill(collection_name(kind), filling, lambda number: stored(kind, number))

    def count(self, kind: Kind) -> int:
        """Return how many documents a run left."""
        return self._database[collection_name(kind)].count_documents({})

    def _empty(self, name: str) -> Collection[dict[str, Any]]:
        self._database.drop_collection(name)
        return self._database.create_collection(name)

    def _fill(self, name: str, size: int, make: Callable[[int], dict[str, Any]]) -> None:
        collection = self._empty(name)
        documents: Iterator[dict[str, Any]] = map(make, range(size))
        while batch := list(islice(documents, BATCH)):
            collection.insert_many(batch, ordered=False)
