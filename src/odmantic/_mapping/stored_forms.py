"""Stored forms that plain pydantic does not know: of some BSON types, and of some enumerations."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from bson.decimal128 import Decimal128
from bson.regex import Regex

from odmantic._mapping.mapping import is_class
from odmantic._mapping.shapes import AS_IT_IS, is_tuple
from odmantic._mapping.translate import Decoder, Location
from odmantic._mapping.untyped import encode_any
from odmantic.exceptions import ErrorList


def _compile_regex(regex: Regex[Any]) -> Any:
    try:
        return regex.try_compile()
    except (re.error, OverflowError, RecursionError):
        # MongoDB's patterns are not all Python's.
        return regex


FROM_BSON: dict[Any, tuple[type[Any], Callable[[Any], Any]]] = {
    Decimal: (Decimal128, Decimal128.to_decimal),
    re.Pattern: (Regex, _compile_regex),
}
"""Types whose stored form plain pydantic does not know, and how it becomes one it knows."""


def bson_decoder(cls: Any) -> Decoder:
    """Give the decoder of a type in `FROM_BSON`."""
    stored, convert = FROM_BSON[cls]
    return lambda value, _loc, _errors, _raw: convert(value) if isinstance(value, stored) else value


def stored_members(cls: Any) -> list[tuple[Any, Enum]]:
    """Pair members of an enumeration with their stored form, if pydantic does not know that."""
    if get_origin(cls) is Literal:
        members = [member for member in get_args(cls) if isinstance(member, Enum)]
    elif is_class(cls) and issubclass(cls, Enum):
        members = list(cls)
        if all(isinstance(member.value, AS_IT_IS) for member in members):
            return []
    else:
        return []
    return [(_as_read(encode_any(member)), member) for member in members]


def _as_read(stored: Any) -> Any:
    return list(stored) if is_tuple(stored) else stored


def member_decoder(members: list[tuple[Any, Enum]]) -> Decoder:
    """Give the decoder of an enumeration, with what `stored_members` gives of it."""

    def decode(value: Any, _loc: Location, _errors: ErrorList, _raw: Any) -> Any:
        return next((member for stored, member in members if stored == value), value)

    return decode
