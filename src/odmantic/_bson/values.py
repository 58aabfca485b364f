"""The kinds of values in documents."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime
from types import NoneType
from typing import Any, TypeGuard

import bson
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.regex import Regex

AS_IT_IS: tuple[type[Any], ...] = (
    NoneType,
    str,
    int,
    float,
    bytes,
    datetime,
    bson.ObjectId,
    Decimal128,
    Binary,
    Regex,
)
"""Values of these classes and their subclasses need no conversion."""

COLLECTIONS: tuple[type[Any], ...] = (list, tuple, set, frozenset, deque)
"""Values of these classes and their subclasses are stored as arrays."""


def is_document(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Return whether a value is a mapping, almost always a `dict`."""
    return type(value) is dict or isinstance(value, Mapping)


def is_stored_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether a value may be an array read from a document."""
    return isinstance(value, (list, tuple))


def is_collection(value: object) -> TypeGuard[Collection[Any]]:
    """Return whether a value is stored as an array."""
    return isinstance(value, COLLECTIONS)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Return whether a value is a tuple."""
    return isinstance(value, tuple)
