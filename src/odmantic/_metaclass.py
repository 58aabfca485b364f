"""How a class statement becomes a model."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from odmantic._deferred import forget, remember, waiting_for
from odmantic._definition import Body, own_annotations
from odmantic._mapping.compile import compile_mapping
from odmantic._mapping.mapping import ModelKind, ModelMapping, ODMBaseField, kind_of, mapping_of
from odmantic._twin import PureMetaclass, make_twin, pure_subclass
from odmantic.config import ODMConfigDict, validate_config
from odmantic.field import Field, FieldProxy, ODMFieldInfo
from odmantic.typing import dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from types import FrameType

_building: ContextVar[bool] = ContextVar("odmantic_building", default=False)
"""Set while pydantic collects the fields of a class: it must not take proxies for defaults."""

_CONCRETE = (ModelKind.MODEL, ModelKind.EMBEDDED)
_CONFIG_OPTIONS = ODMConfigDict.__required_keys__.union(ODMConfigDict.__optional_keys__)


@contextmanager
def _building_class() -> Generator[None]:
    token = _building.set(True)
    try:
        yield
    finally:
        _building.reset(token)


class BaseModelMetaclass(PureMetaclass):
    """Makes models: rewrites class bodies for pydantic, and gives proxies for fields."""

    if TYPE_CHECKING:
        __odm_concrete_kind__: ClassVar[ModelKind]
    else:

        def __getattr__(cls, name: str) -> Any:
            """Complete a class that could not be when it was made, which gives it its proxies."""
            if name.startswith("__") or _building.get() or not is_incomplete(cls):
                return super().__getattr__(name)
            complete(cls)
            return getattr(cls, name)

    __odm_views__: ClassVar[tuple[str, ...]] = (
        "__mapping__",
        "__odm_fields__",
        "__references__",
        "__mutable_fields__",
        "__bson_serializers__",
    )

    def __new__(
        mcs, name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any], **kwargs: Any
    ) -> Any:
        """Make a model, or a plain pydantic model from a concrete one."""
        kinds = {kind_of(base) for base in bases}
        cls: Any
        if kwargs.get("__pydantic_generic_metadata__"):
            cls = mcs._parametrise(name, bases, namespace, kwargs)
        elif not kinds.isdisjoint(_CONCRETE):
            return pure_subclass(name, bases, namespace, kwargs)
        elif ModelKind.ROOT in kinds:
            cls = mcs._define(name, bases, namespace, kwargs, sys._getframe(1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        else:
            return super().__new__(mcs, name, bases, namespace, **kwargs)
        if cls.__pydantic_fields_complete__:
            attach_mapping(cls)
        else:
            cls.model_rebuild(raise_errors=False)
        for model in waiting_for(cls):
            model.model_rebuild(raise_errors=False, _types_namespace={name: cls})
        return cls

    @classmethod
    def _define(
        mcs,
        name: str,
        bases: tuple[type[Any], ...],
        namespace: dict[str, Any],
        kwargs: dict[str, Any],
        frame: FrameType,
    ) -> Any:
        body = mcs._rewrite(name, bases, namespace, kwargs, frame)
        original = dict(namespace)
        with _building_class():
            cls: Any = super().__new__(mcs, name, bases, namespace, **kwargs)
        cls.__odm_body__ = original
        cls.__odm_bases__ = bases
        if body.deferred:
            remember(cls, body.deferred, body.known)
        return cls

    @classmethod
    def _parametrise(
        mcs,
        name: str,
        bases: tuple[Any, ...],
        namespace: dict[str, Any],
        kwargs: dict[str, Any],
    ) -> Any:
        namespace["__doc__"] = ""
        with _building_class():
            cls: Any = super().__new__(mcs, name, bases, namespace, **kwargs)
        (origin,) = bases
        cls.__odm_body__ = origin.__odm_body__
        cls.__odm_bases__ = origin.__odm_bases__
        for view in mcs.__odm_views__:
            # In case this class is completed later: it has inherited another one's.
            setattr(cls, view, LazyMappingAttribute(view))
        return cls

    def __odm_subclass__(cls, namespace: dict[str, Any]) -> Any:
        """Make a class that validates like this one, which is no model in its own right."""
        with _building_class():
            return super().__new__(type(cls), cls.__name__, (cls,), namespace)

    @classmethod
    def _rewrite(
        mcs,
        name: str,
        bases: tuple[type[Any], ...],
        namespace: dict[str, Any],
        kwargs: dict[str, Any],
        frame: FrameType,
    ) -> Body:
        given = {key: kwargs.pop(key) for key in _CONFIG_OPTIONS & kwargs.keys()}
        config = validate_config({**namespace.get("model_config", {}), **given}, name)
        namespace["model_config"] = config
        namespace.pop("__collection__", None)
        namespace["__odm_kind__"] = mcs.__odm_concrete_kind__
        namespace.setdefault("__doc__", "")
        body = Body(
            class_name=name,
            namespace=namespace,
            known=_known_names(namespace, frame),
            arbitrary_types=bool(config.get("arbitrary_types_allowed")),
            annotations={},
            deferred=[],
        )
        body.rewrite(bases, automatic_id=mcs.__odm_concrete_kind__ is ModelKind.MODEL)
        return body


def is_incomplete(cls: Any) -> bool:
    """Tell whether this is a model whose mapping is not compiled yet."""
    own: Mapping[str, Any] = cls.__dict__
    return kind_of(cls) in _CONCRETE and not isinstance(own.get("__mapping__"), ModelMapping)


def _known_names(namespace: dict[str, Any], frame: FrameType) -> dict[str, Any]:
    """Collect the names that annotations may use besides those of the module."""
    known: dict[str, Any] = {}
    if frame.f_globals.get("__name__") == namespace.get("__module__") and (
        frame.f_locals is not frame.f_globals
    ):
        known.update(frame.f_locals)
    declared = own_annotations(namespace)
    known.update(
        (name, value)
        for name, value in namespace.items()
        if isinstance(value, type) and name not in declared
    )
    known.update(
        (parameter.__name__, parameter) for parameter in namespace.get("__type_params__", ())
    )
    return known


def attach_mapping(cls: Any) -> ModelMapping:
    """Compile the mapping of a class whose fields are complete, and make it visible.

    Raises:
        TypeError: the fields contradict each other, or one cannot be stored.
    """
    mapping = compile_mapping(cls)
    cls.__mapping__ = mapping
    cls.__odm_fields__ = mapping.fields
    cls.__references__ = mapping.references
    cls.__mutable_fields__ = mapping.mutable_fields
    cls.__bson_serializers__ = mapping.serializers
    if not mapping.is_embedded:
        cls.__primary_field__ = mapping.primary_field
        cls.__collection__ = mapping.collection
    for name, field in mapping.fields.items():
        setattr(cls, name, _FieldAccess(name, field))
    forget(cls)
    return mapping


class _FieldAccess:
    """A field as an attribute of its class: a proxy.

    Instances have their values in front of it; a value they lack is an error, as in pydantic.
    """

    __slots__ = ("_name", "_proxy")

    def __init__(self, name: str, field: ODMBaseField) -> None:
        self._name = name
        self._proxy = FieldProxy(None, field)

    def __get__(self, instance: object, owner: type[Any]) -> FieldProxy:
        if instance is None and not _building.get():
            return self._proxy
        raise AttributeError(f"{owner.__name__!r} object has no attribute {self._name!r}")


class LazyMappingAttribute:
    """An attribute of a class that was not complete when it was made."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if kind_of(owner) not in _CONCRETE or _building.get():
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self._name!r}")
        complete(owner)
        return getattr(owner, self._name)


