"""The filter of a call: any number of queries, combined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odmantic.query import QueryExpression, and_


def build_filter(queries: tuple[Any, ...]) -> QueryExpression:
    """Combine the positional queries of a call; several must all hold.

    Raises:
        TypeError: a query is a `bool` (a comparison of plain values instead of a field, say) or no mapping.
    """
    for query in queries:
        if isinstance(query, bool):
            message = (
                "cannot build query using booleans: a condition needs a field of the model class on its left, "
                "as in Model.field == value"
            )
            raise TypeError(message)
        if not isinstance(query, Mapping):
            message = f"a query has to be a query expression or a dict, not {query!r}"
            raise TypeError(message)
    if len(queries) == 1:
        return QueryExpression(queries[0])
    return and_(*queries) if queries else QueryExpression()
