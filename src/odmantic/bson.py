"""BSON types that pydantic understands.

Models may use the classes of the `bson` package and the ones here interchangeably; in other
pydantic models, and as parameters of web frameworks, use the ones here. Validated values are
always instances of the `bson` classes.
"""

from __future__ import annotations

import decimal
import re
import typing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import bson
import bson.binary
import bson.decimal128
import bson.int64
import bson.regex
from bson.errors import InvalidId
from pydantic import BaseModel, ConfigDict
from pydantic_core import core_schema

from odmantic._json import BSON_TYPES_ENCODERS, schema_with_bson_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import (
        GetCoreSchemaHandler,
        GetJsonSchemaHandler,
        ValidatorFunctionWrapHandler,
    )
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

__all__ = [
    "BSON_TYPES_ENCODERS",
    "BSON_TYPES_SUBSTITUTES",
    "DECIMAL_SERIALIZER",
    "BaseBSONModel",
    "Binary",
    "Decimal128",
    "Int64",
    "Long",
    "ObjectId",
    "Regex",
    "WithBsonSerializer",
]

# The number and order of the branches decide how many errors a bad value gives and where the
# first one is located, which programs rely on: an instance check first, then the conversions.


def _schema(
    *branches: CoreSchema, json: CoreSchema, serialization: core_schema.SerSchema
) -> CoreSchema:
    return core_schema.json_or_python_schema(
        json_schema=json,
        python_schema=core_schema.union_schema(list(branches), mode="left_to_right"),
        serialization=serialization,
    )


def _parser(function: Callable[[Any], Any]) -> CoreSchema:
    return core_schema.no_info_plain_validator_function(function)


_STRING = core_schema.to_string_ser_schema(when_used="json")


class ObjectId(bson.ObjectId):
    """A `bson.ObjectId`; text of 24 hexadecimal digits and 12 bytes are accepted too."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        parse = _parser(_parse_object_id)
        text = core_schema.str_schema()
        return _schema(
            core_schema.is_instance_schema(bson.ObjectId),
            core_schema.chain_schema(
                [core_schema.union_schema([text, core_schema.bytes_schema()]), parse]
            ),
            json=core_schema.chain_schema([text, parse]),
            serialization=_STRING,
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        examples = ["5f85f36d6dfecacc68428a46", "ffffffffffffffffffffffff"]
        return {"type": "string", "examples": examples, "example": examples[0]}


def _parse_object_id(value: str | bytes) -> bson.ObjectId:
    try:
        return bson.ObjectId(value)
    except (InvalidId, TypeError) as error:
        raise ValueError("Invalid ObjectId") from error


class Int64(bson.int64.Int64):
    """An integer always stored in 64 bits; whatever pydantic takes as an `int` is accepted."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        convert = core_schema.chain_schema([core_schema.int_schema(), _parser(bson.int64.Int64)])
        return _schema(
            core_schema.is_instance_schema(bson.int64.Int64),
            convert,
            json=convert,
            serialization=core_schema.simple_ser_schema("int"),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "integer"}


Long = Int64


class Decimal128(bson.decimal128.Decimal128):
    """A `bson.Decimal128`; `Decimal`, numbers and text are accepted too.

    A `float` is taken by its shortest text, so `0.1` is exactly one tenth.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        convert = core_schema.no_info_wrap_validator_function(
            _parse_decimal128, core_schema.str_schema()
        )
        return _schema(
            core_schema.is_instance_schema(bson.decimal128.Decimal128),
            convert,
            json=convert,
            serialization=_STRING,
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "number"}


def _parse_decimal128(
    value: Any, read_text: ValidatorFunctionWrapHandler
) -> bson.decimal128.Decimal128:
    if _is_number(value):
        value = read_text(_number_as_text(value))
    try:
        return bson.decimal128.Decimal128(value)
    except (decimal.DecimalException, TypeError, ValueError) as error:
        raise ValueError("Invalid Decimal128 value") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_as_text(value: Any) -> Any:
    # To pydantic, text from bytes is a lax conversion: in a union with `int` or `float` a number
    # then stays what it is.
    return repr(value).encode() if _is_number(value) else value


class Binary(bson.binary.Binary):
    """A `bson.Binary`; bytes and text (as UTF-8) become one of subtype 0."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        convert = core_schema.chain_schema(
            [core_schema.bytes_schema(), _parser(bson.binary.Binary)]
        )
        return _schema(
            core_schema.is_instance_schema(bson.binary.Binary),
            convert,
            json=convert,
            serialization=core_schema.simple_ser_schema("bytes"),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "binary"}


class Regex(bson.regex.Regex[Any]):
    """A `bson.Regex`; compiled patterns (with their flags) and text that compiles are accepted too."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from_native = _parser(_regex_from_pattern)
        from_text = core_schema.chain_schema(
            [core_schema.str_schema(), _parser(_compile), from_native]
        )
        return _schema(
            core_schema.is_instance_schema(bson.regex.Regex),
            core_schema.chain_schema([core_schema.is_instance_schema(re.Pattern), from_native]),
            from_text,
            json=from_text,
            serialization=_PATTERN_TEXT,
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "binary", "examples": ["^Foo"], "example": "^Foo"}


def _regex_from_pattern(pattern: re.Pattern[Any]) -> bson.regex.Regex[Any]:
    return bson.regex.Regex(pattern.pattern, pattern.flags)


def _pattern_text(value: Any) -> str | bytes:
    text: str | bytes = value.pattern
    return text


_PATTERN_TEXT = core_schema.plain_serializer_function_ser_schema(_pattern_text, when_used="json")


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("Invalid Pattern value") from error


def _compile_regex(regex: bson.regex.Regex[Any]) -> re.Pattern[Any]:
    # MongoDB's dialect is PCRE: not every pattern in a database is one of Python's.
    try:
        compiled: re.Pattern[Any] = regex.try_compile()
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("Invalid Pattern value") from error
    return compiled


@dataclass(frozen=True, slots=True)
class _PatternSupport:
    """Makes pydantic read stored regular expressions as `re.Pattern`."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from_text = core_schema.chain_schema([core_schema.str_schema(), _parser(_compile)])
        schema = _schema(
            core_schema.is_instance_schema(re.Pattern),
            core_schema.chain_schema(
                [core_schema.is_instance_schema(bson.regex.Regex), _parser(_compile_regex)]
            ),
            from_text,
            json=from_text,
            serialization=_PATTERN_TEXT,
        )
        # See `_DecimalSupport` for the step around it.
        return core_schema.chain_schema([schema])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string"}


