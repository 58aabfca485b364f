# Generated from tests/integration/aio/test_bulk_given.py by tools/generate_sync.py: do not edit.
"""`save_all` of many instances whose ids were given: looked for, inserted if they are new, else updated."""

from __future__ import annotations

from typing import Any

import pymongo.errors
import pytest
from bson import Decimal128, ObjectId
from pymongo.errors import ConnectionFailure

from odmantic import EmbeddedModel, Field, Model
from odmantic import ObjectId as AutomaticId
from odmantic._plan.batch import FEWEST_TO_SUPPOSE
from odmantic._sync.operations.bulk import BulkSave
from odmantic.exceptions import DuplicateKeyError, IntegerTooLargeError

MANY = FEWEST_TO_SUPPOSE + 50


class Parcel(Model):
    code: str = Field(primary_field=True)
    number: int = Field(unique=True)
    content: str = ""


class Town(Model):
    name: str


class Size(EmbeddedModel):
    width: int


class Crate(Model):
    size: Size = Field(primary_field=True)
    content: str = ""


class Loose(Model):
    id: int = Field(primary_field=True)

    model_config = {"extra": "allow"}


class Keyed(Model):
    id: Any = Field(primary_field=True)
    content: str = ""


def _parcels(count=MANY, content="new"):
    return [Parcel(code=f"P{number}", number=number, content=content) for number in range(count)]


def _exist(raw_database, *numbers):
    """Store parcels of somebody else."""
    raw_database["parcel"].insert_many(
        {"_id": f"P{number}", "number": number, "content": "old", "note": "kept"}
        for number in numbers
    )


def _stored(raw_database):
    return {each["number"]: each for each in raw_database["parcel"].find()}


def _are_saved(instances):
    return [not instance.__fields_modified__ for instance in instances]


def test_new_documents_are_inserted(sync_engine, raw_database, commands):
    parcels = sync_engine.save_all(_parcels())

    assert commands.names == ["find", "insert"]
    assert list(raw_database["parcel"].find()) == [each.model_dump_doc() for each in parcels]
    assert all(_are_saved(parcels))
    commands.clear()
    sync_engine.save_all(parcels)
    assert commands.names == []


def test_a_few_are_updated_without_a_search(sync_engine, raw_database, commands):
    sync_engine.save_all(_parcels(FEWEST_TO_SUPPOSE - 1))

    assert commands.names == ["update"]
    assert len(_stored(raw_database)) == FEWEST_TO_SUPPOSE - 1


@pytest.mark.parametrize("make_id", [ObjectId, AutomaticId])
def test_an_id_of_the_default_type_may_be_given(sync_engine, commands, make_id):
    towns = [Town(id=make_id(), name=str(number)) for number in range(MANY)]

    sync_engine.save_all(towns)

    assert commands.names == ["find", "insert"]
    assert sync_engine.count(Town) == MANY


@pytest.mark.parametrize("known", [range(MANY), range(0, MANY, 2), range(40, 60), [MANY - 1]])
def test_documents_that_exist_are_updated(sync_engine, raw_database, commands, known):
    _exist(raw_database, *known)
    parcels = _parcels()

    sync_engine.save_all(parcels)

    assert commands.names[0] == "find"
    stored = _stored(raw_database)
    assert [stored[number]["content"] for number in range(MANY)] == ["new"] * MANY
    assert [number for number, each in sorted(stored.items()) if "note" in each] == [*known]
    assert all(_are_saved(parcels))


def test_once_one_exists_no_more_are_looked_for(sync_engine, raw_database, commands):
    _exist(raw_database, 3)

    sync_engine.save_all(_parcels(2_500))

    assert commands.names.count("find") == 1
    assert len(_stored(raw_database)) == 2_500


def test_of_two_with_one_id_the_last_wins(sync_engine, raw_database):
    parcels = _parcels()
    parcels.insert(70, Parcel(code="P3", number=3, content="last"))

    sync_engine.save_all(parcels)

    assert _stored(raw_database)[3]["content"] == "last"
    assert len(_stored(raw_database)) == MANY
    assert all(_are_saved(parcels))


