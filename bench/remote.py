"""The client of the worker: a lab in the environment of odmantic 1.1.0."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import venv
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from bench.libraries import RELEASE
from bench.measure import Sample
from bench.workloads import Colour, Task

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".cache" / "bench" / f"odmantic-{RELEASE}"


class RunError(RuntimeError):
    """A run failed in the worker."""


def released_python() -> Path:
    """Return the Python of the environment of odmantic 1.1.0, which is created on first use.

    It gets the same versions of pydantic and PyMongo as this environment.
    """
    python = HOME / ("Scripts" if os.name == "nt" else "bin") / "python"
    pins = [f"{name}=={version(name)}" for name in ("pydantic", "pymongo")]
    wanted = "\n".join([f"odmantic=={RELEASE}", "motor>=3.7", *pins])
    stamp = HOME / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(HOME, with_pip=True, clear=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", *wanted.split("\n")], check=True
        )
        stamp.write_text(wanted)
    return python


def clean_environment() -> dict[str, str]:
    """Return the environment variables, without those that would lead to this odmantic."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL"))
    }


class RemoteLab:
    """A `Lab` in another process."""

    def __init__(self, python: Path, uri: str, database: str) -> None:
        """Start the process."""
        self._process = subprocess.Popen(
            [str(python), "-m", "bench.worker", uri, database],
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if exc_type is not None:
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def can(self, library: str, workload: str, colour: Colour) -> bool:
        """Return whether a library can do a workload in a colour."""
        return bool(self._ask("can", library, workload, colour.value)["can"])

    def run(self, library: str, workload: str, colour: Colour, task: Task) -> Sample:
        """Prepare and measure one run there.

        Raises:
            RunError: if it failed.
        """
        return Sample(**self._ask("run", library, workload, colour.value, dataclasses.asdict(task)))

    def _ask(self, *request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RunError(f"the worker ended with exit status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RunError(answer["error"])
        return answer
