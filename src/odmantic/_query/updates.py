"""Updates: changes of single paths that the server makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson.timestamp import Timestamp

from odmantic._codec.encode import encode_value
from odmantic._mapping.fields import Absence, ODMBaseField
from odmantic._query.checks import need, refuse, whole_number
from odmantic._query.constraints import constraints_of
from odmantic._query.elements import joined_on_item
from odmantic._query.expressions import FieldProxyAny, QueryExpression
from odmantic._query.field_types import Amount, ArrayField, DateField, IntegerField, NumberField
from odmantic._query.guards import (
    Guard,
    guards_of_growth,
    guards_of_loss,
    guards_of_product,
    guards_of_sum,
    presence,
)
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import HasPath, Item, Path, without_none
from odmantic._query.update_checks import (
    amount,
    array,
    changed,
    check_can_miss,
    check_key,
    has_constraints,
    is_outside_lists,
    sort_of_items,
)
from odmantic._query.update_keys import is_placed
from odmantic._query.update_values import check_is_value, stored_item, stored_value


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """One change of one path; functions such as `set_` make it.

    Attributes:
        operator: MongoDB's operator.
        path: The path.
        operand: What is sent for it.
        guards: The conditions under which documents are changed.
        shown: How a program writes it.
        other: The other side of a `rename`, as a path or a key.
        is_renamed_to: Whether the path is the new name.
    """

    operator: str
    path: Path
    operand: Any
    guards: tuple[Guard, ...] = ()
    shown: str = ""
    other: Path | str | None = None
    is_renamed_to: bool = False

    def __repr__(self) -> str:
        return self.shown

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Update):
            return NotImplemented
        return self._identity == other._identity and self.path.root is other.path.root

    def __hash__(self) -> int:
        return hash((self.operator, str(self.path)))

    @property
    def _identity(self) -> tuple[Any, ...]:
        other = self.other and str(self.other)
        return self.operator, str(self.path), self.operand, self.guards, other, self.is_renamed_to


def set_(field: FieldProxyAny, value: Any) -> Update:
    """Assign a value; whole embedded objects, lists and dictionaries too.

    Raises:
        ValidationError: if the value is not valid there.
        TypeError: if the field cannot be updated.

    Example:
        `set_(Order.lines[where(Line.sku == "tea")].quantity, 0)`
    """
    path = changed("set_", field, writes=True)
    stored = stored_value("set_", path, value)
    shown = f"set_({path}, {value!r:.200})"
    step = path.step
    if stored is None and isinstance(step, ODMBaseField) and step.absence & Absence.OF_NONE:
        return Update("$unset", path, "", shown=shown)
    return Update("$set", path, stored, shown=shown)


def set_on_insert(field: FieldProxyAny, value: Any) -> Update:
    """Assign a value if the update inserts the document; see [odmantic.update.set_][]."""
    path = changed("set_on_insert", field, writes=True)
    stored = stored_value("set_on_insert", path, value)
    return Update("$setOnInsert", path, stored, shown=f"set_on_insert({path}, {value!r:.200})")


def unset(field: FieldProxyAny, *, bounded: bool = True) -> Update:
    """Remove a key.

    Raises:
        TypeError: if the model could not read a document without it; for a field of an embedded object,
            `bounded=False` removes it nevertheless.
    """
    path = changed("unset", field)
    if isinstance(path.step, Item):
        raise refuse("unset", path, "would leave null among the items: use pull or pop")
    is_inside = path.parent is not None
    if not (is_inside and not bounded):
        check_can_miss("unset", path)
    return Update("$unset", path, "", shown=f"unset({path})")


def inc(field: NumberField, by: Amount, *, bounded: bool = True) -> Update:
    """Add an amount, which may be negative; documents whose value would leave the field's bounds are not changed.

    Raises:
        TypeError: if the field holds no numbers, or the amount is of another kind.
        ValueError: if the amount is no multiple of the field's `multiple_of`, not finite or too large.
    """
    path = changed("inc", field, writes=True)
    added = amount("inc", path, by)
    step = constraints_of(path.node).multiple_of
    if bounded and step is not None and added % step != 0:
        raise ValueError(f"inc({path}, ...) takes a multiple of {step}, not {by!r}")
    guards = guards_of_sum(path, added) if bounded else ()
    return Update("$inc", path, encode_value(added), tuple(guards), f"inc({path}, {by!r})")


def mul(field: NumberField, factor: Amount, *, bounded: bool = True) -> Update:
    """Multiply by a factor; documents whose value would leave the field's bounds are not changed.

    Raises:
        TypeError: if the field holds no numbers, or the factor is of another kind.
        ValueError: if the factor is not finite or too large.
    """
    path = changed("mul", field, writes=True)
    factor = amount("mul", path, factor)
    guards = guards_of_product(path, factor) if bounded else ()
    return Update("$mul", path, encode_value(factor), tuple(guards), f"mul({path}, {factor!r})")


def min_(field: FieldProxyAny, value: Any) -> Update:
    """Assign a value if it is less than the present one.

    Raises:
        ValidationError: if the value is not valid there.
        TypeError: if values of the field have no order.
    """
    return _extreme("min_", "$min", field, value)


def max_(field: FieldProxyAny, value: Any) -> Update:
    """Assign a value if it is greater than the present one; see [odmantic.update.min_][]."""
    return _extreme("max_", "$max", field, value)


def _extreme(name: str, operator: str, field: FieldProxyAny, value: Any) -> Update:
    path = changed(name, field, writes=True)
    if not kinds_of(path.node) & ~(Kind.ARRAY | Kind.DOCUMENT):
        raise refuse(name, path, "needs values with an order")
    stored = stored_value(name, path, value)
    guards = presence(path, start=None)
    return Update(operator, path, stored, tuple(guards), f"{name}({path}, {value!r:.200})")


def bit(
    field: IntegerField,
    *,
    and_: int | None = None,
    or_: int | None = None,
    xor: int | None = None,
    bounded: bool = True,
) -> Update:
    """Combine the bits of an integer with a mask, by one of three operators.

    Raises:
        TypeError: if the field holds no integers, or has bounds, unless `bounded=False`, or there is not one mask.
        ValueError: if the mask has more than 64 bits.
    """
    path = changed("bit", field, writes=True)
    need("bit", path, Kind.INTEGER)
    given = [
        (name, value)
        for name, value in (("and", and_), ("or", or_), ("xor", xor))
        if value is not None
    ]
    if len(given) != 1:
        raise refuse("bit", path, "takes one of and_=, or_= and xor=")
    if bounded and constraints_of(path.node).has_bounds:
        raise refuse("bit", path, "cannot keep the bounds of the field: say bounded=False")
    ((name, mask),) = given
    mask = whole_number("bit", path, "mask", mask)
    guards = presence(path, start=0)
    return Update("$bit", path, {name: mask}, tuple(guards), f"bit({path}, {name}={mask})")


def rename(old: FieldProxyAny, new: FieldProxyAny, *, bounded: bool = True) -> Update:
    """Give a key another name; either side is a field or the text of a key, and one is a field.

    Raises:
        TypeError: if no side is a field, one is in a list, the model needs the old one, or the new one has
            constraints, which the value may not meet, unless `bounded=False`.
    """
    paths = [changed("rename", each) if isinstance(each, HasPath) else None for each in (old, new)]
    one, other = paths
    known = one or other
    if known is None:
        raise TypeError("rename takes a field on one of its sides, as in rename('nick', User.name)")
    for path, given in ((one, old), (other, new)):
        if path is None:
            check_key(known, given)
        elif not is_outside_lists(path):
            raise refuse("rename", path, "cannot rename inside a list")
    if one is not None:
        check_can_miss("rename", one)
    if other is not None and bounded and any(has_constraints(other)):
        raise refuse(
            "rename", other, "has constraints that a renamed value may not meet: say bounded=False"
        )
    shown = f"rename({one or repr(old)}, {other or repr(new)})"
    if one is None:
        return Update("$rename", known, None, shown=shown, other=old, is_renamed_to=True)
    return Update("$rename", one, None, shown=shown, other=other or new)


def current_date(field: DateField) -> Update:
    """Assign the server's time.

    Raises:
        TypeError: if the field holds neither datetimes nor timestamps.
    """
    path = changed("current_date", field, writes=True)
    node = without_none(path.node)
    shown = f"current_date({path})"
    if issubclass(node.value_class, Timestamp):
        return Update("$currentDate", path, {"$type": "timestamp"}, shown=shown)
    if not issubclass(node.value_class, datetime) or node.is_stored_by_user:
        raise refuse("current_date", path, "needs datetimes or timestamps")
    return Update("$currentDate", path, True, shown=shown)


def push(
    field: ArrayField,
    *values: Any,
    position: int | None = None,
    slice: int | None = None,  # noqa: A002 - MongoDB's word
    sort: Any = None,
    bounded: bool = True,
) -> Update:
    """Append values to a list; one that would get longer than its `max_length` is not changed.

    Args:
        field: The list.
        *values: The values.
        position: The place of the first one; a negative one counts from the end.
        slice: How many items stay, from the beginning, or if it is negative, from the end.
        sort: 1 or -1 to sort the items, or `desc(Line.quantity)` for embedded objects.
        bounded: Whether `max_length` counts.

    Raises:
        ValidationError: if a value is not valid there.
        TypeError: if the field holds no list, or there is nothing to do.
        ValueError: if so many values never fit.
    """
    path = array("push", field)
    if issubclass(without_none(path.node).value_class, (set, frozenset)):
        raise refuse("push", path, "could repeat an item of a set: use add_to_set")
    operand: dict[str, Any] = {"$each": [stored_item("push", path, each) for each in values]}
    for name, number in (("position", position), ("slice", slice)):
        if number is not None:
            operand[f"${name}"] = whole_number("push", path, name, number)
    if sort is not None:
        operand["$sort"] = sort_of_items(path, sort)
    if not values and len(operand) == 1:
        raise refuse("push", path, "takes values")
    guards = presence(path, start=[])
    longest = constraints_of(path.node).max_length
    is_cut = slice is not None and longest is not None and abs(slice) <= longest
    if bounded and values and not is_cut:
        guards += guards_of_growth(path, len(values))
    shown = ", ".join([str(path), *(f"{each!r:.200}" for each in values)])
    return Update("$push", path, operand, tuple(guards), f"push({shown})")


def add_to_set(field: ArrayField, *values: Any, bounded: bool = True) -> Update:
    """Append those values to a list or set that are not in it; see [odmantic.update.push][]."""
    path = array("add_to_set", field)
    if not values:
        raise refuse("add_to_set", path, "takes values")
    stored = [stored_item("add_to_set", path, each) for each in values]
    guards = presence(path, start=[])
    if bounded:
        for room in guards_of_growth(path, len(values)):
            has_all = {"$and": [{path.key: {"$elemMatch": {"$eq": each}}} for each in stored]}
            condition = {"$or": [room.condition, has_all]}
            guards.append(Guard(condition, is_bound=True, bound=room.bound))
    shown = ", ".join([str(path), *(f"{each!r:.200}" for each in values)])
    return Update("$addToSet", path, {"$each": stored}, tuple(guards), f"add_to_set({shown})")


def pull(field: ArrayField, *values: Any, bounded: bool = True) -> Update:
    """Remove items from a list or set: those that equal a value, or those that meet all conditions.

    Raises:
        TypeError: if the field holds no list, there is nothing to remove, or values and conditions are mixed, or a
            condition cannot keep the `min_length` of the field, unless `bounded=False`.

    Example:
        `(pull(Ship.flags, "no"), pull(Order.lines, Line.quantity == 0), pull(Ship.flags, element < "c"))`
    """
    path = array("pull", field)
    are_conditions = [isinstance(each, QueryExpression) for each in values]
    if not values or any(are_conditions) is not all(are_conditions):
        raise refuse("pull", path, "takes either values or conditions on one item")
    shown = f"pull({', '.join([str(path), *(f'{each!r:.200}' for each in values)])})"
    shortest = constraints_of(path.node).min_length
    if bounded and shortest and not is_placed(path):
        raise refuse(
            "pull",
            path,
            f"may remove any number of items, and {shortest} have to stay: say bounded=False",
        )
    if are_conditions[0]:
        return Update("$pull", path, joined_on_item("pull", path, values), shown=shown)
    for each in values:
        check_is_value("pull", path, each)
    stored = [path.encode_item(each) for each in values]
    return Update("$pullAll", path, stored, shown=shown)


def pop(field: ArrayField, *, first: bool = False, bounded: bool = True) -> Update:
    """Remove the last item of a list, or the first one; a list that would get too short is not changed.

    Raises:
        TypeError: if the field holds no list.
    """
    path = array("pop", field)
    guards = guards_of_loss(path, 1) if bounded else []
    shown = f"pop({path}, first=True)" if first else f"pop({path})"
    return Update("$pop", path, -1 if first else 1, tuple(guards), shown)
