"""Unions of models in references, marked: what is stored there leads to a document of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from odmantic._types.aliases import alias_value, is_type_alias
from odmantic._types.annotations import annotated, is_union, union_of
from odmantic._types.kinds import is_model
from odmantic._types.polymorphic import shown_as_real

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class OneOfModels:
    """The mark of a union of models, whose instances are shown by their own classes: also those that lack fields."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return shown_as_real(handler(source))

    def __repr__(self) -> str:
        return "OneOfModels()"


_ONE_OF_MODELS = OneOfModels()


def mark_unions(annotation: Any) -> Any:
    """Return the annotation of a reference with the mark on each union of models, in optional ones and in containers."""
    if is_type_alias(annotation):
        value = alias_value(annotation)
        marked = mark_unions(value)
        return annotation if marked is value else marked
    origin = get_origin(annotation)
    if origin is Annotated:
        inner = mark_unions(annotation.__origin__)
        if inner is annotation.__origin__:
            return annotation
        return annotated(inner, annotation.__metadata__)
    if is_union(annotation):
        return _marked_union(annotation)
    arguments = get_args(annotation)
    marked_ones = tuple(map(mark_unions, arguments))
    if all(one is other for one, other in zip(marked_ones, arguments, strict=True)):
        return annotation
    generic: Any = origin
    return generic[marked_ones[0] if len(marked_ones) == 1 else marked_ones]


def _marked_union(union: Any) -> Any:
    members = tuple(members_of(union))
    models = tuple(each for each in members if _is_model(each))
    others = [each for each in members if not _is_model(each)]
    if len(models) == 1 or others not in ([], [NoneType]):
        return union
    marked = annotated(union_of(models), (_ONE_OF_MODELS,))
    return union_of((marked, NoneType)) if others else marked


def members_of(union: Any) -> Iterator[Any]:
    """Yield the members of a union, and of those in it: also behind aliases and metadata."""
    for each in get_args(union):
        bare = _bare(each)
        if is_union(bare):
            yield from members_of(bare)
        else:
            yield each


def _bare(annotation: Any) -> Any:
    while True:
        if get_origin(annotation) is Annotated:
            annotation = annotation.__origin__
        elif is_type_alias(annotation):
            annotation = alias_value(annotation)
        else:
            return annotation


def _is_model(annotation: Any) -> bool:
    return is_model(_bare(annotation))
