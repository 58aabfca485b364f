"""What the tests of processes have in common."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _processes_of(directory: str | Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command_line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(directory).encode() in command_line:
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="session")
def processes_of() -> Callable[[str | Path], list[int]]:
    """The ids of the processes whose command line names a directory, zombies excepted."""
    if not Path("/proc/self").exists():
        pytest.skip("looks for processes in /proc")
    return _processes_of


@pytest.fixture(scope="session")
def gone(processes_of: Callable[[str | Path], list[int]]) -> Callable[[str | Path], bool]:
    """Whether the processes and the directory of a replica set are gone, or soon are."""

    def wait(directory: str | Path, seconds: float = 10.0) -> bool:
        return _wait_until(
            lambda: not processes_of(directory) and not Path(directory).exists(), seconds
        )

    return wait


@pytest.fixture(scope="session")
def mongod(pytestconfig: pytest.Config) -> str | None:
    """The mongod of this run, for replica sets that tests start themselves."""
    given: str | None = pytestconfig.getoption("odmantic_mongod")
    return given


@pytest.fixture
def program(tmp_path: Path, mongod: str | None) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Runs a program with a `replica_set` at hand; `directory()` is printed for the test."""
    started: list[subprocess.Popen[str]] = []

    def run(body: str) -> subprocess.Popen[str]:
        file = tmp_path / f"program_{len(started)}.py"
        file.write_text(
            "import os, signal, sys, threading, time\n"
            "from odmantic.testing import LocalReplicaSet\n"
            f"replica_set = LocalReplicaSet(mongod={mongod!r})\n"
            "def tell_directory():\n"
            "    print(replica_set.logs[0].parent, flush=True)\n"
            f"{body}\n",
            encoding="utf-8",
        )
        process = subprocess.Popen(
            [sys.executable, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
