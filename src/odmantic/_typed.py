"""`F`, which gives a field the type of its values."""

# mypy: disable-error-code="overload-overlap"
# pyright: reportOverlappingOverload=false
# Each overload is for what the ones before it are not for: a bool is an int, and a model is anything.

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias, TypeVar, overload
from uuid import UUID

from bson.decimal128 import Decimal128
from bson.objectid import ObjectId
from bson.timestamp import Timestamp

from odmantic._mapping.ref import Ref
from odmantic._query.typed import (
    ArrayExpr,
    DateExpr,
    Expr,
    IntegerExpr,
    NumberExpr,
    OrderedExpr,
    TextExpr,
    typed,
)
from odmantic.model import Model

Key: TypeAlias = ObjectId | str | int | UUID
"""Primary keys with which references are compared; for others there is `Ref.to(Model, key)`."""

T = TypeVar("T")
E = TypeVar("E")
K = TypeVar("K")
V = TypeVar("V")
Choice = TypeVar("Choice", bound=bool | Enum)
Integer = TypeVar("Integer", bound=int)
Number = TypeVar("Number", bound=float | Decimal)
Text = TypeVar("Text", bound=str)
Date = TypeVar("Date", bound=date | datetime | Timestamp)
Ordered = TypeVar("Ordered", bound=ObjectId | UUID | bytes | time | timedelta)
M = TypeVar("M", bound=Model)


