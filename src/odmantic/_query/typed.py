"""Fields with the types of their values: what `F` returns.

Every method builds what the function of the same name builds; there is one implementation, which looks at the path.
The classes tell type checkers which operators a field has. At run time all fields have all methods, since only the path
knows what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    NoReturn,
    Protocol,
    TypeAlias,
    TypeVar,
    overload,
)

from bson.regex import Regex

from odmantic._query import comparisons, elements, operators, texts, updates
from odmantic._query.expressions import Filter, QueryExpression, Sort, SortExpression
from odmantic._query.operators import BsonType
from odmantic._query.steps import HasPath, Path, path_in
from odmantic._query.updates import Update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic._query.expressions import NoTruth

T_contra = TypeVar("T_contra", contravariant=True)
C_contra = TypeVar("C_contra", contravariant=True)
V_contra = TypeVar("V_contra", contravariant=True)
E_contra = TypeVar("E_contra", contravariant=True)
V_co = TypeVar("V_co", covariant=True)


class Values(Protocol[V_co]):
    """Several values: a list, a tuple, a set or a view, and no text."""

    def __contains__(self, value: object, /) -> bool:
        """Return whether a value is among them."""
        ...

    def __iter__(self) -> Iterator[V_co]:
        """Iterate over the values."""
        ...

    def __len__(self) -> int:
        """Return their number."""
        ...


if TYPE_CHECKING:

    class ValueOfWrongType:
        """The result of comparing a field with what it never equals; nothing takes it."""


class Expr(HasPath, Generic[T_contra, C_contra]):
    """A field with values of one type, which are compared with values of another.

    `F` returns one; for a field annotated `Any` write `Expr[Any, Any](User.anything)`.

    Args:
        field: The field.

    Raises:
        TypeError: if it is not a field as seen on its class.
    """

    __slots__ = ()

    def __init__(self, field: object, /) -> None:
        object.__setattr__(self, "_path", _checked(field).as_typed)

    def __repr__(self) -> str:
        return f"F({path_in(self)})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{self!r} is immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self!r} is immutable")

    def __bool__(self) -> NoTruth:
        raise TypeError(
            f"{self!r} is no condition, and neither true nor false: compare it, as in {self!r} == ..."
        )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            path = path_in(self)
            raise AttributeError(
                f"{self!r} has no operator {name!r}; a field below it is F({path}.{name})",
                name=name,
                obj=self,
            )

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # == makes a filter

    # Without the second overload, checkers would fall back on the value's own `==`, which is a bool.

    @overload  # type: ignore[override]
    def __eq__(self, value: C_contra, /) -> Filter: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def __eq__(self, value: object, /) -> ValueOfWrongType: ...
    def __eq__(self, value: object, /) -> Any:
        return comparisons.eq(self, value)

    @overload  # type: ignore[override]
    def __ne__(self, value: C_contra, /) -> Filter: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def __ne__(self, value: object, /) -> ValueOfWrongType: ...
    def __ne__(self, value: object, /) -> Any:
        return comparisons.ne(self, value)

    def in_(self, values: Values[C_contra], /) -> Filter:
        """See [odmantic.query.in_][].

        Raises:
            TypeError: if the values are text, a mapping, or no collection.
        """
        return _filter(comparisons.in_(self, _several("in_", self, values)))

    def not_in(self, values: Values[C_contra], /) -> Filter:
        """See [odmantic.query.not_in][]; the values are as for `in_`."""
        return _filter(comparisons.not_in(self, _several("not_in", self, values)))

    def exists(self, present: bool = True) -> Filter:
        """See [odmantic.query.exists][]."""
        return _filter(operators.exists(self, present))

    def type_(self, *types: BsonType) -> Filter:
        """See [odmantic.query.type_][]."""
        return _filter(operators.type_(self, *types))

    def is_null(self) -> Filter:
        """See [odmantic.query.is_null][]."""
        return _filter(operators.is_null(self))

    def asc(self) -> Sort:
        """See [odmantic.query.asc][]."""
        return _sort(comparisons.asc(self))

    def desc(self) -> Sort:
        """See [odmantic.query.desc][]."""
        return _sort(comparisons.desc(self))

    def set(self, value: T_contra, /) -> Update:
        """See [odmantic.update.set_][]."""
        return updates.set_(self, value)

    def set_on_insert(self, value: T_contra, /) -> Update:
        """See [odmantic.update.set_on_insert][]."""
        return updates.set_on_insert(self, value)

    def unset(self: Expr[None, Any], *, bounded: bool = True) -> Update:
        """See [odmantic.update.unset][]; to type checkers, only a field that may be `None` has it."""
        return updates.unset(self, bounded=bounded)

    def rename(self, key: str, /, *, bounded: bool = True) -> Update:
        """See [odmantic.update.rename][]; this is the old name."""
        return updates.rename(self, key, bounded=bounded)


class OrderedExpr(Expr[T_contra, T_contra | V_contra], Generic[T_contra, V_contra]):
    """A field whose values have an order."""

    __slots__ = ()

    def __lt__(self, value: V_contra, /) -> Filter:
        return _filter(comparisons.lt(self, value))

    def __le__(self, value: V_contra, /) -> Filter:
        return _filter(comparisons.lte(self, value))

    def __gt__(self, value: V_contra, /) -> Filter:
        return _filter(comparisons.gt(self, value))

    def __ge__(self, value: V_contra, /) -> Filter:
        return _filter(comparisons.gte(self, value))

    def min(self, value: V_contra, /) -> Update:
        """See [odmantic.update.min_][]."""
        return updates.min_(self, value)

    def max(self, value: V_contra, /) -> Update:
        """See [odmantic.update.max_][]."""
        return updates.max_(self, value)


class DateExpr(OrderedExpr[T_contra, V_contra]):
    """A field with datetimes or timestamps."""

    __slots__ = ()

    def current_date(self) -> Update:
        """See [odmantic.update.current_date][]."""
        return updates.current_date(self)


class NumberExpr(OrderedExpr[T_contra, V_contra]):
    """A field with numbers."""

    __slots__ = ()

    def mod(self, divisor: int, remainder: int) -> Filter:
        """See [odmantic.query.mod][]."""
        return _filter(operators.mod(self, divisor, remainder))

    def inc(self, by: V_contra, /, *, bounded: bool = True) -> Update:
        """See [odmantic.update.inc][]."""
        amount: Any = by
        return updates.inc(self, amount, bounded=bounded)

    def mul(self, factor: V_contra, /, *, bounded: bool = True) -> Update:
        """See [odmantic.update.mul][]."""
        amount: Any = factor
        return updates.mul(self, amount, bounded=bounded)


class IntegerExpr(OrderedExpr[T_contra, V_contra]):
    """A field with integers."""

    __slots__ = ()

    def mod(self, divisor: int, remainder: int) -> Filter:
        """See [odmantic.query.mod][]."""
        return _filter(operators.mod(self, divisor, remainder))

    def bits_all_set(self, bits: int | bytes | Sequence[int], /) -> Filter:
        """See [odmantic.query.bits_all_set][]."""
        return _filter(operators.bits_all_set(self, bits))

    def bits_any_set(self, bits: int | bytes | Sequence[int], /) -> Filter:
        """See [odmantic.query.bits_any_set][]."""
        return _filter(operators.bits_any_set(self, bits))

    def bits_all_clear(self, bits: int | bytes | Sequence[int], /) -> Filter:
        """See [odmantic.query.bits_all_clear][]."""
        return _filter(operators.bits_all_clear(self, bits))

    def bits_any_clear(self, bits: int | bytes | Sequence[int], /) -> Filter:
        """See [odmantic.query.bits_any_clear][]."""
        return _filter(operators.bits_any_clear(self, bits))

    def inc(self, by: int, /, *, bounded: bool = True) -> Update:
        """See [odmantic.update.inc][]."""
        return updates.inc(self, by, bounded=bounded)

    def mul(self, factor: int, /, *, bounded: bool = True) -> Update:
        """See [odmantic.update.mul][]."""
        return updates.mul(self, factor, bounded=bounded)

    @overload
    def bit(self, *, and_: int, bounded: bool = True) -> Update: ...
    @overload
    def bit(self, *, or_: int, bounded: bool = True) -> Update: ...
    @overload
    def bit(self, *, xor: int, bounded: bool = True) -> Update: ...
    def bit(self, *, bounded: bool = True, **masks: int) -> Update:
        """See [odmantic.update.bit][]."""
        return updates.bit(self, bounded=bounded, **masks)


class TextExpr(OrderedExpr[T_contra, V_contra]):
    """A field with text."""

    __slots__ = ()

    def match(self, pattern: str | re.Pattern[str] | Regex[str], /) -> Filter:
        """See [odmantic.query.match][]."""
        return _filter(comparisons.match(self, pattern))

    def startswith(self, text: str, /) -> Filter:
        """See [odmantic.query.startswith][]."""
        return _filter(texts.startswith(self, text))

    def endswith(self, text: str, /) -> Filter:
        """See [odmantic.query.endswith][]."""
        return _filter(texts.endswith(self, text))

    def contains(self, text: str, /) -> Filter:
        """See [odmantic.query.contains][]."""
        return _filter(operators.contains(self, text))

    def icontains(self, text: str, /) -> Filter:
        """See [odmantic.query.icontains][]."""
        return _filter(texts.icontains(self, text))

    def iequals(self, text: str, /) -> Filter:
        """See [odmantic.query.iequals][]."""
        return _filter(texts.iequals(self, text))


class ArrayExpr(
    Expr[T_contra, T_contra | E_contra | Values[E_contra]], Generic[T_contra, E_contra]
):
    """A field with a list or another collection of items."""

    __slots__ = ()

    def all_(self, values: Values[E_contra], /) -> Filter:
        """See [odmantic.query.all_][]; the values are as for `in_`."""
        return _filter(operators.all_(self, _several("all_", self, values)))

    def contains(self, value: E_contra, /) -> Filter:
        """See [odmantic.query.contains][]."""
        return _filter(operators.contains(self, value))

    def elem_match(self, *conditions: QueryExpression | bool) -> Filter:
        """See [odmantic.query.elem_match][]."""
        return _filter(elements.elem_match(self, *conditions))

    def size(self, length: int, /) -> Filter:
        """See [odmantic.query.size][]."""
        return _filter(operators.size(self, length))

    def push(
        self,
        *values: E_contra,
        position: int | None = None,
        slice: int | None = None,  # noqa: A002 - MongoDB's word
        sort: Sort | SortExpression | Literal[1, -1] | None = None,
        bounded: bool = True,
    ) -> Update:
        """See [odmantic.update.push][]."""
        return updates.push(
            self, *values, position=position, slice=slice, sort=sort, bounded=bounded
        )

    def add_to_set(self, *values: E_contra, bounded: bool = True) -> Update:
        """See [odmantic.update.add_to_set][]."""
        return updates.add_to_set(self, *values, bounded=bounded)

    def pull(self, *values: E_contra | QueryExpression, bounded: bool = True) -> Update:
        """See [odmantic.update.pull][]."""
        return updates.pull(self, *values, bounded=bounded)

    def pop(self, *, first: bool = False, bounded: bool = True) -> Update:
        """See [odmantic.update.pop][]."""
        return updates.pop(self, first=first, bounded=bounded)


if TYPE_CHECKING:
    AnyExpr: TypeAlias = Expr[Any, Any]
else:

    class AnyExpr(IntegerExpr, NumberExpr, TextExpr, DateExpr, ArrayExpr):
        """A field with every operator: each looks itself whether the values have it."""

        __slots__ = ()

        contains = ArrayExpr.contains


def typed(field: object) -> AnyExpr:
    """Return a field with its operators; see `F`.

    Raises:
        TypeError: if it is not a field as seen on its class.
    """
    path = _checked(field)
    # Conditions are built often: each path keeps the one that it has got.
    found: AnyExpr | None = path.__dict__.get("typed")
    if found is None:
        found = path.__dict__["typed"] = AnyExpr(field)
    return found


_path_at: Callable[[object], Path] = vars(HasPath)["_path"].__get__
"""Returns the path of a field, or raises `TypeError`, in one step."""


def _checked(field: object) -> Path:
    try:
        return _path_at(field)
    except TypeError:
        raise TypeError(
            f"F takes a field of a model, as in F(User.name), not {field!r:.200}: neither an instance's value nor a name"
        ) from None


def _several(operator: str, field: HasPath, given: object) -> Any:
    values: Any = given
    if isinstance(values, (str, bytes, bytearray, Mapping)) or not isinstance(given, Collection):
        raise TypeError(
            f"{field!r}.{operator} takes a list, a set or another collection of values, not {values!r:.200}"
        )
    return values


# To type checkers, what typed fields make is a class of its own.


def _filter(condition: QueryExpression) -> Filter:
    return condition  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def _sort(order: SortExpression) -> Sort:
    return order  # type: ignore[return-value]  # pyright: ignore[reportReturnType]
