"""What an engine whose operations are all rolled back permits, and its messages for the rest."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from odmantic.exceptions import SessionMisuseError

Callback = Callable[[], Any]

NOT_STARTED = "transaction not started"
NESTED = "MongoDB has no nested transactions: pass the running one on as session="
CONFIGURES = (
    "Indexes cannot be made in a transaction that is to be rolled back: make them once, before the"
    " tests, with an engine of another kind."
)
ESCAPES = (
    "session=NO_SESSION would run outside of the transaction that is rolled back after the test, so"
    " its changes would stay. Test this with 'aio_engine' or 'sync_engine', on a database of its own."
)
MADE_BY_HAND = (
    "This session was not made by the engine's session() or transaction(), so its changes would not"
    " be rolled back after the test."
)
UNDONE = (
    "a transaction of the program was rolled back after it had written. In this test it is a part of"
    " the test's own transaction, and MongoDB cannot undo a part. What follows cannot be tested here;"
    " use 'aio_engine' or 'sync_engine', on a database of its own"
)


class PartUndoneError(SessionMisuseError):
    """A part of the test's transaction would have to be undone, which is impossible."""


@dataclass(slots=True)
class Part:
    """A transaction of the program, as a part of the one transaction.

    Attributes:
        writes_before: The number of writes by the engine before it began.
        effects: What happened to instances whose hooks are among the callbacks.
    """

    writes_before: int
    on_commit: list[Callback] = field(default_factory=list[Callback])
    on_rollback: list[Callback] = field(default_factory=list[Callback])
    effects: dict[Any, Any] = field(default_factory=dict[Any, Any])


def is_write(operation: str) -> bool:
    """Return whether an operation of an engine may write."""
    return operation not in {"find", "find_one", "count"}


def check_plain(callback: Callback) -> None:
    """Check that a callback need not be awaited.

    Raises:
        TypeError: if it is async.
    """
    if inspect.iscoroutinefunction(callback):
        raise TypeError(f"the sync engine cannot await {callback!r}: give it a plain callable")
