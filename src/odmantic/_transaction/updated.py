"""The fields of an instance that updates in a transaction have given the server's values, so that a rollback can undo them.

After a rollback, what a save has written is dirty: it was the program's. What the server computed was not, and never
came to be. So the value from before the update comes back, as dirty as it was, unless the program has changed it since.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from odmantic._mapping.mapping import mapping_of
from odmantic._state.dirty import baseline_of, compared_fields, is_unchanged, update_baseline
from odmantic._state.state import State, state_of
from odmantic._state.transitions import mark_clean, mark_dirty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from odmantic._types.instances import Instance

ABSENT: Any = object()
"""The value of a field or an extra that has none."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What an instance holds under one name; values are held, not copied."""

    value: Any
    snapshot: Any
    is_set: bool

    def is_held_by(self, instance: Instance, name: str) -> bool:
        """Return whether nobody has assigned the value since, or changed it in place."""
        if values_with(instance, name).get(name, ABSENT) is not self.value:
            return False
        return self.snapshot is None or is_unchanged(instance, name, self.snapshot)


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one field."""

    before: _Part
    was_dirty: bool
    after: _Part


class Updated:
    """The changes that updates in a transaction have made in an instance.

    Attributes:
        changes: Those by field.
        instance: The instance.
        since: The number of writes in the journal before.
    """

    __slots__ = ("_before", "_dirty", "_kept", "_saved", "changes", "instance", "since")

    def __init__(
        self, instance: Instance, names: AbstractSet[str], dirty: AbstractSet[str], since: int
    ) -> None:
        """Keep what fields hold before an update, and which of them are dirty."""
        self.instance: Instance = instance
        self.since: int = since
        self._before = _parts(instance, names)
        self._dirty = dirty
        self.changes: dict[str, Change] = {}
        self._kept: AbstractSet[str] = frozenset()
        self._saved: AbstractSet[str] = frozenset()

    def end(self) -> None:
        """Keep what they hold after it."""
        for name, after in _parts(self.instance, self._before.keys()).items():
            self.changes[name] = Change(self._before[name], name in self._dirty, after)
        self._before = {}

    def go_on(self, later: Updated) -> bool:
        """Take over what a later update has changed of what this one had left; return whether that was all."""
        for name, change in [*later.changes.items()]:
            mine = self.changes.get(name)
            if mine is None or change.was_dirty or mine.after.value is not change.before.value:
                continue
            self.changes[name] = replace(mine, after=change.after)
            del later.changes[name]
        return not later.changes

    def forget(self, names: Iterable[str]) -> None:
        """Note that fields have got other values of the document."""
        for name in names:
            self.changes.pop(name, None)

    def copied(self) -> Updated:
        """Return a copy that later updates do not change."""
        kept = copy(self)
        kept.changes = {**self.changes}
        return kept

    def keep(self, kept: AbstractSet[str], saved: AbstractSet[str]) -> None:
        """Note what the transaction's end needs to know.

        Args:
            kept: The fields that the program has assigned since.
            saved: Those that the transaction has saved: they are dirty after a rollback.
        """
        self._kept, self._saved = kept, saved

    def undo(self) -> None:
        """Put back what the program has not changed since, after the writes are undone."""
        instance = self.instance
        state = state_of(instance)
        is_known = state is not None and (type(state) is not State or state.known is not None)
        for name, change in self.changes.items():
            if name in self._kept or not change.after.is_held_by(instance, name):
                continue
            _put(instance, name, change.before)
            if not is_known:
                continue
            if change.before.snapshot is not None:
                update_baseline(instance, {name: change.before.snapshot})
            if change.was_dirty:
                mark_dirty(instance, (name,))
            elif name not in self._saved:
                mark_clean(instance, (name,))


@dataclass(frozen=True, slots=True)
class Saves:
    """The saves of a transaction, by instance: their numbers in order, and their fields."""

    by_instance: dict[int, list[tuple[int, AbstractSet[str]]]]

    def fields_of(self, values: Updated) -> set[str]:
        """Return the fields of an instance that were saved."""
        return {name for _, names in self._of(values) for name in names}

    def after(self, values: Updated) -> set[str]:
        """Return those that were assigned and saved after an update; a write of the whole tells nothing of these."""
        mapping = mapping_of(type(values.instance))
        every = mapping.fields.keys() - {mapping.primary_field}
        return {
            name
            for n, names in self._of(values)
            if n >= values.since and not names >= every
            for name in names
        }

    def _of(self, values: Updated) -> list[tuple[int, AbstractSet[str]]]:
        return self.by_instance.get(id(values.instance), [])


def saves_in(writes: Iterable[tuple[object, Instance, AbstractSet[str]]]) -> Saves:
    """Return the saves among the writes of a journal."""
    found: dict[int, list[tuple[int, AbstractSet[str]]]] = {}
    for number, (_, instance, names) in enumerate(writes):
        found.setdefault(id(instance), []).append((number, names))
    return Saves(found)


def values_with(instance: Instance, name: str) -> dict[str, Any]:
    """Return the dictionary in which an instance has a value: that of its fields, or of its extras."""
    extra: dict[str, Any] | None = instance.__pydantic_extra__
    # Of a class, this could be a view.
    own: Any = instance.__dict__
    held: dict[str, Any] = own
    return held if extra is None or name in mapping_of(type(instance)).fields else extra


def _parts(instance: Instance, names: Iterable[str]) -> dict[str, _Part]:
    given = instance.__pydantic_fields_set__
    compared = compared_fields(instance)
    is_any = not compared.isdisjoint(names)
    snapshots: Mapping[str, Any] = baseline_of(instance) if is_any else {}
    return {
        name: _Part(
            values_with(instance, name).get(name, ABSENT),
            snapshots.get(name) if name in compared else None,
            name in given,
        )
        for name in names
    }


def _put(instance: Instance, name: str, part: _Part) -> None:
    held = values_with(instance, name)
    if part.value is ABSENT:
        held.pop(name, None)
    else:
        held[name] = part.value
    if part.is_set:
        instance.__pydantic_fields_set__.add(name)
    else:
        instance.__pydantic_fields_set__.discard(name)
