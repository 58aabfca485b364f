"""Callbacks for the end of a transaction."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

Callback = Callable[[], Any]

CoroutineFunction = Callable[[], Coroutine[Any, Any, Any]]
"""A callback that sync code cannot await."""


@dataclass(slots=True, eq=False)
class Effect:
    """What happens to one instance until a commit or a rollback, for its hooks."""

    instance: Any
    changes: frozenset[str] = frozenset()
    """The names of all fields that were written."""
    is_new: bool = False
    """Whether its document was inserted."""
    begun: tuple[str, ...] = ()
    """The operations on it, also one that failed."""
    done: tuple[str, ...] = ()
    """Those that the server has acknowledged."""


class Callbacks:
    """The callbacks for after the commit and for after the rollback, each in order of registration.

    Attributes:
        on_commit: Those for after the commit.
        on_rollback: Those for after the rollback.
        effects: By the identities of an instance and an engine, what happened to instances whose hooks are among them.
    """

    __slots__ = ("effects", "on_commit", "on_rollback")

    def __init__(self) -> None:
        self.on_commit: list[Callback] = []
        self.on_rollback: list[Callback] = []
        self.effects: dict[tuple[int, int], Effect] = {}


def check_callback(callback: object, *, may_await: bool) -> None:
    """Check that a callback can be called here.

    Raises:
        TypeError: if it is not callable, or async where nothing can await it.
    """
    if not callable(callback):
        raise TypeError(f"a callable is needed here, not {callback!r}")
    is_async = inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        getattr(type(callback), "__call__", None)  # noqa: B004 - looks up the method; it does not test callability
    )
    if is_async and not may_await:
        raise TypeError(f"the sync engine cannot await {callback!r}: give it a plain callable")
