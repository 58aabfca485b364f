"""The command line: `python -m bench --help`."""

from __future__ import annotations

import argparse
import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bench.data import Kind
from bench.lab import Lab
from bench.libraries import LIBRARIES, OURS, RELEASE, RELEASED, Library
from bench.limits import Limits
from bench.machine import describe
from bench.progress import Progress
from bench.remote import ROOT, RemoteLab, released_python
from bench.report import as_text, one_line
from bench.results import Results
from bench.runner import Extent, Runner
from bench.workloads import WORKLOADS, Colour, Workload

OUTPUT = ROOT / "build" / "bench"


@dataclass(frozen=True, slots=True)
class Plan:
    """A case to run, with who takes part."""

    workload: Workload
    kind: Kind
    colour: Colour
    libraries: list[Library]


def parser() -> argparse.ArgumentParser:
    """The options of every command."""
    arguments = argparse.ArgumentParser(
        prog="python -m bench", description="Compare the speed of odmantic."
    )
    add = arguments.add_argument
    add(
        "--only",
        metavar="PATTERNS",
        default="*",
        help="workloads, such as find or 'find*,save_new/nested/sync'",
    )
    add(
        "--libraries",
        metavar="NAMES",
        default="*",
        help="who is compared, such as 'odmantic,beanie'; baselines come along",
    )
    add("--repeat", metavar="N", type=int, help="rounds; 11, or 3 of a quick run")
    add(
        "--budget",
        metavar="SECONDS",
        type=float,
        help="after which a library does no more rounds of a case",
    )
    add("--quick", action="store_true", help="small sizes and few rounds")
    add("--uri", help="a replica set to use; without it one is started")
    add(
        "--released-python",
        metavar="PATH",
        type=Path,
        help=f"a Python with odmantic {RELEASE}; without it an environment is made",
    )
    add(
        "--json",
        metavar="PATH",
        type=Path,
        default=OUTPUT / "results.json",
        help="where the results go",
    )
    return arguments  # fmt: skip


def plan(options: argparse.Namespace, runner: Runner, libraries: list[Library]) -> list[Plan]:
    """The cases that the options ask for."""
    patterns = options.only.split(",")
    return [
        Plan(workload, kind, colour, taking_part)
        for workload in WORKLOADS
        for kind in workload.kinds
        for colour in workload.colours
        if any(
            fnmatch(f"{workload.name}/{kind.value}/{colour.value}", wanted)
            for pattern in patterns
            for wanted in (pattern, f"{pattern}/*")
        )
        if (taking_part := [one for one in libraries if runner.can(one, workload, colour)])
    ]


def chosen(options: argparse.Namespace) -> list[Library]:
    """The libraries that the options ask for, as far as they are installed, and the baselines."""
    patterns = options.libraries.split(",")
    wanted = {
        library.name
        for library in LIBRARIES
        if any(fnmatch(library.name, pattern) for pattern in patterns)
    }
    found: list[Library] = []
    for library in LIBRARIES:
        is_baseline = library.name.startswith(("raw", "pydantic"))
        if library.released:
            keep = RELEASED in wanted
        else:
            keep = is_baseline or library.name in wanted
        if keep and not library.released and not library.is_installed():
            print(f"{library.name} is left out: it is not installed")
        elif keep:
            found.append(library)
    return found


@contextlib.contextmanager
def server(uri: str | None) -> Iterator[str]:
    """The given server, or one that is started for the run."""
    if uri is not None:
        yield uri
        return
    from odmantic.testing import LocalReplicaSet  # noqa: PLC0415 - the worker has no such module

    with LocalReplicaSet(cache_size_gb=1) as replica_set:
        yield replica_set.uri


def measure(options: argparse.Namespace, libraries: list[Library]) -> Results:
    """Run what the options ask for."""
    extent = Extent(
        rounds=options.repeat or (3 if options.quick else 11),
        budget=options.budget or (3 if options.quick else 20),
        quick=options.quick,
    )
    python = None
    if any(library.released for library in libraries):
        python = options.released_python or released_python()
    with contextlib.ExitStack() as stack:
        address = (stack.enter_context(server(options.uri)), f"bench_{secrets.token_hex(4)}")
        remote = stack.enter_context(RemoteLab(python, *address)) if python else None
        lab = stack.enter_context(Lab(*address))
        runner = Runner(address, lab, remote, python, extent)
        stack.callback(runner.close)
        plans = plan(options, runner, libraries)
        results = Results(describe(runner.server_version(), RELEASE if python else None))
        runs = sum(len(one.libraries) for one in plans) * (extent.rounds + 1)
        with Progress(runs) as progress:
            for one in plans:
                progress.begin(f"{one.workload.name}/{one.kind.value}/{one.colour.value}")
                case = runner.run(
                    one.workload, one.kind, one.colour, one.libraries, progress.advance
                )
                results.cases.append(case)
                progress.say(one_line(case))
    return results


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if odmantic failed in a workload."""
    options = parser().parse_args(arguments)
    results = measure(options, chosen(options))
    results.write(options.json)
    print(as_text(results, Limits.read()))
    failed = [case.name for case in results if OURS in case.series and case.series[OURS].error]
    return int(bool(failed))
