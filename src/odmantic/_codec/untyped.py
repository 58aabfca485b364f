"""How values are stored whose type says nothing: by their own class."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from odmantic._bson.codecs import NO_CODECS, REGISTERED, BsonCodec, Codecs, codec_of_class
from odmantic._bson.decimals import from_decimal
from odmantic._bson.forms import FORMS, Form, form_of
from odmantic._bson.values import AS_IT_IS, is_collection, is_document, is_tuple
from odmantic._codec.coded import encoded
from odmantic._codec.encoders import EncoderCompiler
from odmantic._mapping.interfaces import Encoder
from odmantic._mapping.ref import is_ref, stored_key
from odmantic._types.tree import read_type
from odmantic.exceptions import InvalidDocumentError

AS_IT_IS_EXACTLY = set(AS_IT_IS)
"""The classes of values that need no conversion, except those with a codec of the program."""


def encode_any(value: Any) -> Any:
    """Return the stored form of a value, at any depth.

    Objects that are not documents are stored by field name.
    """
    cls = value.__class__
    if cls in AS_IT_IS_EXACTLY:
        return value
    if REGISTERED and (codec := codec_of_class(cls)) is not None:
        return _encoded(codec, value)
    if cls is list:
        return [encode_any(item) for item in value]
    if cls is dict:
        return {key: encode_any(item) for key, item in value.items()}
    if cls is Decimal:
        return from_decimal(value)
    if isinstance(value, AS_IT_IS):
        return value
    return _encode_object(value)


def _encode_object(value: Any) -> Any:
    form = FORMS.get(value.__class__)
    if form is not None:
        return _written(value, form)
    stored = _encode_parts(value, encode_any, _encode_inline)
    if stored is not _NO_PARTS:
        return stored
    form = form_of(value.__class__)
    return value if form is None else _written(value, form)


_NO_PARTS: Any = object()


def _encode_parts(value: Any, encode: Encoder, encode_model: Encoder) -> Any:
    """Return the stored form of a value that holds others; `_NO_PARTS` if it holds none."""
    if isinstance(value, Enum):
        return encode(value.value)
    if is_ref(value):
        return stored_key(value)
    if isinstance(value, BaseModel):
        return encode_model(value)
    if is_document(value):
        return {key: encode(item) for key, item in value.items()}
    if is_tuple(value):
        return tuple([encode(item) for item in value])
    if is_collection(value):
        return [encode(item) for item in value]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: encode(getattr(value, name)) for name in names}
    return _NO_PARTS


def _written(value: Any, form: Form) -> Any:
    stored = form.write(value)
    # What a secret holds may be of any class.
    return stored if stored is value or form.stored is not object else encode_any(stored)


def any_encoder(codecs: Codecs) -> Encoder:
    """Return a function that stores values as `encode_any` does, where a class has codecs."""
    if not codecs:
        return encode_any
    inline: WeakKeyDictionary[type[BaseModel], Encoder] = WeakKeyDictionary()

    def encode_model(value: BaseModel) -> Any:
        model = type(value)
        if model not in inline:
            inline[model] = _inline_encoder(model, encode, codecs)
        return inline[model](value)

    def encode(value: Any) -> Any:
        codec = codec_of_class(value.__class__, codecs)
        if codec is not None:
            return _encoded(codec, value)
        if isinstance(value, AS_IT_IS):
            return value
        stored = _encode_parts(value, encode, encode_model)
        return encode_any(value) if stored is _NO_PARTS else stored

    return encode


def note_codec(cls: type[Any]) -> None:
    """Forget what was decided before a class had a codec."""
    AS_IT_IS_EXACTLY.discard(cls)
    _INLINE_ENCODERS.clear()


def _encode_inline(value: BaseModel) -> Any:
    model = type(value)
    encode = _INLINE_ENCODERS.get(model)
    if encode is None:
        encode = _INLINE_ENCODERS[model] = _inline_encoder(model, encode_any, NO_CODECS)
    return encode(value)


def _inline_encoder(model: type[BaseModel], encode: Encoder, codecs: Codecs) -> Encoder:
    node: Any = read_type(model, codecs=codecs)
    return EncoderCompiler(encode, partial(refusal_of_instance, model)).object_encoder(node)


def _encoded(codec: BsonCodec[Any], value: Any) -> Any:
    return encoded(codec, value, partial(refusal_of_instance, type(value)))


def refusal_of_instance(model: type[Any], reason: str) -> InvalidDocumentError:
    """Return the error for an instance that is not stored."""
    return InvalidDocumentError(f"a {model.__name__} cannot be stored: {reason}", model)


_INLINE_ENCODERS: WeakKeyDictionary[type[BaseModel], Encoder] = WeakKeyDictionary()
