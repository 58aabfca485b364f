"""Referenced documents, fetched for many documents at once and put in place of their foreign keys.

Each level of references takes one query per referenced model: `{"_id": {"$in": [...]}}`. The result is that of
`resolve_references` on the server: a document has the referenced one under its key, or no such key. Where nothing is
loaded, it has a hollow instance. A document of one of several collections is `Found`, with its class.

A foreign key is at a *place*: what holds it, a document or an array, and its key or index there.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from itertools import compress, islice, repeat
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import bson
from bson.code import Code
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.regex import Regex
from pydantic import BaseModel

from odmantic._mapping.links import DROPPED, places_at
from odmantic._mapping.members import ELSEWHERE, Found
from odmantic._mapping.ref import NoTarget, Ref
from odmantic._plan.conditions import targets_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping

    from odmantic._mapping.links import Link
    from odmantic._mapping.loading import Load, Part
    from odmantic.model import Model

Document = dict[str, Any]

MOST_IDS = 10_000
"""The largest number of ids in one query."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request for the documents of a model with some ids."""

    model: type[Model]
    ids: list[Any]
    only: tuple[type[Model], ...] = ()
    """The classes of a hierarchy that are asked for; none for all."""

    @property
    def filter(self) -> Document:
        """The filter that finds them."""
        return targets_filter(self.model, self.ids, self.only)


@dataclass(frozen=True, slots=True)
class Settling:
    """What stands in for targets that are not loaded or do not exist.

    Attributes:
        hollow: Makes the hollow instance for a part and an id; `None` if no document can have it.
        is_final: Whether what is missing now is settled, and not read once more.
        database: The database in which everything is.
    """

    hollow: Callable[[Part, Any, bool], Any]
    is_final: bool
    database: str

    def hollow_for(self, part: Part, stored: Any, *, is_missing: bool = False) -> Any:
        """Return the hollow instance for what is stored; `None` if no document can have the id."""
        return self.hollow(part, self.id_in(part.link, stored), is_missing)

    def id_in(self, link: Link, stored: Any) -> Any:
        """Return the id in what is stored; `ELSEWHERE` if that leads to no document of the link."""
        return stored if link.member is None else link.member.id_in(stored, self.database)


def resolve_documents(
    documents: list[Document], load: Load, settling: Settling
) -> Generator[Request, list[Document], list[Document]]:
    """Put referenced documents into documents, which are changed, level by level.

    Yields:
        Requests, each of which is answered with the documents found.

    Returns:
        The documents in which a referenced one is missing, at any depth, and nothing stands in for it.
    """
    levels: list[list[_Step]] = []
    level = [*_steps(load, documents, documents, settling)]
    while level:
        found: dict[Sought, dict[Hashable, Document]] = {}
        for sought, ids in _wanted(level).items():
            found[sought] = {}
            for some in slices([*ids.values()]):
                answer = yield Request(sought[0], some, sought[1])
                found[sought].update((comparable(document["_id"]), document) for document in answer)
        levels.append(level)
        level = [below for step in level for below in step.take(found[sought_by(step.part.link)])]
    broken: set[int] = set()
    placed: set[int] = set()
    for level in reversed(levels):
        dropped: list[Any] = []
        for step in reversed(level):
            step.place(broken, placed, dropped)
        # Only now: another step of the level may count the items of the same array.
        take_out(dropped)
    return [document for document in documents if id(document) in broken]


def slices(ids: list[Any]) -> Iterator[list[Any]]:
    """Yield ids in slices for one command each."""
    left = iter(ids)
    while some := [*islice(left, MOST_IDS)]:
        yield some


Sought: TypeAlias = "tuple[Any, tuple[Any, ...]]"
"""A model of which documents are asked for, and its `only`."""


def sought_by(link: Link) -> Sought:
    """Return of what documents are asked for at a link."""
    return link.cls, () if link.member is None else link.member.only


