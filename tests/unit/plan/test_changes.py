"""What changed in instances that were read or written before is taken in one step, like field by field."""

from __future__ import annotations

import copy
from decimal import Decimal
from enum import Enum
from itertools import combinations
from typing import Annotated, Any

import bson
import pydantic
import pytest
from tests.unit.somewhere import HERE, a_write, dirty_fields, mark_read, read_document

from odmantic import EmbeddedModel, Field, Model
from odmantic._plan.batch import Batch
from odmantic._plan.groups import Group
from odmantic._plan.planner import Planner
from odmantic._plan.save import fields_to_save, plan_quickly, plan_save
from odmantic._state.dirty import baseline_of
from odmantic._state.places import SOMEWHERE
from odmantic._state.transitions import give_back
from odmantic.bson import WithBsonSerializer


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(EmbeddedModel):
    width: int


class Parcel(Model):
    code: str = Field(key_name="c", default="a")
    weight: float = 1.0
    colour: Colour = Colour.RED
    price: Decimal = Decimal(1)
    tags: list[str] = ["x"]
    size: Size = Size(width=1)


class Country(Model):
    code: Colour = Field(primary_field=True)
    name: str = ""


class Loose(Model):
    name: str

    model_config = {"extra": "allow"}


def _read(model: Any = Parcel, **values: Any) -> Any:
    return read_document(model, bson.decode(bson.encode(model(**values).model_dump_doc())))


def _plan(*members: Any) -> tuple[int, Batch]:
    planner = Planner(Group(type(members[0]), members, range(len(members))), 0, write=a_write())
    planner.take()
    return planner.position, planner.batch


def _assign(*names: str) -> Any:
    new = {
        "weight": 2.0,
        "code": "b",
        "colour": Colour.BLUE,
        "price": Decimal(2),
        "tags": ["y"],
        "size": Size(width=2),
    }

    def change(parcel: Any) -> None:
        for name in names:
            setattr(parcel, name, new[name])

    return change


CHANGES = [
    _assign("weight"),
    _assign("code"),
    _assign("price", "colour"),
    _assign("weight", "price", "code"),
    _assign("tags"),
    _assign("size", "weight"),
    lambda each: each.tags.append("y"),
    lambda each: each.tags.__setitem__(0, "z"),
    lambda each: (each.tags.append("y"), each.__dict__.update(size=Size(width=3), weight=2.0)),
    lambda each: setattr(each.size, "width", 2),
    lambda each: each.__dict__.update(size=Size(width=2)),
]


def _changed(change: Any) -> tuple[Any, Any]:
    """A changed parcel, and one with the same change that is compared field by field."""
    parcel = _read()
    twin = copy.deepcopy(parcel)
    mark_read(twin)
    for each in (parcel, twin):
        change(each)
    return parcel, twin


@pytest.mark.parametrize("change", CHANGES)
def test_the_plan_is_that_of_one_save(change: Any) -> None:
    parcel, twin = _changed(change)

    stop, batch = _plan(parcel)

    plan: Any = plan_save(twin, fields_to_save(twin, HERE), a_write())
    assert stop == 1
    assert batch.plan(0).document == plan.document
    assert [*batch.plan(0).document] == [*plan.document]
    assert batch.plan(0).id_ == plan.id_
    assert (batch.names, batch.are_whole, batch.are_new) == ([plan.names], [False], [False])
    assert dirty_fields(parcel) == set()
    assert {**baseline_of(parcel), **plan.snapshots} == baseline_of(parcel)
    batch.give_back()
    assert dirty_fields(parcel) == plan.names


@pytest.mark.parametrize("change", CHANGES)
def test_one_is_planned_like_many(change: Any) -> None:
    parcel, twin = _changed(change)

    plan: Any = plan_quickly(parcel, SOMEWHERE, None)

    assert _shown(plan) == _shown(plan_save(twin, fields_to_save(twin, HERE), a_write()))
    assert [*plan.document] == sorted(plan.document, key=[*parcel.model_dump_doc()].index)
    assert (plan.snapshots, dirty_fields(parcel)) == ({}, set())
    give_back(parcel, plan.names, plan.write)
    assert dirty_fields(parcel) == plan.names


def _shown(plan: Any) -> Any:
    return plan.names, plan.id_, plan.document, plan.upsert


def test_there_may_be_nothing_to_send() -> None:
    parcel = _read()

    plan: Any = plan_quickly(parcel, SOMEWHERE, None)

    assert (plan.names, plan.document) == (set(), {})


def test_more_forms_than_are_kept() -> None:
    names = [f"field_{number}" for number in range(9)]
    wide: Any = pydantic.create_model("Wide", __base__=Model, **dict.fromkeys(names, (int, 0)))
    subsets = [combination for size in range(1, 10) for combination in combinations(names, size)]
    instance = _read(wide)

    for number, subset in enumerate(subsets * 2, 1):
        for name in subset:
            setattr(instance, name, number)
        plan: Any = plan_quickly(instance, SOMEWHERE, None)
        assert plan.document == dict.fromkeys(subset, number)


def test_what_changes_after_the_plan_stands_out() -> None:
    parcel = _read()
    parcel.tags.append("y")
    batch = _plan(parcel)[1]
    parcel.tags.append("z")
    parcel.size.width = 2
    parcel.weight = 2.0

    assert batch.documents == [{"tags": ["x", "y"]}]
    assert dirty_fields(parcel) == {"tags", "size", "weight"}
    assert _plan(parcel)[1].documents == [
        {"weight": 2.0, "tags": ["x", "y", "z"], "size": {"width": 2}}
    ]
    assert _plan(parcel)[0] == 1


