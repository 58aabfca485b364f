"""Conditions by MongoDB's other operators: presence, types, numbers, bits and arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, get_args, overload

from bson.regex import Regex

from odmantic._bson.values import is_stored_array
from odmantic._query import functions
from odmantic._query.checks import need, refuse, whole_number
from odmantic._query.comparisons import checked_sequence, is_operator
from odmantic._query.expressions import FieldProxyAny, QueryExpression, and_
from odmantic._query.field_types import ArrayField, BitsField, NumberField, TextField
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.steps import path_in
from odmantic._query.texts import like

BsonType: TypeAlias = Literal[
    "double",
    "string",
    "object",
    "array",
    "binData",
    "undefined",
    "objectId",
    "bool",
    "date",
    "null",
    "regex",
    "dbPointer",
    "javascript",
    "symbol",
    "javascriptWithScope",
    "int",
    "timestamp",
    "long",
    "decimal",
    "minKey",
    "maxKey",
    "number",
]
"""MongoDB's names of types; `number` is each of its four."""

_TYPES = frozenset(get_args(BsonType))


def is_null(field: FieldProxyAny) -> QueryExpression:
    """Match documents where the field is there and `null`; `field == None` matches those without the key too.

    Example:
        `is_null(Ship.sunk)`
    """
    return QueryExpression({path_in(field).key: {"$type": "null"}})


def exists(field: FieldProxyAny, present: bool = True) -> QueryExpression:
    """Match documents that have the key of the field, or lack it.

    Raises:
        TypeError: if `present` is no bool.

    Example:
        `exists(Ship.sunk, False)`
    """
    path = path_in(field)
    given: Any = present
    if not isinstance(given, bool):
        raise refuse("exists", path, f"takes True or False, not {given!r:.200}")
    return QueryExpression({path.key: {"$exists": present}})


def type_(field: FieldProxyAny, *types: BsonType) -> QueryExpression:
    """Match documents where the field, or an item of it, has one of some BSON types, such as `"string"`.

    Raises:
        TypeError: if there is no type.
        ValueError: if a type is unknown.

    Example:
        `type_(Ship.tonnage, "int", "long")`
    """
    path = path_in(field)
    if not types:
        raise refuse("type_", path, 'takes types, as in type_(Ship.tonnage, "int", "long")')
    for each in types:
        if each not in _TYPES:
            raise ValueError(
                f"type_({path}, ...) takes names of BSON types, and not {each!r:.200}: they are {', '.join(sorted(_TYPES))}"
            )
    return QueryExpression({path.key: {"$type": list(types)}})


def mod(field: NumberField, divisor: int, remainder: int) -> QueryExpression:
    """Match documents where the field has a remainder when it is divided.

    Raises:
        TypeError: if the field holds no numbers, or an operand is no integer.
        ValueError: if the divisor is 0, or an operand has more than 64 bits.

    Example:
        `mod(Ship.tonnage, 100, 0)`
    """
    path = path_in(field)
    need("mod", path, Kind.NUMBER)
    operands = [
        whole_number("mod", path, name, value)
        for name, value in (("divisor", divisor), ("remainder", remainder))
    ]
    if divisor == 0:
        raise ValueError(f"mod({path}, ...) cannot divide by 0")
    return QueryExpression({path.key: {"$mod": operands}})


def bits_all_set(field: BitsField, bits: int | bytes | Sequence[int]) -> QueryExpression:
    """Match documents where all of some bits are 1, given as a mask or as positions, the lowest being 0.

    Raises:
        TypeError: if the field holds neither integers nor bytes, or `bits` is something else.
        ValueError: if a number is negative or has more than 64 bits.

    Example:
        `bits_all_set(Ship.tonnage, 0b101)`
    """
    return _bits("bits_all_set", "$bitsAllSet", field, bits)


def bits_any_set(field: BitsField, bits: int | bytes | Sequence[int]) -> QueryExpression:
    """Match documents where one of some bits is 1; see [odmantic.query.bits_all_set][]."""
    return _bits("bits_any_set", "$bitsAnySet", field, bits)


