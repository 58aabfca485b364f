"""A query names fields of the model it is for.

The rule: a field of another model in a filter or a sort order never goes unnoticed, wherever it stands among logical
operators. Classes that share documents share their fields.
"""

from __future__ import annotations

import pickle
import warnings
from typing import Generic, TypeVar

import pytest

from odmantic import EmbeddedModel, Field, Model
from odmantic._plan.filters import build_filter
from odmantic._plan.sort import build_sort
from odmantic.exceptions import ForeignFieldWarning
from odmantic.query import and_, asc, desc, nor_, or_

T = TypeVar("T")


class Line(EmbeddedModel):
    item: str = Field(key_name="i")


class Order(Model):
    total: int = Field(0, key_name="t")
    line: Line = Line(item="tea")
    lines: list[Line] = []


class User(Model):
    name: str = ""


class OrderView(Model):
    model_config = {"collection": "order"}
    total: int = 0


class Box(Model, Generic[T]):
    content: T


@pytest.mark.parametrize(
    "query",
    [
        Order.total == 3,
        Order.id == 3,
        Order.line.item == "tea",
        Line.item == "tea",
        {+Order.total: 3},
        (User.name == "a") & (Order.total > 3),
        or_(User.name == "a", and_(User.name == "b", Order.total > 3)),
        nor_({"$and": [Order.total > 3]}),
    ],
    ids=repr,
)
def test_a_field_of_another_model_in_a_filter_is_noticed(query):
    with pytest.warns(ForeignFieldWarning, match="the documents are those of User") as caught:
        build_filter((query,), User)

    assert [each.filename for each in caught] == [__file__]


@pytest.mark.parametrize(
    "sort", [Order.total, desc(Order.total), (asc(User.name), Order.total), [Order.line.item]]
)
def test_a_field_of_another_model_in_an_order_is_noticed(sort):
    with pytest.warns(ForeignFieldWarning, match="comes from a field of Order"):
        build_sort(sort, User)


@pytest.mark.parametrize(
    ("query", "model"),
    [
        (User.name == "a", User),
        (OrderView.total == 1, Order),
        (Box.content == 1, Box[int]),
        (Box[int].content == 1, Box),
        (Box[int].content == 1, Box[str]),
        ({+Order.lines: {"$elemMatch": Line.item == "tea"}}, Order),
        ({"$expr": {"$gt": [++Order.total, 3]}}, User),
        ({"total": 3}, User),
        ({}, User),
    ],
    ids=repr,
)
def test_fields_of_the_same_documents_are_fine(query, model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert build_filter((query,), model) == query


def test_a_query_with_a_field_of_a_local_class_can_be_pickled():
    class Local(Model):
        name: str = ""

    query = Local.name == "a"

    assert pickle.loads(pickle.dumps(query)) == query
