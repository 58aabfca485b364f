"""Checks of the models and instances that are passed to operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel

from odmantic._state.hollow import hollow_in
from odmantic._types.kinds import is_model, is_model_instance, why_no_model
from odmantic.exceptions import NotLoadedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from odmantic.model import Model

    ModelType = TypeVar("ModelType", bound=Model)


_BY_QUERY = {
    "update": ": use update_one or update_many, with a query",
    "delete": ": use delete_one or delete_many, with a query",
    "replace": ": use replace_one, with a query",
}
"""What changes the documents of a model, by the operation on one instance."""


def check_model(value: Any, operation: str) -> None:
    """Check that `value` is a concrete model class.

    Raises:
        TypeError: if it is an instance, an embedded model, `Model` itself or something else.
    """
    if not is_model(value):
        raise TypeError(f"Can only call {operation} with a Model class, not {_describe(value)}")


def check_instance(value: Any, operation: str) -> None:
    """Check that `value` is an instance of a model.

    Raises:
        TypeError: if it is a class, an embedded object or something else.
    """
    if not is_model_instance(value):
        hint = _BY_QUERY.get(operation, "") if is_model(value) else ""
        raise TypeError(
            f"Can only call {operation} with a Model instance, not {_describe(value)}{hint}"
        )


def collect_instances(values: Iterable[ModelType], operation: str) -> list[ModelType]:
    """Return the instances of an iterable; all are checked before anything is written.

    Raises:
        TypeError: if an element is not an instance of a model.
    """
    given: Any = values
    if isinstance(given, BaseModel):
        raise TypeError(
            f"{operation} takes several instances: write {operation}([instance]), or save(instance) for one"
        )
    instances = list(values)
    if not all(map(is_model, set(map(type, instances)))):
        check_instance(next(each for each in instances if not is_model_instance(each)), operation)
    return instances


def check_loaded_instances(instances: Iterable[Any], operation: str) -> None:
    """Check that instances have more than their primary keys.

    Raises:
        NotLoadedError: if one was not loaded.
    """
    for hollow in filter(None, map(hollow_in, instances)):
        raise NotLoadedError(f"{operation} needs the whole instance, but {hollow.problem}")


def check_apart(instances: Sequence[Any], operation: str) -> None:
    """Check that no object occurs twice.

    Raises:
        ValueError: if one does.
    """
    seen: dict[int, int] = {}
    if len({*map(id, instances)}) == len(instances):
        return
    for number, instance in enumerate(instances):
        before = seen.setdefault(id(instance), number)
        if before != number:
            raise ValueError(
                f"{operation} was given one {type(instance).__name__} object twice, as number {before} and number "
                f"{number}: leave one out"
            )


def check_limit(limit: Any) -> int | None:
    """Check the largest number of documents.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is not positive.
    """
    if limit is None:
        return None
    number = whole("limit", limit)
    if number <= 0:
        raise ValueError("limit has to be a strict positive value or None")
    return number


def check_returning(value: object, operation: str) -> str:
    """Check which document a write gives.

    Raises:
        ValueError: if it is neither `"after"` nor `"before"`.
    """
    if isinstance(value, str) and value in {"after", "before"}:
        return value
    raise ValueError(f'returning= of {operation} is "after" or "before", not {value!r:.100}')


def whole(name: str, value: Any) -> int:
    """Return a number of documents as the driver accepts it; `total / 2` may be valid too."""
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise TypeError(f"{name} has to be an integer, not {value!r}")


def _describe(value: Any) -> str:
    """Return a description of a value, without its secrets, and why it is not a model if it seems to be one."""
    if isinstance(value, type):
        cls = cast("type[Any]", value)
        return f"the class {cls.__name__}{why_no_model(cls)}"
    kind = value.__class__
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)) and any(
        map(is_model_instance, cast("Iterable[Any]", value))
    ):
        return f"a {kind.__name__}: use save_all or insert_many for several, or go through them one by one"
    return f"an instance of {kind.__name__}{why_no_model(kind)}"


def words_said(**words: Any) -> dict[str, Any]:
    """Return the words that a call says: a method of a program's own engine may not know them."""
    return {word: value for word, value in words.items() if value is not None}