def _wanted(level: list[_Step]) -> dict[Sought, dict[Hashable, Any]]:
    """Return the foreign keys of a level, by what is asked for."""
    wanted: dict[Sought, dict[Hashable, Any]] = {}
    for step in level:
        sought = sought_by(step.part.link)
        wanted.setdefault(sought, {}).update(zip(step.keys, step.values, strict=True))
    for ids in wanted.values():
        ids.pop(NO_ID, None)
    return wanted


def _steps(
    load: Load, roots: list[Document], documents: list[Any], settling: Settling
) -> Iterator[_Step]:
    """Yield the references to load in documents, which are in roots; put hollow instances where nothing is loaded."""
    for part in load.parts:
        inside = part.inside
        those, holders = roots, documents
        if part.found.type_key is not None:
            are_in = [part.found.is_in(document) for document in documents]
            those, holders = [*compress(roots, are_in)], [*compress(documents, are_in)]
        if inside is None:
            for document in holders:
                _leave(part, document, settling)
        elif part.link.reference is not None:
            yield _Step(part, inside, those, holders, settling)
        else:
            inner_roots, inner = _embedded(part.link, those, holders)
            if inner:
                yield from _steps(inside, inner_roots, inner, settling)


def _embedded(
    link: Link, roots: list[Document], documents: list[Any]
) -> tuple[list[Document], list[Any]]:
    """Return the embedded documents at a link, and the roots that they are in."""
    if not link.steps:
        inner = [
            cast("Document", one).get(link.key) if isinstance(one, dict) else None
            for one in documents
        ]
        return roots, inner
    pairs = [
        (root, holder[slot])
        for root, document in zip(roots, documents, strict=True)
        for holder, slot in places_at(document, link.key, link.steps)
        if isinstance(holder[slot], dict)
    ]
    return [root for root, _ in pairs], [each for _, each in pairs]


def _leave(part: Part, document: Any, settling: Settling) -> None:
    """Put hollow instances in place of ids that are not looked for."""
    for holder, slot in places_at(document, part.link.key, part.link.steps):
        value = holder[slot]
        if value is not None and settling.id_in(part.link, value) is not ELSEWHERE:
            hollow = settling.hollow_for(part, value)
            # A lazy reference says itself what is wrong, unless it takes a document for its target.
            is_told = hollow is None and part.link.is_lazy and not isinstance(value, dict)
            if not is_told:
                holder[slot] = NO_TARGET if hollow is None else hollow


