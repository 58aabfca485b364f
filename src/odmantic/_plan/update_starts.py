"""Updates of values that are missing: the server starts at 0 or with an empty list, an instance with its default.

Where these differ, an update demands that the value is there. For documents without it, the call is repeated with what
the update makes of the default: that is known before.
"""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal, localcontext
from itertools import combinations
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bson import ObjectId
from bson.decimal128 import Decimal128, create_decimal128_context
from pydantic_core import PydanticUndefined

from odmantic._codec.encode import encode_value
from odmantic._mapping.fields import ODMBaseField
from odmantic._mapping.mapping import mapping_of
from odmantic._query.checks import fits_int64
from odmantic._query.constraints import constraints_of
from odmantic._query.guards import Guard
from odmantic._query.update_keys import is_placed
from odmantic._query.updates import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from odmantic._query.steps import Path

MOST_STARTS = 4
"""The largest number of fields with such defaults in one call, which may take two commands to that power."""


def repetitions(updates: tuple[Update, ...]) -> list[tuple[Update, ...]]:
    """Return the updates of a call for documents without some values, for each choice of these.

    No document matches two of them, nor the updates themselves: each demands that its values are there, or are not.

    Raises:
        ValueError: if there are too many.
    """
    found = {number: started for number, each in enumerate(updates) if (started := _started(each))}
    if not found:
        return []
    if len(found) > MOST_STARTS:
        shown = ", ".join(str(updates[number]) for number in found)
        raise ValueError(
            f"{shown}: one call takes {MOST_STARTS} changes that begin with a default: make several calls"
        )
    return [
        tuple(found[number] if number in some else each for number, each in enumerate(updates))
        for some in _subsets(found)
    ]


def started(updates: tuple[Update, ...], known: Collection[str] = ()) -> tuple[Update, ...]:
    """Return the updates of a new document: those that begin with a default become assignments.

    Args:
        updates: The updates.
        known: The paths of which the document has values.

    Raises:
        UnknownOrderError: if only the server knows what an update makes of a default.
    """

    def begun(update: Update) -> Update:
        key = str(update.path.key)
        if any(f"{key}.".startswith(f"{each}.") for each in known):
            return update
        step = _step_with_start(update)
        default = None if step is None else _stored(step)
        if default is None:
            return update
        return Update("$set", update.path, _RESULTS[update.operator](default, update.operand))

    return tuple(map(begun, updates))


def result_of(operator: str, present: Any, operand: Any) -> Any:
    """Return what an operator makes of a stored value and its operand.

    Raises:
        UnknownOrderError: if only the server knows.
    """
    return _RESULTS[operator](present, operand)


def _subsets(numbers: dict[int, Update]) -> Iterator[frozenset[int]]:
    for size in range(1, len(numbers) + 1):
        yield from map(frozenset, combinations(numbers, size))


def _started(update: Update) -> Update | None:
    """Return the assignment that an update is where its value is missing; `None` if there is no other one, or none that fits."""
    step, path = _step_with_start(update), update.path
    default = None if step is None else _stored_default(step)
    if default is None:
        return None
    make = _RESULTS[update.operator]
    try:
        value = make(default, update.operand)
    except UnknownOrderError:
        return None
    if not _fits(path, value):
        return None
    guards = [Guard({path.key: {"$exists": False}}, is_bound=False)]
    if path.parent is not None:
        # An object with this key alone would hide the default of the whole.
        guards.append(Guard({path.parent.key: {"$type": "object"}}, is_bound=False))
    return Update("$set", path, value, tuple(guards), update.shown)


def _step_with_start(update: Update) -> ODMBaseField | None:
    """Return the field of an update that begins elsewhere than the server does; `None` for another update."""
    path = update.path
    step = path.step
    if update.operator not in _RESULTS or not isinstance(step, ODMBaseField) or is_placed(path):
        return None
    needed = ({path.key: {"$exists": True}}, {path.key: {"$ne": None}})
    is_needed = any(not each.is_bound and each.condition in needed for each in update.guards)
    return step if is_needed else None


def _stored_default(step: ODMBaseField) -> Any:
    """Return the stored form of what an instance has for a missing key; `None` if it has nothing, or that is computed."""
    if step.if_missing is not None or step.is_required_in_doc():
        return None
    return _stored(step)


