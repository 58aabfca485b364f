"""The indexes of a hierarchy."""

from __future__ import annotations

from typing import Any

import pymongo
import pytest

from odmantic import Field, Index, Model
from odmantic._plan.type_indexes import WantedIndex, wanted_indexes, widening


class Stamped(Model, inheritance="abstract"):
    created: int = 0
    model_config = {"indexes": lambda: [Index(Stamped.created, name="age")]}


class Animal(Stamped):
    name: str = Field(unique=True)
    model_config = {
        "inheritance": "single",
        "indexes": lambda: [Index(Animal.name, Animal.created, by_type=True, unique=True)],
    }


class Cat(Animal):
    chip: int = Field(0, unique=True, key_name="c")
    lives: int = Field(9, index=True)


class Lion(Cat):
    pride: str = ""
    model_config = {
        "indexes": lambda: [
            Index(Lion.pride, by_type=True),
            pymongo.IndexModel(
                "pride", unique=True, partialFilterExpression={"pride": {"$gt": ""}}
            ),
        ]
    }


def described(index: pymongo.IndexModel) -> Any:
    document = index.document
    return (
        list(document["key"]),
        bool(document.get("unique")),
        document.get("partialFilterExpression"),
    )


def test_indexes_of_subclasses_cover_their_documents():
    expected = [
        (["name"], True, None),
        (["created"], False, None),
        (["_type", "name", "created"], True, None),
        (["c"], True, {"_type": {"$in": ["Cat", "Lion"]}}),
        (["lives"], False, None),
        (["_type", "pride"], False, None),
        (["pride"], True, {"pride": {"$gt": ""}, "_type": "Lion"}),
    ]
    for model in (Animal, Cat, Lion):
        assert [described(each.index) for each in wanted_indexes(model)] == expected


def test_indexes_of_other_models_are_as_declared():
    class Boat(Model):
        name: str = Field(unique=True)

    (wanted,) = wanted_indexes(Boat)
    assert (described(wanted.index), wanted.type_key) == ((["name"], True, None), None)


def test_an_index_by_type_needs_a_hierarchy():
    class Boat(Model):
        name: str
        model_config = {"indexes": lambda: [Index(Boat.name, by_type=True)]}

    with pytest.raises(TypeError, match="by_type belongs to a model of a hierarchy"):
        wanted_indexes(Boat)


def wanted(*types: str, name: str = "c_1", **options: Any) -> WantedIndex:
    condition: Any = types[0] if len(types) == 1 else {"$in": list(types)}
    index = pymongo.IndexModel(
        [("c", 1)],
        name=name,
        unique=True,
        partialFilterExpression={"_type": condition},
        **options,
    )
    return WantedIndex(Cat, index, "_type")


def existing(condition: Any, **options: Any) -> dict[str, Any]:
    key = {"v": 2, "key": {"c": 1}, "name": "c_1", "unique": True}
    return {**key, "partialFilterExpression": condition, **options}


IDS = {"v": 2, "key": {"_id": 1}, "name": "_id_"}


@pytest.mark.parametrize("others", [[], [IDS], [IDS, existing({"x": 1}, name="other")]])
def test_an_index_that_is_not_there_is_created(others: Any):
    change = widening(wanted("Cat"), others)
    assert change.create is not None
    assert change.create.document == wanted("Cat").index.document
    assert change.drop == []


@pytest.mark.parametrize(
    "condition", [{"_type": "Cat"}, {"_type": {"$in": ["Lion", "Cat"]}}, {"_type": {"$eq": "Cat"}}]
)
def test_an_index_for_these_and_other_types_is_left_alone(condition: Any):
    change = widening(wanted("Cat"), [IDS, existing(condition)])
    assert (change.create, change.drop) == (None, ())


def test_a_new_type_makes_another_index_before_the_old_one_is_dropped():
    change = widening(wanted("Cat", "Lion"), [IDS, existing({"_type": "Cat"})])
    assert change.create is not None
    assert change.create.document["name"] != "c_1"
    assert described(change.create) == (["c"], True, {"_type": {"$in": ["Cat", "Lion"]}})
    assert change.drop == ["c_1"]
    # The next one finds it.
    made = existing({"_type": {"$in": ["Cat", "Lion"]}}, name=change.create.document["name"])
    assert widening(wanted("Cat", "Lion"), [made]).create is None
    again = widening(wanted("Cat", "Lion", "Lynx"), [made])
    assert again.create is not None
    assert again.create.document["name"] == "c_1"
    assert again.drop == [made["name"]]


def test_types_of_other_programs_stay():
    change = widening(wanted("Cat", "Lion"), [existing({"_type": {"$in": ["Cat", "Lynx"]}})])
    assert change.create is not None
    assert described(change.create)[2] == {"_type": {"$in": ["Cat", "Lion", "Lynx"]}}


@pytest.mark.parametrize(
    "other",
    [
        existing({"_type": "Cat"}, unique=False),
        existing({"_type": "Cat", "x": 1}),
        existing({"_type": "Cat"}, key={"c": -1}),
        existing({"_type": "Cat"}, collation={"locale": "de"}),
        existing({}),
    ],
)
def test_an_index_that_differs_in_more_is_not_replaced(other: dict[str, Any]):
    change = widening(wanted("Cat", "Lion"), [other])
    assert change.create is not None
    assert change.create.document == wanted("Cat", "Lion").index.document
    assert change.drop == []
