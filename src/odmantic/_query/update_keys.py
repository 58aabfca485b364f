"""The keys of paths in updates, and the array filters that their conditions become."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from odmantic._bson.values import is_document, is_stored_array
from odmantic._mapping.fields import ODMBaseField
from odmantic._query.elements import joined_on_item
from odmantic._query.expressions import LOGICAL
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import Item, Key, Path, Place, Where

_REFUSED = frozenset(
    {"$expr", "$text", "$where", "$near", "$nearSphere", "$geoWithin", "$geoIntersects"}
)


@dataclass(slots=True)
class ArrayFilters:
    """The array filters of one update: equal conditions on one array share an identifier."""

    filters: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _known: list[tuple[str, dict[str, Any], str]] = field(
        default_factory=list[tuple[str, dict[str, Any], str]]
    )

    def identify(self, array: Path, key: str, where: Where) -> str:
        """Return the identifier for the items of an array that meet conditions.

        Raises:
            TypeError: if a condition is none on an item, or the server takes it in no array filter.
        """
        condition = joined_on_item("where", array, where.conditions)
        refused = sorted(_operators_in(condition) & _REFUSED)
        if refused:
            raise TypeError(f"where({array}, ...): array filters have no {', '.join(refused)}")
        for known_key, known, name in self._known:
            if known_key == key and known == condition and repr(known) == repr(condition):
                return name
        name = f"e{len(self._known)}"
        self._known.append((key, condition, name))
        self.filters.append(_prefixed(condition, name))
        return name


def key_in_update(path: Path, filters: ArrayFilters) -> str:
    """Return the key of a path in an update.

    Raises:
        ValueError: if a step has no meaning there.
    """
    step, parent = path.step, path.parent
    if parent is None:
        return step.key_name if isinstance(step, ODMBaseField) else getattr(step, "text", "")
    before = key_in_update(parent, filters)
    if isinstance(step, Item):
        return f"{before}.{_place(path, parent, before, step, filters)}"
    if kinds_of(parent.node) is Kind.ARRAY:
        raise ValueError(
            f"{path}: an update has to say which item: {parent}[0], {parent}[each], {parent}[matched] or "
            f"{parent}[where(...)]"
        )
    return (
        f"{before}.{step.key_name if isinstance(step, ODMBaseField) else getattr(step, 'text', '')}"
    )


def _place(path: Path, parent: Path, before: str, step: Item, filters: ArrayFilters) -> str:
    match step.place:
        case Place.EACH:
            return "$[]"
        case Place.MATCHED if "$" in before:
            raise ValueError(
                f"{path}: the server knows one matched item, in the outermost list: use [where(...)]"
            )
        case Place.MATCHED:
            return "$"
        case Where() as where:
            return f"$[{filters.identify(parent, before, where)}]"
        case number if number >= 0:
            return str(number)
        case _:
            raise ValueError(f"{path}: an update counts from the beginning only, as in {parent}[0]")


def is_placed(path: Path) -> bool:
    """Return whether a path has a step in `[...]`."""
    if isinstance(path.step, (Item, Key)):
        return True
    return path.parent is not None and is_placed(path.parent)


def _prefixed(condition: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a condition on an item as an array filter."""
    on_item = {
        key: each for key, each in condition.items() if key.startswith("$") and key not in LOGICAL
    }
    found: dict[str, Any] = {name: on_item} if on_item else {}
    for key, each in condition.items():
        if key in LOGICAL:
            found[key] = [_prefixed(dict(part), name) for part in each]
        elif key not in on_item:
            found[f"{name}.{key}"] = each
    return found


def _operators_in(condition: Any) -> set[str]:
    if is_document(condition):
        found = {str(key) for key in condition if str(key).startswith("$")}
        values: list[Any] = [each for key, each in condition.items() if key not in _OF_VALUES]
    else:
        found = set[str]()
        values = list(condition) if is_stored_array(condition) else []
    return found.union(*map(_operators_in, values))


_OF_VALUES = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$all"})
