# Generated from tests/integration/aio/test_remove.py by tools/generate_sync.py: do not edit.
"""`remove` deletes what matches, and says how many that were."""

from __future__ import annotations

import pytest

from odmantic import EmbeddedModel, Model, Reference


class Parcel(Model):
    code: str
    weight: float = 1.0


class Shipment(Model):
    parcel: Parcel = Reference()


class Label(EmbeddedModel):
    text: str


@pytest.fixture
def parcels(sync_engine, commands):
    saved = sync_engine.save_all(
        [Parcel(code="A"), Parcel(code="B", weight=2.0), Parcel(code="C", weight=3.0)]
    )
    commands.clear()
    return saved


def test_matching_documents_are_removed_and_counted(sync_engine, parcels):
    assert sync_engine.remove(Parcel, Parcel.weight > 1) == 2
    assert sync_engine.find_one(Parcel) == parcels[0]
    assert sync_engine.count(Parcel) == 1


def test_several_queries_must_all_hold(sync_engine, parcels):
    assert sync_engine.remove(Parcel, Parcel.weight > 1, {"code": "C"}) == 1
    assert sync_engine.count(Parcel) == 2


def test_removing_nothing_is_no_error(sync_engine):
    assert sync_engine.remove(Parcel, Parcel.code == "Z") == 0
    assert sync_engine.remove(Parcel, Parcel.code == "Z", just_one=True) == 0


def test_just_one_is_removed(sync_engine, parcels, commands):
    assert sync_engine.remove(Parcel, Parcel.weight > 1, just_one=True) == 1
    assert sync_engine.count(Parcel) == 2
    assert commands.started[0].command["deletes"][0]["limit"] == 1


def test_without_a_query_the_collection_is_emptied(sync_engine, parcels):
    assert sync_engine.remove(Parcel) == 3
    assert sync_engine.count(Parcel) == 0


def test_references_stay(sync_engine, parcels):
    sync_engine.save(Shipment(parcel=parcels[0]))

    assert sync_engine.remove(Shipment) == 1
    assert sync_engine.count(Parcel) == 3


def test_broken_documents_are_removed_too(sync_engine, raw_database):
    raw_database["parcel"].insert_one({"broken": True})

    assert sync_engine.remove(Parcel) == 1


def test_the_only_option_by_position_is_a_query(sync_engine, parcels, commands):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        sync_engine.remove(Parcel, Parcel.weight > 1, True)

    assert commands.names == []
    assert sync_engine.count(Parcel) == 3


@pytest.mark.parametrize("value", [Label, Model, None, "parcel", Parcel(code="A")])
def test_only_documents_of_models_are_removed(sync_engine, commands, value):
    with pytest.raises(TypeError, match="Can only call remove with a Model class"):
        sync_engine.remove(value)

    assert commands.names == []


def test_instances_are_not_touched(sync_engine, parcels):
    sync_engine.remove(Parcel)

    assert parcels[0].__fields_modified__ == set()
