"""How embedded objects of a hierarchy are read: as instances of the class that their document names."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from odmantic._bson.values import is_document
from odmantic._codec.translate import translate, written
from odmantic._codec.types import class_inside, keep_unknown_type, without_alias
from odmantic._errors.lines import ErrorList, line_errors
from odmantic._mapping.interfaces import Decoder, Location


def hierarchy_decoder(model: Any) -> Decoder:
    """Return the decoder of embedded objects of a class in a hierarchy.

    It makes instances: pydantic would make those of the class in the annotation.
    """

    def decode(value: Any, loc: Location, errors: ErrorList, _raw: Any) -> Any:
        if not is_document(value):
            return value
        cls = class_inside(model, value, loc, errors)
        return None if cls is None else _made(cls, value, loc, errors)

    return decode


def _made(cls: Any, value: Any, loc: Location, errors: ErrorList) -> Any:
    found: ErrorList = []
    values = translate(cls.__mapping__, without_alias(cls, value), loc, found)
    if not found:
        try:
            instance = cls.__pydantic_validator__.validate_python(
                values, by_alias=cls.__mapping__.takes_aliases, by_name=True
            )
        except ValidationError as error:
            found = located(error, loc)
        else:
            keep_unknown_type(instance, value)
            return instance
    errors.extend(found)
    return None


def located(error: ValidationError, loc: Location) -> ErrorList:
    """Return the problems of a value that was validated by itself, with its location."""
    return [{**line, "loc": (*written(loc), *line.get("loc", ()))} for line in line_errors(error)]
