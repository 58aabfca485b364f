"""Changes of values by a class's own `model_dump`, which 1.x stored.

Only values that it changes count. Pydantic's serialisers, which are not for documents, change none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from odmantic._bson.values import is_collection, is_document
from odmantic._codec.untyped import encode_any
from odmantic._mapping.fields import ODMEmbedded, ODMEmbeddedGeneric, ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.members import members_of
from odmantic._types.tree import Array, Coded, Nullable, Table, Target, Targets

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._types.tree import Type

_ABSENT = object()


def encode_shown(instance: Any) -> dict[str, Any]:
    """Return the stored forms, by key, of the values that the class's own `model_dump` changes."""
    mapping: ModelMapping = instance.__mapping__
    usual = BaseModel.model_dump(instance)
    shown: dict[str, Any] = {
        name: value
        for name, value in instance.model_dump().items()
        if not _is_same(value, usual.get(name, _ABSENT)) and not _names_collections(mapping, name)
    }
    stored = _encode_fields(mapping, shown)
    if mapping.extra_allowed:
        stored |= {k: encode_any(v) for k, v in shown.items() if k not in mapping.fields}
    return stored


def _names_collections(mapping: ModelMapping, name: str) -> bool:
    """Return whether a field is stored with the collections of its targets, which `model_dump` does not show."""
    field = mapping.fields.get(name)
    return isinstance(field, ODMReference) and field.members[0].is_named


def _is_same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _encode_fields(mapping: ModelMapping, values: dict[str, Any]) -> dict[str, Any]:
    return {
        field.key_name: _encode(mapping, name, field, values[name])
        for name, field in mapping.fields.items()
        if name in values
    }


def _encode(mapping: ModelMapping, name: str, field: ODMBaseField, value: Any) -> Any:
    if isinstance(field, ODMReference):
        return encode_any(_keys_of(field.tree, value))
    if isinstance(field, (ODMEmbedded, ODMEmbeddedGeneric)):
        return _encode_embedded(
            mapping_of(field.model), value, is_one=isinstance(field, ODMEmbedded)
        )
    if isinstance(field.tree, Coded):
        encode = mapping.encoder_of[name]
        return value if encode is None else encode(value)
    serialize = mapping.serializers.get(name)
    return encode_any(value) if serialize is None else serialize(value)


def _keys_of(node: Type, value: Any) -> Any:
    """Return the primary keys in what `model_dump` shows of a reference."""
    match node:
        case Nullable() if value is not None:
            return _keys_of(node.inner, value)
        case Array() if is_collection(value):
            return [_keys_of(node.inner, each) for each in value]
        case Table() if is_document(value):
            return {key: _keys_of(node.inner, each) for key, each in value.items()}
        case Target() if is_document(value):
            return value[mapping_of(node.cls).primary_field]
        case Targets() if is_document(value):
            (member,) = members_of(node)
            return value[mapping_of(member.cls).primary_field]
        case _:
            return value


def _encode_embedded(mapping: ModelMapping, value: Any, *, is_one: bool) -> Any:
    """Return the stored form of embedded objects, which `model_dump` shows by field name."""
    if is_document(value):
        if is_one:
            return _encode_fields(mapping, cast("dict[str, Any]", value))
        return {key: _encode_embedded(mapping, each, is_one=True) for key, each in value.items()}
    if is_collection(value):
        return [_encode_embedded(mapping, each, is_one=True) for each in value]
    return encode_any(value)
