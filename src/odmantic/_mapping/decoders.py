"""How values are read from documents, by annotation."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from bson.decimal128 import Decimal128
from bson.regex import Regex
from pydantic import BaseModel, TypeAdapter, ValidationError

from odmantic._mapping.aliases import is_type_alias
from odmantic._mapping.annotations import (
    is_array,
    is_mapping,
    is_union,
    type_adapter,
    unwrap,
)
from odmantic._mapping.encode import AS_IT_IS, encode_any, encode_key, serializer_in
from odmantic._mapping.mapping import is_embedded_model
from odmantic.bson import DECIMAL_SERIALIZER, SUBSTITUTE_MARKS
from odmantic.exceptions import (
    ErrorList,
    line_errors,
)

if TYPE_CHECKING:
    from odmantic.model import _BaseODMModel

    T = TypeVar("T", bound=_BaseODMModel)


from odmantic._mapping.shapes import is_document, is_stored_array, is_tuple
from odmantic._mapping.translate import Decoder, Location, translate, written


class DecoderCompiler:
    """Decides how values of a type are read.

    Its decoders return what does not look like the type unchanged: validation knows the words
    for that.
    """

    def __init__(self, *, arbitrary_types: bool) -> None:
        self._arbitrary_types = arbitrary_types
        # Aliases and classes may be recursive: those around the current type, with room for
        # their decoder.
        self._around: dict[Any, list[Decoder | None]] = {}
        self._inline = False

    def decoder(self, annotation: Any, metadata: Any = ()) -> Decoder | None:
        """Give the decoder for a type; `None` if its values need none."""
        if not is_type_alias(get_origin(annotation) or annotation):
            return self._decoder(annotation, metadata)
        return self._once(annotation, lambda: self._decoder(annotation, metadata))

    def _once(self, key: Any, compile_decoder: Callable[[], Decoder | None]) -> Decoder | None:
        if key in self._around:
            return _later(self._around[key])
        found = self._around[key] = []
        try:
            decode = compile_decoder()
            found.append(decode)
        finally:
            del self._around[key]
        return decode

    def _decoder(self, annotation: Any, metadata: Any) -> Decoder | None:
        bare, inner = unwrap(annotation)
        marks = (*inner, *metadata)
        if serializer_in(marks) not in (None, DECIMAL_SERIALIZER.bson_serializer):
            # How to read what a serialiser wrote is the business of the type's validators.
            return None
        if is_embedded_model(bare) and not self._inline:
            return _document_decoder(bare)
        if is_union(bare):
            return self._union_decoder(get_args(bare))
        if get_origin(bare) is None or get_origin(bare) is Literal:
            return self._class_decoder(bare, marks)
        if get_origin(bare) is re.Pattern:
            return self._class_decoder(re.Pattern, marks)
        return self._generic_decoder(get_origin(bare), get_args(bare))

    def _generic_decoder(self, origin: Any, arguments: tuple[Any, ...]) -> Decoder | None:
        if is_mapping(origin) and len(arguments) == 2:
            return _mapping_decoder(_key_decoder(arguments[0]), self.decoder(arguments[1]))
        if origin is tuple and arguments[-1:] != (Ellipsis,):
            return _tuple_decoder([self.decoder(argument) for argument in arguments])
        if is_array(origin) and (decode := self.decoder(arguments[0])) is not None:
            return _array_decoder(decode)
        return None

    def _class_decoder(self, cls: Any, metadata: tuple[Any, ...]) -> Decoder | None:
        if members := _stored_members(cls):
            return lambda value, _loc, _errors, _raw: _member(members, value)
        convert = _FROM_BSON.get(cls)
        if convert is not None and not any(isinstance(m, SUBSTITUTE_MARKS) for m in metadata):
            return _leaf_decoder(*convert)
        if isinstance(cls, type) and issubclass(cls, BaseModel):
            return self._once(cls, lambda: self._object_decoder(cls))
        return None

    def _object_decoder(self, cls: type[BaseModel]) -> Decoder | None:
        """Read an object without a document of its own: its keys are names already."""
        outer, self._inline = self._inline, True
        try:
            decoders = {
                name: decode
                for name, info in cls.__pydantic_fields__.items()
                if (decode := self.decoder(info.annotation, info.metadata)) is not None
            }
        finally:
            self._inline = outer
        if not decoders:
            return None

        def decode_fields(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
            if not is_document(value):
                return value
            fields = dict(value)
            for name, decode in decoders.items():
                if name in fields:
                    fields[name] = decode(fields[name], (loc, name), errors, raw)
            return fields

        return decode_fields

    def _union_decoder(self, members: tuple[Any, ...]) -> Decoder | None:
        decoders = [(member, self.decoder(member)) for member in members]
        candidates = [
            _Candidate(member, decode, arbitrary_types=self._arbitrary_types)
            for member, decode in decoders
            if decode is not None
        ]
        if not candidates:
            return None
        rivals_of = [_shapes(member) for member, decode in decoders if decode is None]

        def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
            possible = [candidate for candidate in candidates if candidate.looks_like(value)]
            rivals = any(isinstance(value, shapes) for shapes in rivals_of)
            if not possible:
                return value
            if len(possible) == 1 and not rivals:
                return possible[0].decode(value, loc, errors, raw)
            return _best_of(possible, value, loc, errors, raw, rivals=rivals)

        return decode


def _later(found: list[Decoder | None]) -> Decoder:
    def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        each = found[0]
        return value if each is None else each(value, loc, errors, raw)

    return decode


def _compile_regex(regex: Regex[Any]) -> Any:
    try:
        return regex.try_compile()
    except (re.error, OverflowError, RecursionError):
        # MongoDB's patterns are not all Python's.
        return regex


_FROM_BSON: dict[Any, tuple[type[Any], Callable[[Any], Any]]] = {
    Decimal: (Decimal128, Decimal128.to_decimal),
    re.Pattern: (Regex, _compile_regex),
}
"""Types whose stored form plain pydantic does not know, and how it becomes one it knows."""


def _leaf_decoder(stored: type[Any], convert: Callable[[Any], Any]) -> Decoder:
    return lambda value, _loc, _errors, _raw: convert(value) if isinstance(value, stored) else value


def _stored_members(cls: Any) -> list[tuple[Any, Enum]]:
    """Pair members of an enumeration with their stored form, if pydantic does not know that."""
    if get_origin(cls) is Literal:
        members = [member for member in get_args(cls) if isinstance(member, Enum)]
    elif isinstance(cls, type) and issubclass(cls, Enum):
        members = list(cls)
        if all(isinstance(member.value, AS_IT_IS) for member in members):
            return []
    else:
        return []
    return [(_as_read(encode_any(member)), member) for member in members]


def _as_read(stored: Any) -> Any:
    return list(stored) if is_tuple(stored) else stored


def _member(members: list[tuple[Any, Enum]], value: Any) -> Any:
    return next((member for stored, member in members if stored == value), value)


class _Candidate:
    """A member of a union whose values have keys to translate."""

    def __init__(self, annotation: Any, decode: Decoder, *, arbitrary_types: bool) -> None:
        self._annotation = annotation
        self._arbitrary_types = arbitrary_types
        self._adapter: TypeAdapter[Any] | None = None
        self.decode = decode
        self.looks_like: Callable[[Any], bool] = _shape_test(annotation)
        bare, _ = unwrap(annotation)
        self.model: Any = bare if is_embedded_model(bare) else None

    def score(self, value: Any) -> int:
        """Count the keys of a document that this member knows."""
        if self.model is None:
            return 0
        return sum(key in value for key in self.model.__mapping__.field_names)

    def validate(self, value: Any) -> Any:
        """Validate a translated value.

        Raises:
            ValidationError: it is not of this type.
        """
        if self.model is not None:
            return self.model.__pydantic_validator__.validate_python(
                value, by_alias=True, by_name=True
            )
        if self._adapter is None:
            self._adapter = type_adapter(self._annotation, arbitrary_types=self._arbitrary_types)
        return self._adapter.validate_python(value, by_alias=True, by_name=True)


def _best_of(
    candidates: list[_Candidate],
    value: Any,
    loc: Location,
    errors: ErrorList,
    raw: Any,
    *,
    rivals: bool,
) -> Any:
    """Read a value as the member of a union that knows most of its keys.

    The result is already validated, so that no other member can take the value for its own.
    """
    failures: list[ErrorList] = []
    ordered = sorted(candidates, key=lambda candidate: candidate.score(value), reverse=True)
    for candidate in ordered:
        found: ErrorList = []
        translated = candidate.decode(value, loc, found, raw)
        if not found:
            try:
                return candidate.validate(translated)
            except ValidationError as error:
                found = [
                    {**line, "loc": (*written(loc), *line.get("loc", ()))}
                    for line in line_errors(error)
                ]
        failures.append(found)
    if not rivals:
        errors.extend(failures[0])
    return value


def _document_decoder(model: Any) -> Decoder:
    def decode(value: Any, loc: Location, errors: ErrorList, _raw: Any) -> Any:
        return translate(model.__mapping__, value, loc, errors)

    return decode


def _array_decoder(decode: Decoder) -> Decoder:
    def decode_items(values: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_stored_array(values):
            return values
        return [decode(item, (loc, index), errors, raw) for index, item in enumerate(values)]

    return decode_items


def _tuple_decoder(decoders: list[Decoder | None]) -> Decoder | None:
    if not any(decoders):
        return None

    def decode_items(values: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_stored_array(values):
            return values
        items = list(values)
        for index, (item, decode) in enumerate(zip(items, decoders, strict=False)):
            if decode is not None:
                items[index] = decode(item, (loc, index), errors, raw)
        return items

    return decode_items


def _mapping_decoder(
    decode_key: Callable[[str], Any] | None, decode: Decoder | None
) -> Decoder | None:
    if decode is None and decode_key is None:
        return None

    def decode_items(values: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_document(values):
            return values
        items: dict[Any, Any] = {}
        for key, item in values.items():
            new_key = key if decode_key is None else decode_key(key)
            items[new_key] = item if decode is None else decode(item, (loc, key, True), errors, raw)
        return items

    return decode_items


def _key_decoder(key_type: Any) -> Callable[[str], Any] | None:
    """Read keys that validation would not recognise in their text."""
    bare, _ = unwrap(key_type)
    if not (isinstance(bare, type) and issubclass(bare, Enum)) or issubclass(bare, str):
        return None
    members = {encode_key(member): member for member in bare}
    return lambda key: members.get(key, key)


_DOCUMENT: tuple[type[Any], ...] = (Mapping,)
_ARRAY: tuple[type[Any], ...] = (list, tuple)
_SCALARS: tuple[type[Any], ...] = (types.NoneType, str, bytes, int, float, date, Enum)


def _shapes(annotation: Any) -> tuple[type[Any], ...]:
    """Tell what values of a type may be read from; scalars that need no decoder do not matter."""
    bare, _ = unwrap(annotation)
    cls = get_origin(bare) or bare
    if is_union(bare):
        return tuple(shape for member in get_args(bare) for shape in _shapes(member))
    if members := _stored_members(bare):
        return tuple([stored.__class__ for stored, _ in members])
    if cls in _FROM_BSON:
        return (_FROM_BSON[cls][0],)
    if cls is None or cls is Literal or (isinstance(cls, type) and issubclass(cls, _SCALARS)):
        return ()
    if is_mapping(cls) or (isinstance(cls, type) and issubclass(cls, BaseModel)):
        return _DOCUMENT
    if is_array(cls):
        return _ARRAY
    return (*_DOCUMENT, *_ARRAY)


def _shape_test(annotation: Any) -> Callable[[Any], bool]:
    shapes = _shapes(annotation)
    return lambda value: isinstance(value, shapes)
