"""How values are read from documents, by annotation."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Hashable
from dataclasses import is_dataclass
from typing import Any, TypeVar, cast

from annotated_types import GroupedMetadata
from pydantic import (
    BaseModel,
    InstanceOf,
    RootModel,
    Secret,
    SkipValidation,
    Strict,
    ValidationError,
)
from pydantic.fields import FieldInfo

from odmantic._bson.datetimes import Datetimes
from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.coded import codec_decoder, has_codec
from odmantic._codec.coded_unions import (
    checked_union_decoder,
    coded_union_decoder,
    nullable_decoder,
    unchanged,
)
from odmantic._codec.embedded import hierarchy_decoder
from odmantic._codec.encoders import encode_key
from odmantic._codec.lazy import ref_decoder
from odmantic._codec.lookups import Rename, handlers_forget_lookups, maker_of, names_first
from odmantic._codec.own_forms import is_left_to_field
from odmantic._codec.parsed import as_json_text, is_json, json_value
from odmantic._codec.shared_forms import mistakes_int64, shared_classes, with_plain_integers
from odmantic._codec.stored_forms import (
    LIMITS,
    bson_decoder_of,
    form_decoder,
    in_utc,
    member_decoder,
    read_bytes_pattern,
    stored_members,
)
from odmantic._codec.strict import (
    as_instance,
    as_python_value,
    is_strict_class,
    read_hashable,
    read_hashable_items,
    strict_key_decoder,
    strictly_read,
    strictness_of,
)
from odmantic._codec.translate import parts_of, translate
from odmantic._codec.unions import union_decoder
from odmantic._errors.lines import ErrorList, line_errors
from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.interfaces import Decoder, Location
from odmantic._types.classes import is_set
from odmantic._types.kinds import is_class
from odmantic._types.recursion import Recursion
from odmantic._types.tree import (
    Array,
    Choice,
    Coded,
    Document,
    Enumeration,
    FixedTuple,
    Lazy,
    Nullable,
    Object,
    Table,
    Tagged,
    Type,
    Union,
    Variable,
)
from odmantic.bson import SUBSTITUTE_MARKS

T = TypeVar("T")


class DecoderCompiler:
    """A compiler of decoders for types.

    A decoder returns a value that does not look like the type unchanged: validation describes the problem. With
    `by_names`, decoders only rename keys to field names, for values that are not documents.
    """

    def __init__(
        self,
        *,
        arbitrary_types: bool,
        is_strict: bool = False,
        by_names: bool = False,
        has_forms: bool = True,
    ) -> None:
        self._by_names = by_names
        self._has_forms = has_forms
        self._arbitrary_types = arbitrary_types
        self._is_strict = is_strict
        self._recursion: Recursion[Decoder | None] = Recursion(_by_other)
        self._inline = by_names

    def field_decoder(self, model: Any, name: str, node: Type) -> Decoder | None:
        """Return the decoder for a field of a class; what a serialiser of the class wrote is up to its validators."""
        if not self._has_forms or not is_left_to_field(model, name, node):
            return self.decoder(node)
        compiler = DecoderCompiler(
            arbitrary_types=self._arbitrary_types,
            is_strict=self._is_strict,
            by_names=self._by_names,
            has_forms=False,
        )
        return compiler.decoder(node)

    def decoder(self, node: Type) -> Decoder | None:
        """Return the decoder for a type; `None` if its values need none."""
        if isinstance(node, Variable):
            return self._inlined(lambda: self.decoder(node.bound))
        key = node, self._inline, self._is_strict
        return self._recursion.once(key, lambda: self._decoder(node))

    def _decoder(self, node: Type) -> Decoder | None:
        if isinstance(node, Coded) and node.codec.decode is not None:
            return None if self._by_names else codec_decoder(node, node.codec.decode)
        if isinstance(node, Coded) or node.is_stored_by_user:
            return self._user_decoder(node)
        if not self._by_names and any(isinstance(mark, _UNCHECKED) for mark in node.marks):
            # Without its schema, a type's knowledge of the stored form is lost.
            left_out = (*_UNCHECKED, *SUBSTITUTE_MARKS)
            rest = node.marked(mark for mark in node.marks if not isinstance(mark, left_out))
            return as_instance(node.bare, self._decoder(rest))
        if isinstance(node, Lazy):
            return None if self._by_names or isinstance(node.inner, Variable) else ref_decoder(node)
        if isinstance(node, Document) and not self._inline:
            return _document_decoder(node.cls)
        if not self._by_names and is_json(node):
            # The value was parsed from the text that validation expects.
            value = json_value(node)
            return as_json_text(value.annotation, self.decoder(value))
        if isinstance(node, Union):
            return self._union_decoder(node)
        return self._bare_decoder(node)

    def _bare_decoder(self, node: Type) -> Decoder | None:
        is_strict = not self._by_names and strictness_of(node.marks, self._is_strict)
        decode = self._decoder_by_kind(node, is_strict=is_strict)
        if node.cls is re.Pattern:
            is_of_bytes = any(each.cls is bytes for each in node.arguments)
            return read_bytes_pattern if is_of_bytes and not self._by_names else decode
        cls = node.cls
        if is_strict or (not self._by_names and is_dataclass(cls) and is_strict_class(cls)):
            return as_python_value(cls, decode)
        return decode

    def _user_decoder(self, node: Type) -> Decoder | None:
        """Leave the result of a serialiser to the validators of the type."""
        if self._by_names:
            return None
        is_strict = strictness_of(node.marks, self._is_strict) or is_strict_class(node.bare)
        return strictly_read(node) if is_strict else in_utc

    def _coded_union_decoder(self, node: Union, members: list[Type]) -> Decoder:
        decoders = [self.decoder(member) for member in members]
        if isinstance(node, Nullable):
            decode = next((each for each in decoders if each is not None), unchanged)
            return nullable_decoder(decode)
        return coded_union_decoder(
            node,
            list(zip(members, decoders, strict=True)),
            arbitrary_types=self._arbitrary_types,
            is_strict=strictness_of(node.marks, self._is_strict),
        )

    def _union_decoder(self, node: Union) -> Decoder | None:
        # Pydantic passes such marks on.
        handed_on = (Strict, FieldInfo, GroupedMetadata, Datetimes, *LIMITS)
        passed = [mark for mark in node.marks if isinstance(mark, handed_on)]
        members = node.arguments
        if not self._by_names and any(map(has_codec, members)):
            return self._coded_union_decoder(node, [_with_marks(each, passed) for each in members])
        of_user = [member for member in members if member.is_stored_by_user]
        decoders = [
            None if member in of_user else self.decoder(_with_marks(member, passed))
            for member in members
        ]
        decode = union_decoder(
            list(zip(members, decoders, strict=True)),
            tag=node.tag if isinstance(node, Tagged) else None,
            arbitrary_types=self._arbitrary_types,
            is_strict=self._is_strict,
        )
        if self._by_names:
            return decode
        if not of_user:
            return self._checked(node, decode, list(zip(members, decoders, strict=True)))
        if isinstance(node, Nullable):
            return self.decoder(_with_marks(of_user[0], passed))
        if decode is None:
            return in_utc
        return lambda value, loc, errors, raw: decode(in_utc(value), loc, errors, raw)

    def _checked(
        self, node: Union, decode: Decoder | None, members: list[tuple[Type, Decoder | None]]
    ) -> Decoder | None:
        """Read what pydantic would take for a value of another member than the one that stores it."""
        types = [member for member, _ in members]
        shared = shared_classes(types, are_decoded=decode is not None)
        if not isinstance(node, Nullable) and any(map(is_json, types)):
            # Anything may have been parsed, and its text may be a value of other members.
            shared = (object,)
        if shared:
            decode = checked_union_decoder(
                node,
                decode,
                members,
                shared=shared,
                arbitrary_types=self._arbitrary_types,
                is_strict=strictness_of(node.marks, self._is_strict),
            )
        return with_plain_integers(decode, types) if mistakes_int64(types) else decode

    def _decoder_by_kind(self, node: Type, *, is_strict: bool) -> Decoder | None:
        match node:
            case Table():
                return self.table_decoder(node, self.decoder(node.inner))
            case FixedTuple():
                return _tuple_decoder([self.decoder(each) for each in node.arguments])
            case Array():
                return self._container_decoder(node, is_strict=is_strict)
            case Type(cls=cls, arguments=(held,)) if cls is Secret and not self._by_names:
                return self.decoder(held)
            case _:
                return self._class_decoder(node, is_strict=is_strict)

    def table_decoder(self, node: Table, decode: Decoder | None) -> Decoder | None:
        """Return the decoder of documents whose keys are data, given that of their values."""
        decode_key = None if self._by_names else self._key_decoder(node.key)
        return _mapping_decoder(decode_key, decode)

    def _key_decoder(self, node: Type) -> Decoder | None:
        if isinstance(node, Coded):
            return self.decoder(node)
        read = _reader_of_keys(node, self._is_strict)
        return None if read is None else lambda key, _loc, _errors, _raw: read(key)

    def _container_decoder(self, node: Array, *, is_strict: bool) -> Decoder | None:
        if not is_set(node.cls):
            decode = self.decoder(node.inner)
        elif not self._by_names and node.inner.bare in (Any, object):
            return read_hashable_items
        else:
            # Only hashable values can be in a set.
            outer, self._is_strict = self._is_strict, is_strict or self._is_strict
            decode = self.decoder(node.inner)
            self._is_strict = outer
        return decode and array_decoder(decode)

    def _class_decoder(self, node: Type, *, is_strict: bool) -> Decoder | None:
        if not self._by_names and (decode := self._value_decoder(node, is_strict=is_strict)):
            return decode
        if isinstance(node, Object) and (node.parts or _is_open(node.cls)):
            key = node.cls, self._is_strict
            return self._recursion.once(key, lambda: self._object_decoder(node))
        return None

    def _value_decoder(self, node: Type, *, is_strict: bool) -> Decoder | None:
        if node.cls is Hashable:
            return read_hashable
        if is_set(node.cls):
            return read_hashable_items
        if members := stored_members(node, is_strict=is_strict):
            return member_decoder(members)
        if self._has_forms and (decode := form_decoder(node)):
            return decode
        return bson_decoder_of(node.cls, node.marks, is_strict=self._is_strict)

    def _object_decoder(self, node: Object) -> Decoder | None:
        """Read an object that is not a document of its own: its keys are already names."""
        cls, parts = node.cls, node.parts
        outer, self._is_strict = (
            self._is_strict,
            is_strict_class(cls, inherited=self._is_strict),
        )
        decoders = self._inlined(lambda: self._part_decoders(cls, parts))
        decode_extra = self.extra_decoder(node.extras) if _is_open(cls) else None
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

    def _part_decoders(self, cls: Any, parts: dict[str, Type]) -> dict[str, Decoder | None]:
        if not issubclass(cls, BaseModel):
            return {name: self.decoder(of) for name, of in parts.items()}
        return {name: self.field_decoder(cls, name, of) for name, of in parts.items()}

    def extra_decoder(self, node: Type) -> Decoder | None:
        """Return the decoder of extra values of a type."""
        return self._inlined(lambda: self.decoder(node))

    def _inlined(self, make: Callable[[], T]) -> T:
        """Make a decoder that reads embedded objects, too, by field name."""
        outer, self._inline = self._inline, True
        made = make()
        self._inline = outer
        return made


# Type checkers take them for `Annotated`.
_UNCHECKED = cast("tuple[type[Any], ...]", (InstanceOf, SkipValidation))
"""Marks of types whose values are not validated, and so cannot be made from their stored form."""


def _is_open(cls: Any) -> bool:
    """Return whether instances of a class may have extra values."""
    return issubclass(cls, BaseModel) and cls.model_config.get("extra") == "allow"


def _with_marks(node: Type, marks: list[Any]) -> Type:
    return node.marked((*node.marks, *marks)) if marks else node


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
    if hierarchy_of(model) is not None:
        return hierarchy_decoder(model)

    def decode(value: Any, loc: Location, errors: ErrorList, _raw: Any) -> Any:
        return translate(model.__mapping__, value, loc, errors)

    return decode


def array_decoder(decode: Decoder) -> Decoder:
    """Return the decoder of arrays, given that of their items."""

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


def _mapping_decoder(decode_key: Decoder | None, decode: Decoder | None) -> Decoder | None:
    if decode is None and decode_key is None:
        return None

    def decode_items(values: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if not is_document(values):
            return values
        items: dict[Any, Any] = {}
        for key, item in values.items():
            place = (loc, key, True)
            new_key = key if decode_key is None else decode_key(key, place, errors, raw)
            items[new_key] = item if decode is None else decode(item, place, errors, raw)
        return items

    return decode_items


def _reader_of_keys(node: Type, is_strict: bool) -> Callable[[str], Any] | None:
    """Read keys that validation would not recognise as text."""
    is_strict = strictness_of(node.marks, is_strict)
    is_member = isinstance(node, Enumeration)
    if is_class(node.bare) and issubclass(node.bare, str) and not (is_member and is_strict):
        return None
    if isinstance(node, (Choice, Enumeration)):
        texts = [(encode_key(key), key) for key in node.values]
        if all(type(key) is str for _, key in texts):
            return None
        members = {text: member for text, member in texts if isinstance(text, str)}
        return lambda key: members.get(key, key)
    return strict_key_decoder(node.annotation) if is_strict else None
