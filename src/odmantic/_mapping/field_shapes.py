"""The shapes of fields, as far as their annotations tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from odmantic._mapping.aliases import is_type_alias
from odmantic._mapping.annotations import is_union
from odmantic._mapping.leaves import DECIMAL_LEAF, LEAF_CLASSES, LEAVES, enum_leaf, literal_leaf
from odmantic._mapping.mapping import ODMReference, is_embedded_model, mapping_of
from odmantic._mapping.nodes import Anything, Array, Document, Leaf, Node, Nullable, Table, Target
from odmantic._mapping.options import FieldOptions
from odmantic.bson import DECIMAL_SERIALIZER, SUBSTITUTE_MARKS

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

_ARRAYS = (list, tuple, set, frozenset)


def shapes_of(mapping: ModelMapping) -> dict[str, Node | None]:
    """Give the shapes of the fields; `None` where only pydantic knows."""
    return {
        name: Target(field.model)
        if isinstance(field, ODMReference)
        else _node(field.pydantic_field.annotation, field.pydantic_field.metadata)
        for name, field in mapping.fields.items()
    }


def _node(annotation: Any, metadata: Iterable[Any] = ()) -> Node | None:
    """Give the shape of a type; `None` if only pydantic knows it."""
    if is_type_alias(annotation):
        return None
    if get_origin(annotation) is Annotated:
        return _node(annotation.__origin__, (*annotation.__metadata__, *metadata))
    marks = [item for item in metadata if not isinstance(item, FieldOptions)]
    if annotation is Decimal:
        return DECIMAL_LEAF if all(map(_is_of_decimals, marks)) else None
    if marks:
        return None
    if is_union(annotation):
        return _union_node(get_args(annotation))
    if get_origin(annotation) is Literal:
        return literal_leaf(get_args(annotation))
    return _class_node(annotation)


def _is_of_decimals(mark: object) -> bool:
    return mark is DECIMAL_SERIALIZER or isinstance(mark, SUBSTITUTE_MARKS)


def _union_node(members: tuple[Any, ...]) -> Node | None:
    others = [member for member in members if member is not NoneType]
    if len(others) != 1 or len(members) == 1:
        return None
    inner = _node(others[0])
    return inner and Nullable(inner)


def _class_node(cls: Any) -> Node | None:
    if cls in LEAVES:
        return LEAVES[cls]
    if cls is Any:
        return Anything()
    if is_embedded_model(cls):
        return Document(cls)
    if isinstance(cls, type) and issubclass(cls, Enum):
        return enum_leaf(cls)
    return _generic_node(get_origin(cls), get_args(cls))


def _generic_node(origin: Any, arguments: tuple[Any, ...]) -> Node | None:
    if origin is dict and arguments[0] is str:
        inner = _node(arguments[1])
        return inner and Table(inner)
    if origin in _ARRAYS:
        if origin is tuple and arguments[1:] != (Ellipsis,):
            return None
        inner = _node(arguments[0])
        # The items of a set have an order of their own.
        is_ordered = origin in (list, tuple) or isinstance(inner, Leaf)
        return Array(origin, inner) if inner and is_ordered else None
    return None


def leaf_classes_of(mapping: ModelMapping) -> frozenset[type[Any]]:
    """Give the classes of the values that cannot change in instances of a model."""
    return LEAF_CLASSES.union(_leaf_classes(mapping, set()))


def _leaf_classes(mapping: ModelMapping, seen: set[Any]) -> Iterator[type[Any]]:
    seen.add(mapping.model)
    for shape in mapping.shapes.values():
        node = shape
        while isinstance(node, (Nullable, Array, Table)):
            node = node.inner
        if isinstance(node, Leaf):
            yield node.cls
        elif isinstance(node, Document) and node.model not in seen:
            yield from _leaf_classes(mapping_of(node.model), seen)
