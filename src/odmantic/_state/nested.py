"""The instances of models inside an instance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from odmantic._bson.values import is_collection, is_document
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.ref import is_ref
from odmantic._types.instances import Instance
from odmantic._types.kinds import kind_of_instance


def nested_instances(instance: Instance) -> Iterator[Instance]:
    """Yield the instances directly inside an instance: embedded ones, in containers too, and referenced ones."""
    values = instance.__dict__
    for name in mapping_of(type(instance)).nested_fields:
        if name in values:
            yield from instances_in(values[name])


def instances_in(value: Any) -> Iterator[Any]:
    """Yield the instances in a value: the value itself, those in its items, or what a lazy reference has."""
    if kind_of_instance(value) is not None:
        yield value
        return
    items: Iterable[Any] = ()
    if is_document(value):
        items = value.values()
    elif is_collection(value):
        items = value
    elif is_ref(value) and value.is_loaded:
        items = (value.value,)
    for item in items:
        yield from instances_in(item)
