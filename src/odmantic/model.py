"""`Model` and `EmbeddedModel`, the base classes of documents."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container, Iterable, Mapping
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, PydanticUndefinedAnnotation
from typing_extensions import deprecated

from odmantic._bson.json import schema_with_bson_json
from odmantic._bson.values import is_tuple
from odmantic._codec.decode import decode_document
from odmantic._codec.encode import encode_document
from odmantic._codec.missing import fill_missing, has_fields_of_its_class
from odmantic._codec.shown import encode_shown
from odmantic._define.complete import (
    LazyMappingAttribute,
    LazyPureModel,
    attach_mapping,
    instances_of_subclasses,
    is_incomplete,
    refuse_instances,
)
from odmantic._define.forward import rebuild, resolve_first
from odmantic._define.hollow import as_part, guarded, know_hollow
from odmantic._define.metaclass import (
    BaseModelMetaclass,
    EmbeddedModelMetaclass,
    ModelMetaclass,
    remember_arguments,
)
from odmantic._define.patch import apply_patch, check_frozen, collect_patch
from odmantic._define.properties import has_all_names
from odmantic._mapping.fields import ODMBaseField, ODMBaseIndexableField, ODMEmbedded, ODMReference
from odmantic._mapping.mapping import ModelMapping, declared_indexes
from odmantic._mapping.ref import Ref
from odmantic._query.properties import assign_property, forget_cached
from odmantic._state.copies import (
    begin_with,
    is_hollow_state,
    make_new,
    pickled_state,
    state_for_copy,
    unpickle_state,
)
from odmantic._state.hollow import check_loaded, hollow_in, when_first
from odmantic._state.nested import nested_instances
from odmantic._state.state import State, modified_property, slot
from odmantic._state.transitions import mark_assigned, mark_unknown
from odmantic._state.whole import as_a_whole
from odmantic._types.adapt import adapt_annotation
from odmantic._types.instances import Instance
from odmantic._types.kinds import CONCRETE, ModelKind, kind_of
from odmantic.index import Index, ODMBaseIndex, ODMSingleFieldIndex

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema
    from pymongo import IndexModel
    from typing_extensions import Self

    from odmantic._state.places import Known
    from odmantic.bson import ObjectId
    from odmantic.config import ODMConfigDict
    from odmantic.field import Field

__all__ = [
    "BaseModelMetaclass",
    "EmbeddedModel",
    "EmbeddedModelMetaclass",
    "Model",
    "ModelMetaclass",
    "_BaseODMModel",
]


class _BaseODMModel(Instance, metaclass=BaseModelMetaclass):
    """The common base of models with a collection and embedded models."""

    __slots__ = ("__baseline__", "__state__")

    if TYPE_CHECKING:
        __odm_kind__: ClassVar[ModelKind]
        __mapping__: ClassVar[ModelMapping]
        __odm_fields__: ClassVar[dict[str, ODMBaseField]]
        __references__: ClassVar[tuple[str, ...]]
        __mutable_fields__: ClassVar[frozenset[str]]
        __bson_serializers__: ClassVar[dict[str, Callable[[Any], Any]]]
        __pydantic_model__: ClassVar[type[BaseModel]]
        model_config: ClassVar[ODMConfigDict]  # pyright: ignore[reportIncompatibleVariableOverride] - as pydantic's users do
        __fields_modified__: set[str]  # pyright: ignore[reportIncompatibleMethodOverride] - it can be set, too
        __state__: State | Known
        __baseline__: dict[str, Any] | tuple[Any, ...] | None
    else:
        __mapping__ = LazyMappingAttribute("__mapping__")
        __odm_fields__ = LazyMappingAttribute("__odm_fields__")
        __references__ = LazyMappingAttribute("__references__")
        __mutable_fields__ = LazyMappingAttribute("__mutable_fields__")
        __bson_serializers__ = LazyMappingAttribute("__bson_serializers__")
        __pydantic_model__ = LazyPureModel()

        def __getattr__(self, name: str) -> Any:
            fill = _FILL.get(name)
            if fill is None or (name == "__pydantic_private__" and self.__private_attributes__):
                if name[:1] != "_" and name in self.__mapping__.fields:
                    check_loaded(self)
                return super().__getattr__(name)
            value = fill(self)
            object.__setattr__(self, name, value)
            return value

    def __setattr__(self, name: str, value: Any) -> None:
        mapping = self.__mapping__
        if mapping.codec.exact_classes.get(name) is type(value):
            # Validation would not change it. Without calls: assignments are frequent.
            self.__dict__[name] = value  # pyright: ignore[reportIndexIssue] - an instance has a dict
            # Until it is first read, all fields with a value count as set. `super` does not fill an absent slot.
            fields_set: set[str] | None = getattr(super(), "__pydantic_fields_set__", None)
            if isinstance(fields_set, set):  # or what a program assigned
                fields_set.add(name)
        elif not _assign(self, name, value):
            return
        try:
            state = _state_of(self)
        except AttributeError:  # as it was made: a save looks at all values
            return
        if type(state) is State:
            if state.modified is not None:
                state.modified.add(name)
                return
            if state.known is None:  # all names are new
                return
        mark_assigned(self, name, state)

    @recursive_repr()  # instances may refer to each other
    def __repr__(self) -> str:
        return super().__repr__()

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        hollow = hollow_in(self)
        if hollow is not None:
            # Computed fields would ask for what is not there.
            return [*self.__dict__.items(), (None, hollow)]
        # Sorting is stable: only an `id` moves.
        return sorted(super().__repr_args__(), key=lambda pair: pair[0] != "id")

    def __class_getitem__(cls, arguments: Any) -> Any:
        """Return the parametrisation of a generic model, which is also a model."""
        config = cls.model_config
        if is_tuple(arguments):
            adapted: Any = tuple([adapt_annotation(one, config) for one in arguments])
        else:
            adapted = adapt_annotation(arguments, config)
        parametrised = super().__class_getitem__(adapted)
        remember_arguments(parametrised, cls, arguments)
        return parametrised

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        resolve_first(cls)
        is_part = type(vars(source).get("__pydantic_core_schema__")) is dict
        schema = schema_with_bson_json(source, handler)
        if kind_of(source) in CONCRETE:
            return as_part(source, schema) if is_part else guarded(source, schema)
        is_abstract = kind_of(source) is ModelKind.ABSTRACT
        return instances_of_subclasses(source, schema) if is_abstract else schema

    @classmethod
    def model_rebuild(
        cls,
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: Mapping[str, Any] | None = None,
    ) -> bool | None:
        """Try again to resolve the names in annotations; rarely needed, as first use does it."""
        if kind_of(cls) in (None, ModelKind.ROOT) or (cls.__pydantic_complete__ and not force):
            return super().model_rebuild(force=force, raise_errors=raise_errors)
        model_rebuild = super().model_rebuild

        def attempt(names: dict[str, Any]) -> bool | None:
            return model_rebuild(force=force, _types_namespace=names)

        try:
            done: bool | None = rebuild(cls, dict(_types_namespace or {}), attempt)
        except PydanticUndefinedAnnotation:
            if raise_errors:
                raise
            done = False
        if has_all_names(cls) and is_incomplete(cls):
            attach_mapping(cls)
        elif done and kind_of(cls) is ModelKind.ABSTRACT:
            refuse_instances(cls)  # pydantic has made a validator
        return done

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """Create an instance from unvalidated values."""
        if kind_of(cls) is ModelKind.ABSTRACT:
            return cls(**values)  # which is refused
        instance = super().model_construct(_fields_set, **values)
        mark_unknown(instance)  # the id may be that of another instance
        return instance

    @classmethod
    def validate(cls, value: Any) -> Self:
        """Create an instance from a dictionary; return an instance unchanged."""
        return cls.model_validate(value)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the instance; all fields of the copy count as never saved.

        Args:
            update: Values of fields by name, not validated; the primary key may be among them.
            deep: Copy nested values too, instead of sharing them.

        Raises:
            ValueError: if `update` names something that is neither a field nor a permitted extra.
        """
        mapping = self.__mapping__
        if update:
            check_loaded(self)
        copied = super().model_copy(update=self._copy_update(update or {}), deep=deep)
        is_other = mapping.primary_field in (update or ())
        make_new(copied, is_other=is_other)
        if deep:
            _make_all_new(copied)
        for name, field in mapping.fields.items():
            value = copied.__dict__.get(name)
            if isinstance(field, ODMEmbedded) and isinstance(value, field.model):
                make_new(value)
        return copied

    def __copy__(self) -> Self:
        """Copy the instance with its state: a save of the copy sends only what changed in it."""
        copied = super().__copy__()
        begin_with(copied, state_for_copy(self))
        return copied

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Copy the instance and what is nested, with their state."""
        copied = super().__deepcopy__(memo)
        begin_with(copied, state_for_copy(self))
        return copied

    def __getstate__(self) -> dict[Any, Any]:
        return {**super().__getstate__(), _STATE: pickled_state(self)}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        pickled = state.get(_STATE)
        if not has_fields_of_its_class(self) and not is_hollow_state(pickled):
            pickled = None
            fill_missing(self)
        unpickle_state(self, pickled)

    def _copy_update(self, update: Mapping[str, Any]) -> dict[str, Any]:
        mapping = self.__mapping__
        extra = self.model_config.get("extra")
        accepted: dict[str, Any] = {}
        for name, value in update.items():
            field = mapping.fields.get(name)
            if field is None and extra == "forbid":
                raise ValueError(f'"{type(self).__name__}" object has no field "{name}"')
            if field is None and extra != "allow":
                continue
            if isinstance(value, Mapping) and (
                isinstance(field, ODMEmbedded)
                or (isinstance(field, ODMReference) and field.is_to_one)
            ):
                made = field.model.model_validate(value)
                is_lazy = isinstance(field, ODMReference) and field.is_lazy
                accepted[name] = Ref(made) if is_lazy else made
            else:
                accepted[name] = value
        return accepted

    def model_update(
        self,
        patch_object: BaseModel | Mapping[str, Any] | None = None,
        *,
        include: Any = None,
        exclude: Any = None,
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        **fields: Any,
    ) -> None:
        """Change several fields at once, or none if a value is not valid.

        Args:
            patch_object: New values by field name, or a pydantic model that has them.
            include: Change only these fields.
            exclude: Do not change these fields.
            exclude_unset: Ignore values that were not set explicitly on a pydantic model.
            exclude_defaults: Ignore values that equal their default on a pydantic model.
            exclude_none: Ignore values that are `None` on a pydantic model.
            fields: Further values, which override those of `patch_object`.

        Raises:
            ValueError: if the patch contains the primary key.
            pydantic.ValidationError: if a value is not valid; the instance is unchanged.
        """
        check_loaded(self)
        patch = collect_patch(
            self,
            patch_object,
            fields,
            include=include,
            exclude=exclude,
            dump_options={
                "exclude_unset": exclude_unset,
                "exclude_defaults": exclude_defaults,
                "exclude_none": exclude_none,
            },
        )
        apply_patch(self, patch)

    def model_dump_doc(self, include: Container[str] | None = None) -> dict[str, Any]:
        """Return the document of the instance.

        Args:
            include: Names of the fields to include; all of them if `None`.
        """
        document = encode_document(self, include)
        if self.__mapping__.shows_itself:
            shown = encode_shown(self)
            extra = (
                shown.keys() - self.__mapping__.field_names.keys() - self.__mapping__.stored.keys()
            )
            document |= {key: shown[key] for key in shown if key in document or key in extra}
        return document

    @classmethod
    def model_validate_doc(cls, raw_doc: Mapping[str, Any]) -> Self:
        """Create an instance from a document.

        Raises:
            DocumentParsingError: if the document does not fit.
        """
        return decode_document(cls, raw_doc)

    # --- Names of 1.x --------------------------------------------------------------------------

    @deprecated("use model_dump_doc", category=None)
    def doc(self, include: Container[str] | None = None) -> dict[str, Any]:
        """Return the document of the instance; use `model_dump_doc`."""
        _deprecated("doc", "model_dump_doc")
        return self.model_dump_doc(include)

    @classmethod
    @deprecated("use model_validate_doc", category=None)
    def parse_doc(cls, raw_doc: Mapping[str, Any]) -> Self:
        """Create an instance from a document; use `model_validate_doc`."""
        _deprecated("parse_doc", "model_validate_doc")
        return cls.model_validate_doc(raw_doc)

    @deprecated("use model_update", category=None)
    def update(self, *args: Any, **kwargs: Any) -> None:
        """Change several fields at once; use `model_update`."""
        _deprecated("update", "model_update")
        self.model_update(*args, **kwargs)

    @deprecated("use model_copy", category=None)
    def copy(
        self,
        *,
        include: Any = None,
        exclude: Any = None,
        update: dict[str, Any] | None = None,
        deep: bool = False,
    ) -> Self:
        """Copy the instance; use `model_copy`."""
        _deprecated("copy", "model_copy")
        if include is not None or exclude is not None:
            raise NotImplementedError("copy() does not support include and exclude")
        return self.model_copy(update=update, deep=deep)


# Not a method: a program might use its name.
def _assign(instance: _BaseODMModel, name: str, value: Any) -> bool:
    """Have pydantic assign a value, and return whether the name is a stored one."""
    mapping = instance.__mapping__
    if name == mapping.primary_field:
        raise NotImplementedError("Reassigning a new primary key is not supported yet")
    if name in mapping.fields:
        check_loaded(instance)
    if name in mapping.stored:
        assign_property(instance, name, value)
        return False
    if mapping.extra_allowed and mapping.stored:
        # Pydantic would take a cached value for an additional one.
        forget_cached(instance)
    if name == mapping.type_field and instance.__dict__.get(name, value) != value:
        check_frozen(type(instance), {name: value})
    if mapping.codec.is_judged_whole:
        with as_a_whole(instance):
            super(_BaseODMModel, instance).__setattr__(name, value)
    else:
        super(_BaseODMModel, instance).__setattr__(name, value)
    return name in mapping.fields or name in (instance.__pydantic_extra__ or ())


# This notices every assignment of the set, even from outside.
type.__setattr__(_BaseODMModel, "__fields_modified__", modified_property())
_state_of: Callable[[Any], State | Known] = slot(_BaseODMModel, "__state__").__get__


_STATE = "__odm_state__"
"""The key for the state of an instance in a pickle."""


def _make_all_new(copied: Any) -> None:
    """Make all instances in a deep copy count as new."""
    for nested in nested_instances(copied):
        make_new(nested)
        _make_all_new(nested)


def _set_at_first(instance: Any) -> set[str]:
    names: set[str] = set(instance.__dict__)
    return names.intersection(instance.__mapping__.fields)


def _extra_at_first(instance: Any) -> dict[str, Any] | None:
    return {} if instance.__mapping__.extra_allowed else None


_FILL: dict[str, Callable[[Any], Any]] = {
    "__pydantic_fields_set__": _set_at_first,
    "__pydantic_extra__": _extra_at_first,
    "__pydantic_private__": lambda _instance: None,
}
"""The values of slots that are filled on first access: most instances are only read."""


def _deprecated(name: str, replacement: str) -> None:
    warnings.warn(
        f"{name} is deprecated, please use {replacement} instead",
        DeprecationWarning,
        stacklevel=3,
    )


class Model(_BaseODMModel, metaclass=ModelMetaclass):
    """The base class of models with a collection.

    Unless a field is declared with `Field(primary_field=True)`, the primary key is a field `id`
    with an `ObjectId`, generated with the instance.
    """

    if TYPE_CHECKING:
        __collection__: ClassVar[str]
        __primary_field__: ClassVar[str]
        # Any, because a subclass may give it another type.
        id: ObjectId | Any = Field(default_factory=ObjectId)
    else:
        __odm_kind__ = ModelKind.ROOT
        __collection__ = LazyMappingAttribute("__collection__")
        __primary_field__ = LazyMappingAttribute("__primary_field__")

    @classmethod
    def __indexes__(cls) -> tuple[ODMBaseIndex | IndexModel, ...]:
        """Return the indexes of the fields, then those of `model_config["indexes"]`."""
        primary, live = cls.__primary_field__, cls.__mapping__.live_condition
        indexes: list[ODMBaseIndex | IndexModel] = [
            ODMSingleFieldIndex(
                field.key_name,
                field.unique,
                partial=live if field.options.unique == "live" else None,
            )
            for name, field in (*cls.__odm_fields__.items(), *cls.__mapping__.stored.items())
            if isinstance(field, ODMBaseIndexableField)
            # The primary key has an index. A redundant one creates the collection, but a "unique" one is refused.
            if (field.index or field.unique) and not (field.unique and name == primary)
        ]
        hierarchy = cls.__mapping__.hierarchy
        type_key = None if hierarchy is None else hierarchy.key
        indexes.extend(
            index.to_odm_index(type_key) if isinstance(index, Index) else index
            for configured in declared_indexes(cls)
            for index in configured()
        )
        return tuple(indexes)


class EmbeddedModel(_BaseODMModel, metaclass=EmbeddedModelMetaclass):
    """The base class of models that are embedded in other documents."""

    __odm_kind__ = ModelKind.ROOT


for _root in (Model, EmbeddedModel):
    refuse_instances(_root)


when_first(lambda: know_hollow(_BaseODMModel, Model))
