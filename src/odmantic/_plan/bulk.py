"""The plan of a save of many: the writes of a group in columns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import compress, islice, repeat
from typing import TYPE_CHECKING, Any

import bson
from bson.timestamp import Timestamp
from pymongo import InsertOne, UpdateOne

from odmantic._mapping import has_slot, mapping_of
from odmantic._plan.save import SavePlan, all_fields, fields_to_save, plan_save
from odmantic._state.changes import give_back, remember
from odmantic.bson import ObjectId, is_unused, note_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._mapping import ModelMapping
    from odmantic._mapping.changes import Changes
    from odmantic._plan.groups import Group
    from odmantic.model import Model

#: Documents that are planned, and sent, at a time: their memory is bounded, and the driver need rarely split.
BATCH_SIZE = 10_000

#: The same for updates. The driver makes several objects of each, and those of many more would start a full garbage
#: collection.
UPDATE_BATCH_SIZE = 1_000

#: A batch with more changes between inserts and updates than one in so many writes is sent as updates only,
#: because each change costs a round trip.
_WRITES_PER_SWITCH = 10

#: In a transaction, new documents are looked for before they are inserted; fewer than these are saved by updates.
FEWEST_TO_LOOK_FOR = 16

#: Outside of one, as many with given ids are supposed to be new, looked for and inserted, too: an update that makes a
#: document costs several times as much.
FEWEST_TO_SUPPOSE = 100

#: Ids that are equal in Python exactly if they are in MongoDB.
PLAIN_IDS = (bson.ObjectId, str)

#: Types of ids that may be supposed to be new, besides object ids: of these, Python finds equal all but a few that are in
#: MongoDB.
_SUPPOSABLE_IDS = frozenset({str, int})


@dataclass(slots=True)
class Batch:
    """Writes to one collection, in order: what is sent for each instance.

    When a write is planned its names are taken out of the instance's modified set, and what is sent becomes the
    baseline.
    """

    model: type[Model]
    places: list[int] = field(default_factory=list[int])
    """Places in the group."""
    instances: list[Model] = field(default_factory=list["Model"])
    names: list[AbstractSet[str]] = field(default_factory=list["AbstractSet[str]"])
    ids: list[Any] = field(default_factory=list[Any])
    documents: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    are_whole: list[bool] = field(default_factory=list[bool])
    """Whether the write has all fields: only such a one may create a document (D20)."""
    are_new: list[bool] = field(default_factory=list[bool])
    """Whether no document with this id was ever sent, or an id that was given is supposed to be new."""
    stop: int = 0
    """The place in the group behind those that were looked at."""
    error: Exception | None = None
    """Why the last instance that was looked at has no write."""
    supposes: bool = False
    """Whether an id that was given is supposed to be new."""

    def __len__(self) -> int:
        """The number of writes."""
        return len(self.instances)

    @property
    def inserts(self) -> bool:
        """Whether new documents are inserted; else all are updates."""
        new = self.are_new.count(True)
        if new in (0, len(self)):
            return new > 0
        switches = sum(map(bool.__ne__, self.are_new, self.are_new[1:]))
        return switches * _WRITES_PER_SWITCH <= len(self)

    def update_count(self, *, inserting: bool) -> int:
        """How many documents the updates have to meet or make."""
        return self.are_new.count(False) if inserting else len(self)

    def requests(self, *, inserting: bool) -> list[InsertOne[dict[str, Any]] | UpdateOne]:
        """The writes as the driver takes them."""
        return [
            InsertOne(document)
            if inserting and is_new
            else UpdateOne({"_id": id_}, {"$set": document}, is_whole)
            for id_, document, is_whole, is_new in zip(
                self.ids, self.documents, self.are_whole, self.are_new, strict=True
            )
        ]

    def comparable_ids(self) -> list[Any]:
        """The ids of updates of a part of a document, as far as they can be looked for."""
        return [
            id_
            for id_, is_whole in zip(self.ids, self.are_whole, strict=True)
            if not is_whole and isinstance(id_, PLAIN_IDS)
        ]

    def new_ids(self) -> list[Any]:
        """The ids of the documents that no write was sent of."""
        return list(compress(self.ids, self.are_new))

    def suppose_nothing(self) -> None:
        """Have all of them sent as updates."""
        self.are_new = [False] * len(self)

    def note_known(self, ids: Iterable[Any]) -> None:
        """Note that documents with these ids may exist."""
        known = {id_ for id_ in ids if isinstance(id_, Hashable)}
        self.are_new = [
            is_new and id_ not in known for id_, is_new in zip(self.ids, self.are_new, strict=True)
        ]

    def plan(self, number: int) -> SavePlan:
        """One of the writes, by itself."""
        return SavePlan(
            instance=self.instances[number],
            names=self.names[number],
            id_=self.ids[number],
            document=self.documents[number],
            snapshots={},
            upsert=self.are_whole[number],
        )

    def part(self, start: int, stop: int | None = None) -> Batch:
        """Some of the writes."""
        cut = slice(start, stop)
        return Batch(
            self.model,
            self.places[cut],
            self.instances[cut],
            self.names[cut],
            self.ids[cut],
            self.documents[cut],
            self.are_whole[cut],
            self.are_new[cut],
            self.stop,
        )

    def give_back(self) -> None:
        """Make dirty again what is not known to be written."""
        for instance, names in zip(self.instances, self.names, strict=True):
            give_back(instance, names)


def plan_batch(
    group: Group,
    start: int,
    check: Callable[[Model], None] | None = None,
    *,
    checked: int = 0,
    supposes: bool = False,
) -> Batch:
    """Plan the writes of members of a group, from `start` on; an error of an instance ends the batch and is kept.

    Args:
        group: the group.
        start: the first member.
        check: is shown each instance that will be written.
        checked: how many of the members it was shown before.
        supposes: whether ids that were given are supposed to be new.
    """
    batch = Batch(group.model)
    planner = Planner(batch, group.members, start, supposes=supposes)
    try:
        while planner.place < planner.stop:
            if check is None and planner.take():
                continue
            batch.stop = planner.place + 1
            instance = group.members[planner.place]
            names = fields_to_save(instance)
            if names:
                if check is not None and planner.place >= checked:
                    check(instance)
                planner.add(instance, names)
            planner.place += 1
    except Exception as error:  # noqa: BLE001 - raised once those before it are written
        batch.error = error
    except BaseException:
        batch.give_back()
        raise
    else:
        batch.stop = planner.stop
    return batch


class Planner:
    """Takes instances as they were made, and ones that are known, many at a time."""

    __slots__ = (
        *("_batch", "_members", "_names", "_supposes", "_take", "_take_changes"),
        *("place", "primary", "stop"),
    )

    def __init__(
        self, batch: Batch, members: Sequence[Model], start: int, *, supposes: bool
    ) -> None:
        mapping = mapping_of(batch.model)
        self._batch = batch
        self._members = members
        self._names = frozenset(mapping.fields)
        self._take = mapping.codec.take
        self._take_changes = mapping.codec.take_changes
        self.place = start
        self.primary = _insertable_id(mapping)
        self._supposes = supposes and not mapping.extra_allowed
        is_new = is_unused(members[start].__dict__.get(self.primary or ""))
        self.stop = min(start + (BATCH_SIZE if is_new else UPDATE_BATCH_SIZE), len(members))

    def take(self) -> bool:
        """Plan the writes of instances from here on that are alike; tell whether there was one."""
        start = self.place
        instance = self._members[start]
        if self._take is None or self._take_changes is None:
            return False
        if has_slot(instance, "__baseline__"):
            self._add_changes(self._take_changes)
            return self.place > start
        is_new = (
            self.primary is not None
            and type(instance.__dict__.get(self.primary)) is ObjectId
            and self.primary not in instance.__pydantic_fields_set__
        )
        batch = self._batch
        before = len(batch.documents)
        try:
            members = islice(self._members, start, self.stop)
            self._take(members, batch.documents, batch.ids, new=is_new)
        finally:
            taken = len(batch.documents) - before
            behind = start + taken
            batch.places += range(start, behind)
            batch.instances += self._members[start:behind]
            batch.names += repeat(self._names, taken)
            del batch.ids[len(batch.documents) :]
            batch.are_whole += repeat(True, taken)
            supposes = taken > 0 and not is_new and self._may_suppose(batch.ids[before:])
            batch.are_new += repeat(is_new or supposes, taken)
            batch.supposes |= supposes
            self.place = behind
        return taken > 0

    def _add_changes(self, take: Callable[[Model], Changes | None]) -> None:
        """Plan the updates of instances that were read or written before, up to the first unusual one."""
        batch = self._batch
        before = len(batch)
        try:
            while self.place < self.stop:
                instance = self._members[self.place]
                changes = take(instance)
                if changes is None:
                    break
                names, id_, document = changes
                if names:
                    try:
                        batch.places.append(self.place)
                        batch.instances.append(instance)
                        batch.names.append(names)
                        batch.ids.append(id_)
                        batch.documents.append(document)
                    except BaseException:
                        give_back(instance, names)
                        raise
                self.place += 1
        finally:
            # An interrupt may leave one in some of the columns only.
            count = len(batch.documents)
            for column in (batch.places, batch.instances, batch.names, batch.ids):
                del column[count:]
            batch.are_whole += repeat(False, count - before)
            batch.are_new += repeat(False, count - before)

    def add(self, instance: Model, names: AbstractSet[str]) -> None:
        """Plan the write of one instance, the next."""
        plan = plan_save(instance, names)
        if plan is None:
            return
        # The server would fill in an empty timestamp of an inserted document.
        may_insert = plan.upsert and Timestamp not in map(type, plan.document.values())
        is_new = may_insert and self._has_own_id(plan)
        supposes = may_insert and not is_new and self._may_suppose([plan.id_])
        _add(self._batch, plan, self.place, is_new=is_new or supposes)
        self._batch.supposes |= supposes

    def _may_suppose(self, ids: Sequence[Any]) -> bool:
        return self._supposes and all(
            kind in _SUPPOSABLE_IDS or issubclass(kind, bson.ObjectId)
            for kind in set(map(type, ids))
        )

    def _has_own_id(self, plan: SavePlan) -> bool:
        """Tell whether the library made the id of an instance, of which no document was sent."""
        return (
            self.primary is not None
            and is_unused(plan.id_)
            and self.primary not in plan.instance.__pydantic_fields_set__
        )


def replan(batch: Batch, numbers: Iterable[int], *, whole: bool = False) -> Batch:
    """Plan some writes of a batch again, as they are now, or of all fields."""
    again = Batch(batch.model, stop=batch.stop)
    for number in numbers:
        instance = batch.instances[number]
        names = all_fields(instance) if whole else fields_to_save(instance)
        plan = plan_save(instance, names) if names else None
        if plan is not None:
            _add(again, plan, batch.places[number], is_new=False)
    return again


def _add(batch: Batch, plan: SavePlan, place: int, *, is_new: bool) -> None:
    batch.places.append(place)
    batch.instances.append(plan.instance)
    batch.names.append(plan.names)
    batch.ids.append(plan.id_)
    batch.documents.append(plan.document)
    batch.are_whole.append(plan.upsert)
    batch.are_new.append(is_new)
    remember(plan.instance, plan.snapshots)
    note_use(plan.id_)


def _insertable_id(mapping: ModelMapping) -> str | None:
    """Name of the primary field if its ids are made by the library, and a document may be inserted.

    The keys of extras may have dots, which an update takes for paths.
    """
    return None if mapping.extra_allowed else mapping.automatic_id
