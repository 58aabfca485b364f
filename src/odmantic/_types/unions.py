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
_SEVERAL = 2


def mark_unions(annotation: Any) -> Any:
    """Return the annotation of a reference with the mark on each union of models, in optional ones and in containers."""
    return _Marking().marked(annotation)


class _Marking:
    """One walk through an annotation, each part of which is marked once; an alias inside itself stays."""

    def __init__(self) -> None:
        self._known: dict[Any, tuple[Any, Any]] = {}

    def marked(self, annotation: Any) -> Any:
        # The annotation is kept, so that no other gets its id.
        key = annotation if is_type_alias(annotation) else id(annotation)
        if key not in self._known:
            self._known[key] = annotation, annotation
            self._known[key] = annotation, self._marked(annotation)
        return self._known[key][1]

    def _marked(self, annotation: Any) -> Any:
        if is_type_alias(annotation):
            value = alias_value(annotation)
            marked = self.marked(value)
            return annotation if marked is value else marked
        if get_origin(annotation) is Annotated:
            inner = self.marked(annotation.__origin__)
            is_itself = inner is annotation.__origin__
            return annotation if is_itself else annotated(inner, annotation.__metadata__)
        if is_union(annotation) and (marked := _marked_union(annotation)) is not None:
            return marked
        arguments = get_args(annotation)
        parts = tuple(map(self.marked, arguments))
        if all(one is other for one, other in zip(parts, arguments, strict=True)):
            return annotation
        if is_union(annotation):
            return union_of(parts)
        generic: Any = get_origin(annotation)
        return generic[parts[0] if len(parts) == 1 else parts]


def _marked_union(union: Any) -> Any:
    """Return a union of models, which may be optional, with the mark; `None` for any other."""
    members = tuple(members_of(union))
    models = tuple(each for each in members if _is_model(each))
    others = [each for each in members if not _is_model(each)]
    if len(models) < _SEVERAL or others not in ([], [NoneType]):
        return None
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
