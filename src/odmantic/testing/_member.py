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
        arguments: What mongod gets besides port, directory and what keeps it on this machine.
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
        """The file that mongod writes its log to."""
        return self.directory.with_suffix(".log")

    def start(self) -> None:
        """Starts the process, without waiting for it to answer."""
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
        """Waits for the first answer of the process.

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
        """Return whether it is our process that answers, not another program's on the same port."""
        try:
            # Another program on the port may accept connections and never answer.
            options = _wire.command(self.port, {"getCmdLineOpts": 1}, timeout=0.5)
        except (OSError, _wire.CommandError):
            return False
        return bool(options["parsed"]["storage"]["dbPath"] == str(self.directory))

    def hello(self) -> dict[str, Any]:
        """Return what the member says about itself; nothing when it does not answer."""
        try:
            return _wire.command(self.port, {"hello": 1}, timeout=2.0)
        except (OSError, _wire.CommandError):
            return {}

    @property
    def may_become_primary(self) -> bool:
        """Whether it is a secondary that stands for election."""
        hello = self.hello()
        return bool(hello.get("secondary")) and not hello.get("passive")

    def command(self, document: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Sends a command to this member, whatever state it is in."""
        return _wire.command(self.port, document, **options)

    def stored_config(self) -> dict[str, Any] | None:
        """Return the configuration in its data, None for a new member.

        `replSetGetConfig` would deny that there is one as long as the member looks for itself in
        it, which takes a while when another program has got the member's former port.
        """
        return self._find_local("system.replset", {"$natural": 1})

    def last_write(self) -> tuple[int, int]:
        """Return the time of the newest operation it has, to be compared with other members'."""
        newest = self._find_local("oplog.rs", {"$natural": -1})
        return (newest["ts"].time, newest["ts"].inc) if newest else (0, 0)

    def _find_local(self, collection: str, sort: dict[str, int]) -> dict[str, Any] | None:
        find = {"find": collection, "sort": sort, "limit": 1, "singleBatch": True}
        mode = {"$readPreference": {"mode": "secondaryPreferred"}}
        batch = self.command({**find, **mode}, database="local")["cursor"]["firstBatch"]
        return batch[0] if batch else None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process, None while it lives."""
        return self.processes.exit_code(str(self.index))

    def end(self, grace: float) -> int:
        """Ends the process, cleanly if it manages to within `grace` seconds."""
        return self.processes.end(str(self.index), grace)

    def failure(self, exit_code: int) -> Exception:
        """Return the error that says why the process has ended."""
        return _mongod.failure(self.mongod, exit_code, self.log_tail())

    def log_tail(self) -> str:
        """Return what matters in the log since the last start."""
        return _mongod.log_tail(self.log, self._log_start)
