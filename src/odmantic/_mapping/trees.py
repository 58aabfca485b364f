"""The types of a class's fields, as far as generated code can go through them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_origin
from uuid import UUID

from odmantic._bson.datetimes import Datetimes
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.options import FieldOptions
from odmantic._mapping.variants import embedded_throughout, is_unmarked, variants_of
from odmantic._types.internals import has_serializer
from odmantic._types.leaves import LEAF_CLASSES, NO_CHECK
from odmantic._types.polymorphic import RealClass
from odmantic._types.tree import (
    Anything,
    Array,
    Coded,
    Document,
    Lazy,
    Leaf,
    Nullable,
    Table,
    Tagged,
    Target,
    Targets,
    Type,
    nodes_around,
)
from odmantic._types.unions import OneOfModels
from odmantic.bson import DECIMAL_SERIALIZER, SUBSTITUTE_MARKS, SUPPORTED_TIMES

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.mapping import ModelMapping

_ORDERED: tuple[Any, ...] = (list, tuple)
_ARRAYS: tuple[Any, ...] = (*_ORDERED, set, frozenset)

_DEEPEST = 6
"""How many containers in each other code has loops for: Python allows 20, and there are others around them."""


def shapes_of(mapping: ModelMapping) -> dict[str, Type | None]:
    """Return the types of the fields; `None` where generated code leaves values to pydantic."""
    return {
        name: field.tree
        if (isinstance(field, ODMReference) and _is_shape(field.tree, of_targets=True))
        or (
            _is_shape(field.tree)
            and not _is_dumped(mapping, name, field.tree)
            and not is_open_type(mapping, name)
        )
        else None
        for name, field in mapping.fields.items()
    }


def union_shape(field: ODMBaseField) -> Type | None:
    """Return the type of a reference to one of several models, if generated code can go through it."""
    nodes = nodes_around(field.tree)
    *around, last = nodes
    if not isinstance(last, Targets) or len(nodes) > _DEEPEST:
        return None
    # Other metadata is for pydantic.
    if not all(_has_only_our_marks(each) for each in (*nodes, *last.arguments) if each):
        return None
    containers = (each for each in around if isinstance(each, (Nullable, Table, Array)))
    is_known = isinstance(field, ODMReference) and all(map(_is_known_around, containers))
    return field.tree if is_known else None


def _has_only_our_marks(node: Any) -> bool:
    return all(isinstance(mark, (FieldOptions, OneOfModels, RealClass)) for mark in node.marks)


def is_open_type(mapping: ModelMapping, name: str) -> bool:
    """Return whether a field is the discriminator of a hierarchy and may have values of other classes."""
    if mapping.type_field != name:
        return False
    return get_origin(mapping.fields[name].pydantic_field.annotation) is not Literal


def _is_dumped(mapping: ModelMapping, name: str, node: Type) -> bool:
    """Return whether a serialiser of the class may say how a field is stored."""
    leaves = (each for each in node.inside if isinstance(each, Leaf))
    return has_serializer(mapping.model, name) and any(
        each.form is not None or each.cls is UUID for each in leaves
    )


def _is_shape(node: Type, *, of_targets: bool = False) -> bool:
    if of_targets and isinstance(node, Target):
        return True
    if not _is_known(node, of_targets=of_targets):
        return False
    loops = [each for each in nodes_around(node) if isinstance(each, (Array, Table))]
    return len(loops) <= _DEEPEST


def _is_known(node: Type, *, of_targets: bool = False) -> bool:
    """Return whether a type says all that generated code has to know; what has a name may be inside of itself."""
    if not is_unmarked(node) and not _is_supported(node):
        return False
    match node:
        case Tagged():
            return variants_of(node) is not None
        case Anything() | Document():
            return isinstance(node, Document) or not node.codecs
        case Target():
            return of_targets
        case Lazy():
            return of_targets and isinstance(node.inner, Target)
        case Leaf():
            return node.check is not NO_CHECK
        case Nullable() | Table() | Array():
            return _is_known_around(node) and _is_known(node.inner, of_targets=of_targets)
        case _:
            return False


def _is_known_around(node: Nullable | Table | Array) -> bool:
    """Return whether generated code can go through a type, whatever is in it."""
    match node:
        case Table():
            return node.cls is dict and _is_text(node.key)
        case Array():
            # The items of a set have an order of their own.
            return node.cls in (_ARRAYS if isinstance(node.inner, (Leaf, Lazy)) else _ORDERED)
        case _:
            return True


def _is_text(key: Type) -> bool:
    return key.annotation is str and not isinstance(key, Coded)


def _is_supported(node: Type) -> bool:
    """Return whether metadata is only that of odmantic for a type that generated code knows."""
    marks = [mark for mark in node.marks if not isinstance(mark, FieldOptions)]
    if node.is_named:
        return False
    if node.cls is Decimal:
        return all(
            mark is DECIMAL_SERIALIZER or isinstance(mark, SUBSTITUTE_MARKS) for mark in marks
        )
    is_known = node.cls is datetime or node.cls in SUPPORTED_TIMES
    return is_known and all(isinstance(mark, (Datetimes, *SUBSTITUTE_MARKS)) for mark in marks)


def leaf_classes_of(mapping: ModelMapping) -> frozenset[type[Any]]:
    """Return the classes of the values that cannot change in instances of a model."""
    shapes = (shape for each in embedded_throughout(mapping) for shape in each.shapes.values())
    leaves = (nodes_around(shape)[-1] for shape in shapes)
    return LEAF_CLASSES.union(leaf.value_class for leaf in leaves if isinstance(leaf, Leaf))
