"""The plan of a save of many: groups that can be written together, and the writes of each in columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import bson
from bson.timestamp import Timestamp
from pymongo import InsertOne, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    DuplicateKeyError,
    OperationFailure,
    WriteConcernError,
    WriteError,
    WTimeoutError,
)

from odmantic._mapping import encode_document, mapping_of
from odmantic._plan.errors import NOT_ENCODABLE, depth, encoding_error
from odmantic._plan.save import SavePlan, at_path, plan_save
from odmantic._state.changes import give_back, take, take_new, take_snapshots
from odmantic.bson import ObjectId, note_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bson.codec_options import CodecOptions

    from odmantic._mapping import ModelMapping
    from odmantic.model import Model

#: Documents that are planned, and sent, at a time: their memory is bounded, and the driver need rarely split.
BATCH_SIZE = 10_000

#: A batch with more changes between inserts and updates than one in so many writes is sent as updates only,
#: because each change costs a round trip.
_WRITES_PER_SWITCH = 10

#: Ids that are equal in Python exactly if they are in MongoDB.
PLAIN_IDS = (bson.ObjectId, str)

_DUPLICATE_KEY = 11000
_WRITE_CONCERN_FAILED = 64
_MAX_DOCUMENT_SIZE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Group:
    """Instances of one model whose references are in earlier groups, or before them in this one."""

    model: type[Model]
    members: list[Model]
    places: list[int]
    """The place of each member in the order of a save one after the other."""

    def before(self, place: int) -> Group:
        """The members that a save one after the other reaches before a place."""
        kept = [number for number, each in enumerate(self.places) if each < place]
        return Group(
            self.model,
            [self.members[number] for number in kept],
            [self.places[number] for number in kept],
        )


def group_instances(ordered: Sequence[Model]) -> list[Group]:
    """Group instances, which come after those they reference, by level of references and by model.

    Example:
        Orders with a customer each give two groups, the customers and the orders.
    """
    if not any(mapping_of(model).reference_paths for model in set(map(type, ordered))):
        return _by_model(enumerate(ordered))
    levels: dict[int, int] = {}
    members: dict[int, list[tuple[int, Model]]] = {}
    for place, instance in enumerate(ordered):
        level = _level(instance, levels)
        levels[id(instance)] = level
        members.setdefault(level, []).append((place, instance))
    return [group for level in sorted(members) for group in _by_model(members[level])]


def _level(instance: Model, levels: dict[int, int]) -> int:
    """How many changes of model there are on the longest way through the references of an instance."""
    level = 0
    for path in mapping_of(type(instance)).reference_paths:
        target = at_path(instance, path.fields)
        if id(target) in levels:
            level = max(level, levels[id(target)] + (type(target) is not type(instance)))
    return level


def _by_model(placed: Iterable[tuple[int, Model]]) -> list[Group]:
    groups: dict[type[Model], Group] = {}
    for place, instance in placed:
        model = type(instance)
        group = groups.get(model)
        if group is None:
            group = groups[model] = Group(model, [], [])
        group.members.append(instance)
        group.places.append(place)
    return list(groups.values())


@dataclass(slots=True)
class Batch:
    """Writes to one collection, in order: what is sent for each instance, and what is known afterwards.

    The names of a write are taken out of the instance's modified set when it is planned.
    """

    model: type[Model]
    places: list[int] = field(default_factory=list[int])
    """Places in the group."""
    instances: list[Model] = field(default_factory=list["Model"])
    names: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    ids: list[Any] = field(default_factory=list[Any])
    documents: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    snapshots: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    are_whole: list[bool] = field(default_factory=list[bool])
    """Whether the write has all fields: only such a one may create a document (D20)."""
    are_new: list[bool] = field(default_factory=list[bool])
    """Whether no document with this id was ever sent."""
    stop: int = 0
    """The place in the group behind those that were looked at."""
    error: Exception | None = None
    """Why the last instance that was looked at has no write."""

    def __len__(self) -> int:
        """The number of writes."""
        return len(self.instances)

    @property
    def inserts(self) -> bool:
        """Whether new documents are inserted; else all are updates."""
        switches = sum(one is not other for one, other in pairwise(self.are_new))
        return any(self.are_new) and switches * _WRITES_PER_SWITCH <= len(self)

    def update_count(self, *, inserting: bool) -> int:
        """How many documents the updates have to meet or make."""
        return len(self) - (sum(self.are_new) if inserting else 0)

    def requests(self, *, inserting: bool) -> list[InsertOne[dict[str, Any]] | UpdateOne]:
        """The writes as the driver takes them."""
        return [
            InsertOne(document)
            if inserting and is_new
            else UpdateOne({"_id": id_}, {"$set": document}, upsert=is_whole)
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

    def plan(self, number: int) -> SavePlan:
        """One of the writes, by itself."""
        return SavePlan(
            instance=self.instances[number],
            names=self.names[number],
            filter={"_id": self.ids[number]},
            document=self.documents[number],
            snapshots=self.snapshots[number],
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
            self.snapshots[cut],
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
) -> Batch:
    """Plan the writes of members of a group, from `start` on; an error of an instance ends the batch and is kept.

    Args:
        group: the group.
        start: the first member.
        check: is shown each instance that will be written.
        checked: how many of the members it was shown before.
    """
    batch = Batch(group.model)
    mapping = mapping_of(group.model)
    primary = _automatic_id(mapping)
    names = frozenset(mapping.fields)
    for place in range(start, min(start + BATCH_SIZE, len(group.members))):
        batch.stop = place + 1
        instance = group.members[place]
        try:
            is_new = check is None and primary is not None and _has_unused_id(instance, primary)
            if is_new and take_new(instance):
                _add_new(batch, instance, place, names)
                continue
            plan = plan_save(instance)
            if plan is not None:
                if check is not None and place >= checked:
                    check(plan.instance)
                _add(batch, plan, place, primary)
        except Exception as error:  # noqa: BLE001 - raised once those before it are written
            batch.error = error
            break
    return batch


def replan(batch: Batch, numbers: Iterable[int], *, whole: bool = False) -> Batch:
    """Plan some writes of a batch again, as they are now, or of all fields."""
    again = Batch(batch.model, stop=batch.stop)
    for number in numbers:
        plan = plan_save(batch.instances[number], whole=whole)
        if plan is not None:
            _add(again, plan, batch.places[number], None)
    return again


def _add(batch: Batch, plan: SavePlan, place: int, primary: str | None) -> None:
    take(plan.instance, plan.names)
    id_ = plan.filter["_id"]
    batch.places.append(place)
    batch.instances.append(plan.instance)
    batch.names.append(plan.names)
    batch.ids.append(id_)
    batch.documents.append(plan.document)
    batch.snapshots.append(plan.snapshots)
    batch.are_whole.append(plan.upsert)
    batch.are_new.append(plan.upsert and _is_new(plan, id_, primary))
    note_use(id_)


def _add_new(batch: Batch, instance: Model, place: int, names: frozenset[str]) -> None:
    """Plan the write of an instance that was never saved, whose names are taken."""
    try:
        document = encode_document(instance)
        compared = mapping_of(batch.model).mutable_fields
        snapshots = take_snapshots(instance, compared) if compared else {}
    except BaseException as error:
        give_back(instance, names)
        if isinstance(error, RecursionError):
            raise encoding_error(error, instance) from error
        raise
    id_ = document["_id"]
    batch.places.append(place)
    batch.instances.append(instance)
    batch.names.append(names)
    batch.ids.append(id_)
    batch.documents.append(document)
    batch.snapshots.append(snapshots)
    batch.are_whole.append(True)
    batch.are_new.append(type(id_) is ObjectId and Timestamp not in map(type, document.values()))
    note_use(id_)


def _has_unused_id(instance: Model, primary: str) -> bool:
    """Tell whether an id was made with an instance, and not used since."""
    return (
        type(instance.__dict__.get(primary)) is ObjectId
        and primary not in instance.__pydantic_fields_set__
    )


def _automatic_id(mapping: ModelMapping) -> str | None:
    """Name of the primary field if its ids are made by the library, and a document may be inserted.

    The keys of extras may have dots, which an update takes for paths.
    """
    name = mapping.primary_field
    if name is None or mapping.extra_allowed:
        return None
    return name if mapping.fields[name].pydantic_field.default_factory is ObjectId else None


def _is_new(plan: SavePlan, id_: object, primary: str | None) -> bool:
    """Tell whether no document with this id was sent, and one can be inserted.

    The server would fill in an empty timestamp of an inserted document.
    """
    return (
        type(id_) is ObjectId
        and primary is not None
        and _has_unused_id(plan.instance, primary)
        and Timestamp not in map(type, plan.document.values())
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed bulk write says, with the error that a single write would have raised."""

    error: OperationFailure
    done: int
    """How many writes were done before the one that failed; 0 also if that is not known."""
    updated: int
    """How many documents the updates among those met or made."""


