"""Stored forms that plain pydantic does not know: those of some BSON types and some enumerations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

import bson
from annotated_types import Ge, GroupedMetadata, Gt, Le, Lt
from bson.binary import ALL_UUID_SUBTYPES, Binary
from bson.decimal128 import Decimal128
from bson.regex import Regex
from pydantic import AwareDatetime, FutureDatetime, NaiveDatetime, PastDatetime
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from odmantic._bson.conversions import (
    as_aware,
    as_naive,
    as_read_datetime,
    as_utc_datetime,
    as_uuid,
)
from odmantic._bson.datetimes import mode_in
from odmantic._bson.python_types import DecimalSupport, PatternSupport
from odmantic._bson.values import AS_IT_IS, is_document, is_stored_array
from odmantic._codec.translate import report
from odmantic._codec.untyped import encode_any
from odmantic._mapping.interfaces import Decoder, Location
from odmantic._types.leaves import is_written_by_user
from odmantic._types.tree import Choice, Enumeration, Leaf, Type
from odmantic.bson import BSON_TYPES_SUBSTITUTES
from odmantic.exceptions import ErrorList


def _compile_regex(regex: Regex[Any]) -> Any:
    try:
        return regex.try_compile()
    except (re.error, OverflowError, RecursionError):
        # Not every MongoDB pattern is valid in Python.
        return regex


_DATETIMES = (datetime, BSON_TYPES_SUBSTITUTES[datetime], FutureDatetime, PastDatetime)

FROM_BSON: dict[Any, tuple[type[Any], Callable[[Any], Any]]] = {
    Decimal: (Decimal128, Decimal128.to_decimal),
    re.Pattern: (Regex, _compile_regex),
    AwareDatetime: (datetime, as_aware),
    NaiveDatetime: (datetime, as_naive),
    **dict.fromkeys(_DATETIMES, (datetime, as_read_datetime)),
}
"""Types whose stored form plain pydantic does not know, with the conversion to one that it knows."""

_KNOWN_BY_SCHEMA = (DecimalSupport, PatternSupport)


LIMITS = {Gt: "gt", Ge: "ge", Lt: "lt", Le: "le"}
"""Marks that limit the values of a type, and the attribute with the limit."""


def limits_in(marks: Iterable[Any]) -> Iterator[Any]:
    """Yield the limits of a type's values."""
    for mark in marks:
        if isinstance(mark, (FieldInfo, GroupedMetadata)):
            yield from limits_in(mark.metadata if isinstance(mark, FieldInfo) else mark)
        elif type(mark) in LIMITS:
            yield getattr(mark, LIMITS[type(mark)])


def bson_decoder_of(cls: Any, marks: tuple[Any, ...], *, is_strict: bool) -> Decoder | None:
    """Return the decoder of a type in `FROM_BSON`, unless its schema knows the stored form, which no strict one does."""
    chosen = mode_in(marks)
    if chosen is not None and cls in _DATETIMES:
        return bson_decoder(NaiveDatetime if chosen.mode == "naive" else AwareDatetime)
    if cls in _DATETIMES and not is_strict:
        # Naive datetimes cannot be compared with aware ones.
        forms = {each.tzinfo is None for each in limits_in(marks) if isinstance(each, datetime)}
        if forms:
            return bson_decoder(NaiveDatetime if True in forms else AwareDatetime)
    is_known = not is_strict and any(isinstance(mark, _KNOWN_BY_SCHEMA) for mark in marks)
    if cls not in FROM_BSON or is_known:
        return None
    return bson_decoder(cls)


def bson_decoder(cls: Any) -> Decoder:
    """Return the decoder of a type in `FROM_BSON`."""
    stored, convert = FROM_BSON[cls]
    return lambda value, _loc, _errors, _raw: convert(value) if isinstance(value, stored) else value


def form_decoder(node: Type) -> Decoder | None:
    """Return the decoder of a type for whose values BSON has no type."""
    if node.cls is UUID and not is_written_by_user(UUID, node.marks):
        return _uuid
    form = node.form if isinstance(node, Leaf) else None
    if form is None:
        return None
    read, cls = form.read, node.value_class

    def decode(value: Any, _loc: Location, _errors: ErrorList, _raw: Any) -> Any:
        made = read(cls, value)
        return value if made is None else made

    return decode


def _uuid(value: Any, loc: Location, errors: ErrorList, _raw: Any) -> Any:
    if not isinstance(value, Binary) or value.subtype not in ALL_UUID_SUBTYPES:
        return value
    found = as_uuid(value)
    if found is None:
        report(errors, _UNKNOWN_UUID, loc, value)
    return found


_UNKNOWN_UUID = PydanticCustomError(
    "uuid_representation",
    "The order of the bytes of this UUID is not known: name it as uuidRepresentation of the client",
)


def read_bytes_pattern(value: Any, _loc: Location, _errors: ErrorList, _raw: Any) -> Any:
    """Return the bytes pattern that was stored as a text pattern: BSON has no other."""
    given: Any = value
    pattern: Any = _compile_regex(given) if isinstance(value, Regex) else given
    is_compiled = isinstance(pattern, re.Pattern)
    text: Any = getattr(cast("Any", pattern), "pattern", None) if is_compiled else None
    return (
        re.compile(text.encode(), pattern.flags & ~re.UNICODE) if isinstance(text, str) else given
    )


def stored_members(node: Type, *, is_strict: bool = False) -> list[tuple[Any, Enum]]:
    """Pair members of an enumeration with their stored form, if pydantic does not know or accept it."""
    if not isinstance(node, (Choice, Enumeration)):
        return []
    members = [member for member in node.values if isinstance(member, Enum)]
    if isinstance(node, Enumeration) and not is_strict and all(map(_is_known, members)):
        return []
    return [(_as_read(encode_any(member)), member) for member in members]


def _is_known(member: Enum) -> bool:
    return isinstance(member.value, AS_IT_IS) and not isinstance(member.value, datetime)


def in_utc(value: Any, _loc: Location = None, _errors: Any = None, _raw: Any = None) -> Any:
    """Return a value as a client in UTC would read it, for user code that reads it."""
    if isinstance(value, datetime):
        return as_read_datetime(value)
    if is_stored_array(value):
        return [in_utc(item) for item in value]
    if is_document(value):
        return {key: in_utc(item) for key, item in value.items()}
    return value


def _as_read(stored: Any) -> Any:
    if isinstance(stored, Enum):
        # Members that are text or numbers are stored as such.
        return bson.decode(bson.encode({"": stored}))[""]  # pyright: ignore[reportUnknownMemberType] - of the driver
    if isinstance(stored, datetime):
        # Clients return it in their own form.
        return as_naive(as_utc_datetime(stored))
    if is_document(stored):
        return {key: _as_read(item) for key, item in stored.items()}
    return [_as_read(item) for item in stored] if is_stored_array(stored) else stored


def member_decoder(members: list[tuple[Any, Enum]]) -> Decoder:
    """Return the decoder of an enumeration, for the pairs of `stored_members`."""

    def decode(value: Any, _loc: Location, _errors: ErrorList, _raw: Any) -> Any:
        read = _as_read(value)
        return next((member for stored, member in members if stored == read), value)

    return decode
