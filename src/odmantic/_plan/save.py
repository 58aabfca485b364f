"""The plan of a save: which instances, in which order, and the update of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._mapping import encode_changes, encode_document, encode_primary_key, mapping_of
from odmantic._plan.errors import encoding_error
from odmantic._state.changes import (
    compared_fields,
    dirty_fields,
    give_back,
    take,
    take_snapshots,
)

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
        After `user.name = "Ada"` the plan holds the `id_` of the user, `document == {"name": "Ada"}` for `$set`, and
        `upsert is False`.
    """

    instance: Model
    names: AbstractSet[str]
    id_: Any
    document: dict[str, Any]
    snapshots: dict[str, Any]
    """What is remembered of the fields that can change in place."""
    upsert: bool
    """Whether the update may create the document: only one with all fields may (D20)."""


def fields_to_save(instance: Model) -> AbstractSet[str]:
    """Names of the dirty fields of an instance.

    Raises:
        InvalidDocumentError: the instance is nested too deeply.
    """
    try:
        return dirty_fields(instance)
    except RecursionError as error:
        raise encoding_error(error, instance) from error


def all_fields(instance: Model) -> AbstractSet[str]:
    """Names of the fields of an instance, dirty or not, extras included."""
    return compared_fields(instance).union(instance.__mapping__.fields)


def plan_changes(instance: Model) -> SavePlan | None:
    """Plan the update of an instance that was read or written before; without names there is nothing to send.

    `None` leaves it to `plan_save`, which gives the same for the dirty fields, and says what is wrong.
    """
    take = instance.__mapping__.codec.take_changes
    changes = take(instance) if take is not None else None
    if changes is None:
        return None
    names, id_, document = changes
    return SavePlan(instance, names, id_, document, {}, upsert=False)


def plan_save(instance: Model, names: AbstractSet[str]) -> SavePlan | None:
    """Take some fields of an instance, and plan their write; `None` if they have no place in the document.

    What is assigned from now on, in another thread too, makes its field dirty again: the fields are taken before
    their values are looked at, and remembered before they are encoded.

    Raises:
        InvalidDocumentError: the instance is nested too deeply. Its fields are dirty as before.
    """
    mapping: ModelMapping = instance.__mapping__
    fields, compared = mapping.fields, mapping.mutable_fields
    take(instance, names)
    try:
        if mapping.extra_allowed:
            compared = compared_fields(instance)
        snapshots = take_snapshots(instance, compared & names) if compared else {}
        is_whole = len(names) >= len(fields) and names >= fields.keys()
        if mapping.extra_allowed:
            document = _with_extras(instance, names)
        elif is_whole:
            document = encode_document(instance)
        else:
            document = encode_changes(instance, names)
        if not document:
            return None
        id_ = document["_id"] if is_whole else encode_primary_key(instance)
    except BaseException as error:
        give_back(instance, names)
        if isinstance(error, RecursionError):
            raise encoding_error(error, instance) from error
        raise
    return SavePlan(instance, names, id_, document, snapshots, is_whole)


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
