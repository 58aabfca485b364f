"""A real replica set on this machine, for tests and demonstrations."""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from odmantic.testing import _config, _directories, _mongod, _ports, _startup
from odmantic.testing._member import Member
from odmantic.testing._processes import Processes
from odmantic.testing.errors import LocalReplicaSetError, ReplicaSetTimeoutError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["LocalReplicaSet"]

_SHUTDOWN_SECONDS = 20.0
_POLL_SECONDS = 0.02


class LocalReplicaSet:
    """Real `mongod` processes on the loopback interface that form a replica set.

    Use it with `with` or `async with`. On leaving the block, every process ends and the data is deleted, unless
    `path` was given. The same holds if the program ends in any other way, even by SIGKILL.

        with LocalReplicaSet() as replica_set:
            client = MongoClient(replica_set.uri)

    The methods block until they are done; in a coroutine, call them with `asyncio.to_thread`.

    Args:
        members: The number of members, including the delayed one.
        path: A directory that keeps the data; if it is created, only its owner can read it. If the mongod of a killed
            program still uses it, its end is awaited. Without it the data is temporary.
        mongod: The program to run. By default that of the environment variable `ODMANTIC_MONGOD`, the
            `PATH`, or the wheel of the extra `server`, in this order.
        port: The first member's port; the others follow. By default, free ports are found.
        election_timeout: Seconds without a primary until the others elect one.
        delay: Seconds by which the last member applies writes late; it never becomes primary.
        cache_size_gb: The WiredTiger cache of each member, in GB.
        server_parameters: For mongod's `--setParameter`, such as `{"enableTestCommands": 1}`.
        arguments: Further command-line arguments for mongod.
        timeout: Seconds to wait for a replica set to be ready, and for a new primary.
    """

    def __init__(  # noqa: PLR0913  (each is an option of its own)
        self,
        members: int = 1,
        path: str | os.PathLike[str] | None = None,
        mongod: str | os.PathLike[str] | None = None,
        *,
        port: int | None = None,
        election_timeout: float = 1.0,
        delay: int = 0,
        cache_size_gb: float = 0.25,
        server_parameters: Mapping[str, str | float | bool] | None = None,
        arguments: Sequence[str] = (),
        timeout: float = 60.0,
    ) -> None:
        if members < 1:
            raise ValueError(f"A replica set has at least one member, not {members}.")
        if delay and members == 1:
            raise ValueError("A delayed member is never primary: it takes at least two members.")
        self._count = members
        self._path = Path(path).absolute() if path is not None else None
        self._given_mongod = mongod
        self._first_port = port
        self._election_timeout = election_timeout
        self._delay = delay
        self._arguments = _arguments(cache_size_gb, server_parameters or {}, arguments)
        self._timeout = timeout
        self._name = ""
        self._members: tuple[Member, ...] = ()
        self._processes: Processes | None = None
        self._lock = threading.RLock()
        self._abort = threading.Event()

    # -- What it is -----------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """The connection string, with every member."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"mongodb://{hosts}/?replicaSet={self.name}"

    def member_uri(self, index: int) -> str:
        """Return the connection string of one member, to see what that one has."""
        return f"mongodb://127.0.0.1:{self._member(index).port}/?directConnection=true"

    @property
    def name(self) -> str:
        """The replica set's name. Every set has its own, so that clients cannot confuse them."""
        self._require_running()
        return self._name

    @property
    def ports(self) -> tuple[int, ...]:
        """The members' ports, in order."""
        self._require_running()
        return tuple(member.port for member in self._members)

    @property
    def logs(self) -> tuple[Path, ...]:
        """The members' log files, in order."""
        self._require_running()
        return tuple(member.log for member in self._members)

    @property
    def primary(self) -> int | None:
        """The index of the current primary, or None if there is none."""
        self._require_running()
        for member in self._members:
            if member.hello().get("isWritablePrimary"):
                return member.index
        return None

    def is_running(self, index: int) -> bool:
        """Return whether a member's process is running."""
        return self._member(index).exit_code is None

    def __repr__(self) -> str:
        state = f"at {self.uri}" if self._processes is not None else "not running"
        return f"<LocalReplicaSet of {self._count}, {state}>"

    # -- Start and end --------------------------------------------------------------------------

    def start(self) -> Self:
        """Start the members and wait until there is a primary that all others follow.

        Raises:
            MongodNotFoundError: if there is no mongod to run.
            MongodFailedError: if a mongod has ended instead of starting.
            ReplicaSetTimeoutError: if it took longer than `timeout`.
            LocalReplicaSetError: if it is already running.
        """
        with self._lock:
            if self._processes is not None:
                raise LocalReplicaSetError(f"{self!r} has been started already.")
            try:
                self._start()
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """End every member. Do nothing if it is not running."""
        with self._lock:
            processes, self._processes, self._members = self._processes, None, ()
            if processes is not None:
                processes.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self._abort.clear()
        try:
            await _in_thread(self.start, self._abort.set)
        except asyncio.CancelledError:
            await _in_thread(self.stop)
            raise
        finally:
            self._abort.clear()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await _in_thread(self.stop)

    # -- Faults ---------------------------------------------------------------------------------

    def stop_member(self, index: int) -> None:
        """Shut a member down cleanly; a primary steps down first."""
        self._member(index).end(_SHUTDOWN_SECONDS)

    def kill_member(self, index: int) -> None:
        """End a member with SIGKILL."""
        self._member(index).end(0)

    def restart_member(self, index: int) -> None:
        """Start a member that was stopped or killed, and wait until it takes part again.

        A running member is shut down first.
        """
        member = self._member(index)
        with self._lock:
            member.end(_SHUTDOWN_SECONDS)
            pause = self._pauses()
            _startup.launch([member], pause, new_ports=False)
            _startup.wait_until_it_takes_part(member, pause)

    def step_down(self, seconds: int | None = None) -> int:
        """Make the primary step down, and wait for a new one.

        A primary that no other member can replace becomes primary again after a while.

        Args:
            seconds: How long the former primary cannot be elected. By default, until
                another is primary, or, if none can be, for a second.

        Returns:
            The index of the new primary.
        """
        former = self._members[self.wait_for_primary()]
        until_replaced = seconds is None and any(
            member.may_become_primary for member in self._members if member is not former
        )
        if seconds is None:
            # The others have to notice first that there is no primary; by then, a second later, the former one may be
            # as fast as they are.
            seconds = math.ceil(self._timeout) if until_replaced else 1
        step_down = {"replSetStepDown": seconds, "secondaryCatchUpPeriodSecs": 0, "force": True}
        # Servers before 4.2 closed the connection instead of answering.
        with contextlib.suppress(OSError):
            former.command(step_down)
        new = self.wait_for_primary()
        if until_replaced:
            former.command({"replSetFreeze": 0})
        return new

    def wait_for_primary(self) -> int:
        """Wait until a member is primary and return its index.

        Raises:
            ReplicaSetTimeoutError: if there is none within `timeout`.
        """
        pause = self._pauses()
        while (index := self.primary) is None:
            pause("a primary")
        return index

    # -- How it starts --------------------------------------------------------------------------

    def _start(self) -> None:
        pause = self._pauses()
        state = None
        if self._path is not None:
            for index in range(self._count):
                _directories.wait_until_free(self._path / f"member-{index}", pause)
            state = _config.load_state(self._path)
        # Every set has its own name: a client of a former set that finds this one on the same port rejects it because
        # of the name.
        self._name = state.name if state is not None else f"odmantic-{secrets.token_hex(4)}"
        temporary = Path(tempfile.mkdtemp(prefix="odmantic-"))
        grace = 0.0 if self._path is None else _SHUTDOWN_SECONDS
        self._processes = Processes(grace, [temporary])
        mongod = _mongod.find_mongod(self._given_mongod, temporary)
        stored_ports = state.ports if state is not None else ()
        self._members = tuple(
            Member(
                index=index,
                port=port,
                directory=(self._path or temporary) / f"member-{index}",
                mongod=mongod,
                arguments=("--replSet", self._name, *self._arguments),
                processes=self._processes,
            )
            for index, port in enumerate(
                _ports.choose_ports(self._count, self._first_port, stored_ports)
            )
        )
        _startup.launch(self._members, pause, new_ports=self._first_port is None)
        if self._path is not None:
            _config.save_state(self._path, _config.State(self._name, self.ports))
        _startup.configure(self._members, self._wanted(), pause)
        _startup.wait_until_all_take_part(self._members, pause)

    def _wanted(self) -> _config.Wanted:
        milliseconds = round(self._election_timeout * 1000)
        return _config.Wanted(self._name, self.ports, milliseconds, self._delay)

    def _pauses(self) -> Callable[[str], None]:
        """Return a function to call in every round of waiting from now on; it raises after the timeout."""
        deadline = time.monotonic() + self._timeout

        def pause(waiting_for: str) -> None:
            if self._abort.is_set():
                raise LocalReplicaSetError("The start of the local replica set was cancelled.")
            if time.monotonic() > deadline:
                logs = "\n".join(
                    f"The end of member {member.index}'s log:\n{member.log_tail()}"
                    for member in self._members
                )
                raise ReplicaSetTimeoutError(
                    f"Waited {self._timeout} s in vain for {waiting_for}. A higher 'timeout'"
                    f" helps on a slow machine.\n{logs}"
                )
            time.sleep(_POLL_SECONDS)

        return pause

    def _member(self, index: int) -> Member:
        self._require_running()
        return self._members[index]

    def _require_running(self) -> None:
        if self._processes is None:
            raise LocalReplicaSetError(
                "The local replica set is not running. Use it inside its 'with' block, or call"
                " start() first."
            )


def _arguments(
    cache_size_gb: float,
    server_parameters: Mapping[str, str | float | bool],
    more: Sequence[str],
) -> tuple[str, ...]:
    # The diagnostic data that mongod collects for support is useless here and costs disk and time.
    parameters = {"diagnosticDataCollectionEnabled": False, **server_parameters}
    settings = [
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in parameters.items()
    ]
    return (
        *("--wiredTigerCacheSizeGB", str(cache_size_gb)),
        *(argument for setting in settings for argument in ("--setParameter", setting)),
        *more,
    )


async def _in_thread(
    function: Callable[[], object], on_cancel: Callable[[], None] | None = None
) -> None:
    """Run a blocking function to its end, even if this task is cancelled meanwhile."""
    running = asyncio.get_running_loop().run_in_executor(None, function)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
            if on_cancel is not None:
                on_cancel()
    if cancelled is not None:
        # Only the waiting caller could use its result or error, and that one is being cancelled.
        running.exception()
        raise cancelled
    running.result()
