"""Lazy references in pydantic: what a `Ref` accepts, its dumps and its JSON schema, which are the primary key's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

import bson
from pydantic import ValidationError
from pydantic_core import core_schema

from odmantic._bson.values import is_document
from odmantic._mapping.members import ELSEWHERE, Member, member_for, members_of
from odmantic._types.annotations import is_union
from odmantic._types.classes import type_of_variable
from odmantic._types.kinds import ModelKind, is_class, kind_of, why_no_model
from odmantic._types.tree import Variable, read_type
from odmantic._types.unions import members_of as members_in
from odmantic.bson import ObjectId

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from odmantic._mapping.interfaces import Keys
    from odmantic._types.tree import Lazy, Target


_ITSELF = frozenset((bson.ObjectId, ObjectId, str, int))
"""The classes of keys that a dump in Python leaves as they are."""


def schema_of_ref(cls: Any, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the schema of a `Ref[...]`.

    Raises:
        TypeError: if its argument is no model.
    """
    models_in(source)
    # The model may be the class that is being defined: it is asked for nothing yet.
    return handler.generate_schema(Annotated[Any, RefSchema(cls, source)])


def models_in(source: Any) -> tuple[Any, ...]:
    """Return the models of an annotation `Ref[...]`; none for the parameter of a generic class.

    Raises:
        TypeError: if it has something else.
    """
    argument = _bare(next(iter(get_args(source)), None))
    if isinstance(argument, TypeVar):
        argument = type_of_variable(argument)
        if kind_of(argument) is not ModelKind.MODEL:
            return ()
    models = tuple(map(_bare, members_in(argument))) if is_union(argument) else (argument,)
    for each in models:
        if kind_of(each) is not ModelKind.MODEL:
            raise TypeError(_refusal(each))
    return models


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    return annotation


def _refusal(argument: Any) -> str:
    if argument is None:
        return "Ref needs the model that it leads to, as in Ref[User]"
    shown = getattr(argument, "__name__", repr(argument))
    why = why_no_model(argument) if is_class(argument) else ""
    return f"Ref[{shown}] cannot be: {shown} is no model{why}"


@dataclass(frozen=True, eq=False)
class RefSchema:
    """The mark of an annotation for lazy references.

    Attributes:
        ref: The class `Ref`.
        source: The annotation.
    """

    ref: Any
    source: Any

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The members; none in a generic class without arguments."""
        inner = cast("Lazy", read_type(self.source)).inner
        if isinstance(inner, Variable):
            models = models_in(self.source)
            return (Member(models[0]),) if models else ()
        return members_of(cast("Target", inner))

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
        if not self.members:
            return handler(core_schema.any_schema())
        forms: list[Any] = [_json_form(each, handler) for each in self.members]
        return {"anyOf": forms} if len(forms) > 1 else forms[0]

    def validate(self, value: Any, info: core_schema.ValidationInfo[Any]) -> Any:
        """Return a reference for one, for an instance, a key or a mapping.

        Raises:
            ValueError: if it is none of these.
        """
        cls, members = value.__class__, self.members
        if cls is self.ref:
            if not members or member_for(members, value) is not None:
                return value
            raise ValueError(f"a Ref[{self._name}] cannot be {value!r}")
        if kind_of(cls) is ModelKind.MODEL:
            if not members or any(each.has(value) for each in members):
                return self.ref(value)
            raise ValueError(f"a Ref[{self._name}] cannot lead to a {cls.__name__}")
        if not members:
            raise ValueError("it can only be an instance of a model: the class has no arguments")
        return self._referred(value, is_json=info.mode == "json", context=info.context)

    @property
    def _name(self) -> str:
        return " | ".join(cls.__name__ for each in self.members for cls in each.classes)

    def _referred(self, value: Any, *, is_json: bool, context: Any) -> Any:
        """Return a reference for a key or a mapping."""
        members = self.members
        if not members[0].is_named:
            return self._made(members[0], value, is_json=is_json, context=context)
        for each in members:
            id_ = each.id_in(value)
            if id_ is not ELSEWHERE:
                keys = keys_of(each.cls)
                return self.ref.to(each.cls, keys.validate(id_, is_json=is_json))
        names = " or ".join(repr(each.collection) for each in members)
        raise ValueError(
            f'a Ref[{self._name}] is an instance, or {{"$ref": ..., "$id": key}} with a collection, which is {names}'
        )

    def _made(self, member: Member, value: Any, *, is_json: bool, context: Any) -> Any:
        """Return a reference for a key, or to a new instance unless the mapping is a primary key, an embedded model."""
        model = member.cls
        keys = keys_of(model)
        if not is_document(value):
            return self.ref.to(model, keys.validate(value, is_json=is_json))
        try:
            instance = keys.make_instance(value, is_json=is_json, context=context)
        except ValidationError:
            try:
                key = keys.validate(value, is_json=is_json)
            except ValidationError:
                key = None
            if key is None:
                raise
            return self.ref.to(model, key)
        if not member.has(instance):
            raise ValueError(f"a Ref[{self._name}] cannot lead to a {type(instance).__name__}")
        return self.ref(instance)

    def dump(self, ref: Any, info: core_schema.SerializationInfo[Any]) -> Any:
        """Return the primary key, in JSON or in Python, with the collection if there are several."""
        if type(ref) is not self.ref:
            return ref  # what nothing has validated
        key, is_json = ref.key, info.mode == "json"
        if type(key) not in _ITSELF or is_json:
            model: Any = ref._model  # noqa: SLF001
            mode: Literal["json", "python"] = "json" if is_json else "python"
            key = keys_of(model).adapter.dump_python(key, mode=mode)
        member = member_for(self.members, ref)
        if member is None or not member.is_named:
            return key
        # In Python it may be in a set.
        return {"$ref": member.collection, "$id": key} if is_json else member.refer(key)


def _json_form(member: Member, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    # Of what is given here itself, pydantic does not look at the metadata.
    schema = keys_of(member.cls).adapter.core_schema
    key = handler(core_schema.no_info_after_validator_function(_as_it_is, schema))
    if not member.is_named:
        return key
    return {
        "type": "object",
        "properties": {"$ref": {"const": member.collection, "type": "string"}, "$id": key},
        "required": ["$ref", "$id"],
    }


def keys_of(model: Any) -> Keys:
    """Return what is known of the primary keys of a model."""
    keys: Keys = model.__mapping__.keys
    return keys


def _as_it_is(value: Any) -> Any:
    return value
