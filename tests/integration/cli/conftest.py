"""The command `odmantic` as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the command puts what is gone when it has ended."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


@pytest.fixture
def start(
    temporary: Path, pytestconfig: pytest.Config
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command with arguments; whatever still runs after the test is killed."""
    mongod = pytestconfig.getoption("odmantic_mongod")
    environment = {
        **os.environ,
        **({"ODMANTIC_MONGOD": mongod} if mongod else {}),
        "TMPDIR": str(temporary),
        "COLUMNS": "80",
    }
    started: list[subprocess.Popen[str]] = []

    def start_command(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "odmantic", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start_command
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def members(tmp_path: Path) -> Callable[[], list[int]]:
    """The ids of the processes, mongod and its watchdog, that work below this test's directory."""
    if not Path("/proc/self").exists():
        pytest.skip("looks for processes in /proc")

    def look() -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command_line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue  # it has ended meanwhile
                if str(tmp_path).encode() in command_line:
                    found.append(int(entry.name))
        return found

    return look


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    """Waits for something that another process does."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)

    return wait
