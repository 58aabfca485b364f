"""What operators refuse: paths whose values they say nothing about, and operands of a wrong kind."""

from __future__ import annotations

from typing import Any

from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import Path, without_none
from odmantic._types.tree import Array, Table

_WANTED = {
    Kind.TEXT: "text",
    Kind.NUMBER: "numbers",
    Kind.INTEGER: "integers",
    Kind.INTEGER | Kind.BYTES: "integers or bytes",
    Kind.ARRAY: "a list",
    Kind.TEXT | Kind.ARRAY: "text or a list",
}


def fits_int64(number: int) -> bool:
    """Return whether BSON has an integer; a `range` would be searched for those of a subclass, such as `Int64`."""
    return -(2**63) <= number < 2**63


def need(operator: str, path: Path, kind: Kind) -> None:
    """Check that a path may have values of a kind, or of one of several.

    Raises:
        TypeError: if it cannot.
    """
    if kind in path.passed:
        return
    if kinds_of(path.node) & kind:
        path.passed.add(kind)
        return
    node, advice = without_none(path.node), ""
    if isinstance(node, Array) and kinds_of(node.inner) & kind:
        advice = f": for its items write {operator}({path}[each], ...)"
    elif isinstance(node, Table) and kinds_of(node.inner) & kind:
        advice = f": for one of its values write {operator}({path}[key], ...)"
    raise refuse(operator, path, f"needs {_WANTED[kind]}, and {path} never holds any{advice}")


def refuse(operator: str, path: Path, why: str) -> TypeError:
    """Return the error about an operand of a wrong kind, or a path."""
    return TypeError(f"{operator}({path}, ...) {why}")


def whole_number(operator: str, path: Path, name: str, value: Any, least: int | None = None) -> int:
    """Return an operand that is an integer.

    Raises:
        TypeError: if it is none.
        ValueError: if it is less than `least`, or BSON has no such integer.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse(operator, path, f"takes an integer as {name}, not {value!r:.200}")
    if not fits_int64(value) or (least is not None and value < least):
        wanted = "of 64 bits" if least is None else f"of at least {least} and of 64 bits"
        raise ValueError(
            f"{operator}({path}, ...) takes an integer {wanted} as {name}, not {value}"
        )
    return value
