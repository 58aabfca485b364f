"""The plan of a save: which instances, in which order, and the update of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._mapping import encode_document, encode_primary_key, mapping_of
from odmantic._state.changes import digest, dirty_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from odmantic.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class SavePlan:
    """One `update_one` that brings a document up to date with an instance.

    Example:
        After `user.name = "Ada"` the plan holds `filter == {"_id": ObjectId(...)}`,
        `update == {"$set": {"name": "Ada"}}` and `upsert is False`.
    """

    instance: Model
    names: frozenset[str]
    filter: dict[str, Any]
    document: dict[str, Any]
    digests: dict[str, bytes]
    upsert: bool
    """Whether the update may create the document: only one with all fields may (D20)."""

    @property
    def update(self) -> dict[str, Any]:
        """The update document."""
        return {"$set": self.document}


def plan_save(instance: Model, *, whole: bool = False) -> SavePlan | None:
    """Plan the write of the dirty fields of one instance, or of all of them; `None` if there are none."""
    mapping = mapping_of(type(instance))
    names = (
        frozenset(mapping.fields) | instance.__fields_modified__
        if whole
        else dirty_fields(instance)
    )
    if not names:
        return None
    document = encode_document(instance, include=names)
    digests: dict[str, bytes] = {}
    for name in mapping.mutable_fields.intersection(names):
        value = digest(document[mapping.fields[name].key_name])
        if value is not None:
            digests[name] = value
    return SavePlan(
        instance=instance,
        names=frozenset(names),
        filter={"_id": encode_primary_key(instance)},
        document=document,
        digests=digests,
        upsert=names >= mapping.fields.keys(),
    )


def save_order(instances: Iterable[Model]) -> Iterator[Model]:
    """Each instance once, after the instances it references, depth first and in field order."""
    visited: dict[int, Model] = {}
    for instance in instances:
        yield from _visit(instance, visited)


def _visit(instance: Model, visited: dict[int, Model]) -> Iterator[Model]:
    if id(instance) in visited:
        return
    visited[id(instance)] = instance
    for path in mapping_of(type(instance)).reference_paths:
        target = _at(instance, path.fields)
        if target is not None:
            yield from _visit(target, visited)
    yield instance


def _at(instance: Any, fields: tuple[str, ...]) -> Any:
    """The object at a path of attributes, or `None` where an optional one on the way is."""
    for name in fields:
        if instance is None:
            return None
        instance = getattr(instance, name)
    return instance
