"""Filters and sort orders built by the functions and operators of expressions."""

from __future__ import annotations

import copy
import pickle
import re
from decimal import Decimal
from enum import Enum

import bson
import pytest
from bson.decimal128 import Decimal128
from bson.regex import Regex

from odmantic import query
from odmantic.exceptions import StringOperandWarning
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.query import (
    KeyNameProxy,
    QueryExpression,
    SortExpression,
    and_,
    asc,
    desc,
    in_,
    match,
    nor_,
    not_in,
    or_,
)
from odmantic.reference import Reference

A, B, C = QueryExpression({"a": 1}), QueryExpression({"b": 2}), QueryExpression({"c": 3})
RAW = {"r": 0}


class Colour(Enum):
    RED = "r"


class Owner(Model):
    name: str = Field(primary_field=True)


class Named(Model):
    name: str


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Parcel(Model):
    weight: float = Field(key_name="kg")
    size: Size
    owner: Owner = Reference(key_name="own")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (QueryExpression(), "QueryExpression()"),
        (A, "QueryExpression({'a': 1})"),
        (
            A & B,
            "QueryExpression({'$and': (QueryExpression({'a': 1}), QueryExpression({'b': 2}))})",
        ),
        (SortExpression(), "SortExpression()"),
        (SortExpression(a=1), "SortExpression({'a': 1})"),
    ],
)
def test_the_repr_of_an_expression(expression, text):
    assert repr(expression) == text


def test_an_expression_is_a_dictionary():
    assert A == {"a": 1}
    assert QueryExpression(a=1) == A
    assert not QueryExpression()
    assert bson.encode({"x": A & B})


@pytest.mark.parametrize(
    "clone", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_an_expression_can_be_copied(clone):
    again = clone(A & B)
    assert (again, type(again)) == (A & B, QueryExpression)


@pytest.mark.parametrize(
    ("joined", "expected"),
    [
        (A & B, {"$and": (A, B)}),
        (A | B, {"$or": (A, B)}),
        (A & RAW, {"$and": (A, RAW)}),
        (RAW & A, {"$and": (RAW, A)}),
        (A | RAW, {"$or": (A, RAW)}),
        (RAW | A, {"$or": (RAW, A)}),
        (A & B & C, {"$and": (QueryExpression({"$and": (A, B)}), C)}),
        (and_(A, B, C), {"$and": (A, B, C)}),
        (or_(A, RAW), {"$or": (A, RAW)}),
        (nor_(A, B), {"$nor": (A, B)}),
        (and_(), {"$and": ()}),
    ],
)
def test_expressions_are_joined_in_order_and_not_flattened(joined, expected):
    assert type(joined) is QueryExpression
    assert joined == expected


def test_joining_in_place_makes_a_new_expression():
    joined = A
    joined &= B
    assert joined == {"$and": (A, B)}
    joined |= RAW
    assert joined == {"$or": ({"$and": (A, B)}, RAW)}
    assert A == {"a": 1}


def test_a_dictionary_joined_in_place_becomes_an_expression():
    joined = RAW
    joined &= A
    assert joined == {"$and": (RAW, A)}
    assert RAW == {"r": 0}


@pytest.mark.parametrize("join", [and_, or_, nor_])
@pytest.mark.parametrize("value", [True, False])
def test_a_bool_is_no_query(join, value):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        join(A, value)


@pytest.mark.parametrize("value", [None, 3, [A], "text"])
def test_something_else_is_no_query(value):
    with pytest.raises(TypeError, match="cannot build query using"):
        or_(A, value)


COMPARISONS = [
    ("eq", "$eq"),
    ("ne", "$ne"),
    ("gt", "$gt"),
    ("gte", "$gte"),
    ("lt", "$lt"),
    ("lte", "$lte"),
]


@pytest.mark.parametrize(("name", "operator"), COMPARISONS)
def test_a_comparison_names_the_key(name, operator):
    expression = getattr(query, name)(Parcel.weight, 3)
    assert type(expression) is QueryExpression
    assert expression == {"kg": {operator: 3}}


@pytest.mark.parametrize(("name", "operator"), COMPARISONS)
def test_a_comparison_with_none_is_kept(name, operator):
    assert getattr(query, name)(Parcel.weight, None) == {"kg": {operator: None}}


SIZE = Size(width=3)
OWNER = Owner(name="Ann")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Colour.RED, "r"),
        (SIZE, {"w": 3}),
        (OWNER, "Ann"),
        (Decimal("1.5"), Decimal128("1.5")),
        ([Colour.RED, [SIZE]], ["r", [{"w": 3}]]),
        ({"raw": 1}, {"raw": 1}),
        ("text", "text"),
    ],
)
def test_a_value_is_compared_in_its_stored_form(value, stored):
    assert query.eq(Parcel.weight, value) == {"kg": {"$eq": stored}}
    assert in_(Parcel.weight, [value]) == {"kg": {"$in": [stored]}}
    assert not_in(Parcel.weight, (value,)) == {"kg": {"$nin": [stored]}}


