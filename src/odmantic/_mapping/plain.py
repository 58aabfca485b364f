"""Classes that pydantic validates field by field, without code of the user in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator

from odmantic._mapping.blank import blank_of
from odmantic._mapping.shortcuts import Shortcut, shortcuts_of
from odmantic._types.internals import VALIDATORS, decorators_of, makes_instances_itself
from odmantic._types.kinds import ModelKind

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

_HOOKS = (
    "__get_pydantic_core_schema__",
    "__getattr__",
    "__getattribute__",
    "__new__",
    "model_post_init",
)


def is_plain(mapping: ModelMapping) -> bool:
    """Return whether only the fields decide what an instance of the class is."""
    model: Any = mapping.model
    return (
        # A plugin of pydantic puts its own object there.
        type(model.__pydantic_validator__) is SchemaValidator
        and not makes_instances_itself(model)
        and not model.__private_attributes__
        and not mapping.validates_itself
        and not decorators_of(model, *VALIDATORS)
        and not any(hook in vars(cls) for cls in _own_classes(model) for hook in _HOOKS)
        and not any(_has_names_of_its_own(info) for info in model.__pydantic_fields__.values())
        and blank_of(mapping) is not None
    )


def allows(mapping: ModelMapping, shortcut: Shortcut) -> bool:
    """Return whether code may take a shortcut past pydantic for the class."""
    return shortcut in shortcuts_of(mapping.model.model_config) and is_plain(mapping)


def assigns_itself(model: Any) -> bool:
    """Return whether a class defines how attributes are assigned, so that assignments may go unnoticed."""
    return any("__setattr__" in vars(cls) for cls in _own_classes(model))


def is_judged_whole(mapping: ModelMapping) -> bool:
    """Return whether validators see whole instances; they do so when a value is already assigned."""
    model: Any = mapping.model
    return bool(decorators_of(model, "model_validators", "root_validators")) or any(
        "__get_pydantic_core_schema__" in vars(cls) for cls in _own_classes(model)
    )


def _own_classes(model: Any) -> list[type[Any]]:
    """Return the classes that a model derives from, besides those of odmantic and pydantic."""
    mro: tuple[Any, ...] = model.__mro__
    root = next(cls for cls in mro if cls.__dict__.get("__odm_kind__") is ModelKind.ROOT)
    return [cls for cls in mro if cls not in root.__mro__]


def _has_names_of_its_own(info: Any) -> bool:
    return any((info.alias, info.validation_alias, info.init_var))


_NEVER_CHANGED: tuple[Any, ...] = (str, int, float, bool, bytes)


def exact_classes(mapping: ModelMapping) -> dict[str, type[Any]]:
    """Return the exact classes of fields whose values validation does not change, except the primary key."""
    if not allows(mapping, Shortcut.ASSIGNMENT):
        return {}
    classes: dict[str, type[Any]] = {}
    for name, field in mapping.fields.items():
        info = field.pydantic_field
        annotation: Any = info.annotation
        is_exact = annotation in _NEVER_CHANGED and mapping.shapes[name] is not None
        if (
            is_exact
            and not info.frozen
            and name
            not in (
                mapping.primary_field,
                mapping.type_field,
            )
        ):
            classes[name] = annotation
    return classes
