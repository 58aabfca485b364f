"""Translation of a document's keys to field names, with the problems found on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import InitErrorDetails

from odmantic._bson.values import is_document
from odmantic._errors.lines import ErrorList
from odmantic._mapping.interfaces import MISSING, Location

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping


def translate(mapping: ModelMapping, raw: Any, loc: Location, errors: ErrorList) -> Any:
    """Return the content of a document by field name.

    A value that is not a document is returned unchanged, for validation to refuse.
    """
    if not is_document(raw):
        return raw
    document: Mapping[str, Any] = raw
    values: dict[str, Any] = {}
    for name, key, decode, on_missing in mapping.decoders:
        value = document.get(key, MISSING)
        if value is MISSING:
            value = on_missing((loc, name), errors, document)
            if value is not MISSING:
                values[name] = value
        elif decode is None:
            values[name] = value
        else:
            values[name] = decode(value, (loc, name), errors, document)
    if mapping.extra_allowed:
        values.update(_surplus(mapping, document, loc, errors))
    return values


def _surplus(
    mapping: ModelMapping, document: Mapping[str, Any], loc: Location, errors: ErrorList
) -> dict[str, Any]:
    # A surplus key with the name of a renamed field is not that field.
    surplus = {key: document[key] for key in document if key not in mapping.names_and_keys}
    decode = mapping.decode_extra
    if decode is None:
        return surplus
    return {key: decode(item, (loc, key), errors, document) for key, item in surplus.items()}


def report(errors: ErrorList, problem: Any, loc: Location, given: Any) -> None:
    errors.append(InitErrorDetails(type=problem, loc=written(loc), input=given))


def written(loc: Location) -> tuple[str, ...]:
    parts: list[str] = []
    while loc is not None:
        part = loc[1]
        if len(loc) > _NAME_OR_INDEX:
            part = f'["{part}"]'
        elif isinstance(part, int):
            part = f"[{part}]"
        parts.append(part)
        loc = loc[0]
    return tuple(reversed(parts))


def parts_of(loc: Location) -> tuple[Any, ...]:
    """Return the names, indexes and keys of a location, like pydantic's."""
    return () if loc is None else (*parts_of(loc[0]), loc[1])


_NAME_OR_INDEX = 2
