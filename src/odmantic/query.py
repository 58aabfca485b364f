"""Filters and sort orders, built from the fields of models.

Every function takes a field as seen on its class (`Parcel.weight`) and returns a dictionary in
MongoDB's query language: https://www.mongodb.com/docs/manual/reference/operator/query/
"""

from __future__ import annotations

from odmantic._query.comparisons import asc, desc, eq, gt, gte, in_, lt, lte, match, ne, not_in
from odmantic._query.elements import elem_match
from odmantic._query.expressions import (
    FieldProxyAny,
    KeyNameProxy,
    QueryDictBool,
    QueryExpression,
    SortExpression,
    and_,
    nor_,
    not_,
    or_,
    raw,
)
from odmantic._query.operators import (
    all_,
    bits_all_clear,
    bits_all_set,
    bits_any_clear,
    bits_any_set,
    contains,
    exists,
    is_null,
    mod,
    size,
    type_,
)
from odmantic._query.spelling import element
from odmantic._query.steps import key_of
from odmantic._query.texts import endswith, icontains, iequals, startswith

__all__ = [
    "FieldProxyAny",
    "KeyNameProxy",
    "QueryDictBool",
    "QueryExpression",
    "SortExpression",
    "all_",
    "and_",
    "asc",
    "bits_all_clear",
    "bits_all_set",
    "bits_any_clear",
    "bits_any_set",
    "contains",
    "desc",
    "elem_match",
    "element",
    "endswith",
    "eq",
    "exists",
    "gt",
    "gte",
    "icontains",
    "iequals",
    "in_",
    "is_null",
    "key_of",
    "lt",
    "lte",
    "match",
    "mod",
    "ne",
    "nor_",
    "not_",
    "not_in",
    "or_",
    "raw",
    "size",
    "startswith",
    "type_",
]

# Pickles and tracebacks name the classes where programs import them from.
for _cls in (QueryExpression, SortExpression, KeyNameProxy):
    _cls.__module__ = __name__
