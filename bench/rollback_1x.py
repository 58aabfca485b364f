"""`python -m bench.rollback_1x`: what failed transactions leave behind, with odmantic 1.1.0 and with this one.

Both run the same program (`bench/rollback_cases.py`). In each of its cases a transaction fails and the same
objects are saved again; then the database must equal the objects.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from bench.libraries import RELEASE, RELEASED
from bench.progress import Progress
from bench.remote import ROOT, RunError, clean_environment, released_python
from bench.rollback_cases import CASES, Result
from odmantic.testing import LocalReplicaSet

OURS = "odmantic 2"


def results(python: Path | str, uri: str) -> Iterator[Result]:
    """Run the program with the odmantic of an interpreter.

    Raises:
        RunError: if it failed.
    """
    command = [str(python), "-m", "bench.rollback_cases", uri, f"rollback_1x_{uuid4().hex[:8]}"]
    with subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield Result(**json.loads(line))
    if process.returncode:
        raise RunError(f"{python} ended with exit status {process.returncode}")


def compare(uri: str, released: Path) -> dict[str, list[Result]]:
    """Run the program with both libraries."""
    found: dict[str, list[Result]] = {}
    with Progress(2 * len(CASES)) as progress:
        for library, python in ((RELEASED, released), (OURS, sys.executable)):
            progress.begin("rollback")
            found[library] = []
            for result in results(python, uri):
                progress.advance(library)
                found[library].append(result)
            held = sum(result.holds for result in found[library])
            progress.say(f"{library}: {held} of {len(found[library])} as they should be")
    return found


def table(found: dict[str, list[Result]]) -> str:
    """Return a table in Markdown: what should be stored, and what each library left."""
    rows = [("transaction with", "has to leave", *found), ("---",) * (2 + len(found))]
    for each in zip(*found.values(), strict=True):
        left = ("the same" if result.holds else f"**`{result.found}`**" for result in each)
        rows.append((each[0].case, f"`{each[0].expected}`", *left))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width, "-" if cell == "---" else " ")
            for cell, width in zip(row, widths, strict=True)
        )
        + " |"
        for row in rows
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if this odmantic leaves anything wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.rollback_1x",
        description="Show what failed transactions leave behind, with odmantic 1.1.0 and this one.",
    )
    parser.add_argument("--uri", help="a replica set to use; without it one is started")
    parser.add_argument(
        "--released-python",
        metavar="PATH",
        type=Path,
        help=f"a Python with odmantic {RELEASE}; without it an environment is made",
    )
    given = parser.parse_args(arguments)
    released = given.released_python or released_python()
    if given.uri:
        found = compare(given.uri, released)
    else:
        with LocalReplicaSet() as replica_set:
            found = compare(replica_set.uri, released)
    print(table(found))
    return int(not all(result.holds for result in found[OURS]))


if __name__ == "__main__":
    sys.exit(main())
