"""How values are read from documents, by annotation."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Hashable
from dataclasses import is_dataclass
from enum import Enum
from types import NoneType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

from annotated_types import GroupedMetadata
from pydantic import (
    BaseModel,
    InstanceOf,
    RootModel,
    SkipValidation,
    Strict,
    ValidationError,
)
from pydantic.fields import FieldInfo

from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.encoders import encode_key
from odmantic._codec.lookups import Rename, handlers_forget_lookups, maker_of, names_first
from odmantic._codec.stored_forms import (
    LIMITS,
    bson_decoder_of,
    in_utc,
    member_decoder,
    read_bytes_pattern,
    stored_members,
)
from odmantic._codec.strict import (
    as_instance,
    as_json_text,
    as_python_value,
    is_json,
    is_strict_class,
    json_value_type,
    read_hashable,
    read_hashable_items,
    strict_key_decoder,
    strictly_read,
    strictness_of,
)
from odmantic._codec.translate import parts_of, translate
from odmantic._codec.unions import union_decoder
from odmantic._errors.lines import ErrorList, line_errors
from odmantic._mapping.interfaces import Decoder, Location
from odmantic._types.annotations import (
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
from odmantic._types.kinds import is_class, is_embedded_model
from odmantic._types.recursion import Recursion
from odmantic.bson import DECIMAL_SERIALIZER, SUBSTITUTE_MARKS

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
        bare, inner = unwrap(annotation)
        if isinstance(bare, TypeVar):
            bound = type_of_variable(bare)
            return self._inlined(lambda: self.decoder(bound, (*inner, *metadata)))
        marks = (self._inline, self._is_strict, *map(id, metadata))
        return self._recursion.once_of(
            annotation, marks, lambda: self._decoder(annotation, metadata)
        )

    def _decoder(self, annotation: Any, metadata: Any) -> Decoder | None:
        bare, inner = unwrap(annotation)
        marks = (*inner, *metadata)
        if _is_stored_by_user(marks):
            return self._user_decoder(bare, marks)
        if not self._by_names and any(isinstance(mark, _UNCHECKED) for mark in marks):
            # What a schema knows is of no use where it is left out.
            rest = tuple(m for m in marks if not isinstance(m, (*_UNCHECKED, *SUBSTITUTE_MARKS)))
            return as_instance(bare, self._decoder(bare, rest))
        if is_embedded_model(bare) and not self._inline:
            return _document_decoder(bare)
        if not self._by_names and any(map(is_json, (bare, *marks))):
            return self._json_decoder(annotation, metadata)
        if is_union(bare):
            return self._union_decoder(get_args(bare), marks)
        return self._bare_decoder(bare, marks)

    def _bare_decoder(self, bare: Any, marks: tuple[Any, ...]) -> Decoder | None:
        is_strict = not self._by_names and strictness_of(marks, self._is_strict)
        cls = get_origin(bare) or bare
        if cls is re.Pattern:
            is_of_bytes = get_args(bare) == (bytes,) and not self._by_names
            decode = self._class_decoder(cls, marks, is_strict=is_strict)
            return read_bytes_pattern if is_of_bytes else decode
        if get_origin(bare) is None or get_origin(bare) is Literal:
            decode = self._class_decoder(bare, marks, is_strict=is_strict)
        else:
            decode = self._generic_decoder(cls, get_args(bare), is_strict=is_strict)
        if is_strict or (not self._by_names and is_dataclass(cls) and is_strict_class(cls)):
            return as_python_value(cls, decode)
        return decode

    def _user_decoder(self, bare: Any, marks: tuple[Any, ...]) -> Decoder | None:
        """Leave what a serialiser wrote to the validators of the type, which is their business."""
        if self._by_names:
            return None
        is_strict = strictness_of(marks, self._is_strict) or is_strict_class(bare)
        return strictly_read(bare, marks) if is_strict else in_utc

    def _union_decoder(self, members: tuple[Any, ...], marks: tuple[Any, ...]) -> Decoder | None:
        # Pydantic hands such marks on.
        passed = [
            mark
            for mark in marks
            if isinstance(mark, (Strict, FieldInfo, GroupedMetadata, *LIMITS))
        ]
        of_user = [member for member in members if _is_stored_by_user(unwrap(member)[1])]
        decode = union_decoder(
            [
                (member, None if member in of_user else self.decoder(member, passed))
                for member in members
            ],
            arbitrary_types=self._arbitrary_types,
            is_strict=self._is_strict,
        )
        if not of_user or self._by_names:
            return decode
        if len(members) == _OPTIONAL and NoneType in members:
            return self.decoder(of_user[0], passed)
        if decode is None:
            return in_utc
        return lambda value, loc, errors, raw: decode(in_utc(value), loc, errors, raw)

    def _json_decoder(self, annotation: Any, metadata: Any) -> Decoder:
        """Read the value that was parsed from the text that validation asks for."""
        value_type = json_value_type(annotation, metadata)
        return as_json_text(value_type, self.decoder(value_type))

    def _generic_decoder(
        self, origin: Any, arguments: tuple[Any, ...], *, is_strict: bool
    ) -> Decoder | None:
        if is_set(origin) and not self._by_names and unwrap(arguments[0])[0] in (Any, object):
            return read_hashable_items
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
        if is_set(cls):
            return read_hashable_items
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


_OPTIONAL = 2
# Type checkers take them for `Annotated`.
_UNCHECKED = cast("tuple[type[Any], ...]", (InstanceOf, SkipValidation))
"""Marks of types whose values are not validated as the type would be, and so not made of what is stored."""


def _is_stored_by_user(marks: Any) -> bool:
    return serializer_in(marks) not in (None, DECIMAL_SERIALIZER.bson_serializer)


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
    is_strict = strictness_of(marks, is_strict)
    is_member = is_class(bare) and issubclass(bare, Enum)
    if is_class(bare) and issubclass(bare, str) and not (is_member and is_strict):
        return None
    if is_member or get_origin(bare) is Literal:
        keys: list[Any] = list(cast("Any", bare) if is_member else get_args(bare))
        texts = [(encode_key(key), key) for key in keys]
        if all(type(key) is str for _, key in texts):
            return None
        members = {text: member for text, member in texts if isinstance(text, str)}
        return lambda key: members.get(key, key)
    return strict_key_decoder(key_type) if is_strict else None
