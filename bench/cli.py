"""`python -m bench`: the whole comparison, its table, its JSON and its pictures."""

from __future__ import annotations

from bench.comparison import compare
from bench.draw import write_pictures
from bench.libraries import OURS
from bench.limits import Limits
from bench.options import parser, read
from bench.report import as_text
from bench.results import Results
from bench.scaling import scale


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if odmantic failed in a workload."""
    made = parser("bench", "Compare the speed of odmantic.")
    made.add_argument(
        "--scaling",
        action="store_true",
        help="instead: the time per document from 1,000 documents to 1,000,000",
    )
    made.add_argument(
        "--keep",
        action="store_true",
        help="keep the earlier results of what is not run now; of the same day, machine and versions",
    )
    given = made.parse_args(arguments)
    options = read(given)
    if given.scaling:
        scale(options)
        return 0
    path = options.output / "results.json"
    results = compare(options, Results.read(path) if given.keep else None)
    results.write(path)
    write_pictures(results, options.output)
    print(as_text(results, Limits.read()))
    print(f"The results and pictures are in {options.output}.")
    return int(any(OURS in case.series and case.series[OURS].error for case in results))
