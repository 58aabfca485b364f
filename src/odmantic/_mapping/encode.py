"""From an instance to its document, and from any Python value to one BSON can hold."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from itertools import zip_longest
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args, get_origin
from uuid import UUID
from weakref import WeakKeyDictionary

import bson
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.regex import Regex
from pydantic import BaseModel

from odmantic._mapping.aliases import is_type_alias
from odmantic._mapping.annotations import (
    is_array,
    is_mapping,
    is_union,
    models_in,
    unwrap,
)
from odmantic._mapping.mapping import (
    ModelKind,
    ODMReference,
    is_embedded_model,
    is_model_instance,
    kind_of_instance,
    mapping_of,
)
from odmantic._mapping.shapes import is_collection, is_document, is_stored_array, is_tuple
from odmantic.bson import BSON_TYPES_SUBSTITUTES, WithBsonSerializer

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping, ODMBaseField
    from odmantic.model import Model, _BaseODMModel

Encoder: TypeAlias = Callable[[Any], Any]
FieldEncoder: TypeAlias = tuple[str, str, Encoder | None]
"""Name and key of a field, and how its value is converted; `None` stores it as it is."""

AS_IT_IS: tuple[type[Any], ...] = (
    types.NoneType,
    str,
    int,
    float,
    bytes,
    datetime,
    bson.ObjectId,
    Decimal128,
    Binary,
    Regex,
)
"""Values of these classes, and of classes derived from them, need no conversion."""


# --- Documents ---------------------------------------------------------------------------------


def encode_document(
    instance: _BaseODMModel, include: Container[str] | None = None
) -> dict[str, Any]:
    """Give the document of an instance, or those fields of it that are named in `include`.

    Additional values of models that allow them are always part of it.
    """
    mapping: ModelMapping = type(instance).__mapping__
    if include is not None:
        document = encode_changes(instance, {name for name in mapping.fields if name in include})
    else:
        try:
            document = mapping.codec.write(instance)
        except KeyError:
            _check_complete(instance)
            raise
    if mapping.extra_allowed and instance.__pydantic_extra__:
        for key, value in instance.__pydantic_extra__.items():
            if key not in mapping.field_names:
                document[key] = encode_any(value)
    return document


def encode_changes(instance: _BaseODMModel, names: AbstractSet[str]) -> dict[str, Any]:
    """Give those fields of the document of an instance that are named, without additional values."""
    encoders = type(instance).__mapping__.codec.encoders
    values = instance.__dict__
    document: dict[str, Any] = {}
    # Most updates have one field, which needs no order.
    is_one = len(names) == 1 and names <= encoders.keys()
    ordered = names if is_one else [name for name in encoders if name in names]
    try:
        for name in ordered:
            key, encode = encoders[name]
            value = values[name]
            document[key] = value if encode is None else encode(value)
    except KeyError:
        _check_complete(instance)
        raise
    return document


def encode_field(instance: _BaseODMModel, name: str) -> Any:
    """Give the stored form of one field, or of an additional value."""
    mapping: ModelMapping = type(instance).__mapping__
    value = getattr(instance, name)
    if name not in mapping.fields:
        return encode_any(value)
    encode = mapping.encoder_of[name]
    return value if encode is None else encode(value)


def encode_primary_key(instance: Model) -> Any:
    """Give what `_id` of an instance's document holds; references to it hold the same."""
    mapping: ModelMapping = type(instance).__mapping__
    name: Any = mapping.primary_field
    encode = mapping.encoder_of[name]
    value = getattr(instance, name)
    return value if encode is None else encode(value)


def _check_complete(instance: _BaseODMModel) -> None:
    for name in mapping_of(type(instance)).fields:
        getattr(instance, name)


def nested_instances(instance: _BaseODMModel) -> Iterator[_BaseODMModel]:
    """Find the instances directly in an instance: embedded ones in containers too, and references."""
    values = instance.__dict__
    for name in mapping_of(type(instance)).nested_fields:
        if name in values:
            yield from instances_in(values[name])


