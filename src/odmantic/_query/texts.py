"""Conditions on text: patterns in which the program's text stands for itself."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

from bson.regex import Regex

from odmantic._query.checks import need, refuse
from odmantic._query.expressions import QueryExpression
from odmantic._query.field_types import TextField
from odmantic._query.kinds import Kind
from odmantic._query.steps import Path, path_in


def startswith(field: TextField, text: str) -> QueryExpression:
    """Match documents where the field begins with `text`; an index on it is used.

    Example:
        `startswith(Ship.name, "Ve")`
    """
    return _like("startswith", field, text, "^", "")


def endswith(field: TextField, text: str) -> QueryExpression:
    """Match documents where the field ends with `text`."""
    return _like("endswith", field, text, "", r"\z")


def icontains(field: TextField, text: str) -> QueryExpression:
    """Match documents where the field has `text` in it, in capitals or not."""
    return _like("icontains", field, text, "", "", "i")


def iequals(field: TextField, text: str) -> QueryExpression:
    """Match documents where the field is `text`, in capitals or not."""
    return _like("iequals", field, text, "^", r"\z", "i")


def _like(
    operator: str, field: TextField, text: str, before: str, after: str, flags: str = ""
) -> QueryExpression:
    path = path_in(field)
    need(operator, path, Kind.TEXT)
    return like(operator, path, text, before, after, flags)


def like(
    operator: str, path: Path, text: Any, before: str = "", after: str = "", flags: str = ""
) -> QueryExpression:
    """Return the condition that a path has some text, with what a pattern has before and after it.

    Raises:
        TypeError: if it is no text.
    """
    if isinstance(text, Enum):
        text = text.value
    if not isinstance(text, str):
        raise refuse(operator, path, f"takes text, not {text!r:.200}")
    # A pattern cannot hold a NUL.
    escaped = re.escape(text).replace("\0", r"\x00")
    return QueryExpression({path.key: Regex(f"{before}{escaped}{after}", flags)})
