"""How values are stored whose type says nothing: by their own class."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from odmantic._bson.decimals import from_decimal
from odmantic._bson.forms import FORMS, Form, form_of
from odmantic._bson.values import AS_IT_IS, is_collection, is_document, is_tuple
from odmantic._codec.encoders import EncoderCompiler
from odmantic._mapping.interfaces import Encoder
from odmantic._types.tree import read_type
from odmantic.exceptions import InvalidDocumentError

AS_IT_IS_EXACTLY = frozenset(AS_IT_IS)


def encode_any(value: Any) -> Any:
    """Return the stored form of a value, at any depth.

    Objects that are not documents are stored by field name.
    """
    cls = value.__class__
    if cls in AS_IT_IS_EXACTLY:
        return value
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
    if isinstance(value, Enum):
        return encode_any(value.value)
    if isinstance(value, BaseModel):
        return _encode_inline(value)
    if is_document(value):
        return {key: encode_any(item) for key, item in value.items()}
    if is_tuple(value):
        return tuple([encode_any(item) for item in value])
    if is_collection(value):
        return [encode_any(item) for item in value]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: encode_any(getattr(value, name)) for name in names}
    form = form_of(value.__class__)
    return value if form is None else _written(value, form)


def _written(value: Any, form: Form) -> Any:
    stored = form.write(value)
    # What a secret holds may be of any class.
    return stored if stored is value or form.stored is not object else encode_any(stored)


def _encode_inline(value: BaseModel) -> Any:
    model = type(value)
    encode = _INLINE_ENCODERS.get(model)
    if encode is None:
        node: Any = read_type(model)
        encode = EncoderCompiler(encode_any, partial(refusal_of_instance, model)).object_encoder(
            node
        )
        _INLINE_ENCODERS[model] = encode
    return encode(value)


def refusal_of_instance(model: type[BaseModel], reason: str) -> InvalidDocumentError:
    """Return the error for an instance that is not stored."""
    return InvalidDocumentError(f"a {model.__name__} cannot be stored: {reason}", model)


_INLINE_ENCODERS: WeakKeyDictionary[type[BaseModel], Encoder] = WeakKeyDictionary()
