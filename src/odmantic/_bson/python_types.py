"""Python types with a BSON counterpart: pydantic support for reading both."""

from __future__ import annotations

import decimal
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bson
import bson.decimal128
import bson.regex
from pydantic import PydanticSchemaGenerationError
from pydantic_core import core_schema

from odmantic._bson.conversions import (
    check_decimal,
    compile_regex,
    compile_text,
    number_as_text,
    parse_decimal,
)
from odmantic._bson.schemas import AS_PATTERN_TEXT, as_text, parser, schema_of

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


def _decimal_constraints(schema: CoreSchema) -> list[CoreSchema]:
    """Return the step that checks the constraints of `schema` on a `Decimal`.

    Constraints of a field's default come before all metadata of its annotation, so the schema of the bare type has them
    already.
    """
    if schema["type"] != "decimal":
        return [schema]
    if schema.keys() <= {"type", "metadata", "serialization"}:
        return []
    if "max_digits" in schema or "decimal_places" in schema:
        # In pydantic they exclude infinity and NaN.
        return [schema]
    # Unlike pydantic, MongoDB stores infinity and NaN.
    return [{"allow_inf_nan": True, **schema}]


@dataclass(frozen=True, slots=True)
class DecimalSupport:
    """pydantic support for reading a stored `bson.Decimal128` as `decimal.Decimal`.

    With `is_stored`, decimals that do not fit into one are refused.
    """

    is_stored: bool = True

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from_text = core_schema.no_info_before_validator_function(
            number_as_text,
            core_schema.chain_schema([core_schema.str_schema(), parser(parse_decimal)]),
        )
        to_decimal = parser(bson.decimal128.Decimal128.to_decimal)
        plain = handler(source)
        schema = schema_of(
            core_schema.is_instance_schema(decimal.Decimal),
            core_schema.chain_schema(
                [core_schema.is_instance_schema(bson.decimal128.Decimal128), to_decimal]
            ),
            *([] if plain.get("strict") else [from_text]),
            json=from_text,
            serialization=as_text(decimal.Decimal),
        )
        storable = (
            core_schema.no_info_after_validator_function(check_decimal, schema)
            if self.is_stored
            else schema
        )
        # The outermost step has no serialisation, so that pydantic applies a class's `json_encoders` for decimals.
        return core_schema.chain_schema([storable, *_decimal_constraints(plain)])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class CodecSupport:
    """pydantic support for a class with a codec, which pydantic need not know: it accepts instances."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        try:
            return handler(source)
        except PydanticSchemaGenerationError:
            return core_schema.is_instance_schema(source)


@dataclass(frozen=True, slots=True)
class PatternSupport:
    """pydantic support for reading stored regular expressions as `re.Pattern`."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from_text = core_schema.chain_schema([core_schema.str_schema(), parser(compile_text)])
        schema = schema_of(
            core_schema.is_instance_schema(re.Pattern),
            core_schema.chain_schema(
                [core_schema.is_instance_schema(bson.regex.Regex), parser(compile_regex)]
            ),
            from_text,
            json=from_text,
            serialization=AS_PATTERN_TEXT,
        )
        # `DecimalSupport` explains the step around it.
        return core_schema.chain_schema([schema])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class BytearraySupport:
    """pydantic support for `bytearray`, for which pydantic has no schema: it accepts what `bytes` accepts."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        plain = core_schema.bytes_schema()
        return schema_of(
            core_schema.is_instance_schema(bytearray),
            core_schema.chain_schema([plain, parser(bytearray)]),
            json=core_schema.chain_schema([plain, parser(bytearray)]),
            serialization=core_schema.plain_serializer_function_ser_schema(bytes, when_used="json"),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "binary"}
