"""From an instance to its document, and from a value in a query to its BSON form."""

from __future__ import annotations

from collections.abc import Callable, Container
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._bson.codecs import REGISTERED, codec_of_class
from odmantic._bson.values import is_collection, is_document, is_tuple
from odmantic._codec.absent import leave_out
from odmantic._codec.encoders import EncoderCompiler
from odmantic._codec.ids import check_id
from odmantic._codec.members import names_in
from odmantic._codec.objects import check_extra
from odmantic._codec.overrides import dump_primary_key
from odmantic._codec.types import checking_encoder, unknown_keys
from odmantic._codec.untyped import (
    AS_IT_IS_EXACTLY,
    any_encoder,
    encode_any,
    refusal_of_instance,
)
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.interfaces import Encoder, FieldEncoder
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.trees import is_open_type
from odmantic._types.instances import Instance
from odmantic._types.kinds import ModelKind, is_model_instance, kind_of_instance
from odmantic._types.tree import Target, read_extras
from odmantic.exceptions import IncompleteDocumentError, InvalidDocumentError

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._types.tree import Type


def encode_document(instance: Instance, include: Container[str] | None = None) -> dict[str, Any]:
    """Return the document of an instance, or only the fields and stored properties that are named in `include`.

    Extra values of models that allow them are always included.
    """
    mapping: ModelMapping = instance.__mapping__
    if include is None:
        document = encode_fields(instance)
        if mapping.has_only_fields:
            return document
        if mapping.keeps_unknown_keys:
            document = {**unknown_keys(instance), **document}
    else:
        document = encode_changes(instance, {name for name in mapping.fields if name in include})
    if mapping.stored:
        document |= encode_stored(instance, include)
    if mapping.extra_allowed:
        document |= encode_extras(instance)
    return document


def encode_fields(instance: Instance) -> dict[str, Any]:
    """Return the document of an instance without extra values."""
    mapping: ModelMapping = instance.__mapping__
    try:
        document = mapping.codec.write(instance)
    except KeyError:
        _check_complete(instance)
        raise
    if mapping.has_only_fields:
        return document
    if mapping.judge is not None:
        mapping.judge(instance)
    return leave_out(mapping, document) if mapping.left_out else document


def encode_stored(instance: Instance, include: Container[str] | None = None) -> dict[str, Any]:
    """Compute the stored properties of an instance, or those named in `include`, and return their stored forms.

    Raises:
        Exception: what a property raises.
    """
    mapping: ModelMapping = instance.__mapping__
    document: dict[str, Any] = {}
    for name, key, encode in mapping.stored_encoders:
        if include is None or name in include:
            vars(instance).pop(name, None)  # where a cached property keeps an earlier value
            value = getattr(instance, name)
            document[key] = value if encode is None else encode(value)
    return leave_out(mapping, document) if mapping.left_out else document


def encode_extras(instance: Instance, include: Container[str] | None = None) -> dict[str, Any]:
    """Return the stored forms of an instance's extra values, or of those named in `include`.

    Raises:
        InvalidDocumentError: if one is named like a field or its key.
    """
    mapping: ModelMapping = instance.__mapping__
    document: dict[str, Any] = {}
    for key, value in (instance.__pydantic_extra__ or {}).items():
        if include is None or key in include:
            check_extra(key, mapping.names_and_keys, partial(refusal_of_instance, mapping.model))
            document[key] = mapping.encode_extra(value)
    return document


def encode_changes(instance: Instance, names: AbstractSet[str]) -> dict[str, Any]:
    """Return the named fields of an instance's document, without extra values."""
    mapping: ModelMapping = instance.__mapping__
    encoders = mapping.codec.encoders
    values = instance.__dict__
    document: dict[str, Any] = {}
    # Most updates have one field, which needs no order.
    is_one = len(names) == 1 and names <= encoders.keys()
    try:
        for name in names if is_one else [each for each in encoders if each in names]:
            key, encode = encoders[name]
            value = values[name]
            document[key] = value if encode is None else encode(value)
    except KeyError:
        _check_complete(instance)
        raise
    if mapping.judge is not None:
        mapping.judge(instance)
    return leave_out(mapping, document) if mapping.left_out else document


def encode_field(instance: Instance, name: str) -> Any:
    """Return the stored form of one field or extra value."""
    mapping: ModelMapping = instance.__mapping__
    if name not in mapping.fields:
        # It may have the name of an attribute of the class.
        extras = instance.__pydantic_extra__ or {}
        return mapping.encode_extra(extras[name] if name in extras else getattr(instance, name))
    value = _value_of(instance, name)
    encode = mapping.encoder_of[name]
    return value if encode is None else encode(value)


def encode_primary_key(instance: Instance) -> Any:
    """Return the `_id` of an instance's document, which references to it hold too."""
    mapping: ModelMapping = instance.__mapping__
    name: Any = mapping.primary_field
    encode = mapping.encoder_of[name]
    value = _value_of(instance, name)
    key = value if encode is None else encode(value)
    return dump_primary_key(instance, key) if mapping.dumps_itself else key


def encode_reference(target: Instance) -> Any:
    """Return the stored form of a reference to `target`.

    Raises:
        InvalidDocumentError: if its primary key is not valid.
    """
    key = encode_primary_key(target)
    check_id(type(target), key, "refer to")
    return key