@dataclass(slots=True, eq=False)
class _Step:
    """One reference of some documents."""

    part: Part
    inside: Load
    roots: list[Document]
    documents: list[Any]
    """The documents, or the embedded ones in them, that hold the foreign keys; anything else if they do not."""
    settling: Settling
    holders: list[Any] = field(init=False)
    slots: Iterable[Any] = field(init=False)
    values: list[Any] = field(init=False)
    keys: list[Hashable] = field(init=False)
    targets: dict[Hashable, Document] = field(init=False)

    def __post_init__(self) -> None:
        link = self.part.link
        if link.steps or link.is_optional or link.is_named:
            self._find_places(link)
        else:
            key = link.key
            self.holders, self.slots = self.documents, repeat(key)
            self.values = [
                cast("Document", holder).get(key, _ABSENT) if isinstance(holder, dict) else _ABSENT
                for holder in self.holders
            ]
        # `comparable` in fewer steps, for nearly every foreign key.
        self.keys = [
            value.binary if type(value) is bson.ObjectId else comparable(value)
            for value in self.values
        ]

    def _find_places(self, link: Link) -> None:
        places = [
            (root, holder, slot)
            for root, document in zip(self.roots, self.documents, strict=True)
            for holder, slot in places_at(document, link.key, link.steps)
            if self._is_ours(link, holder[slot])
        ]
        self.roots = [root for root, _, _ in places]
        self.holders = [holder for _, holder, _ in places]
        self.slots = [slot for _, _, slot in places]
        id_in = self.settling.id_in
        self.values = [id_in(link, holder[slot]) for _, holder, slot in places]

    def _is_ours(self, link: Link, value: Any) -> bool:
        if link.is_named:
            return self.settling.id_in(link, value) is not ELSEWHERE
        return value is not None or not link.is_optional

    def take(self, found: dict[Hashable, Document]) -> Iterator[_Step]:
        """Keep the documents found; yield the steps to complete them."""
        if not self.inside.parts:
            self.targets = found
            return
        # Other steps may use the same documents with other references resolved.
        used = set(self.keys)
        self.targets = {key: copied(one) for key, one in found.items() if key in used}
        targets = [*self.targets.values()]
        yield from _steps(self.inside, targets, targets, self.settling)

    def place(self, broken: set[int], placed: set[int], dropped: list[Any]) -> None:
        """Put the targets in place; each holder gets one that shares no containers with others.

        Args:
            broken: Identities of documents that lack a target, at any depth.
            placed: Identities of the targets in place that hold containers.
            dropped: Takes the holders from which something is to be taken out.
        """
        with_containers = {each for each, target in self.targets.items() if _has_containers(target)}
        find_target = self.targets.get
        link = self.part.link
        for root, holder, slot, each in zip(self.roots, self.holders, self.slots, self.keys):  # noqa: B905 - `repeat`
            target = find_target(each)
            if target is None:
                if isinstance(holder, (dict, list)) and not self._stands_in(holder, slot, dropped):
                    broken.add(id(root))
                continue
            if broken and id(target) in broken:
                broken.add(id(root))
            if with_containers and each in with_containers:
                if id(target) in placed:
                    target = copied(target)
                placed.add(id(target))
            holder[slot] = Found(link.cls, target) if link.is_named else target

    def _stands_in(self, holder: Any, slot: Any, dropped: list[Any]) -> bool:
        """Put in place what stands in for a missing target; return whether there is such."""
        if self.settling.is_final and stand_in(self.part, holder, slot, self.settling, dropped):
            return True
        link = self.part.link
        if link.is_lazy:
            _note_missing(holder, slot)
            return False
        if link.is_named:
            # It is in this database, if the reference says so or not.
            holder[slot] = DBRef(link.cls.__collection__, self.settling.id_in(link, holder[slot]))
            return False
        # A document would be taken for the target, and a missing key for `None`.
        if link.steps or link.is_optional:
            if isinstance(holder[slot], dict):
                holder[slot] = NO_TARGET
        elif isinstance(holder.get(slot), dict):
            del holder[slot]
        return False


def stand_in(part: Part, holder: Any, slot: Any, settling: Settling, dropped: list[Any]) -> bool:
    """Put in place what stands in for a missing target; return whether there is such.

    Args:
        part: The part.
        holder: The document or array.
        slot: The key or index there.
        settling: Makes hollow instances.
        dropped: Takes the holders from which something is to be taken out.
    """
    match part.missing:
        case "none":
            holder[slot] = None
        case "drop":
            holder[slot] = DROPPED
            dropped.append(holder)
        case "keep" if not isinstance(holder, dict) or slot in holder:
            hollow = settling.hollow_for(part, holder[slot], is_missing=True)
            if hollow is None:
                return False
            holder[slot] = hollow
        case _:
            return False
    return True


def take_out(holders: Iterable[Any]) -> None:
    """Take out of arrays and documents what was marked as dropped."""
    for holder in holders:
        if isinstance(holder, list):
            array = cast("list[object]", holder)
            array[:] = [each for each in array if each is not DROPPED]
        else:
            for key in [key for key, each in holder.items() if each is DROPPED]:
                del holder[key]


def settle_documents(documents: Iterable[Any], load: Load, settling: Settling) -> None:
    """Put in place what stands in for targets, in documents whose references were resolved on the server."""
    everyone = [*documents]
    for part in load.parts:
        documents = everyone
        if part.found.type_key is not None:
            documents = [document for document in everyone if part.found.is_in(document)]
        if part.inside is None:
            for document in documents:
                _leave(part, document, settling)
            continue
        link = part.link
        places = [
            place
            for document in documents
            for place in places_at(document, link.key, link.steps)
        ]  # fmt: skip
        inner = [holder[slot] for holder, slot in places if isinstance(holder[slot], dict)]
        if link.reference is not None:
            _settle_places(part, places, settling)
        if inner:
            settle_documents(inner, part.inside, settling)


