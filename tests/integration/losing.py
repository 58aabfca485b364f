"""A server that is lost while a test runs, and how long what follows may take."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from odmantic.testing import LocalReplicaSet
from odmantic.testing.faults._proxy import LOST, PASS, Passage, Proxy

_SLACK = 0.8
"""Seconds that a busy machine may take on top."""


class Losable:
    """A server that its clients lose at a moment of the test's choice, as if it was killed or stopped.

    It is a proxy that loses its connections, or holds what arrives: another server would take longer to start than the
    test.
    """

    def __init__(self, replica_set: LocalReplicaSet) -> None:
        self._is_killed = False
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._proxy = Proxy(("127.0.0.1", replica_set.ports[0]), self)
        self.uri = f"mongodb://127.0.0.1:{self._proxy.port}/?directConnection=true"

    def on_command(self, _document: dict[str, Any]) -> Passage:
        """Decides what becomes of a command."""
        self._goes_on.wait()
        return LOST if self._is_killed else PASS

    def lose(self, way_down: Literal["killed", "stopped"]) -> None:
        """Loses the server."""
        if way_down == "stopped":
            self._goes_on.clear()
            return
        self._is_killed = True
        for connection in [*self._proxy._connections]:
            connection.close()

    def find(self) -> None:
        """Has it back."""
        self._is_killed = False
        self._goes_on.set()

    def close(self) -> None:
        """Ends the proxy."""
        self._proxy.close()


@contextmanager
def takes_at_most(seconds: float) -> Iterator[None]:
    """A block that takes so long at most."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds + _SLACK
