"""The parent's end of the watchdog: start, end and inspect processes that cannot outlive this program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from odmantic.testing.errors import LocalReplicaSetError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WATCHDOG = Path(__file__).with_name("_watchdog.py")


class Processes:
    """Processes that end with this object, or with this program, however it ends.

    Args:
        grace: Seconds that each process has for a clean shutdown at the end; zero kills.
        remove: Directories to remove when all have ended.
    """

    def __init__(self, grace: float, remove: Sequence[Path] = ()) -> None:
        settings = {"parent": os.getpid(), "grace": grace, "remove": [str(p) for p in remove]}
        # In its own session, neither Ctrl-C nor a signal to our process group reaches it.
        self._watchdog = subprocess.Popen(  # noqa: S603  (a script of ours)
            [sys.executable, "-I", "-S", str(_WATCHDOG), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tempfile.gettempdir(),
            start_new_session=True,
            # Unbuffered: a forked child can close its copies without sending anything.
            bufsize=0,
        )
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._close = weakref.finalize(self, _close, self._watchdog, self._owner, remove)
        _live.add(self)

    def start(self, name: str, argv: Sequence[str], log: Path) -> int:
        """Start a process whose output is appended to `log`.

        Returns:
            Its process id.

        Raises:
            OSError: if the program cannot be run at all.
        """
        reply = self._ask(do="start", member=name, argv=list(argv), log=str(log))
        if "error" in reply:
            raise OSError(reply["errno"], reply["error"])
        return int(reply["pid"])

    def end(self, name: str, grace: float) -> int:
        """End a process and wait for it: SIGTERM, and after `grace` seconds SIGKILL.

        Returns:
            Its exit code, negative for a signal. A process that had already ended keeps its own.
        """
        return int(self._ask(do="end", member=name, grace=grace)["returncode"])

    def exit_code(self, name: str) -> int | None:
        """Return the exit code of a process, or None while it runs."""
        code: int | None = self._ask(do="status")[name]
        return code

    def close(self) -> None:
        """End all processes and wait until they are gone. Do nothing the second time."""
        self._close()

    def forget(self) -> None:
        """Close the pipe in a forked child, which must not touch these processes."""
        self._close.detach()
        for pipe in _pipes(self._watchdog):
            pipe.close()
        # The child is not the watchdog's parent: `Popen` must neither wait for it nor warn.
        self._watchdog.returncode = 0

    def _ask(self, **request: Any) -> dict[str, Any]:
        if os.getpid() != self._owner or not self._close.alive:
            raise LocalReplicaSetError(
                "The local replica set is not running in this process. It belongs to the process"
                " that started it, and only until it is stopped there."
            )
        requests, replies, _ = _pipes(self._watchdog)
        with self._lock:
            try:
                requests.write(json.dumps(request).encode() + b"\n")
                reply = replies.readline()
            except OSError:
                reply = b""
        if not reply:
            raise LocalReplicaSetError(
                "The process that watches over the mongod processes has ended unexpectedly, and"
                f" they with it.{self._last_words()}"
            )
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _last_words(self) -> str:
        words = _pipes(self._watchdog)[2].read().decode(errors="replace").strip()
        return f" Its last words:\n{words}" if words else ""


def _pipes(watchdog: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    pipes = (watchdog.stdin, watchdog.stdout, watchdog.stderr)
    return cast("tuple[IO[bytes], IO[bytes], IO[bytes]]", pipes)


def _close(watchdog: subprocess.Popen[bytes], owner: int, remove: Sequence[Path]) -> None:
    if os.getpid() != owner:
        return
    requests, *others = _pipes(watchdog)
    requests.close()
    watchdog.wait()
    for pipe in others:
        pipe.close()
    for directory in remove:
        # It is there only if somebody has killed the watchdog.
        shutil.rmtree(directory, ignore_errors=True)


_live: weakref.WeakSet[Processes] = weakref.WeakSet()


def _forget_all() -> None:
    for processes in list(_live):
        processes.forget()
    _live.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
