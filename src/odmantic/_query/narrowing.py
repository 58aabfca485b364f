"""Fields of a derived class, as seen through a field that is declared with its base."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar, cast

from odmantic._query.paths import proxy_at
from odmantic._query.steps import HasPath, Path, path_in
from odmantic._types.kinds import is_class
from odmantic._types.tree import Array, Document, FixedTuple, Nullable, Type, Union

T = TypeVar("T")


def as_type(path: object, cls: type[T]) -> T:
    """Return a field that holds embedded objects, as if it were declared with one class.

    It is for queries about the fields of that class, as in `as_type(Drawing.main, Circle).radius > 3`. It adds no condition: combine it with `type_is` if other classes
    have fields with the same keys. For type checkers it is an instance of the class.

    Args:
        path: The field, such as `Drawing.main`, or `Drawing.shapes` for the objects in a list.
        cls: A class in the annotation, such as a member of a union, or one derived from it.

    Raises:
        TypeError: if it is no field with embedded objects, or they are never instances of the class.
    """
    whole = path_with(path, cls, "as_type")
    return cast("T", proxy_at(replace(whole, narrowed=cls)))


def path_with(path: object, cls: Any, function: str) -> Path:
    """Return a path, which may lead to embedded objects of a class.

    Raises:
        TypeError: if it does not.
    """
    found = path_in(path) if isinstance(path, HasPath) else None
    classes = () if found is None else _classes_at(found)
    if found is None or not classes:
        raise TypeError(
            f"{function} takes a field that holds embedded objects, alone or in a list, as in "
            f"`{function}(Drawing.main, Circle)`, not {path!r}"
        )
    if not is_class(cls) or not issubclass(cls, classes):
        held = " or ".join(each.__name__ for each in classes)
        name = getattr(cls, "__name__", repr(cls))
        raise TypeError(
            f"{function}: {path!r} holds {held}, and {name} is not derived from it: name a class that is"
        )
    return found


def _classes_at(path: Path) -> tuple[type[Any], ...]:
    return _classes_at_key(path.node) if path.narrowed is None else (path.narrowed,)


def _classes_at_key(node: Type) -> tuple[type[Any], ...]:
    """Return the classes of the embedded objects whose keys follow that of a field in paths."""
    match node:
        case Document():
            return (node.cls,)
        case Nullable() | Array():
            return _classes_at_key(node.inner)
        case Union() | FixedTuple():
            return tuple(cls for each in node.arguments for cls in _classes_at_key(each))
        case _:
            return ()
