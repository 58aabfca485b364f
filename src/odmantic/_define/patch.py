"""`model_update`: collecting a patch, and applying it completely or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError, field_validator
from pydantic_core import InitErrorDetails

from odmantic._bson.alike import is_alike
from odmantic._codec.decode import name_decoders
from odmantic._codec.lookups import names_first
from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._state.snapshot import is_same, take_snapshot
from odmantic._state.transitions import mark_dirty
from odmantic._types.forms import has_lazy
from odmantic._types.instances import Instance
from odmantic._types.internals import VALIDATORS, decorated
from odmantic._types.tree import Document, Type

if TYPE_CHECKING:
    from collections.abc import Container

    from odmantic._codec.lookups import Rename
    from odmantic._mapping.interfaces import Decoder
    from odmantic._mapping.mapping import ModelMapping
    from odmantic.exceptions import ErrorList


def collect_patch(
    instance: Instance,
    patch_object: Any,
    keywords: dict[str, Any],
    *,
    include: Any,
    exclude: Any,
    dump_options: dict[str, Any],
) -> dict[str, Any]:
    """Collect the new values of fields by name.

    Raises:
        ValueError: if the primary key is among them.
    """
    mapping = instance.__mapping__
    by_names = _renamer(type(instance))
    keywords = by_names(keywords)
    forbid_extra = instance.model_config.get("extra") == "forbid"

    def is_selected(name: str) -> bool:
        return (include is None or name in include) and not (exclude and name in exclude)

    mentioned: Container[str]
    if isinstance(patch_object, BaseModel):
        patch = patch_object.model_dump(include=include, exclude=exclude, **dump_options)
        patch |= _values_with_classes(mapping, patch_object, patch)
        mentioned = type(patch_object).model_fields
        strict = forbid_extra
    else:
        entries = {} if patch_object is None else by_names(_items(patch_object))
        patch = {name: value for name, value in entries.items() if is_selected(name)}
        mentioned = patch
        strict = False
    named = {name: value for name, value in keywords.items() if is_selected(name)}
    primary = mapping.primary_field
    if primary is not None and is_selected(primary) and (primary in mentioned or primary in named):
        raise ValueError("Updating the primary key is not supported")
    if not strict:
        patch = {name: value for name, value in patch.items() if name in mapping.fields}
    if not forbid_extra:
        named = {name: value for name, value in named.items() if name in mapping.fields}
    return {**patch, **named}


def _values_with_classes(
    mapping: ModelMapping, patch_object: Any, patch: dict[str, Any]
) -> dict[str, Any]:
    """Return the dumped values of which a dump may not say what class of a hierarchy they have."""
    names = [
        name
        for name in patch
        if name in mapping.fields and any(map(_is_of_hierarchy, mapping.fields[name].tree.inside))
    ]
    # The dump of a lazy reference lacks the instance that it has.
    lazy = [
        name for name in patch if name in mapping.fields and has_lazy(mapping.fields[name].tree)
    ]
    return {
        **{name: deepcopy(getattr(patch_object, name)) for name in names},
        **{name: getattr(patch_object, name) for name in lazy},
    }


def _is_of_hierarchy(node: Type) -> bool:
    return isinstance(node, Document) and hierarchy_of(node.cls) is not None


_renamers: WeakKeyDictionary[type[BaseModel], Rename] = WeakKeyDictionary()


def _renamer(cls: type[BaseModel]) -> Rename:
    """Return a function that renames a patch's aliases to field names, if these are absent."""
    if cls not in _renamers:
        _renamers[cls] = names_first(cls) or dict
    return _renamers[cls]


def _items(patch_object: Any) -> dict[str, Any]:
    if isinstance(patch_object, Mapping):
        return dict(cast("Mapping[str, Any]", patch_object))
    return dict(patch_object.items())


_current: ContextVar[Mapping[str, Any]] = ContextVar("odmantic_current")
"""The values of the fields that a patch does not mention."""


