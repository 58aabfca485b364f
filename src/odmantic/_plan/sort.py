"""The `sort=` argument of `find` and `find_one`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from odmantic._plan.foreign import check_fields
from odmantic._query.steps import HasPath
from odmantic.query import SortExpression, asc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odmantic.field import FieldProxy

    SortExpressionType: TypeAlias = (
        FieldProxy
        | SortExpression
        | tuple[FieldProxy | SortExpression, ...]
        | list[FieldProxy | SortExpression]
        | Any
        | None
    )
else:
    SortExpressionType = Any

_WRONG = "sort has to be a Model field or asc, desc descriptors or a tuple of these"
_WRONG_ELEMENT = "sort elements have to be Model fields or asc, desc descriptors"


def build_sort(sort: Any, model: Any = None) -> SortExpression | None:
    """Convert a `sort=` argument to one expression; `None` and an empty tuple mean unsorted.

    Args:
        sort: A field, an expression, or a tuple or list of these.
        model: The model whose documents are sorted.

    Raises:
        TypeError: if it is not a field, a sort expression, or a tuple or list of these.
    """
    if sort is None:
        return None
    if isinstance(sort, (tuple, list)):
        order = SortExpression()
        for element in cast("Iterable[Any]", sort):
            order.update(_element(element, _WRONG_ELEMENT))
    else:
        order = _element(sort, _WRONG)
    check_fields(order, model)
    return order or None


def _element(value: Any, message: str) -> SortExpression:
    if isinstance(value, SortExpression):
        return value
    if isinstance(value, HasPath):
        return asc(value)
    raise TypeError(
        f"{message}, not {value!r:.100}: write sort=User.name, sort=desc(User.name), or "
        "sort=(User.name, desc(User.age)) with the fields of your model"
    )
