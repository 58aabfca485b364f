"""Pickles and copies of parametrised generic models, and of what holds them: the class is found again.

That is so wherever the parametrisation was written, and in another process, too.
"""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, List, Literal, Optional, TypeVar

import pytest

from odmantic import EmbeddedModel, Model, ObjectId

T = TypeVar("T")
U = TypeVar("U")


class Box(EmbeddedModel, Generic[T]):
    value: T


class Pair(EmbeddedModel, Generic[T, U]):
    first: T
    second: U


class Page(Model, Generic[T]):
    items: List[T] = []


class Holder(Model):
    box: Box[int]
    maybe: Optional[Box[str]] = None
    boxes: List[Box[Box[int]]] = []


class Outer:
    class Inner(EmbeddedModel):
        n: int = 1


class Reopened(Model):
    box: Box[Later]


class Later(EmbeddedModel):
    n: int = 1


Numbered = Box[int]

INSTANCES: list[Any] = [
    Numbered(value=1),
    Box[Decimal](value="1.5"),
    Box[datetime](value=datetime(2020, 1, 1)),
    Box[ObjectId](value=ObjectId()),
    Box[Optional[int]](value=None),
    Box[Literal["a.b"]](value="a.b"),
    Box[Outer.Inner](value=Outer.Inner()),
    Box[List[Box[int]]](value=[Numbered(value=2)]),
    Box[Any](value=1),
    Pair[int, str](first=1, second="a"),
    Pair[int, U][str](first=1, second="a"),
    Page[int](items=[1]),
    Page[Box[int]](items=[Numbered(value=1)]),
    Holder(
        box=Numbered(value=1),
        maybe=Box[str](value="a"),
        boxes=[Box[Box[int]](value=Numbered(value=1))],
    ),
    Reopened(box=Box[Later](value=Later())),
]
IDS = [repr(type(one).__name__) for one in INSTANCES]


def same(found: Any, one: Any) -> bool:
    return (
        type(found) is type(one) and found == one and found.model_dump_doc() == one.model_dump_doc()
    )


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("one", INSTANCES, ids=IDS)
def test_an_instance_can_be_pickled(one, protocol):
    found = pickle.loads(pickle.dumps(one, protocol))

    assert same(found, one)
    assert found.__fields_modified__ == one.__fields_modified__


@pytest.mark.parametrize("one", INSTANCES, ids=IDS)
def test_a_class_can_be_pickled(one):
    assert pickle.loads(pickle.dumps(type(one))) is type(one)
    assert pickle._loads(pickle._dumps(type(one))) is type(one)  # type: ignore[attr-defined]  # the one in Python


@pytest.mark.parametrize("one", INSTANCES, ids=IDS)
def test_copies_are_of_the_same_class(one):
    assert same(copy.copy(one), one)
    assert same(copy.deepcopy(one), one)
    assert same(one.model_copy(deep=True), one)
    assert copy.copy(type(one)) is copy.deepcopy(type(one)) is type(one)


def test_a_parametrisation_written_in_a_function():
    assert same(pickle.loads(pickle.dumps(Box[bytes](value=b"a"))), Box[bytes](value=b"a"))


def documents_of(instances: list[Any]) -> list[Any]:
    return [one.model_dump_doc() for one in instances]


def test_another_process_finds_the_classes():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(documents_of, (INSTANCES,))
        back = pool.apply(copy.copy, (INSTANCES,))

    assert found == documents_of(INSTANCES)
    assert all(map(same, back, INSTANCES))


def test_the_name_of_a_class_is_what_it_was():
    assert (Numbered.__module__, Numbered.__qualname__) == (__name__, "Box[int]")
