"""BSON values in fields whose type says nothing about them, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_origin

from pydantic_core import PydanticSerializationError, core_schema

from odmantic._mapping.annotations import arguments_of, unwrap
from odmantic.bson import BSON_TYPES_ENCODERS

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class BsonToJson:
    """Metadata of an annotation: write the BSON values pydantic does not know by our encoders."""

    __slots__ = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        if "serialization" not in schema:
            schema["serialization"] = core_schema.wrap_serializer_function_ser_schema(
                _to_json, schema=dict(schema), when_used="json"
            )
        return schema


def _to_json(value: Any, handler: Any) -> Any:
    try:
        return handler(value)
    except PydanticSerializationError:
        return handler(_encoded(value))


def _encoded(value: Any) -> Any:
    for cls, encode in BSON_TYPES_ENCODERS.items():
        if isinstance(value, cls):
            return encode(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_encoded(key): _encoded(item) for key, item in items}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_encoded(item) for item in cast("Iterable[Any]", value)]
    return value


def may_hold_anything(annotation: Any, *, depth: int = 0) -> bool:
    """Tell whether an annotation leaves the type of some of its values open."""
    bare, _ = unwrap(annotation)
    if bare in _OPEN or isinstance(bare, TypeVar):
        return True
    if get_origin(bare) is None or depth > _MAX_DEPTH:
        return False
    return not get_args(bare) or any(
        may_hold_anything(argument, depth=depth + 1) for argument in arguments_of(bare)
    )


_OPEN: tuple[Any, ...] = (Any, object, list, dict, tuple, set, frozenset)
_MAX_DEPTH = 20
"""Aliases may be recursive."""
