"""Expressions: what the server computes from the fields of one document, by Python's operators or those of MongoDB."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, NoReturn

from bson.decimal128 import Decimal128

from odmantic._query.checks import fits_int64
from odmantic._query.expression_paths import is_single
from odmantic._query.expressions import KeyNameProxy, QueryExpression, RawQuery
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.operands import (
    Computed,
    Operand,
    Parts,
    Stored,
    built,
    common_root,
    holds_durations,
    holds_moments,
    operands_of_one_type,
    path_beside,
)
from odmantic._query.steps import HasPath, Itself, Path, path_in


class Arithmetic:
    """Python's operators on numbers, for fields and expressions."""

    __slots__ = ()

    def __add__(self, other: Any) -> Expression:
        return calculated("$add", self, other)

    def __radd__(self, other: Any) -> Expression:
        return calculated("$add", other, self)

    def __sub__(self, other: Any) -> Expression:
        return calculated("$subtract", self, other)

    def __rsub__(self, other: Any) -> Expression:
        return calculated("$subtract", other, self)

    def __mul__(self, other: Any) -> Expression:
        return calculated("$multiply", self, other)

    def __rmul__(self, other: Any) -> Expression:
        return calculated("$multiply", other, self)

    def __truediv__(self, other: Any) -> Expression:
        return calculated("$divide", self, other)

    def __rtruediv__(self, other: Any) -> Expression:
        return calculated("$divide", other, self)

    def __floordiv__(self, other: Any) -> Expression:
        return _around("$floor", calculated("$divide", self, other))

    def __rfloordiv__(self, other: Any) -> Expression:
        return _around("$floor", calculated("$divide", other, self))

    def __mod__(self, other: Any) -> Expression:
        return calculated("$mod", self, other)

    def __rmod__(self, other: Any) -> Expression:
        return calculated("$mod", other, self)

    def __neg__(self) -> Expression:
        return calculated("$multiply", self, -1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Expression(Arithmetic, Computed):
    """What the server computes from the fields of a document; Python's operators make one of fields.

    Comparisons of it are filters.

    Attributes:
        operator: MongoDB's operator.
        operands: What it is applied to.
        beside: The path whose codec is that of values beside the expression; `None` if there is none.
        root: The class that the fields belong to; `None` if there is none.

    Example:
        `(Ship.tonnage * 2 > 1000) & (Ship.tonnage % 100 == Ship.tonnage - 500)`
    """

    operator: str
    operands: tuple[Operand, ...] | dict[str, Operand]
    beside: Path | None = None
    root: Any = None

    def build(self) -> Any:
        """Return the expression in MongoDB's language."""
        if not self.operands:
            return self.operator if self.operator.startswith("$$") else {self.operator: {}}
        if isinstance(self.operands, tuple) and len(self.operands) == 1:
            return {self.operator: built(self.operands[0])}
        return {self.operator: Parts(self.operands).build()}

    def __repr__(self) -> str:
        return f"Expression({self.build()!r})"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self!r:.200} has no truth value: compare it, and join conditions by & and |"
        )

    def __eq__(self, other: object) -> QueryExpression:  # type: ignore[override]  # a filter
        return compared(self, "$eq", other)

    def __ne__(self, other: object) -> QueryExpression:  # type: ignore[override]  # a filter
        return compared(self, "$ne", other)

    def __lt__(self, other: Any) -> QueryExpression:
        return compared(self, "$lt", other)

    def __le__(self, other: Any) -> QueryExpression:
        return compared(self, "$lte", other)

    def __gt__(self, other: Any) -> QueryExpression:
        return compared(self, "$gt", other)

    def __ge__(self, other: Any) -> QueryExpression:
        return compared(self, "$gte", other)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # == makes a filter


# --- Comparisons -----------------------------------------------------------------------------------


def compared(one: Any, operator: str, other: Any) -> QueryExpression:
    """Return the condition that two fields, expressions or values compare in some way.

    A missing field comes before all values.

    Raises:
        TypeError: if fields belong to different classes, or one is inside a list, where it is an array of values, and
            the other is none.
    """
    for each, beside in ((one, other), (other, one)):
        if isinstance(each, HasPath) and not is_single(path_in(each)) and not _may_be_array(beside):
            shown = f"{_shown(one)} {operator} {_shown(other)}"
            raise TypeError(
                f"{path_in(each)} may be several values, and only single ones are compared: {shown}"
            )
    operands = operands_of_one_type(one, other)
    key = KeyNameProxy("$expr")
    key.model = common_root(operands)
    key.is_typed = any(isinstance(each, Path) and each.is_typed for each in operands)
    return QueryExpression({key: {operator: [built(each) for each in operands]}})


def _may_be_array(value: Any) -> bool:
    if not isinstance(value, HasPath):
        return True
    path = path_in(value)
    return not isinstance(path.step, Itself) and (
        not is_single(path) or bool(kinds_of(path.node) & Kind.ARRAY)
    )


# --- Calculations ----------------------------------------------------------------------------------


def calculated(operator: str, one: Any, other: Any) -> Expression:
    """Return a calculation with two fields, expressions or numbers.

    Raises:
        TypeError: if one holds no numbers, or is inside a list, or fields belong to different classes.
        ValueError: if an integer has more than 64 bits.
    """
    has_moments = operator in ("$add", "$subtract")
    operands = operands_of_one_type(one, other)
    paths = [path_beside(one), path_beside(other)]
    for given, each, beside in zip((one, other), operands, reversed(paths), strict=True):
        if isinstance(each, Path):
            _check_path(operator, each, takes_moments=has_moments)
        elif not isinstance(each, Computed) and not isinstance(given, RawQuery):
            _check_number(operator, given, each, beside, takes_moments=has_moments)
    fields = [each for each in operands if isinstance(each, Path)]
    if any(map(holds_moments, fields)) and any(map(holds_durations, fields)):
        raise TypeError(
            f"{operator} of {' and '.join(map(str, fields))} would take seconds for milliseconds: write the duration times 1000"
        )
    return Expression(operator, operands, paths[0] or paths[1], common_root(operands))


def _around(operator: str, inner: Expression) -> Expression:
    return Expression(operator, (inner,), inner.beside, inner.root)


def _check_path(operator: str, path: Path, *, takes_moments: bool) -> None:
    if not is_single(path):
        raise TypeError(f"{path} may be several values, and {operator} takes single ones")
    if kinds_of(path.node) & Kind.NUMBER or (takes_moments and holds_moments(path)):
        return
    wanted = "numbers or datetimes" if takes_moments else "numbers"
    advice = "to join text write expr.call('$concat', ...), and to sort desc(...)"
    raise TypeError(f"{operator} needs {wanted}, and {path} never holds any: {advice}")


def _check_number(
    operator: str, given: Any, operand: Stored | Parts, beside: Path | None, *, takes_moments: bool
) -> None:
    stored = operand.value if isinstance(operand, Stored) else None
    is_number = isinstance(stored, (int, float, Decimal128)) and not isinstance(stored, bool)
    if isinstance(given, timedelta):
        is_number = beside is not None and (holds_moments(beside) or holds_durations(beside))
    if not is_number and not (takes_moments and isinstance(stored, datetime)):
        raise TypeError(f"{operator} takes a number, not {given!r:.200}")
    if isinstance(stored, int) and not fits_int64(stored):
        raise ValueError(f"{operator} takes an integer of 64 bits, not {given}")


def _shown(value: Any) -> str:
    return str(path_in(value)) if isinstance(value, HasPath) else f"{value!r:.200}"
