# Generated from tests/integration/aio/test_delete.py by tools/generate_sync.py: do not edit.
"""`delete` removes the document by the stored form of its key; the instance can be saved again."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

import pytest

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


def test_the_document_is_deleted(sync_engine):
    first, second = sync_engine.save_all([Parcel(code="A"), Parcel(code="B")])

    assert sync_engine.delete(first) is None
    assert [parcel for parcel in sync_engine.find(Parcel)] == [second]


def test_deleting_twice_is_an_error(sync_engine):
    parcel = sync_engine.save(Parcel(code="A"))
    sync_engine.delete(parcel)

    with pytest.raises(DocumentNotFoundError) as caught:
        sync_engine.delete(parcel)

    assert caught.value.instance is parcel
    assert caught.value.model is Parcel
    assert isinstance(caught.value, BaseEngineException)
    assert str(caught.value) == f"Document not found for : Parcel (id={parcel.id!r})"


def test_deleting_what_was_never_saved_is_an_error(sync_engine):
    parcel = Parcel(code="A")

    with pytest.raises(DocumentNotFoundError):
        sync_engine.delete(parcel)

    assert parcel.__fields_modified__ == {"code", "tags", "id"}


def test_references_stay(sync_engine):
    shipment = sync_engine.save(Shipment(parcel=Parcel(code="A")))

    sync_engine.delete(shipment)

    assert sync_engine.count(Shipment) == 0
    assert sync_engine.find_one(Parcel) == shipment.parcel


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (ByPosition, {"position": Position(row=1, column=2)}),
        (ByDecimal, {"amount": Decimal("1.50")}),
        (ByEnum, {"colour": Colour.RED}),
        (ByNumber, {"number": 7}),
    ],
)
def test_the_stored_form_of_the_primary_key_is_used(sync_engine, model, key):
    instance = model(**key)
    sync_engine.save(instance)
    sync_engine.save(instance)
    assert sync_engine.count(model) == 1

    found = sync_engine.find_one(model)
    assert found == instance
    sync_engine.delete(found)

    assert sync_engine.count(model) == 0


def test_a_deleted_instance_can_be_saved_again(sync_engine, raw_database):
    parcel = sync_engine.save(Parcel(code="A", tags=["x"]))
    sync_engine.delete(parcel)

    assert parcel.__fields_modified__ == {"code", "tags", "id"}
    sync_engine.save(parcel)

    assert list(raw_database["parcel"].find()) == [{"code": "A", "tags": ["x"], "_id": parcel.id}]
    assert parcel.__fields_modified__ == set()


def test_a_deleted_and_changed_instance_is_saved_as_a_whole(sync_engine, raw_database):
    sync_engine.save(Parcel(code="A", tags=["x"]))
    parcel = sync_engine.find_one(Parcel)
    sync_engine.delete(parcel)
    parcel.code = "B"

    sync_engine.save(parcel)

    assert list(raw_database["parcel"].find()) == [{"code": "B", "tags": ["x"], "_id": parcel.id}]


def test_a_copy_with_another_key_replaces_the_old_one(sync_engine):
    old = sync_engine.save(ByNumber(number=1))
    new = old.model_copy(update={"number": 2})

    sync_engine.delete(old)
    sync_engine.save(new)

    assert [each.number for each in sync_engine.find(ByNumber)] == [2]


@pytest.mark.parametrize(
    "value", [Parcel, Label(text="x"), Label, Model, None, "parcel", {"code": "A"}]
)
def test_only_instances_of_models_are_deleted(sync_engine, commands, value):
    with pytest.raises(TypeError, match="Can only call delete with a Model instance"):
        sync_engine.delete(value)

    assert commands.names == []


def test_how_the_session_is_given(sync_engine):
    parcel = sync_engine.save(Parcel(code="A"))
    sync_engine.delete(parcel, None)
    assert sync_engine.count(Parcel) == 0
