"""Code that checks stored immutable values, by their class."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from types import NoneType
from typing import Any
from uuid import UUID

import bson
import bson.binary
import bson.decimal128
import bson.int64
from pydantic import GetPydanticSchema, PlainSerializer, WrapSerializer

from odmantic._bson.conversions import as_read_datetime, as_stored_datetime, as_uuid
from odmantic._bson.datetimes import MODES
from odmantic._bson.decimals import to_decimal
from odmantic._bson.forms import FORMS, Form
from odmantic.bson import BSON_TYPES_SUBSTITUTES


@dataclass(frozen=True, slots=True)
class Check:
    """Code for an immutable value that is not a container.

    `code` runs `{refuse}` unless `{v}` is such a value, and may convert it; the other names in braces are those of
    `names`.
    """

    code: str
    names: dict[str, Any]


NO_CHECK = Check("", {})
"""For values that only pydantic can check."""

_EXACTLY = """\
if type({v}) is not {cls}:
    {refuse}"""

_CONVERTED = """\
if type({v}) is not {cls}:
    if type({v}) is not {other}:
        {refuse}
    {v} = {cls}({v})"""

_UUID = """\
if type({v}) is not {cls}:
    {v} = {as_uuid}({v})
    if {v} is None:
        {refuse}"""

_DATETIME = """\
if type({v}) is not {cls}:
    {refuse}
if {v}.tzinfo is not None or {v}.microsecond % 1000:
    {v} = {as_stored_datetime}({as_read_datetime}({v}))"""

_CONVERTED_DATETIME = """\
if type({v}) is not {cls}:
    {refuse}
{v} = {convert}({v})"""

_DECIMAL = """\
if type({v}) is not {Decimal128}:
    {refuse}
{v} = {to_decimal}({v})
if not {v}.is_finite():
    {refuse}"""

_FORM = """\
if type({v}) is not {stored}:
    {refuse}
{v} = {read}({v})
if {v} is None:
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


def _exactly(cls: type[Any]) -> Check:
    return Check(_EXACTLY, {"cls": cls})


def _converted(cls: type[Any], other: type[Any]) -> Check:
    return Check(_CONVERTED, {"cls": cls, "other": other})


_OF_DATETIMES = Check(
    _DATETIME,
    {
        "cls": datetime,
        "as_read_datetime": as_read_datetime,
        "as_stored_datetime": as_stored_datetime,
    },
)

CHECKS: dict[Any, Check] = {
    str: _exactly(str),
    bool: _exactly(bool),
    bytes: _exactly(bytes),
    UUID: Check(_UUID, {"cls": UUID, "as_uuid": as_uuid}),
    int: _converted(int, bson.int64.Int64),
    float: _converted(float, int),
    BSON_TYPES_SUBSTITUTES[bson.ObjectId]: _exactly(bson.ObjectId),
    BSON_TYPES_SUBSTITUTES[bson.int64.Int64]: _exactly(bson.int64.Int64),
    BSON_TYPES_SUBSTITUTES[bson.decimal128.Decimal128]: _exactly(bson.decimal128.Decimal128),
    BSON_TYPES_SUBSTITUTES[bson.binary.Binary]: _converted(bson.binary.Binary, bytes),
    **dict.fromkeys((datetime, BSON_TYPES_SUBSTITUTES[datetime]), _OF_DATETIMES),
    Decimal: Check(_DECIMAL, {"Decimal128": bson.decimal128.Decimal128, "to_decimal": to_decimal}),
}
"""The checks by class; those of decimals fit their BSON form."""

CHECKS_OF_DATETIMES: dict[str, Check] = {
    mode: Check(_CONVERTED_DATETIME, {"cls": datetime, "convert": convert})
    for mode, convert in MODES.items()
}
"""The checks of datetimes that are naive or aware by choice."""

LEAF_CLASSES: frozenset[type[Any]] = frozenset(
    (
        *(NoneType, Decimal, *(cls for cls, form in FORMS.items() if form.is_leaf)),
        *(each.names["cls"] for each in CHECKS.values() if "cls" in each.names),
    )
)
"""Classes of immutable values."""


def check_of_values(values: tuple[Any, ...]) -> Check:
    """Return the check of a `Literal`; `NO_CHECK` if its values are of several classes."""
    cls = _class_of_all(values)
    if cls is not None:
        return Check(_ONE_OF, {"cls": cls, "allowed": frozenset(values)})
    classes = set(map(type, values))
    cls = classes.pop()
    return NO_CHECK if classes or not issubclass(cls, Enum) else check_of_members(cls, values)


def check_of_members(cls: type[Enum], members: Collection[Any]) -> Check:
    """Return the check of members of an `Enum`; `NO_CHECK` if they are of several classes, or its own code reads them."""
    stored = None if hasattr(cls, _HOOK) else _class_of_all(member.value for member in members)
    if stored is None:
        return NO_CHECK
    values = {member.value: member for member in members}
    return Check(_MEMBER, {"stored": stored, "members": values})


_HOOK = "__get_pydantic_core_schema__"
_LIBRARIES = ("odmantic.", "pydantic.")


def is_written_by_user(cls: Any, marks: Iterable[Any]) -> bool:
    """Return whether code of a user may say in which form values of a class are dumped."""
    hooked = [mark for mark in marks if hasattr(mark, _HOOK)]
    if any(isinstance(mark, _SERIALIZERS) for mark in hooked):
        return any(not _is_for_json(mark) for mark in hooked)
    classes = [*cls.__mro__, *map(type, hooked)]
    owners = [each.__module__ for each in classes if _HOOK in vars(each)]
    of_user = not all(owner.startswith(_LIBRARIES) for owner in owners)
    return of_user or any(isinstance(mark, GetPydanticSchema) for mark in hooked)


def _is_for_json(mark: Any) -> bool:
    when: str = getattr(mark, "when_used", "json")
    return when.startswith("json")


_SERIALIZERS = (PlainSerializer, WrapSerializer)


def check_of_form(cls: type[Any], form: Form) -> Check:
    """Return the check of a class with a stored form of its own."""
    return Check(_FORM, {"stored": form.stored, "read": partial(form.read, cls)})


def _class_of_all(values: Iterable[Any]) -> type[Any] | None:
    """Return `str` or `int` if all values are exactly of this class."""
    classes: set[type[Any]] = set(map(type, values))
    return classes.pop() if classes in ({str}, {int}) else None
