"""How values of a class are stored: as arrays, documents, or objects with fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from inspect import get_annotations
from types import NoneType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import bson
from bson.decimal128 import Decimal128
from pydantic import BaseModel
from typing_extensions import NotRequired, ReadOnly, Required

from odmantic._bson.forms import FORMS
from odmantic._types.annotations import evaluate, is_union, marks_of
from odmantic._types.kinds import is_class

IMMUTABLE: tuple[type[Any], ...] = (
    *(NoneType, bool, int, float, str, bytes, tuple, frozenset),
    *(Enum, Decimal, UUID, bson.ObjectId, Decimal128, date),
    *(cls for cls, form in FORMS.items() if form.is_leaf),
)
"""Classes of values that cannot change, but for what is inside of them."""

_QUALIFIERS = (Required, NotRequired, ReadOnly, Final)
"""Qualifiers that concern a field and not its values."""


def is_array(cls: Any) -> bool:
    """Return whether values of a generic class are stored as arrays."""
    return (
        is_class(cls) and issubclass(cls, Iterable) and not issubclass(cls, (str, bytes, Mapping))
    )


def is_set(cls: Any) -> bool:
    """Return whether values of a class are sets."""
    return is_class(cls) and issubclass(cls, AbstractSet)


def is_mapping(cls: Any) -> bool:
    """Return whether values of a class are stored as documents."""
    return is_class(cls) and issubclass(cls, Mapping)


def is_object_class(cls: Any) -> bool:
    """Return whether values of a class are stored by their fields.

    Such classes are plain pydantic models, dataclasses, typed dictionaries and named tuples.
    """
    if not is_class(cls):
        return False
    # Attributes of a model that is being defined must not be read.
    has_fields = issubclass(cls, BaseModel) or is_dataclass(cls)
    return has_fields or hasattr(cls, "__total__") or hasattr(cls, "_fields")


def field_types(cls: Any) -> dict[str, tuple[Any, Iterable[Any]]]:
    """Return the annotations and metadata of the fields if values are stored by their fields, or else nothing."""
    if not is_object_class(cls):
        return {}
    if issubclass(cls, BaseModel):
        infos = cls.__pydantic_fields__
        return {name: (info.annotation, marks_of(info)) for name, info in infos.items()}
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError:  # pydantic has found names local to a function
        return {}
    return {name: (_without_qualifiers(annotation), ()) for name, annotation in hints.items()}


def type_of_extras(cls: Any) -> Any:
    """Return the type that a pydantic model declares for its extra values."""
    mro: tuple[Any, ...] = cls.__mro__
    for each in mro[: mro.index(BaseModel)]:
        annotations: dict[str, Any] = get_annotations(each)
        declared = annotations.get("__pydantic_extra__")
        if declared is not None:
            evaluated, _ = evaluate(declared, each.__module__, {})
            members = get_args(evaluated) if is_union(evaluated) else (evaluated,)
            arguments = next((get_args(each) for each in members if get_args(each)), ())
            return (*arguments, Any, Any)[1]
    return Any


def type_of_variable(variable: TypeVar) -> Any:
    """Return the type that validates values if a generic class has no arguments."""
    if variable.__constraints__:
        return Union[variable.__constraints__]  # noqa: UP007 - a tuple
    # Only newer versions of Python, and `typing_extensions`, have defaults.
    has_default = getattr(variable, "has_default", bool)()
    default: Any = getattr(variable, "__default__", None) if has_default else None
    return variable.__bound__ or default or Any


def _without_qualifiers(annotation: Any) -> Any:
    while get_origin(annotation) in _QUALIFIERS:
        (annotation,) = get_args(annotation)
    return annotation
