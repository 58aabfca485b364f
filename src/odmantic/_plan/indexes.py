"""The indexes that models declare: whether they were created, and conflicts with existing ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import IndexModel

from odmantic._caller import warn_caller
from odmantic.exceptions import UnconfiguredIndexesWarning
from odmantic.index import ODMBaseIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from odmantic._mapping.mapping import ModelMapping
    from odmantic.model import Model

_settled: set[str | None] = set()
"""Collections of this process whose indexes were created, or whose lack was warned about."""

CONFLICT_CODES = frozenset({85, 86})
"""Server error codes IndexOptionsConflict and IndexKeySpecsConflict."""


def declared_indexes(model: type[Model]) -> list[IndexModel]:
    """Return the driver's index objects of a model, in order."""
    indexes = (
        index.get_pymongo_index() if isinstance(index, ODMBaseIndex) else index
        for index in model.__indexes__()
    )
    return list(indexes)


def settle(mapping: ModelMapping) -> None:
    """Note that the indexes of a model were created."""
    _settled.add(mapping.collection)


def warn_unless_settled(mapping: ModelMapping) -> None:
    """Warn, once, about a write that no unique index may check."""
    hierarchy = mapping.hierarchy
    if mapping.collection in _settled or not (mapping.may_be_unique or hierarchy is not None):
        return
    settle(mapping)
    # The indexes of a hierarchy are created together.
    models = [mapping.model] if hierarchy is None else hierarchy.classes_below(hierarchy.root)
    model = next(filter(_declares_unique, models), None)
    if model is None:
        return
    warn_caller(
        f"{model.__name__} declares unique indexes, and this program has not asked for them, so that the database may "
        f"take the same value twice: call engine.configure_database([{model.__name__}]) once at the start. Filter this "
        "warning where another program does so",
        UnconfiguredIndexesWarning,
    )


def _declares_unique(model: Any) -> bool:
    try:
        indexes = declared_indexes(model)
    except Exception:  # noqa: BLE001 - a save does not need them
        return False
    return any(
        index.document.get("unique") and [*index.document["key"]] != ["_id"] for index in indexes
    )


def find_conflict(
    wanted: IndexModel, existing: Iterable[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Return the index that keeps the server from creating `wanted`.

    It is the one with the same name, or else one with the same keys, or else the other text index. If several have the
    same keys, as their collations or filters permit, it is the one that is alike in these.

    Args:
        wanted: The index to create.
        existing: Index documents as the server lists them, such as
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
    """Return the options that let an index exist besides another on the same keys."""
    return index.get("collation", {}).get("locale"), index.get("partialFilterExpression")


def recreation(index: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with which to create an index again after it was dropped."""
    return {name: value for name, value in index.items() if name != "ns"}
