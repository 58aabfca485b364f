"""The `sort=` argument of `find` and `find_one`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from odmantic.field import FieldProxy
from odmantic.query import SortExpression, asc

if TYPE_CHECKING:
    from collections.abc import Iterable

    SortExpressionType: TypeAlias = (
        FieldProxy | SortExpression | tuple[FieldProxy | SortExpression, ...] | Any | None
    )
else:
    SortExpressionType = Any


def build_sort(sort: Any) -> SortExpression | None:
    """Turn a `sort=` argument into one expression; `None` and an empty tuple mean unsorted.

    Raises:
        TypeError: not a field, a sort expression, or a tuple of these.
    """
    if sort is None:
        return None
    if isinstance(sort, tuple):
        merged = SortExpression()
        for element in cast("Iterable[Any]", sort):
            merged.update(
                _element(element, "sort elements have to be Model fields or asc, desc descriptors")
            )
        return merged or None
    return _element(
        sort, "sort has to be a Model field or asc, desc descriptors or a tuple of these"
    )


def _element(value: Any, message: str) -> SortExpression:
    if isinstance(value, SortExpression):
        return value
    if isinstance(value, FieldProxy):
        return asc(value)
    raise TypeError(message)
