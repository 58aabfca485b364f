"""`count`: contract, section 7."""

from __future__ import annotations

import pytest
from bson import ObjectId

from odmantic import EmbeddedModel, Model, Reference


class Parcel(Model):
    code: str
    weight: float = 1.0


class Shipment(Model):
    parcel: Parcel = Reference()


class Label(EmbeddedModel):
    text: str


async def test_all_documents_are_counted(aio_engine):
    assert await aio_engine.count(Parcel) == 0
    await aio_engine.save_all([Parcel(code="A"), Parcel(code="B", weight=2.0)])

    assert await aio_engine.count(Parcel) == 2


async def test_matching_documents_are_counted(aio_engine):
    await aio_engine.save_all([Parcel(code="A"), Parcel(code="B", weight=2.0)])

    assert await aio_engine.count(Parcel, Parcel.weight > 1) == 1
    assert await aio_engine.count(Parcel, Parcel.weight > 1, {"code": "A"}) == 0
    assert await aio_engine.count(Parcel, {"code": {"$in": ["A", "B"]}}) == 2


async def test_dangling_references_and_broken_documents_are_counted(aio_engine, raw_database):
    raw_database["shipment"].insert_many([{"parcel": ObjectId()}, {"broken": True}])

    assert await aio_engine.count(Shipment) == 2


async def test_a_transaction_counts_what_it_wrote(aio_engine, raw_database):
    async with aio_engine.transaction() as transaction:
        await transaction.save(Parcel(code="A"))
        assert await transaction.count(Parcel) == 1
        assert raw_database["parcel"].count_documents({}) == 0


@pytest.mark.parametrize("value", [Label, Model, None, "parcel", Parcel(code="A")])
async def test_only_models_are_counted(aio_engine, value):
    with pytest.raises(TypeError, match="Can only call count with a Model class"):
        await aio_engine.count(value)


async def test_booleans_are_no_queries(aio_engine, commands):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        await aio_engine.count(Parcel, True)

    assert commands.names == []
