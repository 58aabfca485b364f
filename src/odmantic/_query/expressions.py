"""Filters and sort orders as values, and how filters are joined."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from bson.regex import Regex

from odmantic._bson.values import is_document
from odmantic._caller import warn_caller
from odmantic.exceptions import QueryTruthWarning

LOGICAL = ("$and", "$or", "$nor")
"""Operators that join filters."""

_MAY_ASK_FOR_TRUTH = ("odmantic.", "pymongo.", "motor.", "bson.")


class _Expression(dict[str, Any]):
    """A dictionary for MongoDB; its truth value says only whether it is empty."""

    _advice: ClassVar[str]

    def __bool__(self) -> bool:
        if not len(self):
            return False
        frame = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the documented way to a caller's frame
        if not frame.f_globals.get("__name__", "").startswith(_MAY_ASK_FOR_TRUTH):
            warn_caller(
                f"{self!r:.200} is always true for Python, so that `and`, `or`, `not`, `if` and chained comparisons "
                f"lose a part of what you write. {self._advice}",
                QueryTruthWarning,
                frame,
            )
        return True


class QueryExpression(_Expression):
    """A filter; `&` and `|` join it with others, even plain dictionaries."""

    _advice = (
        "Join conditions by & and | with parentheses around each, or by and_, or_ and nor_; ask `len(query) > 0` "
        "whether a query is empty"
    )

    def __repr__(self) -> str:
        return f"QueryExpression({super().__repr__() if self else ''})"

    # On dictionaries `|` merges, which would turn an "or" into an "and", or lose one side.

    def __and__(self, other: Mapping[str, Any]) -> QueryExpression:
        return _joined("$and", self, other)

    def __rand__(self, other: Mapping[str, Any]) -> QueryExpression:
        return _joined("$and", other, self)

    def __or__(  # type: ignore[override]  # not the merge of dictionaries
        self, other: Mapping[str, Any]
    ) -> QueryExpression:
        return _joined("$or", self, other)

    def __ror__(  # type: ignore[override]  # not the merge of dictionaries
        self, other: Mapping[str, Any]
    ) -> QueryExpression:
        return _joined("$or", other, self)

    def __invert__(self) -> QueryExpression:
        return not_(self)

    # The in-place operator makes a new expression: the old one may be part of another by now.

    def __iand__(self, other: Mapping[str, Any]) -> QueryExpression:  # noqa: PYI034
        return self & other

    def __ior__(  # type: ignore[override]  # noqa: PYI034  # not the merge of dictionaries
        self, other: Mapping[str, Any]
    ) -> QueryExpression:
        return self | other


class RawQuery(QueryExpression):
    """A filter in MongoDB's language that the program means as it is; see `raw`."""

    def __repr__(self) -> str:
        return f"raw({super().__repr__().removeprefix('QueryExpression(').removesuffix(')')})"


class SortExpression(_Expression):
    """A sort order: 1 (ascending) or -1 (descending) by key, the most important key first."""

    _advice = "Several orders are a tuple: sort=(asc(User.name), desc(User.age))"

    def __repr__(self) -> str:
        return f"SortExpression({super().__repr__() if self else ''})"


if TYPE_CHECKING:

    class NoTruth:
        """What a filter is instead of true or false: compare its length, or join conditions by `&`, `|` and `~`."""

    class Filter(QueryExpression):
        """A condition on typed fields; at run time a `QueryExpression`."""

        def __bool__(self) -> NoTruth: ...  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]

        def __and__(self, other: Mapping[str, Any] | bool) -> Filter: ...

        def __rand__(self, other: Mapping[str, Any] | bool) -> Filter: ...

        def __or__(self, other: Mapping[str, Any] | bool) -> Filter: ...  # type: ignore[override]

        def __ror__(self, other: Mapping[str, Any] | bool) -> Filter: ...  # type: ignore[override]

        def __invert__(self) -> Filter: ...

        def __iand__(self, other: Mapping[str, Any] | bool) -> Filter: ...  # noqa: PYI034

        def __ior__(self, other: Mapping[str, Any] | bool) -> Filter: ...  # type: ignore[override]  # noqa: PYI034

    class Sort:
        """A sort order by a typed field; at run time a `SortExpression`."""

else:
    Filter = QueryExpression
    Sort = SortExpression


class KeyNameProxy(str):  # noqa: SLOT000 - a subclass of `str` cannot have slots
    """The path of a key in documents; `+` makes it a field path of an aggregation (`$path`).

    Attributes:
        model: The class at which the path starts; `None` if unknown.
        is_typed: Whether the program wrote `F(...)` around the field.
    """

    model: type[Any] | None = None
    is_typed: bool = False

    def __pos__(self) -> str:
        return f"${self}"

    def __reduce__(self) -> tuple[Any, ...]:
        # A path can be pickled; a class local to a function cannot.
        return KeyNameProxy, (str(self),)


QueryDictBool: TypeAlias = QueryExpression | dict[str, Any] | bool
"""The type of a query for type checkers: to them `Parcel.weight > 2` is a `bool`."""

FieldProxyAny: TypeAlias = Any
"""A `FieldProxy`; to type checkers `Parcel.weight` is an instance's value."""


def and_(*elements: QueryDictBool) -> QueryExpression:
    """Match documents that match all `elements`."""
    return _joined("$and", *elements)


def or_(*elements: QueryDictBool) -> QueryExpression:
    """Match documents that match at least one of `elements`."""
    return _joined("$or", *elements)


def nor_(*elements: QueryDictBool) -> QueryExpression:
    """Match documents that match none of `elements`."""
    return _joined("$nor", *elements)


def not_(condition: QueryDictBool) -> QueryExpression:
    """Match documents that do not match a condition, those without its key too."""
    query = _joined("$nor", condition)
    if type(condition) is QueryExpression and len(condition) == 1:
        ((key, value),) = condition.items()
        if type(key) is KeyNameProxy and not key.startswith("$") and _is_condition(value):
            return QueryExpression({key: {"$not": value}})
    return query


def raw(query: Mapping[str, Any]) -> QueryExpression:
    """Return a filter in MongoDB's language, marked as meant: it may have any operator.

    It is for filters that the program writes. Data from outside in it has the power of the program.

    Raises:
        TypeError: if it is no mapping.

    Example:
        `raw({"$where": "this.used > this.quota"})`
    """
    if not is_document(query):
        raise TypeError(f"raw takes a filter as a dict, not {query!r:.200}")
    return RawQuery(query)


def _is_condition(value: Any) -> bool:
    """Return whether something at a key is a pattern or a document of operators, and no value."""
    if is_document(value):
        return len(value) > 0 and all(str(each).startswith("$") for each in value)
    return isinstance(value, (re.Pattern, Regex))


def _joined(operator: str, *elements: object) -> QueryExpression:
    for element in elements:
        if type(element) is QueryExpression:
            continue
        if isinstance(element, bool):
            raise TypeError("cannot build query using booleans")
        if not isinstance(element, Mapping):
            raise TypeError(f"cannot build query using {element!r}: it is not a mapping")
    return QueryExpression({operator: elements})