def complete(cls: Any) -> None:
    """Resolve what the annotations of a class name, and compile its mapping.

    Raises:
        PydanticUndefinedAnnotation: something still does not exist.
    """
    if not cls.__pydantic_fields_complete__:
        cls.model_rebuild()
    if is_incomplete(cls):
        attach_mapping(cls)


class LazyTwin:
    """The pure twin of a class, made when it is asked for."""

    def __get__(self, instance: object, owner: type[Any]) -> type[BaseModel]:
        if kind_of(owner) not in _CONCRETE:
            raise AttributeError(
                f"type object {owner.__name__!r} has no attribute '__pydantic_model__'"
            )
        twin: type[BaseModel] | None = vars(owner).get("__odm_twin__")
        if twin is None:
            twin = make_twin(owner)
            owner.__odm_twin__ = twin
        return twin


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, ODMFieldInfo))
class ModelMetaclass(BaseModelMetaclass):
    """Makes models with a collection."""

    __odm_concrete_kind__ = ModelKind.MODEL
    __odm_views__ = (*BaseModelMetaclass.__odm_views__, "__primary_field__", "__collection__")

    def __pos__(cls) -> str:
        """Give the name of the collection."""
        return str(mapping_of(cls).collection)


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, ODMFieldInfo))
class EmbeddedModelMetaclass(BaseModelMetaclass):
    """Makes models of embedded documents."""

    __odm_concrete_kind__ = ModelKind.EMBEDDED
