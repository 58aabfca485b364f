"""What a save of many sends, and what is read from its errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bson.codec_options import CodecOptions
from pymongo import InsertOne, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    DuplicateKeyError,
    WriteConcernError,
    WriteError,
    WTimeoutError,
)
from tests.unit.somewhere import a_write, dirty_fields, mark_read

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._plan.groups import Group, group_instances
from odmantic._plan.order import save_order
from odmantic._plan.outcome import (
    failure_of,
    first_not_encodable,
    is_known_id,
    missing_writes,
)
from odmantic._plan.planner import Planner, replan


class Country(Model):
    name: str


class Town(Model):
    country: Country = Reference()


class Parcel(Model):
    code: Any = Field(primary_field=True)
    weight: float = 1.0
    tags: list[str] = []


def _group(*members):
    return Group(type(members[0]), [*members], [*range(len(members))])


def _failure(details):
    done = {"nMatched": 1, "nUpserted": 2, "writeErrors": [], "writeConcernErrors": []}
    return failure_of(BulkWriteError({**done, **details}))


class Size(EmbeddedModel):
    width: int = 1


class Box(EmbeddedModel):
    sizes: tuple[Size, ...] = (Size(),)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (tuple[Size, ...], (Size(),)),
        (tuple[Size, ...] | None, (Size(),)),
        (list[tuple[Size, ...]], [(Size(),)]),
        (dict[str, tuple[Size, ...]], {"a": (Size(),)}),
        (tuple[list[int], ...], ([1],)),
        (tuple[Decimal, ...], (Decimal(1),)),
        (list[Box], [Box()]),
        (list[Any], [[1]]),
    ],
)
def test_new_instances_are_unmodified_once_they_are_sent(annotation, value):
    shaped = type(
        "Shaped", (Model,), {"__module__": __name__, "__annotations__": {"value": annotation}}
    )
    instances = [shaped(value=value) for _ in range(3)]

    batch = Planner(_group(*instances), 0, write=a_write()).finish()

    assert len(batch) == 3
    assert [dirty_fields(instance) for instance in instances] == [set()] * 3


def test_groups_follow_the_levels_of_references():
    shared = Country(name="a")
    towns = [Town(country=shared), Town(country=Country(name="b"))]

    first, second = group_instances(
        save_order([*towns, Country(name="c")], lambda _: False).instances
    )

    assert [each.name for each in first.members] == ["a", "b", "c"]
    assert first.positions == [0, 2, 4]
    assert (second.members, second.positions) == (towns, [1, 3])
    assert second.before(3).members == towns[:1]


def test_what_is_not_saved_makes_no_level():
    towns = [Town(country=Country(name="a")), Town(country=Country(name="b"))]

    assert [each.members for each in group_instances(towns)] == [towns]


def test_instances_without_references_are_grouped_by_model():
    instances = [Country(name="a"), Parcel(code=1), Country(name="b")]

    assert [each.positions for each in group_instances(instances)] == [[0, 2], [1]]


def test_a_batch_holds_what_is_sent():
    new, old = Country(name="a"), Country(name="b")
    mark_read(old)
    unchanged = Country(name="c")
    mark_read(unchanged)
    old.name = "B"

    batch = Planner(_group(new, unchanged, old), 0, write=a_write()).finish()

    assert batch.instances == [new, old]
    assert (batch.are_new, batch.are_whole) == ([True, False], [True, False])
    assert batch.requests(inserting=True) == [
        InsertOne(new.model_dump_doc()),
        UpdateOne({"_id": old.id}, {"$set": {"name": "B"}}, upsert=False),
    ]
    assert batch.update_count(inserting=True) == 1
    assert new.__fields_modified__ == old.__fields_modified__ == set()
    batch.give_back()
    assert (new.__fields_modified__, old.__fields_modified__) == ({"name", "id"}, {"name"})
    assert replan(batch, [0], a_write()).are_new == [False]


def test_an_instance_that_cannot_be_planned_ends_the_batch():
    loop: list[Any] = []
    loop.append(loop)
    parcels = [Parcel(code=1), Parcel(code=loop), Parcel(code=2)]

    batch = Planner(_group(*parcels), 0, write=a_write()).finish()

    assert len(batch) == 1
    assert batch.stop == 2
    assert batch.error is not None
    assert parcels[1].__fields_modified__ == parcels[2].__fields_modified__ != set()


def test_an_interrupted_plan_takes_nothing():
    taken, stopped = Country(name="a"), Country(name="b")
    stopped.name = "c"

    def stop(_instance):
        raise KeyboardInterrupt

    for check in (None, stop):
        members = [taken, _Interrupting(stopped)] if check is None else [taken]
        with pytest.raises(KeyboardInterrupt):
            Planner(
                Group(Country, members, range(len(members))), 0, check, write=a_write()
            ).finish()
        assert taken.__fields_modified__ == {"name", "id"}


class _Interrupting:
    """Stands for an instance at whose turn the user presses a key."""

    def __init__(self, instance):
        self._instance = instance

    @property
    def __dict__(self):
        raise KeyboardInterrupt


def test_what_became_clean_is_not_planned_again():
    batch = Planner(_group(Country(name="a"), Country(name="b")), 0, write=a_write()).finish()

    assert len(replan(batch, [0, 1], a_write())) == 0


def test_the_check_sees_what_it_has_not_seen():
    seen: list[Any] = []

    Planner(
        _group(*(Parcel(code=number) for number in range(4))),
        1,
        seen.append,
        checked=2,
        write=a_write(),
    ).finish()

    assert [each.code for each in seen] == [2, 3]


@pytest.mark.parametrize(("code", "kind"), [(11000, DuplicateKeyError), (121, WriteError)])
def test_the_error_of_a_write(code, kind):
    failure = _failure({"writeErrors": [{"index": 3, "code": code, "errmsg": "no", "op": {}}]})

    assert type(failure.error) is kind
    assert failure.error.details == {"index": 0, "code": code, "errmsg": "no"}
    assert (failure.done, failure.updated) == (3, 3)


@pytest.mark.parametrize(("code", "kind"), [(64, WTimeoutError), (100, WriteConcernError)])
def test_the_error_of_a_write_concern(code, kind):
    failure = _failure({"writeConcernErrors": [{"code": code, "errmsg": "no"}]})

    assert type(failure.error) is kind
    assert failure.done == 0


@pytest.mark.parametrize(
    ("error", "is_of_id"),
    [
        (DuplicateKeyError("E11000", 11000, {"keyPattern": {"_id": 1}}), True),
        (DuplicateKeyError("E11000", 11000, {"keyPattern": {"name": 1}}), False),
        (DuplicateKeyError("E11000", 11000, {"errmsg": "x index: _id_ dup key"}), True),
        (DuplicateKeyError("E11000", 11000), False),
        (WriteError("no", 121, {"keyPattern": {"_id": 1}}), False),
    ],
)
def test_a_duplicate_of_an_id(error, is_of_id):
    assert is_known_id(error) is is_of_id


def test_missing_writes_are_those_of_a_part():
    parcels = [Parcel(code=code) for code in ("a", "b", 1)]
    for parcel in parcels:
        mark_read(parcel)
        parcel.weight = 2.0
    batch = Planner(_group(*parcels, Parcel(code="new")), 0, write=a_write()).finish()

    assert batch.updated_filter() == {"_id": {"$in": ["a", "b"]}}
    assert missing_writes(batch, ["a"]) == ([1], [2])


def test_of_two_instances_of_a_missing_document_the_second_is_unsure():
    parcels = [Parcel(code="a"), Parcel(code="a")]
    for weight, parcel in enumerate(parcels):
        mark_read(parcel)
        parcel.weight = weight + 2.0

    assert missing_writes(Planner(_group(*parcels), 0, write=a_write()).finish(), []) == ([0], [1])


def test_the_first_document_that_is_refused():
    options: CodecOptions[dict[str, Any]] = CodecOptions()

    assert first_not_encodable([{"a": 1}, {"a": object()}], options) == 1
    assert first_not_encodable([{"a": "x" * 17_000_000}], options) == 0
    assert first_not_encodable([{"a": 1}], options) is None
