"""Injects faults into synchronous programs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from odmantic.engine import SyncEngine
from odmantic.testing.faults._points import SERVER_FAULTS, Fault
from odmantic.testing.faults._report import FaultReport, FaultRun
from odmantic.testing.faults._stage import Stage

if TYPE_CHECKING:
    from odmantic.testing.faults._points import FaultPoint
    from odmantic.testing.faults._proxy import Proxy
    from odmantic.testing.faults._stage import Watch


def sync_inject_faults(
    uri: str,
    work: Callable[[SyncEngine], Any],
    check: Callable[[SyncEngine, FaultRun], Any],
    *,
    prepare: Callable[[SyncEngine], Any] | None = None,
    faults: Iterable[Fault] = SERVER_FAULTS,
    make_engine: Callable[[str, str], SyncEngine] | None = None,
    timeout: float = 30.0,
) -> FaultReport:
    """Run a program once undisturbed, then once for each fault at each command that it sends.

    It is `aio_inject_faults` for synchronous programs: see there. The program runs in the calling thread; when
    its time is up, its connections break.

    Raises:
        ValueError: a fault is a cancellation: threads cannot be cancelled.
        LocalReplicaSetError: the server is no replica set, or has no fail points.
        Exception: what the undisturbed program, `prepare`, or the making of an engine raises.
    """
    faults = tuple(faults)
    if any(fault.is_cancellation for fault in faults):
        raise ValueError("A synchronous program cannot be cancelled: leave these faults out.")
    with Stage(uri, faults) as stage:
        return _Trial(stage, work, check, prepare, make_engine or _make_engine, timeout).report()


def _make_engine(uri: str, database: str) -> SyncEngine:
    from pymongo import MongoClient  # noqa: PLC0415  (next to its only use)

    client: MongoClient[dict[str, Any]] = MongoClient(uri)
    return SyncEngine(client, database=database)


class _Trial:
    """A program with its checks, on a stage."""

    def __init__(
        self,
        stage: Stage,
        work: Callable[[SyncEngine], Any],
        check: Callable[[SyncEngine, FaultRun], Any],
        prepare: Callable[[SyncEngine], Any] | None,
        make_engine: Callable[[str, str], SyncEngine],
        timeout: float,
    ) -> None:
        self._stage = stage
        self._work = work
        self._check = check
        self._prepare = prepare
        self._make_engine = make_engine
        self._timeout = timeout

    def report(self) -> FaultReport:
        sound = self._make_engine(self._stage.uri, self._stage.database)
        try:
            undisturbed, watch = self._run(sound, None)
            if undisturbed.error is not None:
                raise undisturbed.error
            runs = [undisturbed]
            if not undisturbed.violations:
                points = self._stage.points(watch.commands)
                runs += [self._run(sound, point)[0] for point in points]
            return FaultReport(tuple(runs))
        finally:
            sound.client.close()

    def _run(self, sound: SyncEngine, point: FaultPoint | None) -> tuple[FaultRun, Watch]:
        self._stage.clear()
        if self._prepare is not None:
            self._prepare(sound)
        watch = self._stage.watch(point)
        with self._stage.proxy(watch) as proxy:
            engine = self._make_engine(self._stage.proxied_uri(proxy), self._stage.database)
            try:
                run = self._ended(engine, point, watch, proxy)
                left = self._stage.left_behind()
            finally:
                engine.client.close()
        return run.with_violations([*left, *self._broken(sound, run)]), watch

    def _ended(
        self, engine: SyncEngine, point: FaultPoint | None, watch: Watch, proxy: Proxy
    ) -> FaultRun:
        began = time.monotonic()
        alarm = threading.Timer(self._timeout, proxy.close)
        alarm.start()
        result: Any = None
        error: Exception | None = None
        try:
            result = self._work(engine)
        except Exception as raised:  # noqa: BLE001  (how the program ends is what is asked for)
            error = raised
        finally:
            alarm.cancel()
        reached = point is None or watch.has_hit
        is_late = time.monotonic() - began > self._timeout
        violations = (f"took longer than {self._timeout} s",) if is_late else ()
        return FaultRun(point, result, error, watch.attempts, reached, violations)

    def _broken(self, sound: SyncEngine, run: FaultRun) -> list[str]:
        if run.point is None and run.error is not None:
            return []
        try:
            self._check(sound, run)
        except AssertionError as error:
            return [str(error) or "the check failed"]
        except Exception as error:  # noqa: BLE001  (whatever the check raises is what it found)
            return [f"{type(error).__name__}: {error}"]
        return []
