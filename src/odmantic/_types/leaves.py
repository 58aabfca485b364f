"""Values that cannot change, and the code that checks them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any
from uuid import UUID

import bson
import bson.binary
import bson.decimal128
import bson.int64

from odmantic._bson.conversions import as_read_datetime, as_stored_datetime
from odmantic._bson.decimals import to_decimal
from odmantic._types.tree import Leaf
from odmantic.bson import BSON_TYPES_SUBSTITUTES

_EXACTLY = """\
if type({v}) is not {cls}:
    {refuse}"""

_CONVERTED = """\
if type({v}) is not {cls}:
    if type({v}) is not {other}:
        {refuse}
    {v} = {cls}({v})"""

_DATETIME = """\
if type({v}) is not {cls}:
    {refuse}
if {v}.tzinfo is not None or {v}.microsecond % 1000:
    {v} = {as_stored_datetime}({as_read_datetime}({v}))"""

_DECIMAL = """\
if type({v}) is not {Decimal128}:
    {refuse}
{v} = {to_decimal}({v})
if not {v}.is_finite():
    {refuse}"""

_ONE_OF = """\
if type({v}) is not {cls} or {v} not in {allowed}:
    {refuse}"""

_MEMBER = """\
if type({v}) is not {stored}:
    {refuse}
{v} = {members}.get({v})
if {v} is None:
    {refuse}"""


def _exactly(cls: type[Any]) -> Leaf:
    return Leaf(_EXACTLY, {"cls": cls}, cls)


def _converted(cls: type[Any], other: type[Any]) -> Leaf:
    return Leaf(_CONVERTED, {"cls": cls, "other": other}, cls)


DECIMAL_LEAF = Leaf(
    _DECIMAL, {"Decimal128": bson.decimal128.Decimal128, "to_decimal": to_decimal}, Decimal
)

LEAVES: dict[Any, Leaf] = {
    str: _exactly(str),
    bool: _exactly(bool),
    bytes: _exactly(bytes),
    UUID: _exactly(UUID),
    int: _converted(int, bson.int64.Int64),
    float: _converted(float, int),
    BSON_TYPES_SUBSTITUTES[bson.ObjectId]: _exactly(bson.ObjectId),
    BSON_TYPES_SUBSTITUTES[bson.int64.Int64]: _exactly(bson.int64.Int64),
    BSON_TYPES_SUBSTITUTES[bson.decimal128.Decimal128]: _exactly(bson.decimal128.Decimal128),
    BSON_TYPES_SUBSTITUTES[bson.binary.Binary]: _converted(bson.binary.Binary, bytes),
    BSON_TYPES_SUBSTITUTES[datetime]: Leaf(
        _DATETIME,
        {
            "cls": datetime,
            "as_read_datetime": as_read_datetime,
            "as_stored_datetime": as_stored_datetime,
        },
        datetime,
    ),
}

LEAF_CLASSES: frozenset[type[Any]] = frozenset(
    (NoneType, Decimal, *(leaf.cls for leaf in LEAVES.values()))
)
"""Classes of values that cannot change."""


def literal_leaf(values: tuple[Any, ...]) -> Leaf | None:
    """Give the leaf of a `Literal`; `None` if it has more kinds of values than one."""
    cls = _class_of_all(values)
    if cls is None:
        return None
    return Leaf(_ONE_OF, {"cls": cls, "allowed": frozenset(values)}, cls)


def enum_leaf(cls: type[Enum]) -> Leaf | None:
    """Give the leaf of an enumeration; `None` if its members are of more kinds than one, or read by code of its own."""
    stored = None if hasattr(cls, _HOOK) else _class_of_all(member.value for member in cls)
    if stored is None:
        return None
    values = {member.value: member for member in cls}
    return Leaf(_MEMBER, {"stored": stored, "members": values}, cls)


_HOOK = "__get_pydantic_core_schema__"


def _class_of_all(values: Iterable[Any]) -> type[Any] | None:
    """Give `str` or `int` if all values are just that."""
    classes: set[type[Any]] = set(map(type, values))
    return classes.pop() if classes in ({str}, {int}) else None
