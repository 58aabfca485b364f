"""The process that owns the mongod processes: when the parent dies, it ends them.

It is run by its path (``python -I -S _watchdog.py``), so it imports only a little of the standard library. Requests are
lines of JSON on standard input, and each is answered by one line on standard output. The end of the input, which the
kernel guarantees however the parent ends, ends every member and removes the temporary directories.

A parent-death signal for the members would be simpler, but the kernel ties it to the *thread* that
started a process: a worker thread that ends would take the server with it. Here, in a single-threaded process, that
signal is safe and covers the death of the watchdog itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, TextIO

_PR_SET_PDEATHSIG = 1
_PARENT_CHECK_SECONDS = 1.0


class Watchdog:
    """The members' processes, and how they end.

    Args:
        grace: Seconds that members have for a clean shutdown; zero kills them at once.
        remove: Directories to remove after the last member has ended.
    """

    def __init__(self, grace: float, remove: Iterable[str]) -> None:
        self._grace = grace
        self._remove = tuple(remove)
        self._members: dict[str, subprocess.Popen[bytes]] = {}
        self._die_with_watchdog = _death_signal_setter(
            signal.SIGTERM if grace else getattr(signal, "SIGKILL", signal.SIGTERM)
        )

    def serve(self, requests: Iterable[str], replies: TextIO) -> None:
        """Answer requests until they end, then end every member."""
        try:
            for line in requests:
                replies.write(json.dumps(self.answer(json.loads(line))) + "\n")
                replies.flush()
        finally:
            self.close()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request."""
        match request["do"]:
            case "start":
                return self._start(request["member"], request["argv"], request["log"])
            case "end":
                return self._end(request["member"], request["grace"])
            case "status":
                return {name: member.poll() for name, member in self._members.items()}
            case unknown:
                return {"error": f"unknown request {unknown!r}", "errno": None}

    def close(self) -> None:
        """End all members at the same time, and remove the directories."""
        _stop_checking_the_parent()
        for member in self._members.values():
            if self._grace:
                member.terminate()
            else:
                member.kill()
        deadline = time.monotonic() + self._grace
        for member in self._members.values():
            _wait_or_kill(member, deadline - time.monotonic())
        self._members.clear()
        if self._remove:
            import shutil  # noqa: PLC0415  (slow to import, and only needed at the very end)

            for directory in self._remove:
                shutil.rmtree(directory, ignore_errors=True)

    def _start(self, name: str, argv: list[str], log: str) -> dict[str, Any]:
        try:
            with open(log, "ab") as output:  # noqa: PTH123  (pathlib is slow to import)
                self._members[name] = subprocess.Popen(  # noqa: S603  (what the parent wants to run)
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    preexec_fn=self._die_with_watchdog,  # noqa: PLW1509  (a single thread)
                )
        except OSError as error:
            return {"error": str(error), "errno": error.errno}
        return {"pid": self._members[name].pid}

    def _end(self, name: str, grace: float) -> dict[str, Any]:
        member = self._members[name]
        if member.poll() is None:
            if grace:
                member.terminate()
            _wait_or_kill(member, grace)
        return {"returncode": member.returncode}


def _wait_or_kill(member: subprocess.Popen[bytes], seconds: float) -> None:
    if seconds > 0:
        try:
            member.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
    member.kill()
    member.wait()


def _death_signal_setter(signum: int) -> Callable[[], None] | None:
    """Return a function that a member calls before it becomes mongod, so that it dies with the watchdog (Linux)."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes  # noqa: PLC0415  (missing in some builds of Python)

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None

    def die_with_watchdog() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)

    return die_with_watchdog


def _stop_checking_the_parent() -> None:
    if hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) is _exit_without_parent:
        signal.setitimer(signal.ITIMER_REAL, 0)


_parent = os.getppid()


def _exit_without_parent(_signum: int, _frame: object) -> None:
    """Exit if the parent is gone: its forked child may keep the pipe open, but the parent's id shows the truth."""
    if os.getppid() != _parent:
        sys.exit(0)


def _exit(_signum: int, _frame: object) -> None:
    sys.exit(0)


def main(settings: dict[str, Any]) -> None:
    """Run the watchdog for the process whose id is in the settings."""
    global _parent  # noqa: PLW0603  (read by a signal handler)
    _parent = settings["parent"]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _exit)
    watchdog = Watchdog(settings["grace"], settings["remove"])
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, _exit_without_parent)
        signal.setitimer(signal.ITIMER_REAL, _PARENT_CHECK_SECONDS, _PARENT_CHECK_SECONDS)
    try:
        watchdog.serve(sys.stdin, sys.stdout)
    except BrokenPipeError:
        # The parent died while it was waiting for an answer; everything is already closed.
        os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
