"""Values that are put back before a transaction is run again."""

from __future__ import annotations

import copy
import re
import threading
from collections import deque
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from bson import ObjectId
from tests.unit.somewhere import dirty_fields, mark_read

from odmantic import EmbeddedModel, Model, Reference
from odmantic._state.transitions import mark_unknown
from odmantic._transaction.tracked import Tracked


class Size(EmbeddedModel):
    width: int = 1
    notes: dict[str, list[int]] = {}


class Country(Model):
    name: str = "NO"
    tags: list[str] = []


class Parcel(Model):
    code: str = "A"
    tags: list[str] = []
    size: Size = Size()
    sizes: list[Size] = []
    by_name: dict[str, Size] = {}
    pair: tuple[Size, Size] | None = None
    marks: set[str] = set()
    recent: deque[Size] = deque()
    content: Any = None
    country: Country = Reference()
    _private: list[int] = []

    model_config = {"extra": "allow"}


@pytest.fixture
def parcel():
    parcel = Parcel(
        tags=["x"],
        size=Size(notes={"a": [1]}),
        sizes=[Size(width=1), Size(width=2)],
        by_name={"one": Size(), "two": Size(width=2)},
        pair=(Size(), Size()),
        marks={"m"},
        recent=deque([Size()]),
        content={"when": datetime(2024, 1, 1), "deep": [{"er": {1}}], "odd": bytearray(b"a")},
        country=Country(tags=["cold"]),
        colour=["red"],
    )
    parcel._private.append(1)
    mark_read(parcel)
    return parcel


@pytest.fixture
def country():
    country = Country(tags=["cold"])
    mark_read(country)
    return country


def tracked(*values):
    tracked = Tracked()
    for value in values:
        tracked.add(value)
    return tracked


CHANGES = {
    "a field": lambda parcel: setattr(parcel, "code", "B"),
    "a list": lambda parcel: parcel.tags.append("y"),
    "an emptied list": lambda parcel: parcel.tags.clear(),
    "another list": lambda parcel: setattr(parcel, "tags", ["z"]),
    "an embedded object": lambda parcel: setattr(parcel.size, "width", 9),
    "another embedded object": lambda parcel: setattr(parcel, "size", Size(width=9)),
    "a list in a dict in an embedded object": lambda parcel: parcel.size.notes["a"].append(2),
    "an embedded object in a list": lambda parcel: setattr(parcel.sizes[1], "width", 9),
    "the order of a list": lambda parcel: parcel.sizes.reverse(),
    "a removed element": lambda parcel: parcel.sizes.pop(0),
    "an embedded object in a dict": lambda parcel: setattr(parcel.by_name["one"], "width", 9),
    "the keys of a dict": lambda parcel: parcel.by_name.update(three=parcel.by_name.pop("one")),
    "an embedded object in a tuple": lambda parcel: setattr(parcel.pair[0], "width", 9),
    "another tuple": lambda parcel: setattr(parcel, "pair", None),
    "a set": lambda parcel: parcel.marks.update("yz"),
    "a deque": lambda parcel: parcel.recent.appendleft(Size(width=9)),
    "deep in a field of any type": lambda parcel: parcel.content["deep"][0]["er"].add(2),
    "what cannot be looked into": lambda parcel: parcel.content["odd"].extend(b"b"),
    "an extra": lambda parcel: parcel.colour.append("blue"),
    "another extra": lambda parcel: setattr(parcel, "weight", 3),
    "a deleted extra": lambda parcel: delattr(parcel, "colour"),
    "a referenced object": lambda parcel: parcel.country.tags.append("far"),
    "another reference": lambda parcel: setattr(parcel, "country", Country(name="IS")),
    "a private attribute": lambda parcel: parcel._private.append(2),
}


def state_of(parcel):
    """All that a save could notice, and what pydantic keeps beside it."""
    parts = [
        (part.model_dump(), part.model_fields_set, dirty_fields(part), part.__pydantic_private__)
        for part in (parcel, parcel.country)
    ]
    return copy.deepcopy(parts)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_taken_back_as_often_as_wanted(parcel, change):
    before, values = state_of(parcel), tracked(parcel)

    for _ in range(2):
        change(parcel)
        assert state_of(parcel) != before
        values.restore()
        assert state_of(parcel) == before


