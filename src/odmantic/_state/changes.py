"""An instance against its last known document: which fields differ, and the marks that say so.

Two slots of an instance hold all there is to know:

* `__baseline__`, for each field that can change in place (lists, dicts, embedded objects) what is remembered of the
  form last read or sent, see `odmantic._mapping.snapshot`; absent or `None` while there is no such form. A dictionary
  by field, or for an instance that was read, or sent as it was made, one tuple for all of them;
* `__modified__`, which `__fields_modified__` shows: the names assigned since the last read or write. While it is
  absent or `None`, reading them fills it: with nothing if there is a baseline, else the instance was never saved, and
  it gets every field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._mapping import (
    DIGEST_OPTIONS,
    NOTHING_TO_COMPARE,
    Snapshot,
    baseline_or_none,
    changed_fields,
    clear_slot,
    digest,
    encode_field,
    is_same,
    mapping_of,
    mark_unmodified,
    modified_or_none,
    nested_instances,
    take_snapshot,
    validate_document,
)
from odmantic._mapping.shapes import is_tuple
from odmantic._mapping.snapshot import snapshots_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._mapping import ModelMapping
    from odmantic.model import Model, _BaseODMModel

    ModelType = TypeVar("ModelType", bound=Model)

__all__ = [
    "DIGEST_OPTIONS",
    "REMOVED",
    "baseline_of",
    "compared_fields",
    "digest",
    "dirty_fields",
    "field_digests",
    "give_back",
    "mark_known",
    "mark_nested",
    "mark_read",
    "mark_unknown",
    "mark_written",
    "read_document",
    "remember",
    "removed_extras",
    "take",
    "take_snapshots",
]

#: What is remembered of an extra that this instance has removed from its document. No snapshot of an extra is empty.
REMOVED: Snapshot = ()


# --- Reading -----------------------------------------------------------------------------------


def read_document(model: type[ModelType], raw_doc: Any) -> ModelType:
    """Make an instance of a document that the database holds: it counts as unmodified.

    Raises:
        DocumentParsingError: the document does not fit the model.
    """
    instance: ModelType | None = model.__mapping__.codec.read_known(raw_doc)
    if instance is None:
        instance = validate_document(model, raw_doc)
        mark_read(instance)
    return instance


def mark_read(instance: _BaseODMModel) -> None:
    """Note that an instance, with everything in it, equals what was just read."""
    mapping = mapping_of(type(instance))
    baseline: Any = NOTHING_TO_COMPARE
    if not mapping.is_embedded:
        baseline = take_snapshots(instance, compared_fields(instance)) or NOTHING_TO_COMPARE
    mark_unmodified(instance, baseline)
    if mapping.nested_fields:
        for nested in nested_instances(instance):
            mark_read(nested)


# --- Comparing ---------------------------------------------------------------------------------


def take_snapshots(instance: _BaseODMModel, names: Iterable[str]) -> dict[str, Any]:
    """Remember the named fields as they are now, to hand to `mark_written`."""
    return {name: take_snapshot(instance, name) for name in names}


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

    These are the assigned ones, and those changed in place. A field of which nothing is known counts as changed.
    """
    baseline = baseline_or_none(instance)
    modified = modified_or_none(instance)
    if modified is None and baseline is None:
        return set(instance.__fields_modified__)
    dirty = set(modified or ())
    if is_tuple(baseline) and not instance.__mapping__.extra_allowed:
        return dirty.union(changed_fields(instance, baseline)) if baseline else dirty
    candidates = compared_fields(instance)
    known = baseline_of(instance)
    dirty.update(
        name
        for name in candidates
        if name not in dirty and not _is_unchanged(instance, name, known.get(name))
    )
    return dirty.union(name for name in removed_extras(instance) if known[name] != REMOVED)


def removed_extras(instance: _BaseODMModel) -> AbstractSet[str]:
    """Names of extras that this instance has read or written, and has no more; those removed by a save included."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return frozenset()
    fields = mapping.fields.keys() | mapping.field_names.keys()
    return baseline_of(instance).keys() - compared_fields(instance) - fields


def _is_unchanged(instance: Model, name: str, known: Any) -> bool:
    if known is None:
        return False
    if isinstance(known, bytes):
        return known == digest(encode_field(instance, name))
    return is_same(known, take_snapshot(instance, name))


def compared_fields(instance: _BaseODMModel) -> frozenset[str]:
    """Names of what can change without an assignment: mutable fields, and extras, whose type nobody knows."""
    mapping = mapping_of(type(instance))
    if not mapping.extra_allowed:
        return mapping.mutable_fields
    return mapping.mutable_fields.union(instance.model_extra or ())


def baseline_of(instance: _BaseODMModel) -> Mapping[str, Any]:
    """What is remembered of the fields as last read or written; empty where nothing is known."""
    baseline: dict[str, Any] | Snapshot | None = baseline_or_none(instance)
    if isinstance(baseline, tuple):
        return snapshots_in(mapping_of(type(instance)), baseline)
    return baseline or {}


# --- Writing -----------------------------------------------------------------------------------


def take(instance: _BaseODMModel, names: Iterable[str]) -> None:
    """Remove names that are about to be sent, so that assignments made meanwhile stand out (D22)."""
    modified = modified_or_none(instance)
    if modified is None:
        if baseline_or_none(instance) is not None:
            return
        modified = instance.__fields_modified__
    modified.difference_update(names)


def give_back(instance: _BaseODMModel, names: Iterable[str]) -> None:
    """Make names dirty again whose write failed or was rolled back."""
    modified = instance.__fields_modified__
    modified.update(names)


def mark_written(instance: Model, names: AbstractSet[str], snapshots: Mapping[str, Any]) -> None:
    """Note that a write of the named fields succeeded; `snapshots` tell what was sent of those that change in place."""
    remember(instance, snapshots)
    if not names.isdisjoint(instance.__mapping__.nested_fields):
        mark_nested((instance,), type(instance))


def mark_nested(instances: Sequence[Model], model: type[Model]) -> None:
    """Note that what is embedded in instances of a model, which were written, equals what was sent."""
    mark = model.__mapping__.codec.mark_nested
    if mark is not None:
        mark(instances)


def remember(instance: Model, snapshots: Mapping[str, Any]) -> None:
    """Note what is, or was, sent of the fields that can change in place."""
    if not snapshots and baseline_or_none(instance) is not None:
        return
    known: ModelMapping = instance.__mapping__
    baseline: Any = NOTHING_TO_COMPARE
    if known.mutable_fields or known.extra_allowed:
        baseline = {**baseline_of(instance), **snapshots}
    object.__setattr__(instance, "__baseline__", baseline)


def mark_known(instance: _BaseODMModel, baseline: Mapping[str, Any]) -> None:
    """Note that the document is as `baseline` says and no field was assigned since."""
    mark_unmodified(instance, dict(baseline))


def mark_unknown(instance: _BaseODMModel) -> None:
    """Note that no document is known to hold any field of an instance: the next save sends all."""
    clear_slot(instance, "__modified__")
    clear_slot(instance, "__baseline__")
