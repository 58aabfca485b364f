"""What the tests of processes have in common."""

from __future__ import annotations

import re
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


@pytest.fixture
def run(tmp_path, odmantic_mongo_uri):
    """Runs pytest on a file and returns its outcome counts and its output."""

    def run_pytest(source, *options, server=True, conftest=""):
        (tmp_path / "pytest.ini").write_text(
            "[pytest]\nfilterwarnings =\n    error\n"
            "    ignore:The configuration option .asyncio_default_fixture_loop_scope\n",
            encoding="utf-8",
        )
        (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
        (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
        uri = [f"--odmantic-mongo-uri={odmantic_mongo_uri}"] if server else []
        # Without hypothesis, which takes half of the time in which pytest starts.
        without = ["-p", "no:randomly", "-p", "no:hypothesispytest"]
        process = subprocess.run(
            [sys.executable, "-m", "pytest", *without, *uri, *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        output = process.stdout + process.stderr
        counts = {
            outcome: int(number)
            for number, outcome in re.findall(r"(\d+) (passed|failed|errors?|skipped)", output)
        }
        return counts, output

    return run_pytest
