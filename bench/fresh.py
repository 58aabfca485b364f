"""Runs in a process of their own: what an import takes, and by how much memory grows.

`python -m bench.fresh URI DATABASE LIBRARY WORKLOAD COLOUR KIND SIZE` prints the bytes by which the peak of the resident
set grew, after a first use of everything.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.data import Kind
from bench.lab import Lab
from bench.libraries import Library
from bench.measure import Sample
from bench.remote import ROOT, RunError, clean_environment
from bench.workloads import Colour, Metric, Task, Workload

WARM_UPS = 20
IMPORT = """
import json, time
wall, cpu = time.perf_counter(), time.process_time()
{statement}
print(json.dumps({{"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "count": 1}}))
"""


def run_fresh(
    python: Path,
    library: Library,
    workload: Workload,
    colour: Colour,
    task: Task,
    address: tuple[str, str],
) -> Sample:
    """Measure one run in a new process.

    Raises:
        RunError: It failed.
    """
    if workload.metric is Metric.IMPORT:
        arguments = ["-c", IMPORT.format(statement=library.statement)]
    else:
        arguments = ["-m", "bench.fresh", *address, library.name, workload.name, colour.value]
        arguments += [task.kind.value, str(task.size)]
    environment = clean_environment() if library.released else dict(os.environ)
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
    return Sample(**json.loads(done.stdout.splitlines()[-1]))


def _memory(key: str) -> int:
    """`VmRSS` is what this process has in memory, `VmHWM` the most it ever had; in bytes."""
    found = re.search(rf"^{key}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def main(arguments: list[str]) -> None:
    """Measure the growth in this process."""
    uri, database, library, workload, colour, kind, size = arguments
    task = Task(Kind(kind), int(size), int(size))
    with Lab(uri, database) as lab:
        lab.run(library, "find_one", Colour(colour), dataclasses.replace(task, size=WARM_UPS))
        # The peak becomes what is in memory now.
        Path("/proc/self/clear_refs").write_text("5")
        before = _memory("VmRSS")
        done: Any = lab.run(library, workload, Colour(colour), task)
        growth = float(_memory("VmHWM") - before)
    print(json.dumps(dataclasses.asdict(Sample(growth, growth, done.count))))


if __name__ == "__main__":
    main(sys.argv[1:])
