"""`python -m bench.compare`: this odmantic beside 1.1.0, in one run; it must not be slower anywhere."""

from __future__ import annotations

import sys
from statistics import median

from bench.comparison import measure, present
from bench.libraries import OURS, RELEASED
from bench.options import chosen, parser, read, selections
from bench.ratios import Ratio, ratio
from bench.results import Case

WORKLOADS = "find,save_new,save_given,save_one,change_one,find_one,construct,dump,transaction"


def against_released(case: Case, clock: str) -> Ratio | None:
    """Return this odmantic's time, divided by that of 1.1.0 in the same rounds."""
    ours, released = case.series.get(OURS), case.series.get(RELEASED)
    if ours is None or released is None:
        return None
    values, others = getattr(ours, clock), getattr(released, clock)
    return ratio(values, others) if values and others else None


def line(case: Case) -> str:
    """Return the printed line of a case."""
    wall, cpu = against_released(case, "wall"), against_released(case, "cpu")
    if wall is None or cpu is None:
        return f"{case.name:24} failed"
    ours, released = (median(case.series[name].wall) * 1000 for name in (OURS, RELEASED))
    verdict = "slower" if is_slower(case) else ""
    return (
        f"{case.name:24} {ours:10,.1f} ms {released:10,.1f} ms"
        f"   {wall.value:5.2f} ({cpu.value:.2f}; {cpu.low:.2f} to {cpu.high:.2f})  {verdict}"
    ).rstrip()


def is_slower(case: Case) -> bool:
    """Return whether this odmantic takes more processor time, by more than noise, or failed."""
    cpu = against_released(case, "cpu")
    return cpu is None or cpu.low > 1


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if something is slower."""
    made = parser("bench.compare", "Compare this odmantic with 1.1.0, side by side.")
    made.set_defaults(only=WORKLOADS)
    options = read(made.parse_args(arguments))
    libraries = present(chosen(f"{OURS},{RELEASED}"))
    results = measure(options, list(selections(options.only)), libraries)
    results.write(options.output / "compare.json")
    print(f"{'':24} {'odmantic':>13} {'1.1.0':>13}   ratio (of processor time; its interval)")
    for case in results:
        print(line(case))
    slower = [case.name for case in results if is_slower(case)]
    print(f"slower: {', '.join(slower)}" if slower else "slower nowhere")
    return int(bool(slower))


if __name__ == "__main__":
    sys.exit(main())
