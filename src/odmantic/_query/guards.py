"""The conditions under which the server may compute a value: what it makes has to fit the model."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticUndefined

from odmantic._codec.encode import encode_value
from odmantic._mapping.fields import ODMBaseField
from odmantic._mapping.mapping import mapping_of
from odmantic._query.constraints import Constraints, constraints_of
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import Item, Path
from odmantic._query.update_keys import is_placed
from odmantic._types.tree import Nullable


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of an update.

    Attributes:
        condition: The filter that documents have to match.
        is_bound: Whether it keeps a constraint of the field; else the value has to be there.
        bound: That constraint, as a program writes it.
    """

    condition: dict[str, Any]
    is_bound: bool
    bound: str | None = None


def guards_of_sum(path: Path, amount: Any) -> list[Guard]:
    """Return the conditions for the addition of an amount to a number."""
    limits = constraints_of(path.node)
    if is_placed(path):
        return []
    present = presence(path, start=0, is_allowed=limits.admit(amount))
    if not limits.has_bounds:
        return present
    if isinstance(amount, int) and Kind.INTEGER in kinds_of(path.node):
        return [*present, *_bounds_of_integer(path, limits, amount)]
    return [*present, *_bounds_of_result(path, limits, "$add", amount)]


def guards_of_product(path: Path, factor: Any) -> list[Guard]:
    """Return the conditions for the multiplication of a number."""
    limits = constraints_of(path.node)
    if is_placed(path):
        return []
    present = presence(path, start=0, is_allowed=limits.admit(0))
    if not limits.has_bounds:
        return present
    return [*present, *_bounds_of_result(path, limits, "$multiply", factor)]


def presence(path: Path, *, start: Any, is_allowed: bool = True) -> list[Guard]:
    """Return the condition that a value is there, unless the server starts where an instance does.

    Args:
        path: The path.
        start: What the server takes for a missing value.
        is_allowed: Whether what the server makes of a missing value fits.
    """
    step = path.step
    if is_placed(path) or not isinstance(step, ODMBaseField):
        return []
    if isinstance(step.tree, Nullable):
        return [Guard({path.key: {"$ne": None}}, is_bound=False)]
    info = step.pydantic_field
    default: Any = [] if info.default_factory is list else info.default
    starts_elsewhere = info.default_factory not in (None, list) or (
        default is not PydanticUndefined and not _is_same(default, start)
    )
    if starts_elsewhere or not is_allowed:
        return [Guard({path.key: {"$exists": True}}, is_bound=False)]
    return []


def guards_of_way(path: Path) -> list[Guard]:
    """Return the conditions that what a path leads through is there: the server would make up incomplete objects."""
    found: list[Guard] = []
    step, parent = path.step, path.parent
    if parent is None:
        return found
    if _is_one_place(path):
        if isinstance(step, Item):
            # Items before a new one would be null.
            found.append(Guard({path.key: {"$exists": True}}, is_bound=False))
        elif isinstance(parent.node, Nullable) or _needs_keys(parent):
            found.append(Guard({parent.key: {"$type": "object"}}, is_bound=False))
    return [*guards_of_way(parent), *found]


def _is_one_place(path: Path) -> bool:
    """Return whether a filter can name the place: items are given by number."""
    if isinstance(path.step, Item) and not (
        isinstance(path.step.place, int) and path.step.place >= 0
    ):
        return False
    return path.parent is None or _is_one_place(path.parent)


def _needs_keys(path: Path) -> bool:
    """Return whether there may be no object at a path, and one needs more than a single key."""
    if path.embedded is None or not isinstance(path.step, ODMBaseField):
        return False
    fields = mapping_of(path.embedded).fields.values()
    return not path.step.is_required_in_doc() and any(each.is_required_in_doc() for each in fields)


def guards_of_growth(path: Path, number: int) -> list[Guard]:
    """Return the condition that a list has room for some more items."""
    longest = constraints_of(path.node).max_length
    if longest is None or is_placed(path):
        return []
    if number > longest:
        raise ValueError(f"{path} has at most {longest} items, and never {number} more")
    room = {f"{path.key}.{longest - number}": {"$exists": False}}
    return [Guard(room, is_bound=True, bound=f"max_length={longest}")]


def guards_of_loss(path: Path, number: int) -> list[Guard]:
    """Return the condition that a list has some items more than it needs."""
    shortest = constraints_of(path.node).min_length
    if not shortest or is_placed(path):
        return []
    enough = {f"{path.key}.{shortest + number - 1}": {"$exists": True}}
    return [Guard(enough, is_bound=True, bound=f"min_length={shortest}")]


def _bounds_of_integer(path: Path, limits: Constraints, amount: int) -> list[Guard]:
    # A sum of integers is exact. `$not` holds for a missing value, too.
    wanted = (
        [("$lt", "ge", limits.ge), ("$lte", "gt", limits.gt)]
        if amount < 0
        else [("$gt", "le", limits.le), ("$gte", "lt", limits.lt)]
    )
    return [
        Guard(
            {path.key: {"$not": {operator: limit - amount}}}, is_bound=True, bound=f"{word}={limit}"
        )
        for operator, word, limit in wanted
        if limit is not None
    ]


def _bounds_of_result(path: Path, limits: Constraints, operator: str, operand: Any) -> list[Guard]:
    result = {operator: [{"$ifNull": [+path.key, 0]}, encode_value(operand)]}
    bounds = (("ge", limits.ge), ("gt", limits.gt), ("le", limits.le), ("lt", limits.lt))
    return [
        Guard(
            {"$expr": {_COMPARISONS[word]: [result, encode_value(limit)]}},
            is_bound=True,
            bound=f"{word}={limit}",
        )
        for word, limit in bounds
        if limit is not None
    ]


_COMPARISONS = {"ge": "$gte", "gt": "$gt", "le": "$lte", "lt": "$lt"}


def _is_same(default: Any, start: Any) -> bool:
    if isinstance(start, list):
        return isinstance(default, (list, set, frozenset, tuple)) and not default
    is_number = isinstance(default, (int, float, Decimal)) and not isinstance(default, bool)
    return is_number and default == start
