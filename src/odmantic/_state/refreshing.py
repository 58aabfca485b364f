"""Gives an instance values of its document that were just read; its own changes stay, against the new baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.mapping import mapping_of
from odmantic._state.dirty import baseline_of, compared_fields, update_baseline
from odmantic._state.places import Known, Written
from odmantic._state.snapshot import take_snapshots
from odmantic._state.state import KNOWN, State, all_names, opened, standing_at, state_of
from odmantic._state.transitions import mark_embedded_clean

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from odmantic._types.instances import Instance


def known_in(instance: Any) -> Known | None:
    """Return what is known of the document of an instance; every write changes it."""
    state = state_of(instance)
    return state.known if type(state) is State else state


def part_of(model: Any, values: dict[str, Any], known: Known) -> Any:
    """Return an instance of what was just read that has some fields only, for `take_over`; no program sees it."""
    mapping = mapping_of(model)
    part = object.__new__(model)
    for slot, held in {
        "__dict__": values,
        "__pydantic_fields_set__": {*values},
        "__pydantic_extra__": {} if mapping.extra_allowed else None,
        "__pydantic_private__": None,
        "__state__": known,
    }.items():
        object.__setattr__(part, slot, held)
    for name in mapping.nested_fields:
        if name in values:
            mark_embedded_clean(values[name])
    snapshots = take_snapshots(part, mapping.mutable_fields & values.keys())
    object.__setattr__(part, "__baseline__", snapshots)
    return part


def take_over(
    instance: Any,
    fresh: Any,
    taken: AbstractSet[str],
    kept: AbstractSet[str],
    *,
    is_whole: bool,
) -> None:
    """Take values of an instance that was just read, and which nobody else has; the others are then changes of it.

    Args:
        instance: The instance.
        fresh: The other one, of the same class.
        taken: The names of fields and extras that get values, and are clean.
        kept: The names of those that keep theirs.
        is_whole: Whether these are all.
    """
    known: Any = known_in(fresh)
    state = opened(instance)
    is_known = standing_at(state, known.place) is KNOWN
    names = taken | kept
    has_snapshots = is_whole or not is_known or _can_change(instance, fresh, names)
    earlier = dict(baseline_of(instance)) if has_snapshots and is_known and not is_whole else {}
    # There is a document with this primary key.
    clean = taken | {str(mapping_of(type(instance)).primary_field)}
    # In this order: what another thread assigns meanwhile stays dirty.
    if not is_known:
        state.modified = all_names(instance) - clean
        state.known, state.earlier = known, None
        if state.life is not None:
            state.life = state.life.at(known.place)
    else:
        if state.modified is not None:
            state.modified.difference_update(clean)
        if type(known) is Written and state.known is not None and state.known.is_settled:
            # A copy must not count as known before the commit.
            state.known = known
    _take_values(instance, fresh, taken)
    if not has_snapshots:
        return
    read = baseline_of(fresh)
    names = read.keys() if is_whole else names
    baseline = {**earlier, **{name: read[name] for name in names if name in read}}
    for name in names - read.keys():
        baseline.pop(name, None)
    object.__setattr__(instance, "__baseline__", None)
    update_baseline(instance, baseline)


def _can_change(instance: Any, fresh: Any, names: AbstractSet[str]) -> bool:
    """Return whether some of the values can change in place, or have the snapshot of a stored property."""
    compared = compared_fields(instance) | compared_fields(fresh)
    return not names.isdisjoint(compared) or not names <= mapping_of(type(instance)).fields.keys()


def _take_values(instance: Instance, fresh: Instance, names: AbstractSet[str]) -> None:
    fields = mapping_of(type(instance)).fields
    extra, new_extra = instance.__pydantic_extra__, fresh.__pydantic_extra__ or {}
    held: Any = instance.__dict__
    given, now_given = instance.__pydantic_fields_set__, fresh.__pydantic_fields_set__
    for name in names:
        if name in fields:
            held[name] = fresh.__dict__[name]
        elif extra is not None and name in new_extra:
            extra[name] = new_extra[name]
        elif extra is not None:
            extra.pop(name, None)
        if name in now_given:
            given.add(name)
        else:
            given.discard(name)
