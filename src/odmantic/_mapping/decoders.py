"""How values are read from documents, by annotation."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Hashable
from enum import Enum
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError

from odmantic._mapping.aliases import is_type_alias
from odmantic._mapping.annotations import (
    FieldTypes,
    field_types,
    is_array,
    is_mapping,
    is_set,
    is_union,
    serializer_in,
    type_of_extras,
    type_of_variable,
    unwrap,
)
from odmantic._mapping.encoders import encode_key
from odmantic._mapping.lookups import Rename, handlers_forget_lookups, maker_of, names_first
from odmantic._mapping.mapping import is_class, is_embedded_model
from odmantic._mapping.recursion import Recursion
from odmantic._mapping.shapes import is_document, is_stored_array
from odmantic._mapping.stored_forms import bson_decoder_of, member_decoder, stored_members
from odmantic._mapping.strict import (
    as_json_text,
    as_python_value,
    is_json,
    is_strict_class,
    json_value_type,
    read_hashable,
    strict_key_decoder,
    strictness_of,
)
from odmantic._mapping.translate import Decoder, Location, parts_of, translate
from odmantic._mapping.unions import union_decoder
from odmantic.bson import DECIMAL_SERIALIZER
from odmantic.exceptions import ErrorList, line_errors

T = TypeVar("T")


class DecoderCompiler:
    """Decides how values of a type are read.

    Its decoders return what does not look like the type unchanged: validation knows the words
    for that. With `by_names`, they only put values under the names of fields, for what is no document.
    """

    def __init__(
        self, *, arbitrary_types: bool, is_strict: bool = False, by_names: bool = False
    ) -> None:
        self._by_names = by_names
        self._arbitrary_types = arbitrary_types
        self._is_strict = is_strict
        self._recursion: Recursion[Decoder | None] = Recursion(_by_other)
        self._inline = by_names

    def decoder(self, annotation: Any, metadata: Any = ()) -> Decoder | None:
        """Give the decoder for a type; `None` if its values need none."""
        if not is_type_alias(annotation):
            return self._decoder(annotation, metadata)
        key = (annotation, self._inline, self._is_strict, *map(id, metadata))
        return self._recursion.once(key, lambda: self._decoder(annotation, metadata))

    def _decoder(self, annotation: Any, metadata: Any) -> Decoder | None:
        bare, inner = unwrap(annotation)
        marks = (*inner, *metadata)
        if isinstance(bare, TypeVar):
            return self._inlined(lambda: self._decoder(type_of_variable(bare), marks))
        if serializer_in(marks) not in (None, DECIMAL_SERIALIZER.bson_serializer):
            # How to read what a serialiser wrote is the business of the type's validators.
            return None
        if is_embedded_model(bare) and not self._inline:
            return _document_decoder(bare)
        if not self._by_names and any(map(is_json, (bare, *marks))):
            return self._json_decoder(annotation, metadata)
        if is_union(bare):
            decoders = [(member, self.decoder(member)) for member in get_args(bare)]
            return union_decoder(
                decoders, arbitrary_types=self._arbitrary_types, is_strict=self._is_strict
            )
        is_strict = not self._by_names and strictness_of(marks, self._is_strict)
        if get_origin(bare) is re.Pattern:
            return self._class_decoder(re.Pattern, marks, is_strict=is_strict)
        if get_origin(bare) is None or get_origin(bare) is Literal:
            decode = self._class_decoder(bare, marks, is_strict=is_strict)
        else:
            decode = self._generic_decoder(get_origin(bare), get_args(bare), is_strict=is_strict)
        return as_python_value(get_origin(bare) or bare, decode) if is_strict else decode

    def _json_decoder(self, annotation: Any, metadata: Any) -> Decoder:
        """Read the value that was parsed from the text that validation asks for."""
        value_type = json_value_type(annotation, metadata)
        return as_json_text(value_type, self.decoder(value_type))

    def _generic_decoder(
        self, origin: Any, arguments: tuple[Any, ...], *, is_strict: bool
    ) -> Decoder | None:
        if is_strict and is_set(origin):
            # A set can only be made of what can be hashed.
            outer, self._is_strict = self._is_strict, True
            decode = self.decoder(arguments[0])
            self._is_strict = outer
            return decode and _array_decoder(decode)
        if is_mapping(origin) and len(arguments) == 2:
            is_strict = self._is_strict
            decode_key = None if self._by_names else _key_decoder(arguments[0], is_strict=is_strict)
            return _mapping_decoder(decode_key, self.decoder(arguments[1]))
        if origin is tuple and arguments[-1:] != (Ellipsis,):
            return _tuple_decoder([self.decoder(argument) for argument in arguments])
        if is_array(origin) and (decode := self.decoder(arguments[0])) is not None:
            return _array_decoder(decode)
        return None

    def _class_decoder(
        self, cls: Any, marks: tuple[Any, ...], *, is_strict: bool
    ) -> Decoder | None:
        if not self._by_names and (decode := self._value_decoder(cls, marks, is_strict=is_strict)):
            return decode
        if is_class(cls) and (fields := field_types(cls)):
            key = (cls, self._is_strict)
            return self._recursion.once(key, lambda: self._object_decoder(cls, fields))
        return None

    def _value_decoder(
        self, cls: Any, marks: tuple[Any, ...], *, is_strict: bool
    ) -> Decoder | None:
        if cls is Hashable:
            return read_hashable
        if members := stored_members(cls, is_strict=is_strict):
            return member_decoder(members)
        return bson_decoder_of(cls, () if self._is_strict else marks)

    def _object_decoder(self, cls: type[Any], fields: FieldTypes) -> Decoder | None:
        """Read an object without a document of its own: its keys are names already."""
        outer, self._is_strict = (
            self._is_strict,
            is_strict_class(cls, inherited=self._is_strict),
        )
        decoders = self._inlined(lambda: {name: self.decoder(*of) for name, of in fields.items()})
        is_open = issubclass(cls, BaseModel) and cls.model_config.get("extra") == "allow"
        decode_extra = self.extra_decoder(cls) if is_open else None
        self._is_strict = outer
        if issubclass(cls, RootModel):
            return decoders["root"]
        if issubclass(cls, tuple):
            return _tuple_decoder(list(decoders.values()))
        found = {name: each for name, each in decoders.items() if each is not None}
        decode = _fields_decoder(found, names_first(cls))
        if decode_extra is not None:
            decode = _extras_decoder(decode, decode_extra, decoders)
        # A patch goes through wrap validators.
        make = maker_of(cls) if self._by_names and handlers_forget_lookups() else None
        return decode if make is None else _maker(decode, make)

    def extra_decoder(self, model: Any) -> Decoder | None:
        """Give the decoder of the values that instances of a class have besides their fields."""
        return self._inlined(lambda: self.decoder(type_of_extras(model)))

    def _inlined(self, make: Callable[[], T]) -> T:
        """Make what reads embedded objects, too, by the names of their fields."""
        outer, self._inline = self._inline, True
        made = make()
        self._inline = outer
        return made


def _maker(decode: Decoder | None, make: Callable[[Any], Any]) -> Decoder:
    def decode_and_make(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_document(value):
            return value
        values = value if decode is None else decode(value, loc, errors, raw)
        try:
            return make(values)
        except ValidationError as error:
            place = parts_of(loc)
            errors.extend(
                {**line, "loc": (*place, *line.get("loc", ())[1:])} for line in line_errors(error)
            )
            return value

    return decode_and_make


def _by_other(found: list[Decoder | None]) -> Decoder:
    def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        each = found[0]
        return value if each is None else each(value, loc, errors, raw)

    return decode


def _fields_decoder(decoders: dict[str, Decoder], rename: Rename | None) -> Decoder | None:
    if not decoders and rename is None:
        return None

    def decode_fields(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_document(value):
            return value
        fields = dict(value) if rename is None else rename(value)
        for name, decode in decoders.items():
            if name in fields:
                fields[name] = decode(fields[name], (loc, name), errors, raw)
        return fields

    return decode_fields


def _extras_decoder(
    decode: Decoder | None, decode_extra: Decoder, names: Container[str]
) -> Decoder:
    def decode_all(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_document(value):
            return value
        fields = value if decode is None else decode(value, loc, errors, raw)
        return {
            name: item if name in names else decode_extra(item, (loc, name), errors, raw)
            for name, item in fields.items()
        }

    return decode_all


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


def _key_decoder(key_type: Any, *, is_strict: bool) -> Callable[[str], Any] | None:
    """Read keys that validation would not recognise in their text."""
    bare, marks = unwrap(key_type)
    if is_class(bare) and issubclass(bare, str):
        return None
    if is_class(bare) and issubclass(bare, Enum):
        texts = [(encode_key(member), member) for member in bare]
        members = {text: member for text, member in texts if isinstance(text, str)}
        return lambda key: members.get(key, key)
    return strict_key_decoder(key_type) if strictness_of(marks, is_strict) else None