@dataclass(frozen=True)
class WithBsonSerializer:
    """Metadata of an annotation: store `bson_serializer(value)` in place of the value.

    Only documents are affected, neither validation nor JSON nor `model_dump`.

    Example:
        `Annotated[list[int], WithBsonSerializer(lambda xs: ",".join(map(str, xs)))]`
    """

    bson_serializer: Callable[[Any], Any]


# The limits of decimal128: 34 digits, exponents from -6176 to 6111.
_DECIMAL128_CONTEXT = bson.decimal128.create_decimal128_context()
for _signal in (decimal.InvalidOperation, decimal.Overflow, decimal.Inexact):
    _DECIMAL128_CONTEXT.traps[_signal] = True


def _check_decimal(value: decimal.Decimal) -> decimal.Decimal:
    try:
        _DECIMAL128_CONTEXT.create_decimal(value)
    except decimal.DecimalException as error:
        raise ValueError(
            "Decimal does not fit in 128 bits (34 digits, exponent from -6176 to 6111)"
        ) from error
    return value


def _parse_decimal(value: str) -> decimal.Decimal:
    try:
        return decimal.Decimal(value)
    except decimal.DecimalException as error:
        raise ValueError("Invalid decimal string") from error


def _decimal_constraints(schema: CoreSchema) -> list[CoreSchema]:
    """Give the step that checks what `schema` asks for beyond being a `Decimal`.

    Constraints of a field's default come before all metadata of its annotation, so they are
    already in the schema of the bare type.
    """
    if schema["type"] != "decimal":
        return [schema]
    if schema.keys() <= {"type", "metadata", "serialization"}:
        return []
    # Unlike pydantic, MongoDB knows infinity and NaN.
    return [{"allow_inf_nan": True, **schema}]


@dataclass(frozen=True, slots=True)
class _DecimalSupport:
    """Makes pydantic read a stored `bson.Decimal128` as `decimal.Decimal`."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from_text = core_schema.no_info_before_validator_function(
            _number_as_text,
            core_schema.chain_schema([core_schema.str_schema(), _parser(_parse_decimal)]),
        )
        to_decimal = _parser(bson.decimal128.Decimal128.to_decimal)
        schema = _schema(
            core_schema.is_instance_schema(decimal.Decimal),
            core_schema.chain_schema(
                [core_schema.is_instance_schema(bson.decimal128.Decimal128), to_decimal]
            ),
            from_text,
            json=from_text,
            serialization=_STRING,
        )
        storable = core_schema.no_info_after_validator_function(_check_decimal, schema)
        # The outermost step says nothing of serialisation: pydantic then puts in what a class's
        # `json_encoders` say about decimals.
        return core_schema.chain_schema([storable, *_decimal_constraints(handler(source))])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string"}


class _datetime(datetime):  # noqa: N801 - integrations know it by this name
    """The annotation of datetime fields: MongoDB stores milliseconds, in UTC."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            _as_stored_datetime, core_schema.datetime_schema()
        )


def _as_stored_datetime(value: datetime) -> datetime:
    if value.tzinfo is not None and value.utcoffset() != timedelta(0):
        raise ValueError("datetime objects must be naive (no timezone info)")
    beyond_milliseconds = value.microsecond % 1000
    if beyond_milliseconds:
        return value.replace(microsecond=value.microsecond - beyond_milliseconds)
    return value


DECIMAL_SERIALIZER = WithBsonSerializer(bson.decimal128.Decimal128)
"""What stores a `Decimal`; a serialiser of the user's comes before it."""

_Decimal = Annotated[decimal.Decimal, _DecimalSupport(), DECIMAL_SERIALIZER]
_TYPING_PATTERN: Any = typing.Pattern
_Pattern = Annotated[re.Pattern[Any], _PatternSupport()]

BSON_TYPES_SUBSTITUTES: dict[Any, Any] = {
    bson.ObjectId: ObjectId,
    bson.int64.Int64: Int64,
    bson.decimal128.Decimal128: Decimal128,
    bson.binary.Binary: Binary,
    bson.regex.Regex: Regex,
    re.Pattern: _Pattern,
    # The two are not equal, and programs look at annotations.
    typing.Pattern: Annotated[_TYPING_PATTERN, _PatternSupport()],
    decimal.Decimal: _Decimal,
    datetime: _datetime,
}
"""What stands in for a type in the annotations of a model."""

SUBSTITUTE_MARKS = (_DecimalSupport, _PatternSupport)
"""Metadata that tells that a class which stays itself has been made BSON-aware."""


class BaseBSONModel(BaseModel):
    """A pydantic model whose JSON may hold BSON values."""

    model_config: ClassVar[ConfigDict] = ConfigDict(json_encoders=BSON_TYPES_ENCODERS)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        return schema_with_bson_json(source, handler)
