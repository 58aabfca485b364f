"""Runs in a new process: the time of an import, and the growth of memory.

`python -m bench.fresh URI DATABASE LIBRARY WORKLOAD COLOUR KIND SIZE` prints the measurements of one run, and the
growth in bytes of the peak resident set, after a first use of everything and with the run's input in memory (Linux
only).
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.data import Kind
from bench.lab import Lab
from bench.libraries import Library
from bench.remote import ROOT, RunError, clean_environment
from bench.workloads import Colour, Metric, Task, Workload

WARM_UPS = 20
IMPORT = """
import json, time
wall, cpu = time.perf_counter(), time.process_time()
{program}
print(json.dumps({{"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "count": 1}}))
"""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The measurements of a run in a new process.

    Attributes:
        wall: Seconds of wall-clock time.
        cpu: Seconds of processor time.
        count: The number of instances that the run handled.
        growth: The growth in bytes of the peak memory.
    """

    wall: float
    cpu: float
    count: int
    growth: int = 0


def import_fresh(python: Path, library: Library, program: str) -> Fresh:
    """Import a library in a new process, from bytecode, like an installed one.

    Raises:
        RunError: if it failed.
    """
    return _run(python, library, ["-c", IMPORT.format(program=program)])


def run_fresh(
    python: Path,
    library: Library,
    workload: Workload,
    colour: Colour,
    task: Task,
    address: tuple[str, str],
) -> Fresh:
    """Measure one run in a new process.

    Raises:
        RunError: if it failed.
    """
    what = [library.name, workload.name, colour.value, task.kind.value, str(task.size)]
    return _run(python, library, ["-m", "bench.fresh", *address, *what])


def _run(python: Path, library: Library, arguments: list[str]) -> Fresh:
    environment = clean_environment() if library.released else dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [str(python), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RunError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return Fresh(**json.loads(done.stdout.splitlines()[-1]))


def _memory(key: str) -> int:
    """Return a value in bytes: `VmRSS` is the memory of this process now, `VmHWM` its peak."""
    found = re.search(rf"^{key}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def main(arguments: list[str]) -> None:
    """Measure a run in this process."""
    uri, database, library, name, colour_name, kind, size = arguments
    colour = Colour(colour_name)
    task = Task(Kind(kind), int(size), int(size))
    with Lab(uri, database) as lab:
        warm_up = dataclasses.replace(task, size=WARM_UPS)
        for operation in ("find_one", "change_one"):
            if lab.can(library, operation, colour):
                lab.run(library, operation, colour, warm_up)
        body = lab.prepare(library, name, colour, task)
        # Resets the peak to the current memory.
        Path("/proc/self/clear_refs").write_text("5")
        before = _memory("VmRSS")
        sample = lab.measure(body, colour, Metric.TIME)
        growth = _memory("VmHWM") - before
    fresh = Fresh(sample.wall, sample.cpu, sample.count, growth)
    print(json.dumps(dataclasses.asdict(fresh)))


if __name__ == "__main__":
    main(sys.argv[1:])
