"""The filter of a call: any number of queries, combined, and which commands take it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from odmantic._bson.values import is_document, is_stored_array
from odmantic._plan.conditions import checked_words, restricted
from odmantic._plan.foreign import check_fields
from odmantic.query import QueryExpression, and_

_ONLY_IN_FIND = frozenset({"$where", "$near", "$nearSphere"})
"""Operators that the command `find` takes, and a `$match` of an aggregation does not, nor a `count`, which is one.

See https://www.mongodb.com/docs/manual/reference/operator/aggregation/match/#restrictions
"""

_OF_VALUES = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"})
"""Operators whose operands are values, whatever these look like."""


def build_filter(
    queries: tuple[Any, ...], model: Any = None, without: str | Collection[str] = ()
) -> QueryExpression:
    """Combine the positional queries of a call, and what the model adds to them; all must hold.

    Args:
        queries: conditions.
        model: whose documents have to meet them.
        without: The words for what the model does not add this time, or one.

    Raises:
        ValueError: if a word of `without` is unknown.
        TypeError: if a query is a `bool` (a comparison of plain values instead of a field, say) or no mapping.
    """
    for query in queries:
        if isinstance(query, bool):
            raise TypeError(
                "cannot build query using booleans: a condition needs a field of the model class on its left, "
                "as in Model.field == value"
            )
        if not isinstance(query, Mapping):
            raise TypeError(f"a query has to be a query expression or a dict, not {query!r}")
    for query in queries:
        check_fields(query, model)
    if without:
        without = checked_words(without)
    if model is not None and model.__mapping__.has_conditions:
        return restricted(queries, model, without)
    if len(queries) == 1:
        return QueryExpression(queries[0])
    return and_(*queries) if queries else QueryExpression()


def fits_match(query: Any) -> bool:
    """Return whether a `$match` of an aggregation takes a filter."""
    if is_document(query):
        for key, each in query.items():
            if key in _ONLY_IN_FIND or not (key in _OF_VALUES or fits_match(each)):
                return False
        return True
    return not is_stored_array(query) or all(map(fits_match, query))
