"""The metaclasses of models."""

from __future__ import annotations

import copyreg
import operator
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from odmantic._define.body import Body, own_annotations, taking_over
from odmantic._define.complete import (
    LazyMappingAttribute,
    attach_mapping,
    complete,
    is_incomplete,
)
from odmantic._define.forward import remember, waiting_for
from odmantic._define.hierarchies import check_words, enter_hierarchy, hierarchy_above
from odmantic._define.properties import has_all_names
from odmantic._define.pure import PureMetaclass, pure_subclass
from odmantic._hooks.declared import declare_hooks
from odmantic._mapping.building import building_class, is_building
from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.mapping import (
    COLLECTION,
    DOCUMENT_METHODS,
    ModelMapping,
    is_library_base,
    mapping_of,
)
from odmantic._mapping.naming import collection_name, plain_text
from odmantic._mapping.rules import drop_rules
from odmantic._query.properties import cover
from odmantic._types.internals import is_parametrisation
from odmantic._types.kinds import CONCRETE, WITH_FIELDS, ModelKind, kind_of, origin_of
from odmantic._types.transform import dataclass_transform
from odmantic.config import ODMConfigDict, inherited_config, joined_config, validate_config
from odmantic.field import Field, ODMFieldInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from odmantic._mapping.hierarchy import Hierarchy

_ARGUMENTS = "__odm_arguments__"

_VIEWS = frozenset(
    (
        "__mapping__",
        "__odm_fields__",
        "__references__",
        "__mutable_fields__",
        "__bson_serializers__",
        "__pydantic_model__",
        "__primary_field__",
        "__collection__",
    )
)
"""The attributes of a class that show its mapping."""

_CONFIG_OPTIONS = ODMConfigDict.__required_keys__.union(ODMConfigDict.__optional_keys__)


