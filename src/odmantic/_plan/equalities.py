"""What an upsert copies from its query: the equalities, as the server finds them.

See https://www.mongodb.com/docs/manual/reference/method/db.collection.updateOne/#upsert-with-dotted-_id-query
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from bson.regex import Regex

from odmantic._bson.values import is_document, is_stored_array
from odmantic._plan.references import comparable_inside, copied
from odmantic._query.expressions import LOGICAL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pymongo.errors import DuplicateKeyError


def copied_equalities(query: Mapping[str, Any], about: str) -> dict[str, Any]:
    """Return the values by path that the server copies from a query to the document that it inserts.

    Args:
        query: The filter.
        about: The beginning of errors.

    Raises:
        TypeError: if the query has an `$expr`, which no upsert takes.
        ValueError: if two are about one path, or one is inside the other, or the query has an empty list of values, so
            that the server does not look at the rest.
    """
    found: dict[str, Any] = {}
    for part in _parts(query):
        if "$expr" in part:
            raise TypeError(
                f"{about} takes no query that compares fields with what the server computes ($expr): compare them with values"
            )
        if any(is_document(each) and _is_empty(each) for each in part.values()):
            raise ValueError(
                f"{about} takes no query with an empty list, which matches nothing: each call would insert a document"
            )
    for path, value in _equalities(query):
        for other in found:
            if is_inside(path, other) or is_inside(other, path):
                raise ValueError(
                    f"{about}: the query, with what the model adds to it, says twice what {path!r} is, which the server takes in "
                    "no upsert: say it once"
                )
        found[path] = value
    return found


def is_inside(path: str, other: str) -> bool:
    """Return whether a path is another one, or leads into what is there."""
    return path == other or path.startswith(f"{other}.")


def is_lost_race(error: DuplicateKeyError, equalities: Collection[str]) -> bool:
    """Return whether another call may have inserted what an upsert looked for: repeated, the upsert finds that.

    Args:
        error: The error of the insertion.
        equalities: The paths that equal values of the query in what was to be inserted.
    """
    details: Mapping[str, Any] = error.details or {}
    pattern: Mapping[str, Any] = details.get("keyPattern") or {}
    keys = [*pattern]
    return bool(keys) and all(any(is_inside(key, each) for each in equalities) for key in keys)


def document_of(equalities: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with which the server begins."""
    document: dict[str, Any] = {}
    for path, value in equalities.items():
        *way, last = path.split(".")
        inner = document
        for key in way:
            inner = inner.setdefault(key, {})
        inner[last] = copied(value)
    return document


def is_same(one: Any, other: Any) -> bool:
    """Return whether the server takes two values for equal: numbers of different types may be."""
    return comparable_inside(one) == comparable_inside(other)


_PATTERNS = (re.Pattern, Regex)


def _equalities(query: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in query.items():
        match key:
            case "$and" | "$or" if is_stored_array(value):
                if key == "$and" or len(value) == 1:
                    for part in filter(is_document, value):
                        yield from _equalities(part)
            case _ if not str(key).startswith("$"):
                for each in _values(value):
                    yield str(key), each
            case _:
                pass


def _parts(query: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    """Yield a query, and what is joined in it."""
    yield query
    for key, parts in query.items():
        if key in LOGICAL and is_stored_array(parts):
            for part in filter(is_document, parts):
                yield from _parts(part)


def _is_empty(condition: Mapping[Any, Any]) -> bool:
    return any(
        operator in ("$in", "$all") and is_stored_array(operand) and not operand
        for operator, operand in condition.items()
    )


def _values(condition: Any) -> Iterator[Any]:
    """Yield the values to which a condition says that a path is equal."""
    if isinstance(condition, _PATTERNS):
        return
    if not _has_operators(condition):
        yield condition
        return
    for operator, operand in cast("Mapping[str, Any]", condition).items():
        if operator == "$eq":
            yield operand
        elif is_stored_array(operand):
            if operator == "$in" and _is_one_value(operand):
                yield operand[0]
            elif operator == "$all":
                yield from filter(_is_value, operand)


def _is_one_value(values: Sequence[Any]) -> bool:
    is_one = bool(values) and all(is_same(values[0], each) for each in values)
    return is_one and not any(isinstance(each, _PATTERNS) for each in values)


def _is_value(condition: Any) -> bool:
    return not isinstance(condition, _PATTERNS) and not _has_operators(condition)


def _has_operators(condition: Any) -> bool:
    """Return whether a condition is made of operators; a database reference has keys with `$` too."""
    if not is_document(condition) or not condition:
        return False
    first = str(next(iter(condition)))
    return first.startswith("$") and first not in ("$ref", "$id", "$db")
