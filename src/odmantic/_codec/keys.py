"""The primary key of a document that is not read, from the id that refers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import bson

from odmantic._mapping.mapping import mapping_of
from odmantic._types.annotations import annotated, type_adapter
from odmantic._types.tree import Leaf

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic.exceptions import ErrorList

_PLAIN = (bson.ObjectId, str, int)
"""Classes whose values are stored and read unchanged."""

_readers: WeakKeyDictionary[type[Any], Callable[[Any], Any]] = WeakKeyDictionary()


def read_key(model: type[Any], stored: Any) -> Any:
    """Return the value of the primary field that is stored like this.

    Raises:
        ValueError: if no document of the model can have it.
    """
    reader = _readers.get(model)
    if reader is None:
        reader = _readers[model] = _reader(model)
    return reader(stored)


def _reader(model: type[Any]) -> Callable[[Any], Any]:
    mapping = mapping_of(model)
    name = str(mapping.primary_field)
    shape = mapping.shapes[name]
    plain = shape.value_class if type(shape) is Leaf and shape.value_class in _PLAIN else None
    info = mapping.fields[name].pydantic_field
    decode = next(decode for each, _, decode, _ in mapping.decoders if each == name)
    adapter = type_adapter(annotated(info.annotation, info.metadata), arbitrary_types=True)

    def read(stored: Any) -> Any:
        if type(stored) is plain:
            return stored
        errors: ErrorList = []
        value = stored if decode is None else decode(stored, None, errors, {"_id": stored})
        if errors:
            raise ValueError(f"{stored!r:.200} is no primary key of a {model.__name__}")
        return adapter.validate_python(value)

    return read
