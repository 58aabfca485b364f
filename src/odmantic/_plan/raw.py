"""Filters in MongoDB's own language: plain dictionaries, which have every power of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from odmantic._bson.values import is_document, is_stored_array
from odmantic._caller import warn_caller
from odmantic._query.expressions import LOGICAL, QueryExpression, RawQuery
from odmantic.exceptions import RawQueryWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


RawWord: TypeAlias = Literal["allow", "warn", "forbid"]


class RawQueries(str, Enum):
    """The policy for plain dictionaries as queries; `raw({...})` is always taken."""

    ALLOW = "allow"
    """They are taken, with a `RawQueryWarning` about code for the server in them."""
    WARN = "warn"
    """They are taken, with a `RawQueryWarning` for each place in the code."""
    FORBID = "forbid"
    """They raise `TypeError`."""


OF_VALUES = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"})
"""Operators whose operands are values in a filter, whatever these look like."""

_CODE = frozenset({"$where", "$function", "$accumulator"})
"""Operators with code that the server runs."""


def check_raw(query: Mapping[Any, Any], policy: RawQueries, *, is_expression: bool = False) -> None:
    """Check the plain dictionaries in a query, and warn of them as the policy says.

    Args:
        query: The query, or an update in MongoDB's language.
        policy: The policy.
        is_expression: Whether it is a stage, with expressions everywhere.

    Raises:
        TypeError: if there is one, and the policy forbids it.
    """
    for part in _raw_parts(query):
        if policy is RawQueries.FORBID:
            raise TypeError(
                f"this engine has raw_queries='forbid', and {part!r:.200} is a plain dictionary: write conditions with "
                "fields, or raw({...}) if the program itself wrote it"
            )
        if _has_code(part, in_expression=is_expression):
            warn_caller(
                f"{part!r:.200} has the server run code: write raw({{...}}) if the program itself wrote it, and never "
                "make a query of a request",
                RawQueryWarning,
            )
        elif policy is RawQueries.WARN:
            warn_caller(
                f"{part!r:.200} is a plain dictionary, which may have any operator: write conditions with fields, or "
                "raw({...}) if the program itself wrote it",
                RawQueryWarning,
            )


def _raw_parts(query: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    """Yield what of a query was not made of fields, nor marked by `raw`."""
    if isinstance(query, RawQuery):
        return
    if not isinstance(query, QueryExpression):
        yield query
        return
    for key, parts in query.items():
        if key in LOGICAL and is_stored_array(parts):
            for part in cast("list[Mapping[Any, Any]]", parts):
                yield from _raw_parts(part)
        elif key in _CODE:
            yield {key: parts}


def _has_code(query: Any, *, in_expression: bool) -> bool:
    """Return whether a filter, or an expression in it, has code that the server runs."""
    if is_document(query):
        for key, each in query.items():
            if key in _CODE:
                return True
            if key == "$literal" or (key in OF_VALUES and not in_expression):
                continue
            if _has_code(each, in_expression=in_expression or key == "$expr"):
                return True
        return False
    return is_stored_array(query) and any(
        _has_code(each, in_expression=in_expression) for each in query
    )