def objects_in(parcel):
    """What a program may hold references to."""
    return [
        *(parcel.tags, parcel.size, parcel.size.notes, parcel.size.notes["a"], parcel.sizes),
        *(*parcel.sizes, parcel.by_name, *parcel.by_name.values(), parcel.pair, *parcel.pair),
        *(parcel.marks, parcel.recent, *parcel.recent, parcel.country, parcel.country.tags),
        *(parcel.content, parcel.content["deep"], parcel.content["deep"][0], parcel.colour),
    ]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_program_holds_stays_the_same_object(parcel, change):
    before, values = objects_in(parcel), tracked(parcel)

    change(parcel)
    values.restore()

    assert [id(each) for each in objects_in(parcel)] == [id(each) for each in before]


def test_changes_of_embedded_objects_that_were_taken_out_are_taken_back(parcel):
    size, values = parcel.sizes[0], tracked(parcel)

    parcel.sizes.clear()
    size.width = 9
    values.restore()

    assert (parcel.sizes[0] is size, size.width) == (True, 1)


def test_an_assigned_field_is_modified_again_only_if_it_was(country):
    country.name = "SE"
    values = tracked(country)

    country.tags = ["warm"]
    values.restore()

    assert country.__fields_modified__ == {"name"}


@pytest.mark.parametrize("mark", [mark_unknown, mark_read])
def test_what_was_never_saved_is_new_again(mark):
    country = Country()
    mark_unknown(country)
    values = tracked(country)

    mark_read(country)
    mark(country)
    values.restore()

    assert dirty_fields(country) == {"id", "name", "tags"}


def test_a_tracked_object_keeps_its_first_values(country):
    values = tracked(country)

    country.name = "SE"
    values.add(country)
    values.restore()

    assert country.name == "NO"


def test_an_object_that_two_share_is_put_back_once_for_both():
    country = Country()
    parcels = [Parcel(country=country), Parcel(country=country)]
    values = tracked(*parcels)

    country.name = "SE"
    parcels[1].country = Country(name="IS")
    values.restore()

    assert [parcel.country for parcel in parcels] == [country, country]
    assert country.name == "NO"


def test_what_contains_itself_is_put_back():
    items: list[Any] = [1]
    items.append({"self": items})
    values = tracked(items)

    items[1]["self"] = None
    items.insert(0, 0)
    values.restore()

    assert (items[0], items[1]["self"] is items, len(items)) == (1, True, 2)


def test_contains_what_was_found_inside(parcel):
    values = tracked(parcel)

    assert parcel in values
    assert parcel.country in values
    assert parcel.sizes[0] in values
    assert Parcel(country=Country()) not in values


ATOMS = [
    *(None, True, 1, 1.5, "a", b"b", ..., ObjectId(), Decimal(1), datetime(2024, 1, 1)),
    *(re.compile("a"), len, int, print),
]


@pytest.mark.parametrize("value", ATOMS, ids=lambda value: type(value).__name__)
def test_what_cannot_change_is_put_back_as_it_is(value):
    held = {"value": value}
    values = tracked(held)

    held.clear()
    values.restore()

    assert held["value"] is value


def test_each_repetition_gets_a_fresh_copy_of_what_cannot_be_looked_into():
    held = {"odd": SimpleNamespace(n=1)}
    values = tracked(held)

    for _ in range(2):
        held["odd"].n += 1
        values.restore()
        assert held["odd"].n == 1


@pytest.mark.parametrize("value", [threading.Lock(), (each for each in "a")])
def test_what_can_neither_be_looked_into_nor_copied_is_refused(value):
    with pytest.raises(TypeError, match=rf"holds a {type(value).__name__} .* inside the callback"):
        tracked(Parcel(country=Country(), content=[value]))


def test_an_instance_that_was_written_before_is_made_dirty(country):
    asked = []

    def after_rollback(instance):
        asked.append(instance)
        return lambda: mark_unknown(instance)

    values = Tracked()
    values.add(country, after_rollback)
    values.restore()

    assert asked == [country]
    assert dirty_fields(country) == {"id", "name", "tags"}
