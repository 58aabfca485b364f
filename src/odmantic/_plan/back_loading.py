"""Loading what refers to instances: one query for all of them, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._codec.encode import encode_primary_key
from odmantic._mapping.back_links import declared_in
from odmantic._mapping.links import values_at
from odmantic._mapping.ref import loaded_in
from odmantic._plan.conditions import restricted
from odmantic._plan.references import NO_ID, comparable, copied, slices
from odmantic._query.referring import refers_to, stored_ids
from odmantic._state.attached import attach, attached_to
from odmantic._state.hollow import hollow_in

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from odmantic._mapping.loading import BackPart, Choice, Load
    from odmantic._types.instances import Instance

Document = dict[str, Any]

_PARENT = "__odmantic_parent__"
"""The key for the id to which a document refers, in documents that are ranked."""

_RANK = "__odmantic_rank__"
"""The key for the place of a document among those that refer to the same one."""


@dataclass(frozen=True, slots=True)
class Holders:
    """What was loaded of what refers to an instance."""

    holders: list[Any]
    choice: Choice


def back_parts_below(
    load: Load, instances: Iterable[Instance]
) -> Iterator[tuple[BackPart, list[Instance]]]:
    """Yield the back references to load, with the instances that have them, each once."""
    waiting: list[tuple[Load, list[Instance]]] = [(load, [*instances])]
    while waiting:
        one, those = waiting.pop()
        for part in one.back_parts:
            parents = {
                id(each): each
                for each in those
                if declared_in(type(each), part.name) is part.declaration
                and hollow_in(each) is None
            }
            yield part, [*parents.values()]
        for below in one.parts:
            if below.inside is not None and below.inside.all_back_parts:
                inner = [*_instances_at(below.link, those)]
                # Embedded objects may be in objects of their own class, at any depth.
                if inner:
                    waiting.append((below.inside, inner))


def _instances_at(link: Any, those: Iterable[Instance]) -> Iterator[Instance]:
    for each in those:
        for held in values_at(each.__dict__.get(link.name), link.steps):
            value = loaded_in(held)
            if isinstance(value, link.cls) and link.holds(value):
                yield value


def kept_holders(part: BackPart, parent: Instance) -> list[Any] | None:
    """Return what is loaded already; `None` if that is nothing, or was chosen in another way."""
    loaded: Holders | None = attached_to(parent, part.name)
    return None if loaded is None or loaded.choice != part.choice else loaded.holders


class BackPage:
    """What refers to some instances, while it is read.

    Instances with one primary key have the same in common: otherwise levels of such would multiply.
    """

    def __init__(self, part: BackPart, parents: list[Instance]) -> None:
        """Look at the primary keys of instances."""
        self._part = part
        self._parents: dict[Hashable, list[Instance]] = {}
        self._found: dict[Hashable, list[tuple[int, Any]]] = {}
        ids: dict[Hashable, Any] = {}
        for parent in parents:
            id_ = encode_primary_key(parent)
            key = comparable(id_)
            ids[key] = id_
            self._parents.setdefault(key, []).append(parent)
        ids.pop(NO_ID, None)
        self._ids = [*ids.values()]

    def slices(self) -> Iterator[list[Any]]:
        """Return the primary keys, as many as one query takes at a time."""
        return slices(self._ids)

    def filter(self, ids: list[Any]) -> Document:
        """Return the filter for what refers to documents with some primary keys."""
        part = self._part
        query = part.choice.query
        queries = (refers_to(part.link, ids), *(() if query is None else (query,)))
        return restricted(queries, part.link.holder)

    @property
    def sort(self) -> list[tuple[str, Any]]:
        """The order, as the driver takes it."""
        return [*(self._part.choice.sort or {"_id": 1}).items()]

    def ranked(self, ids: list[Any], query: Document) -> list[Document]:
        """Return the stages that find the first documents for each primary key.

        See https://www.mongodb.com/docs/manual/reference/operator/aggregation/setWindowFields/
        """
        window: Document = {
            "partitionBy": f"${_PARENT}",
            "sortBy": dict(self.sort),
            # `$documentNumber` takes no order by several keys.
            "output": {_RANK: {"$sum": 1, "window": {"documents": ["unbounded", "current"]}}},
        }
        link = self._part.link
        referred = {"$setIntersection": [stored_ids(link), {"$literal": link.stored(ids)}]}
        return [
            {"$match": query},
            {"$set": {_PARENT: referred}},
            {"$unwind": f"${_PARENT}"},
            {"$setWindowFields": window},
            {"$match": {_RANK: {"$lte": self._part.choice.limit}}},
        ]

    def placed(self, documents: list[Document]) -> list[tuple[Hashable, int, Document]]:
        """Return each document for each key to which it refers, with its rank; no two share anything."""
        link = self._part.link
        placed: list[tuple[Hashable, int, Document]] = []
        for number, document in enumerate(documents):
            rank: int = document.pop(_RANK, number)
            is_ranked = _PARENT in document
            ids = link.ids_of([document.pop(_PARENT)]) if is_ranked else link.ids_in(document)
            own = document
            for key in dict.fromkeys(map(comparable, ids)):
                if key in self._parents:
                    placed.append((key, rank, own))
                    own = copied(document)
        return placed

    def add(self, key: Hashable, rank: int, holder: Any) -> None:
        """Take an instance that refers to those with a key."""
        self._found.setdefault(key, []).append((rank, holder))

    def keep(self) -> list[Any]:
        """Keep with each instance what refers to it; return all of that."""
        every: list[Any] = []
        choice = self._part.choice
        for key, parents in self._parents.items():
            found = self._found.get(key, [])
            if choice.limit is not None:
                found.sort(key=_rank)
            holders = [holder for _, holder in found]
            every += holders
            for parent in parents:
                attach(parent, self._part.name, Holders([*holders], choice))
        return every


def _rank(found: tuple[int, Any]) -> int:
    return found[0]
