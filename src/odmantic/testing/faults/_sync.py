# Generated from src/odmantic/testing/faults/_aio.py by tools/generate_sync.py: do not edit.
"""Fault injection into synchronous programs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from odmantic.engine import SyncEngine
from odmantic.testing.faults._points import SERVER_FAULTS as POSSIBLE_FAULTS
from odmantic.testing.faults._points import Fault
from odmantic.testing.faults._report import FaultReport, FaultRun
from odmantic.testing.faults._stage import Stage

if TYPE_CHECKING:
    from odmantic.testing.faults._points import FaultPoint
    from odmantic.testing.faults._proxy import Proxy
    from odmantic.testing.faults._stage import Watch

T = TypeVar("T")


def sync_inject_faults(
    uri: str,
    work: Callable[[SyncEngine], Any],
    check: Callable[[SyncEngine, FaultRun], Any],
    *,
    prepare: Callable[[SyncEngine], Any] | None = None,
    faults: Iterable[Fault] = POSSIBLE_FAULTS,
    make_engine: Callable[[str, str], SyncEngine] | None = None,
    timeout: float = 30.0,
) -> FaultReport:
    """Run a program once undisturbed, then once for each fault at each command that it sends.

    Every run has its own client and begins with an empty database, which is dropped at the end. Besides what
    `check` finds, it is a violation to take longer than `timeout` or to leave a transaction open on the server. When
    its time is up, a program in a task is cancelled; the connections of one in a thread break.

    Args:
        uri: A replica set, over a connection without TLS; its test commands have to be enabled.
        work: The program. It gets an engine whose network and server fail.
        check: Takes an engine that does not fail and how the program ended, and raises for what is wrong, as `assert`
            does; it may be a plain function.
        prepare: Fills the database before each run; it may be a plain function.
        faults: The faults to try, by default all that can happen; only a task can be cancelled.
        make_engine: Creates the engine and its client from a URI and the name of a database; by default a
            `SyncEngine` on a `MongoClient`. The client is closed after the run.
        timeout: Seconds that one run may take.

    Raises:
        ValueError: if a thread is to be cancelled.
        LocalReplicaSetError: if the server is not a replica set, or has no fail points.
        Exception: if the undisturbed program, `prepare` or `make_engine` raises it.

    Example:
        ```python
        def check(engine, run):
            accounts = engine.find(Account)
            assert sum(account.balance for account in accounts) == 100


        report = sync_inject_faults(uri, transfer, check, prepare=open_accounts)
        report.raise_for_violations()
        ```
    """
    faults = tuple(faults)
    if any(fault.is_cancellation for fault in faults):
        raise ValueError("A synchronous program cannot be cancelled: leave these faults out.")
    stage = _blocking(Stage, uri, faults)
    trial = _Trial(stage, work, check, prepare, make_engine or _make_engine, timeout)
    try:
        return trial.report()
    finally:
        _blocking(stage.close)


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
                for point in self._stage.points(watch.commands):
                    run, _ = self._run(sound, point)
                    runs.append(run)
            return FaultReport(tuple(runs))
        finally:
            sound.client.close()

    def _run(self, sound: SyncEngine, point: FaultPoint | None) -> tuple[FaultRun, Watch]:
        _blocking(self._stage.clear)
        if self._prepare is not None:
            self._prepare(sound)
        watch = self._stage.watch(point)
        with self._stage.proxy(watch) as proxy:
            engine = self._make_engine(self._stage.proxied_uri(proxy), self._stage.database)
            try:
                run = self._ended(engine, point, watch, proxy)
                left = _blocking(self._stage.left_behind)
            finally:
                engine.client.close()
        return run.with_violations([*left, *self._broken(sound, run)]), watch

    def _ended(
        self, engine: SyncEngine, point: FaultPoint | None, watch: Watch, proxy: Proxy
    ) -> FaultRun:
        result, error, is_late = _outcome(self._work, engine, watch, proxy, self._timeout)
        reached = point is None or watch.has_hit
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


def _blocking(call: Callable[..., T], *arguments: Any) -> T:
    """Call a blocking function, in a thread if an event loop would wait for it."""
    return call(*arguments)


def _outcome(
    work: Callable[[SyncEngine], Any],
    engine: SyncEngine,
    _watch: Watch,
    proxy: Proxy,
    timeout: float,
) -> tuple[Any, BaseException | None, bool]:
    """Return the result or error of a program, and whether it took too long; then its connections break."""
    began = time.monotonic()
    alarm = threading.Timer(timeout, proxy.close)
    alarm.start()
    result: Any = None
    error: Exception | None = None
    try:
        result = work(engine)
    except Exception as raised:  # noqa: BLE001  (how the program ends is what is asked for)
        error = raised
    finally:
        alarm.cancel()
    return result, error, time.monotonic() - began > timeout
