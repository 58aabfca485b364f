"""One member: a mongod process, its port, its data and its log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from odmantic.testing import _directories, _mongod, _wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from odmantic.testing._processes import Processes


@dataclass(slots=True)
class Member:
    """A member of a local replica set.

    Attributes:
        arguments: Arguments for mongod besides the port, the directory and those that keep it on this machine.
    """

    index: int
    port: int
    directory: Path
    mongod: Path
    arguments: tuple[str, ...]
    processes: Processes
    _log_start: int = field(default=0, init=False)

    @property
    def log(self) -> Path:
        """The log file of mongod."""
        return self.directory.with_suffix(".log")

    def start(self) -> None:
        """Start the process, without waiting until it answers."""
        _directories.make_private(self.directory)
        argv = [
            str(self.mongod),
            *("--port", str(self.port), "--bind_ip", "127.0.0.1", "--nounixsocket"),
            *("--dbpath", str(self.directory)),
            *self.arguments,
        ]
        _directories.make_private_file(self.log)
        self._log_start = self.log.stat().st_size
        try:
            self.processes.start(str(self.index), argv, self.log)
        except OSError as error:
            raise _mongod.failure(self.mongod, None, "", str(error)) from error

    def wait_until_it_answers(self, pause: Callable[[str], None]) -> bool:
        """Wait for the first answer of the process.

        Returns:
            False if it has ended because the port is taken.

        Raises:
            MongodFailedError: if it has ended for another reason.
        """
        while not self._answers():
            exit_code = self.exit_code
            if exit_code == _mongod.EXIT_ADDRESS_IN_USE:
                return False
            if exit_code is not None:
                raise self.failure(exit_code)
            pause(f"member {self.index} to answer on port {self.port}")
        return True

    def _answers(self) -> bool:
        """Return whether the process itself answers, rather than another program on the same port."""
        try:
            # Another program on the port may accept connections and never answer.
            options = _wire.command(self.port, {"getCmdLineOpts": 1}, timeout=0.5)
        except (OSError, _wire.CommandError):
            return False
        return bool(options["parsed"]["storage"]["dbPath"] == str(self.directory))

    def hello(self) -> dict[str, Any]:
        """Return the member's reply to `hello`; nothing if it does not answer."""
        try:
            return _wire.command(self.port, {"hello": 1}, timeout=2.0)
        except (OSError, _wire.CommandError):
            return {}

    @property
    def may_become_primary(self) -> bool:
        """Whether it is a secondary that can be elected."""
        hello = self.hello()
        return bool(hello.get("secondary")) and not hello.get("passive")

    def command(self, document: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Send a command to this member, whatever its state."""
        return _wire.command(self.port, document, **options)

    def stored_config(self) -> dict[str, Any] | None:
        """Return the configuration in its data, or None for a new member.

        `replSetGetConfig` would deny that there is one while the member looks for itself in it, which takes a while
        if another program has got the member's former port.
        """
        return self._find_local("system.replset", {"$natural": 1})

    def last_write(self) -> tuple[int, int]:
        """Return the time of its newest operation, for comparison with other members."""
        newest = self._find_local("oplog.rs", {"$natural": -1})
        return (newest["ts"].time, newest["ts"].inc) if newest else (0, 0)

    def _find_local(self, collection: str, sort: dict[str, int]) -> dict[str, Any] | None:
        find = {"find": collection, "sort": sort, "limit": 1, "singleBatch": True}
        mode = {"$readPreference": {"mode": "secondaryPreferred"}}
        batch = self.command({**find, **mode}, database="local")["cursor"]["firstBatch"]
        return batch[0] if batch else None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process, or None while it runs."""
        return self.processes.exit_code(str(self.index))

    def end(self, grace: float) -> int:
        """End the process, cleanly if that takes at most `grace` seconds."""
        return self.processes.end(str(self.index), grace)

    def failure(self, exit_code: int) -> Exception:
        """Return the error that explains why the process has ended."""
        return _mongod.failure(self.mongod, exit_code, self.log_tail())

    def log_tail(self) -> str:
        """Return the relevant part of the log since the last start."""
        return _mongod.log_tail(self.log, self._log_start)
