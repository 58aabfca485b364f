"""Values that are left out of documents, because a read makes them up where the key is missing."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from odmantic._bson.alike import is_alike
from odmantic._bson.values import COLLECTIONS, is_document
from odmantic._mapping.fields import Absence
from odmantic.exceptions import InvalidDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.interfaces import IsLeftOut
    from odmantic._mapping.mapping import ModelMapping


def left_out_of(mapping: ModelMapping) -> dict[str, IsLeftOut]:
    """Return what tells by its stored form whether a value is left out, by the keys of the fields that leave out any."""
    return {
        field.key_name: partial(_is_left_out, cache(partial(_absent_forms, mapping, name, field)))
        for name, field in (*mapping.fields.items(), *mapping.stored.items())
        if field.absence
    }


def _absent_forms(mapping: ModelMapping, name: str, field: ODMBaseField) -> list[Any]:
    forms: list[Any] = [None] if field.absence & Absence.OF_NONE else []
    if field.absence & Absence.OF_DEFAULT:
        default = _held(mapping, field.pydantic_field.get_default())
        _, encode = mapping.codec.encoders[name]
        # A default that is not validated need not be storable.
        with suppress(InvalidDocumentError):
            forms.append(default if encode is None else encode(default))
    return forms


def _held(mapping: ModelMapping, default: Any) -> Any:
    """Return what an instance holds as its default: the config may ask for the values of enums."""
    config = mapping.model.model_config
    has_values = config.get("use_enum_values") and config.get("validate_default")
    return _with_enum_values(default) if has_values else default


def _with_enum_values(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_document(value):
        return {_with_enum_values(key): _with_enum_values(item) for key, item in value.items()}
    if type(value) in COLLECTIONS:
        return type(value)(map(_with_enum_values, value))
    return value


def _is_left_out(forms: Callable[[], list[Any]], stored: Any) -> bool:
    return any(is_alike(stored, form) for form in forms())


def leave_out(mapping: ModelMapping, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without the keys of values that are left out."""
    return {
        key: stored
        for key, stored in document.items()
        if key not in mapping.left_out or not mapping.left_out[key](stored)
    }
