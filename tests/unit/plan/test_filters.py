"""The filter of a call."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from odmantic import Model
from odmantic._plan.filters import build_filter, fits_match
from odmantic.query import QueryExpression


class Parcel(Model):
    code: str
    weight: float = 1.0


def test_no_query_matches_everything():
    assert build_filter(()) == QueryExpression()
    assert isinstance(build_filter(()), QueryExpression)


def test_one_query_is_copied():
    query = {"code": "A"}
    built = build_filter((query,))

    assert built == query
    assert built is not query
    assert isinstance(built, QueryExpression)


def test_several_queries_must_all_hold():
    first, second = Parcel.code == "A", {"weight": 1}

    assert build_filter((first, second)) == {"$and": (first, second)}
    assert build_filter((MappingProxyType(second), first)) == {"$and": (second, first)}


@pytest.mark.parametrize("queries", [(True,), (False, Parcel.code == "A"), ({}, True)])
def test_booleans_are_refused(queries):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        build_filter(queries)


@pytest.mark.parametrize("query", [None, 1, "code", [{}], Parcel.code])
def test_what_is_no_mapping_is_refused(query):
    with pytest.raises(TypeError, match="a query has to be a query expression or a dict"):
        build_filter((query,))


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({}, True),
        ({"code": "$where"}, True),
        ({"code": {"$eq": {"$where": 1}}}, True),
        ({"code": {"$nin": [{"$near": 1}]}}, True),
        ({"$text": {"$search": "a"}}, True),
        ({"$where": "true"}, False),
        (Parcel.weight.gt(1) & {"$where": "true"}, False),
        ({"$or": ({"$nor": [MappingProxyType({"at": {"$nearSphere": []}})]},)}, False),
        ({"at": {"$maxDistance": 1, "$near": [0, 0]}}, False),
        ({"at": {"$not": {"$near": [0, 0]}}}, False),
        ({"lines": {"$elemMatch": {"$where": "true"}}}, False),
    ],
    ids=str,
)
def test_what_only_find_takes_is_recognised(query, fits):
    assert fits_match(query) is fits
