"""`python -m bench.check`: fail if odmantic is slower than `limits.toml` allows, by more than noise.

Ratios of processor time are compared, because wall-clock time says little on a busy machine; wall-clock time too, if
most of it is the server's. A ratio exceeds its limit if even the lower end of its interval does; such a case is
measured once more, and fails if it exceeds the limit again.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from bench.comparison import measure, present
from bench.libraries import OURS, Library
from bench.limits import Limits
from bench.options import Options, Selection, chosen, parser, read, selections
from bench.results import Case
from bench.workloads import Metric

QUICK_ROUNDS = 7


def lowest(case: Case, clock: str) -> float | None:
    """Return the lower bound of a case's measurements: a ratio, or an amount; `None` if odmantic failed."""
    series = case.series.get(OURS)
    if series is None or series.error is not None or not series.cpu:
        return None
    if case.subject.metric in {Metric.PEAK, Metric.EACH}:
        return case.amount(OURS)
    ratio = case.ratio(OURS, clock)
    return None if ratio is None else ratio.low


def excess(case: Case, limits: Limits) -> str | None:
    """Return a description of how a case exceeds its limits, or that it has no result; `None` if it is within them."""
    for clock in limits.clocks(case):
        limit = limits.of(case, clock)
        if limit is None:
            continue
        value = lowest(case, clock)
        if value is None:
            return "failed"
        if value > limit:
            return f"at least {value:.2f} ({clock}), the limit is {limit:g}"
    return None


def failing(options: Options, limits: Limits) -> list[Case]:
    """Return the cases that exceed their limits twice."""
    libraries: list[Library] = present(chosen(OURS))
    wanted = [one for one in selections(options.only) if limits.has(one.workload.name)]
    for _ in range(2):
        found = [one for one in measure(options, wanted, libraries) if excess(one, limits)]
        if not found:
            return []
        wanted = [Selection(one.subject, one.kind, one.colour) for one in found]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if a limit is exceeded."""
    made = parser("bench.check", "Check the limits of bench/limits.toml.")
    given = made.parse_args(arguments)
    options = read(given)
    if given.quick and given.repeat is None:
        options = replace(options, rounds=QUICK_ROUNDS)
    limits = Limits.read()
    found = failing(options, limits)
    for case in found:
        print(f"{case.name}: {excess(case, limits)}")
    print(f"{len(found)} limits exceeded" if found else "all within their limits")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