def instances_in(value: Any) -> Iterator[Any]:
    """Find the instances of models in a value: itself, or those in its items."""
    if kind_of_instance(value) is not None:
        yield value
        return
    items: Iterable[Any] = ()
    if is_document(value):
        items = value.values()
    elif is_collection(value):
        items = value
    for item in items:
        yield from instances_in(item)


# --- By annotation -----------------------------------------------------------------------------


def field_encoders(mapping: ModelMapping) -> tuple[FieldEncoder, ...]:
    """Decide how the fields of a model are stored."""
    return tuple(
        (
            name,
            field.key_name,
            _encode_reference
            if isinstance(field, ODMReference)
            else annotation_encoder(field.pydantic_field.annotation, field.pydantic_field.metadata),
        )
        for name, field in mapping.fields.items()
    )


def field_serializers(fields: Mapping[str, ODMBaseField]) -> dict[str, Encoder]:
    """Find the serialisers of whole fields."""
    found: dict[str, Encoder] = {}
    for name, field in fields.items():
        _, metadata = unwrap(field.pydantic_field.annotation)
        serializer = serializer_in((*metadata, *field.pydantic_field.metadata))
        if serializer is not None:
            found[name] = serializer
    return found


def serializer_in(metadata: Iterable[Any]) -> Encoder | None:
    """Find what a user or a BSON type says about storing the values of an annotation."""
    for item in metadata:
        if isinstance(item, WithBsonSerializer):
            return item.bson_serializer
    return None


def annotation_encoder(
    annotation: Any,
    metadata: Iterable[Any] = (),
    *,
    inline: bool = False,
    aliases: Mapping[Any, list[Encoder | None]] = MappingProxyType({}),
) -> Encoder | None:
    """Decide how values of a type are stored; `None` if as they are.

    `inline` is for what is inside objects that are no documents of their own: plain pydantic
    models, and models without a reference. Names of fields are the keys there. `aliases` are the
    type aliases around this type, with room for their encoder, as they may be recursive.
    """
    if is_type_alias(get_origin(annotation) or annotation):
        if annotation in aliases:
            return _later(aliases[annotation])
        found: list[Encoder | None] = []
        aliases = {**aliases, annotation: found}
        encode = _annotation_encoder(annotation, metadata, inline=inline, aliases=aliases)
        found.append(encode)
        return encode
    return _annotation_encoder(annotation, metadata, inline=inline, aliases=aliases)


def _later(found: list[Encoder | None]) -> Encoder:
    def encode(value: Any) -> Any:
        each = found[0]
        return value if each is None else each(value)

    return encode


def _annotation_encoder(
    annotation: Any,
    metadata: Iterable[Any],
    *,
    inline: bool,
    aliases: Mapping[Any, list[Encoder | None]],
) -> Encoder | None:
    bare, inner = unwrap(annotation)
    serializer = serializer_in((*inner, *metadata))
    if serializer is not None:
        return serializer if _is_scalar(bare) else _dumped_first(serializer)

    if is_embedded_model(bare) and not inline:
        return _document_encoder(bare)
    if get_origin(bare) is None or get_origin(bare) is Literal:
        return None if _is_scalar(bare) else encode_any

    def encoder_of(argument: Any) -> Encoder | None:
        return annotation_encoder(argument, inline=inline, aliases=aliases)

    return _generic_encoder(bare, encoder_of)


def _generic_encoder(bare: Any, encoder_of: Callable[[Any], Encoder | None]) -> Encoder | None:
    arguments = get_args(bare)
    origin = get_origin(bare)
    if is_union(bare):
        return _union_encoder(arguments, encoder_of)
    if is_mapping(origin) and len(arguments) == 2:
        return _mapping_encoder(arguments[0], encoder_of(arguments[1]))
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return _tuple_encoder(arguments, [encoder_of(argument) for argument in arguments])
    if is_array(origin):
        return _array_encoder(origin, encoder_of(arguments[0]), nests=any(models_in(bare)))
    return encode_any


