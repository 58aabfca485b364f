"""Conflicts between declared indexes and those a database has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import IndexModel

from odmantic.index import ODMBaseIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from odmantic.model import Model

#: Server error codes IndexOptionsConflict and IndexKeySpecsConflict.
CONFLICT_CODES = frozenset({85, 86})


def declared_indexes(model: type[Model]) -> list[IndexModel]:
    """The driver's index objects of a model, in order."""
    indexes = (
        index.get_pymongo_index() if isinstance(index, ODMBaseIndex) else index
        for index in model.__indexes__()
    )
    return list(indexes)


def find_conflict(
    wanted: IndexModel, existing: Iterable[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The index that keeps the server from creating `wanted`.

    That is the one of the same name, else one with the same keys, else the other text index. Where several have
    the same keys, which their collations or filters allow, the one that is alike in these.

    Args:
        wanted: the index to create.
        existing: index documents as the server lists them, such as
            `{"v": 2, "key": {"ship": 1}, "name": "ship_1"}`.
    """
    document = wanted.document
    keys = list(document["key"].items())
    is_text = any(kind == "text" for _, kind in keys)
    candidates = [index for index in existing if index["name"] != "_id_"]
    for index in candidates:
        if index["name"] == document["name"]:
            return index
    rivals = [
        index
        for index in candidates
        if list(index["key"].items()) == keys or (is_text and "_fts" in index["key"])
    ]
    return min(rivals, key=lambda index: _variant(index) != _variant(document), default=None)


def _variant(index: Mapping[str, Any]) -> tuple[Any, Any]:
    """What lets an index exist beside another on the same keys."""
    return index.get("collation", {}).get("locale"), index.get("partialFilterExpression")


def recreation(index: Mapping[str, Any]) -> dict[str, Any]:
    """The index document to create an index again after it was dropped."""
    return {name: value for name, value in index.items() if name != "ns"}
