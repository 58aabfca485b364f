"""The `sort=` argument."""

from __future__ import annotations

import pytest

from odmantic import EmbeddedModel, Model, Reference
from odmantic._plan.sort import build_sort
from odmantic.engine import BaseEngine
from odmantic.query import SortExpression, asc, desc


class Size(EmbeddedModel):
    width: int


class Customer(Model):
    name: str


class Parcel(Model):
    code: str
    size: Size
    customer: Customer = Reference(key_name="c")


SORTS = [
    ([Parcel.code, desc(Parcel.size)], {"code": 1, "size": -1}),
    (None, None),
    ((), None),
    (Parcel.code, {"code": 1}),
    (Parcel.size.width, {"size.width": 1}),
    (Parcel.customer, {"c": 1}),
    (asc(Parcel.code), {"code": 1}),
    (desc(Parcel.code), {"code": -1}),
    ((Parcel.code,), {"code": 1}),
    ((desc(Parcel.code), Parcel.size), {"code": -1, "size": 1}),
    ((Parcel.code, Parcel.size, desc(Parcel.code)), {"code": -1, "size": 1}),
]


@pytest.mark.parametrize(("sort", "expected"), SORTS, ids=[str(each) for _, each in SORTS])
def test_an_order_is_built(sort, expected):
    built = build_sort(sort)

    assert built == expected
    assert built is None or list(built) == list(expected)
    assert built is None or isinstance(built, SortExpression)
    assert BaseEngine._validate_sort_argument(sort) == expected


@pytest.mark.parametrize("wrong", ["code", {"code": 1}, True, 1])
def test_other_values_are_refused(wrong):
    text = "sort has to be a Model field or asc, desc descriptors or a tuple of these"
    with pytest.raises(TypeError) as caught:
        build_sort(wrong)
    assert str(caught.value).startswith(f"{text}, not {wrong!r}: write sort=")


@pytest.mark.parametrize("wrong", ["code", {"code": 1}, (Parcel.code,), None, True])
def test_other_elements_are_refused(wrong):
    text = "sort elements have to be Model fields or asc, desc descriptors"
    with pytest.raises(TypeError) as caught:
        build_sort((Parcel.code, wrong))
    assert str(caught.value).startswith(f"{text}, not {wrong!r}: write sort=")
