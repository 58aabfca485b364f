"""The results of a run of the benchmark, as objects and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, median_low
from typing import Any

from bench.data import Kind
from bench.measure import Sample
from bench.ratios import Ratio, ratio
from bench.workloads import Colour, Metric, Workload, find_workload

MIB = 1024 * 1024
_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class Series:
    """The runs of one library, in the order of the rounds."""

    library: str
    baseline: str
    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    error: str | None = None
    collections: list[list[int]] = field(default_factory=list[list[int]])

    def add(self, sample: Sample) -> None:
        """Keep a run."""
        self.wall.append(sample.wall)
        self.cpu.append(sample.cpu)
        if sample.collections:
            self.collections.append([*sample.collections])

    @property
    def usual_collections(self) -> list[int]:
        """How often the garbage collector ran in a run, by generation: the medians; empty if it was not counted."""
        return [median_low(runs) for runs in zip(*self.collections, strict=True)]


@dataclass(slots=True)
class Case:
    """A workload on one kind of document in one colour, with the series of each library."""

    workload: str
    kind: Kind
    colour: Colour
    size: int
    series: dict[str, Series] = field(default_factory=dict[str, Series])

    @property
    def name(self) -> str:
        """Workload, kind and colour, in the form of `--only`."""
        return f"{self.workload}/{self.kind.value}/{self.colour.value}"

    @property
    def subject(self) -> Workload:
        """The workload."""
        return find_workload(self.workload)

    def ratio(self, library: str, clock: str = "wall") -> Ratio | None:
        """Return a library's ratio to its baseline by `wall` or `cpu` clock; `None` if one of them has no runs."""
        mine = self.series.get(library)
        base = self.series.get(mine.baseline) if mine is not None else None
        if mine is None or base is None:
            return None
        values, others = getattr(mine, clock), getattr(base, clock)
        return ratio(values, others) if values and others else None

    def amount(self, library: str) -> float | None:
        """Return what a library needs where it is divided by no baseline: MiB of a peak, or microseconds for each."""
        series = self.series.get(library)
        if series is None or series.error is not None or not series.cpu:
            return None
        if self.subject.metric is Metric.PEAK:
            return median(series.cpu) / MIB
        return median(series.cpu) / self.size * _MICROSECONDS


@dataclass(slots=True)
class Results:
    """All cases of a run, and its machine and versions."""

    about: dict[str, Any]
    cases: list[Case] = field(default_factory=list[Case])

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    def completed_by(self, earlier: Results) -> Results:
        """Return these cases, and those of an earlier run that are not among them.

        Raises:
            ValueError: if it was on another day or machine, or with other versions.
        """
        if self.about != earlier.about:
            raise ValueError("the earlier results are of another day, machine or versions")
        cases = {case.name: case for case in (*earlier, *self)}
        return Results(self.about, [*cases.values()])

    def write(self, path: Path) -> None:
        """Write as JSON; seconds with 6 digits."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "about": self.about,
            "cases": [_rounded(dataclasses.asdict(case)) for case in self.cases],
        }
        path.write_text(json.dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read a file that `write` wrote."""
        content = json.loads(path.read_text())
        return cls(content["about"], list(_cases(content["cases"])))


def _cases(given: Iterable[dict[str, Any]]) -> Iterator[Case]:
    for one in given:
        yield Case(
            one["workload"],
            Kind(one["kind"]),
            Colour(one["colour"]),
            one["size"],
            {name: Series(**series) for name, series in one["series"].items()},
        )


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 6)
        case dict():
            return {key: _rounded(item) for key, item in value.items()}
        case list():
            return [_rounded(item) for item in value]
        case Kind() | Colour():
            return value.value
        case _:
            return value
