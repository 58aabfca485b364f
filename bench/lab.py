"""A process in which peers run: this one, or the worker in the environment of odmantic 1.1.0."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING

from bench.libraries import find_library
from bench.measure import Sample, time_async_body, time_body, weigh_async_body, weigh_body
from bench.peers.peer import Body, Peer, Setup
from bench.workloads import Colour, Metric, Task, find_workload

if TYPE_CHECKING:
    from typing_extensions import Self


class Lab:
    """The connected peers of this process, and the event loop of the async ones."""

    def __init__(self, uri: str, database: str) -> None:
        """Nothing connects before its first run."""
        self._uri = uri
        self._database = database
        self._loop = asyncio.new_event_loop()
        self._peers: dict[tuple[str, Colour], Peer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for peer in self._peers.values():
            self._loop.run_until_complete(peer.close())
        self._loop.close()

    def can(self, library: str, workload: str, colour: Colour) -> bool:
        """Return whether a library can do a workload in a colour."""
        peer = find_library(library).peers().get(colour)
        return peer is not None and hasattr(peer, find_workload(workload).operation)

    def run(self, library: str, workload: str, colour: Colour, task: Task) -> Sample:
        """Prepare and measure one run."""
        body = self.prepare(library, workload, colour, task)
        return self.measure(body, colour, find_workload(workload).metric)

    def prepare(self, library: str, workload: str, colour: Colour, task: Task) -> Body:
        """Prepare a run, unmeasured."""
        peer = self._peer(library, colour)
        setup: Setup = getattr(peer, find_workload(workload).operation)(task)
        # A body may be a coroutine function, but is never a coroutine.
        if isinstance(setup, Coroutine):
            return self._loop.run_until_complete(setup)
        return setup

    def measure(self, body: Body, colour: Colour, metric: Metric) -> Sample:
        """Measure a prepared run."""
        weighs = metric is Metric.MEMORY
        if colour is Colour.ASYNC:
            measure = weigh_async_body if weighs else time_async_body
            return self._loop.run_until_complete(measure(body))
        return weigh_body(body) if weighs else time_body(body)

    def _peer(self, library: str, colour: Colour) -> Peer:
        if (library, colour) not in self._peers:
            peer = find_library(library).peers()[colour](self._uri, self._database)
            self._loop.run_until_complete(peer.open())
            self._peers[library, colour] = peer
        return self._peers[library, colour]
