"""Kills and stepdowns of the primary of a replica set while others work on it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic.testing import LocalReplicaSet

_POLL_SECONDS = 0.05
_CALM_SECONDS = 0.5
"""Seconds of calm after a member has returned, so that the next primary has all data."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fault of the replica set.

    Attributes:
        kind: "killed" or "stepped down".
        began: Its time, on the monotonic clock.
        primary_at: When there was another primary.
        restarted_at: When the killed member took part again.
    """

    kind: str
    member: int
    began: float
    primary_at: float
    restarted_at: float | None = None


@dataclass
class Saboteur:
    """A thread that spreads the faults over the work: the next one comes when enough of the work is done."""

    replica_set: LocalReplicaSet
    kills: int
    step_downs: int
    progress: Callable[[], float]
    on_end: Callable[[], None]
    events: list[Event] = field(default_factory=list[Event])
    error: Exception | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="saboteur")
        thread.start()
        return thread

    def _run(self) -> None:
        try:
            for share, act in self._plan():
                while self.progress() < share and not self.stopped.is_set():
                    time.sleep(_POLL_SECONDS)
                if self.stopped.is_set():
                    return
                self.events.append(act())
                self.stopped.wait(_CALM_SECONDS)
        except Exception as error:  # noqa: BLE001 - raised where the thread is joined
            self.error = error
        finally:
            self.on_end()

    def _plan(self) -> list[tuple[float, Callable[[], Event]]]:
        """Return the faults, each with the share of the work after which it comes."""
        kills = [((n + 0.5) / self.kills, self._kill) for n in range(self.kills)]
        steps = [((n + 0.9) / self.step_downs, self._step_down) for n in range(self.step_downs)]
        return sorted([*kills, *steps], key=lambda fault: fault[0])

    def _kill(self) -> Event:
        member = self.replica_set.wait_for_primary()
        began = time.monotonic()
        self.replica_set.kill_member(member)
        self.replica_set.wait_for_primary()
        primary_at = time.monotonic()
        self.replica_set.restart_member(member)
        return Event("killed", member, began, primary_at, time.monotonic())

    def _step_down(self) -> Event:
        member = self.replica_set.wait_for_primary()
        began = time.monotonic()
        self.replica_set.step_down(seconds=2)
        return Event("stepped down", member, began, time.monotonic())
