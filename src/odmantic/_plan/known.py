"""Plans of instances that were read or written before, many at a time."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from odmantic._mapping.marks import baseline_setter, slot
from odmantic._mapping.shapes import is_tuple
from odmantic._mapping.snapshot import baseline_now, differing_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._mapping import ModelMapping, Snapshot
    from odmantic._mapping.encoders import FieldEncoder
    from odmantic._plan.bulk import Batch
    from odmantic.model import Model


class _Form(NamedTuple):
    """What the updates of the same fields have in common; without encoders they are left to slower code."""

    names: frozenset[str]
    encoders: tuple[FieldEncoder, ...]
    changes_baseline: bool


class KnownPlanner:
    """Plans the updates of instances of one model, of which a read or a write left a baseline.

    What is unusual is left to slower code, as a value of another type than its annotation says.
    """

    __slots__ = (
        "_baseline_of",
        "_forms",
        "_id",
        "_last",
        "_mapping",
        "_modified_of",
        "_set_baseline",
    )

    def __init__(self, mapping: ModelMapping) -> None:
        """Have met no instance."""
        self._mapping = mapping
        self._baseline_of: Any = slot(mapping.model, "__baseline__").__get__
        self._set_baseline = baseline_setter(mapping.model)
        self._modified_of: Any = slot(mapping.model, "__modified__").__get__
        self._id = next(each for each in mapping.encoders if each[0] == mapping.primary_field)
        self._forms: dict[frozenset[str], _Form] = {}
        self._last = _Form(frozenset(), (), changes_baseline=False)

    def add(self, batch: Batch, members: Sequence[Model], start: int, stop: int) -> int:
        """Add the writes of instances, from a place on, up to the first unusual one; give its place."""
        before = len(batch)
        place = start
        try:
            while place < stop and self._add(batch, members[place], place):
                place += 1
        except Exception:  # noqa: BLE001, S110 - slower code says what is wrong
            pass
        finally:
            # An interrupt may leave one that is not taken.
            count = len(batch.documents)
            for column in (batch.places, batch.instances, batch.names, batch.ids):
                del column[count:]
            batch.are_whole += repeat(False, count - before)
            batch.are_new += repeat(False, count - before)
        return place

    def _add(self, batch: Batch, instance: Model, place: int) -> bool:
        before = self._baseline_of(instance)
        if not is_tuple(before):
            return False
        now = baseline_now(instance, self._mapping) if before else before
        if now is None:
            return False
        changed = differing_fields(self._mapping, before, now) if before else ()
        try:
            modified: set[str] = self._modified_of(instance) or set()
        except AttributeError:
            modified = set()
        if not changed and not modified:
            return True
        form = self._form_of(modified.union(changed) if changed else modified)
        if not form.encoders or (form.changes_baseline and not self._can_be_kept(now)):
            return False
        try:
            # First, so that what is assigned from here on, in another thread, stands out.
            modified.difference_update(form.names)
            self._write(batch, instance, place, form)
        except BaseException:
            modified.update(form.names)
            raise
        if form.changes_baseline:
            self._set_baseline(instance, now)
        return True

    def _write(self, batch: Batch, instance: Model, place: int, form: _Form) -> None:
        values = instance.__dict__
        document: dict[str, Any] = {}
        for name, key, encode in form.encoders:
            value = values[name]
            document[key] = value if encode is None else encode(value)
        name, _, encode = self._id
        id_ = values[name]
        batch.places.append(place)
        batch.instances.append(instance)
        batch.names.append(form.names)
        batch.ids.append(id_ if encode is None else encode(id_))
        batch.documents.append(document)

    def _can_be_kept(self, now: Snapshot) -> bool:
        return self._mapping.codec.leaf_classes.issuperset(map(type, now))

    def _form_of(self, names: AbstractSet[str]) -> _Form:
        # Most are like the one before.
        if names != self._last.names:
            known = frozenset(names)
            self._last = self._forms.get(known) or self._make_form(known)
        return self._last

    def _make_form(self, names: frozenset[str]) -> _Form:
        mapping = self._mapping
        encoders: tuple[FieldEncoder, ...] = ()
        if names <= mapping.fields.keys() - {mapping.primary_field}:
            encoders = tuple(
                (name, *encoder)
                for name, encoder in mapping.codec.encoders.items()
                if name in names
            )
        changes_baseline = not names.isdisjoint(mapping.mutable_fields)
        form = self._forms[names] = _Form(names, encoders, changes_baseline)
        return form
