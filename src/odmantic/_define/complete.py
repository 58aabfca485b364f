"""Completing a class: its mapping is compiled once the annotations of its fields are resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from pydantic import PydanticUndefinedAnnotation
from pydantic_core import core_schema

from odmantic._define.forward import check_defaults, forget
from odmantic._define.mapping import compile_mapping
from odmantic._define.properties import has_all_names
from odmantic._define.pure import make_pure_model
from odmantic._hooks.registry import note_class
from odmantic._mapping.building import is_building
from odmantic._mapping.mapping import ModelMapping
from odmantic._mapping.rules import note_rules
from odmantic._query.paths import proxy_of
from odmantic._types.kinds import WITH_FIELDS, ModelKind, kind_of
from odmantic._types.tree import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel, ValidatorFunctionWrapHandler
    from pydantic_core import CoreSchema


def is_incomplete(cls: Any) -> bool:
    """Return whether this is a model whose mapping is not compiled yet."""
    own: Mapping[str, Any] = cls.__dict__
    return kind_of(cls) in WITH_FIELDS and not isinstance(own.get("__mapping__"), ModelMapping)


def attach_mapping(cls: Any) -> ModelMapping:
    """Compile the mapping of a class whose fields are complete, and make it visible.

    Raises:
        TypeError: if the fields contradict each other, or one cannot be stored.
    """
    mapping = compile_mapping(cls)
    check_defaults(cls)
    views: dict[str, Any] = {
        "__mapping__": mapping,
        "__odm_fields__": mapping.fields,
        "__references__": mapping.references,
        "__mutable_fields__": mapping.mutable_fields,
        "__bson_serializers__": mapping.serializers,
    }
    if not mapping.is_embedded:
        views["__primary_field__"] = mapping.primary_field
        views["__collection__"] = mapping.collection
    for view, value in views.items():
        type.__setattr__(cls, view, value)
    for name, field in mapping.fields.items():
        setattr(cls, name, proxy_of(field, cls))
    if kind_of(cls) is ModelKind.ABSTRACT:
        refuse_instances(cls)
    note_class()
    forget(cls)
    if mapping.hierarchy is not None:
        mapping.hierarchy.changed()
    _note_rules(cls)
    return mapping


_unnoted: list[ref[Any]] = []
"""Classes with others inside that are not complete yet: their delete rules are looked for once those are."""


def _note_rules(cls: Any) -> None:
    waiting, _unnoted[:] = [*_unnoted, ref(cls)], ()
    while waiting:
        each = waiting.pop(0)
        model = each()
        if model is None:
            continue
        if _is_complete_throughout(model, set()):
            try:
                note_rules(model.__mapping__)
            except PydanticUndefinedAnnotation:
                # Another class of its hierarchy has something inside that waits for a name.
                _unnoted.append(each)
            except TypeError:
                # The others have their rules in any case.
                _unnoted.extend(waiting)
                raise
        else:
            _unnoted.append(each)


def _is_complete_throughout(cls: Any, seen: set[Any]) -> bool:
    """Return whether a class, its root and all that is embedded in it are complete, without completing them: it may be too early."""
    own: Mapping[str, Any] = cls.__dict__
    mapping = own.get("__mapping__")
    if not isinstance(mapping, ModelMapping):
        return False
    seen.add(cls)
    inside = [
        node.cls
        for field in mapping.fields.values()
        for node in field.tree.models
        if isinstance(node, Document)
    ]
    if mapping.hierarchy is not None:
        inside.append(mapping.hierarchy.root)
    return all(each in seen or _is_complete_throughout(each, seen) for each in inside)


class _Uninstantiable:
    """A stand-in for the validator of a class that cannot have instances."""

    def __init__(self, cls: Any) -> None:
        self._cls = ref(cls)

    def __getattr__(self, _name: str) -> Any:
        raise _refusal_of(self._cls())


def _refusal_of(cls: Any) -> TypeError:
    return TypeError(f"{cls.__name__} cannot be instantiated, only its subclasses can")


def instances_of_subclasses(cls: Any, schema: CoreSchema) -> CoreSchema:
    """Return the schema of an abstract class as the type of a field in other models: it makes no instances."""

    def check(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        if isinstance(value, cls):
            return handler(value)
        raise _refusal_of(cls)

    inner: Any = dict(schema)
    # Other schemas refer to the whole of it.
    name = inner.pop("ref", None)
    return core_schema.no_info_wrap_validator_function(check, inner, ref=name)


def refuse_instances(cls: Any) -> None:
    """Make a class raise `TypeError` when it is instantiated."""
    type.__setattr__(cls, "__pydantic_validator__", _Uninstantiable(cls))


class LazyMappingAttribute:
    """An attribute of a class that was not complete when it was defined."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if kind_of(owner) not in WITH_FIELDS or is_building():
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self._name!r}")
        complete(owner)
        return getattr(owner, self._name)


def complete(cls: Any) -> None:
    """Resolve the names in the annotations of a class, and compile its mapping.

    Raises:
        PydanticUndefinedAnnotation: if a name still does not exist.
    """
    if not has_all_names(cls):
        cls.model_rebuild()
    if is_incomplete(cls):
        attach_mapping(cls)


class LazyPureModel:
    """The pure model of a class, created on first access."""

    def __get__(self, instance: object, owner: type[Any]) -> type[BaseModel]:
        if kind_of(owner) not in WITH_FIELDS:
            raise AttributeError(
                f"type object {owner.__name__!r} has no attribute '__pydantic_model__'"
            )
        pure: type[BaseModel] | None = vars(owner).get("__odm_pure_model__")
        if pure is None:
            pure = make_pure_model(owner)
            owner.__odm_pure_model__ = pure
        return pure