@pytest.mark.parametrize("place", [0, 70, MANY - 1])
def test_a_document_that_appears_meanwhile_is_updated(
    sync_engine, raw_database, monkeypatch, place
):
    search = BulkSave._find_ids

    def find_ids(self, batch, ids):
        found = search(self, batch, ids)
        _exist(raw_database, place)
        return found

    monkeypatch.setattr(BulkSave, "_find_ids", find_ids)
    sync_engine.configure_database([Parcel])
    parcels = _parcels()

    sync_engine.save_all(parcels)

    stored = _stored(raw_database)
    assert [each["content"] for each in stored.values()] == ["new"] * MANY
    assert stored[place]["note"] == "kept"
    assert all(_are_saved(parcels))


def test_a_duplicate_names_its_instance(sync_engine, raw_database):
    sync_engine.configure_database([Parcel])
    parcels = _parcels()
    parcels[60].number = 10

    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.save_all(parcels)

    assert caught.value.instance is parcels[60]
    assert caught.value.driver_error.details["keyValue"] == {"number": 10}
    assert _are_saved(parcels) == [True] * 60 + [False] * (MANY - 60)
    assert len(_stored(raw_database)) == 60
    parcels[60].number = 60
    sync_engine.save_all(parcels)
    assert len(_stored(raw_database)) == MANY


def test_what_the_collection_refuses_raises(sync_engine, raw_database):
    raw_database.create_collection("parcel", validator={"number": {"$ne": 60}})
    parcels = _parcels()

    with pytest.raises(pymongo.errors.WriteError) as caught:
        sync_engine.save_all(parcels)

    assert caught.value.code == 121
    assert _are_saved(parcels) == [True] * 60 + [False] * (MANY - 60)


def test_who_may_not_search_updates(sync_engine, raw_database, commands, fail_point):
    unauthorized = 13
    with fail_point("find", times=1, error_code=unauthorized):
        parcels = sync_engine.save_all(_parcels())

    assert commands.names == ["find", "update"]
    assert all(_are_saved(parcels))
    assert len(_stored(raw_database)) == MANY


def test_a_search_without_an_answer_leaves_all_dirty(sync_engine, fail_point):
    parcels = _parcels()
    with fail_point("find", close_connection=True), pytest.raises(ConnectionFailure):
        sync_engine.save_all(parcels)

    assert not any(_are_saved(parcels))
    sync_engine.save_all(parcels)
    assert sync_engine.count(Parcel) == MANY


def test_an_id_that_cannot_be_stored_names_its_instance(sync_engine, raw_database):
    instances = [Keyed(id=number if number != 60 else 2**64) for number in range(MANY)]

    with pytest.raises(IntegerTooLargeError, match="id"):
        sync_engine.save_all(instances)

    assert _are_saved(instances) == [True] * 60 + [False] * (MANY - 60)
    assert raw_database["keyed"].count_documents({}) == 60


@pytest.mark.parametrize("stored", [Decimal128("5"), 5.0])
def test_an_id_stored_as_another_number_is_updated(sync_engine, raw_database, stored):
    raw_database["keyed"].insert_one({"_id": stored})
    instances = [Keyed(id=number, content="new") for number in range(MANY)]

    sync_engine.save_all(instances)

    assert all(_are_saved(instances))
    assert raw_database["keyed"].count_documents({"content": "new"}) == MANY
    assert type(raw_database["keyed"].find_one({"_id": 5})["_id"]) is type(stored)


def test_an_insert_whose_outcome_is_unknown_can_be_repeated(sync_engine, raw_database, fail_point):
    parcels = _parcels()
    concern = {"code": 64, "errmsg": "waiting for replication timed out"}
    with (
        fail_point("insert", write_concern_error=concern),
        pytest.raises(pymongo.errors.WTimeoutError),
    ):
        sync_engine.save_all(parcels)

    assert not any(_are_saved(parcels))
    sync_engine.save_all(parcels)
    assert len(_stored(raw_database)) == MANY


def test_in_a_transaction_they_are_updated(sync_engine, commands):
    with sync_engine.transaction() as transaction:
        transaction.save_all(_parcels())

    assert commands.names == ["update", "commitTransaction"]


@pytest.mark.parametrize(
    "make",
    [
        lambda number: Crate(size=Size(width=number)),
        lambda number: Loose(id=number, place="Oslo"),
        lambda number: Keyed(id=number + 0.5),
    ],
    ids=["embedded", "extra", "float"],
)
def test_other_ids_are_updated_without_a_search(sync_engine, commands, make):
    instances = sync_engine.save_all([make(number) for number in range(MANY)])

    assert commands.names == ["update"]
    assert sync_engine.count(type(instances[0])) == MANY
