"""The conditions that models add to filters."""

from __future__ import annotations

from typing import Any

import pytest

from odmantic import Model, Reference
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.conditions import (
    Purpose,
    conditions_of,
    instance_filter,
    instances_filter,
    targets_filter,
)
from odmantic._plan.filters import build_filter
from odmantic._plan.find import plan_find, resolve_references


class Animal(Model, inheritance="single"):
    name: str = ""


class Cat(Animal):
    lives: int = 9


class Lion(Cat):
    pride: str = ""


class Boat(Model):
    length: int = 1


class Owner(Model):
    cat: Cat = Reference()
    pet: Animal = Reference()


CATS = {"_type": {"$in": ["Cat", "Lion"]}}


@pytest.mark.parametrize(
    ("model", "queries", "expected"),
    [
        (Animal, (), {}),
        (Animal, ({"a": 1},), {"a": 1}),
        (Cat, (), CATS),
        (Cat, ({"a": 1},), {"$and": (CATS, {"a": 1})}),
        (Cat, ({"_type": "Dog"},), {"$and": (CATS, {"_type": "Dog"})}),
        (Cat, ({"a": 1}, {"b": 1}), {"$and": (CATS, {"a": 1}, {"b": 1})}),
        (Lion, (), {"_type": "Lion"}),
        (Boat, (), {}),
        (Boat, ({"a": 1},), {"a": 1}),
    ],
)
def test_queries_are_about_documents_of_the_class(model: Any, queries: Any, expected: Any):
    assert build_filter(queries, model) == expected
    assert plan_find(model, queries).filter == expected


def test_no_word_leaves_the_type_out():
    assert build_filter((), Cat, without="soft_delete") == CATS
    for word in ("type", "all", ""):
        with pytest.raises(ValueError, match="without= can be"):
            build_filter((), Cat, without=(word,))


def test_fields_of_subclasses_are_fields_of_the_root(recwarn: pytest.WarningsRecorder):
    plan_find(Animal, (Cat.lives > 3,), sort=Lion.pride)
    assert not recwarn.list


def test_the_filter_of_one_instance():
    assert instance_filter(Boat, 1) == instance_filter(Animal, 1) == {"_id": 1}
    assert instance_filter(Animal, 1, is_whole=True) == {"_id": 1}
    assert instance_filter(Cat, 1) == {"_id": 1, **CATS}
    assert instance_filter(Lion, 1) == {"_id": 1, "_type": "Lion"}
    # A whole Cat does not replace a Lion.
    assert instance_filter(Cat, 1, is_whole=True) == {"_id": 1, "_type": "Cat"}


def test_the_filters_of_several_and_of_targets():
    assert instances_filter(Lion, [1]) == {"_id": {"$in": [1]}, "_type": "Lion"}
    assert targets_filter(Cat, [1, 2]) == {"_id": {"$in": [1, 2]}, **CATS}
    assert targets_filter(Animal, [1]) == {"_id": {"$in": [1]}}


def test_a_lookup_finds_targets_of_the_class():
    matches = [
        stage["$lookup"]["pipeline"][0]["$match"]
        for stage in resolve_references(mapping_of(Owner).usual_load)
        if "$lookup" in stage
    ]
    is_target = {"$expr": {"$eq": ["$_id", "$$foreign_key"]}}
    assert matches == [{**is_target, **CATS}, is_target]


def test_a_new_class_widens_the_condition():
    class Plant(Model, inheritance="single"):
        x: int = 1

    class Rose(Plant):
        pass

    assert build_filter((), Rose) == {"_type": "Rose"}

    class Tea(Rose):
        pass

    assert build_filter((), Rose) == {"_type": {"$in": ["Rose", "Tea"]}}
    assert build_filter((), Tea) == {"_type": "Tea"}


def test_subclasses_are_imported_before_the_first_filter():
    def more() -> list[Any]:
        class Tea(Rose):
            pass

        return [Tea]

    class Plant(Model, inheritance="single", subclasses=more):
        x: int = 1

    class Rose(Plant):
        pass

    assert build_filter((), Rose) == {"_type": {"$in": ["Rose", "Tea"]}}


@pytest.mark.parametrize("purpose", Purpose)
def test_a_class_without_words_adds_nothing(purpose: Purpose):
    assert conditions_of(Boat, purpose) == []
