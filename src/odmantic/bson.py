"""BSON types with pydantic support.

Models accept the classes of the `bson` package and these alike; use these in other pydantic models and as parameters
of web frameworks. Validated values are always instances of the `bson` classes.
"""

from __future__ import annotations

import decimal
import re
import typing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import bson
import bson.binary
import bson.decimal128
import bson.int64
import bson.regex
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    PydanticSchemaGenerationError,
    PydanticUserError,
    TypeAdapter,
)
from pydantic_core import core_schema

from odmantic._bson.codecs import BsonCodec
from odmantic._bson.conversions import (
    as_stored_datetime,
    compile_text,
    parse_decimal128,
    parse_int64,
    parse_object_id,
    regex_from_pattern,
)
from odmantic._bson.datetimes import Datetimes, DatetimeSupport, NowSupport
from odmantic._bson.ids import new_id
from odmantic._bson.json import BSON_TYPES_ENCODERS, schema_with_bson_json
from odmantic._bson.python_types import (
    BytearraySupport,
    CodecSupport,
    DecimalSupport,
    PatternSupport,
)
from odmantic._bson.schemas import AS_PATTERN_TEXT, as_text, parser, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
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

_make_id = bson.ObjectId.__init__


class ObjectId(bson.ObjectId):
    """A `bson.ObjectId`; 24 hexadecimal digits or 12 bytes are accepted too."""

    __slots__ = ()

    def __init__(self, oid: str | bson.ObjectId | bytes | None = None) -> None:
        """Create a new id, or one from text or bytes."""
        _make_id(self, new_id() if oid is None else oid)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        parse = parser(parse_object_id)
        text = core_schema.str_schema()
        return schema_of(
            core_schema.is_instance_schema(bson.ObjectId),
            core_schema.chain_schema(
                [core_schema.union_schema([text, core_schema.bytes_schema()]), parse]
            ),
            json=core_schema.chain_schema([text, parse]),
            serialization=as_text(bson.ObjectId),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        examples = ["5f85f36d6dfecacc68428a46", "ffffffffffffffffffffffff"]
        return {"type": "string", "examples": examples, "example": examples[0]}


class Int64(bson.int64.Int64):
    """An integer always stored in 64 bits; accepts what pydantic accepts as an `int`."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        convert = core_schema.chain_schema([core_schema.int_schema(), parser(parse_int64)])
        return schema_of(
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

    A `float` is read by its shortest text, so `0.1` is exactly one tenth.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        convert = core_schema.no_info_wrap_validator_function(
            parse_decimal128, core_schema.str_schema()
        )
        return schema_of(
            core_schema.is_instance_schema(bson.decimal128.Decimal128),
            convert,
            json=convert,
            serialization=as_text(bson.decimal128.Decimal128),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "number"}


class Binary(bson.binary.Binary):
    """A `bson.Binary`; bytes and text (as UTF-8) become one of subtype 0."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        convert = core_schema.chain_schema([core_schema.bytes_schema(), parser(bson.binary.Binary)])
        return schema_of(
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
    """A `bson.Regex`; compiled patterns (with their flags) and valid patterns as text are accepted too."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from_native = parser(regex_from_pattern)
        from_text = core_schema.chain_schema(
            [core_schema.str_schema(), parser(compile_text), from_native]
        )
        return schema_of(
            core_schema.is_instance_schema(bson.regex.Regex),
            core_schema.chain_schema([core_schema.is_instance_schema(re.Pattern), from_native]),
            from_text,
            json=from_text,
            serialization=AS_PATTERN_TEXT,
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "binary", "examples": ["^Foo"], "example": "^Foo"}


@dataclass(frozen=True)
class WithBsonSerializer:
    """Metadata of an annotation: store `bson_serializer(value)` instead of the value.

    It affects only documents, not validation, JSON or `model_dump`.

    Example:
        `Annotated[list[int], WithBsonSerializer(lambda xs: ",".join(map(str, xs)))]`
    """

    bson_serializer: Callable[[Any], Any]


class _datetime(datetime):  # noqa: N801 - integrations know it by this name
    """The annotation of datetime fields: MongoDB stores milliseconds, in UTC."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            as_stored_datetime, core_schema.datetime_schema()
        )


DECIMAL_SERIALIZER = WithBsonSerializer(bson.decimal128.Decimal128)
"""The serialiser of a `Decimal`; a user's serialiser takes precedence."""

_Decimal = Annotated[decimal.Decimal, DecimalSupport(), DECIMAL_SERIALIZER]
_TYPING_PATTERN: Any = typing.Pattern
_Pattern = Annotated[re.Pattern[Any], PatternSupport()]

DATETIMES: tuple[Any, ...] = (AwareDatetime, FutureDatetime, NaiveDatetime, PastDatetime)
"""Types of pydantic that are not datetime classes, but whose values are datetimes."""

PLAIN_DATETIMES: tuple[Any, ...] = (datetime, _datetime, FutureDatetime, PastDatetime)
"""Types whose values are naive or aware as the config says."""

_COMPARED_WITH_NOW: tuple[Any, ...] = (FutureDate, FutureDatetime, PastDate, PastDatetime)

SUPPORTED_TIMES = frozenset((*DATETIMES, *_COMPARED_WITH_NOW))
"""Types of pydantic for datetimes and dates whose annotations get marks."""


def _supported(kind: Any) -> Any:
    comparison = (NowSupport(),) if kind in _COMPARED_WITH_NOW else ()
    storage = (DatetimeSupport(),) if kind in DATETIMES else ()
    parts = (kind, *comparison, *storage)
    return Annotated[parts]


def with_codec(cls: Any, codec: BsonCodec[Any]) -> Any:
    """Return the annotation for pydantic of a type whose values go through a codec; `None` if it needs none.

    The values need not have a form in BSON, and pydantic need not know the class.
    """
    if cls is decimal.Decimal:
        # Without a decoder, validation reads what is stored.
        support = DecimalSupport(is_stored=False)
        return cls if codec.decode is not None else Annotated[cls, support]
    if cls in PLAIN_DATETIMES and cls not in SUPPORTED_TIMES:
        return datetime
    is_unknown = cls not in BSON_TYPES_SUBSTITUTES and _is_unknown(cls)
    return Annotated[cls, CodecSupport()] if is_unknown else BSON_TYPES_SUBSTITUTES.get(cls)


def _is_unknown(cls: Any) -> bool:
    """Return whether pydantic has no schema for a class."""
    if not isinstance(cls, type) or hasattr(cls, "__get_pydantic_core_schema__"):
        return False
    try:
        TypeAdapter(cls)
    except PydanticSchemaGenerationError:
        return True
    except PydanticUserError:
        return False
    return False


def datetimes_of(kind: Any, datetimes: Datetimes) -> Any:
    """Return the annotation of datetimes that are naive or aware by choice, for one of `PLAIN_DATETIMES`."""
    if kind in _COMPARED_WITH_NOW:
        return Annotated[kind, NowSupport(), datetimes]
    return Annotated[datetime, datetimes]


BSON_TYPES_SUBSTITUTES: dict[Any, Any] = {
    bson.ObjectId: ObjectId,
    bson.int64.Int64: Int64,
    bson.decimal128.Decimal128: Decimal128,
    bson.binary.Binary: Binary,
    bson.regex.Regex: Regex,
    re.Pattern: _Pattern,
    # The two are not equal, and programs look at annotations.
    typing.Pattern: Annotated[_TYPING_PATTERN, PatternSupport()],
    decimal.Decimal: _Decimal,
    bytearray: Annotated[bytearray, BytearraySupport()],
    datetime: _datetime,
    **{kind: _supported(kind) for kind in SUPPORTED_TIMES},
}
"""The replacements for BSON types in the annotations of a model."""

SUBSTITUTE_MARKS = (
    BytearraySupport,
    CodecSupport,
    DatetimeSupport,
    DecimalSupport,
    NowSupport,
    PatternSupport,
)
"""Metadata that marks a BSON-aware annotation of a class that is not replaced."""


class BaseBSONModel(BaseModel):
    """A pydantic model whose JSON may hold BSON values."""

    model_config: ClassVar[ConfigDict] = ConfigDict(json_encoders=BSON_TYPES_ENCODERS)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        return schema_with_bson_json(source, handler)