def bits_all_clear(field: BitsField, bits: int | bytes | Sequence[int]) -> QueryExpression:
    """Match documents where all of some bits are 0; see [odmantic.query.bits_all_set][]."""
    return _bits("bits_all_clear", "$bitsAllClear", field, bits)


def bits_any_clear(field: BitsField, bits: int | bytes | Sequence[int]) -> QueryExpression:
    """Match documents where one of some bits is 0; see [odmantic.query.bits_all_set][]."""
    return _bits("bits_any_clear", "$bitsAnyClear", field, bits)


def _bits(name: str, operator: str, field: FieldProxyAny, bits: Any) -> QueryExpression:
    path = path_in(field)
    need(name, path, Kind.INTEGER | Kind.BYTES)
    if is_stored_array(bits):
        bits = [whole_number(name, path, "position", each, least=0) for each in bits]
    elif not isinstance(bits, bytes):
        bits = whole_number(name, path, "mask (or a list of positions)", bits, least=0)
    return QueryExpression({path.key: {operator: bits}})


@overload
def size(field: ArrayField) -> int: ...
@overload
def size(field: ArrayField, length: int) -> QueryExpression: ...
def size(field: ArrayField, length: Any = ...) -> Any:
    """Match documents where the field is a list of some length; without one, see [odmantic.expr.size][].

    Raises:
        TypeError: if the field holds no list, or `length` is no integer.
        ValueError: if `length` is negative or has more than 64 bits.

    Example:
        `size(Ship.flags, 2) | (size(Ship.flags) < Ship.tonnage)`
    """
    if length is ...:
        return functions.size(field)
    path = path_in(field)
    need("size", path, Kind.ARRAY)
    length = whole_number("size", path, "length", length, least=0)
    return QueryExpression({path.key: {"$size": length}})


def contains(field: TextField | ArrayField, value: Any) -> QueryExpression:
    """Match documents where the field is text with `value` in it, or a list or set with this item.

    Raises:
        TypeError: if the field holds neither text nor lists, or the type does not tell which, or `value` is not text.

    Example:
        `contains(Ship.name, "eg") | contains(Ship.flags, "no")`
    """
    path = path_in(field)
    kinds = kinds_of(path.node)
    need("contains", path, Kind.TEXT | Kind.ARRAY)
    if not kinds & Kind.ARRAY:
        return like("contains", path, value)
    if kinds & Kind.TEXT and isinstance(value, str):
        raise refuse(
            "contains",
            path,
            "may be about text or about a list: write all_(..., [value]) for an item, or match",
        )
    return _has_item(path.key, path.encode_item(value))


def all_(field: ArrayField, values: Iterable[Any]) -> QueryExpression:
    """Match documents where the field is a list or set with all of `values`; no values match nothing, as in MongoDB.

    Raises:
        TypeError: if the field holds no list.

    Example:
        `all_(Ship.flags, ["no", "dk"])`
    """
    path = path_in(field)
    need("all_", path, Kind.ARRAY)
    stored = [path.encode_item(each) for each in checked_sequence(path, "all_", values)]
    plain = [each for each in stored if not _acts_in_all(each)]
    others = [_has_item(path.key, each) for each in stored if _acts_in_all(each)]
    if not others:
        return QueryExpression({path.key: {"$all": plain}})
    parts = [QueryExpression({path.key: {"$all": plain}})] if plain else []
    return and_(*parts, *others)


def _acts_in_all(stored: Any) -> bool:
    """Return whether `$all` takes something for more than an item."""
    return is_operator(stored) or is_stored_array(stored) or isinstance(stored, (re.Pattern, Regex))


def _has_item(key: str, stored: Any) -> QueryExpression:
    equals = {"$eq": stored}
    # `$eq` of an array also means the whole.
    return QueryExpression({key: {"$elemMatch": equals} if is_stored_array(stored) else equals})
