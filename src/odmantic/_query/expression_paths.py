"""Paths in expressions, which the server computes: `$home.c`, and operators for items of lists."""

from __future__ import annotations

from typing import Any

from odmantic._mapping.fields import ODMBaseField
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import Item, Itself, Path, Place


def path_in_expression(path: Path) -> Any:
    """Return the expression for what is at a path: where a list is on the way, the array of what is in its items.

    Raises:
        TypeError: if it is about an item of a list that is not known yet.
        ValueError: if a step has no meaning there.
    """
    step, parent = path.step, path.parent
    if isinstance(step, Itself):
        raise TypeError(
            "element is an item of a list in elem_match and where, and in no expression"
        )
    if isinstance(step, Item):
        return _item(path, step)
    name = step.key_name if isinstance(step, ODMBaseField) else step.text
    if parent is None:
        return f"${name}"
    before = path_in_expression(parent)
    if isinstance(before, str):
        return f"{before}.{name}"
    if is_single(path):
        return {"$getField": {"field": name, "input": before}}
    # A field path takes the values out of an array, and `$getField` does not.
    return {"$let": {"vars": {"item": before}, "in": f"$$item.{name}"}}


def _item(path: Path, step: Item) -> Any:
    parent: Any = path.parent
    match step.place:
        case int(place):
            if not is_single(parent):
                raise ValueError(
                    f"{path}: {parent} may be several lists, so that no item has a number there"
                )
            return {"$arrayElemAt": [path_in_expression(parent), place]}
        case Place.EACH:
            if isinstance(parent.step, Item) and parent.step.place is Place.EACH:
                raise ValueError(
                    f"{path}: an expression knows the items of one list, and none of lists inside"
                )
            return path_in_expression(parent)
        case _:
            raise ValueError(
                f"{path}: this place has a meaning in updates only; an expression has {parent}[0] and {parent}[each]"
            )


def is_single(path: Path) -> bool:
    """Return whether there is at most one value at a path in a document."""
    step, parent = path.step, path.parent
    if isinstance(step, Itself):
        return False
    if parent is None:
        return True
    if isinstance(step, Item):
        return isinstance(step.place, int) and is_single(parent)
    return is_single(parent) and not kinds_of(parent.node) & Kind.ARRAY
