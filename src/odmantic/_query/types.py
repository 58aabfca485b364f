"""Filters for the classes of documents in a hierarchy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_document
from odmantic._mapping.hierarchy import hierarchy_of, types_condition
from odmantic._query.expressions import KeyNameProxy, QueryExpression, and_
from odmantic._query.narrowing import path_with
from odmantic._query.steps import HasPath, Item, Path, Place, path_in, without_none
from odmantic._types.tree import Array, Document, FixedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odmantic._mapping.hierarchy import Hierarchy


def type_is(*classes: Any, exact: bool = False) -> QueryExpression:
    """Match documents of some classes of a hierarchy, and of the classes derived from them.

    Args:
        classes: Classes of one hierarchy. A field in front of them, such as `Drawing.main`, asks for the classes of the
            embedded objects in it.
        exact: Match documents of these classes alone.

    Raises:
        TypeError: if there is none, or they are not in one hierarchy, or not in that of the field.

    Example:
        `type_is(Cat) & (Cat.lives > 3)`
    """
    field = classes[0] if classes and isinstance(classes[0], HasPath) else None
    if field is not None:
        classes = classes[1:]
    hierarchy = _common_hierarchy(classes)
    condition = types_condition(hierarchy, classes, exact=exact)
    if field is None:
        return _rooted(condition, "", hierarchy.root)
    for cls in classes:
        path_with(field, cls, "type_is")
    return _at_path(path_in(field), condition)


def _at_path(path: Path, condition: Mapping[str, Any]) -> QueryExpression:
    """Return a condition on the types of the embedded objects at a path."""
    if isinstance(path.step, Item) and path.step.place is Place.EACH and path.parent is not None:
        path = path.parent
    own, node = path.key, without_none(path.node)
    found = _rooted(condition, f"{own}.", own.model)
    is_always_there = isinstance(path.node, Document) and path.parent is None
    if is_always_there or not _matches_nothing(condition):
        return found
    # What is no object has no type either.
    if isinstance(node, (Array, FixedTuple)):
        return QueryExpression({own: {"$elemMatch": dict(condition)}})
    is_object = QueryExpression({own: {"$type": "object"}})
    return and_(is_object, found) if found else is_object


def _matches_nothing(condition: Mapping[str, Any]) -> bool:
    """Return whether a condition holds where there is no type."""
    return all(
        value is None or (is_document(value) and None in value["$in"])
        for value in condition.values()
    )


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


def _rooted(condition: Mapping[str, Any], path: str, model: Any) -> QueryExpression:
    """Return a condition on the key of a discriminator, with the path in front of it."""
    rooted: dict[str, Any] = {}
    for name, value in condition.items():
        key = KeyNameProxy(f"{path}{name}")
        key.model = model
        rooted[key] = value
    return QueryExpression(rooted)
