"""Filters and sort orders, built from the fields of models.

Every function takes a field as seen on its class (`Parcel.weight`) and returns a dictionary in
MongoDB's query language: https://www.mongodb.com/docs/manual/reference/operator/query/
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

from bson.regex import Regex

from odmantic._bson.values import is_document
from odmantic._caller import warn_caller
from odmantic._codec.encode import encode_value
from odmantic.exceptions import QueryTruthWarning, StringOperandWarning

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

    # The in-place operator makes a new expression: the old one may be part of another by now.

    def __iand__(self, other: Mapping[str, Any]) -> QueryExpression:  # noqa: PYI034
        return self & other

    def __ior__(  # type: ignore[override]  # noqa: PYI034  # not the merge of dictionaries
        self, other: Mapping[str, Any]
    ) -> QueryExpression:
        return self | other


class SortExpression(_Expression):
    """A sort order: 1 (ascending) or -1 (descending) by key, the most important key first."""

    _advice = "Several orders are a tuple: sort=(asc(User.name), desc(User.age))"

    def __repr__(self) -> str:
        return f"SortExpression({super().__repr__() if self else ''})"


class KeyNameProxy(str):  # noqa: SLOT000 - a subclass of `str` cannot have slots
    """The path of a key in documents; `+` makes it a field path of an aggregation (`$path`).

    Attributes:
        model: The class at which the path starts; `None` if unknown.
    """

    model: type[Any] | None = None

    def __pos__(self) -> str:
        return f"${self}"

    def __reduce__(self) -> tuple[Any, ...]:
        # A path can be pickled; a class local to a function cannot.
        return KeyNameProxy, (str(self),)


QueryDictBool: TypeAlias = QueryExpression | dict[str, Any] | bool
"""The type of a query for type checkers: to them `Parcel.weight > 2` is a `bool`."""

FieldProxyAny: TypeAlias = Any
"""A `FieldProxy`; to type checkers `Parcel.weight` is an instance's value."""


def key_of(field: FieldProxyAny) -> KeyNameProxy:
    """Return the path of a field's key.

    Raises:
        TypeError: if it is not a field as seen on its class.
    """
    # A model has a plus too, for the name of its collection. The class is asked, because a proxy would search its
    # embedded fields first.
    value: object = field
    plus: Any = getattr(type(value), "__pos__", None)
    key = None if plus is None else plus(value)
    if not isinstance(key, KeyNameProxy):
        raise TypeError(f"expected a field of a model such as User.name, got {field!r}")
    return key


def and_(*elements: QueryDictBool) -> QueryExpression:
    """Match documents that match all `elements`."""
    return _joined("$and", *elements)


def or_(*elements: QueryDictBool) -> QueryExpression:
    """Match documents that match at least one of `elements`."""
    return _joined("$or", *elements)


def nor_(*elements: QueryDictBool) -> QueryExpression:
    """Match documents that match none of `elements`."""
    return _joined("$nor", *elements)


def eq(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field equals `value`."""
    return _compared(field, "$eq", value)


def ne(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field does not equal `value`."""
    return _compared(field, "$ne", value)


def gt(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is greater than `value`."""
    return _compared(field, "$gt", value)


def gte(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is greater than or equal to `value`."""
    return _compared(field, "$gte", value)


def lt(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is less than `value`."""
    return _compared(field, "$lt", value)


def lte(field: FieldProxyAny, value: Any) -> QueryExpression:
    """Match documents where the field is less than or equal to `value`."""
    return _compared(field, "$lte", value)


def in_(field: FieldProxyAny, sequence: Iterable[Any]) -> QueryExpression:
    """Match documents where the field equals one of the values of `sequence`."""
    key, values, operators = _members(field, "in_", sequence)
    if not operators:
        return QueryExpression({key: {"$in": values}})
    return or_({key: {"$in": values}}, *[{key: {"$eq": each}} for each in operators])


def not_in(field: FieldProxyAny, sequence: Iterable[Any]) -> QueryExpression:
    """Match documents where the field equals none of the values of `sequence`."""
    key, values, operators = _members(field, "not_in", sequence)
    if not operators:
        return QueryExpression({key: {"$nin": values}})
    return and_({key: {"$nin": values}}, *[{key: {"$ne": each}} for each in operators])


def match(field: FieldProxyAny, pattern: Any) -> QueryExpression:
    """Match documents where the field matches a regular expression, as text or compiled.

    Raises:
        TypeError: if the pattern is something else, such as a dictionary, which would be an operator.
    """
    key = key_of(field)
    compiled = re.compile(pattern) if isinstance(pattern, str) else pattern
    if not isinstance(compiled, (re.Pattern, Regex)):
        raise TypeError(
            f"match({key}, ...) takes a regular expression as text or compiled, not {pattern!r:.200}"
        )
    return QueryExpression({key: compiled})


def asc(field: FieldProxyAny) -> SortExpression:
    """Sort by this field, smallest values first."""
    return SortExpression({key_of(field): 1})


def desc(field: FieldProxyAny) -> SortExpression:
    """Sort by this field, greatest values first."""
    return SortExpression({key_of(field): -1})


def _compared(field: FieldProxyAny, operator: str, value: Any) -> QueryExpression:
    key = key_of(field)
    stored = _stored(field, value)
    if operator != "$eq" and isinstance(stored, (re.Pattern, Regex)):
        raise TypeError(
            f"{key} cannot be compared by {operator} with {stored!r:.200}: use match, or nor_ of a match"
        )
    return QueryExpression({key: {operator: stored}})


def _stored(field: FieldProxyAny, value: Any) -> Any:
    """Return an operand in its stored form."""
    # From the class: on the proxy of an embedded object, a name is that of an embedded field.
    proxy: object = field
    encode: Any = getattr(type(proxy), "__stored__", None)
    return encode_value(value) if encode is None else encode(field, value)


def _members(
    field: FieldProxyAny, name: str, sequence: Iterable[Any]
) -> tuple[str, list[Any], list[Any]]:
    """Return the key of a field and the stored values, with those that look like operators apart."""
    key = key_of(field)
    if isinstance(sequence, (str, bytes)):
        warn_caller(
            f"{name} of {key} takes {sequence!r:.200} for the list of its characters: write [{sequence!r:.200}]",
            StringOperandWarning,
        )
    values = [_stored(field, each) for each in sequence]
    if not any(map(_is_operator, values)):
        return key, values, []
    return (
        key,
        [each for each in values if not _is_operator(each)],
        [each for each in values if _is_operator(each)],
    )


def _is_operator(stored: Any) -> bool:
    return is_document(stored) and str(next(iter(stored), "")).startswith("$")


def _joined(operator: str, *elements: object) -> QueryExpression:
    for element in elements:
        if isinstance(element, bool):
            raise TypeError("cannot build query using booleans")
        if not isinstance(element, Mapping):
            raise TypeError(f"cannot build query using {element!r}: it is not a mapping")
    return QueryExpression({operator: elements})
