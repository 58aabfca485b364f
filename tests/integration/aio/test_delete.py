"""`delete` removes the document by the stored form of its key; the instance can be saved again."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

import pytest
from tests.integration.aio.colour import ASYNC

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import BaseEngineException, DocumentNotFoundError


class Parcel(Model):
    code: str
    tags: list[str] = []


class Shipment(Model):
    parcel: Parcel = Reference()


class Label(EmbeddedModel):
    text: str


class Position(EmbeddedModel):
    row: int
    column: int = Field(key_name="c")


class Colour(Enum):
    RED = "red"


class ByPosition(Model):
    position: Position = Field(primary_field=True)


class ByDecimal(Model):
    amount: Decimal = Field(primary_field=True)


class ByEnum(Model):
    colour: Colour = Field(primary_field=True)


class ByNumber(Model):
    number: int = Field(primary_field=True)


@pytest.mark.each_driver
async def test_the_document_is_deleted(aio_engine):
    first, second = await aio_engine.save_all([Parcel(code="A"), Parcel(code="B")])

    assert await aio_engine.delete(first) is None
    assert [parcel async for parcel in aio_engine.find(Parcel)] == [second]


@pytest.mark.each_driver
async def test_deleting_twice_is_an_error(aio_engine):
    parcel = await aio_engine.save(Parcel(code="A"))
    await aio_engine.delete(parcel)

    with pytest.raises(DocumentNotFoundError) as caught:
        await aio_engine.delete(parcel)

    assert caught.value.instance is parcel
    assert caught.value.model is Parcel
    assert isinstance(caught.value, BaseEngineException)
    assert str(caught.value) == f"Document not found for : Parcel (id={parcel.id!r})"


async def test_deleting_what_was_never_saved_is_an_error(aio_engine):
    parcel = Parcel(code="A")

    with pytest.raises(DocumentNotFoundError):
        await aio_engine.delete(parcel)

    assert parcel.__fields_modified__ == {"code", "tags", "id"}


async def test_references_stay(aio_engine):
    shipment = await aio_engine.save(Shipment(parcel=Parcel(code="A")))

    await aio_engine.delete(shipment)

    assert await aio_engine.count(Shipment) == 0
    assert await aio_engine.find_one(Parcel) == shipment.parcel


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (ByPosition, {"position": Position(row=1, column=2)}),
        (ByDecimal, {"amount": Decimal("1.50")}),
        (ByEnum, {"colour": Colour.RED}),
        (ByNumber, {"number": 7}),
    ],
)
async def test_the_stored_form_of_the_primary_key_is_used(aio_engine, model, key):
    instance = model(**key)
    await aio_engine.save(instance)
    await aio_engine.save(instance)
    assert await aio_engine.count(model) == 1

    found = await aio_engine.find_one(model)
    assert found == instance
    await aio_engine.delete(found)

    assert await aio_engine.count(model) == 0


async def test_a_deleted_instance_can_be_saved_again(aio_engine, raw_database):
    parcel = await aio_engine.save(Parcel(code="A", tags=["x"]))
    await aio_engine.delete(parcel)

    assert parcel.__fields_modified__ == {"code", "tags", "id"}
    await aio_engine.save(parcel)

    assert list(raw_database["parcel"].find()) == [{"code": "A", "tags": ["x"], "_id": parcel.id}]
    assert parcel.__fields_modified__ == set()


async def test_a_deleted_and_changed_instance_is_saved_as_a_whole(aio_engine, raw_database):
    await aio_engine.save(Parcel(code="A", tags=["x"]))
    parcel = await aio_engine.find_one(Parcel)
    await aio_engine.delete(parcel)
    parcel.code = "B"

    await aio_engine.save(parcel)

    assert list(raw_database["parcel"].find()) == [{"code": "B", "tags": ["x"], "_id": parcel.id}]


async def test_a_copy_with_another_key_replaces_the_old_one(aio_engine):
    old = await aio_engine.save(ByNumber(number=1))
    new = old.model_copy(update={"number": 2})

    await aio_engine.delete(old)
    await aio_engine.save(new)

    assert [each.number async for each in aio_engine.find(ByNumber)] == [2]


@pytest.mark.parametrize(
    "value", [Parcel, Label(text="x"), Label, Model, None, "parcel", {"code": "A"}]
)
async def test_only_instances_of_models_are_deleted(aio_engine, commands, value):
    with pytest.raises(TypeError, match="Can only call delete with a Model instance"):
        await aio_engine.delete(value)

    assert commands.names == []


async def test_how_the_session_is_given(aio_engine):
    parcel = await aio_engine.save(Parcel(code="A"))
    if ASYNC:
        with pytest.raises(TypeError):
            aio_engine.delete(parcel, None)
    else:
        aio_engine.delete(parcel, None)
        assert aio_engine.count(Parcel) == 0
