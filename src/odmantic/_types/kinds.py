"""The kinds of classes and instances."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, TypeGuard

from odmantic._types.instances import Instance
from odmantic._types.internals import generic_origin


class ModelKind(Enum):
    """The kind of a class; models carry it as `__odm_kind__`."""

    ROOT = auto()
    """`Model` and `EmbeddedModel` themselves, which have no documents."""
    ABSTRACT = auto()
    """A base of models: it has fields, but neither documents nor instances."""
    MODEL = auto()
    EMBEDDED = auto()


CONCRETE = (ModelKind.MODEL, ModelKind.EMBEDDED)
"""The kinds of classes with instances."""

WITH_FIELDS = (*CONCRETE, ModelKind.ABSTRACT)
"""The kinds of classes with fields and a mapping."""


def is_class(obj: object) -> TypeGuard[type[Any]]:
    """Return whether this is a class, not a generic one with arguments.

    In Python 3.10, `isinstance(list[int], type)` is true, and `issubclass` then fails.
    """
    return issubclass(type(obj), type)


def origin_of(model: Any) -> Any:
    """Return the generic class that a class parametrises, or else the class itself."""
    return generic_origin(model) or model


def is_lazy(cls: Any) -> bool:
    """Return whether this is `Ref`, the class of lazy references."""
    return is_class(cls) and "__odm_lazy__" in vars(cls)


_PURE = ".__pydantic_model__"


def why_no_model(cls: type[Any]) -> str:
    """Return why a class that inherits from a model is not one, to follow its name; no text for other classes."""
    if kind_of(cls) is ModelKind.ABSTRACT:
        return ", which is abstract: use a class derived from it"
    parent = next((base for base in cls.__mro__ if base.__qualname__.endswith(_PURE)), None)
    if parent is None:
        return ""
    name = parent.__qualname__.removesuffix(_PURE)
    return (
        f": {cls.__name__} is a plain pydantic class made from {name}, as in odmantic 1.x; give {name} `inheritance=` to "
        "make it a model"
    )


# The functions below run in every operation, so none of them calls another.


def kind_of(obj: object) -> ModelKind | None:
    """Return the kind of a class; `None` for anything but a model."""
    return getattr(obj, "__odm_kind__", None) if issubclass(type(obj), type) else None


def kind_of_instance(value: object) -> ModelKind | None:
    """Return the kind of an instance's class."""
    return getattr(type(value), "__odm_kind__", None)


def is_model(obj: object) -> TypeGuard[type[Instance]]:
    """Return whether this is a class with a collection."""
    return issubclass(type(obj), type) and getattr(obj, "__odm_kind__", None) is ModelKind.MODEL


def is_model_instance(obj: object) -> TypeGuard[Instance]:
    """Return whether this is an instance of a class with a collection."""
    return getattr(type(obj), "__odm_kind__", None) is ModelKind.MODEL
