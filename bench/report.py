"""The table: on the terminal, and in the documentation."""

from __future__ import annotations

from dataclasses import dataclass

from bench.data import Kind
from bench.libraries import OURS, find_library
from bench.limits import Limits
from bench.results import MIB, Case, Results, Series
from bench.workloads import Colour, Metric

UNITS = {Metric.PEAK: "MiB", Metric.EACH: "µs"}
"""The units of what is not divided by a baseline."""
HEADINGS = ("workload", "kind", "colour", "baseline")


def peers_in(results: Results) -> list[str]:
    """Return the libraries that are compared, odmantic first."""
    names = {
        name: None for case in results for name in case.series if not find_library(name).is_baseline
    }
    return sorted(names, key=lambda name: name != OURS)


def rows(results: Results, limits: Limits) -> tuple[list[str], list[list[str]]]:
    """Return the headings and lines of the table.

    They show wall-clock ratios, processor ratios in parentheses, and how often the garbage collector ran.
    """
    peers = peers_in(results)
    lines = [
        [
            case.subject.text(case.size),
            case.kind.value,
            case.colour.value,
            _baseline(case),
            *(cell(case, name) for name in peers),
            _target(case, limits),
        ]
        for case in results
    ]
    return [*HEADINGS, *peers, "to reach"], lines


def _baseline(case: Case) -> str:
    series = case.series.get(case.subject.baseline)
    if series is None or not series.wall:
        return "-"
    value = sorted(series.wall)[len(series.wall) // 2]
    match case.subject.metric:
        case Metric.MEMORY:
            return f"{value / case.size:,.0f} B each"
        case Metric.PEAK:
            return f"{value / MIB:.1f} MiB"
        case _:
            return f"{value * 1000:,.1f} ms{_collections(series)}"


def _collections(series: Series) -> str:
    """Return how often the garbage collector ran, the youngest generation first."""
    return " " + "+".join(map(str, series.usual_collections)) if series.collections else ""


def cell(case: Case, library: str) -> str:
    """Return the table's cell for one library in one case."""
    series = case.series.get(library)
    if series is None:
        return "-"
    if case.subject.metric in UNITS:
        amount = case.amount(library)
        return "failed" if amount is None else f"{amount:.1f} {UNITS[case.subject.metric]}"
    wall, cpu = case.ratio(library), case.ratio(library, "cpu")
    if wall is None or cpu is None:
        return "failed"
    if case.subject.metric is Metric.MEMORY:
        return f"{wall.value:.2f}"
    return f"{wall.value:.2f} ({cpu.value:.2f}){_collections(series)}"


def _target(case: Case, limits: Limits) -> str:
    limit = limits.of(case)
    if limit is None:
        return ""
    return f"{limit:g} {UNITS.get(case.subject.metric, '')}".rstrip()


def as_text(results: Results, limits: Limits) -> str:
    """Return the table for the terminal."""
    headings, lines = rows(results, limits)
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    shown = [headings, ["-" * width for width in widths], *lines]
    return "\n".join(
        "  ".join(
            value.ljust(width) if place < 3 else value.rjust(width)
            for place, (value, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in shown
    )


def one_line(case: Case) -> str:
    """Return the line for a finished case in the progress display."""
    parts = [
        f"{name} {cell(case, name)}" for name in case.series if not find_library(name).is_baseline
    ]
    return f"{case.name:28} {_baseline(case):>12}  {'  '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Column:
    """A library in one colour, in the documentation's table."""

    library: str
    colour: Colour

    @property
    def heading(self) -> str:
        """The heading of the column."""
        return f"{self.library}, {self.colour.value}"


def columns(results: Results) -> list[Column]:
    """Return the columns that have a ratio in some row."""
    return [
        column
        for library in peers_in(results)
        for colour in (Colour.SYNC, Colour.ASYNC)
        if any(
            case.colour is colour and library in case.series and case.series[library].wall
            for case in results
        )
        for column in [Column(library, colour)]
    ]


def markdown_rows(
    results: Results, limits: Limits, kind: Kind, shown: list[Column]
) -> list[list[str]]:
    """Return the workloads of a kind of document; a result without colour is in both columns of a library."""
    cases: dict[str, dict[Colour, Case]] = {}
    for case in results:
        if case.kind is kind:
            cases.setdefault(case.workload, {})[case.colour] = case
    lines: list[list[str]] = []
    for found in cases.values():
        first = next(iter(found.values()))
        cells = [_short_cell(found, column) for column in shown]
        lines.append([first.subject.text(first.size), *cells, _target(first, limits)])
    return lines


def _short_cell(found: dict[Colour, Case], column: Column) -> str:
    # Workloads without a server are the same in both colours.
    case = found.get(column.colour) or found.get(Colour.NONE)
    if case is None or column.library not in case.series:
        return ""
    shown = cell(case, column.library)
    return shown.partition(" (")[0]
