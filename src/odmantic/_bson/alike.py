"""Comparison of values by types and contents at any depth, stricter than equality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from odmantic._bson.values import is_collection, is_document

_SETS: tuple[type[Any], ...] = (set, frozenset)
_TOLD_BY_TEXT: tuple[type[Any], ...] = (float, complex, Decimal, datetime, time)
"""Equality ignores part of these values: signs of zeros, numbers of digits, time zones."""


def is_alike(one: Any, other: Any) -> bool:
    """Return whether two values have the same types and contents, at any depth; the order of keys counts."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, BaseModel):
        return _are_alike(_of_model(one), _of_model(other))
    if is_document(one):
        return is_alike(list(one.items()), list(other.items()))
    if isinstance(one, _SETS):
        return _are_alike_sets(list(one), {item: item for item in other})
    if is_collection(one):
        return _are_alike(list(one), list(other))
    return _are_alike_objects(one, other)


def _are_alike_objects(one: Any, other: Any) -> bool:
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return _are_alike(_attributes(one, names), _attributes(other, names))
    for cls in _TOLD_BY_TEXT:
        if isinstance(one, cls):
            text: Callable[[Any], str] = getattr(cls, "__repr__")  # noqa: B009 - of the class, not of the value's
            return text(one) == text(other)
    # A user's class may return anything from a comparison.
    equal: object = one == other
    return equal is True


def _are_alike_sets(some: list[Any], others: dict[Any, Any]) -> bool:
    return len(some) == len(others) and all(
        item in others and is_alike(item, others[item]) for item in some
    )


def _are_alike(some: list[Any], others: list[Any]) -> bool:
    return len(some) == len(others) and all(map(is_alike, some, others))


def _attributes(value: object, names: list[str]) -> list[Any]:
    return [getattr(value, name, None) for name in names]


def _of_model(model: BaseModel) -> list[Any]:
    """Return the parts of an instance without running code of its class."""
    values = object.__getattribute__(model, "__dict__")
    names = type(model).__pydantic_fields__
    return [
        {name: values[name] for name in names if name in values},
        _slot(model, "__pydantic_extra__"),
        _slot(model, "__pydantic_private__"),
    ]


def _slot(model: object, name: str) -> Any:
    try:
        # An instance that was read may not have this slot filled yet.
        return object.__getattribute__(model, name) or None
    except AttributeError:
        return None