@pytest.mark.parametrize(
    "values", [[1, 2], (1, 2), iter([1, 2]), {1: "", 2: ""}, (n for n in (1, 2)), range(1, 3)]
)
def test_any_iterable_becomes_a_list(values):
    assert in_(Parcel.weight, values) == {"kg": {"$in": [1, 2]}}


def test_the_list_is_a_fresh_one():
    values = [1]
    expression = in_(Parcel.weight, values)
    values.append(2)
    assert expression == {"kg": {"$in": [1]}}


@pytest.mark.parametrize("text", ["ab", b"ab", "", "a"])
@pytest.mark.parametrize("name", ["in_", "not_in"])
def test_a_text_as_a_list_of_its_characters_is_warned_of(name, text):
    for call in (getattr(query, name), lambda field, value: getattr(field, name)(value)):
        with pytest.warns(StringOperandWarning, match=rf"^{name} of name .* write \[") as caught:
            assert [*call(Named.name, text)["name"].values()] == [list(text)]
        assert [each.filename for each in caught] == [__file__]


@pytest.mark.parametrize("function", [in_, not_in])
def test_a_single_value_is_no_iterable(function):
    with pytest.raises(TypeError, match="not iterable"):
        function(Parcel.weight, 3)


@pytest.mark.parametrize(
    ("pattern", "stored"),
    [
        ("^a", re.compile("^a")),
        (re.compile("^a", re.IGNORECASE), re.compile("^a", re.IGNORECASE)),
        (Regex("^a"), Regex("^a")),
    ],
)
def test_a_pattern_is_stored_without_an_operator(pattern, stored):
    assert match(Parcel.weight, pattern) == {"kg": stored}


@pytest.mark.parametrize(("function", "direction"), [(asc, 1), (desc, -1)])
@pytest.mark.parametrize(
    ("field", "key"),
    [
        (Parcel.weight, "kg"),
        (Parcel.size.width, "size.w"),
        (Parcel.owner, "own"),
        (Parcel.id, "_id"),
    ],
)
def test_a_sort_order_names_the_key(function, direction, field, key):
    expression = function(field)
    assert type(expression) is SortExpression
    assert expression == {key: direction}


@pytest.mark.parametrize("stranger", ["kg", 3, None, Parcel, KeyNameProxy("kg"), {"kg": 1}])
@pytest.mark.parametrize(
    "function", [asc, desc, lambda x: query.eq(x, 1), lambda x: in_(x, []), lambda x: match(x, "")]
)
def test_only_a_field_can_be_asked_about(function, stranger):
    with pytest.raises(TypeError, match="expected a field of a model"):
        function(stranger)


def test_a_key_name_is_a_text_that_makes_a_field_path():
    key = KeyNameProxy("a.b")
    assert key == "a.b"
    assert {key: 1}["a.b"] == 1
    assert +key == "$a.b"
    assert type(+key) is str
    assert bson.decode(bson.encode({key: key})) == {"a.b": "a.b"}


@pytest.mark.parametrize("pattern", [{"$gt": ""}, {"$regex": "^a"}, None, b"a", 5, ["^a"], {}])
def test_a_match_takes_only_text_and_patterns(pattern):
    for call in (match, lambda field, value: field.match(value)):
        with pytest.raises(TypeError, match=r"match\(name, \.\.\.\) takes a regular expression"):
            call(Named.name, pattern)
    for good in ("^a", re.compile("^a"), Regex("^a")):
        assert match(Named.name, good).keys() == {"name"}


def test_values_that_look_like_operators_are_values_in_lists_too():
    hostile = {"$gt": ""}

    assert in_(Named.name, ["a", hostile]) == {
        "$or": ({"name": {"$in": ["a"]}}, {"name": {"$eq": hostile}})
    }
    assert not_in(Named.name, [hostile, "a", hostile]) == {
        "$and": ({"name": {"$nin": ["a"]}}, {"name": {"$ne": hostile}}, {"name": {"$ne": hostile}})
    }
    assert Named.name.in_([{"a": {"$gt": 1}}, {}]) == {"name": {"$in": [{"a": {"$gt": 1}}, {}]}}


@pytest.mark.parametrize("pattern", [re.compile("a"), Regex("a")])
@pytest.mark.parametrize("name", ["ne", "gt", "gte", "lt", "lte"])
def test_nothing_is_compared_with_a_pattern(name, pattern):
    for call in (getattr(query, name), lambda f, value: getattr(f, name)(value)):
        with pytest.raises(TypeError, match=r"name cannot be compared .* use match"):
            call(Named.name, pattern)
    assert (Named.name == pattern) == {"name": {"$eq": pattern}}
    assert in_(Named.name, [pattern]) == {"name": {"$in": [pattern]}}
