"""What a field may be, to type checkers, for the functions that need values of some kind.

To them a field is a value of its type. Other types than these may be stored as text or numbers too, by code of the
program; a cast to `FieldProxy` is for these.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import PurePath
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from bson.decimal128 import Decimal128
from bson.timestamp import Timestamp
from pydantic import AnyUrl, MongoDsn, NameEmail, SecretStr
from pydantic_core import MultiHostUrl, Url

from odmantic._query.steps import HasPath


class Items(Protocol):
    """A list or another sequence, but no text."""

    def __contains__(self, value: object, /) -> bool:
        """Return whether an item is in it."""
        ...

    def index(self, value: Any, /) -> int:
        """Return the number of an item."""
        ...


StoredAsText: TypeAlias = (
    PurePath
    | AnyUrl
    | MongoDsn
    | Url
    | MultiHostUrl
    | NameEmail
    | SecretStr
    | ZoneInfo
    | Fraction
    | IPv4Address
    | IPv4Interface
    | IPv4Network
    | IPv6Address
    | IPv6Interface
    | IPv6Network
)
"""Types of values that are text in documents."""

TextField: TypeAlias = HasPath | str | Enum | StoredAsText | None
NumberField: TypeAlias = HasPath | float | Decimal | Decimal128 | None
IntegerField: TypeAlias = HasPath | int | None
BitsField: TypeAlias = HasPath | int | bytes | None
ArrayField: TypeAlias = HasPath | Items | AbstractSet[Any] | None
DateField: TypeAlias = HasPath | datetime | Timestamp | None
Amount: TypeAlias = float | Decimal
