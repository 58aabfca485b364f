"""References that a second write sets: they lead to new instances that are written later, since these refer back.

Until then nobody finds an id in the document that leads nowhere: an optional reference is `null`, and a container lacks the
element.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bson.dbref import DBRef

from odmantic._codec.encode import encode_primary_key
from odmantic._mapping.links import DROPPED, places_at
from odmantic._plan.references import comparable, take_out
from odmantic._state.transitions import mark_dirty

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.links import Link
    from odmantic._mapping.mapping import ModelMapping
    from odmantic.model import Model


@dataclass(slots=True, eq=False)
class Postponed:
    """The postponed references of one instance.

    Attributes:
        instance: The instance.
        targets: What they lead to, by identity.
        names: The fields of which the document lacks something.
    """

    instance: Model
    targets: dict[int, Model] = field(default_factory=dict[int, "Model"])
    names: AbstractSet[str] = frozenset()

    def leave_out(self, document: dict[str, Any]) -> None:
        """Leave the references out of the document of the instance, and note the fields."""
        ids = {comparable(encode_primary_key(each)) for each in self.targets.values()}
        mapping: ModelMapping = self.instance.__mapping__
        self.names = {
            link.name for link in mapping.links if _leave_out(document, link, mapping, ids)
        }


NOTHING_POSTPONED: Mapping[int, Postponed] = MappingProxyType({})


def is_required(link: Link) -> bool:
    """Return whether a reference always has a target."""
    return not link.is_optional and not link.steps


def can_wait(link: Link) -> bool:
    """Return whether a reference may be set later than the others.

    If it is unique, an index may take a single document without it.
    """
    return not is_required(link) and not (link.reference is not None and link.reference.unique)


def leave_out_postponed(
    instances: Sequence[Model],
    documents: Sequence[dict[str, Any]],
    postponed: Mapping[int, Postponed],
) -> None:
    """Leave the references out of the documents of instances, none of which was written before."""
    if postponed:
        for instance, document in zip(instances, documents, strict=True):
            if id(instance) in postponed:
                postponed[id(instance)].leave_out(document)


def mark_postponed(instances: Iterable[Model], postponed: Mapping[int, Postponed]) -> None:
    """Note that instances which were written as far as they can be are dirty in what is postponed."""
    for each in instances:
        one = postponed.get(id(each))
        if one is not None:
            mark_dirty(each, one.names)


def _leave_out(
    document: dict[str, Any], link: Link, mapping: ModelMapping, ids: set[Hashable]
) -> bool:
    """Leave ids out of a document or an embedded one, at one link; return whether there were such."""
    places = [*places_at(document, link.key, link.steps)]
    if link.reference is None:
        inner = [holder[slot] for holder, slot in places if isinstance(holder[slot], dict)]
        return True in [_leave_out_below(each, link, ids) for each in inner]
    if not can_wait(link):
        return False
    found = [(holder, slot) for holder, slot in places if _id_in(holder[slot]) in ids]
    for holder, slot in found:
        holder[slot] = DROPPED if link.steps else None
    if link.steps:
        take_out(holder for holder, _ in found)
    is_left_out = mapping.left_out.get(link.key) if found else None
    if is_left_out is not None and is_left_out(document[link.key]):
        del document[link.key]
    return bool(found)


def _id_in(stored: Any) -> Hashable:
    return comparable(stored.id if isinstance(stored, DBRef) else stored)


def _leave_out_below(document: dict[str, Any], link: Link, ids: set[Hashable]) -> bool:
    mapping: ModelMapping = link.cls.__mapping__
    those = [
        each.link for each in mapping.found_links if each.type_key is None or each.is_in(document)
    ]
    return True in [_leave_out(document, each, mapping, ids) for each in those]
