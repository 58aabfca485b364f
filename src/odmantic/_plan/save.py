"""The plan of a save: which instances, in which order, and the update of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._mapping import encode_changes, encode_document, encode_primary_key, mapping_of
from odmantic._plan.errors import encoding_error
from odmantic._state.changes import compared_fields, dirty_fields, take_snapshots

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._mapping import ModelMapping
    from odmantic.model import Model


# Not frozen: that takes several times as long to make.
@dataclass(slots=True, eq=False)
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
    snapshots: dict[str, Any]
    """What is remembered of the fields that can change in place."""
    upsert: bool
    """Whether the update may create the document: only one with all fields may (D20)."""

    @property
    def update(self) -> dict[str, Any]:
        """The update document."""
        return {"$set": self.document}


def plan_save(instance: Model, *, whole: bool = False) -> SavePlan | None:
    """Plan the write of the dirty fields of one instance, or of all of them; `None` if there are none.

    Raises:
        InvalidDocumentError: the instance is nested too deeply.
    """
    mapping: ModelMapping = type(instance).__mapping__
    fields, compared = mapping.fields, mapping.mutable_fields
    try:
        names = dirty_fields(instance) if not whole else compared_fields(instance).union(fields)
        if not names:
            return None
        is_whole = len(names) >= len(fields) and names >= fields.keys()
        if mapping.extra_allowed:
            document = _with_extras(instance, names)
            compared = compared_fields(instance)
        elif is_whole:
            document = encode_document(instance)
        else:
            document = encode_changes(instance, names)
        if not document:
            return None
        key = document["_id"] if is_whole else encode_primary_key(instance)
        snapshots = take_snapshots(instance, compared & names) if compared else {}
    except RecursionError as error:
        raise encoding_error(error, instance) from error
    return SavePlan(instance, frozenset(names), {"_id": key}, document, snapshots, is_whole)


def _with_extras(instance: Model, names: AbstractSet[str]) -> dict[str, Any]:
    """The named values; the document of an instance always has all of its extras."""
    mapping = mapping_of(type(instance))
    wanted = {_key(mapping, name) for name in names}
    document = encode_document(instance, include=names)
    return {key: value for key, value in document.items() if key in wanted}


def _key(mapping: ModelMapping, name: str) -> str:
    field = mapping.fields.get(name)
    return name if field is None else field.key_name


def save_order(instances: Sequence[Model]) -> Sequence[Model]:
    """The instances, each after those it references, depth first and in field order.

    One that comes twice may do so here: it has nothing to be written the second time.
    """
    if not any(mapping_of(model).reference_paths for model in set(map(type, instances))):
        return instances
    visited: dict[int, Model] = {}
    return [each for instance in instances for each in _visit(instance, visited)]


def _visit(instance: Model, visited: dict[int, Model]) -> Iterator[Model]:
    if id(instance) in visited:
        return
    visited[id(instance)] = instance
    for path in mapping_of(type(instance)).reference_paths:
        target = at_path(instance, path.fields)
        if target is not None:
            yield from _visit(target, visited)
    yield instance


def at_path(instance: Any, fields: tuple[str, ...]) -> Any:
    """The object at a path of attributes, or `None` where an optional one on the way is."""
    for name in fields:
        if instance is None:
            return None
        instance = getattr(instance, name)
    return instance
