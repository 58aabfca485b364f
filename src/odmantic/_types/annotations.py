"""Creating and evaluating annotations, and validators made from them."""

from __future__ import annotations

import operator
import re
import sys
import types
from collections.abc import Iterable, Iterator
from typing import (
    Annotated,
    Any,
    ClassVar,
    ForwardRef,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from annotated_types import GroupedMetadata
from pydantic import ConfigDict, Discriminator, Field, PydanticUserError, TypeAdapter
from pydantic.fields import FieldInfo

_UNIONS = (Union, types.UnionType)


# `typing` caches what it has made of equal arguments, and `Union[int, str]` equals `Union[str, int]`: what is made here
# for one class must not be given to another, whose values pydantic would convert in another order.


def annotated(annotation: Any, metadata: Iterable[Any]) -> Any:
    """Attach metadata that is known only at run time."""
    parts = (annotation, *metadata)
    if len(parts) == 1:
        return annotation
    made: Any = Annotated[parts]
    is_itself = made.__origin__ is annotation or get_origin(annotation) is Annotated
    return made if is_itself else made.copy_with((annotation,))


def union_of(members: tuple[Any, ...]) -> Any:
    """Return the union of some types that are no unions themselves."""
    made: Any = Union[members]  # noqa: UP007 - the members are only known now
    found = get_args(made)
    is_another = len(found) == len(members) and any(map(operator.is_not, found, members))
    return type(made)(Union, members) if is_another else made


def is_union(annotation: Any) -> bool:
    """Return whether this is a union in either spelling."""
    return get_origin(annotation) in _UNIONS


def type_adapter(annotation: Any, *, arbitrary_types: bool) -> TypeAdapter[Any]:
    """Return a validator for a single type, without options of fields such as frozen."""
    if get_origin(annotation) is Annotated:
        parts = (annotation.__origin__, *_marks_of_types(annotation.__metadata__))
        annotation = Annotated[parts] if len(parts) > 1 else parts[0]
    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=arbitrary_types))
    except PydanticUserError:
        # Classes with their own configuration accept no other.
        return TypeAdapter(annotation)


def _marks_of_types(metadata: Iterable[Any]) -> Iterator[Any]:
    for item in metadata:
        if not isinstance(item, FieldInfo):
            yield item
            continue
        yield from item.metadata
        if item.discriminator is not None:
            yield Field(discriminator=item.discriminator)


def marks_of(info: FieldInfo) -> list[Any]:
    """Return the metadata of a field's annotation, with the discriminator of a union, which pydantic keeps apart."""
    given = info.discriminator
    if given is None:
        return info.metadata
    return [*info.metadata, Discriminator(given) if isinstance(given, str) else given]


def tag_of(mark: object) -> str | None:
    """Return the name of the field by which a mark tells the members of a union apart."""
    if isinstance(mark, (Discriminator, FieldInfo)):
        return mark.discriminator if isinstance(mark.discriminator, str) else None
    if isinstance(mark, GroupedMetadata):
        return next((tag for each in mark if (tag := tag_of(each)) is not None), None)
    return None


_CLASS_VAR = re.compile(r"(\w+\.)*ClassVar(?=\[|$)")


def evaluate(annotation: Any, module: str, known: dict[str, Any]) -> tuple[Any, str | None]:
    """Evaluate an annotation; also return the first name that does not exist, if any."""
    if not _has_forward_reference(annotation):
        return annotation, None
    is_class_variable = isinstance(annotation, str) and _CLASS_VAR.match(annotation)
    if is_class_variable and "[" not in annotation:
        # Python 3.10 evaluates it only with an argument.
        return ClassVar, None
    holder = type("holder", (), {"__annotations__": {"it": _with_references(annotation)}})
    names = getattr(sys.modules.get(module), "__dict__", {})
    try:
        return get_type_hints(holder, names, known, include_extras=True)["it"], None
    except NameError as error:
        # What is no field need not exist yet.
        return (ClassVar, None) if is_class_variable else (annotation, error.name)


def _with_references(annotation: Any) -> Any:
    """Turn text in builtin generics, such as `list["Node"]`, into references: Python 3.10 does not evaluate it."""
    origin = get_origin(annotation)
    if origin is Literal or not get_args(annotation):
        return annotation
    if origin is Annotated:
        parts = (_with_references(annotation.__origin__), *annotation.__metadata__)
        return Annotated[parts]
    if is_union(annotation):
        members = tuple(map(_with_references, get_args(annotation)))
        return union_of(members)
    if not isinstance(annotation, types.GenericAlias):
        return annotation
    parts = tuple(
        ForwardRef(each) if isinstance(each, str) else _with_references(each)
        for each in get_args(annotation)
    )
    cls: Any = origin
    return types.GenericAlias(cls, parts)


def _has_forward_reference(annotation: Any, known: dict[int, Any] | None = None) -> bool:
    if isinstance(annotation, (str, ForwardRef)):
        return True
    known = {} if known is None else known
    if get_origin(annotation) is Literal or id(annotation) in known:
        return False
    known[id(annotation)] = annotation
    if get_origin(annotation) is Annotated:
        return _has_forward_reference(annotation.__origin__, known)
    return any(_has_forward_reference(argument, known) for argument in _arguments(annotation))


def _arguments(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        # The parameters of a callable are a list.
        yield from argument if isinstance(argument, list) else (argument,)
