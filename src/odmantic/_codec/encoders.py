"""How values are stored, by annotation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import zip_longest
from pathlib import PurePath
from typing import Any, TypeVar, cast
from uuid import UUID

import bson
from bson.decimal128 import Decimal128
from pydantic import BaseModel, RootModel, SerializeAsAny, ValidationError

from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.coded import codec_encoder, codec_key_encoder
from odmantic._codec.lazy import ref_encoder
from odmantic._codec.objects import Parts, Refusal, names_of, object_encoder
from odmantic._codec.own_forms import dumped_field, dumping_marks, is_left_to_field
from odmantic._codec.union_encoders import union_encoder
from odmantic._codec.validation import Validation, first_problem
from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.interfaces import Encoder
from odmantic._types.annotations import annotated, type_adapter
from odmantic._types.kinds import is_class
from odmantic._types.polymorphic import with_real_class
from odmantic._types.recursion import Recursion
from odmantic._types.tree import (
    Array,
    Coded,
    Document,
    FixedTuple,
    Lazy,
    Object,
    Table,
    Target,
    Targets,
    Type,
    Union,
    Variable,
)

T = TypeVar("T")


class EncoderCompiler:
    """A compiler of encoders for types: it stores what the type declares, even of a value of a derived class.

    `encode_any` stores values whose type says nothing, and `encode_document` those with their own document. Without it,
    embedded objects are stored like plain pydantic models: by field name.
    """

    def __init__(
        self, encode_any: Encoder, refusal: Refusal, encode_document: Encoder | None = None
    ) -> None:
        self._encode_any = encode_any
        self._refusal = refusal
        self._encode_document = encode_document
        self._recursion: Recursion[Encoder | None] = Recursion(_by_other)
        self.encode_target: Encoder | None = None
        """The encoder of the targets of a reference; without it, instances of models are stored as copies."""

    def field_encoder(self, model: Any, name: str, node: Type) -> Encoder | None:
        """Return the encoder for a field of a class; `None` if its values are stored unchanged."""
        if not is_left_to_field(model, name, node):
            return self.encoder(node)
        encode_any = self._encode_any
        return lambda value: encode_any(dumped_field(model, name, value))

    def encoder(self, node: Type) -> Encoder | None:
        """Return the encoder for a type; `None` if its values are stored unchanged."""
        if isinstance(node, Variable):
            return self._by_names(lambda: self.encoder(node.bound))
        key = node, self._encode_document is None
        return self._recursion.once(key, lambda: self._encoder(node))

    def _encoder(self, node: Type) -> Encoder | None:
        if isinstance(node, Coded):
            return codec_encoder(node, self._refusal)
        if isinstance(node, Lazy):
            return ref_encoder(node, self._refusal)
        if node.serializer is not None:
            return node.serializer if node.is_scalar else _dumped_first(node.serializer)
        is_of_hierarchy = hierarchy_of(node.cls) is not None
        if any(isinstance(mark, _AS_ANY) for mark in node.marks) and not is_of_hierarchy:
            return self._encode_any
        if isinstance(node, Document) and self._encode_document is not None:
            return self._of_class(node.cls, self._encode_document)
        if isinstance(node, (Target, Targets)) and self.encode_target is not None:
            return self.encode_target
        marks = dumping_marks(node)
        if marks is not None:
            return self._pydantic_encoder(annotated(node.bare, marks))
        return self._encoder_by_kind(node)

    def _encoder_by_kind(self, node: Type) -> Encoder | None:
        match node:
            case Object():
                return self._recursion.once(node.bare, lambda: self.object_encoder(node))
            case Union():
                encoders = [self.encoder(each) for each in node.arguments]
                return union_encoder(node, encoders, self._encode_any)
            case Table():
                return self._table_encoder(node.key, self.encoder(node.inner))
            case FixedTuple():
                return self._tuple_encoder(node)
            case Array():
                return _array_encoder(node, self.encoder(node.inner))
            case _:
                return None if node.is_scalar else self._encode_any

    def object_encoder(self, node: Object) -> Encoder:
        """Return the encoder of a class whose objects are stored by the fields that it declares, by name."""
        cls = node.cls
        parts = self._by_names(lambda: self._parts(node))
        is_model = issubclass(cls, BaseModel)
        encode_extra = self.extra_encoder(node.extras) if is_model else self._encode_any
        encode = object_encoder(cls, parts, encode_extra, self._refusal)
        if hierarchy_of(cls) is not None:
            encode = self._unless_derived(cls, encode)
        return self._of_class(cls, encode)

    def _unless_derived(self, cls: Any, encode: Encoder) -> Encoder:
        """Refuse instances of derived classes: without keys nothing tells which class they have."""

        def encode_exactly(value: Any) -> Any:
            own: Any = value.__class__
            if own is not cls:
                raise self._refusal(
                    f"a {own.__name__} would be read as {cls.__name__}, since a plain class around it stores it by field "
                    f"names: make the class around it an EmbeddedModel, or declare it as {own.__name__}"
                )
            return encode(value)

        return encode_exactly

    def extra_encoder(self, node: Type) -> Encoder:
        """Return the encoder of extra values of a type."""
        return self._by_names(lambda: self.encoder(node)) or _as_it_is

    def _parts(self, node: Object) -> Parts:
        types = node.parts
        if issubclass(node.cls, BaseModel):
            return [(name, self.field_encoder(node.cls, name, of)) for name, of in types.items()]
        return [
            (name, self.encoder(types[name]) if name in types else self._encode_any)
            for name in names_of(node.cls)
        ]

    def _by_names(self, make: Callable[[], T]) -> T:
        """Make an encoder that stores embedded objects, too, by field name."""
        outer, self._encode_document = self._encode_document, None
        made = make()
        self._encode_document = outer
        return made

    def _of_class(self, cls: Any, encode: Encoder) -> Encoder:
        """Convert a value of another class, such as a dictionary put into a list, as an assignment would."""
        validate = Validation(with_real_class(cls))
        # Typed dictionaries have no instances.
        runtime_class: Any = Mapping if issubclass(cls, dict) else cls

        def encode_instance(value: Any) -> Any:
            if isinstance(value, runtime_class):
                return encode(value)
            try:
                value = validate(value)
            except ValidationError as error:
                raise self._refusal(first_problem(error)) from error
            return encode(value)

        return encode_instance

    def _pydantic_encoder(self, annotation: Any) -> Encoder:
        encode_any = self._encode_any
        adapter = type_adapter(annotation, arbitrary_types=True)
        return lambda value: encode_any(adapter.dump_python(value, warnings=False))

    def _tuple_encoder(self, node: FixedTuple) -> Encoder | None:
        encoders = [self.encoder(each) for each in node.arguments]
        if not any(encoders):
            return None
        encode_any = self._encode_any
        nests = bool(node.models)

        def encode(values: Collection[Any]) -> Any:
            pairs = zip_longest(values, encoders[: len(values)], fillvalue=encode_any)
            encoded = [value if each is None else each(value) for value, each in pairs]
            return encoded if nests else tuple(encoded)

        return encode

    def _table_encoder(self, keys: Type, encode: Encoder | None) -> Encoder:
        refusal = self._refusal
        if isinstance(keys, Coded):
            return _items_encoder(codec_key_encoder(keys, refusal), encode, refusal)
        if is_class(keys.bare) and issubclass(keys.bare, str):
            if encode is None:
                return dict
            return lambda values: {key: encode(value) for key, value in values.items()}
        encode_all = _items_encoder(encode_key, encode, refusal)
        is_open = keys.bare in (Any, object, Hashable) or isinstance(keys, Union)
        if not is_open:
            return encode_all
        validate = Validation(keys.annotation)

        def encode_items(values: Mapping[Any, Any]) -> dict[Any, Any]:
            document: dict[Any, Any] = encode_all(values)
            _check_keys(values, validate, refusal)
            return document

        return encode_items


def _items_encoder(encode_one: Encoder, encode: Encoder | None, refusal: Refusal) -> Encoder:
    """Return the encoder of a dictionary, given those of its keys and of its values."""

    def encode_items(values: Mapping[Any, Any]) -> dict[Any, Any]:
        document: dict[Any, Any] = {}
        for key, value in values.items():
            text = encode_one(key)
            if not isinstance(text, Hashable):
                raise refusal(f"the key {key!r} has no text")
            if text in document:
                other = next(one for one in values if encode_one(one) == text)
                reason = (
                    f"the keys {other!r} and {key!r} are both stored as {text!r}, and one of the two values "
                    "would be lost: leave one out"
                )
                raise refusal(reason)
            document[text] = value if encode is None else encode(value)
        return document

    return encode_items


def _check_keys(values: Mapping[Any, Any], validate: Validation, refusal: Refusal) -> None:
    """Refuse a key whose text would be read as another one, such as a number where text is allowed too."""
    for key in values:
        text = encode_key(key)
        if text is key or not isinstance(text, str):
            continue
        try:
            read = validate(text)
        except ValidationError:
            read = None
        if type(read) is not type(key) or read != key:
            reason = (
                f"the key {key!r} is stored as {text!r}, and would not be read as {key!r} again"
            )
            raise refusal(f"{reason}: use text")


def _as_it_is(value: Any) -> Any:
    return value


def _by_other(found: list[Encoder | None]) -> Encoder:
    def encode(value: Any) -> Any:
        each = found[0]
        return value if each is None else each(value)

    return encode


# Type checkers take it for `Annotated`.
_AS_ANY = cast("type[Any]", SerializeAsAny)


def _array_encoder(node: Array, encode: Encoder | None) -> Encoder | None:
    if encode is None:
        return None if node.cls is tuple else list
    if node.cls is tuple and not node.models:

        def encode_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
            return tuple([encode(value) for value in values])

        return encode_tuple

    def encode_items(values: Iterable[Any]) -> list[Any]:
        return [encode(value) for value in values]

    return encode_items


def encode_key(key: Any) -> Any:
    """Write the key of a dictionary as text that validation can read back.

    Keys without such a text stay unchanged, and the driver refuses them.
    """
    if isinstance(key, str):
        return key
    if isinstance(key, Enum):
        return encode_key(key.value)
    if isinstance(key, (date, time)):
        return key.isoformat()
    if isinstance(key, bytes):
        return key.decode(errors="surrogateescape")
    if isinstance(key, _KEYS_WITH_TEXT):
        return str(key)
    return key


_KEYS_WITH_TEXT: tuple[type[Any], ...] = (
    *(int, float, Decimal, Decimal128, bson.ObjectId, UUID, PurePath),
    *(IPv4Address, IPv4Network, IPv6Address, IPv6Network),
)


def _dumped_first(serializer: Encoder) -> Encoder:
    return lambda value: serializer(_as_dumped(value))


def _as_dumped(value: Any) -> Any:
    """Return the result of `model_dump` for a value, without regard to serialisers."""
    if isinstance(value, BaseModel):
        dumped = {name: _as_dumped(item) for name, item in value}
        return dumped["root"] if isinstance(value, RootModel) else dumped
    if is_document(value):
        return {key: _as_dumped(item) for key, item in value.items()}
    if is_stored_array(value) and type(value) in (list, tuple):
        return type(value)(_as_dumped(item) for item in value)
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _as_dumped(getattr(value, name)) for name in names}
    return value
