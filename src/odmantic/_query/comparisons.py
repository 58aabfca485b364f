"""Conditions and sort orders of odmantic 1.x: comparisons, `in_`, `match`, `asc` and `desc`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bson.regex import Regex

from odmantic._bson.values import is_document
from odmantic._caller import warn_caller
from odmantic._query.computing import compared
from odmantic._query.expressions import (
    FieldProxyAny,
    QueryExpression,
    SortExpression,
    and_,
    or_,
)
from odmantic._query.operands import Computed
from odmantic._query.steps import HasPath, Path, key_of, path_in
from odmantic.exceptions import StringOperandWarning


def eq(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field equals `value`."""
    return _compared(field, "$eq", value)


def ne(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field does not equal `value`."""
    return _compared(field, "$ne", value)


def gt(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is greater than `value`."""
    return _compared(field, "$gt", value)


def gte(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is greater than or equal to `value`."""
    return _compared(field, "$gte", value)


def lt(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is less than `value`."""
    return _compared(field, "$lt", value)


def lte(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is less than or equal to `value`."""
    return _compared(field, "$lte", value)


def in_(field: FieldProxyAny, sequence: Iterable[Any]) -> QueryExpression:
    """Match documents where the field equals one of the values of `sequence`."""
    path = path_in(field)
    key, (values, operators) = path.key, _members(path, "in_", sequence)
    if not operators:
        return QueryExpression({key: {"$in": values}})
    parts = [{"$in": values}, *({"$eq": each} for each in operators)]
    return or_(*(QueryExpression({key: part}) for part in parts))


def not_in(field: FieldProxyAny, sequence: Iterable[Any]) -> QueryExpression:
    """Match documents where the field equals none of the values of `sequence`."""
    path = path_in(field)
    key, (values, operators) = path.key, _members(path, "not_in", sequence)
    if not operators:
        return QueryExpression({key: {"$nin": values}})
    parts = [{"$nin": values}, *({"$ne": each} for each in operators)]
    return and_(*(QueryExpression({key: part}) for part in parts))


def match(field: FieldProxyAny, pattern: Any) -> QueryExpression:
    """Match documents where the field matches a regular expression, as text or compiled.

    Raises:
        TypeError: if the pattern is something else, such as a dictionary, which would be an operator.
    """
    key = key_of(field)
    compiled = re.compile(pattern) if isinstance(pattern, str) else pattern
    if not isinstance(compiled, (re.Pattern, Regex)):
        raise TypeError(
            f"match({key}, ...) takes a regular expression as text or compiled, not {pattern!r:.200}"
        )
    return QueryExpression({key: compiled})


def asc(field: FieldProxyAny) -> SortExpression:
    """Sort by this field, smallest values first."""
    return SortExpression({key_of(field): 1})


def desc(field: FieldProxyAny) -> SortExpression:
    """Sort by this field, greatest values first."""
    return SortExpression({key_of(field): -1})


def _compared(field: FieldProxyAny, operator: str, value: Any) -> QueryExpression:
    # A proxy is asked for nothing but its path: it looks up its attributes, `__class__` too, in Python.
    is_path = isinstance(field, HasPath)
    if isinstance(value, (HasPath, Computed)) or (not is_path and isinstance(field, Computed)):
        return compared(field, operator, value)
    path = path_in(field)
    key, stored = path.key, path.encode(value)
    if operator != "$eq" and isinstance(stored, (re.Pattern, Regex)):
        raise TypeError(
            f"{key} cannot be compared by {operator} with {stored!r:.200}: use match, or nor_ of a match"
        )
    return QueryExpression({key: {operator: stored}})


def _members(path: Path, name: str, sequence: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Return the stored values, and those that look like operators apart."""
    values = [path.encode(each) for each in checked_sequence(path, name, sequence)]
    if not any(map(is_operator, values)):
        return values, []
    return (
        [each for each in values if not is_operator(each)],
        [each for each in values if is_operator(each)],
    )


def checked_sequence(path: Path, name: str, sequence: Iterable[Any]) -> Iterable[Any]:
    """Return the values of an operator, and warn of text, which is the sequence of its characters."""
    if isinstance(sequence, (str, bytes)):
        warn_caller(
            f"{name} of {path.key} takes {sequence!r:.200} for the list of its characters: write [{sequence!r:.200}]",
            StringOperandWarning,
        )
    return sequence


def is_operator(stored: Any) -> bool:
    """Return whether MongoDB takes a document among values for an operator, or refuses it."""
    return is_document(stored) and str(next(iter(stored), "")).startswith("$")
