"""Codecs of a program's own: how values of a type are stored and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeAlias, TypeGuard, TypeVar

T = TypeVar("T")


class BsonCodec(Generic[T]):
    """How values of a type are stored, and read from what is stored.

    In the metadata of an annotation it is that of its values; `model_config = {"codecs": {Money: codec}}` has those of a
    class, and [`register_codec`][odmantic.register_codec] those of a program.

    Args:
        encode: Returns the stored form of a value, which BSON has a type for. Operands of queries go through it too, if
            they are values of the type.
        decode: Returns the value of what is stored, before it is validated. Datetimes come to it in UTC, UUIDs as `UUID`,
            and integers as `int`. Without it, validation has to read what is stored.

    Raises:
        TypeError: if one of them cannot be called.

    Example:
        `Annotated[datetime, BsonCodec(datetime.isoformat, datetime.fromisoformat)]`
    """

    __slots__ = ("decode", "encode")

    def __init__(
        self, encode: Callable[[T], Any], decode: Callable[[Any], T] | None = None
    ) -> None:
        given: dict[str, object] = {"encode": encode, "decode": decode}
        for name, function in given.items():
            if not callable(function) and (function is not None or name == "encode"):
                raise TypeError(f"{name} of a BsonCodec has to be a function, not {function!r}")
        self.encode: Callable[[T], Any] = encode
        self.decode: Callable[[Any], T] | None = decode

    def __repr__(self) -> str:
        return f"BsonCodec({self.encode!r}, {self.decode!r})"


def is_codec(mark: object) -> TypeGuard[BsonCodec[Any]]:
    """Return whether this is a codec."""
    return isinstance(mark, BsonCodec)


def codec_in(marks: Iterable[Any]) -> BsonCodec[Any] | None:
    """Return the codec in the metadata of an annotation; the outermost counts."""
    found: BsonCodec[Any] | None = None
    for mark in marks:
        if is_codec(mark):
            found = mark
    return found


Codecs: TypeAlias = Mapping[Any, BsonCodec[Any]]
"""Codecs by class."""

NO_CODECS: Codecs = {}


class Registered(NamedTuple):
    """A codec of the program, for a class or also for those derived from it."""

    codec: BsonCodec[Any]
    of_subclasses: bool


REGISTERED: dict[Any, Registered] = {}
"""The codecs of the program by class; `odmantic.register_codec` adds to them."""


def codec_of_class(cls: Any, codecs: Codecs = NO_CODECS) -> BsonCodec[Any] | None:
    """Return the codec of a class: the one in `codecs`, or else the registered one."""
    found = codecs.get(cls)
    if found is not None or not REGISTERED:
        return found
    own = REGISTERED.get(cls)
    if own is not None:
        return own.codec
    for base in cls.__mro__[1:]:
        inherited = REGISTERED.get(base)
        if inherited is not None and inherited.of_subclasses:
            return inherited.codec
    return None
