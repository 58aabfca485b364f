"""The plan of a `save_all`: the writes of a group in columns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING, Any

import bson
from pymongo import InsertOne, UpdateOne

from odmantic._codec.ids import are_scalars, ids_filter
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.conditions import instance_conditions, instance_filter, instances_filter
from odmantic._plan.save_plan import SavePlan
from odmantic._plan.writes import set_fields
from odmantic._state.transitions import give_back

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Written
    from odmantic.model import Model

_WRITES_PER_SWITCH = 10
"""The smallest number of writes per change between inserts and updates.

With fewer, a batch is sent as updates only, because each change costs a round trip.
"""

FEWEST_TO_LOOK_FOR = 16
"""In a transaction, new documents are queried before they are inserted; fewer than these are saved by updates."""

FEWEST_TO_SUPPOSE = 100
"""Outside a transaction, as many with given ids are presumed new, queried and inserted too.

An upsert costs several times as much.
"""

PLAIN_IDS = (bson.ObjectId, str)
"""Classes of ids that are equal in Python exactly if they are equal in MongoDB."""


@dataclass(slots=True)
class Batch:
    """The writes to one collection, in order, with what is sent for each instance.

    When a write is planned its names are removed from the instance's modified set, and what is sent becomes the
    baseline.
    """

    model: type[Model]
    write: Written
    """The write to which all of them belong."""
    positions: list[int] = field(default_factory=list[int])
    """The positions in the group."""
    instances: list[Model] = field(default_factory=list["Model"])
    names: list[AbstractSet[str]] = field(default_factory=list["AbstractSet[str]"])
    ids: list[Any] = field(default_factory=list[Any])
    documents: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    are_whole: list[bool] = field(default_factory=list[bool])
    """Whether the write has all fields: only then may it create a document."""
    are_new: list[bool] = field(default_factory=list[bool])
    """Whether no document with this id was ever sent, or a given id is presumed new."""
    stop: int = 0
    """The position in the group after the last instance that was planned."""
    error: Exception | None = None
    """The error because of which the last instance has no write."""
    supposes: bool = False
    """Whether given ids are presumed new."""
    removed: dict[int, Collection[str]] = field(default_factory=dict[int, "Collection[str]"])
    """The keys of deleted extras, by identity of the written document."""

    def __len__(self) -> int:
        """Return the number of writes."""
        return len(self.instances)

    @property
    def inserts(self) -> bool:
        """Whether new documents are inserted; otherwise all are updates."""
        new = self.are_new.count(True)
        if new in (0, len(self)):
            return new > 0
        switches = sum(map(bool.__ne__, self.are_new, self.are_new[1:]))
        return switches * _WRITES_PER_SWITCH <= len(self)

    def update_count(self, *, inserting: bool) -> int:
        """Return how many documents the updates have to match or create."""
        return self.are_new.count(False) if inserting else len(self)

    def requests(self, *, inserting: bool) -> list[InsertOne[dict[str, Any]] | UpdateOne]:
        """Return the driver's requests for the writes."""
        if are_scalars(self.ids) and not self.removed and not any(self.are_whole):
            # The usual updates.
            if mapping_of(self.model).has_conditions:
                return self._updates_on_conditions()
            return [
                UpdateOne({"_id": id_}, set_fields(document))
                for id_, document in zip(self.ids, self.documents, strict=True)
            ]
        return [
            InsertOne(document)
            if inserting and is_new
            else UpdateOne(
                instance_filter(type(instance), id_, is_whole=is_whole),
                set_fields(document, self.removed.get(id(document), ())),
                is_whole,
            )
            for instance, id_, document, is_whole, is_new in zip(
                self.instances, self.ids, self.documents, self.are_whole, self.are_new, strict=True
            )
        ]

    def _updates_on_conditions(self) -> list[InsertOne[dict[str, Any]] | UpdateOne]:
        models = set(map(type, self.instances))
        conditions = {model: instance_conditions(model) for model in models}
        return [
            UpdateOne({"_id": id_, **conditions[type(instance)]}, set_fields(document))
            for instance, id_, document in zip(
                self.instances, self.ids, self.documents, strict=True
            )
        ]

    def updated_filter(self) -> dict[str, Any]:
        """Return the filter for the documents of partial updates, as far as their ids can be queried."""
        ids: dict[type[Model], list[Any]] = {}
        for instance, id_, is_whole in zip(self.instances, self.ids, self.are_whole, strict=True):
            if not is_whole and isinstance(id_, PLAIN_IDS):
                ids.setdefault(type(instance), []).append(id_)
        queries = [instances_filter(model, each) for model, each in ids.items()]
        if len(queries) == 1:
            return queries[0]
        return {"$or": queries} if queries else ids_filter([])

    def new_filter(self) -> dict[str, Any]:
        """Return the filter for any documents with the ids of those that were never sent."""
        return ids_filter(list(compress(self.ids, self.are_new)))

    def suppose_nothing(self) -> None:
        """Make all of them updates."""
        self.are_new = [False] * len(self)

    def note_known(self, ids: Iterable[Any]) -> None:
        """Note that documents with these ids may exist."""
        known = {id_ for id_ in ids if isinstance(id_, Hashable)}
        self.are_new = [
            is_new and id_ not in known for id_, is_new in zip(self.ids, self.are_new, strict=True)
        ]

    def plan(self, number: int) -> SavePlan:
        """Return the plan of one write."""
        return SavePlan(
            instance=self.instances[number],
            names=self.names[number],
            id_=self.ids[number],
            document=self.documents[number],
            snapshots={},
            upsert=self.are_whole[number],
            write=self.write,
            removed=self.removed.get(id(self.documents[number]), ()),
        )

    def part(self, start: int, stop: int | None = None) -> Batch:
        """Return a slice of the writes."""
        cut = slice(start, stop)
        return Batch(
            self.model,
            self.write,
            self.positions[cut],
            self.instances[cut],
            self.names[cut],
            self.ids[cut],
            self.documents[cut],
            self.are_whole[cut],
            self.are_new[cut],
            self.stop,
            removed=self.removed,
        )

    def give_back(self) -> None:
        """Make fields dirty again that are not known to be written."""
        for instance, names in zip(self.instances, self.names, strict=True):
            give_back(instance, names, self.write)
