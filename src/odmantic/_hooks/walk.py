"""The instances whose hooks an operation on one instance calls: what is inside comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._mapping.fields import ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._state.hollow import hollow_in
from odmantic._state.nested import instances_in
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from odmantic._types.instances import Instance


def written_with(instance: Instance, names: AbstractSet[str] | None = None) -> dict[int, Instance]:
    """Return the embedded instances in some fields, and then the instance, each once, by identity."""
    if not mapping_of(type(instance)).nested_fields:
        return {id(instance): instance}
    found = {id(each): each for each in _inside(instance, names)}
    return {**found, id(instance): instance}


def loaded_with(instance: Instance) -> Iterator[Instance]:
    """Yield the embedded and referenced instances that were read along, and then the instance."""
    yield from _inside(instance, None, with_references=True)
    yield instance


def _inside(
    instance: Instance, names: AbstractSet[str] | None, *, with_references: bool = False
) -> Iterator[Instance]:
    mapping = mapping_of(type(instance))
    for name in mapping.nested_fields:
        if names is not None and name not in names:
            continue
        is_reference = isinstance(mapping.fields[name], ODMReference)
        if is_reference and not with_references:
            continue
        for nested in instances_in(instance.__dict__.get(name)):
            # Copies of documents in containers are not read or written by themselves, nor is what is not loaded.
            is_part = is_reference or not is_model_instance(nested)
            if is_part and hollow_in(nested) is None:
                yield from _inside(nested, None, with_references=with_references)
                yield nested