def _stored(step: ODMBaseField) -> Any:
    """Return the stored form of what a new instance has; `None` if it has nothing, or that is computed."""
    info = step.pydantic_field
    if step.owner is None:
        return None
    if info.default_factory is not None and info.default_factory_takes_validated_data:
        return None
    default = info.get_default(call_default_factory=True)
    if default is None or default is PydanticUndefined:
        return None
    model, name = step.owner
    encode = mapping_of(model).encoder_of.get(name)
    return encode_value(default) if encode is None else encode(default)


def _fits(path: Path, value: Any) -> bool:
    limits = constraints_of(path.node)
    if isinstance(value, list):
        longest, shortest = limits.max_length, limits.min_length
        length = len(value)  # pyright: ignore[reportUnknownArgumentType]
        return (longest is None or length <= longest) and (shortest is None or length >= shortest)
    number = value.to_decimal() if isinstance(value, Decimal128) else value
    if isinstance(number, int) and not fits_int64(number):
        return False
    if isinstance(number, (float, Decimal)) and not math.isfinite(number):
        return False
    return not limits.has_bounds or limits.admit(number)


# --- What updates make of defaults ---------------------------------------------------------------


class UnknownOrderError(Exception):
    """Only the server knows what an update makes of a default."""


def _computed(one: Any, other: Any, compute: Callable[[Any, Any], Any]) -> Any:
    """Return what is computed of two numbers of one kind, as the server does."""
    if isinstance(one, Decimal128) and isinstance(other, Decimal128):
        with localcontext(create_decimal128_context()):
            return Decimal128(compute(one.to_decimal(), other.to_decimal()))
    if any(isinstance(each, bool) or not isinstance(each, (int, float)) for each in (one, other)):
        raise UnknownOrderError
    return compute(one, other)


def _sum(default: Any, by: Any) -> Any:
    return _computed(default, by, lambda one, other: one + other)


def _product(default: Any, factor: Any) -> Any:
    return _computed(default, factor, lambda one, other: one * other)


def _least(default: Any, value: Any) -> Any:
    return value if _compared(value, default) < 0 else default


def _greatest(default: Any, value: Any) -> Any:
    return value if _compared(value, default) > 0 else default


def _masked(default: Any, operand: dict[str, int]) -> Any:
    ((name, mask),) = operand.items()
    if type(default) is not int:
        raise UnknownOrderError
    return {"and": default & mask, "or": default | mask, "xor": default ^ mask}[name]


def _pushed(default: Any, operand: dict[str, Any]) -> Any:
    if not isinstance(default, list):
        raise UnknownOrderError
    items: list[Any] = [*default]
    place: int = operand.get("$position", len(items))
    items[place:place] = operand["$each"]
    order = operand.get("$sort")
    if order is not None and len(items) > 1:
        items = _sorted(items, order)
    kept: int | None = operand.get("$slice")
    if kept is None:
        return items
    return items[:kept] if kept >= 0 else items[kept:]


def _added(default: Any, operand: dict[str, Any]) -> Any:
    if not isinstance(default, list):
        raise UnknownOrderError
    items: list[Any] = [*default]
    for value in operand["$each"]:
        if not any(type(each) is type(value) and each == value for each in items):
            items.append(value)
    return items


def _sorted(items: list[Any], order: Any) -> list[Any]:
    if isinstance(order, dict):  # by keys, some of which may be missing
        raise UnknownOrderError
    first = items[0]
    for each in items[1:]:
        _compared(first, each)
    return sorted(items, key=_place, reverse=order < 0)


def _compared(one: Any, other: Any) -> int:
    """Return a number below, at or above zero, as the server orders two values of one kind."""
    kinds = [
        next((kind for kind in _ORDERED if isinstance(each, kind)), None) for each in (one, other)
    ]
    if kinds[0] is None or kinds[0] is not kinds[1]:
        raise UnknownOrderError
    first, second = _place(one), _place(other)
    try:
        return bool(first > second) - bool(first < second)
    except TypeError:  # datetimes with and without a time zone
        raise UnknownOrderError from None


_ORDERED = (bool, int, float, Decimal128, str, datetime, ObjectId, UUID, bytes)


def _place(value: Any) -> Any:
    match value:
        case Decimal128() | float():
            number = value.to_decimal() if isinstance(value, Decimal128) else value
            if math.isnan(number):
                raise UnknownOrderError
            return number
        case str():
            return value.encode()
        case UUID():
            return value.bytes
        case bytes():
            return len(value), bytes(value)
        case _:
            return value


_RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "$inc": _sum,
    "$mul": _product,
    "$min": _least,
    "$max": _greatest,
    "$bit": _masked,
    "$push": _pushed,
    "$addToSet": _added,
}
"""What the operators that start elsewhere make of a default and their operand."""