def _value_of(instance: Instance, name: str) -> Any:
    """Return the value of a field, whatever attribute access the class defines."""
    try:
        return instance.__dict__[name]
    except KeyError:
        _check_complete(instance)
        raise


def _check_complete(instance: Instance) -> None:
    model: Any = type(instance)
    for name in mapping_of(model).fields:
        if name not in instance.__dict__:
            # What was not loaded says so itself.
            getattr(instance, name, None)
            raise IncompleteDocumentError(
                f"cannot store {model.__name__}: {model.__name__!r} object has no attribute {name!r}. It was made by "
                "model_construct, or unpickled from a time before the field was added: assign a value to the field",
                model,
            ) from None


def encode_value(value: Any) -> Any:
    """Return the BSON form of a value in a query or an update, at any depth.

    An embedded instance becomes its document, an instance of a model its primary key, a member of an enumeration its
    value.
    """
    if type(value) in AS_IT_IS_EXACTLY:
        return value
    kind = kind_of_instance(value)
    if kind is ModelKind.EMBEDDED:
        return value.model_dump_doc()
    if kind is ModelKind.MODEL:
        return encode_primary_key(value)
    return _encode_other(value)


def _encode_other(value: Any) -> Any:
    if REGISTERED and codec_of_class(type(value)) is not None:
        return encode_any(value)
    if isinstance(value, Enum):
        return encode_value(value.value)
    if is_document(value):
        return {key: encode_value(item) for key, item in value.items()}
    if is_tuple(value):
        return tuple([encode_value(item) for item in value])
    if is_collection(value):
        return [encode_value(item) for item in value]
    return encode_any(value)


def field_encoders(mapping: ModelMapping) -> tuple[FieldEncoder, ...]:
    """Decide how the fields of a model are stored."""
    return tuple(
        (name, field.key_name, _field_encoder(mapping, name, field))
        for name, field in mapping.fields.items()
    )


def stored_encoders(mapping: ModelMapping) -> tuple[FieldEncoder, ...]:
    """Decide how the stored properties of a model are stored."""
    return tuple(
        (name, field.key_name, _field_encoder(mapping, name, field))
        for name, field in mapping.stored.items()
    )


def type_encoder(node: Type) -> Encoder | None:
    """Return the encoder for the values of a single type; `None` if they are stored unchanged."""
    return EncoderCompiler(any_encoder(node.codecs), ValueError, encode_document).encoder(node)


def extra_encoder(mapping: ModelMapping) -> Encoder:
    """Decide how extra values are stored."""
    node = read_extras(mapping.model)
    refuse = partial(refusal_of_instance, mapping.model)
    return EncoderCompiler(any_encoder(node.codecs), refuse).extra_encoder(node)


def _field_encoder(mapping: ModelMapping, name: str, field: ODMBaseField) -> Encoder | None:
    if isinstance(field, ODMReference) and isinstance(field.tree, Target):
        return partial(_encode_target, field)
    refuse = partial(refusal, mapping, name)
    compiler = EncoderCompiler(any_encoder(field.tree.codecs), refuse, encode_document)
    if isinstance(field, ODMReference):
        compiler.encode_target = partial(_encode_only_target, field, refuse)
        return compiler.encoder(field.tree)
    encode = compiler.field_encoder(mapping.model, name, field.tree)
    return checking_encoder(mapping, encode) if is_open_type(mapping, name) else encode


def refusal(mapping: ModelMapping, name: str, reason: str) -> InvalidDocumentError:
    """Return the error for a field's value that is not stored."""
    model = mapping.model
    return InvalidDocumentError(
        f"field '{name}' of {model.__name__} holds a value that cannot be stored and read again: {reason}",
        model,
    )


def _encode_target(field: ODMReference, value: Any) -> Any:
    if not is_model_instance(value):
        return encode_any(value)
    check_target(field, value)
    return encode_reference(value)


def _encode_only_target(field: ODMReference, refuse: Callable[[str], Exception], value: Any) -> Any:
    """Encode a target in a container, which may have changed since its validation, or one of several models."""
    if not is_model_instance(value):
        raise refuse(f"{value!r:.200} is no {names_in(field.members, ' or ')}")
    check_target(field, value)
    return refer_to(field, value)


def refer_to(field: ODMReference, target: Instance) -> Any:
    """Return the stored form of a reference of a field to a target that it may have.

    Raises:
        InvalidDocumentError: if the primary key of the target is not valid.
    """
    key = encode_reference(target)
    if not field.members[0].is_named:
        return key
    return next(each for each in field.members if each.has(target)).refer(key)


def check_target(field: ODMReference, target: Instance) -> None:
    """Raise for an instance to which a reference cannot lead, by its class or its collection.

    Raises:
        InvalidDocumentError: the reference would lead to no document, or to another one.
    """
    cls, model = type(target), field.model
    if field.members[0].is_chosen:
        if not any(each.has(target) for each in field.members):
            names = names_in(field.members, " or a ")
            raise InvalidDocumentError(
                f"a reference to a {names} cannot lead to a {cls.__name__}: name {cls.__name__} in the annotation",
                cls,
            )
    elif cls is not model and mapping_of(cls).collection != mapping_of(model).collection:
        raise InvalidDocumentError(
            f"a reference to {model.__name__} cannot lead to a {cls.__name__}, whose documents are in another collection: "
            f"declare the field as {cls.__name__}, or store the key",
            cls,
        )