class _Meanwhile:
    """What another thread does while a value is converted."""

    def __init__(self) -> None:
        self.change: Any = None

    def __call__(self, value: Any) -> Any:
        change, self.change = self.change, None
        if change is not None:
            change()
        return value


meanwhile = _Meanwhile()


class Watched(Model):
    tags: list[str] = ["x"]
    weight: float = 1.0
    code: Annotated[str, WithBsonSerializer(meanwhile)] = "a"


@pytest.mark.parametrize("name", ["weight", "code"])
def test_what_is_assigned_during_the_plan_stands_out(name: str) -> None:
    watched = _read(Watched)
    watched.weight, watched.code = 2.0, "b"
    meanwhile.change = lambda: setattr(watched, name, getattr(watched, name) * 2)
    batch = _plan(watched)[1]

    assert batch.documents == [{"weight": 2.0, "code": "b"}]
    assert dirty_fields(watched) == {name}


def test_what_changes_in_place_during_the_plan_stands_out() -> None:
    watched = _read(Watched)
    watched.tags.append("y")
    watched.code = "b"
    meanwhile.change = lambda: watched.tags.append("z")
    batch = _plan(watched)[1]

    assert batch.documents == [{"tags": ["x", "y"], "code": "b"}]
    assert dirty_fields(watched) == {"tags"}


def test_what_is_not_modified_has_no_write() -> None:
    unchanged, emptied, changed = _read(), _read(), _read()
    equal = _read()
    equal.size = Size(width=1)
    equal.__fields_modified__.clear()
    emptied.weight = 2.0
    emptied.__fields_modified__.clear()
    changed.weight = 3.0

    stop, batch = _plan(unchanged, emptied, equal, changed)

    assert (stop, batch.positions, batch.instances) == (4, [3], [changed])


def test_ids_are_stored_forms() -> None:
    country = _read(Country, code=Colour.BLUE)
    country.name = "b"

    assert _plan(country)[1].ids == ["blue"]


UNUSUAL = [
    mark_read,  # as validation of its own document leaves it
    lambda each: each.__fields_modified__.add("id"),
    lambda each: each.tags.append(["y"]),
    lambda each: each.__dict__.update(tags=None),
    lambda each: each.__fields_modified__.add("other"),
    lambda each: each.__fields_modified__.update(type(each).__mapping__.fields),
    lambda each: (_assign("code")(each), each.__dict__.pop("code")),
    lambda each: (_assign("price")(each), each.__dict__.update(price="x")),
]


@pytest.mark.parametrize("change", UNUSUAL)
def test_the_unusual_is_left_to_other_code(change: Any) -> None:
    first, second, third = _read(), _read(), _read()
    for each in (first, second, third):
        each.weight = 2.0
    change(second)
    modified = set(second.__fields_modified__)

    stop, batch = _plan(first, second, third)

    assert (stop, batch.instances) == (1, [first])
    assert second.__fields_modified__ == modified
    assert third.__fields_modified__ == {"weight"}
    assert plan_quickly(second, SOMEWHERE, None) is None
    assert second.__fields_modified__ == modified


class _Text(str):
    """Text of a class of its own."""

    __slots__ = ()


def test_the_unusual_is_planned_too() -> None:
    parcels = [_read() for _ in range(5)]
    for each in parcels:
        each.weight = 2.0
    parcels[1].tags.append(_Text("y"))
    parcels[3].__dict__["size"] = {"width": 2}
    new = Parcel(code="new")

    batch = Planner(Group(Parcel, [*parcels, new], range(6)), 0, write=a_write()).finish()

    assert batch.positions == [0, 1, 2, 3, 4, 5]
    assert [sorted(each) for each in batch.documents[:4]] == [
        ["weight"],
        ["tags", "weight"],
        ["weight"],
        ["size", "weight"],
    ]
    assert batch.are_whole == [False] * 5 + [True]


def test_additional_values_are_compared() -> None:
    loose = _read(Loose, name="a")
    loose.name = "b"
    setattr(loose, "more", 1)  # noqa: B010 - no field

    batch = Planner(Group(Loose, [loose], [0]), 0, write=a_write()).finish()

    assert batch.documents == [{"name": "b", "more": 1}]


class _Interrupting:
    """Stands for a value at whose conversion the user presses a key."""

    @property
    def __class__(self) -> Any:
        raise KeyboardInterrupt


def test_an_interrupt_takes_nothing() -> None:
    taken, stopped = _read(), _read()
    taken.weight = stopped.weight = 2.0
    stopped.__fields_modified__.add("colour")
    stopped.__dict__["colour"] = _Interrupting()

    with pytest.raises(KeyboardInterrupt):
        Planner(Group(Parcel, [taken, stopped], [0, 1]), 0, write=a_write()).finish()

    assert taken.__fields_modified__ == {"weight"}
    assert stopped.__fields_modified__ == {"weight", "colour"}


class _InterruptedColumn(list[Any]):
    """A column at which the user presses a key."""

    def append(self, value: Any) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("column", ["positions", "instances", "names", "ids", "documents"])
def test_an_interrupt_between_the_columns_takes_nothing(column: str) -> None:
    parcel = _read()
    parcel.weight = 2.0
    planner = Planner(Group(Parcel, [parcel], [0]), 0, write=a_write())
    batch = planner.batch = Batch(Parcel, a_write(), **{column: _InterruptedColumn()})

    with pytest.raises(KeyboardInterrupt):
        planner.take()

    assert parcel.__fields_modified__ == {"weight"}
    assert (len(batch), batch.documents, batch.names) == (0, [], [])
