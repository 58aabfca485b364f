"""An instance against its last known document: which fields differ.

`odmantic._state.marks` has where the document is known and what was assigned since. The slot `__baseline__` holds, for
each field that can change in place (lists, dicts, embedded objects), what is remembered of the form last read or sent,
see `odmantic._state.snapshot`: a dictionary by field, or for an instance that was read, or sent as it was made, one
tuple for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._bson.values import is_tuple
from odmantic._codec.decode import validate_document
from odmantic._codec.overrides import parse_document
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._state.marks import (
    NOTHING_TO_COMPARE,
    State,
    all_names,
    assigned_of,
    baseline_or_none,
    give_back,
    known_of,
    mark_inside_clean,
    mark_unknown,
    mark_unmodified,
    state_or_none,
    take,
)
from odmantic._state.nested import instances_in
from odmantic._state.places import SOMEWHERE
from odmantic._state.snapshot import (
    DIGEST_OPTIONS,
    Snapshot,
    changed_fields,
    digest,
    field_digest,
    is_same,
    joined,
    snapshots_in,
    take_snapshot,
)
from odmantic._types.instances import Instance
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.mapping import ModelMapping
    from odmantic._state.lives import Life
    from odmantic._state.places import Known, Place

    ModelType = TypeVar("ModelType", bound=Instance)

__all__ = [
    "DIGEST_OPTIONS",
    "REMOVED",
    "baseline_of",
    "compared_fields",
    "digest",
    "dirty_fields",
    "field_digests",
    "give_back",
    "mark_deleted",
    "mark_nested",
    "mark_read",
    "mark_unknown",
    "mark_written",
    "read_document",
    "remember",
    "removed_extras",
    "take",
    "take_out",
    "take_snapshots",
]

#: What is remembered of an extra that this instance has removed from its document. No snapshot of an extra is empty.
REMOVED: Snapshot = ()


# --- Reading -----------------------------------------------------------------------------------


def read_document(model: type[ModelType], raw_doc: Any, known: Known = SOMEWHERE) -> ModelType:
    """Make an instance of a document that is at the place that `known` tells: it counts as unmodified.

    Raises:
        DocumentParsingError: the document does not fit the model.
    """
    mapping = model.__mapping__
    instance: ModelType | None = mapping.codec.read_known(raw_doc, known)
    if instance is not None:
        return instance
    read = parse_document if mapping.parses_itself else validate_document
    judged: ModelType = read(model, raw_doc)
    mark_read(judged, known)
    return judged


def mark_read(instance: Instance, known: Known = SOMEWHERE) -> None:
    """Note that an instance, with everything in it, equals what was just read."""
    mapping = mapping_of(type(instance))
    if mapping.is_embedded:
        mark_inside_clean(instance)
    else:
        baseline = take_snapshots(instance, compared_fields(instance))
        mark_unmodified(instance, known, baseline or NOTHING_TO_COMPARE)
    for name in mapping.nested_fields:
        value = instance.__dict__.get(name)
        if isinstance(mapping.fields[name], ODMReference):
            if is_model_instance(value):
                mark_read(value, known.of(type(value)))
            continue
        for nested in instances_in(value):
            # What is no reference is no document of its own.
            if not is_model_instance(nested):
                mark_read(nested, known)


# --- Comparing ---------------------------------------------------------------------------------


def take_snapshots(instance: Instance, names: Iterable[str]) -> dict[str, Any]:
    """Remember the named fields as they are now, to hand to `mark_written`."""
    return {name: take_snapshot(instance, name) for name in names}


def field_digests(instance: Instance, names: Iterable[str]) -> dict[str, bytes]:
    """Digests of the named fields as they are now; fields without a digest are left out."""
    digests: dict[str, bytes] = {}
    for name in names:
        value = field_digest(instance, name)
        if value is not None:
            digests[name] = value
    return digests


def dirty_fields(instance: Instance, place: Place | None = None) -> set[str]:
    """Names of the fields whose stored form may differ from the document at a place.

    These are the assigned ones, and those changed in place. A field of which nothing is known counts as changed, and so
    does every one where the document is known elsewhere only.

    Args:
        instance: the instance.
        place: the place; without it, the one where the document is known.
    """
    state = state_or_none(instance)
    known: Known | None
    modified: set[str] | None = None
    if type(state) is not State:
        known = state
    else:
        known, modified = state.known_now(), state.modified
        if known is None and state.known is not None:
            modified = None  # a copy was deleted
    if known is None and modified is None:
        return all_names(instance)
    if (
        known is not None
        and place is not None
        and known.place is not place
        and not known.is_at(place)
    ):
        return all_names(instance).union(removed_extras(instance))
    dirty = set(modified or ())
    mapping = instance.__mapping__
    if not mapping.mutable_fields and not mapping.extra_allowed:
        return dirty
    baseline = baseline_or_none(instance) if known is not None else None
    if is_tuple(baseline) and baseline and not mapping.extra_allowed:
        return dirty.union(changed_fields(instance, baseline))
    candidates = compared_fields(instance)
    before: Mapping[str, Any] = baseline_of(instance) if known is not None else {}
    dirty.update(
        name
        for name in candidates
        if name not in dirty and not _is_unchanged(instance, name, before.get(name))
    )
    return dirty.union(name for name in removed_extras(instance) if before.get(name) != REMOVED)


def removed_extras(instance: Instance) -> AbstractSet[str]:
    """Names of extras that this instance has read or written, and has no more; those removed by a save included."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return frozenset()
    fields = mapping.fields.keys() | mapping.field_names.keys()
    return baseline_of(instance).keys() - compared_fields(instance) - fields


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


