"""Conversion between Python and BSON values during validation.

Every function raises `ValueError` for a value that it cannot convert, as pydantic expects of validators.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

import bson
import bson.decimal128
import bson.int64
import bson.regex
from bson.binary import UUID_SUBTYPE, Binary
from bson.dbref import DBRef
from bson.errors import InvalidId

from odmantic._bson.values import is_document, is_stored_array

if TYPE_CHECKING:
    from pydantic import ValidatorFunctionWrapHandler


def parse_object_id(value: str | bytes) -> bson.ObjectId:
    """Read an id from 24 hexadecimal digits or 12 bytes."""
    try:
        return bson.ObjectId(value)
    except (InvalidId, TypeError) as error:
        raise ValueError("Invalid ObjectId") from error


def parse_int64(value: Any) -> bson.int64.Int64:
    """Make a 64-bit integer of what pydantic took for an integer: it takes members of enumerations for their values."""
    try:
        return bson.int64.Int64(value)
    except TypeError as error:
        raise ValueError("Input should be a valid integer") from error


# --- Numbers -----------------------------------------------------------------------------------

# The limits of decimal128: 34 digits, exponents from -6176 to 6111.
_DECIMAL128_CONTEXT = bson.decimal128.create_decimal128_context()
for _signal in (decimal.InvalidOperation, decimal.Overflow, decimal.Inexact):
    _DECIMAL128_CONTEXT.traps[_signal] = True


def parse_decimal128(
    value: Any, read_text: ValidatorFunctionWrapHandler
) -> bson.decimal128.Decimal128:
    """Read a `Decimal128` from text, a `Decimal` or a number."""
    if _is_number(value):
        value = read_text(number_as_text(value))
    if not isinstance(value, str | decimal.Decimal):  # the class itself accepts pairs of integers
        raise ValueError("Invalid Decimal128 value")  # noqa: TRY004 - what pydantic expects
    try:
        return bson.decimal128.Decimal128(value)
    except (decimal.DecimalException, TypeError, ValueError) as error:
        raise ValueError("Invalid Decimal128 value") from error


def parse_decimal(value: str) -> decimal.Decimal:
    """Read a `Decimal` from text."""
    try:
        return decimal.Decimal(value)
    except decimal.DecimalException as error:
        raise ValueError("Invalid decimal string") from error


def check_decimal(value: decimal.Decimal) -> decimal.Decimal:
    """Refuse a decimal that MongoDB could not store exactly."""
    try:
        _DECIMAL128_CONTEXT.create_decimal(value)
    except decimal.DecimalException as error:
        raise ValueError(
            "Decimal does not fit in 128 bits (34 digits, exponent from -6176 to 6111)"
        ) from error
    return value


def number_as_text(value: Any) -> Any:
    """Return the shortest text of a number, as bytes; return anything else unchanged."""
    # For pydantic, text from bytes is a lax conversion: in a union with `int` or `float` a number stays a number.
    return repr(value).encode() if _is_number(value) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- UUIDs -------------------------------------------------------------------------------------


def as_uuid(stored: Any) -> UUID | None:
    """Return the UUID that is stored as binary data of the subtype for UUIDs; `None` for anything else."""
    is_uuid = type(stored) is Binary and stored.subtype == UUID_SUBTYPE and len(stored) == _BYTES
    return UUID(bytes=bytes(stored)) if is_uuid else None


def with_binary_uuids(value: Any) -> Any:
    """Put binary data in the place of UUIDs, at any depth; a value without UUIDs stays the same object."""
    return _with_binary_uuids(value) if _holds_uuid(value) else value


def _with_binary_uuids(value: Any) -> Any:
    if is_document(value):
        return {key: _with_binary_uuids(item) for key, item in value.items()}
    if is_stored_array(value):
        return list(map(_with_binary_uuids, value))
    if isinstance(value, DBRef):
        collection, id_, *others = value.as_doc().items()
        rest = {key: _with_binary_uuids(item) for key, item in others}
        return DBRef(collection[1], _with_binary_uuids(id_[1]), rest.pop("$db", None), rest)
    return Binary.from_uuid(value) if isinstance(value, UUID) else value


def _holds_uuid(value: Any) -> bool:
    items: Iterable[Any]
    if is_document(value):
        items = value.values()
    elif is_stored_array(value):
        items = value
    elif isinstance(value, DBRef):
        items = value.as_doc().values()
    else:
        return isinstance(value, UUID)
    for item in items:  # noqa: SIM110 - each read comes here, and a generator is slower
        if type(item) not in _USUAL and _holds_uuid(item):
            return True
    return False


_USUAL = frozenset({bool, int, float, str, type(None), datetime, bson.ObjectId})
_BYTES = 16

# --- Regular expressions -----------------------------------------------------------------------

_NOT_COMPILED = (re.error, OverflowError, RecursionError)


def compile_text(pattern: str) -> re.Pattern[str]:
    """Compile a pattern."""
    try:
        return re.compile(pattern)
    except _NOT_COMPILED as error:
        raise ValueError("Invalid Pattern value") from error


def compile_regex(regex: bson.regex.Regex[Any]) -> re.Pattern[Any]:
    """Compile a stored regular expression, keeping its flags."""
    # MongoDB's dialect is PCRE: not every stored pattern is valid in Python.
    try:
        compiled: re.Pattern[Any] = regex.try_compile()
    except _NOT_COMPILED as error:
        raise ValueError("Invalid Pattern value") from error
    return compiled


def regex_from_pattern(pattern: re.Pattern[Any]) -> bson.regex.Regex[Any]:
    """Return the BSON form of a compiled pattern and its flags."""
    return bson.regex.Regex(pattern.pattern, pattern.flags)


def pattern_text(value: Any) -> str | bytes:
    """Return the text of a regular expression, for JSON."""
    text: str | bytes = value.pattern
    return text


# --- Dates -------------------------------------------------------------------------------------


def as_stored_datetime(value: datetime) -> datetime:
    """Truncate to milliseconds, and refuse values that are not in UTC."""
    if value.tzinfo is not None and value.utcoffset() != timedelta(0):
        raise ValueError(
            "datetime objects must be naive (no timezone info), or in UTC: convert the value with "
            ".astimezone(timezone.utc)"
        )
    return _in_milliseconds(value)


def as_utc_datetime(value: datetime) -> datetime:
    """Convert to UTC, aware, and truncate to milliseconds; naive values mean UTC."""
    try:
        return _in_milliseconds(as_aware(value))
    except OverflowError as error:
        raise ValueError("datetime is out of range in UTC") from error


def as_naive_datetime(value: datetime) -> datetime:
    """Convert to UTC, naive, and truncate to milliseconds; naive values mean UTC."""
    return as_utc_datetime(value).replace(tzinfo=None)


def as_read_datetime(value: datetime) -> datetime:
    """Convert to UTC what a client with a time zone of its own has read."""
    if value.tzinfo is None or value.utcoffset() == timedelta(0):
        return value
    return value.astimezone(timezone.utc)


def as_aware(value: datetime) -> datetime:
    """Return the same time in UTC, aware; a naive value means UTC."""
    if value.tzinfo is None:
        return value.replace(tzinfo=timezone.utc)
    return value if value.tzinfo is timezone.utc else value.astimezone(timezone.utc)


def as_naive(value: datetime) -> datetime:
    """Return the same time in UTC, naive."""
    return value if value.tzinfo is None else as_read_datetime(value).replace(tzinfo=None)


def _in_milliseconds(value: datetime) -> datetime:
    beyond_milliseconds = value.microsecond % 1000
    if beyond_milliseconds:
        return value.replace(microsecond=value.microsecond - beyond_milliseconds)
    return value
