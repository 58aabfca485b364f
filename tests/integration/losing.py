"""A server that is lost while a test runs, and how long what follows may take."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from pymongo import MongoClient

from odmantic.testing import LocalReplicaSet

_SLACK = 0.8
"""Seconds that a busy machine may take on top."""


class Losable:
    """A replica set whose only server is lost at a moment of the test's choice, and found again after the test."""

    def __init__(self, replica_set: LocalReplicaSet) -> None:
        self._replica_set = replica_set
        client: MongoClient[dict[str, Any]] = MongoClient(replica_set.uri)
        with client:
            self._pid = client.admin.command("serverStatus")["pid"]
        self._is_stopped = False

    def lose(self, way_down: Literal["killed", "stopped"]) -> None:
        """Loses the server."""
        if way_down == "killed":
            self._replica_set.kill_member(0)
        else:
            self._is_stopped = True
            os.kill(self._pid, signal.SIGSTOP)

    def find(self) -> None:
        """Has it back."""
        if self._is_stopped:
            os.kill(self._pid, signal.SIGCONT)
        elif not self._replica_set.is_running(0):
            self._replica_set.restart_member(0)


@contextmanager
def takes_at_most(seconds: float) -> Iterator[None]:
    """A block that takes so long at most."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds + _SLACK
