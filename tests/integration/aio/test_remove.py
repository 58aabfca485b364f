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
async def parcels(aio_engine, commands):
    saved = await aio_engine.save_all(
        [Parcel(code="A"), Parcel(code="B", weight=2.0), Parcel(code="C", weight=3.0)]
    )
    commands.clear()
    return saved


@pytest.mark.each_driver
async def test_matching_documents_are_removed_and_counted(aio_engine, parcels):
    assert await aio_engine.remove(Parcel, Parcel.weight > 1) == 2
    assert await aio_engine.find_one(Parcel) == parcels[0]
    assert await aio_engine.count(Parcel) == 1


async def test_several_queries_must_all_hold(aio_engine, parcels):
    assert await aio_engine.remove(Parcel, Parcel.weight > 1, {"code": "C"}) == 1
    assert await aio_engine.count(Parcel) == 2


async def test_removing_nothing_is_no_error(aio_engine):
    assert await aio_engine.remove(Parcel, Parcel.code == "Z") == 0
    assert await aio_engine.remove(Parcel, Parcel.code == "Z", just_one=True) == 0


@pytest.mark.each_driver
async def test_just_one_is_removed(aio_engine, parcels, commands):
    assert await aio_engine.remove(Parcel, Parcel.weight > 1, just_one=True) == 1
    assert await aio_engine.count(Parcel) == 2
    assert commands.started[0].command["deletes"][0]["limit"] == 1


async def test_without_a_query_the_collection_is_emptied(aio_engine, parcels):
    assert await aio_engine.remove(Parcel) == 3
    assert await aio_engine.count(Parcel) == 0


async def test_references_stay(aio_engine, parcels):
    await aio_engine.save(Shipment(parcel=parcels[0]))

    assert await aio_engine.remove(Shipment) == 1
    assert await aio_engine.count(Parcel) == 3


async def test_broken_documents_are_removed_too(aio_engine, raw_database):
    raw_database["parcel"].insert_one({"broken": True})

    assert await aio_engine.remove(Parcel) == 1


async def test_the_only_option_by_position_is_a_query(aio_engine, parcels, commands):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        await aio_engine.remove(Parcel, Parcel.weight > 1, True)

    assert commands.names == []
    assert await aio_engine.count(Parcel) == 3


@pytest.mark.parametrize("value", [Label, Model, None, "parcel", Parcel(code="A")])
async def test_only_documents_of_models_are_removed(aio_engine, commands, value):
    with pytest.raises(TypeError, match="Can only call remove with a Model class"):
        await aio_engine.remove(value)

    assert commands.names == []


async def test_instances_are_not_touched(aio_engine, parcels):
    await aio_engine.remove(Parcel)

    assert parcels[0].__fields_modified__ == set()
