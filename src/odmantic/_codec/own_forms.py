"""Types whose stored form only pydantic knows, and fields that a serialiser of their class stores."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    WrapSerializer,
    WrapValidator,
)

from odmantic._bson.datetimes import Datetimes
from odmantic._bson.values import AS_IT_IS, COLLECTIONS
from odmantic._types.annotations import annotated, type_adapter
from odmantic._types.internals import has_serializer
from odmantic._types.kinds import is_class
from odmantic._types.tree import Coded, Type
from odmantic.bson import BSON_TYPES_SUBSTITUTES, DATETIMES, SUBSTITUTE_MARKS

_HOOK = "__get_pydantic_core_schema__"
_SERIALIZERS = (PlainSerializer, WrapSerializer)
_VALIDATORS = (AfterValidator, BeforeValidator, PlainValidator, WrapValidator)
_PLAIN = (*_SERIALIZERS, *_VALIDATORS, *SUBSTITUTE_MARKS, Datetimes)
"""Marks that do not change the type."""

_SUBSTITUTES = (cls for cls in BSON_TYPES_SUBSTITUTES.values() if is_class(cls))
_WITHOUT_OWN_FORM: tuple[type[Any], ...] = (BaseModel, *_SUBSTITUTES)
_KNOWN = (*AS_IT_IS, Decimal, Enum, re.Pattern, BaseModel, Mapping, *COLLECTIONS)


def dumping_marks(node: Type) -> tuple[Any, ...] | None:
    """Return the marks with which pydantic dumps values of a type into their stored form; `None` if it does not.

    It does so if only a serialiser may know a form, and if a type defines its dumped form. Validation reads such a
    form, as that of `Base64Str`. Other serialisers are not for documents.
    """
    bare, marks = node.bare, node.marks
    if node.models:
        return None
    has_hook = any(hasattr(each, _HOOK) for each in (bare, *marks))
    if has_hook and bare not in DATETIMES and is_foreign(node):
        return marks
    hooks = tuple(mark for mark in marks if hasattr(mark, _HOOK) and not isinstance(mark, _PLAIN))
    own = [annotated(bare, (mark,)) for mark in hooks]
    if hasattr(bare, _HOOK) and is_class(bare) and not issubclass(bare, _WITHOUT_OWN_FORM):
        own.append(bare)
    return hooks if any(map(_defines_its_form, own)) else None


def _defines_its_form(annotation: Any) -> bool:
    schema: Any = type_adapter(annotation, arbitrary_types=True).core_schema
    form = schema.get("serialization")
    return form is not None and not form.get("when_used", "always").startswith("json")


def is_foreign(node: Type) -> bool:
    """Return whether BSON has no form for a value of a type, or for a part of it."""
    if node.models:
        return False
    return any(_is_foreign_class(each.bare) for each in node.inside if not isinstance(each, Coded))


def _is_foreign_class(cls: Any) -> bool:
    return (
        is_class(cls)
        and cls not in (Any, object)
        and not issubclass(cls, _KNOWN)
        and not dataclasses.is_dataclass(cls)
    )


def is_left_to_field(model: Any, name: str, node: Type) -> bool:
    """Return whether a serialiser of the class defines how a field is stored."""
    return has_serializer(model, name) and is_foreign(node)


def dumped_field(model: Any, name: str, value: Any) -> Any:
    """Return the result of `model_dump` for a field, whatever the other fields hold."""
    instance = model.__new__(model)
    object.__setattr__(instance, "__dict__", {name: value})
    object.__setattr__(instance, "__pydantic_fields_set__", {name})
    object.__setattr__(instance, "__pydantic_extra__", None)
    object.__setattr__(instance, "__pydantic_private__", None)
    serializer = model.__pydantic_serializer__
    return serializer.to_python(instance, include={name}, warnings=False)[name]
