"""The plan of a save of many: the writes of a group in columns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING, Any

import bson
from pymongo import InsertOne, UpdateOne

from odmantic._codec.ids import are_scalars, id_filter
from odmantic._plan.save_plan import SavePlan
from odmantic._plan.writes import set_fields
from odmantic._state.transitions import give_back

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Written
    from odmantic.model import Model

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


@dataclass(slots=True)
class Batch:
    """Writes to one collection, in order: what is sent for each instance.

    When a write is planned its names are taken out of the instance's modified set, and what is sent becomes the
    baseline.
    """

    model: type[Model]
    write: Written
    """The write that all of them belong to."""
    places: list[int] = field(default_factory=list[int])
    """Places in the group."""
    instances: list[Model] = field(default_factory=list["Model"])
    names: list[AbstractSet[str]] = field(default_factory=list["AbstractSet[str]"])
    ids: list[Any] = field(default_factory=list[Any])
    documents: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    are_whole: list[bool] = field(default_factory=list[bool])
    """Whether the write has all fields: only such a one may create a document."""
    are_new: list[bool] = field(default_factory=list[bool])
    """Whether no document with this id was ever sent, or an id that was given is supposed to be new."""
    stop: int = 0
    """The place in the group behind those that were looked at."""
    error: Exception | None = None
    """Why the last instance that was looked at has no write."""
    supposes: bool = False
    """Whether an id that was given is supposed to be new."""
    removed: dict[int, Collection[str]] = field(default_factory=dict[int, "Collection[str]"])
    """The keys of deleted extras, by identity of the document that is written."""

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
        if are_scalars(self.ids) and not self.removed and not any(self.are_whole):
            # The usual updates.
            return [
                UpdateOne({"_id": id_}, set_fields(document))
                for id_, document in zip(self.ids, self.documents, strict=True)
            ]
        return [
            InsertOne(document)
            if inserting and is_new
            else UpdateOne(
                id_filter(id_), set_fields(document, self.removed.get(id(document), ())), is_whole
            )
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
            write=self.write,
            removed=self.removed.get(id(self.documents[number]), ()),
        )

    def part(self, start: int, stop: int | None = None) -> Batch:
        """Some of the writes."""
        cut = slice(start, stop)
        return Batch(
            self.model,
            self.write,
            self.places[cut],
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
        """Make dirty again what is not known to be written."""
        for instance, names in zip(self.instances, self.names, strict=True):
            give_back(instance, names, self.write)
