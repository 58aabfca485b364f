"""What may be given to an operation: models and instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from odmantic._mapping import is_model, is_model_instance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odmantic.model import Model

    ModelType = TypeVar("ModelType", bound=Model)


def check_model(value: Any, operation: str) -> None:
    """Raise unless `value` is a concrete model class.

    Raises:
        TypeError: it is an instance, an embedded model, `Model` itself or something else.
    """
    if not is_model(value):
        message = f"Can only call {operation} with a Model class, not {_describe(value)}"
        raise TypeError(message)


def check_instance(value: Any, operation: str) -> None:
    """Raise unless `value` is an instance of a model.

    Raises:
        TypeError: it is a class, an embedded object or something else.
    """
    if not is_model_instance(value):
        message = f"Can only call {operation} with a Model instance, not {_describe(value)}"
        raise TypeError(message)


def collect_instances(values: Iterable[ModelType], operation: str) -> list[ModelType]:
    """The instances of an iterable, each one checked before anything is written.

    Raises:
        TypeError: an element is no instance of a model.
    """
    instances = list(values)
    if not all(map(is_model, set(map(type, instances)))):
        check_instance(next(each for each in instances if not is_model_instance(each)), operation)
    return instances


def _describe(value: Any) -> str:
    """Say what was given, without its values, which may be secret, and why it is no model where it seems to be one."""
    if isinstance(value, type):
        return f"the class {value.__name__}{_why_no_model(value)}"
    if isinstance(value, BaseModel):
        return f"an instance of {type(value).__name__}{_why_no_model(type(value))}"
    return f"{value!r:.200}"


def _why_no_model(model: type[Any]) -> str:
    parent = next((base for base in model.__mro__ if base.__qualname__.endswith(_TWIN)), None)
    if parent is None:
        return ""
    name = parent.__qualname__.removesuffix(_TWIN)
    return (
        f": it inherits from {name}, and a subclass of a model is a plain pydantic model, without a collection. "
        f"Put the common fields into a class that is no model, and derive both from it and from Model"
    )


_TWIN = ".__pydantic_model__"
