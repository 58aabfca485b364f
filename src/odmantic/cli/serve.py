"""`odmantic serve`: a replica set in the foreground."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.syntax import Syntax
from rich.text import Text

from odmantic.cli.terminal import FAILED, ended_in_order, notes, output
from odmantic.testing import LocalReplicaSet

if TYPE_CHECKING:
    from pathlib import Path

_CONNECT = """\
from odmantic import AIOEngine
from pymongo import AsyncMongoClient

uri = "{uri}"
engine = AIOEngine(AsyncMongoClient(uri), database="mydb")"""
_LOOK_SECONDS = 0.5


def serve(members: int, path: Path | None, port: int | None) -> int:
    """Run a replica set until Ctrl-C or SIGTERM.

    The URI goes to standard output, alone on its line; everything else goes to standard error.

    Returns:
        The exit status: 1 if all members have ended by themselves.
    """
    with ended_in_order(interrupted=0):
        replica_set = LocalReplicaSet(members, path, port=port)
        with notes.status("Starting a MongoDB replica set …"):
            replica_set.start()
        try:
            output.print(replica_set.uri, style="bold green", markup=False, soft_wrap=True)
            _tell(replica_set.uri, members, path)
            _watch(replica_set, members)
        finally:
            with notes.status("Ending it …"):
                replica_set.stop()
    return FAILED


def _tell(uri: str, members: int, path: Path | None) -> None:
    """Print how to connect, where the data is, and how to stop."""
    size = "one member" if members == 1 else f"{members} members"
    data = f"the data stays in {path}" if path else "the data is temporary (--path DIR keeps it)"
    code = Syntax("", "python", theme="ansi_dark", background_color="default")
    highlighted = code.highlight(_CONNECT.format(uri=uri))
    notes.print(f"\nA replica set of {size}; {data}.\n", markup=False, soft_wrap=True)
    for line in highlighted.split("\n"):
        notes.print(Text("    " if line else "").append_text(line), soft_wrap=True)
    notes.print("\nCtrl-C ends it.", style="dim")


def _watch(replica_set: LocalReplicaSet, members: int) -> None:
    """Wait while members run, and report those that end."""
    running = set(range(members))
    while running:
        time.sleep(_LOOK_SECONDS)
        for index in sorted(running):
            if not replica_set.is_running(index):
                running.remove(index)
                log = replica_set.logs[index]
                notes.print(f"Member {index} has ended. Its log: {log}", style="red")
