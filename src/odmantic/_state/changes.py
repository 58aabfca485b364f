"""An instance against its last known document: which fields differ, and the marks that say so.

Two slots of an instance hold all there is to know:

* `__fields_modified__`, the names assigned since the last read or write; absent while an instance was never
  saved, and then reading it gives every field;
* `__baseline__`, for each field that can change in place (lists, dicts, embedded objects) a digest of the stored
  form last read or written; absent while there is no such form.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import BSONError

from odmantic._mapping import encode_field, is_model_instance, mapping_of, nested_instances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from odmantic.model import Model, _BaseODMModel

_DIGEST_BYTES = 16
DIGEST_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD
)
_NOT_ENCODABLE = (BSONError, OverflowError, RecursionError, TypeError, ValueError)


def digest(stored: object) -> bytes | None:
    """Fingerprint of a stored form, or `None` for one that only the client's own codecs can encode."""
    try:
        data = bson.encode({"": stored}, codec_options=DIGEST_OPTIONS)
    except _NOT_ENCODABLE:
        return None
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()


def field_digests(instance: _BaseODMModel, names: Iterable[str]) -> dict[str, bytes]:
    """Digests of the named fields as they are now; fields without a digest are left out."""
    digests: dict[str, bytes] = {}
    for name in names:
        value = digest(encode_field(instance, name))
        if value is not None:
            digests[name] = value
    return digests


def dirty_fields(instance: Model) -> set[str]:
    """Names of the fields whose stored form may differ from the document.

    These are the assigned ones, and those changed in place. A field whose digest is unknown counts as changed.
    """
    dirty = set(instance.__fields_modified__)
    candidates = compared_fields(instance) - dirty
    if candidates:
        baseline = baseline_of(instance)
        now = field_digests(instance, candidates)
        dirty.update(
            name for name in candidates if name not in now or baseline.get(name) != now[name]
        )
    return dirty


def compared_fields(instance: _BaseODMModel) -> frozenset[str]:
    """Names of what can change without an assignment: mutable fields, and extras, whose type nobody knows."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return mapping.mutable_fields
    return mapping.mutable_fields.union(instance.model_extra or ())


def mark_read(instance: _BaseODMModel) -> None:
    """Note that an instance, with everything in it, equals what was just read."""
    mapping = mapping_of(type(instance))
    _set_modified(instance, set())
    if not mapping.is_embedded:
        _set_baseline(instance, field_digests(instance, compared_fields(instance)))
    if mapping.nested_fields:
        for nested in nested_instances(instance):
            mark_read(nested)


def take(instance: Model, names: Iterable[str]) -> None:
    """Remove names that are about to be sent, so that assignments made meanwhile stand out (D22)."""
    instance.__fields_modified__.difference_update(names)


def give_back(instance: _BaseODMModel, names: Iterable[str]) -> None:
    """Make names dirty again whose write failed or was rolled back."""
    modified = instance.__fields_modified__
    modified.update(names)


def mark_written(instance: Model, digests: Mapping[str, bytes]) -> None:
    """Note that a write of the fields behind `digests` succeeded."""
    _set_baseline(instance, {**baseline_of(instance), **digests})
    mapping = mapping_of(type(instance))
    if mapping.nested_fields:
        for nested in nested_instances(instance):
            if not is_model_instance(nested):
                mark_read(nested)


def mark_known(instance: _BaseODMModel, baseline: Mapping[str, bytes]) -> None:
    """Note that the document is as `baseline` says and no field was assigned since."""
    _set_modified(instance, set())
    _set_baseline(instance, dict(baseline))


def mark_unknown(instance: _BaseODMModel) -> None:
    """Note that no document is known to hold any field of an instance: the next save sends all."""
    for slot in ("__fields_modified__", "__baseline__"):
        if _has_slot(instance, slot):
            object.__delattr__(instance, slot)


def baseline_of(instance: _BaseODMModel) -> Mapping[str, bytes]:
    """Digests of the stored forms last read or written; empty where none is known."""
    return instance.__baseline__ if _has_slot(instance, "__baseline__") else {}


def _has_slot(instance: _BaseODMModel, slot: str) -> bool:
    try:
        object.__getattribute__(instance, slot)
    except AttributeError:
        return False
    return True


def _set_modified(instance: _BaseODMModel, names: set[str]) -> None:
    object.__setattr__(instance, "__fields_modified__", names)


def _set_baseline(instance: _BaseODMModel, digests: dict[str, bytes]) -> None:
    object.__setattr__(instance, "__baseline__", digests)
