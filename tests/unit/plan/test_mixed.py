"""The plan of a `save_all` of several classes of a hierarchy."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.somewhere import a_write, mark_read

from odmantic import Field, Model
from odmantic._plan.groups import Group, group_instances
from odmantic._plan.mixed import MixedPlanner, planner_for
from odmantic._plan.planner import Planner


class Animal(Model, inheritance="single"):
    name: str
    tags: list[str] = []


class Cat(Animal):
    lives: int = 9


class Ship(Model):
    name: str = Field(primary_field=True)


def animals(count: int) -> list[Animal]:
    return [(Cat if number % 3 else Animal)(name=str(number)) for number in range(count)]


def mixed_group(members: list[Any]) -> Group:
    (group,) = group_instances(members)
    return group


def planned(group: Group, start: int = 0, **options: Any) -> Any:
    return planner_for(group, start, write=a_write(), **options)


def test_classes_of_a_hierarchy_are_one_group():
    ships = [Ship(name="a"), Ship(name="b")]
    members = animals(4)
    groups = group_instances([ships[0], *members, ships[1]])

    assert [(group.model, group.is_mixed) for group in groups] == [(Ship, False), (Animal, True)]
    assert groups[1].positions == [1, 2, 3, 4]
    one_class = mixed_group([Cat(name="a"), Cat(name="b")])
    assert (one_class.model, one_class.is_mixed) == (Cat, False)
    assert isinstance(planned(one_class), Planner)


def test_writes_are_in_the_order_of_the_input():
    members = animals(7)
    batch = planned(mixed_group(members)).finish()

    assert batch.instances == members
    assert batch.positions == list(range(7))
    assert [one["name"] for one in batch.documents] == [one.name for one in members]
    assert batch.documents[1] == {"_type": "Cat", **members[1].model_dump_doc()}
    assert batch.inserts
    assert (batch.stop, batch.error) == (7, None)


def test_what_is_unchanged_is_left_out():
    members = animals(7)
    for each in members:
        mark_read(each)
    for number in (1, 3, 5):
        members[number].name += "!"
    batch = planned(mixed_group(members)).finish()

    assert batch.positions == [1, 3, 5]
    assert batch.documents == [{"name": "1!"}, {"name": "3!"}, {"name": "5!"}]
    requests = [repr(one) for one in batch.requests(inserting=False)]
    assert ["'_type'" in one for one in requests] == [True, False, True]


def test_the_first_error_in_the_input_ends_the_batch():
    members: list[Any] = animals(7)
    for number in (4, 3):
        members[number].tags.append(members[number].tags)  # inside itself
    batch = planned(mixed_group(members)).finish()

    assert batch.instances == members[:3]
    assert batch.stop == 4
    assert "tags" in str(batch.error)
    # What comes later was given back.
    following = planned(mixed_group(members), 4).finish()
    assert following.positions == []
    assert following.stop == 5
    members[3].tags = members[4].tags = []
    assert planned(mixed_group(members), 3).finish().instances == members[3:]


def test_a_plan_that_is_given_back_can_be_made_again():
    members = animals(5)
    planner = planned(mixed_group(members))
    assert isinstance(planner, MixedPlanner)
    while planner.advance():
        pass
    planner.give_back()
    assert planned(mixed_group(members)).finish().instances == members


def test_planning_ahead_continues_where_it_was():
    members = animals(900)
    planner = planned(mixed_group(members))
    steps = 0
    while planner.advance():
        steps += 1
    assert steps > 1
    assert planner.finish().instances == members


def test_a_check_sees_the_instances_in_order():
    members = animals(5)
    seen: list[Any] = []
    batch = planned(mixed_group(members), check=seen.append).finish()
    assert seen == members == batch.instances


def test_a_check_that_refuses_ends_the_batch():
    members = animals(5)

    def check(instance: Any) -> None:
        if instance is members[2]:
            raise RuntimeError("no")

    batch = planned(mixed_group(members), check=check).finish()
    assert batch.instances == members[:2]
    with pytest.raises(RuntimeError, match="no"):
        raise batch.error
