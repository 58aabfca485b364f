"""Fault injection into asynchronous programs."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from odmantic.engine import AIOEngine
from odmantic.testing._colour import ASYNC, resolve
from odmantic.testing.faults._points import Fault
from odmantic.testing.faults._report import FaultReport, FaultRun
from odmantic.testing.faults._stage import Stage

if ASYNC:
    import asyncio

    from odmantic.testing.faults._points import ALL_FAULTS as POSSIBLE_FAULTS
else:
    import time

    from odmantic.testing.faults._points import SERVER_FAULTS as POSSIBLE_FAULTS

if TYPE_CHECKING:
    from odmantic.testing.faults._points import FaultPoint
    from odmantic.testing.faults._proxy import Proxy
    from odmantic.testing.faults._stage import Watch

T = TypeVar("T")


async def aio_inject_faults(
    uri: str,
    work: Callable[[AIOEngine], Awaitable[Any]],
    check: Callable[[AIOEngine, FaultRun], Any],
    *,
    prepare: Callable[[AIOEngine], Any] | None = None,
    faults: Iterable[Fault] = POSSIBLE_FAULTS,
    make_engine: Callable[[str, str], AIOEngine] | None = None,
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
        make_engine: Creates the engine and its client from a URI and the name of a database; by default an
            `AIOEngine` on an `AsyncMongoClient`. The client is closed after the run.
        timeout: Seconds that one run may take.

    Raises:
        ValueError: if a thread is to be cancelled.
        LocalReplicaSetError: if the server is not a replica set, or has no fail points.
        Exception: if the undisturbed program, `prepare` or `make_engine` raises it.

    Example:
        ```python
        async def check(engine, run):
            accounts = await engine.find(Account)
            assert sum(account.balance for account in accounts) == 100


        report = await aio_inject_faults(uri, transfer, check, prepare=open_accounts)
        report.raise_for_violations()
        ```
    """
    if not ASYNC:
        faults = tuple(faults)
        if any(fault.is_cancellation for fault in faults):
            raise ValueError("A synchronous program cannot be cancelled: leave these faults out.")
    stage = await _blocking(Stage, uri, faults)
    trial = _Trial(stage, work, check, prepare, make_engine or _make_engine, timeout)
    try:
        return await trial.report()
    finally:
        await _blocking(stage.close)


def _make_engine(uri: str, database: str) -> AIOEngine:
    from pymongo import AsyncMongoClient  # noqa: PLC0415  (next to its only use)

    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri)
    return AIOEngine(client, database=database)


class _Trial:
    """A program with its checks, on a stage."""

    def __init__(
        self,
        stage: Stage,
        work: Callable[[AIOEngine], Awaitable[Any]],
        check: Callable[[AIOEngine, FaultRun], Any],
        prepare: Callable[[AIOEngine], Any] | None,
        make_engine: Callable[[str, str], AIOEngine],
        timeout: float,
    ) -> None:
        self._stage = stage
        self._work = work
        self._check = check
        self._prepare = prepare
        self._make_engine = make_engine
        self._timeout = timeout

    async def report(self) -> FaultReport:
        sound = self._make_engine(self._stage.uri, self._stage.database)
        try:
            undisturbed, watch = await self._run(sound, None)
            if undisturbed.error is not None:
                raise undisturbed.error
            runs = [undisturbed]
            if not undisturbed.violations:
                for point in self._stage.points(watch.commands):
                    run, _ = await self._run(sound, point)
                    runs.append(run)
            return FaultReport(tuple(runs))
        finally:
            await resolve(sound.client.close())

    async def _run(self, sound: AIOEngine, point: FaultPoint | None) -> tuple[FaultRun, Watch]:
        await _blocking(self._stage.clear)
        if self._prepare is not None:
            await resolve(self._prepare(sound))
        watch = self._stage.watch(point)
        with self._stage.proxy(watch) as proxy:
            engine = self._make_engine(self._stage.proxied_uri(proxy), self._stage.database)
            try:
                run = await self._ended(engine, point, watch, proxy)
                left = await _blocking(self._stage.left_behind)
            finally:
                await resolve(engine.client.close())
        return run.with_violations([*left, *await self._broken(sound, run)]), watch

    async def _ended(
        self, engine: AIOEngine, point: FaultPoint | None, watch: Watch, proxy: Proxy
    ) -> FaultRun:
        result, error, is_late = await _outcome(self._work, engine, watch, proxy, self._timeout)
        reached = point is None or watch.has_hit
        violations = (f"took longer than {self._timeout} s",) if is_late else ()
        return FaultRun(point, result, error, watch.attempts, reached, violations)

    async def _broken(self, sound: AIOEngine, run: FaultRun) -> list[str]:
        if run.point is None and run.error is not None:
            return []
        try:
            await resolve(self._check(sound, run))
        except AssertionError as error:
            return [str(error) or "the check failed"]
        except Exception as error:  # noqa: BLE001  (whatever the check raises is what it found)
            return [f"{type(error).__name__}: {error}"]
        return []


async def _blocking(call: Callable[..., T], *arguments: Any) -> T:
    """Call a blocking function, in a thread if an event loop would wait for it."""
    return await asyncio.to_thread(call, *arguments) if ASYNC else call(*arguments)


if ASYNC:
    _CANCEL_SECONDS = 5.0

    async def _outcome(
        work: Callable[[AIOEngine], Awaitable[Any]],
        engine: AIOEngine,
        watch: Watch,
        _proxy: Proxy,
        timeout: float,
    ) -> tuple[Any, BaseException | None, bool]:
        """Return the result or error of a program, and whether it took too long; then its task is cancelled."""
        task = asyncio.ensure_future(work(engine))
        watch.cancel = _canceller(task)
        try:
            await asyncio.wait({task}, timeout=timeout)
        finally:
            is_hanging = not task.done()
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_SECONDS)
        if is_hanging:
            return None, TimeoutError(f"took longer than {timeout} s"), True
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        return task.result() if error is None else None, error, False

    def _canceller(task: asyncio.Future[Any]) -> Callable[[], None]:
        """Return a function that cancels a task from another thread, and waits until the cancellation has arrived."""
        loop = asyncio.get_running_loop()

        def cancel() -> None:
            has_arrived = threading.Event()

            def in_loop() -> None:
                task.cancel()
                # The cancellation reaches the task in the loop's next turn, before callbacks that are scheduled
                # later.
                loop.call_soon(loop.call_soon, has_arrived.set)

            loop.call_soon_threadsafe(in_loop)
            has_arrived.wait(_CANCEL_SECONDS)

        return cancel

else:

    def _outcome(
        work: Callable[[AIOEngine], Any],
        engine: AIOEngine,
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
