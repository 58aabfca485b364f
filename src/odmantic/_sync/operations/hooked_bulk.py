# Generated from src/odmantic/_aio/operations/hooked_bulk.py by tools/generate_sync.py: do not edit.
"""The hooks of `save_all` and `insert_many`: those of all instances before anything is sent, and the others after all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._hooks.inside import is_in_hook_of, refuse_own
from odmantic._plan.save import all_fields, fields_to_save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._sync.operations.hooks import HookedCall, HookedWrite
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model


class HookedBulk:
    """The instances of one call that have hooks."""

    __slots__ = ("_begun", "_call", "_inserted", "_scope", "_written")

    def __init__(
        self, call: HookedCall, scope: Scope, inserted: AbstractSet[int] = frozenset()
    ) -> None:
        """Call nothing yet; `inserted` has the identities of instances that are inserted, whatever has changed."""
        self._call = call
        self._inserted = inserted
        self._scope = scope
        self._begun: dict[int, HookedWrite] = {}
        self._written: dict[HookedWrite, None] = {}

    def apart(self, ordered: Sequence[Model]) -> list[Model]:
        """Return the instances without those of running hooks, whose saves wait for this one.

        Raises:
            RecursionError: if one of those would be written.
        """
        apart: list[Model] = []
        for instance in ordered:
            if not is_in_hook_of(instance):
                apart.append(instance)
            elif self._unsaved(instance):
                refuse_own(instance, self._call.operation)
        return apart

    def before(self, instances: Sequence[Model], ordered: Sequence[Model]) -> Sequence[Model]:
        """Call the hooks before the write, also of instances that other hooks change or refer to.

        Returns:
            The instances to save, each after those it references.
        """
        while self._before(ordered):
            ordered = self._scope.order(self._call.engine, instances)
        for written in self._begun.values():
            names = self._names(written)
            if names:
                self._call.begin(written, names)
        return ordered

    def _before(self, ordered: Sequence[Model]) -> bool:
        """Call the hooks of instances that have to be written; return whether there was one."""
        found = False
        self.apart(ordered)
        for instance in ordered:
            written = None if id(instance) in self._begun else self._call.of(instance)
            names = written and self._names(written)
            if written and names:
                found = True
                self._begun[id(instance)] = written
                is_inserted = id(instance) in self._inserted
                written.is_new |= is_inserted
                self._call.before_save(written, names, is_whole=is_inserted)
        return found

    def _names(self, written: HookedWrite) -> AbstractSet[str]:
        """Return the names of the fields that are sent."""
        instance = written.instance
        if id(instance) in self._inserted:
            return all_fields(instance)
        return fields_to_save(instance, written.place)

    def _unsaved(self, instance: Model) -> bool:
        written = self._call.of(instance)
        return written is not None and bool(self._names(written))

    def guard(self, instance: Model) -> None:
        """Have the guard of a repeated transaction look at an instance, unless it did so before hooks changed it."""
        if id(instance) not in self._begun:
            self._scope.guard(instance)

    def wrote(self, instances: Sequence[Model]) -> None:
        """Note instances that were written."""
        for instance in instances:
            written = self._begun.get(id(instance))
            if written is not None:
                self._call.wrote(written)
                self._written[written] = None

    def after(self) -> None:
        """Call the hooks after the write."""
        for written in self._written:
            self._call.after_save(written)

    def failed(self) -> None:
        """Note that the others were not written."""
        for written in self._begun.values():
            if written not in self._written:
                self._call.failed(written)

    def after_failure(self) -> None:
        """Call the hooks after the write of those before an error, which is about to be raised."""
        self._call.after_failure(self._written)
