"""The indexes of a hierarchy: those of all its classes are in one collection.

A unique index of a class covers its documents and those of its subclasses, by a partial filter. Documents of other
classes lack its keys, and would count as equal. A new subclass needs a wider index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from zlib import crc32

from pymongo import IndexModel

from odmantic._mapping.hierarchy import types_condition
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.indexes import declared_indexes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from odmantic.model import Model

CANNOT_CREATE = 67
"""The server error code CannotCreateIndex."""

_FILTER = "partialFilterExpression"


@dataclass(frozen=True, slots=True)
class WantedIndex:
    """An index that a model declares; with a `type_key`, it is for documents of some types only."""

    model: type[Model]
    index: IndexModel
    type_key: str | None = None

    @property
    def has_several_types(self) -> bool:
        """Whether the filter is one that servers before 6.0 refuse."""
        return self.type_key is not None and len(_types_in(self.index.document, self.type_key)) > 1


@dataclass(frozen=True, slots=True)
class Widening:
    """What brings an index for some types up to date: an index to create, and then the names of those to drop."""

    create: IndexModel | None
    drop: Sequence[str] = ()


def wanted_indexes(model: type[Model]) -> list[WantedIndex]:
    """Return the indexes that a model declares; for a class of a hierarchy, those of all its classes."""
    hierarchy = mapping_of(model).hierarchy
    if hierarchy is None:
        return [WantedIndex(model, index) for index in declared_indexes(model)]
    hierarchy.load()
    wanted: list[WantedIndex] = []
    declared: dict[Any, list[IndexModel]] = {}
    for cls in hierarchy.classes_below(hierarchy.root):
        declared[cls] = declared_indexes(cls)
        of_bases = [index for base in cls.__mro__[1:] for index in declared.get(base, ())]
        for index in declared[cls]:
            if any(index.document == each.document for each in of_bases):
                continue  # that of a base covers the class
            if cls is hierarchy.root or not index.document.get("unique"):
                wanted.append(WantedIndex(cls, index))
            else:
                types = types_condition(hierarchy, [cls])
                wanted.append(WantedIndex(cls, _for_types(index, types), hierarchy.key))
    return wanted


def widening(wanted: WantedIndex, existing: Iterable[Mapping[str, Any]]) -> Widening:
    """Return what brings an index for some types up to date. It never becomes narrower.

    Args:
        wanted: The index.
        existing: Index documents as the server lists them.
    """
    key: Any = wanted.type_key
    document = wanted.index.document
    existing = list(existing)
    narrower = [each for each in existing if _is_alike(each, document, key)]
    types = _types_in(document, key)
    for each in narrower:
        if all(value in _types_in(each, key) for value in types):
            return Widening(None)
    # Another program may know classes that this one does not.
    for each in narrower:
        types += [value for value in _types_in(each, key) if value not in types]
    index = _for_types(wanted.index, {key: types[0] if len(types) == 1 else {"$in": types}})
    if any(each["name"] == document["name"] for each in narrower):
        number = crc32(repr(sorted(map(repr, types))).encode())
        index = _with_options(index, name=f"{document['name']}_{number:08x}")
    return Widening(index, [each["name"] for each in narrower])


def refusal_of_types(wanted: WantedIndex) -> TypeError:
    """Return the error for an index that a server before 6.0 refuses."""
    name = wanted.model.__name__
    return TypeError(
        f"the unique index {wanted.index.document['name']!r} of {name} is for documents of several types, which takes "
        f"MongoDB 6.0 or newer: declare it in the classes below {name} instead, or upgrade the server"
    )


def _for_types(index: IndexModel, types: Mapping[str, Any]) -> IndexModel:
    return _with_options(index, **{_FILTER: {**index.document.get(_FILTER, {}), **types}})


def _with_options(index: IndexModel, **options: Any) -> IndexModel:
    document = {**index.document, **options}
    keys = list(document.pop("key").items())
    return IndexModel(keys, **document)


def _is_alike(existing: Mapping[str, Any], wanted: Mapping[str, Any], key: str) -> bool:
    """Return whether an index differs from a wanted one in its name and in the types of its filter only."""
    return _types_in(existing, key) != [] and _compared(existing, key) == _compared(wanted, key)


def _compared(index: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    others = {name: each for name, each in index.get(_FILTER, {}).items() if name != key}
    options = ("unique", "sparse", "expireAfterSeconds", "hidden")
    locale = index.get("collation", {}).get("locale")
    return (
        list(index["key"].items()),
        others,
        locale,
        *(index.get(option) or None for option in options),
    )


def _types_in(index: Mapping[str, Any], key: str) -> list[Any]:
    condition: Any = index.get(_FILTER, {}).get(key)
    if condition is None:
        return []
    if not isinstance(condition, dict):
        return [condition]
    operators = cast("dict[str, Any]", condition)
    return list(operators.get("$in", [operators["$eq"]] if "$eq" in operators else []))
