"""`python -m bench --scaling`: time per document and memory, from 1,000 documents to 1,000,000.

Each run has its own process. The memory of `save_all` excludes the instances, which exist before.
"""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.comparison import server
from bench.data import Kind
from bench.fresh import Fresh, run_fresh
from bench.libraries import OURS, find_library
from bench.machine import describe
from bench.options import Options, Selection, selections
from bench.progress import Progress
from bench.stage import Database
from bench.workloads import RAW, Task

MIB = 1024 * 1024
SIZES: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 5_000)
OPERATIONS = "iterate,save_new"


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on one number of documents, by odmantic and by the driver."""

    operation: str
    size: int
    ours: Fresh
    raw: Fresh

    def line(self) -> str:
        """Return the printed line."""
        ours, raw = (self.per_document(it.wall) for it in (self.ours, self.raw))
        ours_cpu, raw_cpu = (self.per_document(it.cpu) for it in (self.ours, self.raw))
        return (
            f"{self.operation:24} {self.size:>10,}  {ours:8.1f} ({ours_cpu:6.1f}) us"
            f"  {raw:8.1f} ({raw_cpu:6.1f}) us"
            f"  {self.ours.growth / MIB:8.1f} MiB  {self.raw.growth / MIB:8.1f} MiB"
        )

    def per_document(self, seconds: float) -> float:
        """Return microseconds per document."""
        return seconds / self.size * 1e6


def scale(options: Options) -> list[Step]:
    """Run what the options ask for; print the results and write them as JSON."""
    sizes = QUICK_SIZES if options.quick else SIZES
    if options.size is not None:
        sizes = (options.size, 10 * options.size)
    patterns = OPERATIONS if options.only == "*" else options.only
    wanted = [one for one in selections(patterns) if one.workload.name in OPERATIONS.split(",")]
    if options.only == "*":
        # A million nested instances exceed the memory of most machines.
        wanted = [one for one in wanted if one.kind is Kind.FLAT or one.workload.name == "iterate"]
    steps: list[Step] = []
    with server(options.uri) as uri, Progress(2 * len(wanted) * len(sizes)) as progress:
        address = (uri, f"bench_{secrets.token_hex(4)}")
        database = Database(*address)
        try:
            about = describe(database.server_version(), None)
            heading = f"{'':24} {'documents':>10}  {'odmantic':>20}  {'driver':>20}  {'memory':>12}"
            print(heading + "        driver")
            for one in wanted:
                for size in sizes:
                    step = _step(one, size, address, database, progress)
                    print(step.line(), flush=True)
                    steps.append(step)
        finally:
            database.close()
    _write(options.output / "scaling.json", about, steps)
    return steps


def _step(
    one: Selection, size: int, address: tuple[str, str], database: Database, progress: Progress
) -> Step:
    task = Task(one.kind, size, size)
    progress.begin(f"{one.name}, {size:,}")
    database.prepare(one.workload, one.kind, size)
    found: dict[str, Fresh] = {}
    for name in (OURS, RAW):
        progress.advance(name)
        database.reset(one.workload, one.kind, size)
        found[name] = run_fresh(
            Path(sys.executable), find_library(name), one.workload, one.colour, task, address
        )
    return Step(one.name, size, found[OURS], found[RAW])


def _write(path: Path, about: dict[str, Any], steps: list[Step]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"about": about, "steps": [asdict(step) for step in steps]}
    path.write_text(json.dumps(content, indent=1) + "\n")


def read_steps(path: Path) -> list[Step]:
    """Read a file that `scale` wrote."""
    return [
        Step(one["operation"], one["size"], Fresh(**one["ours"]), Fresh(**one["raw"]))
        for one in json.loads(path.read_text())["steps"]
    ]
