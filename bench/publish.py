"""`python -m bench.publish`: put the results of `make bench` into the documentation.

It rewrites the regions between `<!-- bench: NAME -->` and `<!-- end -->` in `docs/performance.md`, and keeps the
results and pictures beside the page. It is the only source of numbers there.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.data import Kind
from bench.draw import write_pictures
from bench.libraries import OURS
from bench.limits import Limits
from bench.options import OUTPUT
from bench.remote import ROOT
from bench.report import Column, columns, markdown_rows
from bench.results import Case, Results
from bench.scaling import MIB, Step, read_steps
from bench.workloads import DRIVEN, RAW, Colour

PAGE = ROOT / "docs" / "performance.md"
ASSETS = ROOT / "docs" / "assets" / "performance"
REGION = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def machine(about: dict[str, Any]) -> str:
    """Return a sentence about the machine and versions of the run."""
    versions, computer = about["versions"], about["machine"]
    names = [
        name for name in versions if not name.startswith("odmantic") and name != "pydantic_core"
    ]
    listed = ", ".join(f"{name} {versions[name]}" for name in names)
    return (
        f"Measured on {about['date']} with {about['python']}, MongoDB {about['mongodb']}, {listed}, on"
        f" {computer['system']}, {computer['cores']} cores of {computer['processor']} ({computer['architecture']})."
    )


def table(results: Results, limits: Limits, kind: Kind) -> str:
    """Return the table of a kind of document."""
    shown: list[Column] = columns(results)
    headings = ["", *(column.heading for column in shown), "aim"]
    lines = [headings, ["---", *["---:"] * (len(shown) + 1)]]
    lines += markdown_rows(results, limits, kind, shown)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def pictures(paths: Iterable[Path]) -> str:
    """Return the pictures, in Markdown."""
    return "\n\n".join(
        f"![Bars: {path.stem} documents, each library's time divided by the driver's]"
        f"(assets/performance/{path.name})"
        for path in paths
    )


def scaling(steps: Iterable[Step]) -> str:
    """Return the table of the scaling run."""
    lines = [
        "| | documents | odmantic, µs each | driver, µs each | odmantic, memory | driver, memory |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for step in steps:
        ours, raw = step.per_document(step.ours.wall), step.per_document(step.raw.wall)
        lines.append(
            f"| {step.operation} | {step.size:,} | {ours:.1f} | {raw:.1f}"
            f" | {step.ours.growth / MIB:.1f} MiB | {step.raw.growth / MIB:.1f} MiB |"
        )
    return "\n".join(lines)


def collections(results: Results) -> str:
    """Return the table of garbage collections: workloads in which there were any."""
    found: dict[tuple[str, Kind], dict[Colour, Case]] = {}
    for case in results:
        if any(any(series.usual_collections) for series in case.series.values()):
            found.setdefault((case.workload, case.kind), {})[case.colour] = case
    lines = [
        "| | odmantic, sync | driver, sync | odmantic, async | driver, async |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for (_, kind), cases in found.items():
        first = next(iter(cases.values()))
        cells = [_counts(cases.get(colour), name) for colour in DRIVEN for name in (OURS, RAW)]
        lines.append(f"| {first.subject.text(first.size)}, {kind.value} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _counts(case: Case | None, library: str) -> str:
    series = case.series.get(library) if case is not None else None
    return ", ".join(map(str, series.usual_collections)) if series is not None else ""


def fill(text: str, regions: dict[str, str]) -> str:
    """Return the page with its regions replaced; regions without new content stay.

    Raises:
        KeyError: if the page has no region of a name.
    """
    missing = regions.keys() - {found[2] for found in REGION.finditer(text)}
    if missing:
        raise KeyError(f"the page has no region {', '.join(sorted(missing))}")

    def replaced(found: re.Match[str]) -> str:
        content = regions.get(found[2])
        return found[0] if content is None else f"{found[1]}\n{content}\n\n{found[3]}"

    return REGION.sub(replaced, text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    made = argparse.ArgumentParser(
        prog="python -m bench.publish", description=(__doc__ or "").partition("\n")[0]
    )
    made.add_argument(
        "--input", metavar="DIR", type=Path, default=OUTPUT, help="where `make bench` wrote"
    )
    source: Path = made.parse_args(arguments).input
    results = Results.read(source / "results.json")
    limits = Limits.read()
    ASSETS.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "results.json", ASSETS)
    regions = {kind.value: table(results, limits, kind) for kind in Kind}
    regions["machine"] = machine(results.about)
    regions["collections"] = collections(results)
    regions["pictures"] = pictures(write_pictures(results, ASSETS))
    if (source / "scaling.json").exists():
        shutil.copy(source / "scaling.json", ASSETS)
        regions["scaling"] = scaling(read_steps(source / "scaling.json"))
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), regions), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
