"""The faults, and the points at which they happen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fault(Enum):
    """A fault of one command of a program; the value is its name in the report."""

    TRANSIENT = "transient error"
    """The server has aborted the transaction, as after a failover, and says so."""
    WRITE_CONFLICT = "write conflict"
    """The server refuses the command because of a write conflict, and rolls back."""
    LOST_BEFORE = "connection lost before"
    """The connection breaks before the server sees the command."""
    LOST_AFTER = "connection lost after"
    """The connection breaks after the server has acted, before its reply arrives."""
    COMMIT_DELAYED = "commit unknown twice"
    """The server, overloaded, answers two commits with an error; a third one succeeds."""
    COMMIT_UNKNOWN = "commit unknown, done"
    """The server commits but reports an unknown outcome, and retrying the commit does not help."""
    COMMIT_UNKNOWN_UNDONE = "commit unknown, undone"
    """The server reports the same, and has rolled back."""
    CANCELLED_BEFORE = "cancelled before"
    """The task is cancelled while the command is on its way to the server; async programs only."""
    CANCELLED_AFTER = "cancelled after"
    """The task is cancelled while the server's reply is on its way; async programs only."""

    @property
    def is_cancellation(self) -> bool:
        """Whether the program's task is cancelled."""
        return self in {Fault.CANCELLED_BEFORE, Fault.CANCELLED_AFTER}

    @property
    def needs_fail_points(self) -> bool:
        """Whether the server injects it."""
        return self in _OF_TRANSACTIONS or self in _OF_COMMITS

    def applies_to(self, command: Command) -> bool:
        """Return whether this fault can happen to a command."""
        if self in _OF_COMMITS:
            return command.name == "commitTransaction"
        if self in _OF_TRANSACTIONS:
            return command.in_transaction and command.name != "abortTransaction"
        return True


_OF_TRANSACTIONS = frozenset({Fault.TRANSIENT, Fault.WRITE_CONFLICT})
_OF_COMMITS = frozenset({Fault.COMMIT_DELAYED, Fault.COMMIT_UNKNOWN, Fault.COMMIT_UNKNOWN_UNDONE})

SERVER_FAULTS = tuple(fault for fault in Fault if not fault.is_cancellation)
"""Faults of the server and of the network."""
ALL_FAULTS = tuple(Fault)
"""All of them; only a task can be cancelled."""

_WITHOUT_INTEREST = frozenset({"hello", "ismaster", "ping", "buildinfo", "endsessions"})
_OF_AUTHENTICATION = ("sasl", "authenticate", "logout", "getnonce")


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a program sent.

    Attributes:
        name: Such as `update`.
        collection: Its collection; empty for a command without one.
        in_transaction: Whether it is part of a transaction.
        begins: Whether it begins one.
    """

    name: str
    collection: str = ""
    in_transaction: bool = False
    begins: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Command | None:
        """Return the command of a message; `None` for the driver's own commands."""
        name, value = next(iter(document.items()))
        if name.lower() in _WITHOUT_INTEREST or name.lower().startswith(_OF_AUTHENTICATION):
            return None
        in_transaction = document.get("autocommit") is False
        begins = bool(document.get("startTransaction"))
        return cls(name, value if isinstance(value, str) else "", in_transaction, begins)

    def __str__(self) -> str:
        return f"{self.name} {self.collection}".rstrip()


@dataclass(frozen=True, slots=True)
class FaultPoint:
    """A fault at one command of a program.

    Attributes:
        number: The number of the command, from 1.
        command: The undisturbed program's command with that number.
        fault: The fault.
    """

    number: int
    command: Command
    fault: Fault

    def __str__(self) -> str:
        return f"{self.fault.value} at command {self.number} ({self.command})"
