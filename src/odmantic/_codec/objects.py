"""How objects are stored by the fields that a class declares, by name."""

from __future__ import annotations

import dataclasses
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, RootModel

from odmantic._mapping.interfaces import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from odmantic._mapping.interfaces import Encoder

Parts: TypeAlias = "list[tuple[str, Encoder | None]]"
"""Names of fields and their encoders; `None` stores a value unchanged."""

Refusal: TypeAlias = "Callable[[str], Exception]"
"""A function that returns the error for a value that is not stored, given the reason."""


def names_of(cls: Any) -> Iterable[str]:
    """Return the names under which the fields of a dataclass, a typed dictionary or a named tuple are stored."""
    if dataclasses.is_dataclass(cls):
        return [field.name for field in dataclasses.fields(cls)]
    names: Iterable[str] = cls.__annotations__ if hasattr(cls, "__total__") else cls._fields
    return names


def object_encoder(cls: Any, parts: Parts, encode_extra: Encoder, refusal: Refusal) -> Encoder:
    """Return the encoder for objects of a class; `encode_extra` stores their extra values, if they may have any."""
    if issubclass(cls, RootModel):
        return _root_encoder(parts[0][1])
    if issubclass(cls, BaseModel):
        is_open = cls.model_config.get("extra") == "allow"
        return _model_encoder(parts, encode_extra if is_open else None, refusal)
    if issubclass(cls, tuple):
        return _row_encoder(parts, encode_extra)
    if not hasattr(cls, "__total__"):
        return _attributes_encoder(parts)
    config: Any = getattr(cls, "__pydantic_config__", {})
    return _keys_encoder(parts, encode_extra if config.get("extra") == "allow" else None)


def _root_encoder(encode: Encoder | None) -> Encoder:
    return lambda value: value.root if encode is None else encode(value.root)


def check_extra(key: str, taken: Container[str], refusal: Refusal) -> None:
    """Refuse an extra value that would replace a field: it may come from a request."""
    if key in taken:
        reason = (
            f"its additional value {key!r} is called like a field, and would be stored in its place: take it out, or "
            "assign it to the field"
        )
        raise refusal(reason)


def _model_encoder(parts: Parts, encode_extra: Encoder | None, refusal: Refusal) -> Encoder:
    names = {name for name, _ in parts}

    def encode_model(value: Any) -> dict[str, Any]:
        document: dict[str, Any] = {}
        values = value.__dict__
        for name, encode in parts:
            if name in values:
                document[name] = values[name] if encode is None else encode(values[name])
        if encode_extra is not None:
            extras: dict[str, Any] = value.__pydantic_extra__ or {}
            for name, item in extras.items():
                check_extra(name, names, refusal)
                document[name] = encode_extra(item)
        return document

    return encode_model


def _attributes_encoder(parts: Parts) -> Encoder:
    def encode_attributes(value: Any) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for name, encode in parts:
            item = getattr(value, name, MISSING)
            if item is not MISSING:
                document[name] = item if encode is None else encode(item)
        return document

    return encode_attributes


def _keys_encoder(parts: Parts, encode_extra: Encoder | None) -> Encoder:
    names = {name for name, _ in parts}

    def encode_keys(value: Mapping[str, Any]) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for name, encode in parts:
            if name in value:
                document[name] = value[name] if encode is None else encode(value[name])
        if encode_extra is not None:
            others = (name for name in value if name not in names)
            document.update((name, encode_extra(value[name])) for name in others)
        return document

    return encode_keys


def _row_encoder(parts: Parts, encode_any: Encoder) -> Encoder:
    encoders = [encode for _, encode in parts]

    def encode_row(values: tuple[Any, ...]) -> tuple[Any, ...]:
        pairs = zip_longest(values, encoders[: len(values)], fillvalue=encode_any)
        return tuple([value if encode is None else encode(value) for value, encode in pairs])

    return encode_row
