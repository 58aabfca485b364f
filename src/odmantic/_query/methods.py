"""The operators of fields as their methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

from odmantic._query import comparisons, elements, operators, texts
from odmantic._query.expressions import QueryDictBool, QueryExpression, SortExpression
from odmantic._query.operators import BsonType
from odmantic._query.steps import HasPath


class OperatorMethods(HasPath):
    """The functions of `odmantic.query` that begin with a field, as methods of the field."""

    __slots__ = ()

    def eq(self, value: Any) -> QueryExpression:
        """See [odmantic.query.eq][]."""
        return comparisons.eq(self, value)

    def ne(self, value: Any) -> QueryExpression:
        """See [odmantic.query.ne][]."""
        return comparisons.ne(self, value)

    def lt(self, value: Any) -> QueryExpression:
        """See [odmantic.query.lt][]."""
        return comparisons.lt(self, value)

    def lte(self, value: Any) -> QueryExpression:
        """See [odmantic.query.lte][]."""
        return comparisons.lte(self, value)

    def gt(self, value: Any) -> QueryExpression:
        """See [odmantic.query.gt][]."""
        return comparisons.gt(self, value)

    def gte(self, value: Any) -> QueryExpression:
        """See [odmantic.query.gte][]."""
        return comparisons.gte(self, value)

    def in_(self, sequence: Iterable[Any]) -> QueryExpression:
        """See [odmantic.query.in_][]."""
        return comparisons.in_(self, sequence)

    def not_in(self, sequence: Iterable[Any]) -> QueryExpression:
        """See [odmantic.query.not_in][]."""
        return comparisons.not_in(self, sequence)

    def match(self, pattern: Any) -> QueryExpression:
        """See [odmantic.query.match][]."""
        return comparisons.match(self, pattern)

    def asc(self) -> SortExpression:
        """See [odmantic.query.asc][]."""
        return comparisons.asc(self)

    def desc(self) -> SortExpression:
        """See [odmantic.query.desc][]."""
        return comparisons.desc(self)

    def is_null(self) -> QueryExpression:
        """See [odmantic.query.is_null][]."""
        return operators.is_null(self)

    def exists(self, present: bool = True) -> QueryExpression:
        """See [odmantic.query.exists][]."""
        return operators.exists(self, present)

    def type_(self, *types: BsonType) -> QueryExpression:
        """See [odmantic.query.type_][]."""
        return operators.type_(self, *types)

    def mod(self, divisor: int, remainder: int) -> QueryExpression:
        """See [odmantic.query.mod][]."""
        return operators.mod(self, divisor, remainder)

    def bits_all_set(self, bits: int | bytes | Sequence[int]) -> QueryExpression:
        """See [odmantic.query.bits_all_set][]."""
        return operators.bits_all_set(self, bits)

    def bits_any_set(self, bits: int | bytes | Sequence[int]) -> QueryExpression:
        """See [odmantic.query.bits_any_set][]."""
        return operators.bits_any_set(self, bits)

    def bits_all_clear(self, bits: int | bytes | Sequence[int]) -> QueryExpression:
        """See [odmantic.query.bits_all_clear][]."""
        return operators.bits_all_clear(self, bits)

    def bits_any_clear(self, bits: int | bytes | Sequence[int]) -> QueryExpression:
        """See [odmantic.query.bits_any_clear][]."""
        return operators.bits_any_clear(self, bits)

    def startswith(self, text: str) -> QueryExpression:
        """See [odmantic.query.startswith][]."""
        return texts.startswith(self, text)

    def endswith(self, text: str) -> QueryExpression:
        """See [odmantic.query.endswith][]."""
        return texts.endswith(self, text)

    def icontains(self, text: str) -> QueryExpression:
        """See [odmantic.query.icontains][]."""
        return texts.icontains(self, text)

    def iequals(self, text: str) -> QueryExpression:
        """See [odmantic.query.iequals][]."""
        return texts.iequals(self, text)

    def contains(self, value: Any) -> QueryExpression:
        """See [odmantic.query.contains][]."""
        return operators.contains(self, value)

    @overload
    def size(self) -> int: ...
    @overload
    def size(self, length: int) -> QueryExpression: ...
    def size(self, length: Any = ...) -> Any:
        """See [odmantic.query.size][]."""
        return operators.size(self, length)

    def all_(self, values: Iterable[Any]) -> QueryExpression:
        """See [odmantic.query.all_][]."""
        return operators.all_(self, values)

    def elem_match(self, *conditions: QueryDictBool) -> QueryExpression:
        """See [odmantic.query.elem_match][]."""
        return elements.elem_match(self, *conditions)
