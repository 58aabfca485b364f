"""The options that the commands share, and the selection of cases."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bench.data import Kind
from bench.libraries import LIBRARIES, RELEASE, RELEASED, Library
from bench.remote import ROOT
from bench.workloads import WORKLOADS, Colour, Workload

OUTPUT = ROOT / "build" / "bench"
ROUNDS, QUICK_ROUNDS = 9, 3
BUDGET, QUICK_BUDGET = 3.0, 2.0


@dataclass(frozen=True, slots=True)
class Selection:
    """A case to run."""

    workload: Workload
    kind: Kind
    colour: Colour

    @property
    def name(self) -> str:
        """The name that patterns are matched against."""
        return f"{self.workload.name}/{self.kind.value}/{self.colour.value}"


@dataclass(frozen=True, slots=True)
class Options:
    """The parsed command line."""

    only: str = "*"
    libraries: str = "*"
    rounds: int = ROUNDS
    budget: float = BUDGET
    quick: bool = False
    size: int | None = None
    uri: str | None = None
    released_python: Path | None = None
    output: Path = OUTPUT


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every command."""
    made = argparse.ArgumentParser(prog=f"python -m {command}", description=description)
    made.add_argument(
        "--only",
        metavar="PATTERNS",
        default="*",
        help="workloads, such as find or 'find*,save_new/nested/sync'",
    )
    made.add_argument(
        "--libraries",
        metavar="NAMES",
        default="*",
        help="who is compared, such as 'odmantic,beanie'; baselines come along",
    )
    made.add_argument(
        "--repeat",
        metavar="N",
        type=int,
        help=f"rounds; {ROUNDS}, or {QUICK_ROUNDS} of a quick run",
    )
    made.add_argument(
        "--budget",
        metavar="SECONDS",
        type=float,
        help="after which another library does no more rounds of a case, but two at least",
    )
    made.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    made.add_argument(
        "--size",
        metavar="N",
        type=int,
        help="documents or operations of every workload, instead of its own number",
    )
    made.add_argument("--uri", help="a replica set to use; without it one is started")
    made.add_argument(
        "--released-python",
        metavar="PATH",
        type=Path,
        help=f"a Python with odmantic {RELEASE}; without it an environment is made",
    )
    made.add_argument(
        "--output", metavar="DIR", type=Path, default=OUTPUT, help="where results and pictures go"
    )
    return made


def read(given: argparse.Namespace) -> Options:
    """Return the given options, completed by their defaults."""
    return Options(
        only=given.only,
        libraries=given.libraries,
        rounds=given.repeat or (QUICK_ROUNDS if given.quick else ROUNDS),
        budget=given.budget or (QUICK_BUDGET if given.quick else BUDGET),
        quick=given.quick,
        size=given.size,
        uri=given.uri,
        released_python=given.released_python,
        output=given.output,
    )


def selections(patterns: str) -> Iterator[Selection]:
    """Yield the cases whose name one of the comma-separated patterns matches, wholly or up to a slash."""
    wanted = [form for one in patterns.split(",") for form in (one, f"{one}/*")]
    for workload in WORKLOADS:
        for kind in workload.kinds:
            for colour in workload.colours:
                selection = Selection(workload, kind, colour)
                if any(fnmatch(selection.name, form) for form in wanted):
                    yield selection


def chosen(patterns: str, libraries: Iterable[Library] = LIBRARIES) -> list[Library]:
    """Return the libraries that the patterns name, and the baselines that they need."""
    wanted = {
        library.name
        for library in libraries
        if any(fnmatch(library.name, pattern) for pattern in patterns.split(","))
    }
    return [
        library
        for library in libraries
        if (
            RELEASED in wanted
            if library.released
            else library.is_baseline or library.name in wanted
        )
    ]
