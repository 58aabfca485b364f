"""The marks of an instance: what was last read or sent of it, and what was assigned since.

Two slots hold them. `__baseline__` is absent while an instance is as it was made, and `None` if it was assigned to
but never saved; else it tells how the document is, see `odmantic._state.changes`. `__modified__` is what
`__fields_modified__` shows; where a document is known, absent or `None` means that nothing was assigned since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.mapping import is_model_instance
from odmantic._mapping.nested import instances_in, nested_instances
from odmantic.bson import note_touch, note_use

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic.model import _BaseODMModel

NOTHING_TO_COMPARE: tuple[Any, ...] = ()
"""The baseline of an instance that can only change by assignments, which are noted."""

_being_filled: dict[int, set[str]] = {}
"""By instance, the sets that are about to become `__modified__`."""


def slot(model: type[Any], name: str) -> Any:
    """Give the descriptor of a slot, whose methods are the fastest way to it."""
    return next(vars(cls)[name] for cls in model.__mro__ if name in vars(cls))


def baseline_setter(model: type[Any]) -> Callable[[Any, Any], None]:
    """Give the fastest way to set the slot `__baseline__` of an instance."""
    setter: Callable[[Any, Any], None] = slot(model, "__baseline__").__set__
    return setter


def modified_property(model: type[Any]) -> property:
    """Give what `__fields_modified__` is."""
    modified = slot(model, "__modified__")

    def get_modified(instance: Any) -> set[str]:
        names: set[str] | None = modified.__get__(instance)
        return assigned_names(instance) if names is None else names

    def set_modified(instance: Any, names: set[str]) -> None:
        modified.__set__(instance, names)
        touch(instance)

    return property(get_modified, set_modified, modified.__delete__)


def touch(instance: Any) -> None:
    """Note that an instance is not as it was made; only what no document is known of can be that."""
    if has_slot(instance, "__baseline__"):
        return
    object.__setattr__(instance, "__baseline__", None)
    note_touch(_id_of(instance))


def note_first_assigned(instance: _BaseODMModel, name: str) -> None:
    """Note the first assignment of a field since an instance was made, read or written."""
    if baseline_or_none(instance) is None:
        instance.__fields_modified__.add(name)
    else:
        assigned_names(instance).add(name)


def assigned_names(instance: Any) -> set[str]:
    """Give the names assigned since an instance was read or written, an empty set at first."""
    # Threads that get here together have to fill one set. No lock, which a fork could leave held for ever: a set that
    # is not shared was made after the slot was filled, and then the one in the slot is taken.
    names = _being_filled.setdefault(id(instance), set())
    found = modified_or_none(instance)
    if found is None:
        object.__setattr__(instance, "__modified__", names)
    _being_filled.pop(id(instance), None)
    return names if found is None else found


def _id_of(instance: _BaseODMModel) -> Any:
    return instance.__dict__.get(instance.__mapping__.primary_field or "")


def baseline_or_none(instance: Any) -> Any:
    """Give the baseline, or `None` if no document is known."""
    try:
        return object.__getattribute__(instance, "__baseline__")
    except AttributeError:
        return None


def modified_or_none(instance: Any) -> set[str] | None:
    """Give the names that were assigned, or `None` where none were, or every field of a new instance counts."""
    try:
        names: set[str] | None = object.__getattribute__(instance, "__modified__")
    except AttributeError:
        return None
    return names


def mark_embedded_clean(value: Any) -> None:
    """Note that the embedded objects in a value, at any depth, equal what was read or written."""
    for instance in instances_in(value):
        # What is referenced has a document of its own.
        if not is_model_instance(instance):
            mark_unmodified(instance, NOTHING_TO_COMPARE)
            for nested in nested_instances(instance):
                mark_embedded_clean(nested)


def mark_unmodified(instance: Any, baseline: Any) -> None:
    """Note that no field was assigned since an instance was as `baseline` says."""
    note_use(_id_of(instance))
    object.__setattr__(instance, "__baseline__", baseline)
    object.__setattr__(instance, "__modified__", None)


def clear_slot(instance: Any, name: str) -> None:
    """Empty a slot, filled or not."""
    # To look first, or to fail, would take longer.
    object.__setattr__(instance, name, None)
    object.__delattr__(instance, name)


def has_slot(instance: Any, slot: str) -> bool:
    """Tell whether a slot of an instance is filled."""
    try:
        object.__getattribute__(instance, slot)
    except AttributeError:
        return False
    return True
