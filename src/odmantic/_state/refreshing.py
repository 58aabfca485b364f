"""Gives an instance values of its document that were just read; its own changes stay, against the new baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.mapping import mapping_of
from odmantic._state.dirty import baseline_of, update_baseline
from odmantic._state.places import Known, Written
from odmantic._state.state import KNOWN, State, all_names, opened, standing_at, state_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from odmantic._types.instances import Instance


def known_in(instance: Any) -> Known | None:
    """Return what is known of the document of an instance; every write changes it."""
    state = state_of(instance)
    return state.known if type(state) is State else state


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
    earlier = {} if is_whole or not is_known else dict(baseline_of(instance))
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
    read = baseline_of(fresh)
    names = read.keys() if is_whole else taken | kept
    baseline = {**earlier, **{name: read[name] for name in names if name in read}}
    for name in names - read.keys():
        baseline.pop(name, None)
    object.__setattr__(instance, "__baseline__", None)
    update_baseline(instance, baseline)


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