def baseline_of(instance: Instance) -> Mapping[str, Any]:
    """What is remembered of the fields as last read or written; empty where nothing is known."""
    baseline: dict[str, Any] | Snapshot | None = baseline_or_none(instance)
    if isinstance(baseline, tuple):
        return snapshots_in(mapping_of(type(instance)), baseline)
    return baseline or {}


# --- Writing -----------------------------------------------------------------------------------


def take_out(instance: Instance, names: Iterable[str]) -> None:
    """Note that names are, after all, as the document has them."""
    modified = assigned_of(instance)
    if modified is not None:
        modified.difference_update(names)


def mark_deleted(instance: Instance, place: Place) -> tuple[bool, list[Life]]:
    """Note that the document of an instance at a place is gone.

    Copies that know it there are new from now on, too: their lives end.

    Returns:
        Whether it was not known at another place, and the lives that ended.
    """
    known = known_of(instance)
    state = state_or_none(instance)
    ended = state.life.end_at(place) if type(state) is State and state.life is not None else []
    if known is not None and not known.is_at(place):
        return False, ended
    mark_unknown(instance)
    return True, ended


def mark_written(instance: Instance, names: AbstractSet[str], snapshots: Mapping[str, Any]) -> None:
    """Note that a write of the named fields succeeded; `snapshots` tell what was sent of those that change in place."""
    remember(instance, snapshots)
    if not names.isdisjoint(instance.__mapping__.nested_fields):
        mark_nested((instance,), type(instance))


def mark_nested(instances: Sequence[Instance], model: type[Instance]) -> None:
    """Note that what is embedded in instances of a model, which were written, equals what was sent."""
    mark = model.__mapping__.codec.mark_nested
    if mark is not None:
        mark(instances)


def remember(instance: Instance, snapshots: Mapping[str, Any]) -> None:
    """Note what is, or was, sent of the fields that can change in place."""
    if not snapshots:
        return
    mapping: ModelMapping = instance.__mapping__
    baseline: Any = {**baseline_of(instance), **snapshots}
    if mapping.codec.take is not None:
        baseline = joined(mapping, instance, baseline) or baseline
    object.__setattr__(instance, "__baseline__", baseline)
