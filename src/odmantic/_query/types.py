"""Filters for the classes of documents in a hierarchy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.hierarchy import hierarchy_of, types_condition
from odmantic.query import KeyNameProxy, QueryExpression

if TYPE_CHECKING:
    from odmantic._mapping.hierarchy import Hierarchy


def type_is(*classes: Any, exact: bool = False) -> QueryExpression:
    """Match documents of some classes of a hierarchy, and of the classes derived from them.

    Args:
        classes: Classes of one hierarchy.
        exact: Match documents of these classes alone.

    Raises:
        TypeError: if there is none, or they are not in one hierarchy.

    Example:
        `type_is(Cat) & (Cat.lives > 3)`
    """
    hierarchy = _common_hierarchy(classes)
    condition = types_condition(hierarchy, classes, exact=exact)
    return QueryExpression({_key_of(hierarchy): value for value in condition.values()})


def _common_hierarchy(classes: tuple[Any, ...]) -> Hierarchy:
    found = [hierarchy_of(each) for each in classes]
    hierarchy = found[0] if found else None
    for cls, each in zip(classes, found, strict=True):
        if each is None or each is not hierarchy:
            raise TypeError(
                f"type_is takes classes of one hierarchy, whose root has inheritance='single', not {cls!r}"
            )
    if hierarchy is None:
        raise TypeError("type_is needs at least one class, as in type_is(Cat)")
    return hierarchy


def _key_of(hierarchy: Hierarchy) -> KeyNameProxy:
    key = KeyNameProxy(hierarchy.key)
    key.model = hierarchy.root
    return key
