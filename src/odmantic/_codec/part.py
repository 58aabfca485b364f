"""Single fields of a document: those that need none of the others, nor the validators of whole instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from odmantic._codec.readable import field_reader
from odmantic._mapping.interfaces import MISSING, OnMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from odmantic._mapping.mapping import ModelMapping
    from odmantic.exceptions import ErrorList


class _FieldReader(NamedTuple):
    """What reads one field: by its key, or if that is missing, as the model says."""

    key: str
    read: Callable[[Any, Any], Any]
    on_missing: OnMissing


def fits_part(mapping: ModelMapping, names: Iterable[str]) -> bool:
    """Return whether fields can be read by themselves."""
    return all(_reader_of(mapping, name) is not None for name in names)


def read_fields(
    mapping: ModelMapping, names: Iterable[str], part: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the values of fields that can be read by themselves; `None` if the whole document has to be judged."""
    values: dict[str, Any] = {}
    for name in names:
        reader = _reader_of(mapping, name)
        if reader is None:
            return None
        if reader.key not in part:
            errors: ErrorList = []
            value = reader.on_missing((), errors, part)
            if errors or value is MISSING:
                return None
        else:
            try:
                value = reader.read(part[reader.key], part)
            except Exception:  # noqa: BLE001 - the validation of the whole reports the problem
                return None
        values[name] = value
    return values


def _reader_of(mapping: ModelMapping, name: str) -> _FieldReader | None:
    # Pydantic is slow to make a validator.
    kept: dict[str, _FieldReader | None] = mapping.__dict__.setdefault("_part_readers", {})
    if name not in kept:
        kept[name] = _make_reader(mapping, name)
    return kept[name]


def _make_reader(mapping: ModelMapping, name: str) -> _FieldReader | None:
    # Validators, and methods of a program's own, see whole documents.
    if name not in mapping.fields or mapping.parses_itself or mapping.readable.nodes is None:
        return None
    read = field_reader(mapping, name)
    if read is None:
        return None
    on_missing = next(each for found, _, _, each in mapping.decoders if found == name)
    return _FieldReader(mapping.fields[name].key_name, read, on_missing)
