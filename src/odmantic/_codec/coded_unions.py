"""The member of a union to which a document's value belongs, by what the members would store.

It is the first one that accepts what is stored, and would store it so. Where a codec of the program stores some members, it
is or else the first class of objects that accepts it, for a document may have keys that its class does not know, and lack
others. Where pydantic chooses the member, this decides only if what pydantic makes would be stored otherwise.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import bson
from bson.errors import BSONError
from pydantic import ValidationError

from odmantic._bson.alike import is_alike
from odmantic._codec.coded import OPTIONS
from odmantic._codec.encode import type_encoder
from odmantic._codec.validation import Validation
from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.mapping import mapping_of
from odmantic._types.tree import Anything, Document, Object, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from odmantic._errors.lines import ErrorList
    from odmantic._mapping.interfaces import Decoder, Encoder, Location
    from odmantic._types.tree import Union

_ABSENT: Any = object()
_TOLD_BY_EQUALITY = (str, int, bool)


def unchanged(value: Any, _loc: Location, _errors: ErrorList, _raw: Any) -> Any:
    """Decode nothing."""
    return value


def nullable_decoder(decode: Decoder) -> Decoder:
    """Return the decoder of an optional value."""

    def decode_value(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        return None if value is None else decode(value, loc, errors, raw)

    return decode_value


def coded_union_decoder(
    union: Union,
    members: list[tuple[Type, Decoder | None]],
    *,
    arbitrary_types: bool,
    is_strict: bool,
) -> Decoder:
    """Return the decoder of a union, given those of its members.

    A value that belongs to no member is left to validation.
    """
    whole = _validation_of_type(union, arbitrary_types=arbitrary_types, is_strict=is_strict)
    readers = [
        _Reader(
            member,
            decode or unchanged,
            arbitrary_types=arbitrary_types,
            whole=whole,
            # Pydantic might take for another member's what is left as it is.
            claims=[whole] if isinstance(member, Anything) else [],
        )
        for member, decode in members
    ]

    def decode(value: Any, loc: Location, _errors: ErrorList, raw: Any) -> Any:
        for exactly in (True, False):
            for read in readers:
                found = read(value, loc, raw, exactly=exactly)
                if found is not _ABSENT:
                    return found
        return value

    return decode


def checked_union_decoder(
    union: Union,
    decode: Decoder | None,
    members: list[tuple[Type, Decoder | None]],
    *,
    shared: tuple[type[Any], ...],
    arbitrary_types: bool,
    is_strict: bool,
) -> Decoder:
    """Return the decoder of a union, given that for pydantic to go on with, and those of its members.

    Only values of the shared classes may belong to several members.
    """
    by_pydantic = _Reader(
        union, decode or unchanged, arbitrary_types=arbitrary_types, is_strict=is_strict
    )
    whole = _validation_of_type(union, arbitrary_types=arbitrary_types, is_strict=is_strict)
    readers = [
        _Reader(member, each or unchanged, arbitrary_types=arbitrary_types, whole=whole)
        for member, each in members
    ]

    def decode_checked(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if (
            not isinstance(value, shared)
            or by_pydantic(value, loc, raw, exactly=True) is not _ABSENT
        ):
            return value if decode is None else decode(value, loc, errors, raw)
        for read in readers:
            found = read(value, loc, raw, exactly=True)
            if found is not _ABSENT:
                return found
        return value if decode is None else decode(value, loc, errors, raw)

    return decode_checked


def _validation_of_type(
    node: Type, *, arbitrary_types: bool, is_strict: bool
) -> Callable[[Any], Any]:
    validate = Validation(node.annotation, arbitrary_types=arbitrary_types)
    return partial(validate, strict=True) if is_strict else validate


class _Reader:
    """A function that reads a value as a member of a union, and returns `_ABSENT` if it is not one."""

    def __init__(
        self,
        member: Type,
        decode: Decoder,
        *,
        arbitrary_types: bool,
        is_strict: bool = False,
        whole: Callable[[Any], Any] | None = None,
        claims: Sequence[Callable[[Any], Any]] = (),
    ) -> None:
        self._decode = decode
        self._whole = whole
        self._claims = claims
        self._encode: Encoder | None = type_encoder(member)
        self._is_object = isinstance(member, Object)
        self._validate = _validation_of_type(
            member, arbitrary_types=arbitrary_types, is_strict=is_strict
        )
        if isinstance(member, Document):
            self._validate = _validation_of(member.cls)

    def __call__(self, value: Any, loc: Location, raw: Any, *, exactly: bool) -> Any:
        if not (exactly or self._is_object):
            return _ABSENT
        errors: ErrorList = []
        translated = self._decode(value, loc, errors, raw)
        if errors:
            return _ABSENT
        try:
            read = self._validate(translated)
        except ValidationError:
            return _ABSENT
        if exactly and not self._is_stored_as(value, read):
            return _ABSENT
        if exactly and not all(_leaves_alone(claim, read) for claim in self._claims):
            return _ABSENT
        # No other member claims what is validated already; but what is parsed from JSON is no JSON itself.
        return read if _leaves_alone(self._validate, read) else self._unclaimed(translated, read)

    def _unclaimed(self, translated: Any, read: Any) -> Any:
        """Return JSON text that the union reads as this member; what was read, which is refused, if there is none."""
        whole = self._whole
        if whole is None or not isinstance(translated, bytes):
            return translated
        # Each is an exact match of other types.
        texts = (translated, bytearray(translated))
        return next((text for text in texts if _is_read_as(read, whole, text)), read)

    def _is_stored_as(self, stored: Any, value: Any) -> bool:
        try:
            again = value if self._encode is None else self._encode(value)
            if type(again) is type(stored) and type(again) in _TOLD_BY_EQUALITY:
                return bool(again == stored)
            return _bytes_of(again) == _bytes_of(stored)
        except (BSONError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return False


def _leaves_alone(validate: Callable[[Any], Any], value: Any) -> bool:
    """Return whether validation leaves a value as it is."""
    return _is_read_as(value, validate, value)


def _is_read_as(expected: Any, validate: Callable[[Any], Any], value: Any) -> bool:
    try:
        return is_alike(validate(value), expected)
    except ValidationError:
        return False


def _validation_of(model: Any) -> Callable[[Any], Any]:
    is_of_hierarchy = hierarchy_of(model) is not None

    def validate(values: Any) -> Any:
        if is_of_hierarchy and isinstance(values, model):
            # The decoder has made it; validation might make it one of the base.
            return values
        return model.__pydantic_validator__.validate_python(
            values, by_alias=mapping_of(model).takes_aliases, by_name=True
        )

    return validate


def _bytes_of(stored: Any) -> bytes:
    return bson.encode({"": stored}, codec_options=OPTIONS)
