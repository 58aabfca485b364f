"""Stored forms converted back to Python values for strict validation.

Strict validation expects a set, and BSON has arrays.
"""

from __future__ import annotations

import collections
import collections.abc
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from enum import Enum
from functools import partial
from typing import Any

from pydantic import Strict, ValidationError
from pydantic.fields import FieldInfo

from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.stored_forms import in_utc
from odmantic._codec.validation import Validation
from odmantic._mapping.interfaces import Decoder, Location
from odmantic._types.annotations import annotated
from odmantic._types.kinds import is_class
from odmantic._types.tree import Type
from odmantic.bson import WithBsonSerializer
from odmantic.exceptions import ErrorList

_CONVERSIONS: dict[Any, Callable[[Any], Any]] = {
    tuple: tuple,
    set: set,
    collections.abc.MutableSet: set,
    frozenset: frozenset,
    collections.abc.Set: frozenset,
    deque: deque,
    collections.OrderedDict: collections.OrderedDict,
    collections.Counter: collections.Counter,
}


def strictness_of(marks: Iterable[Any], inherited: bool) -> bool:
    """Return whether a type is validated strictly: the last of its own marks decides."""
    answer = inherited
    for mark in marks:
        if isinstance(mark, Strict):
            answer = mark.strict
        elif isinstance(mark, FieldInfo):
            answer = strictness_of(mark.metadata, answer)
    return answer


def is_strict_class(cls: Any, *, inherited: bool = False) -> bool:
    """Return whether the fields of a class are validated strictly: its own config decides, or else that around it."""
    for name in ("model_config", "__pydantic_config__"):
        config: Any = getattr(cls, name, None)
        if config is not None:
            return bool(config.get("strict"))
    return inherited


def as_python_value(cls: Any, decode: Decoder | None) -> Decoder | None:
    """Return a decoder that converts the result of `decode` to a value of a class, if strict validation requires one.

    A value that cannot be converted stays unchanged, for validation to refuse.
    """
    if is_dataclass(cls):
        validate = Validation(cls)
        convert: Any = partial(validate, strict=False)
    else:
        convert = _CONVERSIONS.get(cls)
    if convert is None:
        return decode

    def decode_strictly(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_stored_array(value) and not is_document(value):
            return value
        if decode is not None:
            value = decode(value, loc, errors, raw)
        try:
            return convert(value)
        except (TypeError, ValueError):
            return value

    return decode_strictly


def strictly_read(node: Type) -> Decoder:
    """Return a decoder for a user serialiser's result, which it converts if strict validation refuses it."""
    marks = (mark for mark in node.marks if not isinstance(mark, WithBsonSerializer))
    strictly = Validation(annotated(node.bare, marks))
    laxly = Validation(node.bare)

    def decode(value: Any, _loc: Location, _errors: ErrorList, _raw: Any) -> Any:
        value = in_utc(value)
        try:
            strictly(value, strict=True)
        except ValidationError:
            try:
                return laxly(value, strict=False)
            except ValidationError:
                return value
        return value

    return decode


def as_instance(bare: Any, decode: Decoder | None) -> Decoder:
    """Return a decoder that converts the result of `decode` to a value of a type, for a field without validation."""
    validate = Validation(bare)
    is_enum = is_class(bare) and issubclass(bare, Enum)

    def make(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        made = value if decode is None else decode(value, loc, errors, raw)
        if not is_enum and not is_stored_array(value) and not is_document(value):
            return made
        try:
            return validate(made, strict=False)
        except ValidationError:
            return made

    return make


def strict_key_decoder(key_type: Any) -> Callable[[str], Any]:
    """Return a function that reads the text of a key, which strict validation refuses."""
    validate = Validation(key_type)

    def decode_key(key: str) -> Any:
        try:
            return validate.adapter.validate_strings(key, strict=False)
        except ValidationError:
            return key

    return decode_key


def read_hashable_items(values: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
    """Return the items of a set of `Any`."""
    if not is_stored_array(values):
        return values
    return [
        read_hashable(item, loc, errors, raw) if type(item) is list else item for item in values
    ]


def read_hashable(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
    """Return the tuple that was stored as an array."""
    if not is_stored_array(value):
        return value
    return tuple([read_hashable(item, loc, errors, raw) for item in value])
