"""Values that are parsed from JSON: validation expects its text, and their own form is stored."""

from __future__ import annotations

from typing import Any

from pydantic import Json, ValidationError
from pydantic_core import PydanticSerializationError

from odmantic._codec.validation import Validation
from odmantic._errors.lines import ErrorList
from odmantic._mapping.interfaces import Decoder, Location
from odmantic._types.tree import Type, read_type


def is_json(node: Type) -> bool:
    """Return whether validation parses JSON."""
    return any(map(_is_json, (node.bare, *node.marks)))


def _is_json(part: Any) -> bool:
    # Type checkers take the class for `Annotated`.
    cls: Any = Json
    return part is cls or isinstance(part, cls)


def json_value(node: Type) -> Type:
    """Return the type of what is parsed from JSON."""
    marks = node.marks
    outermost = max((index for index, mark in enumerate(marks) if _is_json(mark)), default=None)
    if outermost is None:
        return read_type(Any)
    return node.marked((*marks[:outermost], *marks[outermost + 1 :]))


class JsonText(bytes):
    """The text of a parsed value.

    To the other members of a union it is no exact match, unlike plain bytes.
    """

    __slots__ = ()


def as_json_text(annotation: Any, decode: Decoder | None) -> Decoder:
    """Return a decoder that writes the value as JSON."""
    validate = Validation(annotation)

    def decode_json(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        inner = value if decode is None else decode(value, loc, errors, raw)
        try:
            return JsonText(validate.adapter.dump_json(validate(inner), round_trip=True))
        except (PydanticSerializationError, ValidationError):
            # It may be JSON text that others have stored.
            return value

    return decode_json
