"""Several updates as one: the update document of a command, its array filters, and the conditions of its filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from odmantic._bson.values import is_document
from odmantic._mapping.fields import ODMBaseField
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.foreign import share_documents
from odmantic._query.guards import Guard, guards_of_way
from odmantic._query.steps import Item, Path, Place
from odmantic._query.update_keys import ArrayFilters, key_in_update
from odmantic._query.updates import Update


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """An update as it is sent.

    Attributes:
        document: The update document.
        array_filters: The conditions on items, by identifier.
        conditions: What documents have to match besides the query of the call.
        matched: The keys of the arrays of which the query has to say which item is meant.
    """

    document: dict[str, dict[str, Any]]
    array_filters: list[dict[str, Any]]
    conditions: list[dict[str, Any]]
    matched: tuple[str, ...]


def plan_update(model: Any, updates: tuple[Any, ...], *, upsert: bool = False) -> UpdatePlan:
    """Combine updates into one.

    Args:
        model: The model whose documents are changed.
        updates: The updates.
        upsert: Whether a document may be inserted.

    Raises:
        TypeError: if one is no update, or of a field of another model, or cannot be part of an upsert.
        ValueError: if there is none, two change one path or a part of it, or a path has no meaning in updates.
    """
    if not updates:
        raise ValueError(
            f"an update of {model.__name__} needs changes, as in set_({model.__name__}.field, value)"
        )
    filters = ArrayFilters()
    document: dict[str, dict[str, Any]] = {}
    conditions: list[dict[str, Any]] = []
    changed: list[tuple[str, Update]] = []
    matched: dict[str, None] = {}
    for update in updates:
        _check(model, update, upsert=upsert)
        key = key_in_update(update.path, filters)
        operand = update.operand
        keys = [key]
        if update.operator == "$rename":
            key, operand = _renamed(update, key, filters)
            keys = [key, operand]
        for each in keys:
            _check_conflict(each, update, changed)
            changed.append((each, update))
        document.setdefault(update.operator, {})[key] = operand
        for guard in guards_of(update):
            if guard.condition not in conditions:
                conditions.append(guard.condition)
        matched.update(dict.fromkeys(_matched_arrays(update.path)))
    return UpdatePlan(document, filters.filters, conditions, tuple(matched))


def guards_of(update: Update) -> list[Guard]:
    """Return the conditions of an update; one that removes makes nothing on its way."""
    if update.operator in _REMOVES:
        return [*update.guards]
    other = update.other if isinstance(update.other, Path) else None
    target = update.path if other is None else other
    return [*guards_of_way(target), *update.guards]


_REMOVES = frozenset({"$unset", "$pull", "$pullAll", "$pop", "$setOnInsert"})


def _check(model: Any, update: Any, *, upsert: bool) -> None:
    if not isinstance(update, Update):
        raise TypeError(
            f"an update of {model.__name__} takes changes such as set_({model.__name__}.field, value), not {update!r:.200}"
            + (": write several conditions as a tuple" if is_document(update) else "")
        )
    root = update.path.root
    if root is not model and not (share_documents(root, model) and _has_field(model, update.path)):
        raise TypeError(
            f"{update} is no update of {model.__name__}: use a field of {model.__name__}"
        )
    if update.operator == "$setOnInsert" and not upsert:
        raise TypeError(f"{update} has a meaning in an upsert only: say upsert=, or use set_")
    if upsert and _is_in_list(update.path):
        raise ValueError(
            f"{update} with upsert= would change an item of a list, which a new document may not have: set the list, or "
            "update without upsert="
        )


def _is_in_list(path: Path) -> bool:
    return isinstance(path.step, Item) or (path.parent is not None and _is_in_list(path.parent))


def _has_field(model: Any, path: Path) -> bool:
    """Return whether the documents of a model may have a field of another class: of its base, say, not of a subclass."""
    root = path.root
    while path.parent is not None:
        path = path.parent
    step = path.step
    if not isinstance(step, ODMBaseField) or step.owner is None:
        return not issubclass(root, model)
    own = mapping_of(model).fields.get(step.owner[1])
    if own is None:
        return not issubclass(root, model) and not _are_of_one_hierarchy(root, model)
    return own.key_name == step.key_name and own.tree.annotation == step.tree.annotation


def _are_of_one_hierarchy(one: Any, other: Any) -> bool:
    """Return whether the documents of two classes are told apart, though they are in one collection."""
    hierarchy = mapping_of(one).hierarchy
    return hierarchy is not None and hierarchy is mapping_of(other).hierarchy


def _renamed(update: Update, key: str, filters: ArrayFilters) -> tuple[str, str]:
    """Return the old and the new key of a `rename`."""
    other = update.other
    if isinstance(other, Path):
        return key, key_in_update(other, filters)
    text = str(other)
    return (text, key) if update.is_renamed_to else (key, text)


def _check_conflict(key: str, update: Update, changed: list[tuple[str, Update]]) -> None:
    for other, before in changed:
        one, two = f"{key}.", f"{other}."
        if one.startswith(two) or two.startswith(one):
            raise ValueError(
                f"{before} and {update} change one path, or one inside the other: write them as one change"
            )


def _matched_arrays(path: Path) -> list[str]:
    parent = path.parent
    if parent is None:
        return []
    is_matched = isinstance(path.step, Item) and path.step.place is Place.MATCHED
    return [*_matched_arrays(parent), *([str(parent.key)] if is_matched else [])]
