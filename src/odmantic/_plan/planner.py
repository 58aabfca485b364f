"""Plans a `save_all`: takes what is sent of instances, a batch at a time."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import bson
from bson.timestamp import Timestamp

from odmantic._mapping.mapping import mapping_of
from odmantic._plan.batch import Batch
from odmantic._plan.save import all_fields, fields_to_save, plan_save
from odmantic._state.dirty import update_baseline
from odmantic._state.state import may_exist, state_of
from odmantic._state.transitions import give_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.interfaces import Changes
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._plan.groups import Group
    from odmantic._plan.save_plan import SavePlan
    from odmantic._state.places import Written
    from odmantic.model import Model

BATCH_SIZE = 2_500
"""Documents that are planned, and sent, at a time.

This bounds their memory, lets the next ones be planned while these are in flight, and keeps the round trips to a
distant server few.
"""

UPDATE_BATCH_SIZE = 1_000
"""The same for updates.

The driver makes several objects for each, and many more would trigger a full garbage collection.
"""

PIECE_SIZE = 200
"""Instances that are planned at a time while others are in flight: about a millisecond."""

_SUPPOSABLE_IDS = frozenset({str, int})
"""Types of ids that may be presumed new, besides object ids.

All but a few that are equal in MongoDB are equal in Python.
"""


class Planner:
    """A planner of the writes of a group's members, from one on; an instance's error ends the batch and is kept.

    It takes new instances, and clean or dirty ones, many at a time.
    """

    __slots__ = (
        *("_check", "_checked", "_members", "_names", "_primary", "_start", "_supposes"),
        *("_take", "_take_changes", "_write", "batch", "group", "position", "stop"),
    )

    def __init__(
        self,
        group: Group,
        start: int,
        check: Callable[[Model], None] | None = None,
        *,
        checked: int = 0,
        write: Written,
        stop: int | None = None,
    ) -> None:
        """Take nothing yet.

        Args:
            group: The group.
            start: The first member.
            check: Called with each instance that will be written.
            checked: How many of the members it has already seen.
            write: The write to which all of them belong.
            stop: The member before which to stop; by default, a batch has a usual size.
        """
        mapping = mapping_of(group.model)
        self.group = group
        self._write = write
        self.batch = Batch(group.model, self._write)
        self.position = self._start = start
        self._members = members = group.members
        self._check = check
        self._checked = checked
        self._supposes = False
        self._names = frozenset(mapping.fields)
        self._take = self._take_changes = self._primary = None
        if not group.is_mixed:  # else no code is for all of them
            self._take = mapping.codec.take
            self._take_changes = mapping.codec.take_changes
            self._primary = _insertable_id(mapping)
        is_new = self._primary is not None and not may_exist(members[start])
        size = BATCH_SIZE if is_new else UPDATE_BATCH_SIZE
        self.stop = min(start + size, len(members)) if stop is None else stop

    def finish(self, *, supposes: bool = False) -> Batch:
        """Plan the rest of the batch.

        Args:
            supposes: Whether given ids are presumed new.
        """
        self._supposes = supposes and _may_insert(mapping_of(self.batch.model))
        try:
            self._plan()
        except BaseException:
            self.give_back()
            raise
        return self.batch

    def give_back(self) -> None:
        """Make what was planned dirty again."""
        self.batch.give_back()

    def advance(self) -> bool:
        """Plan a few more, if they are new and have generated ids; return whether there may be others.

        Their insert fails if another task, to which they seem saved, writes them first. An update would undo that.
        """
        try:
            if not self._is_new(self._members[self.position]):
                return False
            return (
                self.take(min(self.position + PIECE_SIZE, self.stop)) and self.position < self.stop
            )
        except BaseException:
            self.batch.give_back()
            self.batch, self.position = Batch(self.batch.model, self._write), self._start
            raise

    def take(self, stop: int | None = None) -> bool:
        """Plan the writes of the following instances that are alike; return whether there was one."""
        start, stop = self.position, self.stop if stop is None else stop
        instance = self._members[start]
        if self._take is None or self._take_changes is None:
            return False
        if state_of(instance) is not None:
            self._add_changes(self._take_changes)
            if self.position > start:
                return True
        is_new = self._is_new(instance)
        batch = self.batch
        before = len(batch.documents)
        members = self._members[start:stop]
        try:
            self._take(members, batch.documents, batch.ids, self._write, new=is_new)
        except BaseException:
            # An interrupt may leave an instance that is taken and not added.
            for each in members[len(batch.documents) - before :][:1]:
                give_back(each, self._names, self._write)
            raise
        finally:
            taken = len(batch.documents) - before
            behind = start + taken
            batch.positions += range(start, behind)
            batch.instances += members[:taken]
            batch.names += repeat(self._names, taken)
            del batch.ids[len(batch.documents) :]
            batch.are_whole += repeat(True, taken)
            supposes = taken > 0 and not is_new and self._may_suppose(batch.ids[before:])
            batch.are_new += repeat(is_new or supposes, taken)
            batch.supposes |= supposes
            self.position = behind
        return taken > 0

    def _plan(self) -> None:
        batch = self.batch
        try:
            while self.position < self.stop:
                if self._check is None and self.take():
                    continue
                batch.stop = self.position + 1
                instance = self._members[self.position]
                names = fields_to_save(instance, self._write.place)
                if names:
                    if self._check is not None and self.position >= self._checked:
                        self._check(instance)
                    self._add(instance, names)
                self.position += 1
        except Exception as error:  # noqa: BLE001 - raised once those before it are written
            batch.error = error
        else:
            batch.stop = self.stop

    def _is_new(self, instance: Model) -> bool:
        """Return whether odmantic generated the id of an instance, and knows of no document with it."""
        primary = self._primary
        return (
            primary is not None
            and not may_exist(instance)
            and primary not in instance.__pydantic_fields_set__
        )

    def _add_changes(self, take: Callable[[Model, Written], Changes | None]) -> None:
        """Plan the updates of known instances, up to the first unusual one."""
        batch = self.batch
        before = len(batch)
        try:
            while self.position < self.stop:
                instance = self._members[self.position]
                changes = take(instance, self._write)
                if changes is None:
                    break
                names, id_, document, _ = changes
                if names:
                    try:
                        batch.positions.append(self.position)
                        batch.instances.append(instance)
                        batch.names.append(names)
                        batch.ids.append(id_)
                        batch.documents.append(document)
                    except BaseException:
                        give_back(instance, names, self._write)
                        raise
                self.position += 1
        finally:
            # An interrupt may leave an instance in only some of the columns.
            count = len(batch.documents)
            for column in (batch.positions, batch.instances, batch.names, batch.ids):
                del column[count:]
            batch.are_whole += repeat(False, count - before)
            batch.are_new += repeat(False, count - before)

    def _add(self, instance: Model, names: AbstractSet[str]) -> None:
        """Plan the write of the next instance."""
        is_new = self._is_new(instance)
        plan = plan_save(instance, names, self._write)
        if plan is None:
            return
        # The server would fill in an empty timestamp of an inserted document.
        may_insert = plan.upsert and Timestamp not in map(type, plan.document.values())
        is_new = is_new and may_insert
        supposes = may_insert and not is_new and self._may_suppose([plan.id_])
        _add(self.batch, plan, self.position, is_new=is_new or supposes)
        self.batch.supposes |= supposes

    def _may_suppose(self, ids: Sequence[Any]) -> bool:
        return self._supposes and all(
            kind in _SUPPOSABLE_IDS or issubclass(kind, bson.ObjectId)
            for kind in set(map(type, ids))
        )


def replan(batch: Batch, numbers: Iterable[int], write: Written, *, whole: bool = False) -> Batch:
    """Plan some writes of a batch again, as they are now, or of all fields."""
    again = Batch(batch.model, write, stop=batch.stop)
    for number in numbers:
        instance = batch.instances[number]
        names = all_fields(instance) if whole else fields_to_save(instance, write.place)
        plan = plan_save(instance, names, write) if names else None
        if plan is not None:
            _add(again, plan, batch.positions[number], is_new=False)
    return again


def _add(batch: Batch, plan: SavePlan, position: int, *, is_new: bool) -> None:
    batch.positions.append(position)
    batch.instances.append(plan.instance)
    batch.names.append(plan.names)
    batch.ids.append(plan.id_)
    batch.documents.append(plan.document)
    batch.are_whole.append(plan.upsert)
    batch.are_new.append(is_new)
    if plan.removed:
        batch.removed[id(plan.document)] = plan.removed
    update_baseline(plan.instance, plan.snapshots)


def _insertable_id(mapping: ModelMapping) -> str | None:
    """Return the primary field's name if odmantic generates its ids, and a document may be inserted."""
    return mapping.automatic_id if _may_insert(mapping) else None


def _may_insert(mapping: ModelMapping) -> bool:
    """Return whether a document may be inserted.

    The keys of extras, and those from a class's own dump, may have dots, which an update reads as paths.
    """
    return not (mapping.extra_allowed or mapping.dumps_itself)
