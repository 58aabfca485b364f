"""Fields of a derived class, as seen through a field that is declared with its base."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from odmantic._mapping.fields import ODMBaseField, ODMEmbedded
from odmantic._query.paths import FieldProxy
from odmantic._types.kinds import ModelKind, kind_of
from odmantic._types.tree import Array, Document, FixedTuple, Nullable, Type, Union

T = TypeVar("T")


def as_type(path: object, cls: type[T]) -> T:
    """Return a field that holds embedded objects, as if it were declared with a derived class.

    It is for queries about the fields of that class, as in `as_type(Drawing.main, Circle).radius > 3`. It adds no condition: combine it with `type_is` if other classes
    have fields with the same keys. For type checkers it is an instance of the class.

    Args:
        path: The field, such as `Drawing.main`, or `Drawing.shapes` for the objects in a list.
        cls: A class derived from that in the annotation.

    Raises:
        TypeError: if it is no field with embedded objects, or they are never instances of the class.
    """
    field, base = embedded_in(path, "as_type")
    if kind_of(cls) is not ModelKind.EMBEDDED or not issubclass(cls, base):
        name = getattr(cls, "__name__", repr(cls))
        raise TypeError(
            f"as_type: {path!r} holds {base.__name__}, and {name} is not derived from it: name a class that is"
        )
    narrow = ODMEmbedded(
        key_name=field.key_name,
        model_config=field.model_config,
        pydantic_field=field.pydantic_field,
        options=field.options,
        model=cls,
    )
    narrow.owner = field.owner
    get = object.__getattribute__
    return cast("T", FieldProxy(get(path, "parent"), narrow, get(path, "root")))


def embedded_in(path: object, function: str) -> tuple[ODMBaseField, type[Any]]:
    """Return the field at a path, and the class of the embedded objects at its key.

    Raises:
        TypeError: if there are none.
    """
    if isinstance(path, FieldProxy):
        field: ODMBaseField = object.__getattribute__(path, "field")
        cls = field.model if isinstance(field, ODMEmbedded) else _class_at_key(field.tree)
        if cls is not None:
            return field, cls
    raise TypeError(
        f"{function} takes a field that holds embedded objects, alone or in a list, as in "
        f"`{function}(Drawing.main, Circle)`, not {path!r}"
    )


def _class_at_key(node: Type) -> Any:
    match node:
        case Document():
            return node.cls
        case Nullable() | Array():
            return _class_at_key(node.inner)
        case Union() | FixedTuple():
            return next(filter(None, map(_class_at_key, node.arguments)), None)
        case _:
            return None
