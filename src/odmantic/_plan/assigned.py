"""Plans of instances that were only assigned to since they were read or written, many at a time."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from odmantic._mapping.marks import slot
from odmantic._mapping.shapes import is_tuple
from odmantic._mapping.snapshot import is_as_it_was

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic._mapping import ModelMapping
    from odmantic._mapping.encode import FieldEncoder
    from odmantic._plan.bulk import Batch
    from odmantic.model import Model


class _Form(NamedTuple):
    """What the updates of the same fields have in common; without encoders they are left to slower code."""

    names: frozenset[str]
    encoders: tuple[FieldEncoder, ...]


class AssignedPlanner:
    """Plans the updates of instances of one model.

    What is unusual is left to slower code: changes in place, assigned lists, other ids.
    """

    __slots__ = ("_baseline_of", "_forms", "_id", "_mapping", "_modified_of")

    def __init__(self, mapping: ModelMapping) -> None:
        """Have met no instance."""
        self._mapping = mapping
        self._baseline_of: Any = slot(mapping.model, "__baseline__").__get__
        self._modified_of: Any = slot(mapping.model, "__modified__").__get__
        self._id = next(each for each in mapping.encoders if each[0] == mapping.primary_field)
        self._forms: dict[frozenset[str], _Form] = {}

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
        baseline = self._baseline_of(instance)
        if not is_tuple(baseline) or not is_as_it_was(instance, self._mapping, baseline):
            return False
        try:
            modified: set[str] = self._modified_of(instance)
        except AttributeError:
            return True
        names = frozenset(modified)
        if not names:
            return True
        names, encoders = self._forms.get(names) or self._form_of(names)
        if not encoders:
            return False
        values = instance.__dict__
        document: dict[str, Any] = {}
        for name, key, encode in encoders:
            value = values[name]
            document[key] = value if encode is None else encode(value)
        name, _, encode = self._id
        id_ = values[name]
        batch.places.append(place)
        batch.instances.append(instance)
        batch.names.append(names)
        batch.ids.append(id_ if encode is None else encode(id_))
        batch.documents.append(document)
        modified.difference_update(names)
        return True

    def _form_of(self, names: frozenset[str]) -> _Form:
        mapping = self._mapping
        usual = mapping.fields.keys() - mapping.mutable_fields - {mapping.primary_field}
        encoders = tuple(each for each in mapping.encoders if each[0] in names)
        form = self._forms[names] = _Form(names, encoders if names <= usual else ())
        return form
