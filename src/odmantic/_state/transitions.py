"""The transitions of the state of an instance; `odmantic._state.state` has the states.

| What happens | Function | The state afterwards |
| --- | --- | --- |
| the program makes it | none | new, and no document has an id that the library made |
| its document is read | `mark_read` | clean |
| a field is assigned | `mark_assigned` | dirty in this field, or new as before |
| the assignment is undone | `undo_assignments` | as before |
| fields are taken to be sent | `take`, `take_whole` | clean in them, and known at the place of the write |
| the write succeeds | `mark_written` | the same, and what is embedded is clean |
| it fails, or is rolled back | `give_back`, `give_back_whole`, `put_back` | dirty in them, or as before where the write moved it to another place |
| its document is deleted | `mark_deleted` | new, and a document may exist; so are its copies |
| nothing is known any more, or again | `mark_unknown`, `mark_new_again` | new, and a document may exist |
| a deletion or an attempt is rolled back | `go_back` | as it was kept before |

A rollback gives the writes of its transaction back in reverse order, see `odmantic._transaction.journal`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.timestamp import Timestamp

from odmantic._mapping.fields import ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._state.dirty import REMOVED, baseline_of, compared_fields, update_baseline
from odmantic._state.hollow import Hollow, hollow_in, refuse_hollow
from odmantic._state.nested import instances_in, nested_instances
from odmantic._state.places import EMBEDDED, Written
from odmantic._state.snapshot import snapshot_of_stored, take_snapshots
from odmantic._state.state import (
    AS_MADE,
    ELSEWHERE,
    KNOWN,
    NEW,
    KeptState,
    State,
    all_names,
    baseline_or_none,
    modified_names,
    opened,
    published,
    standing_at,
    state_of,
)
from odmantic._types.instances import Instance
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._state.lives import Life
    from odmantic._state.places import Known, Place


# --- Reading -----------------------------------------------------------------------------------


def mark_read(instance: Instance, known: Known) -> None:
    """Note that an instance, which is not shared yet, and everything in it equal what was just read."""
    mapping = mapping_of(type(instance))
    if not mapping.is_embedded and (compared := compared_fields(instance)):
        snapshots = take_snapshots(instance, compared)
        object.__setattr__(instance, "__baseline__", snapshots)
    object.__setattr__(instance, "__state__", EMBEDDED if mapping.is_embedded else known)
    for name in mapping.nested_fields:
        value = instance.__dict__.get(name)
        if isinstance(mapping.fields[name], ODMReference):
            for target in instances_in(value):
                # What was not loaded knows that already.
                if is_model_instance(target) and hollow_in(target) is None:
                    mark_read(target, known.of(type(target)))
            continue
        for nested in instances_in(value):
            # Only references are documents of their own.
            if not is_model_instance(nested):
                mark_read(nested, known)


def note_stored(instance: Instance, raw: Mapping[str, Any]) -> None:
    """Note what the document of an instance that was just read has of its stored properties."""
    found = {
        name: snapshot_of_stored(raw[field.key_name]) if field.key_name in raw else REMOVED
        for name, field in instance.__mapping__.stored.items()
    }
    object.__setattr__(instance, "__baseline__", {**baseline_of(instance), **found})


def mark_embedded_clean(value: Any) -> None:
    """Note that the embedded objects in a value, at any depth, equal what was read or written."""
    for instance in instances_in(value):
        # Referenced instances have their own documents.
        if not is_model_instance(instance):
            object.__setattr__(instance, "__state__", EMBEDDED)
            for nested in nested_instances(instance):
                mark_embedded_clean(nested)


# --- Assignment ------------------------------------------------------------------------------


def mark_assigned(instance: Any, name: str, found: State | Known) -> None:
    """Note the assignment of a field of an instance with a state.

    Raises:
        NotLoadedError: if the instance is hollow; it has not got the value.
    """
    if type(found) is Hollow:
        del instance.__dict__[name]
        refuse_hollow(found)
    state = found if type(found) is State else published(instance, State(found, set()))
    if state.modified is not None:
        state.modified.add(name)
    elif state.known is not None:
        modified_names(instance).add(name)


def undo_assignments(instance: Any, before: frozenset[str] | None) -> None:
    """Forget assignments that were undone; `before` holds the names modified before them."""
    state = state_of(instance)
    if type(state) is not State or state.modified is None:
        return
    if before is None and state.known is None:
        state.modified = None
    else:
        state.modified.intersection_update(before or ())


def mark_dirty(instance: Any, names: Iterable[str]) -> None:
    """Note fields as modified, unless the whole instance is new."""
    if state_of(instance) is not None:
        state = opened(instance)
        if state.known is not None or state.modified is not None:
            modified_names(instance).update(names)


# --- Writing -----------------------------------------------------------------------------------


def take(instance: Any, names: AbstractSet[str], write: Written) -> None:
    """Note that a write is about to send fields: from now on the document is known at its place."""
    state = opened(instance)
    if standing_at(state, write.place) is KNOWN:
        take_known(state, names, write)
        return
    _move(instance, state, write)
    if not names >= instance.__mapping__.fields.keys():
        modified_names(instance).update(all_names(instance))
    state.known = write
    if state.modified is not None:
        state.modified.difference_update(names)


def take_known(state: State, names: AbstractSet[str], write: Written) -> None:
    """Note that fields are about to be sent to the known place of the document."""
    if state.earlier is not None:
        state.earlier = _kept_by(state.known, state.earlier, names, write)
    # In this order, because a thread that makes a copy reads the names first.
    state.known = write
    if state.modified is not None:
        state.modified.difference_update(names)


def take_whole(instance: Any, state: State | Known, write: Written, *, new: bool) -> bool:
    """Take all fields of an instance with a state, if it has to be sent whole; return whether it has.

    Args:
        instance: The instance.
        state: Its state.
        write: The write.
        new: Whether to take only an instance whose id no document can have.
    """
    if Timestamp in map(type, instance.__dict__.values()):
        # The server would fill in an empty one.
        return False
    standing = standing_at(state, write.place)
    if standing is NEW and type(state) is State:
        # A program may have removed names.
        is_whole = state.modified is None or state.modified >= instance.__mapping__.fields.keys()
        if not is_whole or (new and state.earlier is not AS_MADE):
            return False
    elif standing is KNOWN or new:
        return False
    take(instance, all_names(instance), write)
    return True


def mark_written(instance: Instance, names: AbstractSet[str], snapshots: Mapping[str, Any]) -> None:
    """Note that a write of fields succeeded; `snapshots` has what was sent of those that change in place."""
    update_baseline(instance, snapshots)
    if not names.isdisjoint(instance.__mapping__.nested_fields):
        mark_nested((instance,), type(instance))


def mark_nested(instances: Sequence[Instance], model: type[Instance]) -> None:
    """Note that what is embedded in written instances of a model equals what was sent."""
    mark = model.__mapping__.codec.mark_nested
    if mark is not None:
        mark(instances)


def mark_clean(instance: Instance, names: Iterable[str]) -> None:
    """Note that fields equal those of the document after all."""
    state = state_of(instance)
    if type(state) is State and state.modified is not None:
        state.modified.difference_update(names)


def give_back(instance: Any, names: Iterable[str], write: Written) -> None:
    """Make fields dirty again, at the place of a write that failed or was rolled back."""
    state = opened(instance)
    if standing_at(state, write.place) is ELSEWHERE:
        state.earlier = _without(state.earlier, names, write)
    elif state.known is write and state.earlier is not None:
        _move_back(instance, state, state.earlier)
    else:
        mark_dirty(instance, names)


def give_up(instance: Any, names: Iterable[str], write: Written, kept: KeptState | None) -> None:
    """Undo the taking of fields: they are dirty again, or the instance is in a state that was kept before."""
    if kept is None:
        give_back(instance, names, write)
    else:
        put_back(instance, kept, write)


def put_back(instance: Any, kept: KeptState, write: Written) -> None:
    """Undo a write of a whole instance that failed: it is dirty as before, and in what was assigned since."""
    state = opened(instance)
    if state.known is not write:
        # Another write has taken it since.
        is_known = kept.known is not None and kept.known.is_at(write.place)
        give_back(instance, kept.modified or () if is_known else all_names(instance), write)
        return
    since = frozenset(state.modified or ())
    # There may be a document by now.
    go_back(instance, kept._replace(earlier=None) if kept.earlier is AS_MADE else kept)
    mark_dirty(instance, since)


def give_back_whole(instance: Any, write: Written) -> None:
    """Undo `take_whole`, or the taking of an instance as made, if that was done."""
    state = state_of(instance)
    if state is write:
        object.__delattr__(instance, "__state__")
    elif type(state) is State and state.known is write:
        if state.earlier is not None:
            _move_back(instance, state, state.earlier)
        else:
            state.known = state.modified = None


# --- Deleting, forgetting, going back ----------------------------------------------------------


def mark_deleted(instance: Instance, place: Place) -> tuple[bool, list[Life]]:
    """Note that the document of an instance at a place is gone.

    Copies that know it there become new too: their lives end.

    Returns:
        Whether it was not known at another place, and the lives that ended.
    """
    state = state_of(instance)
    standing = standing_at(state, place)
    ended = state.life.end_at(place) if type(state) is State and state.life is not None else []
    if standing is ELSEWHERE:
        return False, ended
    mark_unknown(instance)
    return True, ended


def mark_unknown(instance: Any) -> None:
    """Note that no document is known to hold any field of an instance, though one may exist."""
    if hollow_in(instance) is not None:
        return
    state = opened(instance)
    state.known = state.modified = state.earlier = None
    object.__setattr__(instance, "__baseline__", None)


def mark_new_again(instance: Any, place: Place) -> None:
    """Note that the first write of an instance to a place failed, or was rolled back; a document may exist all the same."""
    if standing_at(state_of(instance), place) is not ELSEWHERE:
        mark_unknown(instance)


def go_back(instance: Any, kept: KeptState) -> None:
    """Put an instance back into an earlier state."""
    if hollow_in(instance) is not None:
        return
    state = opened(instance)
    modified = state.modified
    _put_back(instance, state, kept)
    if kept.modified is None or modified is None:
        state.modified = None if kept.modified is None else {*kept.modified}
    else:
        # A program may hold it.
        modified.clear()
        modified.update(kept.modified)


# --- Places ------------------------------------------------------------------------------------


def _move(instance: Any, state: State, write: Written) -> None:
    """Prepare an instance for a write that makes it known, at another place than before or for the first time."""
    before = state.known
    if before is None:
        state.earlier = None
    else:
        modified, baseline = frozenset(state.modified or ()), baseline_or_none(instance)
        # A write that has ended never goes back.
        earlier = None if before.is_settled else state.earlier
        state.earlier = KeptState(before, modified, baseline, state.life, earlier)
        write.moves(state)
        names: Iterable[str] = ()
        if baseline and instance.__mapping__.extra_allowed:
            # An extra that was removed since may be at the other place too.
            names = baseline.keys() - instance.__mapping__.names_and_keys
        object.__setattr__(instance, "__baseline__", dict.fromkeys(names) or None)
    if state.life is not None:
        state.life = state.life.at(write.place)


def _move_back(instance: Any, state: State, earlier: KeptState) -> None:
    """Put an instance back where it was known before; what was assigned since is dirty there, too."""
    _put_back(instance, state, earlier)
    if earlier.modified:
        modified_names(instance).update(earlier.modified)


def _put_back(instance: Any, state: State, kept: KeptState) -> None:
    object.__setattr__(instance, "__baseline__", kept.baseline)
    state.known, state.earlier = kept.known, kept.earlier
    # A copy may have been made since.
    if kept.life is not None or state.life is None:
        state.life = kept.life
    elif kept.known is not None:
        state.life = state.life.at(kept.known.place)


def _kept_by(
    before: Known | None, earlier: KeptState, names: AbstractSet[str], write: Written
) -> KeptState | None:
    """Return the earlier state after another write to the same place: a rollback of both still goes back to it."""
    if not isinstance(before, Written):
        return None
    if write is before or write.journal is before.journal is not None:
        # What is sent here was not sent there.
        return earlier._replace(modified=(earlier.modified or frozenset()).union(names))
    return None


def _without(earlier: KeptState | None, names: Iterable[str], write: Written) -> KeptState | None:
    """Return the earlier states after the failure of a write, if the instance has moved to other places since."""
    if earlier is None or earlier.known is None:
        return earlier
    if not earlier.known.is_at(write.place):
        return earlier._replace(earlier=_without(earlier.earlier, names, write))
    modified = earlier.modified or frozenset()
    if earlier.known is write and earlier.earlier is not None:
        before = earlier.earlier
        return before._replace(modified=modified.union(before.modified or ()))
    return earlier._replace(modified=modified.union(names))
