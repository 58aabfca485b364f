"""What updates make of a document that an upsert begins: the server's work, done once more to know the result."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.timestamp import Timestamp

from odmantic._bson.values import is_document
from odmantic._plan.update_starts import UnknownOrderError, result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class NotKnownError(ValueError):
    """What the server makes of a document is not known before, or it makes nothing of it."""


def apply_update(
    document: dict[str, Any], update: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    """Change a document as the server does that inserts it.

    Args:
        document: The document; it has what is copied from the query.
        update: The update, made of fields, without places in lists.
        now: What stands for the server's time.

    Raises:
        ValueError: if the server would refuse it, or only the server knows what it makes of it.
    """
    for operator, changes in update.items():
        for key, operand in changes.items():
            _apply(document, operator, key, operand, now)


def _apply(document: dict[str, Any], operator: str, key: str, operand: Any, now: datetime) -> None:
    if operator == "$rename":
        value = _taken(document, key)
        if value is not _MISSING:
            _put(document, operand, value)
        return
    present = _get(document, key)
    if operator == "$unset":
        _taken(document, key)
    elif operator in _REMOVE:
        if present is not _MISSING:
            raise NotKnownError(
                f"{operator} of {key!r}, which the query says, cannot begin a document"
            )
    elif operator == "$currentDate":
        is_timestamp = is_document(operand) and operand.get("$type") == "timestamp"
        _put(document, key, Timestamp(now, 1) if is_timestamp else now)
    elif operator in ("$set", "$setOnInsert"):
        _put(document, key, operand)
    else:
        _put(document, key, _computed(operator, key, present, operand))


def _computed(operator: str, key: str, present: Any, operand: Any) -> Any:
    if present is _MISSING:
        if operator in _AS_IT_IS:
            return operand
        present = _STARTS[operator](operand)
    try:
        return result_of(operator, present, operand)
    except UnknownOrderError:
        raise NotKnownError(
            f"only the server knows what {operator} makes of {key!r} in a document that it inserts: give the value in an "
            "instance as upsert=, and make this change in a call of its own"
        ) from None


def _zero(factor: Any) -> Any:
    match factor:
        case Decimal128():
            return Decimal128(Decimal("0.0"))
        case float():
            return 0.0
        case Int64():
            return Int64(0)
        case _:
            return 0


_AS_IT_IS = frozenset({"$inc", "$min", "$max"})
"""Operators that make their operand of a missing value."""

_STARTS: dict[str, Callable[[Any], Any]] = {
    "$mul": _zero,
    "$bit": lambda _: 0,
    "$push": lambda _: [],
    "$addToSet": lambda _: [],
}
"""Where the server begins if a value is missing."""

_REMOVE = frozenset({"$pull", "$pullAll", "$pop"})
_MISSING: Any = object()


# --- Paths ---------------------------------------------------------------------------------------


def _get(document: dict[str, Any], key: str) -> Any:
    value: Any = document
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return _MISSING
        value = cast("dict[str, Any]", value)[part]
    return value


def _taken(document: dict[str, Any], key: str) -> Any:
    """Remove a value, and return it."""
    *way, last = key.split(".")
    inner: Any = document
    for part in way:
        inner = cast("dict[str, Any]", inner).get(part) if isinstance(inner, dict) else None
    return (
        cast("dict[str, Any]", inner).pop(last, _MISSING) if isinstance(inner, dict) else _MISSING
    )


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    *way, last = key.split(".")
    inner = document
    for part in way:
        below: object = inner.setdefault(part, {})
        if not isinstance(below, dict):
            raise NotKnownError(f"{key!r} leads into what the query says is no object")
        inner = cast("dict[str, Any]", below)
    inner[last] = value
