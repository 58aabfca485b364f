"""Which updates are planned at the call, and which only when they are sent."""

from __future__ import annotations

import pytest

from odmantic import Field, Model
from odmantic._plan.query_update import QueryUpdate, plan_query_update
from odmantic.update import inc

_asked: list[str] = []


def _three():
    _asked.append("three")
    return 3


class Level(Model):
    model_config = {"parse_doc_with_default_factories": True}

    one: int = Field(default_factory=_three)
    two: int = 2
    three: int = 3
    four: int = 4
    five: int = 5


_FIELDS = (Level.one, Level.two, Level.three, Level.four, Level.five)


def planned(number, *, just_one):
    """Returns the plans of an update of some fields, and how often their defaults were asked for."""
    _asked.clear()
    updates = tuple(inc(each, 1) for each in _FIELDS[:number])
    call = QueryUpdate("update_one", Level, ({},), updates, just_one=just_one)
    return plan_query_update(call, {}), len(_asked)


def test_an_update_of_one_document_plans_repetitions_when_they_are_sent():
    plans, asked = planned(2, just_one=True)
    assert asked == 0

    first = list(plans.others)
    assert [each.update for each in first] == [
        {"$set": {"one": 4}, "$inc": {"two": 1}},
        {"$inc": {"one": 1}, "$set": {"two": 3}},
        {"$set": {"one": 4, "two": 3}},
    ]
    assert [*map(id, plans.others)] == [*map(id, first)]
    assert len(_asked) == 1


def test_an_update_of_several_documents_plans_all_before_it_writes():
    _, asked = planned(2, just_one=False)
    assert asked == 1


@pytest.mark.parametrize("just_one", [False, True])
def test_too_many_defaults_are_refused_before_anything_is_sent(just_one):
    with pytest.raises(ValueError, match="one call takes 4 changes that begin with a default"):
        planned(5, just_one=just_one)
