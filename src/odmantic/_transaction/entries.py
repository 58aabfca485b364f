"""What one transaction has done with one instance, so that it can follow a rollback."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from odmantic._mapping.mapping import mapping_of
from odmantic._state.snapshot import field_digests
from odmantic._state.state import KeptState, all_names, kept_state, modified_names
from odmantic._state.transitions import give_back, go_back, mark_clean, mark_dirty, mark_unknown
from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Written


class Entry:
    """The actions of one transaction on one instance."""

    before: Before | None = None
    """Its state before its document was deleted, or before an update made it known at another place."""
    read_back: bool = False
    in_doubt: Before | None = None
    may_be_new: bool = False
    """Whether there may be no document without the transaction, though none of its fields was written."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.written: set[str] = set()
        self.writes: list[tuple[Written, AbstractSet[str]]] = []

    def wrote(self, names: AbstractSet[str], write: Written | None = None) -> None:
        """Enter fields that were written; an embedded object has no write of its own."""
        self.written |= names
        # The state before covers everything after it.
        if write is not None and self.before is None:
            self.writes.append((write, names))

    def copied(self) -> Entry:
        """Return a copy that later writes do not change."""
        kept = copy(self)
        kept.written, kept.writes = {*self.written}, [*self.writes]
        return kept

    def doubt(self) -> None:
        """Make the instance dirty in all fields that the commit may or may not have stored."""
        modified = modified_names(self.instance)
        self.in_doubt = Before.of(self.instance)
        is_whole = self.read_back or self.before is not None
        modified.update(all_names(self.instance) if is_whole else self.written)
        self._ask_for_document()

    def believe(self) -> None:
        """Make the instance clean again, except for changes in doubt: the commit succeeded."""
        before = self.in_doubt
        if before is not None:
            mapping = mapping_of(type(self.instance))
            names = mapping.fields.keys() | mapping.stored.keys()
            modified = before.state.modified or frozenset()
            mark_clean(self.instance, names - before.changed_since(self.instance) - modified)

    def restore(self) -> None:
        if self.read_back:
            mark_unknown(self.instance)
            return
        if self.before is not None:
            changed = self.before.changed_since(self.instance)
            go_back(self.instance, self.before.state)
            mark_dirty(self.instance, changed)
        elif not self.writes:
            mark_dirty(self.instance, self.written)
        # In reverse order, because each may have moved the instance from the place of the previous one.
        for write, names in reversed(self.writes):
            give_back(self.instance, names, write)
        self._ask_for_document()

    def _ask_for_document(self) -> None:
        """Let the next save look for the document: it sends all if there is none, and changes nothing if there is one."""
        if self.may_be_new:
            mark_dirty(self.instance, (str(mapping_of(type(self.instance)).primary_field),))


@dataclass(frozen=True, slots=True)
class Before:
    """An instance just before its document was deleted, or before its commit came into doubt."""

    state: KeptState
    digests: dict[str, bytes]

    @classmethod
    def of(cls, instance: Instance) -> Before:
        """Save the present state of an instance."""
        return cls(kept_state(instance), field_digests(instance, mapping_of(type(instance)).fields))

    def changed_since(self, instance: Instance) -> set[str]:
        """Return the fields that may have changed: those with another digest or none."""
        names = mapping_of(type(instance)).fields
        now = field_digests(instance, names)
        return {n for n in names if n not in now or now[n] != self.digests.get(n)}
