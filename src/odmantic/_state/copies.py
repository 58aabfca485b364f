"""The state of a copy and of a pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._state.hollow import Hollow, hollow_in
from odmantic._state.lives import Life
from odmantic._state.state import (
    AS_MADE,
    KeptState,
    State,
    baseline_or_none,
    kept_state,
    opened,
)
from odmantic._state.transitions import mark_unknown

if TYPE_CHECKING:
    from odmantic._state.places import Known

    PickledState = tuple[Known | None, frozenset[str] | None, Any, Life | None]
    """The place of the document, the modified fields, the baseline and the life."""


def state_for_copy(original: Any) -> KeptState:
    """Return the state of a copy: its original's, unless the original has a write or a transaction under way."""
    if original.__mapping__.is_embedded:
        return kept_state(original)._replace(baseline=None)
    hollow = hollow_in(original)
    if hollow is not None:
        return KeptState(hollow, None, None, None, None)
    state = opened(original)
    if state.known is None:
        # A save of the copy creates a document.
        state.earlier = None
    life = state.life = state.life or Life()
    # In this order, because a save in another thread changes the other one first.
    modified = None if state.modified is None else frozenset(state.modified)
    known = state.known
    if known is not None:
        life.place = known.place
    if known is None or not known.is_settled:
        # A rollback may put the original back where the copy has to find it.
        state.earlier = _with_lives(state.earlier, life)
        return KeptState(None, None, None, life, None)
    return KeptState(known, modified, baseline_or_none(original), life, None)


def _with_lives(earlier: KeptState | None, life: Life) -> KeptState | None:
    """Return the states before a write to another place, with the lives of the documents there."""
    if earlier is None or earlier.known is None:
        return earlier
    return earlier._replace(
        life=earlier.life or life.at(earlier.known.place),
        earlier=_with_lives(earlier.earlier, life),
    )


def begin_with(instance: Any, kept: KeptState) -> None:
    """Put an instance, which is not shared yet, into a state."""
    known, modified, baseline, life, earlier = kept
    if baseline is not None:
        object.__setattr__(instance, "__baseline__", baseline)
    if modified is None and life is None and known is not None:
        object.__setattr__(instance, "__state__", known)
    elif modified is not None or earlier is not AS_MADE:
        names = None if modified is None else {*modified}
        object.__setattr__(instance, "__state__", State(known, names, life, earlier))


def make_new(copied: Any, *, is_other: bool = False) -> None:
    """Make a copy count as new.

    Args:
        copied: The copy.
        is_other: Whether it is for another document than its original.
    """
    mark_unknown(copied)
    if is_other:
        opened(copied).life = None


def pickled_state(instance: Any) -> PickledState:
    """Return the state of an instance for a pickle."""
    known, modified, baseline, life, _ = state_for_copy(instance)
    return known, modified, baseline, life


def is_hollow_state(pickled: PickledState | None) -> bool:
    """Return whether a pickled instance is hollow, and lacks its fields on purpose."""
    return pickled is not None and type(pickled[0]) is Hollow


def unpickle_state(instance: Any, pickled: PickledState | None) -> None:
    """Put an unpickled instance into its pickled state, if there is one."""
    known, modified, baseline, life = pickled or (None, None, None, None)
    if life is not None and life.place is None and known is not None:
        life.place = known.place
    begin_with(instance, KeptState(known, modified, baseline, life, None))
