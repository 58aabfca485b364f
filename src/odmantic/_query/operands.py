"""Operands of expressions: fields, other expressions, and values.

A value is data, whatever is in it: what the server could take for a path, an operator or an array of expressions goes
out as a `$literal`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import bson

from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.encode import encode_value
from odmantic._query.expression_paths import path_in_expression
from odmantic._query.expressions import QueryExpression, RawQuery
from odmantic._query.steps import HasPath, Path, path_in, without_none
from odmantic._types.kinds import is_class


class Computed:
    """What the server computes.

    Attributes:
        beside: The path whose codec is that of values beside it; `None` if there is none.
        root: The class that the fields in it belong to; `None` if there are none.
    """

    __slots__ = ()

    beside: Path | None
    root: Any

    if TYPE_CHECKING:

        def build(self) -> Any:
            """Return it in MongoDB's language."""
            ...


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A value in its stored form; `is_bare` if it is none that the server could take for something else."""

    value: Any
    is_bare: bool = False

    def build(self) -> Any:
        """Return it in MongoDB's language."""
        is_plain = self.is_bare or _is_plain(self.value)
        return self.value if is_plain else {"$literal": self.value}


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """An array or a document with expressions in it."""

    operands: tuple[Operand, ...] | dict[str, Operand]

    def build(self) -> Any:
        """Return it in MongoDB's language."""
        if isinstance(self.operands, tuple):
            return [built(each) for each in self.operands]
        return {name: built(each) for name, each in self.operands.items()}


Operand: TypeAlias = Computed | Path | Stored | Parts


def is_computed(value: object) -> bool:
    """Return whether something stands for what the server finds in a document, and is no value."""
    return isinstance(value, (HasPath, Computed))


def operand_of(value: Any, beside: Path | None = None) -> Operand:
    """Return something as an operand.

    Args:
        value: A field, an expression or a value.
        beside: The path whose codec encodes a value.

    Raises:
        TypeError: if it is a condition.
        ValueError: if it is a path without a meaning in expressions, or a document of expressions has an operator.
    """
    if isinstance(value, Computed):
        return value
    if isinstance(value, HasPath):
        path = path_in(value)
        path_in_expression(path)
        return path
    if isinstance(value, RawQuery):
        return Stored(dict(value), is_bare=True)
    if isinstance(value, QueryExpression):
        raise TypeError(
            f"{value!r:.200} is a condition: in an expression write expr.call('$gt', User.age, 18)"
        )
    if _has_computed(value):
        return _parts(value)
    return Stored(_stored_beside(beside, value))


def operands_of_one_type(one: Any, other: Any) -> tuple[Operand, Operand]:
    """Return two things as operands; a value is encoded by the codec of what is beside it."""
    return operand_of(one, path_beside(other)), operand_of(other, path_beside(one))


def path_beside(value: Any) -> Path | None:
    """Return the path whose codec encodes values beside something."""
    if isinstance(value, Computed):
        return value.beside
    return path_in(value) if isinstance(value, HasPath) else None


def built(operand: Operand) -> Any:
    """Return an operand in MongoDB's language."""
    return path_in_expression(operand) if isinstance(operand, Path) else operand.build()


def common_root(operands: tuple[Operand, ...]) -> Any:
    """Return the class to which the fields of operands belong; `None` if there are no fields.

    Raises:
        TypeError: if they belong to several.
    """
    found: Any = None
    for each in operands:
        root = _root_of(each)
        if not _share_root(found, root):
            shown = " and ".join(map(_shown, operands))
            raise TypeError(
                f"{shown} are of different documents: compare fields of one class, or look the value up first"
            )
        found = root if found is None else found
    return found


def holds_moments(path: Path) -> bool:
    """Return whether a path has datetimes, to which the server adds milliseconds."""
    node = without_none(path.node)
    return not node.is_stored_by_user and issubclass(node.value_class, date)


def holds_durations(path: Path) -> bool:
    """Return whether a path has durations, which are stored in seconds."""
    node = without_none(path.node)
    return not node.is_stored_by_user and issubclass(node.value_class, timedelta)


def _has_computed(value: Any) -> bool:
    """Return whether there is an expression in an array or a document."""
    if is_document(value):
        value = list(value.values())
    return is_stored_array(value) and any(
        is_computed(each) or isinstance(each, RawQuery) or _has_computed(each) for each in value
    )


def _parts(value: Any) -> Parts:
    if not is_document(value):
        return Parts(tuple(map(operand_of, value)))
    for key in value:
        if not isinstance(key, str) or not key or key.startswith("$") or "." in key or "\0" in key:
            raise ValueError(
                f"a document with expressions has no key {key!r:.200}: for an operator write expr.call(...)"
            )
    return Parts({str(key): operand_of(each) for key, each in value.items()})


def _stored_beside(path: Path | None, value: Any) -> Any:
    if path is None:
        return encode_value(value)
    if isinstance(value, timedelta) and holds_moments(path):
        whole, rest = divmod(value, _MILLISECOND)
        return value / _MILLISECOND if rest else whole
    return path.encode(value)


_MILLISECOND = timedelta(milliseconds=1)


_PLAIN = (
    *(type(None), bool, int, float, bytes, datetime, re.Pattern),
    *(bson.ObjectId, bson.Decimal128, bson.Regex, bson.Timestamp, bson.MinKey, bson.MaxKey),
)


def _is_plain(stored: Any) -> bool:
    """Return whether a value is one to the server, too, where expressions stand."""
    if isinstance(stored, str):
        return not stored.startswith("$")
    return isinstance(stored, _PLAIN)


def _root_of(operand: Operand) -> Any:
    if isinstance(operand, Parts):
        parts = operand.operands
        return common_root(parts if isinstance(parts, tuple) else tuple(parts.values()))
    return None if isinstance(operand, Stored) else operand.root


def _share_root(one: Any, other: Any) -> bool:
    if one is other or one is None or other is None:
        return True
    are_classes = is_class(one) and is_class(other)
    return are_classes and (issubclass(one, other) or issubclass(other, one))


def _shown(operand: Operand) -> str:
    return str(operand) if isinstance(operand, Path) else f"{operand.build()!r:.200}"
