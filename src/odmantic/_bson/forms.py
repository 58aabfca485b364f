"""The stored forms of classes that BSON has no type for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum
from fractions import Fraction
from functools import cache, partial
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import (
    AnyUrl,
    IPvAnyAddress,
    IPvAnyInterface,
    IPvAnyNetwork,
    MongoDsn,
    NameEmail,
    Secret,
    SecretBytes,
    SecretStr,
    TypeAdapter,
)
from pydantic_core import MultiHostUrl, Url, to_jsonable_python

from odmantic._bson.conversions import as_naive
from odmantic._bson.values import AS_IT_IS


@dataclass(slots=True, eq=False)
class Form:
    """How values of a class, and of classes derived from it, are stored.

    Attributes:
        stored: The class of what is stored.
        own: Returns the stored form of a value; a value without one stays what it is, and the driver refuses it.
        make: Makes a value of a class of what is stored, or raises.
        is_leaf: Whether values cannot change.
        write: The same as `own`, but for values that are left to a client.
    """

    stored: type[Any]
    own: Callable[[Any], Any]
    make: Callable[[Any, Any], Any]
    is_leaf: bool = True
    write: Callable[[Any], Any] = field(init=False)

    def __post_init__(self) -> None:
        self.write = self.own

    def read(self, cls: Any, stored: Any) -> Any:
        """Return the value of a class that is stored like this; `None` if there is none."""
        if type(stored) is not self.stored:
            return None
        if self.stored is datetime:
            stored = as_naive(stored)
        try:
            value = self.make(cls, stored)
            return value if self.own(value) == stored else None
        except _NO_VALUE:
            return None


_NO_VALUE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
)

_LONGEST = timedelta(days=98_615)
"""270 years: up to here a double holds the seconds to the microsecond."""


def _date(cls: Any, stored: datetime) -> Any:
    return cls(stored.year, stored.month, stored.day)


def _seconds(value: timedelta) -> Any:
    return value.total_seconds() if -_LONGEST <= value <= _LONGEST else value


def _time_text(value: time) -> Any:
    # A zone whose offset depends on the day is not in the text.
    return value if value.tzinfo is not None and value.utcoffset() is None else value.isoformat()


def _zone_name(value: ZoneInfo) -> Any:
    # One that was read from a file may have none.
    return value.key or value


def _made(cls: Any, stored: Any) -> Any:
    return cls(stored)


@cache
def _validator(cls: Any) -> Callable[[Any], Any]:
    return TypeAdapter(cls).validate_python


_SECRET: Callable[[Any], Any] = lambda value: value.get_secret_value()  # noqa: E731 - of several classes

_PATHS: tuple[Any, ...] = (PurePath, PurePosixPath, PureWindowsPath, type(Path()))
_URLS: tuple[Any, ...] = (Url, MultiHostUrl, AnyUrl.__base__, MongoDsn.__base__)
"""The bases of all URLs of pydantic."""
_ADDRESSES: tuple[Any, ...] = (
    *(IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network),
    *(IPvAnyAddress, IPvAnyInterface, IPvAnyNetwork),
)

FORMS: dict[Any, Form] = {
    date: Form(datetime, lambda day: datetime.combine(day, time()), _date),
    time: Form(str, _time_text, lambda cls, text: cls.fromisoformat(text)),
    timedelta: Form(float, _seconds, lambda cls, seconds: cls(seconds=seconds)),
    **{cls: Form(str, str, _made) for cls in (Fraction, *_PATHS, *_ADDRESSES, *_URLS)},
    ZoneInfo: Form(str, _zone_name, _made),
    complex: Form(str, to_jsonable_python, _made),
    NameEmail: Form(str, str, lambda cls, text: _validator(cls)(text), is_leaf=False),
    SecretStr: Form(str, _SECRET, _made),
    SecretBytes: Form(bytes, _SECRET, _made),
    Secret: Form(object, _SECRET, _made, is_leaf=False),
    bytearray: Form(bytes, bytes, _made, is_leaf=False),
}
"""The forms by class; those of derived classes are the same."""


def leave_to_client(classes: Iterable[Any], takes: Callable[[Any], bool] | None = None) -> None:
    """Leave values of exactly these classes to the driver from now on, whose client has code for them.

    A program of 1.x stores them by that code, and finds them by it.

    Args:
        classes: The classes; those without a form are ignored.
        takes: Whether that code takes a value; any if `None`.
    """
    for cls in classes:
        form = FORMS.get(cls)
        if form is not None and (cls, takes) not in _LEFT:
            _LEFT.add((cls, takes))
            form.write = partial(_write_unless_left, cls, takes, form.write)


_LEFT: set[tuple[Any, Any]] = set()


def _write_unless_left(
    cls: Any, takes: Callable[[Any], bool] | None, write: Callable[[Any], Any], value: Any
) -> Any:
    is_left = type(value) is cls and (takes is None or takes(value))
    return value if is_left else write(value)


def form_of(cls: type[Any]) -> Form | None:
    """Return how values of a class are stored; `None` if BSON has a type for them, or there is no form."""
    if issubclass(cls, (*AS_IT_IS, Enum)):
        return None
    return FORMS.get(cls) or next((FORMS[base] for base in cls.__mro__ if base in FORMS), None)
