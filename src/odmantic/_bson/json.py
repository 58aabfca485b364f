"""JSON forms of BSON values that no annotation declares: in `Any`, bare containers, extras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import bson
import bson.decimal128
import bson.regex
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, core_schema, to_jsonable_python

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, SerializerFunctionWrapHandler
    from pydantic_core import CoreSchema

BSON_TYPES_ENCODERS: dict[type[Any], Callable[[Any], Any]] = {
    bson.ObjectId: str,
    bson.decimal128.Decimal128: lambda value: value.to_decimal(),
    bson.regex.Regex: lambda value: value.pattern,
}
"""The JSON forms of BSON values without an annotation, by type."""


def encode_for_json(value: Any) -> Any:
    """Encode a BSON value for JSON; use it as pydantic's `fallback`.

    Raises:
        PydanticSerializationError: if its type is not in `BSON_TYPES_ENCODERS`.
    """
    for base in type(value).__mro__:
        encoder = BSON_TYPES_ENCODERS.get(base)
        if encoder is not None:
            return encoder(value)
    raise PydanticSerializationError(f"Unable to serialize unknown type: {type(value)}")


def schema_with_bson_json(source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
    """Build the schema of a model so that every `Any` in it may hold BSON values.

    This is the body of a model's `__get_pydantic_core_schema__`.
    """
    schema = handler(source)
    if type(vars(source).get("__pydantic_core_schema__")) is dict:
        # The class is complete, and its schema already went through this. Walking it again for each class that embeds
        # it would visit everything below, by every path.
        return schema
    schema = handler.resolve_ref_schema(schema)
    return cast("CoreSchema", _announced(cast("dict[str, Any]", schema)))


def _serialize_any(value: Any, serialize: SerializerFunctionWrapHandler) -> Any:
    try:
        return serialize(value)
    except PydanticSerializationError:
        return to_jsonable_python(value, fallback=encode_for_json)


def _serialize_model(model: BaseModel, serialize: SerializerFunctionWrapHandler) -> Any:
    try:
        return serialize(model)
    except PydanticSerializationError:
        extras = to_jsonable_python(model.model_extra, fallback=encode_for_json)
        # Not `model_copy`, whose overrides may do more.
        plain = BaseModel.__copy__(model)
        object.__setattr__(plain, "__pydantic_extra__", extras)
        return serialize(plain)


_ANY = core_schema.any_schema(
    serialization=core_schema.wrap_serializer_function_ser_schema(
        _serialize_any, when_used="json-unless-none"
    )
)

# Not every version of pydantic uses the serialisation in the schema of extras.
_MODEL_WITH_EXTRAS = core_schema.wrap_serializer_function_ser_schema(
    _serialize_model, when_used="json"
)

_NESTED = ("schema", "items_schema", "keys_schema", "values_schema", "choices", "fields")
"""The keys under which core schemas of models, containers and unions hold the schemas of their parts."""


def _announced(schema: Mapping[str, Any]) -> dict[str, Any]:
    if schema["type"] == "any" and "serialization" not in schema:
        return {**schema, **_ANY}
    parts = {key: _each_announced(schema[key]) for key in _NESTED if key in schema}
    if schema["type"] == "model" and _keeps_extras(schema):
        schema = {"serialization": _MODEL_WITH_EXTRAS, **schema}
    return {**schema, **parts}


def _each_announced(part: Any) -> Any:
    match part:
        case {"type": str()}:
            return _announced(cast("Mapping[str, Any]", part))
        case Mapping():
            named = cast("Mapping[str, Any]", part)
            return {name: _each_announced(value) for name, value in named.items()}
        case list() | tuple():
            # Type checkers forget in matching that the items are Any.
            return type(part)(map(_each_announced, part))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return part


def _keeps_extras(model_schema: Mapping[str, Any]) -> bool:
    extra: object = model_schema.get("config", {}).get("extra_fields_behavior")
    return extra == "allow"
