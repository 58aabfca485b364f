"""The dirty fields: those in which an instance may differ from its document.

The slot `__baseline__` holds snapshots of what was last read or sent, see `odmantic._state.snapshot`: a baseline if
generated code took it, or else a dictionary of snapshots by field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_tuple
from odmantic._mapping.mapping import mapping_of
from odmantic._state.hollow import hollow_in
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

REMOVED: Snapshot = ()
"""The snapshot of an extra or a stored property that has no key in the document; no other is empty."""


def dirty_fields(instance: Instance, place: Place) -> set[str]:
    """Return the names of the fields whose stored form may differ from the document at a place.

    These are the modified fields, and those that changed in place or have no snapshot; all fields if no document is
    known.
    """
    state = state_of(instance)
    modified = state.modified if type(state) is State else None
    standing = standing_at(state, place)
    if standing is ELSEWHERE:
        return all_names(instance).union(removed_extras(instance))
    if standing is not KNOWN:
        # A program may have removed names.
        if standing is DELETED or modified is None:
            return all_names(instance)
        return modified.union(compared_fields(instance))
    if hollow_in(instance) is not None:
        return set()
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
        if name not in dirty and not is_unchanged(instance, name, before.get(name))
    )
    return dirty.union(name for name in removed_extras(instance) if before.get(name) != REMOVED)


def is_unchanged(instance: Instance, name: str, known: Any) -> bool:
    """Return whether a value that can change in place equals a snapshot."""
    if known is None:
        return False
    if isinstance(known, bytes):
        return known == field_digest(instance, name)
    return is_same(known, take_snapshot(instance, name))


def dirty_among(instance: Instance, names: AbstractSet[str], place: Place) -> AbstractSet[str]:
    """Return those of some fields that are dirty, see `dirty_fields`."""
    state = state_of(instance)
    if standing_at(state, place) is not KNOWN or not names.isdisjoint(compared_fields(instance)):
        return names & dirty_fields(instance, place)
    return names & (state.modified or set()) if type(state) is State else frozenset()


def compared_fields(instance: Instance) -> frozenset[str]:
    """Return the names of what can change in place: mutable fields, and extras, whose types are unknown."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return mapping.mutable_fields
    return mapping.mutable_fields.union(instance.model_extra or ())


def removed_extras(instance: Instance) -> AbstractSet[str]:
    """Return the names of known extras that are gone, including those that a save has removed."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return frozenset()
    return baseline_of(instance).keys() - compared_fields(instance) - mapping.names_and_keys


def baseline_of(instance: Instance) -> Mapping[str, Any]:
    """Return the snapshots of what was last read or sent, by field."""
    baseline: dict[str, Any] | Snapshot | None = baseline_or_none(instance)
    if isinstance(baseline, tuple):
        return snapshots_in(mapping_of(type(instance)), baseline)
    return baseline or {}


def update_baseline(instance: Instance, snapshots: Mapping[str, Any]) -> None:
    """Note the stored forms of fields that can change in place, when they are sent."""
    if not snapshots:
        return
    mapping: ModelMapping = instance.__mapping__
    baseline: Any = {**baseline_of(instance), **snapshots}
    if mapping.codec.take is not None:
        baseline = joined(mapping, instance, baseline) or baseline
    object.__setattr__(instance, "__baseline__", baseline)