def apply_patch(instance: Instance, patch: dict[str, Any]) -> None:
    """Validate an instance with new values, then store those that differ.

    Raises:
        pydantic.ValidationError: if the result would not be valid; the instance is unchanged.
    """
    cls = type(instance)
    mapping = cls.__mapping__
    current = {
        name: instance.__dict__[name] for name in mapping.fields if name in instance.__dict__
    }
    candidate = cls.__new__(cls)
    token = _current.set({name: v for name, v in current.items() if name not in patch})
    try:
        _patch_class(cls).__pydantic_validator__.validate_python(
            {**current, **_by_names(mapping, patch)},
            self_instance=candidate,
            by_alias=mapping.takes_aliases,
            by_name=True,
        )
    finally:
        _current.reset(token)
    changed = {
        name: value
        for name, value in candidate.__dict__.items()
        if name in mapping.fields and (name not in current or _differs(instance, candidate, name))
    }
    if mapping.primary_field in changed:
        raise ValueError("Updating the primary key is not supported")
    check_frozen(cls, changed)
    vars(instance).update(changed)
    instance.__pydantic_fields_set__.update(changed)
    mark_dirty(instance, changed)


def check_frozen(cls: type[Instance], changed: dict[str, Any]) -> None:
    """Refuse what an assignment would refuse.

    Raises:
        pydantic.ValidationError: if a field or the whole class is frozen, or the field tells the class of a document.
    """
    kind = "frozen_instance" if cls.model_config.get("frozen") else "frozen_field"
    lines = [
        InitErrorDetails(type=kind, loc=(name,), input=value)
        for name, value in changed.items()
        if kind == "frozen_instance"
        or cls.__pydantic_fields__[name].frozen
        or name == cls.__mapping__.type_field
    ]
    if lines:
        raise ValidationError.from_exception_data(cls.__name__, lines)


_name_decoders: WeakKeyDictionary[type[BaseModel], dict[str, Decoder]] = WeakKeyDictionary()


def _by_names(mapping: ModelMapping, patch: dict[str, Any]) -> dict[str, Any]:
    """Rename aliases to field names in what is nested in a patch.

    Raises:
        pydantic.ValidationError: if a value is not valid.
    """
    if mapping.model not in _name_decoders:
        _name_decoders[mapping.model] = name_decoders(mapping)
    decoders = _name_decoders[mapping.model]
    errors: ErrorList = []
    named = {
        name: decoders[name](value, (None, name), errors, None) if name in decoders else value
        for name, value in patch.items()
    }
    if errors:
        raise ValidationError.from_exception_data(mapping.model.__name__, errors)
    return named


def _differs(instance: Instance, candidate: Instance, name: str) -> bool:
    """Return whether the field's value, or its stored form, is different in the candidate.

    Equality is not enough: `1` equals `True`, and documents are equal whatever the order of their keys.
    """
    one, other = instance.__dict__[name], candidate.__dict__[name]
    if one is other:
        return False
    try:
        return not (
            is_alike(one, other)
            and is_same(take_snapshot(instance, name), take_snapshot(candidate, name))
        )
    except Exception:  # noqa: BLE001 - user classes may raise anything; that counts as changed
        return True


def _patch_class(cls: Any) -> type[BaseModel]:
    """Return a class that validates like `cls`, except for fields that have their current value.

    A field validator need not accept its own result, so it runs on new values only.
    """
    existing: type[BaseModel] | None = cls.__dict__.get("__odm_patch_class__")
    if existing is not None:
        return existing

    def keep_current(_cls: Any, value: Any, handler: Any, info: Any) -> Any:
        kept = _current.get()
        if info.field_name in kept and kept[info.field_name] is value:
            return value
        return handler(value)

    namespace: dict[str, Any] = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        # The last validator of a field is the outermost.
        "odm_keep_current": field_validator("*", mode="wrap")(classmethod(keep_current)),
    }
    patch_class: type[BaseModel] = cls.__odm_subclass__(namespace)
    _have_validators_of(cls, patch_class)
    cls.__odm_patch_class__ = patch_class
    return patch_class


def _have_validators_of(cls: type[BaseModel], patch_class: type[BaseModel]) -> None:
    """Call a class's validators with that class, as they may depend on it."""
    for kind in VALIDATORS:
        decorated(patch_class, kind).update(decorated(cls, kind))
    rebuild: Any = BaseModel.model_rebuild
    rebuild.__func__(patch_class, force=True)
