"""`Expand`: a lazy reference that responses show as the whole document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

from pydantic_core import core_schema

from odmantic._define.hollow import check_all_loaded
from odmantic._mapping.ref_schema import models_in
from odmantic._types.annotations import annotated, is_union, union_of
from odmantic._types.kinds import is_lazy
from odmantic._types.polymorphic import with_real_class

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from odmantic._types.tree import Type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Expanded:
    """The mark of a lazy reference that is shown as its document."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        models = [with_real_class(each) for each in models_in(source)]
        shown: CoreSchema = core_schema.any_schema()
        if models:
            shown = handler.generate_schema(
                union_of(tuple(models)) if len(models) > 1 else models[0]
            )
        # A serialiser cannot raise its own errors, so what is not loaded is refused before.
        return core_schema.no_info_after_validator_function(
            _check,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _document, return_schema=shown
            ),
        )


def _check(ref: Any) -> Any:
    check_all_loaded(ref.value)
    return ref


def _document(ref: Any) -> Any:
    return ref.value


def is_expanded(node: Type) -> bool:
    """Return whether a type is a lazy reference that is shown as its document."""
    return any(isinstance(mark, Expanded) for mark in node.marks)


def _expand(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if is_lazy(origin):
        return Annotated[annotation, Expanded()]
    if origin is Annotated:
        return annotated(_expand(annotation.__origin__), annotation.__metadata__)
    arguments = tuple(map(_expand, get_args(annotation)))
    if not arguments or arguments == get_args(annotation):
        return annotation
    return union_of(arguments) if is_union(annotation) else origin[arguments]


if TYPE_CHECKING:
    Expand = Annotated[T, Expanded()]
else:

    class Expand:
        """A lazy reference in the model of a response, shown as the document and not as its key, as in `Expand[Ref[User]]`.

        It may be inside of optional types and containers too. For type checkers it is the reference itself.

        Raises:
            TypeError: if there is no `Ref` in it.
            NotLoadedError: when a response is made of a reference that is not loaded.
        """

        def __class_getitem__(cls, argument: Any) -> Any:
            expanded = _expand(argument)
            if expanded is argument:
                raise TypeError(f"Expand needs a Ref, as in Expand[Ref[User]], not {argument!r}")
            return expanded
