"""The marks of an instance: where its document is known, and what was assigned since it was read or written there.

The slot `__state__` holds them. It is absent while an instance is as it was made; it holds a `Known`, which many
instances share, while nothing was assigned since a read or a write; else a `State`, which then stays. The slot
`__baseline__` holds what is remembered of the fields that can change in place, see `odmantic._state.dirty`; it is
of no meaning unless a document is known.

Another thread may assign at any time. It sets the value first and looks at the state then. So whoever takes values to
be sent changes the state first and looks at the values then: what was assigned is either sent, or noted behind it. A
`State` is never replaced, as a thread may be about to write into it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, final

from bson.timestamp import Timestamp

from odmantic._state.lives import Life
from odmantic._state.nested import instances_in, nested_instances
from odmantic._state.places import INSIDE, SOMEWHERE, Known, Written, known_at
from odmantic._types.instances import Instance
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Place

NOTHING_TO_COMPARE: tuple[Any, ...] = ()
"""The baseline of an instance that can only change by assignments, which are noted."""


@final
class State:
    """What is known of an instance that was assigned to, copied or deleted.

    Attributes:
        known: where its document is known; `None` for one that is new.
        modified: the names that were assigned since; `None` where none were, or where all are new.
        may_exist: whether there may be a document with the id of a new one.
        life: what it shares with its copies.
    """

    __slots__ = ("known", "life", "may_exist", "modified")

    def __init__(
        self, known: Known | None = None, modified: set[str] | None = None, may_exist: bool = True
    ) -> None:
        self.known = known
        self.modified = modified
        self.may_exist = may_exist
        self.life: Life | None = None

    def known_now(self) -> Known | None:
        """Where the document is known, unless it was deleted by way of a copy."""
        life = self.life
        return None if life is not None and life.is_over else self.known


class _Elsewhere(NamedTuple):
    """What was known of an instance before it was saved to another place.

    The names are those that are dirty where it was, also what was assigned and sent to the other place since.
    """

    known: Known
    modified: frozenset[str]
    baseline: Any
    life: Life | None


_being_made: dict[int, State] = {}
"""By instance, the states that are about to be in its slot."""

_being_filled: dict[int, set[str]] = {}
"""By state, the sets that are about to become `modified`."""


# --- Slots -------------------------------------------------------------------------------------


def slot(model: type[Any], name: str) -> Any:
    """Give the descriptor of a slot, whose methods are the fastest way to it."""
    return next(vars(cls)[name] for cls in model.__mro__ if name in vars(cls))


def baseline_setter(model: type[Any]) -> Callable[[Any, Any], None]:
    """Give the fastest way to set the slot `__baseline__` of an instance."""
    setter: Callable[[Any, Any], None] = slot(model, "__baseline__").__set__
    return setter


def state_setter(model: type[Any]) -> Callable[[Any, Any], None]:
    """Give the fastest way to set the slot `__state__` of an instance."""
    setter: Callable[[Any, Any], None] = slot(model, "__state__").__set__
    return setter


def state_or_none(instance: Any) -> State | Known | None:
    """Give what `__state__` holds, or `None` for an instance that is as it was made."""
    try:
        state: State | Known = object.__getattribute__(instance, "__state__")
    except AttributeError:
        return None
    return state


def baseline_or_none(instance: Any) -> Any:
    """Give what is remembered of the fields that can change in place, or `None` if nothing is."""
    try:
        return object.__getattribute__(instance, "__baseline__")
    except AttributeError:
        return None


def clear_slot(instance: Any, name: str) -> None:
    """Empty a slot, filled or not."""
    # To look first, or to fail, would take longer.
    object.__setattr__(instance, name, None)
    object.__delattr__(instance, name)


# --- Asking ------------------------------------------------------------------------------------


def known_of(instance: Any) -> Known | None:
    """Where the document of an instance is known; `None` if the instance is new."""
    state = state_or_none(instance)
    return state.known_now() if type(state) is State else state


def assigned_of(instance: Any) -> set[str] | None:
    """Give the names that were assigned; `None` where none were, or where all are new."""
    state = state_or_none(instance)
    return state.modified if type(state) is State else None


def may_exist(instance: Any) -> bool:
    """Tell whether there may be a document with the id of an instance, as far as the library knows."""
    state = state_or_none(instance)
    return state is not None and (type(state) is not State or state.may_exist)


def all_names(instance: Instance) -> set[str]:
    """Names of the fields of an instance, and of its additional values."""
    return {*instance.__mapping__.fields, *(instance.__pydantic_extra__ or ())}


# --- Assigning ---------------------------------------------------------------------------------


def modified_property() -> property:
    """Give what `__fields_modified__` is."""

    def get_modified(instance: Any) -> set[str]:
        state = state_or_none(instance)
        if type(state) is State and state.known is not state.known_now():
            # Whether the document is gone for good, the transaction of its deletion will tell.
            return all_names(instance)
        return modified_names(instance)

    def set_modified(instance: Any, names: set[str]) -> None:
        opened(instance).modified = names

    return property(get_modified, set_modified)


def opened(instance: Any) -> State:
    """Give the `State` of an instance, which is made if there is none."""
    found = state_or_none(instance)
    if type(found) is State:
        if found.known is not None and found.known_now() is None:
            found.known = found.modified = None
            clear_slot(instance, "__baseline__")
        return found
    if found is None:
        return _published(instance, State(None, None, may_exist=False))
    return _published(instance, State(found))


def _published(instance: Any, made: State) -> State:
    """Give an instance its state, which another thread may have made."""
    # Threads that get here together have to make one. No lock, which a fork could leave held for ever: a state that
    # is not shared was made after the slot was filled, and then the one in the slot is taken.
    state = _being_made.setdefault(id(instance), made)
    found = state_or_none(instance)
    if type(found) is State:
        state = found
    else:
        if found is not None and state.known is None:
            # One that takes it to be sent was faster.
            state.known, state.may_exist = found, True
        object.__setattr__(instance, "__state__", state)
    _being_made.pop(id(instance), None)
    return state


def modified_names(instance: Any) -> set[str]:
    """Give the names that count as modified, in the set that assignments fill."""
    state = opened(instance)
    if state.modified is None:
        # As above.
        names = all_names(instance) if state.known is None else set[str]()
        names = _being_filled.setdefault(id(state), names)
        if state.modified is None:
            state.modified = names
        _being_filled.pop(id(state), None)
    return state.modified


def note_assigned(instance: Any, name: str, found: State | Known) -> None:
    """Note the assignment of a field of an instance in whose slot something was found."""
    state = found if type(found) is State else _published(instance, State(found, set()))
    if state.modified is not None:
        state.modified.add(name)
    elif state.known is not None:
        modified_names(instance).add(name)


def forget_assigned(instance: Any, before: AbstractSet[str] | None) -> None:
    """Undo the notes of assignments that were undone; `before` is a copy of what `assigned_of` gave before them."""
    state = state_or_none(instance)
    if type(state) is not State or state.modified is None:
        return
    if before is None and state.known is None:
        state.modified = None
    else:
        state.modified.intersection_update(before or ())


# --- Reading and writing -----------------------------------------------------------------------


def mark_unmodified(instance: Any, known: Known, baseline: Any = NOTHING_TO_COMPARE) -> None:
    """Note that an instance, which nobody else has yet, is as a document is."""
    if baseline or instance.__mapping__.compared_fields:
        object.__setattr__(instance, "__baseline__", baseline)
    object.__setattr__(instance, "__state__", known)


def mark_inside_clean(instance: Any) -> None:
    """Note that an embedded object is as its document is."""
    object.__setattr__(instance, "__state__", INSIDE)


def mark_embedded_clean(value: Any) -> None:
    """Note that the embedded objects in a value, at any depth, equal what was read or written."""
    for instance in instances_in(value):
        # What is referenced has a document of its own.
        if not is_model_instance(instance):
            mark_inside_clean(instance)
            for nested in nested_instances(instance):
                mark_embedded_clean(nested)


def take(instance: Any, names: AbstractSet[str], known: Known = SOMEWHERE) -> None:
    """Note that names are about to be sent to where `known` says; from now on it is known there."""
    state = opened(instance)
    before = state.known
    if before is None or not before.is_at(known.place):
        _move(instance, state, known)
        if not names >= instance.__mapping__.fields.keys():
            modified_names(instance).update(all_names(instance))
        _take_out(state, names, known)
    else:
        take_assigned(instance, state, names, known)


def take_assigned(instance: Any, state: State, names: AbstractSet[str], known: Known) -> None:
    """Note that names are about to be sent to where the document is known already."""
    before = state.known
    if type(before) is Written and before.elsewhere and isinstance(known, Written):
        _inherit(instance, names, known, before)
    _take_out(state, names, known)


def _take_out(state: State, names: AbstractSet[str], known: Known) -> None:
    # A thread that makes a copy looks at the names first.
    state.known = known
    if state.modified is not None:
        state.modified.difference_update(names)


def retake(instance: Any, state: State | Known, known: Written, *, new: bool) -> bool:
    """Take all fields of an instance that has a state, if it is to be sent as a whole; tell whether it is.

    Args:
        instance: the instance.
        state: what its slot holds.
        known: the write.
        new: whether only those are wanted that no document can exist of.
    """
    before = state.known_now() if type(state) is State else state
    if Timestamp in map(type, instance.__dict__.values()):
        # Nothing validated it; the server would fill it in.
        return False
    if before is None:
        state = opened(instance)
        # A program may have taken names out.
        is_whole = state.modified is None or state.modified >= instance.__mapping__.fields.keys()
        if not is_whole or (new and state.may_exist):
            return False
    elif new or before.is_at(known.place):
        return False
    take(instance, all_names(instance), known)
    return True


def untake(instance: Any, known: Written) -> None:
    """Note that a whole instance is not sent after all, if it was taken for that."""
    state = state_or_none(instance)
    if state is known:
        clear_slot(instance, "__state__")
    elif type(state) is State and state.known is known and not _return(instance, state, known):
        state.known = None
        state.modified = None


def give_back(instance: Any, names: Iterable[str], write: Known) -> None:
    """Make names dirty again, at the place of a write that failed or was rolled back."""
    state = opened(instance)
    known = state.known
    if known is None or known.is_at(write.place):
        if (
            known is not write
            or not isinstance(known, Written)
            or not _return(instance, state, known)
        ):
            make_dirty(instance, names)
    else:
        _give_back_elsewhere(instance, names, write, known)


def make_dirty(instance: Any, names: Iterable[str]) -> None:
    """Have names count as modified, if not all do."""
    state = opened(instance)
    if state.known is not None or state.modified is not None:
        modified_names(instance).update(names)


def mark_unknown(instance: Any) -> None:
    """Note that no document is known to hold any field of an instance: the next save sends all."""
    state = opened(instance)
    state.known = None
    state.modified = None
    state.may_exist = True
    clear_slot(instance, "__baseline__")


def _move(instance: Any, state: State, known: Known) -> None:
    """Have an instance be known at another place than before, or at any."""
    before = state.known
    if before is not None:
        if isinstance(known, Written):
            modified = frozenset(state.modified or ())
            baseline = baseline_or_none(instance)
            _put_elsewhere(instance, known, _Elsewhere(before, modified, baseline, state.life))
        _forget_values(instance)
    state.may_exist = True
    if state.life is not None:
        state.life = state.life.at(known.place)


def _forget_values(instance: Any) -> None:
    """Forget the baseline, but for the names of extras: one that was removed since may be elsewhere as well."""
    baseline = baseline_or_none(instance)
    clear_slot(instance, "__baseline__")
    if baseline and instance.__mapping__.extra_allowed:
        names = baseline.keys() - instance.__mapping__.fields.keys()
        object.__setattr__(instance, "__baseline__", dict.fromkeys(names))


def _return(instance: Any, state: State, known: Written) -> bool:
    """Have an instance that was moved be known where it was before; tell whether it was."""
    before = _elsewhere(instance, known)
    if before is None:
        return False
    object.__setattr__(instance, "__baseline__", before.baseline)
    state.known = before.known
    state.life = before.life
    if before.modified:
        modified_names(instance).update(before.modified)
    return True


def _inherit(instance: Any, names: AbstractSet[str], known: Written, before: Written) -> None:
    """Keep what a rollback of this transaction has to give back of another place."""
    elsewhere = _elsewhere(instance, before)
    if elsewhere is not None and (known is before or known.journal is before.journal is not None):
        # What is sent here was not sent there.
        modified = elsewhere.modified.union(names)
        _put_elsewhere(instance, known, elsewhere._replace(modified=modified))


def _give_back_elsewhere(
    instance: Any, names: Iterable[str], write: Known, known: Known | None
) -> None:
    """Note the failure of a write behind which the instance was saved to other places, in case these fail too."""
    while isinstance(known, Written):
        elsewhere = _elsewhere(instance, known)
        if elsewhere is None:
            return
        if elsewhere.known.is_at(write.place):
            before = _elsewhere(instance, write) if elsewhere.known is write else None
            modified = elsewhere.modified.union(before.modified if before else names)
            _put_elsewhere(instance, known, (before or elsewhere)._replace(modified=modified))
            return
        known = elsewhere.known


def _elsewhere(instance: Any, known: Known) -> _Elsewhere | None:
    others = known.elsewhere if isinstance(known, Written) else None
    return None if others is None else others.get(id(instance))


def _put_elsewhere(instance: Any, known: Written, elsewhere: _Elsewhere) -> None:
    if known.elsewhere is None:
        known.elsewhere = {}
    known.elsewhere[id(instance)] = elsewhere


# --- Copies ------------------------------------------------------------------------------------


class Marks(NamedTuple):
    """All marks of an instance."""

    state: State | Known | None
    baseline: Any = None

    def put_on(self, instance: Any) -> None:
        """Set them."""
        if self.baseline is not None:
            object.__setattr__(instance, "__baseline__", self.baseline)
        if self.state is not None:
            object.__setattr__(instance, "__state__", self.state)


def marks_for_copy(original: Any) -> Marks:
    """Give the marks of a copy: it knows what its original does, unless it is not certain what the document is like."""
    if original.__mapping__.is_embedded:
        return Marks(_copied(state_or_none(original)))
    state = opened(original)
    state.may_exist = True
    copied = State()
    state.life = copied.life = state.life or Life()
    # In this order, as a save in another thread changes the other one first.
    modified = state.modified and set(state.modified)
    known = state.known
    if known is not None:
        copied.life.place = known.place
    if known is None or not known.is_settled:
        return Marks(copied)
    copied.known = known
    copied.modified = modified
    return Marks(copied, baseline_or_none(original))


def _copied(state: State | Known | None) -> State | Known | None:
    if type(state) is not State:
        return state
    return State(state.known, state.modified and set(state.modified), state.may_exist)


def make_new(copied: Any, *, is_other: bool = False) -> None:
    """Have a copy be new in all fields.

    Args:
        copied: the copy.
        is_other: whether it stands for another document than its original.
    """
    mark_unknown(copied)
    if is_other:
        opened(copied).life = None


def kept_marks(instance: Any) -> Callable[[], None]:
    """Remember the marks of an instance, but for its baseline; give what puts them back."""
    state = state_or_none(instance)
    if type(state) is not State:
        if state is None:
            return partial(clear_slot, instance, "__state__")
        return partial(object.__setattr__, instance, "__state__", state)
    known, may_exist, life = state.known, state.may_exist, state.life
    modified = state.modified
    names = frozenset(modified or ())

    def put_back() -> None:
        object.__setattr__(instance, "__state__", state)
        state.known, state.may_exist, state.life, state.modified = known, may_exist, life, modified
        if modified is not None:
            modified.clear()
            modified.update(names)

    return put_back


class PickledMarks(NamedTuple):
    """What a pickle keeps of the marks of an instance."""

    place: Place | None
    modified: set[str] | None
    baseline: Any
    life: Life | None

    @classmethod
    def of(cls, instance: Any) -> PickledMarks:
        """Take those of a copy."""
        state, baseline = marks_for_copy(instance)
        if type(state) is not State:
            return cls(None if state is None else state.place, None, None, None)
        place = None if state.known is None else state.known.place
        return cls(place, state.modified, baseline, state.life)

    def marks(self) -> Marks:
        """Give the marks of an instance that is made of the pickle."""
        state = State(None if self.place is None else known_at(self.place), self.modified)
        state.life = self.life
        if self.life is not None and self.life.place is None:
            self.life.place = self.place
        return Marks(state, self.baseline)


UNKNOWN = PickledMarks(None, None, None, None)
"""What is known of an instance whose pickle keeps nothing."""
