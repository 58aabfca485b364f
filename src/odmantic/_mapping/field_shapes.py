"""The shapes of fields, as far as their annotations tell."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from odmantic._mapping.fields import ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.options import FieldOptions
from odmantic._types.aliases import is_type_alias
from odmantic._types.annotations import is_union
from odmantic._types.kinds import is_class, is_embedded_model
from odmantic._types.leaves import DECIMAL_LEAF, LEAF_CLASSES, LEAVES, enum_leaf, literal_leaf
from odmantic._types.tree import (
    Anything,
    Array,
    Document,
    Leaf,
    Node,
    Nullable,
    Table,
    Target,
    nodes_around,
)
from odmantic.bson import DECIMAL_SERIALIZER, SUBSTITUTE_MARKS

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

_ARRAYS = (list, tuple, set, frozenset)

_DEEPEST = 6
"""How many containers in each other code has loops for: Python allows 20, and there are others around them."""


def shapes_of(mapping: ModelMapping) -> dict[str, Node | None]:
    """Give the shapes of the fields; `None` where only pydantic knows."""
    return {
        name: Target(field.model)
        if isinstance(field, ODMReference)
        else _unless_too_deep(_node(field.pydantic_field.annotation, field.pydantic_field.metadata))
        for name, field in mapping.fields.items()
    }


def _unless_too_deep(node: Node | None) -> Node | None:
    loops = [each for each in nodes_around(node) if isinstance(each, (Array, Table))]
    return None if len(loops) > _DEEPEST else node


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
    if is_class(cls) and issubclass(cls, Enum):
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


def embedded_in(mapping: ModelMapping) -> list[ModelMapping]:
    """Give the mappings of what may be embedded in an instance, at any depth, each once and its own first."""
    found = {mapping.model: mapping}
    waiting = [mapping]
    while waiting:
        for shape in waiting.pop().shapes.values():
            last = nodes_around(shape)[-1]
            if isinstance(last, Document) and last.model not in found:
                found[last.model] = mapping_of(last.model)
                waiting.append(found[last.model])
    return list(found.values())


def leaf_classes_of(mapping: ModelMapping) -> frozenset[type[Any]]:
    """Give the classes of the values that cannot change in instances of a model."""
    shapes = (shape for each in embedded_in(mapping) for shape in each.shapes.values())
    leaves = (nodes_around(shape)[-1] for shape in shapes)
    return LEAF_CLASSES.union(leaf.cls for leaf in leaves if isinstance(leaf, Leaf))
