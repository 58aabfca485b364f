"""Fault injection: does a program keep its promises when a transaction is interrupted?

A program is run once per fault point: a fault at one of the commands that it sends. A fault is an error of the
server, a connection that breaks before or after the server has acted, a commit whose outcome is unknown, or, in an
asynchronous program, a cancellation. The server's errors come from its fail points, lost connections from a proxy in
this process. After each run the program's invariants are checked. The report is a table.
"""

from __future__ import annotations

from odmantic.testing.faults._aio import aio_inject_faults
from odmantic.testing.faults._points import (
    ALL_FAULTS,
    SERVER_FAULTS,
    Command,
    Fault,
    FaultPoint,
)
from odmantic.testing.faults._report import (
    FaultReport,
    FaultRun,
    FaultViolationsError,
    Violation,
)
from odmantic.testing.faults._sync import sync_inject_faults

__all__ = [
    "ALL_FAULTS",
    "SERVER_FAULTS",
    "Command",
    "Fault",
    "FaultPoint",
    "FaultReport",
    "FaultRun",
    "FaultViolationsError",
    "Violation",
    "aio_inject_faults",
    "sync_inject_faults",
]