@overload
def F(field: Choice, /) -> Expr[Choice, Choice]: ...
@overload
def F(field: Choice | None, /) -> Expr[Choice | None, Choice | None]: ...
@overload
def F(field: Integer, /) -> IntegerExpr[Integer, Integer]: ...
@overload
def F(field: Integer | None, /) -> IntegerExpr[Integer | None, Integer]: ...
@overload
def F(field: Number, /) -> NumberExpr[Number, Number | int]: ...
@overload
def F(field: Number | None, /) -> NumberExpr[Number | None, Number | int]: ...
@overload
def F(field: Decimal128, /) -> OrderedExpr[Decimal128, Decimal128 | Decimal | int]: ...
@overload
def F(
    field: Decimal128 | None, /
) -> OrderedExpr[Decimal128 | None, Decimal128 | Decimal | int]: ...
@overload
def F(field: Text, /) -> TextExpr[Text, Text]: ...
@overload
def F(field: Text | None, /) -> TextExpr[Text | None, Text]: ...
@overload
def F(field: Date, /) -> DateExpr[Date, Date]: ...
@overload
def F(field: Date | None, /) -> DateExpr[Date | None, Date]: ...
@overload
def F(field: Ordered, /) -> OrderedExpr[Ordered, Ordered]: ...
@overload
def F(field: Ordered | None, /) -> OrderedExpr[Ordered | None, Ordered]: ...
@overload
def F(field: M, /) -> Expr[M | Key, M | Key]: ...
@overload
def F(field: M | None, /) -> Expr[M | Key | None, M | Key | None]: ...
@overload
def F(field: Ref[M], /) -> Expr[M | Ref[M] | Key, M | Ref[M] | Key]: ...
@overload
def F(field: Ref[M] | None, /) -> Expr[M | Ref[M] | Key | None, M | Ref[M] | Key | None]: ...
@overload
def F(field: list[M], /) -> ArrayExpr[list[M], M | Ref[M] | Key]: ...
@overload
def F(field: list[M] | None, /) -> ArrayExpr[list[M] | None, M | Ref[M] | Key]: ...
@overload
def F(field: tuple[M, ...], /) -> ArrayExpr[tuple[M, ...], M | Ref[M] | Key]: ...
@overload
def F(field: tuple[M, ...] | None, /) -> ArrayExpr[tuple[M, ...] | None, M | Ref[M] | Key]: ...
@overload
def F(field: set[M], /) -> ArrayExpr[set[M], M | Ref[M] | Key]: ...
@overload
def F(field: set[M] | None, /) -> ArrayExpr[set[M] | None, M | Ref[M] | Key]: ...
@overload
def F(field: frozenset[M], /) -> ArrayExpr[frozenset[M], M | Ref[M] | Key]: ...
@overload
def F(field: frozenset[M] | None, /) -> ArrayExpr[frozenset[M] | None, M | Ref[M] | Key]: ...
@overload
def F(field: deque[M], /) -> ArrayExpr[deque[M], M | Ref[M] | Key]: ...
@overload
def F(field: deque[M] | None, /) -> ArrayExpr[deque[M] | None, M | Ref[M] | Key]: ...
@overload
def F(field: list[Ref[M]], /) -> ArrayExpr[list[Ref[M]], M | Ref[M] | Key]: ...
@overload
def F(field: list[Ref[M]] | None, /) -> ArrayExpr[list[Ref[M]] | None, M | Ref[M] | Key]: ...
@overload
def F(field: tuple[Ref[M], ...], /) -> ArrayExpr[tuple[Ref[M], ...], M | Ref[M] | Key]: ...
@overload
def F(
    field: tuple[Ref[M], ...] | None, /
) -> ArrayExpr[tuple[Ref[M], ...] | None, M | Ref[M] | Key]: ...
@overload
def F(field: set[Ref[M]], /) -> ArrayExpr[set[Ref[M]], M | Ref[M] | Key]: ...
@overload
def F(field: set[Ref[M]] | None, /) -> ArrayExpr[set[Ref[M]] | None, M | Ref[M] | Key]: ...
@overload
def F(field: frozenset[Ref[M]], /) -> ArrayExpr[frozenset[Ref[M]], M | Ref[M] | Key]: ...
@overload
def F(
    field: frozenset[Ref[M]] | None, /
) -> ArrayExpr[frozenset[Ref[M]] | None, M | Ref[M] | Key]: ...
@overload
def F(field: deque[Ref[M]], /) -> ArrayExpr[deque[Ref[M]], M | Ref[M] | Key]: ...
@overload
def F(field: deque[Ref[M]] | None, /) -> ArrayExpr[deque[Ref[M]] | None, M | Ref[M] | Key]: ...
@overload
def F(field: list[E], /) -> ArrayExpr[list[E], E]: ...
@overload
def F(field: list[E] | None, /) -> ArrayExpr[list[E] | None, E]: ...
@overload
def F(field: set[E], /) -> ArrayExpr[set[E], E]: ...
@overload
def F(field: set[E] | None, /) -> ArrayExpr[set[E] | None, E]: ...
@overload
def F(field: frozenset[E], /) -> ArrayExpr[frozenset[E], E]: ...
@overload
def F(field: frozenset[E] | None, /) -> ArrayExpr[frozenset[E] | None, E]: ...
@overload
def F(field: deque[E], /) -> ArrayExpr[deque[E], E]: ...
@overload
def F(field: deque[E] | None, /) -> ArrayExpr[deque[E] | None, E]: ...
@overload
def F(field: tuple[E, ...], /) -> ArrayExpr[tuple[E, ...], E]: ...
@overload
def F(field: tuple[E, ...] | None, /) -> ArrayExpr[tuple[E, ...] | None, E]: ...
@overload
def F(field: dict[K, V], /) -> Expr[dict[K, V], Mapping[K, V]]: ...
@overload
def F(field: dict[K, V] | None, /) -> Expr[dict[K, V] | None, Mapping[K, V] | None]: ...
@overload
def F(field: T, /) -> Expr[T, T]: ...
def F(field: Any, /) -> Expr[Any, Any]:  # noqa: N802 - one letter, as it stands in every condition
    """Return a field with its operators, whose operands type checkers know.

    Args:
        field: A field as seen on its class, such as `User.home.city` or `Order.lines[each].quantity`.

    Raises:
        TypeError: if it is something else, such as a name or an instance's value.

    Example:
        ```python
        await engine.find(User, F(User.age) >= 18, sort=F(User.name).asc())
        await engine.update_many(User, F(User.name) == "Ada", F(User.age).inc(1))
        ```
    """
    return typed(field)
