"""Assignments that a validator of the whole instance may refuse: done completely or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from odmantic._state.state import kept_state
from odmantic._state.transitions import mark_dirty, undo_assignments
from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from collections.abc import Generator


_SLOTS = ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
_ABSENT: Any = object()


@contextmanager
def as_a_whole(instance: Instance) -> Generator[None]:
    """Undo an assignment that fails; note other changes by one that succeeds.

    Pydantic stores the value before validators of the whole instance see it. They may set other fields without
    assigning them.
    """
    values = dict(instance.__dict__)
    slots = {name: _copied(instance, name) for name in _SLOTS}
    modified = kept_state(instance).modified
    try:
        yield
    except BaseException:
        object.__setattr__(instance, "__dict__", values)
        for name, held in slots.items():
            object.__setattr__(instance, name, held)
            if held is _ABSENT:
                object.__delattr__(instance, name)
        undo_assignments(instance, modified)
        raise
    _note_others(instance, values)


def _copied(instance: Instance, slot: str) -> Any:
    try:
        held = object.__getattribute__(instance, slot)
    except AttributeError:
        return _ABSENT
    return held if held is None else held.copy()


def _note_others(instance: Instance, before: dict[str, Any]) -> None:
    now = instance.__dict__
    changed = {
        name
        for name in instance.__mapping__.fields
        if now.get(name, _ABSENT) is not before.get(name, _ABSENT)
    }
    if changed:
        mark_dirty(instance, changed)
