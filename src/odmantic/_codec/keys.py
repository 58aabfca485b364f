"""The primary keys of documents that are not read: from the ids that refer to them, from programs and from JSON."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import bson
from pydantic import TypeAdapter
from pydantic_core import to_json

from odmantic._codec.encode import encode_primary_key, encode_reference
from odmantic._codec.ids import check_id
from odmantic._mapping.mapping import mapping_of
from odmantic._types.annotations import annotated, type_adapter
from odmantic._types.polymorphic import with_real_class
from odmantic._types.tree import Leaf

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping
    from odmantic.exceptions import ErrorList

_PLAIN = (bson.ObjectId, str, int)
"""Classes whose values are stored and read unchanged."""


def read_key(model: type[Any], stored: Any) -> Any:
    """Return the value of the primary field that is stored like this.

    Raises:
        ValueError: if no document of the model can have it.
    """
    return mapping_of(model).keys.read(stored)


class KeysOfModel:
    """The primary keys of one model."""

    def __init__(self, mapping: ModelMapping) -> None:
        self._mapping = mapping
        self._name = name = str(mapping.primary_field)
        shape = mapping.shapes[name]
        value_class = shape.value_class if type(shape) is Leaf else None
        self._plain = value_class if value_class in _PLAIN else None

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """The validator of the primary field's annotation."""
        info = self._mapping.fields[self._name].pydantic_field
        return type_adapter(annotated(info.annotation, info.metadata), arbitrary_types=True)

    @cached_property
    def _instances(self) -> TypeAdapter[Any]:
        return TypeAdapter(with_real_class(self._mapping.model))

    @cached_property
    def _decode(self) -> Any:
        return next(decode for name, _, decode, _ in self._mapping.decoders if name == self._name)

    def read(self, stored: Any) -> Any:
        """Return the key that is stored like this.

        Raises:
            ValueError: if no document of the model can have it.
        """
        if type(stored) is self._plain:
            return stored
        errors: ErrorList = []
        decode = self._decode
        value = stored if decode is None else decode(stored, None, errors, {"_id": stored})
        if errors:
            model = self._mapping.model
            raise ValueError(f"{stored!r:.200} is no primary key of a {model.__name__}")
        return self.adapter.validate_python(value)

    def validate(self, value: Any, *, is_json: bool = False) -> Any:
        """Return the key that a program or a request gives.

        Raises:
            ValidationError: if the primary field does not accept it.
        """
        if is_json:
            return self.adapter.validate_json(to_json(value))
        return self.adapter.validate_python(value)

    def make_instance(self, value: Any, *, is_json: bool, context: Any) -> Any:
        """Make an instance of a mapping.

        Raises:
            ValidationError: if it does not fit.
        """
        if is_json:
            return self._instances.validate_json(to_json(value), context=context)
        return self._instances.validate_python(value, context=context)

    def stored(self, key: Any) -> Any:
        """Return the stored form of a key.

        Raises:
            InvalidDocumentError: if no document can have it.
        """
        mapping = self._mapping
        if mapping.dumps_itself:
            stored = encode_primary_key(_with_key(mapping, self._name, key))
        else:
            encode = mapping.encoder_of[self._name]
            stored = key if encode is None else encode(key)
        check_id(mapping.model, stored, "refer to")
        return stored

    def stored_of(self, instance: Any) -> Any:
        """Return the stored form of the key of an instance.

        Raises:
            InvalidDocumentError: if no document can have it.
        """
        return encode_reference(instance)


def _with_key(mapping: ModelMapping, name: str, key: Any) -> Any:
    """Return an instance that has a primary key and nothing else, for a class that stores its key itself."""
    instance = object.__new__(mapping.model)
    object.__setattr__(instance, "__dict__", {name: key})
    object.__setattr__(instance, "__pydantic_fields_set__", {name})
    object.__setattr__(instance, "__pydantic_extra__", {} if mapping.extra_allowed else None)
    object.__setattr__(instance, "__pydantic_private__", None)
    return instance