def _settle_places(part: Part, places: list[tuple[Any, Any]], settling: Settling) -> None:
    dropped: list[Any] = []
    for holder, slot in places:
        value = holder[slot]
        if isinstance(value, dict) or (value is None and part.link.is_optional):
            continue
        if isinstance(value, list):
            items = cast("list[object]", value)
            if len(items) == 1:
                # The server has put an id that is a document there.
                (holder[slot],) = items
        if not stand_in(part, holder, slot, settling, dropped):
            holder[slot] = value
            if part.link.is_lazy:
                _note_missing(holder, slot)
    take_out(dropped)


def _note_missing(holder: Any, slot: Any) -> None:
    """Put in place of an id that its document is missing: alone it would be read as a lazy reference."""
    if isinstance(holder, list) or slot in holder:
        holder[slot] = NoTarget(holder[slot])


def as_dictionary(document: Any) -> Any:
    """Return a document of any class, and those in it, as dictionaries."""
    if isinstance(document, list):
        array = cast("list[object]", document)
        return [as_dictionary(each) for each in array]
    if hasattr(document, "items") and hasattr(document, "keys"):
        return {key: as_dictionary(each) for key, each in document.items()}
    return document


class _NoId:
    """The type of `NO_ID`, for values that are not an id."""


_ABSENT = _NoId()
NO_ID: Hashable = _NoId()
NO_TARGET: Any = _NoId()
"""In place of an id that is a document, and that would be taken for its target."""


def comparable(value: Any) -> Hashable:
    """Return a value that is equal for exactly those ids that are equal in MongoDB; `NO_ID` if it is not an id."""
    # Bytes are compared in C, an ObjectId in Python.
    if isinstance(value, bson.ObjectId):
        return value.binary
    if isinstance(value, str) and not isinstance(value, Code):
        return value
    if value is _ABSENT or isinstance(value, (list, Regex, DBRef)):
        return NO_ID
    if isinstance(value, dict):
        if any(key.startswith("$") for key in cast("Document", value)):
            return NO_ID
        return "document", _items(cast("Document", value))
    return _scalar(value)


def _scalar(value: Any) -> Hashable:
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, Decimal128):
        value = value.to_decimal()
        return "number", "NaN" if value.is_nan() else value
    if isinstance(value, (int, float)):
        return "number", value if value == value else "NaN"  # noqa: PLR0124 - only NaN differs
    if isinstance(value, bytes):
        return "binary", value
    try:
        hash(value)
    except TypeError:
        return "bytes", bson.encode({"": value})
    return cast("Hashable", value)


def _items(value: Mapping[str, Any]) -> Hashable:
    return tuple((key, comparable_inside(each)) for key, each in value.items())


def comparable_inside(value: Any) -> Hashable:
    """Return a value that is equal for exactly those values that are equal in MongoDB; the order of keys counts."""
    if isinstance(value, dict):
        return "document", _items(cast("Document", value))
    if isinstance(value, (list, tuple)):
        return "array", tuple(comparable_inside(each) for each in cast("Iterable[Any]", value))
    if isinstance(value, (Regex, DBRef)):
        return "bytes", bson.encode({"": value})
    return comparable(value)


def _has_containers(document: Document) -> bool:
    return any(isinstance(value, _COPIED) for value in document.values())


def copied(value: Any) -> Any:
    """Return a copy that shares no document, no array and no hollow instance."""
    if isinstance(value, dict):
        items = cast("Document", value).items()
        return {key: copied(each) if isinstance(each, _COPIED) else each for key, each in items}
    if isinstance(value, list):
        return [copied(each) for each in cast("Iterable[Any]", value)]
    if isinstance(value, Found):
        return Found(value.cls, copied(value.document))
    # A hollow instance, or a lazy reference.
    return copy(cast("Any", value)) if isinstance(value, (BaseModel, Ref)) else value


_COPIED = (dict, list, BaseModel, Ref, Found)
