"""How values are stored whose type says nothing: by what they are."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from enum import Enum
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel, RootModel

from odmantic._mapping.decimals import from_decimal
from odmantic._mapping.encoders import Encoder, EncoderCompiler
from odmantic._mapping.shapes import AS_IT_IS, is_collection, is_document, is_tuple

AS_IT_IS_EXACTLY = frozenset(AS_IT_IS)


def encode_any(value: Any) -> Any:
    """Give the stored form of a value, at any depth.

    Objects without a document of their own are stored by the names of their fields.
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
    if isinstance(value, Enum):
        return encode_any(value.value)
    if isinstance(value, BaseModel):
        document = _encode_inline(value)
        return document.get("root") if isinstance(value, RootModel) else document
    if is_document(value):
        return {key: encode_any(item) for key, item in value.items()}
    if is_tuple(value):
        return tuple([encode_any(item) for item in value])
    if is_collection(value):
        return [encode_any(item) for item in value]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: encode_any(getattr(value, name)) for name in names}
    return value


def _encode_inline(value: BaseModel) -> dict[str, Any]:
    document: dict[str, Any] = {}
    values = value.__dict__
    for name, encode in _inline_encoders(type(value)):
        if name in values:
            document[name] = values[name] if encode is None else encode(values[name])
    for name, item in (value.__pydantic_extra__ or {}).items():
        document[name] = encode_any(item)
    return document


def _inline_encoders(model: type[BaseModel]) -> tuple[tuple[str, Encoder | None], ...]:
    encoders = _INLINE_ENCODERS.get(model)
    if encoders is None:
        encoders = tuple(
            (name, EncoderCompiler(encode_any).field_encoder(model, name))
            for name in model.__pydantic_fields__
        )
        _INLINE_ENCODERS[model] = encoders
    return encoders


_INLINE_ENCODERS: WeakKeyDictionary[type[BaseModel], tuple[tuple[str, Encoder | None], ...]] = (
    WeakKeyDictionary()
)