def _is_scalar(bare: Any) -> bool:
    if get_origin(bare) is Literal:
        return all(isinstance(value, AS_IT_IS) for value in get_args(bare))
    return bare is None or (isinstance(bare, type) and issubclass(bare, AS_IT_IS))


def _dumped_first(serializer: Encoder) -> Encoder:
    return lambda value: serializer(_as_dumped(value))


def _document_encoder(model: Any) -> Encoder:
    def encode(value: Any) -> Any:
        # Other members of a union come here too, and unvalidated values of any type.
        if isinstance(value, model) or kind_of_instance(value) is ModelKind.EMBEDDED:
            return encode_document(value)
        return encode_any(value)

    return encode


def _encode_reference(value: Any) -> Any:
    return encode_primary_key(value) if is_model_instance(value) else encode_any(value)


def _array_encoder(origin: Any, encode: Encoder | None, *, nests: bool) -> Encoder | None:
    if encode is None:
        return None if origin is tuple else list
    if origin is tuple and not nests:

        def encode_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
            return tuple([encode(value) for value in values])

        return encode_tuple

    def encode_items(values: Iterable[Any]) -> list[Any]:
        return [encode(value) for value in values]

    return encode_items


def _tuple_encoder(arguments: tuple[Any, ...], encoders: list[Encoder | None]) -> Encoder | None:
    if not any(encoders):
        return None
    nests = any(any(models_in(argument)) for argument in arguments)

    def encode(values: Collection[Any]) -> Any:
        pairs = zip_longest(values, encoders[: len(values)], fillvalue=encode_any)
        encoded = [value if each is None else each(value) for value, each in pairs]
        return encoded if nests else tuple(encoded)

    return encode


def _mapping_encoder(key_type: Any, encode: Encoder | None) -> Encoder:
    bare, _ = unwrap(key_type)
    if isinstance(bare, type) and issubclass(bare, str):
        if encode is None:
            return dict
        return lambda values: {key: encode(value) for key, value in values.items()}
    if encode is None:
        return lambda values: {encode_key(key): value for key, value in values.items()}
    return lambda values: {encode_key(key): encode(value) for key, value in values.items()}


def encode_key(key: Any) -> Any:
    """Write the key of a dictionary as text that validation can read back.

    Keys without such a text stay what they are, and the driver refuses them.
    """
    if isinstance(key, str):
        return key
    if isinstance(key, Enum):
        return encode_key(key.value)
    if isinstance(key, (date, time)):
        return key.isoformat()
    if isinstance(key, bytes):
        return key.decode(errors="surrogateescape")
    if isinstance(key, (int, float, Decimal, Decimal128, bson.ObjectId, UUID, PurePath)):
        return str(key)
    return key


def _union_encoder(
    members: tuple[Any, ...], encoder_of: Callable[[Any], Encoder | None]
) -> Encoder | None:
    cases = [(_runtime_class(member), encoder_of(member)) for member in members]
    if not any(encode for _, encode in cases):
        return None
    others = [case for case in cases if case[0] is not types.NoneType]
    if len(others) == 1 and len(cases) > 1:
        one = cast("Encoder", others[0][1])
        return lambda value: None if value is None else one(value)
    exact = dict(reversed(cases))

    def encode(value: Any) -> Any:
        each = exact.get(type(value), _MISSING)
        if each is _MISSING:
            each = next((e for cls, e in cases if isinstance(value, cls)), encode_any)
        return value if each is None else each(value)

    return encode


_MISSING: Any = object()

_RUNTIME_CLASSES: dict[Any, Any] = {
    substitute: cls
    for cls, substitute in BSON_TYPES_SUBSTITUTES.items()
    if isinstance(substitute, type)
}


def _runtime_class(annotation: Any) -> Any:
    """Give the class whose instances are the values of a member of a union."""
    bare, _ = unwrap(annotation)
    cls: Any = get_origin(bare) or bare
    if cls is Literal:
        return get_args(bare)[0].__class__
    if cls is Any or not isinstance(cls, type):
        return _Nothing
    if issubclass(cls, dict):
        # Typed dictionaries have no instances.
        return dict
    return _RUNTIME_CLASSES.get(cls, cls)


