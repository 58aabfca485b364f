"""Raw calls beside the engine: collections and sessions of the driver are within reach."""

from __future__ import annotations

import pytest
from tests.integration.aio.colour import resolve

from odmantic import EmbeddedModel, Field, Model, Reference

pytestmark = pytest.mark.each_driver


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Parcel(Model):
    code: str
    weight: float = Field(key_name="kg", default=1.0)
    size: Size = Size(width=1)


class Shipment(Model):
    parcel: Parcel = Reference()


async def _aggregate(collection, pipeline, **options):
    return await (await resolve(collection.aggregate(pipeline, **options))).to_list(length=None)


async def test_names_for_raw_calls():
    assert +Parcel == "parcel"
    assert (+Parcel.id, +Parcel.weight, +Parcel.size.width) == ("_id", "kg", "size.w")
    assert (++Parcel.id, ++Parcel.weight, ++Parcel.size.width) == ("$_id", "$kg", "$size.w")


async def test_an_aggregation_gives_documents_for_instances(aio_engine):
    await aio_engine.save_all(
        [Parcel(code="A"), Parcel(code="B", weight=3.0), Parcel(code="C", weight=9.0)]
    )
    pipeline = [
        {"$match": {+Parcel.weight: {"$gt": 1}}},
        {"$addFields": {"double": {"$multiply": [2, ++Parcel.weight]}}},
        {"$match": {"double": {"$lt": 9}}},
    ]

    documents = await _aggregate(aio_engine.get_collection(Parcel), pipeline)
    light = [Parcel.model_validate_doc(document) for document in documents]

    assert [parcel.code for parcel in light] == ["B"]
    assert light[0].__fields_modified__ == {"code", "weight", "size", "id"}


async def test_documents_of_instances_can_be_inserted(aio_engine):
    parcel = Parcel(code="A", size=Size(width=7))

    await aio_engine.get_collection(Parcel).insert_one(parcel.model_dump_doc())

    assert await aio_engine.find_one(Parcel) == parcel


async def test_a_session_of_the_engine_serves_raw_calls(aio_engine, raw_database):
    collection = aio_engine.get_collection(Parcel)
    async with aio_engine.transaction() as transaction:
        session = transaction.get_driver_session()
        await collection.insert_one(Parcel(code="A").model_dump_doc(), session=session)
        assert await collection.find_one({}, session=session) is not None
        assert await transaction.count(Parcel) == 1
        assert raw_database["parcel"].count_documents({}) == 0

    assert raw_database["parcel"].count_documents({}) == 1


async def test_raw_filters_work_with_expressions(aio_engine):
    await aio_engine.save_all([Parcel(code="A"), Parcel(code="B", weight=3.0)])
    query = (Parcel.weight > 2) & (Parcel.code == "B")

    assert (await aio_engine.get_collection(Parcel).find_one(query))["code"] == "B"


async def test_fetched_documents_with_a_foreign_key_are_no_complete_documents(aio_engine):
    import pytest

    from odmantic.exceptions import DocumentParsingError

    await aio_engine.save(Shipment(parcel=Parcel(code="A")))
    document = await aio_engine.get_collection(Shipment).find_one({})

    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        Shipment.model_validate_doc(document)
