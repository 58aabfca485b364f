"""Run cases: in each round every library once, in rotating order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.data import Kind
from bench.fresh import import_fresh, run_fresh
from bench.lab import Lab
from bench.libraries import OURS, Library, baseline_of
from bench.measure import Sample
from bench.remote import RemoteLab
from bench.results import Case, Series
from bench.stage import Database
from bench.workloads import Colour, Metric, Stage, Task, Workload

ENOUGH_ROUNDS = 2
MEMORY_ROUNDS = 3
SMALLEST_WARM_UP = 100


class WrongCountError(RuntimeError):
    """A library did only a part of a workload."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The extent of a run.

    Attributes:
        rounds: How often each library does each case.
        budget: Seconds after which a library other than odmantic does no further rounds of a case.
        quick: Use the small sizes.
        given_size: Use this size for every workload.
    """

    rounds: int
    budget: float
    quick: bool
    given_size: int | None = None

    def rounds_of(self, workload: Workload) -> int:
        """Return how often each library does a workload; memory is nearly the same each time."""
        if workload.metric in {Metric.MEMORY, Metric.PEAK}:
            return min(self.rounds, MEMORY_ROUNDS)
        return self.rounds * workload.turns

    def size(self, workload: Workload) -> int:
        """Return the size of a workload."""
        if self.given_size is not None:
            return self.given_size
        return workload.quick_size if self.quick else workload.size


def taking_part(
    libraries: list[Library], case: Case, extent: Extent, used: dict[str, float], number: int
) -> list[Library]:
    """Return the participants of a round: libraries that work and have time left, and their baselines.

    Args:
        libraries: All libraries.
        case: The results so far.
        extent: The extent of the run.
        used: The seconds that each library has used for the case.
        number: The number of rounds before this one.
    """
    enough = ENOUGH_ROUNDS * case.subject.turns if case.subject.metric is Metric.TIME else 1
    working = [library for library in libraries if case.series[library.name].error is None]
    compared = [
        library
        for library in working
        if not library.is_baseline
        and (library.name == OURS or number < enough or used[library.name] <= extent.budget)
    ]
    needed = {case.series[library.name].baseline for library in compared}
    return [library for library in working if library in compared or library.name in needed]


class Runner:
    """Runs cases on one server."""

    def __init__(
        self,
        address: tuple[str, str],
        lab: Lab,
        remote: RemoteLab | None,
        released_python: Path | None,
        extent: Extent,
    ) -> None:
        """Keep what the runs need."""
        self._address = address
        self._database = Database(*address)
        self._lab = lab
        self._remote = remote
        self._released_python = released_python
        self._extent = extent

    def close(self) -> None:
        """Drop the database."""
        self._database.close()

    def server_version(self) -> str:
        """Return the version of the server."""
        return self._database.server_version()

    def can(self, library: Library, workload: Workload, colour: Colour) -> bool:
        """Return whether a library takes part in a workload."""
        if workload.metric is Metric.IMPORT:
            return not library.is_baseline or library.name == baseline_of(library, workload)
        return self._lab_of(library).can(library.name, workload.name, colour)

    def run(
        self,
        workload: Workload,
        kind: Kind,
        colour: Colour,
        libraries: list[Library],
        advance: Callable[[str], None],
    ) -> Case:
        """Run one case; call `advance` with the library before each of its runs."""
        size = self._extent.size(workload)
        case = Case(workload.name, kind, colour, size)
        for library in libraries:
            case.series[library.name] = Series(library.name, baseline_of(library, workload))
        self._warm_up(libraries, case, advance)
        self._database.prepare(workload, kind, self._filling(workload, size))
        used = dict.fromkeys(case.series, 0.0)
        for number in range(self._extent.rounds_of(workload)):
            turn = number % len(libraries)
            going_on = taking_part(libraries, case, self._extent, used, number)
            for library in libraries[turn:] + libraries[:turn]:
                advance(library.name)
                if library in going_on:
                    start = time.perf_counter()
                    sample = self._guarded(library, case, size, number + 1)
                    if sample is not None:
                        case.series[library.name].add(sample)
                    used[library.name] += time.perf_counter() - start
        return case

    def _warm_up(
        self, libraries: list[Library], case: Case, advance: Callable[[str], None]
    ) -> None:
        """Let libraries compile, connect and fill their caches, on a few documents."""
        size = case.size if case.subject.metric is Metric.TIME else 0
        size = min(case.size, max(size // 10, SMALLEST_WARM_UP))
        self._database.prepare(case.subject, case.kind, self._filling(case.subject, size))
        for library in libraries:
            advance(library.name)
            self._guarded(library, case, size, 0)

    def _guarded(self, library: Library, case: Case, size: int, number: int) -> Sample | None:
        """Run once; keep an error, so that one library does not end the runs of the others."""
        series = case.series[library.name]
        try:
            sample = self._once(library, case, size, number)
            self._check(case, sample, size)
        except Exception as error:  # noqa: BLE001 - see above
            series.error = f"{type(error).__name__}: {error}"
            print(f"{case.name}: {library.name}: {series.error}", file=sys.stderr)
            return None
        return sample

    def _once(self, library: Library, case: Case, size: int, number: int) -> Sample:
        workload = case.subject
        task = Task(case.kind, size, self._filling(workload, size), number)
        self._database.reset(workload, case.kind, task.filling)
        if workload.metric is Metric.IMPORT:
            program = library.statement if workload.name == "import" else library.beginning
            fresh = import_fresh(self._python_of(library), library, program)
            return Sample(fresh.wall, fresh.cpu, task.size)
        if workload.metric is Metric.PEAK:
            python = self._python_of(library)
            fresh = run_fresh(python, library, workload, case.colour, task, self._address)
            return Sample(fresh.growth, fresh.growth, fresh.count)
        return self._lab_of(library).run(library.name, workload.name, case.colour, task)

    def _check(self, case: Case, sample: Sample, size: int) -> None:
        """Check that all of the work was done."""
        workload = case.subject
        reads_all = workload.stage in {Stage.FILLED, Stage.OWNED} and workload.filling is None
        expected = self._filling(workload, size) if reads_all else size
        if sample.count != expected:
            raise WrongCountError(f"{sample.count} instead of {expected}")
        left = {Stage.EMPTY: expected, Stage.REFILLED: 0}.get(workload.stage)
        if left is not None and (count := self._database.count(case.kind)) != left:
            raise WrongCountError(f"{count} documents instead of {left}")

    def _filling(self, workload: Workload, size: int) -> int:
        return workload.filling or size

    def _python_of(self, library: Library) -> Path:
        if not library.released:
            return Path(sys.executable)
        assert self._released_python is not None
        return self._released_python

    def _lab_of(self, library: Library) -> Lab | RemoteLab:
        if not library.released:
            return self._lab
        assert self._remote is not None
        return self._remote
