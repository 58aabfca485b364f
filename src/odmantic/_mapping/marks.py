"""The marks of an instance that equals what was last read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.encode import instances_in, nested_instances

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING_TO_COMPARE: tuple[Any, ...] = ()
"""The baseline of an instance that can only change by assignments, which are noted."""


def baseline_setter(model: type[Any]) -> Callable[[Any, Any], None]:
    """Give the fastest way to set the slot `__baseline__` of an instance."""
    slot: Any = next(
        vars(cls)["__baseline__"] for cls in model.__mro__ if "__baseline__" in vars(cls)
    )
    setter: Callable[[Any, Any], None] = slot.__set__
    return setter


def mark_embedded_clean(value: Any) -> None:
    """Note that the embedded objects in a value, at any depth, equal what was read or written."""
    for instance in instances_in(value):
        mark_unmodified(instance, NOTHING_TO_COMPARE)
        for nested in nested_instances(instance):
            mark_embedded_clean(nested)


def mark_unmodified(instance: Any, baseline: Any) -> None:
    """Note that no field was assigned since an instance was as `baseline` says."""
    object.__setattr__(instance, "__baseline__", baseline)
    if has_slot(instance, "__fields_modified__"):
        object.__delattr__(instance, "__fields_modified__")


def has_slot(instance: Any, slot: str) -> bool:
    """Tell whether a slot of an instance is filled."""
    try:
        object.__getattribute__(instance, slot)
    except AttributeError:
        return False
    return True
