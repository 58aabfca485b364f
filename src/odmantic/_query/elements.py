"""Conditions on one item of an array: `elem_match`, and the places that `where` describes."""

from __future__ import annotations

import re
from typing import Any, cast

from bson.regex import Regex

from odmantic._bson.values import is_document
from odmantic._mapping.fields import ODMReference
from odmantic._query.checks import need, refuse
from odmantic._query.comparisons import is_operator
from odmantic._query.expressions import (
    LOGICAL,
    KeyNameProxy,
    QueryDictBool,
    QueryExpression,
    RawQuery,
)
from odmantic._query.field_types import ArrayField
from odmantic._query.kinds import Kind
from odmantic._query.steps import Itself, Path, Unencoded, path_in, without_none
from odmantic._types.kinds import is_class
from odmantic._types.tree import Array, Object, Table, Type, Union


def elem_match(field: ArrayField, *conditions: QueryDictBool) -> QueryExpression:
    """Match documents where one item of a list meets all conditions.

    Conditions are about fields of the items' class, or about `element`, which is the item itself.

    Raises:
        TypeError: if the field holds no list, or a condition is about something else.
        ValueError: if two conditions on `element` cannot be one.

    Example:
        `elem_match(Order.lines, Line.sku == "tea", Line.quantity > 5) | elem_match(Ship.flags, element > "a")`
    """
    path = path_in(field)
    need("elem_match", path, Kind.ARRAY)
    return QueryExpression(
        {path.key: {"$elemMatch": joined_on_item("elem_match", path, conditions)}}
    )


def joined_on_item(operator: str, path: Path, conditions: tuple[Any, ...]) -> dict[str, Any]:
    """Return conditions on the items of an array as one document.

    Args:
        operator: What they are for, in errors.
        path: The path of the array.
        conditions: Conditions on fields of the items' class, or on `element`.

    Raises:
        TypeError: if there is none, or one is about something else.
        ValueError: if two conditions on `element` cannot be one.
    """
    parts = list(_parts(operator, path, conditions))
    if not parts:
        raise refuse(operator, path, "takes conditions on one item, as in Line.qty > 5")
    on_item = [each for key, each in parts if _is_itself(key)]
    if not on_item:
        return _on_fields(operator, path, parts)
    if len(on_item) < len(parts):
        raise refuse(operator, path, "takes conditions on element or on fields, and not on both")
    together: dict[str, Any] = {}
    for each in on_item:
        condition = _encoded(operator, path, each)
        if together.keys() & condition.keys():
            raise ValueError(
                f"{operator}({path}, ...) takes each operator once for element, and not "
                f"{', '.join(sorted(together.keys() & condition.keys()))} twice"
            )
        together.update(condition)
    return together


def _parts(operator: str, path: Path, conditions: tuple[Any, ...]) -> Any:
    """Yield keys and what they ask for; `$and` around them says nothing more."""
    for condition in conditions:
        if isinstance(condition, RawQuery):
            yield "", condition
            continue
        if not isinstance(condition, QueryExpression):
            raise refuse(
                operator,
                path,
                f"takes conditions such as Line.qty > 5, not {condition!r:.200}: write raw({{...}}) if MongoDB's language is meant",
            )
        for key, value in condition.items():
            if key == "$and":
                yield from _parts(operator, path, tuple(value))
            else:
                yield key, value


def _is_itself(key: Any) -> bool:
    return type(key) is KeyNameProxy and key.model is Itself


def _on_fields(operator: str, path: Path, parts: list[tuple[str, Any]]) -> dict[str, Any]:
    classes = _classes_of(path)
    together: dict[str, Any] = {}
    others: list[dict[str, Any]] = []
    for key, value in parts:
        if key == "":
            others.append(dict(value))
        elif key in LOGICAL:
            inside = [joined_on_item(operator, path, (each,)) for each in value]
            if any(_is_about_itself(each) for each in inside):
                raise refuse(operator, path, "takes conditions on element joined by and only")
            others.append({str(key): inside})
        else:
            _check_owner(operator, path, key, classes)
            present = together.setdefault(str(key), value)
            if present is value:
                continue
            if _can_join(present, value):
                together[str(key)] = {**present, **value}
            else:
                others.append({str(key): value})
    if len(others) == 1 and not together.keys() & others[0].keys():
        return {**together, **others[0]}
    return {**together, "$and": others} if others else together


def _is_about_itself(condition: dict[str, Any]) -> bool:
    return any(key.startswith("$") and key not in LOGICAL for key in condition)


def _can_join(one: Any, other: Any) -> bool:
    return is_operator(one) and is_operator(other) and not one.keys() & other.keys()


def _check_owner(operator: str, path: Path, key: str, classes: tuple[Any, ...] | None) -> None:
    """Check that a condition is about a field of the items' class.

    Raises:
        TypeError: if it is about that of another, or about no field.
    """
    owner = key.model if type(key) is KeyNameProxy else None
    if key.startswith("$") or type(key) is not KeyNameProxy:
        advice = ": the server compares them with values only" if key == "$expr" else ""
        raise refuse(
            operator, path, f"takes conditions on one item, and {key} is none of these{advice}"
        )
    if classes is None or owner is None or any(_are_related(owner, each) for each in classes):
        return
    held = " or ".join(each.__name__ for each in classes)
    remedy = f"write {held}.{key.rpartition('.')[2]}" if held else "write element == ..."
    raise refuse(
        operator,
        path,
        f"takes conditions on one item, and {key} belongs to {getattr(owner, '__name__', owner)}: {remedy}",
    )


def _are_related(one: Any, other: Any) -> bool:
    if one is other:
        return True
    # Typed dictionaries refuse `issubclass`.
    are_classes = all(is_class(each) and not issubclass(each, dict) for each in (one, other))
    return are_classes and (issubclass(one, other) or issubclass(other, one))


def _classes_of(path: Path) -> tuple[Any, ...] | None:
    """Return the classes of the items of an array; `None` if they may be any."""
    if path.narrowed is not None:
        return (path.narrowed,)
    if isinstance(path.field, ODMReference):
        return ()
    node = without_none(path.node)
    arrays = [each for each in _members(node) if isinstance(each, Array)]
    if len(arrays) != 1:
        return None
    items = _members(arrays[0].inner)
    classes = tuple(each.cls for each in items if isinstance(each, Object))
    is_known = classes or not any(isinstance(each, Table) or each.cls is Any for each in items)
    return classes if is_known else None


def _members(node: Type) -> tuple[Type, ...]:
    return node.arguments if isinstance(node, Union) else (node,)


def _encoded(operator: str, path: Path, condition: Any) -> dict[str, Any]:
    """Return a condition on items with its operands in the stored form of those of this array."""
    if not is_document(condition):  # a pattern
        return {"$regex": condition}
    return {name: _operand(operator, path, name, each) for name, each in condition.items()}


def _operand(operator: str, path: Path, name: str, operand: Any) -> Any:
    if isinstance(operand, Unencoded):
        stored = path.encode_item(operand.value)
        if name != "$eq" and isinstance(stored, (re.Pattern, Regex)):
            raise refuse(operator, path, f"cannot compare element by {name} with {stored!r:.200}")
        return stored
    if name == "$not":
        return _encoded(operator, path, operand)
    if not isinstance(operand, (list, tuple)):
        return operand
    values = [
        path.encode_item(each.value) if isinstance(each, Unencoded) else each
        for each in cast("list[Any]", operand)
    ]
    if any(map(is_operator, values)):
        raise refuse(operator, path, f"cannot look for documents with keys in $ by {name}")
    return values
