"""What is dirty: the fields in which an instance differs from its document, as far as the library knows.

The slot `__baseline__` holds snapshots of the form last read or sent, see `odmantic._state.snapshot`: a dictionary by
field, or for an instance that was read, or sent as it was made, one tuple for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_tuple
from odmantic._mapping.mapping import mapping_of
from odmantic._state.snapshot import (
    Snapshot,
    changed_fields,
    field_digest,
    is_same,
    joined,
    snapshots_in,
    take_snapshot,
)
from odmantic._state.state import (
    DELETED,
    ELSEWHERE,
    KNOWN,
    State,
    all_names,
    baseline_or_none,
    standing_at,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.mapping import ModelMapping
    from odmantic._state.places import Place
    from odmantic._types.instances import Instance

#: What is remembered of an extra that this instance has removed from its document. No snapshot of an extra is empty.
REMOVED: Snapshot = ()


def dirty_fields(instance: Instance, place: Place) -> set[str]:
    """Names of the fields whose stored form may differ from the document at a place.

    These are the modified ones, and those changed in place. A field of which nothing is known counts as changed, and so
    does every one where no document is known.
    """
    state = state_of(instance)
    modified = state.modified if type(state) is State else None
    standing = standing_at(state, place)
    if standing is ELSEWHERE:
        return all_names(instance).union(removed_extras(instance))
    if standing is not KNOWN:
        # A program may have taken names of a new one out.
        if standing is DELETED or modified is None:
            return all_names(instance)
        return modified.union(compared_fields(instance))
    dirty = set(modified or ())
    mapping = instance.__mapping__
    if not mapping.mutable_fields and not mapping.extra_allowed:
        return dirty
    baseline = baseline_or_none(instance)
    if is_tuple(baseline) and baseline and not mapping.extra_allowed:
        return dirty.union(changed_fields(instance, baseline))
    before = baseline_of(instance)
    dirty.update(
        name
        for name in compared_fields(instance)
        if name not in dirty and not _is_unchanged(instance, name, before.get(name))
    )
    return dirty.union(name for name in removed_extras(instance) if before.get(name) != REMOVED)


def _is_unchanged(instance: Instance, name: str, known: Any) -> bool:
    if known is None:
        return False
    if isinstance(known, bytes):
        return known == field_digest(instance, name)
    return is_same(known, take_snapshot(instance, name))


def compared_fields(instance: Instance) -> frozenset[str]:
    """Names of what can change without an assignment: mutable fields, and extras, whose type nobody knows."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return mapping.mutable_fields
    return mapping.mutable_fields.union(instance.model_extra or ())


def removed_extras(instance: Instance) -> AbstractSet[str]:
    """Names of extras that this instance has read or written, and has no more; those removed by a save included."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return frozenset()
    fields = mapping.fields.keys() | mapping.field_names.keys()
    return baseline_of(instance).keys() - compared_fields(instance) - fields


def baseline_of(instance: Instance) -> Mapping[str, Any]:
    """What is remembered of the fields as last read or written; empty where nothing is known."""
    baseline: dict[str, Any] | Snapshot | None = baseline_or_none(instance)
    if isinstance(baseline, tuple):
        return snapshots_in(mapping_of(type(instance)), baseline)
    return baseline or {}


def update_baseline(instance: Instance, snapshots: Mapping[str, Any]) -> None:
    """Note what is, or was, sent of the fields that can change in place."""
    if not snapshots:
        return
    mapping: ModelMapping = instance.__mapping__
    baseline: Any = {**baseline_of(instance), **snapshots}
    if mapping.codec.take is not None:
        baseline = joined(mapping, instance, baseline) or baseline
    object.__setattr__(instance, "__baseline__", baseline)
