"""Snapshots of mutable values, to detect changes later.

A snapshot is a flat tuple of the immutable values in a value: for a list of embedded objects with two fields
`(2, "a", 1, "b", 2)`. They are the instance's own values, not copies. The snapshot of a value of any other structure
is a digest of its stored form.

A baseline holds the snapshots of all mutable fields of an instance in one tuple, preceded by their lengths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from operator import is_
from typing import TYPE_CHECKING, Any

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import BSONError

from odmantic._codec.encode import encode_field, encode_value
from odmantic._codec.types import unknown_keys
from odmantic._codec.untyped import encode_any
from odmantic._mapping.mapping import mapping_of
from odmantic._types.instances import Instance
from odmantic._types.kinds import is_model_instance
from odmantic._types.leaves import LEAF_CLASSES
from odmantic.exceptions import InvalidDocumentError, NotLoadedError

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

Snapshot = tuple[Any, ...]

DIGEST_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD
)
_DIGEST_BYTES = 16
_NOT_STORED = (InvalidDocumentError, NotLoadedError, AttributeError, KeyError, TypeError)
_NOT_ENCODABLE = (BSONError, OverflowError, RecursionError, TypeError, ValueError)


def digest(stored: object) -> bytes | None:
    """Return the digest of a stored form, or `None` for one that only the client's own codecs can encode."""
    data = _encoded(stored)
    return None if data is None else hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()


def field_digest(instance: Instance, name: str) -> bytes | None:
    """Return the digest of a field's stored form, or `None` if there is none."""
    try:
        return digest(encode_field(instance, name))
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 - the save reports the problem
        return None


def field_digests(instance: Instance, names: Iterable[str]) -> dict[str, bytes]:
    """Return the current digests of fields; a field without a digest is omitted."""
    digests = {name: field_digest(instance, name) for name in names}
    return {name: value for name, value in digests.items() if value is not None}


def _encoded(stored: object) -> bytes | None:
    try:
        return bson.encode({"": stored}, codec_options=DIGEST_OPTIONS)
    except _NOT_ENCODABLE:
        return None


def snapshot_of_stored(stored: object) -> Snapshot:
    """Return the snapshot of a stored form of any shape."""
    if type(stored) in LEAF_CLASSES:
        return (stored,)
    if isinstance(stored, bson.ObjectId):
        # Ids that odmantic makes have a class of their own until they are read.
        return (bson.ObjectId(stored.binary),)
    fingerprint = digest(stored)
    return _of_nothing() if fingerprint is None else (fingerprint,)


def snapshot_of_any(value: object) -> Snapshot:
    """Return the snapshot of a value of unknown type."""
    return snapshot_of_stored(
        encode_value(value) if is_model_instance(value) else encode_any(value)
    )


def snapshot_of_ref(value: object) -> Any:
    """Return the only part of the snapshot of a lazy reference, or of what should be one."""
    (part,) = snapshot_of_any(value)
    return part


def snapshot_of_unknown(instance: Any) -> bytes | None:
    """Return the digest of what an embedded object of an unknown type keeps of its document."""
    kept = unknown_keys(instance)
    return digest(kept) if kept else None


def snapshot_of_field(mapping: ModelMapping, name: str) -> Callable[[Any], Snapshot]:
    """Return a function that takes snapshots of a field of which only the stored form is known."""

    def snapshot(value: Any) -> Snapshot:
        encode = mapping.encoder_of[name]
        try:
            return snapshot_of_stored(value if encode is None else encode(value))
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - the save reports the problem
            return _of_nothing()

    return snapshot


def _of_nothing() -> Snapshot:
    """Return the snapshot of a value without a stored form: it is dirty, and the save reports the problem."""
    # A new object equals nothing.
    return (object(),)


class OtherShapeError(Exception):
    """A value does not have the shape that its annotation declares."""


_OTHER_SHAPE = (OtherShapeError, *_NOT_STORED)


def take_snapshot(instance: Instance, name: str) -> Snapshot:
    """Take the current snapshot of a field or an extra value."""
    mapping = mapping_of(type(instance))
    function = mapping.codec.snapshots.get(name)
    if function is not None:
        try:
            snapshot = function(instance.__dict__[name])
        except _OTHER_SHAPE:
            pass
        else:
            if mapping.codec.leaf_classes.issuperset(map(type, snapshot)):
                return snapshot
    try:
        return snapshot_of_stored(encode_field(instance, name))
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 - a property of the program, or its serialiser, may raise anything
        return _of_nothing()


def take_snapshots(instance: Instance, names: Iterable[str]) -> dict[str, Any]:
    """Take the current snapshots of fields."""
    return {name: take_snapshot(instance, name) for name in names}


def changed_fields(instance: Instance, baseline: Snapshot) -> list[str]:
    """Return the names of the mutable fields that differ from a baseline."""
    mapping = mapping_of(type(instance))
    try:
        now = mapping.codec.baseline(instance)
    except _OTHER_SHAPE:
        before = snapshots_in(mapping, baseline)
        return [name for name in before if not is_same(before[name], take_snapshot(instance, name))]
    return differing_fields(mapping, baseline, now)


def differing_fields(mapping: ModelMapping, before: Snapshot, now: Snapshot) -> list[str]:
    """Return the names of the fields whose stored forms differ between two baselines."""
    # The usual case is fast.
    if _is_identical(before, now):
        return []
    then = snapshots_in(mapping, before)
    return [
        name
        for name, snapshot in snapshots_in(mapping, now).items()
        if not is_same(then[name], snapshot)
    ]


def snapshots_in(mapping: ModelMapping, baseline: Snapshot) -> dict[str, Snapshot]:
    """Split a baseline by field."""
    names = mapping.compared_fields
    snapshots: dict[str, Snapshot] = {}
    start = len(names)
    for name, length in zip(names, baseline, strict=False):
        snapshots[name] = baseline[start : start + length]
        start += length
    return snapshots


def joined(
    mapping: ModelMapping, instance: Instance, snapshots: dict[str, Snapshot]
) -> Snapshot | None:
    """Return snapshots in the form of a baseline, if the instance still equals them."""
    try:
        now = mapping.codec.baseline(instance)
    except _OTHER_SHAPE:
        return None
    each = snapshots_in(mapping, now)
    is_usual = mapping.codec.leaf_classes.issuperset(map(type, now))
    is_equal = each.keys() == snapshots.keys() and all(
        _is_identical(snapshots[name], snapshot) for name, snapshot in each.items()
    )
    return now if is_usual and is_equal else None


def _is_identical(before: Snapshot, now: Snapshot) -> bool:
    return len(before) == len(now) and all(map(is_, before, now))


def is_same(before: Snapshot, now: Snapshot) -> bool:
    """Return whether two snapshots of a field have the same stored form."""
    if len(before) != len(now):
        return False
    if _is_identical(before, now):
        return True
    pairs = [pair for pair in zip(before, now, strict=True) if pair[0] is not pair[1]]
    encoded = _encoded([encode_any(each) for _, each in pairs])
    return encoded is not None and encoded == _encoded([encode_any(each) for each, _ in pairs])
