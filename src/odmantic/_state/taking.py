"""Takes the changes of a clean or dirty instance to be sent, in few steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from odmantic._bson.values import is_tuple
from odmantic._codec.ids import SCALAR_IDS, may_be_unfit
from odmantic._mapping.interfaces import Changes
from odmantic._state.places import Known, Written
from odmantic._state.snapshot import differing_fields
from odmantic._state.state import (
    KNOWN,
    State,
    modified_names,
    opened,
    slot,
    standing_at,
)
from odmantic._state.transitions import take_known
from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.interfaces import Encoder, FieldEncoder
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._state.places import Journal
    from odmantic._state.snapshot import Snapshot

UNCHANGED: Changes = (frozenset(), None, {}, None)
"""The result for an unchanged instance."""

_NONE: set[str] = set()

_MOST_FORMS = 256
"""The number of forms that are kept, since making one takes as long as all the rest.

A program with more of them changes other fields each time.
"""


class _Form(NamedTuple):
    """The common part of updates of the same fields; without encoders they are left to slower code."""

    names: frozenset[str]
    encoders: tuple[FieldEncoder, ...]
    changes_baseline: bool


class ChangeTaker:
    """A function object that takes the changes of instances of one model.

    Slower code takes unusual values, such as those of another type than annotated.
    """

    __slots__ = (
        "_baseline_of",
        "_encode_id",
        "_encoders",
        "_forms",
        "_leaf_classes",
        "_make_baseline",
        "_mapping",
        "_may_be_unfit",
        "_primary",
        "_set_baseline",
        "_state_of",
    )

    def __init__(
        self,
        mapping: ModelMapping,
        make_baseline: Callable[[Any], tuple[Any, ...]],
        leaf_classes: frozenset[type[Any]],
        encoders: Mapping[str, tuple[str, Encoder | None]],
    ) -> None:
        """Begin without forms. `Codec` explains the arguments."""
        self._mapping = mapping
        self._make_baseline = make_baseline
        self._leaf_classes = leaf_classes
        self._encoders = encoders
        primary: Any = mapping.primary_field
        self._primary = primary
        self._encode_id = mapping.encoder_of[primary]
        self._may_be_unfit = may_be_unfit(mapping)
        self._baseline_of: Any = slot(mapping.model, "__baseline__").__get__
        self._set_baseline: Any = slot(mapping.model, "__baseline__").__set__
        self._state_of: Any = slot(mapping.model, "__state__").__get__
        self._forms: dict[frozenset[str], _Form] = {}

    def take(
        self, instance: Instance, known: Known, journal: Journal | None = None
    ) -> Changes | None:
        """Take what an update has to send, `UNCHANGED` if nothing; return `None` to leave an instance to slower code.

        The taken fields are clean, and their values are the baseline.

        Args:
            instance: The instance.
            known: The write that it belongs to, or else its destination.
            journal: The journal of its write's transaction.
        """
        try:
            state = self._state_of(instance)
            place = known.place
            modified = (state.modified or _NONE) if type(state) is State else _NONE
            # The usual case, a clean instance, is fast.
            is_clean = type(state) is not State and state.place is place
            if not is_clean and standing_at(state, place) is not KNOWN:
                return None
            names: AbstractSet[str] = modified
            now: Snapshot = ()
            if self._mapping.mutable_fields:
                then = self._baseline_of(instance)
                if not is_tuple(then):
                    return None
                now = self._make_baseline(instance)
                names = modified.union(differing_fields(self._mapping, then, now))
            if not names:
                return UNCHANGED
            write = known if type(known) is Written else Written(place, journal)
            return self._take(
                instance, state if type(state) is State else opened(instance), names, now, write
            )
        except Exception:  # noqa: BLE001 - slower code describes the problem
            return None

    def _take(
        self,
        instance: Instance,
        state: State,
        names: AbstractSet[str],
        now: Snapshot,
        write: Written,
    ) -> Changes | None:
        fields = frozenset(names)
        form = self._forms.get(fields) or self._make_form(fields)
        can_be_kept = not form.changes_baseline or self._leaf_classes.issuperset(map(type, now))
        if not form.encoders or not can_be_kept:
            return None
        values = instance.__dict__
        id_ = values[self._primary]
        if self._encode_id is not None:
            id_ = self._encode_id(id_)
        if self._may_be_unfit and type(id_) not in SCALAR_IDS:
            return None
        known, earlier = state.known, state.earlier
        try:
            # First, so that a later assignment in another thread is noted.
            take_known(state, form.names, write)
            document: dict[str, Any] = {}
            for name, key, encode in form.encoders:
                value = values[name]
                document[key] = value if encode is None else encode(value)
        except BaseException:
            state.known, state.earlier = known, earlier
            modified_names(instance).update(form.names)
            raise
        if form.changes_baseline:
            self._set_baseline(instance, now)
        return form.names, id_, document, write

    def _make_form(self, names: frozenset[str]) -> _Form:
        mapping = self._mapping
        encoders: tuple[FieldEncoder, ...] = ()
        if names <= mapping.fields.keys() - {mapping.primary_field}:
            encoders = tuple(
                (name, *encoder)
                for name, encoder in self._encoders.items()
                if name in names and name != mapping.type_field
            )
        changes_baseline = not names.isdisjoint(mapping.mutable_fields)
        if len(self._forms) >= _MOST_FORMS:
            self._forms.clear()
        form = self._forms[names] = _Form(names, encoders, changes_baseline)
        return form
