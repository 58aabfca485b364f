"""The pydantic schemas of BSON types.

Programs rely on how many errors an invalid value causes and on the location of the first one. The number and order of
the branches decide both: an instance check first, then the conversions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationUnexpectedValue, SchemaValidator, core_schema

from odmantic._bson.conversions import pattern_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import ValidatorFunctionWrapHandler
    from pydantic_core import CoreSchema

AS_PATTERN_TEXT = core_schema.plain_serializer_function_ser_schema(pattern_text, when_used="json")

_OF_JSON = frozenset((str, int, float, bool, type(None), list, dict))


def schema_of(
    *branches: CoreSchema, json: CoreSchema, serialization: core_schema.SerSchema
) -> CoreSchema:
    """Return the schema of a type: it tries `branches` in turn, and reads JSON with `json`."""
    python = core_schema.union_schema(list(branches), mode="left_to_right")
    given = SchemaValidator(python)

    # A default is not JSON, but is validated in the mode of the input.
    def read(value: Any, read_json: ValidatorFunctionWrapHandler) -> Any:
        return read_json(value) if type(value) in _OF_JSON else given.validate_python(value)

    return core_schema.json_or_python_schema(
        json_schema=core_schema.no_info_wrap_validator_function(read, json),
        python_schema=python,
        serialization=serialization,
    )


def as_text(cls: type[Any]) -> core_schema.SerSchema:
    """Write values of a class as text in JSON; leave others to the other members of a union."""

    def write(value: Any) -> str:
        if isinstance(value, (cls, str)):
            return str(value)
        raise PydanticSerializationUnexpectedValue(f"{value!r} is no {cls.__name__}")

    return core_schema.plain_serializer_function_ser_schema(write, when_used="json")


def parser(function: Callable[[Any], Any]) -> CoreSchema:
    """Return a step that calls a function, which raises `ValueError` for a value that it cannot convert."""
    return core_schema.no_info_plain_validator_function(function)
