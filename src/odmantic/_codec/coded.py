"""Types with a codec of the program: how their values are stored, read, and compared with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from types import NoneType
from typing import TYPE_CHECKING, Any

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.int64 import Int64
from pydantic import ValidationError

from odmantic._bson.conversions import as_read_datetime, as_uuid
from odmantic._bson.values import AS_IT_IS, is_document, is_stored_array
from odmantic._codec.translate import report
from odmantic._codec.validation import Validation, first_problem
from odmantic._errors.parsing import codec_failed
from odmantic._types.tree import Coded, Nothing, Object, Type

if TYPE_CHECKING:
    from odmantic._bson.codecs import BsonCodec
    from odmantic._codec.objects import Refusal
    from odmantic._errors.lines import ErrorList
    from odmantic._mapping.interfaces import Decoder, Encoder, Location

OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD
)
_AS_IT_IS_EXACTLY = frozenset(AS_IT_IS) - {int}
_NOT_ENCODABLE = (BSONError, OverflowError, RecursionError, TypeError, ValueError)


def has_codec(node: Type) -> bool:
    """Return whether a type, or a type inside it, has a codec."""
    return _has_codec(node, set())


def _has_codec(node: Type, seen: set[Any]) -> bool:
    for each in node.inside:
        if isinstance(each, Coded):
            return True
        if isinstance(each, Object) and each.cls not in seen:
            seen.add(each.cls)
            if any(_has_codec(part, seen) for part in each.parts.values()):
                return True
    return False


def encoded(codec: BsonCodec[Any], value: Any, refusal: Refusal) -> Any:
    """Return what a codec stores of a value.

    Raises:
        Exception: that of `refusal`, if the codec fails, or gives what BSON has no type for.
    """
    try:
        stored = codec.encode(value)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        reason = f"the codec of {type(value).__name__} fails to encode it with {problem}"
        raise refusal(reason) from error
    if type(stored) in _AS_IT_IS_EXACTLY:
        return stored
    try:
        bson.encode({"": stored}, codec_options=OPTIONS)
    except _NOT_ENCODABLE as error:
        reason = f"the codec of {type(value).__name__} gives a {type(stored).__name__} that BSON has no form for"
        raise refusal(reason) from error
    return stored


def as_read(stored: Any) -> Any:
    """Return what a client reads for a stored form."""
    read: Any = bson.decode(bson.encode({"": stored}, codec_options=OPTIONS), OPTIONS)[""]  # pyright: ignore[reportUnknownMemberType] - of the driver
    return read


def codec_encoder(node: Coded, refusal: Refusal) -> Encoder:
    """Return the encoder of a type with a codec; values of other classes are converted, as an assignment would."""
    is_value = _test_of(node)
    validate = Validation(node.annotation)
    admits_none = node.admits_none

    def encode(value: Any) -> Any:
        if value is None and admits_none:
            return None
        if not is_value(value):
            try:
                value = validate(value)
            except ValidationError as error:
                raise refusal(first_problem(error)) from error
        return encoded(node.codec, value, refusal)

    return encode


def codec_key_encoder(node: Coded, refusal: Refusal) -> Encoder:
    """Return the encoder of the keys of a dictionary.

    Raises:
        Exception: that of `refusal`, if the codec gives no text.
    """
    encode = codec_encoder(node, refusal)

    def encode_key(key: Any) -> Any:
        text = encode(key)
        if not isinstance(text, str):
            reason = f"the codec of the key {key!r:.200} gives a {type(text).__name__}, and keys are text"
            raise refusal(reason)
        return text

    return encode_key


def codec_decoder(node: Coded, decode: Callable[[Any], Any]) -> Decoder:
    """Return the decoder of a type whose codec reads what is stored."""
    admits_none = node.admits_none

    def decode_stored(value: Any, loc: Location, errors: ErrorList, _raw: Any) -> Any:
        if value is None and admits_none:
            return None
        try:
            return decode(_for_decoding(value))
        except RecursionError:
            raise
        except Exception as error:  # noqa: BLE001 - a program may raise anything
            report(errors, codec_failed(error), loc, value)
            return value

    return decode_stored


def codec_operand(node: Coded, other: Any) -> Callable[[Any], Any]:
    """Return the conversion of operands for a type with a codec, which gives `other` for those of no such class."""
    is_value = _test_of(node)

    def convert(value: Any) -> Any:
        return encoded(node.codec, value, ValueError) if is_value(value) else other

    return convert


def _test_of(node: Coded) -> Callable[[Any], bool]:
    """Return a function that tells the values of a type; `True` is not an `int`, and a datetime not a `date`."""
    classes = tuple(cls for cls in node.value_classes if cls is not NoneType)
    if Nothing in classes:
        # It may be of any class.
        return lambda _: True
    derived = ((bool, int), (datetime, date))
    others = tuple(cls for cls, base in derived if base in classes and cls not in classes)
    return lambda value: isinstance(value, classes) and not isinstance(value, others)


def _for_decoding(value: Any) -> Any:
    """Return a stored value for code that need know neither the client's options nor the driver's classes.

    Datetimes are in UTC, UUIDs are decoded, and integers are plain ones.
    """
    if isinstance(value, datetime):
        return as_read_datetime(value)
    if type(value) is Int64:
        return int(value)
    if is_stored_array(value):
        return [_for_decoding(item) for item in value]
    if is_document(value):
        return {key: _for_decoding(item) for key, item in value.items()}
    return as_uuid(value) or value
