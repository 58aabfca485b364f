"""Conditions on two fields of one document, which only an expression of an aggregation can compare."""

from __future__ import annotations

from typing import Any

from odmantic._query.expressions import KeyNameProxy, QueryExpression
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import Item, Itself, Path
from odmantic._types.kinds import is_class


def compared_fields(one: Path, operator: str, other: Path) -> QueryExpression:
    """Return the condition that two fields of a document compare in some way, a missing one before all values.

    Raises:
        TypeError: if they belong to different classes, or one is inside a list, where it is several.
    """
    for path in (one, other):
        if not _is_single(path):
            raise TypeError(
                f"{path} may be several values, and only single ones are compared: {one} {operator} {other}"
            )
    if not _share_root(one.root, other.root):
        raise TypeError(
            f"{one} and {other} are of different documents: compare fields of one class, or look the value up first"
        )
    key = KeyNameProxy("$expr")
    key.model = one.root
    key.is_typed = one.is_typed
    return QueryExpression({key: {operator: [+one.key, +other.key]}})


def _is_single(path: Path) -> bool:
    """Return whether there is at most one value at a path in a document."""
    if isinstance(path.step, (Item, Itself)):
        return False
    parent = path.parent
    return parent is None or (_is_single(parent) and not kinds_of(parent.node) & Kind.ARRAY)


def _share_root(one: Any, other: Any) -> bool:
    if one is other or one is None or other is None:
        return True
    are_classes = is_class(one) and is_class(other)
    return are_classes and (issubclass(one, other) or issubclass(other, one))
