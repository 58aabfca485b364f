"""A comparison from its start to its results: server, worker, environments, cases."""

from __future__ import annotations

import contextlib
import secrets
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.lab import Lab
from bench.libraries import RELEASE, Library
from bench.machine import describe
from bench.options import Options, Selection, chosen, selections
from bench.progress import Progress
from bench.remote import RemoteLab, released_python
from bench.report import one_line
from bench.results import Results
from bench.runner import Extent, Runner


@contextlib.contextmanager
def server(uri: str | None) -> Iterator[str]:
    """Yield the given server, or one that is started for the run.

    From here on SIGTERM ends the run in order, so that its database is dropped.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if uri is not None:
        yield uri
        return
    from odmantic.testing import LocalReplicaSet  # noqa: PLC0415 - not needed with a given server

    with LocalReplicaSet(cache_size_gb=1) as replica_set:
        yield replica_set.uri


def compare(options: Options, earlier: Results | None = None) -> Results:
    """Run what the options ask for; Ctrl-C ends it with the results so far.

    Raises:
        ValueError: if the earlier results, which are to be kept, cannot be completed; then nothing is run.
    """
    libraries = present(chosen(options.libraries))
    return measure(options, list(selections(options.only)), libraries, earlier)


def present(libraries: Iterable[Library]) -> list[Library]:
    """Return the libraries that can run; print the names of the others."""
    found: list[Library] = []
    for library in libraries:
        if library.released or library.is_installed():
            found.append(library)
        else:
            print(f"{library.name} is left out: it is not installed", file=sys.stderr)
    return found


def measure(
    options: Options,
    wanted: list[Selection],
    libraries: list[Library],
    earlier: Results | None = None,
) -> Results:
    """Run the wanted cases, and keep earlier results of others."""
    python = None
    if any(library.released for library in libraries):
        python = options.released_python or released_python()
    extent = Extent(options.rounds, options.budget, options.quick, options.size)
    with contextlib.ExitStack() as stack:
        runner = _runner(options, extent, python, stack)
        cases = [
            (one, taking_part)
            for one in wanted
            if (taking_part := [it for it in libraries if runner.can(it, one.workload, one.colour)])
        ]
        results = Results(describe(runner.server_version(), RELEASE if python else None))
        if earlier is not None:
            results.completed_by(earlier)  # refuses incompatible results before anything is run
        runs = sum(
            len(taking_part) * (extent.rounds_of(one.workload) + 1) for one, taking_part in cases
        )
        progress = stack.enter_context(Progress(runs))
        try:
            for one, taking_part in cases:
                progress.begin(one.name)
                case = runner.run(one.workload, one.kind, one.colour, taking_part, progress.advance)
                results.cases.append(case)
                progress.say(one_line(case))
        except KeyboardInterrupt:
            progress.say("interrupted: what follows is incomplete")
    return results if earlier is None else results.completed_by(earlier)


def _runner(
    options: Options, extent: Extent, python: Path | None, stack: contextlib.ExitStack
) -> Runner:
    address = (stack.enter_context(server(options.uri)), f"bench_{secrets.token_hex(4)}")
    remote = stack.enter_context(RemoteLab(python, *address)) if python else None
    lab = stack.enter_context(Lab(*address))
    runner = Runner(address, lab, remote, python, extent)
    stack.callback(runner.close)
    return runner
