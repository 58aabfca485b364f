"""Which queries are in MongoDB's own language, and what the engine says of them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from odmantic import EmbeddedModel, Model, type_is
from odmantic._plan.filters import build_filter
from odmantic._plan.raw import RawQueries
from odmantic.exceptions import RawQueryWarning
from odmantic.path import element
from odmantic.query import QueryExpression, elem_match, in_, nor_, not_, not_in, or_, raw


class Line(EmbeddedModel):
    qty: int = 0


class Animal(Model):
    model_config = {"inheritance": "single"}
    name: str = ""
    other: str = ""
    tags: list[str] = []
    lines: list[Line] = []
    anything: Any = None


class Cat(Animal):
    lives: int = 9


MADE = [
    Animal.name == "x",
    Animal.name == {"$where": "true"},
    Animal.anything.in_([{"$where": "true"}, 1]),
    Animal.anything.not_in([{"$where": "true"}]),
    (Animal.name == "x") & (Animal.tags.contains({"$function": 1})),
    Animal.tags.all_([{"$where": "true"}, "a"]),
    or_(Animal.name == "x", nor_(Animal.name == "y", not_(Animal.name > "z"))),
    Animal.name < Animal.other,
    elem_match(Animal.lines, Line.qty > 5),
    elem_match(Animal.lines, raw({"qty": 5})),
    elem_match(Animal.tags, element == {"$where": "true"}),
    Animal.name.startswith("x"),
    type_is(Cat),
    in_(Animal.name, [{"$gt": ""}]) | not_in(Animal.name, [{"$gt": ""}]),
    QueryExpression(),
    raw({}),
    raw({"$where": "true"}),
    raw({"$expr": {"$function": {}}}) & (Animal.name == "x"),
    not_(raw({"$where": "true"})),
]  # fmt: skip

PLAIN = [
    {},
    {"name": "x"},
    {+Animal.name: {"$ne": None}},
    (Animal.name == "x") & {"name": "y"},
    or_(Animal.name == "x", nor_({"name": "y"})),
    not_({"name": "x"}),
    (Animal.name == "x") & {"$or": [Animal.name == "y"]},
]  # fmt: skip

CODE = [
    {"$where": "true"},
    QueryExpression({"$where": "true"}),
    {"$and": [{"a": 1}, {"$or": ({"$where": "true"},)}]},
    {"$expr": {"$eq": [1, {"$function": {"body": "", "args": [], "lang": "js"}}]}},
    {"$expr": {"$in": [1, [{"$accumulator": {}}]]}},
    {"lines": {"$elemMatch": {"$where": "true"}}},
    (Animal.name == "x") & {"$where": "true"},
    not_({"$where": "true"}),
]  # fmt: skip


@pytest.mark.parametrize("policy", list(RawQueries))
@pytest.mark.parametrize("query", MADE, ids=str)
def test_conditions_of_fields_and_marked_filters_always_pass(query, policy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert build_filter((query,), Animal, raw=policy) == query


@pytest.mark.parametrize("query", [*PLAIN, *CODE], ids=str)
def test_a_plain_dictionary_may_be_forbidden(query):
    with pytest.raises(
        TypeError, match=r"raw_queries='forbid'.* write conditions with fields, or raw\("
    ):
        build_filter((Animal.name == "x", query), Animal, raw=RawQueries.FORBID)


@pytest.mark.parametrize("query", PLAIN, ids=str)
def test_a_plain_dictionary_may_be_warned_of(query):
    build_filter((query,), Animal)
    with pytest.warns(RawQueryWarning, match="is a plain dictionary") as caught:
        build_filter((query,), Animal, raw=RawQueries.WARN)
    assert [each.filename for each in caught] == [__file__]


@pytest.mark.parametrize("policy", [RawQueries.ALLOW, RawQueries.WARN])
@pytest.mark.parametrize("query", CODE, ids=str)
def test_code_for_the_server_is_warned_of(query, policy):
    with pytest.warns(RawQueryWarning, match=r"has the server run code: write raw\("):
        build_filter((query,), Animal, raw=policy)


@pytest.mark.parametrize(
    "query",
    [
        {"code": {"$eq": {"$where": 1}}},
        {"code": {"$in": [{"$where": 1}]}},
        {"code": "$where"},
        {"$expr": {"$eq": ["$a", {"$literal": {"$where": 1}}]}},
    ],
)  # fmt: skip
def test_values_are_no_code(query):
    build_filter((query,), Animal)


def test_a_marked_filter_stays_marked():
    once = build_filter((raw({"$where": "true"}),))
    assert build_filter((once,), None, raw=RawQueries.FORBID) == {"$where": "true"}
