r"""The state of an instance against its document: new, clean, dirty or deleted.

```
                       +------- take -------+
                       v                    |
read ------------->  clean  -- assign -->  dirty      fields can change in place, too
                       ^  \                 ^ |
                       |   +-- give back ---+ |
                      take                    |
                       |                      |
made ------------->   new  <----- delete, forget
```

`odmantic._state.transitions` has a function for each arrow. An instance is clean or dirty at one place, and at any other
place as good as new. It counts as deleted where a copy of it was deleted.

The slot `__state__` is empty while an instance is as it was made. A `Known`, which many instances share, says that it
is clean, but for what changed in place. A `State` says more, and stays once it is there. The slot `__baseline__` holds
the snapshots of what can change in place, see `odmantic._state.snapshot`; they have a meaning only where a document is known.

Another thread may assign at any time: it sets the value, and then looks at the state. Whoever takes values to be sent
changes the state, and then looks at the values. So what was assigned is either sent, or noted afterwards. A `State` is
never replaced, as another thread may be about to write into it.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple, final

from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from odmantic._state.lives import Life
    from odmantic._state.places import Known, Place


class KeptState(NamedTuple):
    """A state to which an instance can go back; `State` explains its parts."""

    known: Known | None
    modified: frozenset[str] | None
    baseline: Any
    life: Life | None
    earlier: KeptState | None


AS_MADE = KeptState(None, None, None, None, None)
"""The state of an instance as it was made: no document has the id that odmantic generated."""


@final
class State:
    """The state of an instance, if it is neither as made nor just clean.

    Attributes:
        known: The place of its document; `None` for a new instance.
        modified: The fields that were assigned or given back; `None` means none, or for a new instance all.
        life: The life that the instance shares with its copies.
        earlier: The state before the write that moved the instance to another place, in case that fails; `AS_MADE` for
            a new instance whose id no document can have.
        attached: What `odmantic._state.attached` keeps; absent while that is nothing.
    """

    __slots__ = ("attached", "earlier", "known", "life", "modified")

    attached: dict[str, Any]

    def __init__(
        self,
        known: Known | None,
        modified: set[str] | None = None,
        life: Life | None = None,
        earlier: KeptState | None = None,
    ) -> None:
        self.known: Known | None = known
        self.modified: set[str] | None = modified
        self.life: Life | None = life
        self.earlier: KeptState | None = earlier

    @property
    def is_deleted(self) -> bool:
        """Whether the document was deleted through a copy."""
        return self.known is not None and self.life is not None and self.life.is_over


# --- Slots -------------------------------------------------------------------------------------


def slot(model: type[Any], name: str) -> Any:
    """Return the descriptor of a slot; its methods take half the time of any other access."""
    return next(vars(cls)[name] for cls in model.__mro__ if name in vars(cls))


def state_of(instance: Any) -> State | Known | None:
    """Return the value of the slot `__state__`."""
    try:
        held: State | Known = object.__getattribute__(instance, "__state__")
    except AttributeError:
        return None
    return held


def baseline_or_none(instance: Any) -> Any:
    """Return the value of the slot `__baseline__`."""
    try:
        return object.__getattribute__(instance, "__baseline__")
    except AttributeError:
        return None


# --- Queries ---------------------------------------------------------------------------------


class Standing(Enum):
    """The relation of an instance to its document at a place."""

    NEW = auto()
    """No document is known: every field is dirty, except those that a program removed from `__fields_modified__`."""
    KNOWN = auto()
    """The document was read or written here: the instance is clean, or dirty in some fields."""
    ELSEWHERE = auto()
    """The document was read or written at another place: every field is dirty here."""
    DELETED = auto()
    """A copy of the instance was deleted: every field is dirty."""


# Names of the module: looking a member up on its class takes three times as long.
NEW, KNOWN = Standing.NEW, Standing.KNOWN
ELSEWHERE, DELETED = Standing.ELSEWHERE, Standing.DELETED


def standing_at(state: State | Known | None, place: Place) -> Standing:
    """Return how an instance with a state stands to its document at a place."""
    if type(state) is State:
        known = state.known
        if state.life is not None and state.is_deleted:
            return DELETED
    else:
        known = state
    if known is None:
        return NEW
    return KNOWN if known.place is place or known.is_at(place) else ELSEWHERE


def may_exist(instance: Any) -> bool:
    """Return whether a document with the id of an instance may exist, as far as odmantic knows."""
    state = state_of(instance)
    return state is not None and (type(state) is not State or state.earlier is not AS_MADE)


def has_document(instance: Any, place: Place) -> bool:
    """Return whether the document of an instance is known to exist at a place, apart from what changed in it."""
    state = state_of(instance)
    if standing_at(state, place) is not KNOWN:
        return False
    # Only what failed, or was rolled back, makes the primary key dirty.
    modified = state.modified if type(state) is State else None
    return instance.__mapping__.primary_field not in (modified or ())


def all_names(instance: Instance) -> set[str]:
    """Return the names of an instance's fields and extra values."""
    return {*instance.__mapping__.fields, *(instance.__pydantic_extra__ or ())}


def kept_state(instance: Any) -> KeptState:
    """Return the state of an instance, to go back to."""
    state, baseline = state_of(instance), baseline_or_none(instance)
    if type(state) is not State:
        return KeptState(state, None, baseline, None, AS_MADE if state is None else None)
    modified = None if state.modified is None else frozenset(state.modified)
    return KeptState(state.known, modified, baseline, state.life, state.earlier)


# --- Creation --------------------------------------------------------------------------------

_being_made: dict[int, State] = {}
"""By instance, the states that are about to be put into its slot."""

_being_filled: dict[int, set[str]] = {}
"""By state, the sets that are about to become `modified`."""


def opened(instance: Any) -> State:
    """Return the `State` of an instance, creating it if there is none; a deleted instance becomes new."""
    state = state_of(instance)
    if type(state) is not State:
        return published(instance, State(state, earlier=AS_MADE if state is None else None))
    if state.is_deleted:
        state.known = state.modified = state.earlier = None
        object.__setattr__(instance, "__baseline__", None)
    return state


def published(instance: Any, made: State) -> State:
    """Give an instance its state; return the one of another thread if that was faster."""
    # Concurrent threads share the first state; a later one finds the slot filled. A lock would stay held forever in a
    # process that is forked meanwhile.
    state = _being_made.setdefault(id(instance), made)
    found = state_of(instance)
    if type(found) is State:
        state = found
    else:
        if found is not None and state.known is None:
            # A thread that takes the instance to be sent was faster.
            state.known, state.earlier = found, None
        object.__setattr__(instance, "__state__", state)
    _being_made.pop(id(instance), None)
    return state


def modified_names(instance: Any) -> set[str]:
    """Return the set of modified names, to which assignments add."""
    state = opened(instance)
    if state.modified is None:
        # As above.
        names = all_names(instance) if state.known is None else set[str]()
        names = _being_filled.setdefault(id(state), names)
        if state.modified is None:
            state.modified = names
        _being_filled.pop(id(state), None)
    return state.modified


def modified_property() -> property:
    """Return the property `__fields_modified__`."""

    def get_modified(instance: Any) -> set[str]:
        state = state_of(instance)
        if state is not None and type(state) is not State and state.is_hollow:
            return set()
        if type(state) is State and state.is_deleted:
            # It stays so only if the transaction of the deletion commits.
            return all_names(instance)
        return modified_names(instance)

    def set_modified(instance: Any, names: set[str]) -> None:
        opened(instance).modified = names

    return property(get_modified, set_modified)
