"""The filter of a call: any number of queries, combined, and which commands take it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from odmantic._bson.values import is_document, is_stored_array
from odmantic._plan.conditions import as_expression, checked_words, restricted
from odmantic._plan.foreign import check_fields
from odmantic._plan.raw import OF_VALUES, RawQueries, check_raw
from odmantic.query import QueryExpression, and_

_ONLY_IN_FIND = frozenset({"$where", "$near", "$nearSphere"})
"""Operators that the command `find` takes, and a `$match` of an aggregation does not, nor a `count`, which is one.

See https://www.mongodb.com/docs/manual/reference/operator/aggregation/match/#restrictions
"""


def build_filter(
    queries: tuple[Any, ...],
    model: Any = None,
    without: str | Collection[str] = (),
    raw: RawQueries = RawQueries.ALLOW,
) -> QueryExpression:
    """Combine the positional queries of a call, and what the model adds to them; all must hold.

    Args:
        queries: conditions.
        model: whose documents have to meet them.
        without: The words for what the model does not add this time, or one.
        raw: The engine's policy for plain dictionaries.

    Raises:
        ValueError: if a word of `without` is unknown.
        TypeError: if a query is a `bool` (a comparison of plain values instead of a field, say) or no mapping, or the
            policy forbids it.
    """
    for query in queries:
        if type(query) is not QueryExpression and not _is_query(query):
            raise _no_query(query)
    for query in queries:
        if check_fields(query, model) or type(query) is not QueryExpression:
            check_raw(query, raw)
    if without:
        without = checked_words(without)
    if model is not None and model.__mapping__.has_conditions:
        return restricted(queries, model, without)
    if len(queries) == 1:
        return as_expression(queries[0])
    return and_(*queries) if queries else QueryExpression()


def _is_query(query: object) -> bool:
    return isinstance(query, Mapping)


def _no_query(query: object) -> TypeError:
    if isinstance(query, bool):
        return TypeError(
            "cannot build query using booleans: a condition needs a field of the model class on its left, "
            "as in Model.field == value"
        )
    several = isinstance(query, (list, tuple))
    remedy = (
        "write several conditions one after the other, or join them by &"
        if several
        else "write a condition, as in F(Model.field) == value; get reads by primary key"
    )
    return TypeError(
        f"a query has to be a query expression or a dict, not {query!r:.200}: {remedy}"
    )


def fits_match(query: Any) -> bool:
    """Return whether a `$match` of an aggregation takes a filter."""
    if is_document(query):
        for key, each in query.items():
            if key in _ONLY_IN_FIND or not (key in OF_VALUES or fits_match(each)):
                return False
        return True
    return not is_stored_array(query) or all(map(fits_match, query))
