"""All parts of pydantic beyond its documented interface that odmantic reads.

A test for each fails if the name disappears or changes its meaning in a new version of pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel
from pydantic.fields import ComputedFieldInfo

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as PydanticMetaclass

else:
    PydanticMetaclass = type(BaseModel)

__all__ = [
    "VALIDATORS",
    "PydanticMetaclass",
    "computed_info",
    "decorated",
    "decorators_of",
    "generic_origin",
    "has_all_fields",
    "has_parameters",
    "has_serializer",
    "is_parametrisation",
    "makes_instances_itself",
]

DecoratorKind: TypeAlias = Literal[
    "validators",
    "field_validators",
    "root_validators",
    "field_serializers",
    "model_serializers",
    "model_validators",
]


VALIDATORS: tuple[DecoratorKind, ...] = (
    "validators",
    "field_validators",
    "root_validators",
    "model_validators",
)


def decorators_of(model: Any, *kinds: DecoratorKind) -> list[Any]:
    """Return the decorators of some kinds in a class and its bases; the `info` of each describes it."""
    return [one for kind in kinds for one in decorated(model, kind).values()]


def decorated(model: Any, kind: DecoratorKind) -> dict[str, Any]:
    """Return the decorators of one kind, by function name."""
    found: dict[str, Any] = getattr(model.__pydantic_decorators__, kind)
    return found


def computed_info(decorated: Any) -> ComputedFieldInfo | None:
    """Return what pydantic notes of a computed field in a class body; `None` for anything else."""
    info = getattr(decorated, "decorator_info", None)
    return info if isinstance(info, ComputedFieldInfo) else None


def generic_origin(model: Any) -> Any:
    """Return the generic class that a class parametrises; `None` for any other."""
    return model.__pydantic_generic_metadata__["origin"]


def has_parameters(model: Any) -> bool:
    """Return whether a class is generic and still takes arguments."""
    return bool(model.__pydantic_generic_metadata__["parameters"])


def is_parametrisation(arguments: Mapping[str, Any]) -> bool:
    """Return whether the keyword arguments of a class statement are those of pydantic's parametrisation."""
    return bool(arguments.get("__pydantic_generic_metadata__"))


def has_all_fields(model: Any) -> bool:
    """Return whether the annotations of all fields of a class are resolved."""
    complete: bool = model.__pydantic_fields_complete__
    return complete


def has_serializer(model: Any, name: str) -> bool:
    """Return whether a serialiser of a class is for a field, and none for whole instances."""
    if decorators_of(model, "model_serializers"):
        return False
    named = [one.info.fields for one in decorators_of(model, "field_serializers")]
    return any(name in names or "*" in names for names in named)


def makes_instances_itself(model: Any) -> bool:
    """Return whether code of a class runs when an instance is created: its `__init__`, or `model_post_init`."""
    return bool(model.__pydantic_custom_init__ or model.__pydantic_post_init__)
