"""What updates refuse: fields that no update may change, and operands of another kind."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from odmantic._mapping.fields import ODMBaseField, ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._query.checks import need, refuse, whole_number
from odmantic._query.constraints import constraints_of
from odmantic._query.expressions import FieldProxyAny, SortExpression
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import Item, Path, path_in, without_none
from odmantic._types.kinds import is_model
from odmantic._types.tree import Array, FixedTuple


def changed(name: str, field: FieldProxyAny, *, writes: bool = False) -> Path:
    """Return the path of a field that may be updated.

    Raises:
        TypeError: if it is none, or may not.
    """
    path = path_in(field)
    check = name if name in _OF_FROZEN else "writes" if writes else "changes"
    if check not in path.passed:
        _check_changes(name, path, writes=writes)
        path.passed.add(check)
    return path


_OF_FROZEN = frozenset({"set_on_insert", "push", "add_to_set", "pull", "pop"})
"""What may also be done with a frozen field: it makes the value, or changes it in place."""


def _check_changes(name: str, path: Path, *, writes: bool) -> None:
    first = path
    while first.parent is not None:
        first = first.parent
    root = first.root
    if not is_model(root):
        raise refuse(
            name, path, "begins at no model: write the whole path, as in Order.lines[each].quantity"
        )
    mapping = mapping_of(root)
    _check_last_step(name, path)
    step = first.step
    if isinstance(step, ODMBaseField) and step.owner is not None:
        if step.owner[1] == mapping.primary_field:
            raise refuse(name, path, "cannot change the primary key")
        if step.owner[1] == mapping.type_field:
            raise refuse(name, path, "cannot change the class of a document")
    if writes:
        _check_documents(name, path, root)


def _check_last_step(name: str, path: Path) -> None:
    step = path.step
    if not isinstance(step, ODMBaseField):
        return
    if step.owner is None:
        raise refuse(name, path, "is a stored property: change what it is computed from")
    if step.pydantic_field.frozen and name not in _OF_FROZEN:
        raise refuse(name, path, "cannot change a frozen field: only raw({...}) can")


def _check_documents(name: str, path: Path, root: Any) -> None:
    """Refuse values for classes that write or read their documents themselves."""
    classes = [root, *(each.cls for each in path.node.models)]
    parent = path.parent
    while parent is not None:
        if parent.embedded is not None:
            classes.append(parent.embedded)
        parent = parent.parent
    for cls in classes if not isinstance(path.field, ODMReference) else classes[:1]:
        if mapping_of(cls).dumps_itself or mapping_of(cls).parses_itself:
            raise refuse(
                name,
                path,
                f"cannot know the documents of {cls.__name__}, which makes or reads them itself",
            )


def array(name: str, field: FieldProxyAny) -> Path:
    path = changed(name, field, writes=True)
    need(name, path, Kind.ARRAY)
    if isinstance(without_none(path.node), FixedTuple):
        raise refuse(name, path, "cannot change the length of a tuple")
    return path


def check_can_miss(name: str, path: Path) -> None:
    step = path.step
    if isinstance(step, ODMBaseField) and step.is_required_in_doc():
        raise refuse(
            name, path, "would leave documents that the model cannot read, as it needs the key"
        )


def is_outside_lists(path: Path) -> bool:
    if isinstance(path.step, Item):
        return False
    parent = path.parent
    return parent is None or (not kinds_of(parent.node) & Kind.ARRAY and is_outside_lists(parent))


def has_constraints(path: Path) -> tuple[bool, ...]:
    found = constraints_of(path.node)
    lengths = (found.min_length, found.max_length, found.multiple_of)
    return (found.has_bounds, *(each is not None for each in lengths))


def check_key(known: Path, key: Any) -> None:
    if not isinstance(key, str):
        raise refuse("rename", known, f"takes a field or the text of a key, not {key!r:.200}")
    if (
        any(not part or part.startswith("$") or "\0" in part for part in key.split("."))
        or key.split(".")[0] == "_id"
    ):
        raise ValueError(f"rename({known}, ...) cannot take {key!r:.200} as a key")


def amount(name: str, path: Path, given: Any) -> Any:
    """Return an amount of the field's kind.

    Raises:
        TypeError: if the field holds no numbers, or it is of another kind.
        ValueError: if it is not finite, or an integer that BSON does not have.
    """
    need(name, path, Kind.NUMBER)
    if isinstance(given, bool) or not isinstance(given, (int, float, Decimal)):
        raise refuse(name, path, f"takes a number, not {given!r:.200}")
    if isinstance(given, int):
        given = whole_number(name, path, "amount", given)
    elif not math.isfinite(given):
        raise ValueError(f"{name}({path}, ...) takes a finite number, not {given!r}")
    cls = without_none(path.node).value_class
    for kind, taken, words in _AMOUNTS:
        if issubclass(cls, kind):
            if not isinstance(given, taken):
                raise refuse(name, path, f"takes {words}, not {given!r}")
            return given if isinstance(given, kind) else kind(given)
    return given


_AMOUNTS: tuple[tuple[type[Any], tuple[type[Any], ...], str], ...] = (
    (int, (int,), "an integer"),
    (Decimal, (Decimal, int), "a Decimal or an integer"),
    (float, (float, int), "a float or an integer"),
)
"""The classes of numbers, and those of the amounts that they take."""


def sort_of_items(path: Path, sort: Any) -> Any:
    if isinstance(sort, SortExpression):
        node = without_none(path.node)
        if not isinstance(node, Array):
            raise refuse("push", path, "sorts the items of a list")
        return {str(key): direction for key, direction in sort.items()}
    if sort in (1, -1) and not isinstance(sort, (bool, float)):
        return sort
    raise refuse("push", path, f"takes 1, -1 or desc(Line.quantity) as sort=, not {sort!r:.200}")