class BaseModelMetaclass(PureMetaclass):
    """The metaclass of models: rewrites class bodies for pydantic, and provides proxies for fields."""

    if TYPE_CHECKING:
        __odm_concrete_kind__: ClassVar[ModelKind]
    else:

        def __getattr__(cls, name: str) -> Any:
            """Complete a class that had forward references, which gives it its proxies."""
            if name.startswith("__") or is_building():
                return super().__getattr__(name)
            if not is_incomplete(cls):
                try:
                    return super().__getattr__(name)
                except AttributeError:
                    text = f"{cls.__name__} has no field or attribute {name!r}"
                    raise AttributeError(text, name=name, obj=cls) from None
            complete(cls)
            return getattr(cls, name)

        def __setattr__(cls, name: str, value: Any) -> None:
            """Accept another collection name; refuse assignments to views of the mapping.

            Raises:
                TypeError: if the attribute shows what the class statement declares, or the collection name is not
                    valid.
            """
            if name == "__collection__":
                _move(cls, value)
            elif name in _VIEWS:
                raise TypeError(
                    f"{cls.__name__}.{name} cannot be assigned: it shows what the class statement says"
                )
            else:
                super().__setattr__(name, value)
                if name in DOCUMENT_METHODS:
                    _decide_again(cls)

        def __delattr__(cls, name: str) -> None:
            """Delete an attribute of the class.

            Raises:
                TypeError: if the attribute shows what the class statement declares.
            """
            if name in _VIEWS:
                raise TypeError(
                    f"{cls.__name__}.{name} cannot be deleted: it shows what the class statement says"
                )
            super().__delattr__(name)
            if name in DOCUMENT_METHODS:
                _decide_again(cls)

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
        """Create a model, or a plain pydantic model from a concrete one."""
        name = plain_text(name)
        namespace = {plain_text(key): value for key, value in namespace.items()}
        models = [base for base in bases if kind_of(base) is not None]
        cls: Any
        if is_parametrisation(kwargs):
            cls = mcs._parametrise(name, bases, namespace, kwargs)
        elif not all(map(_has_model_subclasses, models)):
            return pure_subclass(name, bases, namespace, kwargs)
        elif models:
            cls = mcs._define(name, bases, namespace, kwargs, sys._getframe(1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        else:
            return super().__new__(mcs, name, bases, namespace, **kwargs)
        hierarchy = None if is_parametrisation(kwargs) else enter_hierarchy(cls)
        try:
            if has_all_names(cls):
                attach_mapping(cls)
            else:
                cls.model_rebuild(raise_errors=False)
        except BaseException:
            if hierarchy is not None:
                hierarchy.discard(cls)
            drop_rules(cls)
            raise
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
        with building_class(), taking_over(body.inherited):
            cls: Any = super().__new__(mcs, name, bases, namespace, **kwargs)
        for deferred in body.deferred:
            # Pydantic has its placeholder now; others should see the original annotation.
            cls.__annotations__[deferred.declaration.name] = deferred.declaration.annotation
        cover(cls)
        cls.__odm_body__ = original
        cls.__odm_bases__ = bases
        cls.__odm_unchecked__ = body.unchecked
        mcs._cover_views(cls)
        declare_hooks(cls)
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
        with building_class():
            cls: Any = super().__new__(mcs, name, bases, namespace, **kwargs)
        (origin,) = bases
        cls.__odm_body__ = origin.__odm_body__
        cls.__odm_bases__ = origin.__odm_bases__
        mcs._cover_views(cls)
        return cls

    @classmethod
    def _cover_views(mcs, cls: Any) -> None:
        """Hide the views of another class, which a class inherits until it is complete."""
        for view in mcs.__odm_views__:
            type.__setattr__(cls, view, LazyMappingAttribute(view))

    def __odm_subclass__(cls, namespace: dict[str, Any]) -> Any:
        """Create a class that validates like this one but is not a model of its own."""
        with building_class():
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
        models = [base for base in bases if kind_of(base) in WITH_FIELDS]
        if sum(kind_of(base) in CONCRETE for base in models) > 1:
            raise TypeError(f"{name} cannot be derived from several models that are not abstract")
        hierarchy = hierarchy_above(name, models)
        inherited = inherited_config(
            [base.__odm_config__ for base in models], is_single=hierarchy is not None
        )
        own = {**namespace.get("model_config", {}), **given}
        if hierarchy is not None and own.get("inheritance") is None:
            own.pop("inheritance", None)
        given = joined_config(inherited, own)
        config = validate_config(given, name)
        check_words(name, own, hierarchy, config)
        if (
            config.get("inheritance") == "separate"
            and mcs.__odm_concrete_kind__ is ModelKind.EMBEDDED
        ):
            raise ValueError(
                f"'{name}': inheritance of an embedded model can only be 'abstract' or 'single'"
            )
        is_abstract = config.get("inheritance") == "abstract"
        kind = ModelKind.ABSTRACT if is_abstract else mcs.__odm_concrete_kind__
        namespace["model_config"] = config
        namespace["__odm_config__"] = given
        namespace.pop("__collection__", None)
        namespace["__odm_kind__"] = kind
        namespace.setdefault("__doc__", "")
        body = Body(
            class_name=name,
            namespace=namespace,
            known=_known_names(namespace, frame),
            config=config,
            annotations={},
            deferred=[],
        )
        body.rewrite(bases, automatic_id=kind is ModelKind.MODEL)
        return body


def remember_arguments(cls: Any, origin: Any, arguments: Any) -> None:
    """Remember a class's type arguments as the program wrote them: a pickle needs them to find the class again."""
    # While a class is parametrised by itself, pydantic gives a stand-in.
    if isinstance(cls, type) and cls is not origin and _ARGUMENTS not in vars(cls):
        type.__setattr__(cls, _ARGUMENTS, (origin, arguments))


def _reduced(cls: Any) -> Any:
    """Return how a pickle finds a class: by its name, or as a parametrisation."""
    own: Mapping[str, Any] = cls.__dict__
    if _ARGUMENTS not in own:
        return cls.__qualname__
    return operator.getitem, own[_ARGUMENTS]


def _has_model_subclasses(base: Any) -> bool:
    """Return whether the classes derived from one are models, and not plain pydantic classes."""
    inheritance = base.model_config.get("inheritance")
    return kind_of(base) not in CONCRETE or inheritance in ("separate", "single")


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


def _decide_again(cls: Any) -> None:
    """Forget decisions based on the methods of models, for all models: those of referenced classes count too."""
    base = next(each for each in cls.__mro__ if is_library_base(each))
    waiting: list[Any] = [base]
    while waiting:
        one = waiting.pop()
        waiting += type.__subclasses__(one)
        own: Mapping[str, Any] = one.__dict__
        mapping = own.get("__mapping__")
        if isinstance(mapping, ModelMapping):
            mapping.decide_again()


def _move(cls: Any, collection: object) -> None:
    """Use another collection for a model and its parametrisations from now on.

    Raises:
        TypeError: if the class has no collection, or MongoDB would not accept the name.
    """
    if kind_of(cls) is not ModelKind.MODEL:
        raise TypeError(f"{cls.__name__} has no collection: only subclasses of Model have")
    if not isinstance(collection, str):
        raise TypeError(f"{cls.__name__}.__collection__ has to be a string, not {collection!r}")
    name = collection_name(cls.__name__, collection)
    hierarchy = hierarchy_of(cls)
    if hierarchy is not None and hierarchy.root is not cls:
        root = hierarchy.root.__name__
        raise TypeError(
            f"{cls.__name__}.__collection__ cannot be assigned: it is that of {root}, the root of its hierarchy; "
            f"assign {root}.__collection__"
        )
    for each in _sharing_collection(cls, hierarchy):
        own: Mapping[str, Any] = each.__dict__
        mapping = own.get("__mapping__")
        if isinstance(mapping, ModelMapping):
            mapping.move(name)
            type.__setattr__(each, "__collection__", name)
    type.__setattr__(cls, COLLECTION, name)


def _sharing_collection(cls: Any, hierarchy: Hierarchy | None) -> Iterator[Any]:
    """Yield a class, its parametrisations that have no collection of their own, and all classes of its hierarchy."""
    yield cls
    subclasses: list[type[Any]] = cls.__subclasses__()
    for each in subclasses:
        if hierarchy is not None and hierarchy_of(each) is hierarchy:
            yield from _sharing_collection(each, hierarchy)
        elif origin_of(each) is cls and COLLECTION not in vars(each):
            yield each


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, ODMFieldInfo))
class ModelMetaclass(BaseModelMetaclass):
    """The metaclass of models with a collection."""

    __odm_concrete_kind__ = ModelKind.MODEL
    __odm_views__: ClassVar[tuple[str, ...]] = (
        *BaseModelMetaclass.__odm_views__,
        "__primary_field__",
        "__collection__",
    )

    def __pos__(cls) -> str:
        """Return the name of the collection."""
        return str(mapping_of(cls).collection)


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, ODMFieldInfo))
class EmbeddedModelMetaclass(BaseModelMetaclass):
    """The metaclass of embedded models."""

    __odm_concrete_kind__ = ModelKind.EMBEDDED


for _metaclass in (ModelMetaclass, EmbeddedModelMetaclass):
    # Pickles do not ask a class for `__reduce_ex__`.
    copyreg.pickle(_metaclass, _reduced)
