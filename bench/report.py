"""The table: on the terminal, and in the documentation."""

from __future__ import annotations

from bench.libraries import BESIDE, OURS, find_library
from bench.limits import Limits
from bench.results import Case, Results
from bench.workloads import Metric

MIB = 1024 * 1024
HEADINGS = ("workload", "kind", "colour", "baseline")


def peers_in(results: Results) -> list[str]:
    """The libraries that are compared, odmantic first."""
    names = {
        name: None
        for case in results
        for name, series in case.series.items()
        if series.baseline != name
    }
    return sorted(names, key=lambda name: name != OURS)


def rows(results: Results, limits: Limits) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of the table: ratios by the clock, and by the processor in parentheses."""
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
            return f"{value * 1000:,.1f} ms"


def cell(case: Case, library: str) -> str:
    """What the table says of one library in one case."""
    series = case.series.get(library)
    if series is None:
        return "-"
    if case.subject.metric is Metric.PEAK:
        values = sorted(series.wall)
        return f"{values[len(values) // 2] / MIB:.1f} MiB" if values else "failed"
    wall, cpu = case.ratio(library), case.ratio(library, "cpu")
    if wall is None or cpu is None:
        return "failed"
    if case.subject.metric is Metric.MEMORY:
        return f"{wall.value:.2f}"
    return f"{wall.value:.2f} ({cpu.value:.2f})"


def _target(case: Case, limits: Limits) -> str:
    limit = limits.of(case)
    if limit is None:
        return ""
    return f"{limit:g} MiB" if case.subject.metric is Metric.PEAK else f"{limit:g}"


def as_text(results: Results, limits: Limits) -> str:
    """The table for the terminal."""
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
    """A case as it ends: what the progress display leaves behind."""
    parts = [
        f"{name} {cell(case, name)}"
        for name, series in case.series.items()
        if series.baseline != name and BESIDE not in name and find_library(name)
    ]
    return f"{case.name:28} {_baseline(case):>12}  {'  '.join(parts)}"