def failure_of(error: BulkWriteError) -> Failure:
    """Read the error of an ordered bulk write."""
    details: Any = error.details
    updated = details["nMatched"] + details["nUpserted"]
    if details["writeErrors"]:
        first = {key: value for key, value in details["writeErrors"][0].items() if key != "op"}
        done: int = first["index"]
        first["index"] = 0
        kind = DuplicateKeyError if first["code"] == _DUPLICATE_KEY else WriteError
        return Failure(kind(first["errmsg"], first["code"], first), done, updated)
    last = details["writeConcernErrors"][-1]
    is_timeout = last.get("code") == _WRITE_CONCERN_FAILED
    concern_kind = WTimeoutError if is_timeout else WriteConcernError
    return Failure(concern_kind(last.get("errmsg"), last.get("code"), last), 0, 0)


def is_known_id(error: Exception) -> bool:
    """Tell whether there is a document with the id of one that was to be inserted."""
    if not isinstance(error, DuplicateKeyError):
        return False
    details = error.details or {}
    pattern = details.get("keyPattern")
    return pattern == {"_id": 1} if pattern else " index: _id_ " in str(details.get("errmsg"))


def first_not_encodable(
    documents: Sequence[dict[str, Any]], codec_options: CodecOptions[Any]
) -> int | None:
    """The first document that has no stored form, or one that is larger than MongoDB allows."""
    for number, document in enumerate(documents):
        try:
            size = len(bson.encode(document, codec_options=codec_options))
        except NOT_ENCODABLE:
            return number
        if size > _MAX_DOCUMENT_SIZE:
            return number
    return None


def deepest(documents: Sequence[dict[str, Any]]) -> int:
    """The document with the most levels."""
    return max(range(len(documents)), key=lambda number: depth(documents[number]))


def missing_writes(batch: Batch, found: Iterable[Any]) -> tuple[list[int], list[int]]:
    """The updates of a part of a document that may have met none.

    Returns:
        Those whose id is not among those found, and those where the comparison of ids says nothing.
    """
    known = {id_ for id_ in found if isinstance(id_, PLAIN_IDS)}
    missing: list[int] = []
    unsure: list[int] = []
    for number, (id_, is_whole) in enumerate(zip(batch.ids, batch.are_whole, strict=True)):
        if is_whole:
            continue
        if not isinstance(id_, PLAIN_IDS):
            unsure.append(number)
        elif id_ not in known:
            missing.append(number)
    return missing, unsure