class _Nothing:
    """Has no instances: what stands for it is encoded by its value alone."""


# --- By value ----------------------------------------------------------------------------------


def encode_any(value: Any) -> Any:
    """Give the stored form of a value whose type says nothing, at any depth.

    Objects without a document of their own are stored by the names of their fields.
    """
    cls = value.__class__
    if cls in _AS_IT_IS_EXACTLY:
        return value
    if cls is list:
        return [encode_any(item) for item in value]
    if cls is dict:
        return {key: encode_any(item) for key, item in value.items()}
    serializer = _SERIALIZERS.get(cls)
    if serializer is not None:
        return serializer(value)
    if isinstance(value, AS_IT_IS):
        return value
    return _encode_object(value)


def _encode_object(value: Any) -> Any:
    if isinstance(value, Enum):
        return encode_any(value.value)
    if isinstance(value, BaseModel):
        return _encode_inline(value)
    if is_document(value):
        return {key: encode_any(item) for key, item in value.items()}
    if is_tuple(value):
        return tuple([encode_any(item) for item in value])
    if is_collection(value):
        return [encode_any(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {name: encode_any(item) for name, item in _attributes(value)}
    return value


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(value):
        yield field.name, getattr(value, field.name)


def _encode_inline(value: BaseModel) -> dict[str, Any]:
    document: dict[str, Any] = {}
    values = value.__dict__
    for name, encode in _inline_encoders(type(value)):
        if name in values:
            document[name] = values[name] if encode is None else encode(values[name])
    for name, item in (value.__pydantic_extra__ or {}).items():
        document[name] = encode_any(item)
    return document


def _inline_encoders(model: type[BaseModel]) -> tuple[tuple[str, Encoder | None], ...]:
    encoders = _INLINE_ENCODERS.get(model)
    if encoders is None:
        encoders = tuple(
            (name, annotation_encoder(info.annotation, info.metadata, inline=True))
            for name, info in model.__pydantic_fields__.items()
        )
        _INLINE_ENCODERS[model] = encoders
    return encoders


_INLINE_ENCODERS: WeakKeyDictionary[type[BaseModel], tuple[tuple[str, Encoder | None], ...]] = (
    WeakKeyDictionary()
)


def _as_dumped(value: Any) -> Any:
    """Give what `model_dump` shows of a value, whatever serialisers say."""
    if isinstance(value, BaseModel):
        return {name: _as_dumped(item) for name, item in value}
    if is_document(value):
        return {key: _as_dumped(item) for key, item in value.items()}
    if is_stored_array(value) and type(value) in (list, tuple):
        return type(value)(_as_dumped(item) for item in value)
    if dataclasses.is_dataclass(value):
        return {name: _as_dumped(item) for name, item in _attributes(value)}
    return value


_AS_IT_IS_EXACTLY = frozenset(AS_IT_IS)

_SERIALIZERS = {
    cls: serializer
    for cls, substitute in BSON_TYPES_SUBSTITUTES.items()
    if (serializer := serializer_in(unwrap(substitute)[1]))
}
"""How the BSON types are stored that need a conversion."""


def encode_value(value: Any) -> Any:
    """Give the BSON form of a value in a query or an update, at any depth.

    An embedded instance stands for its document, an instance of a model for its primary key, a
    member of an enumeration for its value.
    """
    if type(value) in _AS_IT_IS_EXACTLY:
        return value
    if isinstance(value, Enum):
        return encode_value(value.value)
    kind = kind_of_instance(value)
    if kind is ModelKind.EMBEDDED:
        return encode_document(value)
    if kind is ModelKind.MODEL:
        return encode_primary_key(value)
    if is_document(value):
        return {key: encode_value(item) for key, item in value.items()}
    if is_tuple(value):
        return tuple([encode_value(item) for item in value])
    if is_collection(value):
        return [encode_value(item) for item in value]
    return encode_any(value)
