"""The pure model of a model: a pydantic class with its fields and methods, without documents."""

from __future__ import annotations

import functools
import types
from typing import Any, cast

from pydantic import BaseModel

from odmantic._define.body import is_class_variable, own_annotations, taking_over
from odmantic._types.adapt import adapt_annotation
from odmantic._types.annotations import evaluate
from odmantic._types.instances import Instance
from odmantic._types.internals import PydanticMetaclass
from odmantic._types.kinds import ModelKind, kind_of
from odmantic._types.tree import Document, Target, read_type
from odmantic.bson import BSON_TYPES_ENCODERS, BaseBSONModel
from odmantic.field import ODMFieldInfo

_NOT_COPIED = frozenset(
    ("__classcell__", "__annotations__", "__odm_config__", "__odm_kind__", "__slots__")
)


def make_pure_model(model: type[Instance]) -> type[BaseModel]:
    """Create the pure model of a complete model."""
    name = f"{model.__name__}.__pydantic_model__"
    own_class = types.CellType()
    body = {
        k: _rebound(v, own_class) for k, v in model.__odm_body__.items() if k not in _NOT_COPIED
    }
    config: dict[str, Any] = dict(model.model_config)
    config["title"] = config.get("title") or model.__name__
    config["json_encoders"] = {**BSON_TYPES_ENCODERS, **(config.get("json_encoders") or {})}
    body["model_config"] = config
    annotations: dict[str, Any] = {
        name: annotation
        for name, annotation in own_annotations(model.__odm_body__).items()
        if name not in model.__pydantic_fields__
    }
    for field_name, info in model.__pydantic_fields__.items():
        annotations[field_name] = _pure_annotation(info.annotation)
        body[field_name] = info
    body["__annotations__"] = annotations
    bases = tuple(_pure_base(base) for base in model.__odm_bases__)
    with taking_over(model.__pydantic_fields__):
        pure = types.new_class(name, bases, {}, lambda namespace: namespace.update(body))
    own_class.cell_contents = pure
    # Only now: nested classes are recognised by the name of their enclosing class.
    pure.__qualname__ = name
    return pure


def _pure_base(base: Any) -> Any:
    kind = kind_of(base)
    if kind is ModelKind.ROOT:
        return BaseBSONModel
    return base if kind is None else base.__pydantic_model__


def _rebound(value: Any, own_class: types.CellType) -> Any:
    """Copy a method so that its `super()` refers to the pure model."""
    if isinstance(value, (classmethod, staticmethod)):
        method = cast("Any", value)
        return type(method)(_rebound(method.__func__, own_class))
    if isinstance(value, property):
        get, put, delete = (
            _rebound(each, own_class) for each in (value.fget, value.fset, value.fdel)
        )
        return property(get, put, delete, value.__doc__)
    if not isinstance(value, types.FunctionType):
        return value
    cells = dict(zip(value.__code__.co_freevars, value.__closure__ or (), strict=True))
    if "__class__" not in cells:
        return value
    cells["__class__"] = own_class
    copied = types.FunctionType(
        value.__code__, value.__globals__, value.__name__, value.__defaults__, tuple(cells.values())
    )
    copied.__kwdefaults__ = value.__kwdefaults__
    return functools.update_wrapper(copied, value)


def _pure_annotation(annotation: Any) -> Any:
    tree = read_type(annotation)
    if isinstance(tree, (Document, Target)):
        return tree.cls.__pydantic_model__
    return annotation


class PureMetaclass(PydanticMetaclass):
    """The metaclass of subclasses of concrete models, which are plain pydantic models."""

    def __new__(
        mcs, name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any], **kwargs: Any
    ) -> Any:
        """Create a plain pydantic model from a class body written like a model's."""
        if mcs is PureMetaclass:
            _purify(namespace, bases)
            config = namespace.get("model_config", {})
            # Otherwise it would inherit the model's title.
            namespace["model_config"] = {**config, "title": config.get("title") or name}
        return super().__new__(mcs, name, bases, namespace, **kwargs)


def _purify(namespace: dict[str, Any], bases: tuple[Any, ...]) -> None:
    """Put pydantic's fields and BSON-aware types into a class body."""
    config: dict[str, Any] = {}
    for base in reversed(bases):
        config |= getattr(base, "model_config", {})
    config |= namespace.get("model_config", {})
    for name, value in list(namespace.items()):
        if isinstance(value, ODMFieldInfo):
            namespace[name] = value.pydantic_field_info
    annotations = own_annotations(namespace)
    for name, annotation in annotations.items():
        evaluated, missing = evaluate(annotation, namespace["__module__"], {})
        is_field = not (name.startswith("_") or is_class_variable(evaluated))
        if missing is None and is_field:
            annotations[name] = adapt_annotation(evaluated, config)
    namespace["__annotations__"] = annotations


def pure_subclass(
    name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any], kwargs: dict[str, Any]
) -> type[BaseModel]:
    """Create a subclass of concrete models, which is a plain pydantic model."""
    pure = tuple(
        base.__pydantic_model__ if kind_of(base) in (ModelKind.MODEL, ModelKind.EMBEDDED) else base
        for base in bases
    )
    metaclass: Any = types.prepare_class(name, pure, {"metaclass": PureMetaclass})[0]
    subclass: type[BaseModel] = metaclass(name, pure, namespace, **kwargs)
    return subclass
