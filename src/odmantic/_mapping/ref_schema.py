"""Lazy references in pydantic: what a `Ref` accepts, its dumps and its JSON schema, which are the primary key's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

import bson
from pydantic import ValidationError
from pydantic_core import core_schema

from odmantic._bson.values import is_document
from odmantic._types.classes import type_of_variable
from odmantic._types.kinds import ModelKind, is_class, kind_of, why_no_model
from odmantic.bson import ObjectId

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from odmantic._mapping.interfaces import Keys


_ITSELF = frozenset((bson.ObjectId, ObjectId, str, int))
"""The classes of keys that a dump in Python leaves as they are."""


def schema_of_ref(cls: Any, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the schema of a `Ref[...]`.

    Raises:
        TypeError: if its argument is no model.
    """
    model = model_in(source)
    # The model may be the class that is being defined: it is asked for nothing yet.
    return handler.generate_schema(Annotated[Any, RefSchema(cls, model)])


def model_in(source: Any) -> Any:
    """Return the model of an annotation `Ref[...]`.

    Raises:
        TypeError: if it has none.
    """
    argument: Any = next(iter(get_args(source)), None)
    while get_origin(argument) is Annotated:
        argument = argument.__origin__
    if isinstance(argument, TypeVar):
        bound = type_of_variable(argument)
        return bound if kind_of(bound) is ModelKind.MODEL else None
    if kind_of(argument) is not ModelKind.MODEL:
        if argument is None:
            raise TypeError("Ref needs the model that it leads to, as in Ref[User]")
        shown = getattr(argument, "__name__", repr(argument))
        why = why_no_model(argument) if is_class(argument) else ""
        raise TypeError(f"Ref[{shown}] cannot be: {shown} is no model{why}")
    return argument


@dataclass(frozen=True, slots=True)
class RefSchema:
    """The mark of an annotation for lazy references.

    Attributes:
        ref: The class `Ref`.
        model: The model; `None` for any, in a generic class without arguments.
    """

    ref: Any
    model: Any

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.dump, info_arg=True
            ),
        )

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if self.model is None:
            return handler(core_schema.any_schema())
        # Of what is given here itself, pydantic does not look at the metadata.
        key = keys_of(self.model).adapter.core_schema
        return handler(core_schema.no_info_after_validator_function(_as_it_is, key))

    def validate(self, value: Any, info: core_schema.ValidationInfo[Any]) -> Any:
        """Return a reference for one, for an instance, a key or a mapping.

        Raises:
            ValueError: if it is none of these.
        """
        model = self.model
        cls = value.__class__
        if cls is self.ref:
            if model is None or self._fits(value):
                return value
            raise ValueError(f"a Ref[{model.__name__}] cannot be {value!r}")
        if model is None:
            if kind_of(cls) is not ModelKind.MODEL:
                raise ValueError(
                    "it can only be an instance of a model: the class has no arguments"
                )
            return self.ref(value)
        if isinstance(value, model):
            return self.ref(value)
        if kind_of(cls) is ModelKind.MODEL:
            raise ValueError(f"a Ref[{model.__name__}] cannot lead to a {cls.__name__}")
        keys, is_json = keys_of(model), info.mode == "json"
        if is_document(value):
            return self._made(keys, value, is_json=is_json, context=info.context)
        return self.ref.to(model, keys.validate(value, is_json=is_json))

    def _made(self, keys: Keys, value: Any, *, is_json: bool, context: Any) -> Any:
        """Return a reference to a new instance, unless the mapping is a primary key, an embedded model."""
        try:
            return self.ref(keys.make_instance(value, is_json=is_json, context=context))
        except ValidationError:
            try:
                key = keys.validate(value, is_json=is_json)
            except ValidationError:
                key = None
            if key is None:
                raise
            return self.ref.to(self.model, key)

    def _fits(self, ref: Any) -> bool:
        target = ref.value_or_none
        return issubclass(ref._model if target is None else type(target), self.model)  # noqa: SLF001

    def dump(self, ref: Any, info: core_schema.SerializationInfo[Any]) -> Any:
        """Return the primary key, in JSON or in Python."""
        if type(ref) is not self.ref:
            return ref  # what nothing has validated
        key = ref.key
        if type(key) in _ITSELF and info.mode == "python":
            return key
        model: Any = ref._model  # noqa: SLF001
        return keys_of(model).adapter.dump_python(
            key, mode="json" if info.mode == "json" else "python"
        )


def keys_of(model: Any) -> Keys:
    """Return what is known of the primary keys of a model."""
    keys: Keys = model.__mapping__.keys
    return keys


def _as_it_is(value: Any) -> Any:
    return value
