"""The events of hooks, and what a hook is told about one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

HookName = Literal[
    "before_insert",
    "before_update",
    "before_save",
    "after_insert",
    "after_update",
    "after_save",
    "before_delete",
    "after_delete",
    "after_load",
    "after_commit",
    "after_rollback",
    "before_query_write",
    "after_query_write",
]

OF_QUERIES = frozenset({"before_query_write", "after_query_write"})
"""The events of classes; all others are those of instances."""

OF_READS = frozenset({"after_load"})

_ENDS = frozenset({"after_commit", "after_rollback"})
OF_SAVES = _ENDS.union(
    ("before_insert", "before_update", "before_save"),
    ("after_insert", "after_update", "after_save"),
)
OF_DELETES = _ENDS.union(("before_delete", "after_delete"))
OF_WRITES = OF_SAVES | OF_DELETES | OF_QUERIES

_NAMES = frozenset(get_args(HookName))


@dataclass(slots=True, eq=False)
class HookEvent:
    """What a hook is told.

    Attributes:
        operation: The method of the engine, such as `"save"`; `"find"` for every read, and the last one for
            `after_commit` and `after_rollback`.
        engine: The engine; `None` for a cursor that a program made of the driver's.
        session: What operations inside the hook pass as `session=`.
        changes: The names of the fields that will be, or were, written.
        is_new: Whether the document is, or was, inserted.
        attempt: The number of the attempt of `run_transaction`, from 1.
        operations: For `after_commit` and `after_rollback`: the operations on this instance, in order, such as
            `("save", "delete")`.
        filter: For a write by query: its filter. `before_query_write` may replace it.
        update: For an update: its update. `before_query_write` may replace it.
        instance: For `update(instance)`: the instance.
    """

    operation: str
    engine: Any
    session: Any
    changes: frozenset[str] = frozenset()
    is_new: bool = False
    attempt: int = 1
    operations: tuple[str, ...] = ()
    filter: Any = None
    update: Any = None
    instance: Any = None


def check_event(event: object) -> None:
    """Check that hooks exist for an event.

    Raises:
        ValueError: if it is no name of one.
    """
    if event not in _NAMES:
        raise ValueError(
            f"there is no event {event!r}: hooks are for {', '.join(get_args(HookName))}"
        )
