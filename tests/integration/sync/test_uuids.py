# Generated from tests/integration/aio/test_uuids.py by tools/generate_sync.py: do not edit.
"""UUIDs with each representation that a client may name, or with none."""

from __future__ import annotations

from typing import Any, Optional
from uuid import UUID

import pytest
from bson.binary import Binary, UuidRepresentation

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import DocumentParsingError

A, B, C = UUID(int=1), UUID(int=2), UUID("00112233-4455-6677-8899-aabbccddeeff")
NAMES = {
    UuidRepresentation.STANDARD: "standard",
    UuidRepresentation.PYTHON_LEGACY: "pythonLegacy",
    UuidRepresentation.JAVA_LEGACY: "javaLegacy",
}


@pytest.fixture(params=[None, *NAMES], ids=["none", *NAMES.values()])
def representation(request):
    return request.param


@pytest.fixture
def client_options(representation, odmantic_database_name):
    named = {} if representation is None else {"uuidRepresentation": NAMES[representation]}
    return {"appname": odmantic_database_name, **named}


@pytest.fixture
def stored(representation):
    used = UuidRepresentation.STANDARD if representation is None else representation
    return lambda value: Binary.from_uuid(value, used)


class Part(EmbeddedModel):
    serial: UUID
    old: Optional[UUID] = None


class Ship(Model):
    id: UUID = Field(primary_field=True)
    part: Part
    many: list[UUID] = []
    by_key: dict[UUID, UUID] = {}
    anything: Any = None


class Voyage(Model):
    ship: Ship = Reference()
    number: int = 0


def a_ship(id_=A) -> Ship:
    return Ship(id=id_, part=Part(serial=C), many=[B, C], by_key={A: C})


def test_uuids_are_stored_as_the_client_says(sync_engine, raw_database, stored):
    ship = a_ship()
    ship.anything = {"a": [B]}
    sync_engine.save(ship)

    assert raw_database["ship"].find_one() == {
        "_id": stored(A),
        "part": {"serial": stored(C), "old": None},
        "many": [stored(B), stored(C)],
        "by_key": {str(A): stored(C)},
        "anything": {"a": [stored(B)]},
    }


def test_uuids_are_read_again(sync_engine):
    sync_engine.save_all([a_ship(A), a_ship(B)])

    found = [each for each in sync_engine.find(Ship, sort=Ship.id)]
    assert found == [a_ship(A), a_ship(B)]
    found = sync_engine.find_one(Ship, Ship.id == B)
    assert found == a_ship(B)
    assert type(found.part.serial) is UUID


def test_uuids_are_operands(sync_engine):
    sync_engine.save_all([a_ship(A), a_ship(B)])

    assert sync_engine.count(Ship, Ship.id == A) == 1
    assert sync_engine.count(Ship, Ship.id.in_([A, B, C])) == 2
    assert sync_engine.count(Ship, Ship.part.serial == C, Ship.many == [B, C]) == 2
    assert sync_engine.count(Ship, {"part.serial": {"$in": (A, C)}}) == 2
    assert sync_engine.count(Ship, (Ship.id == A) | (Ship.id == B)) == 2
    assert sync_engine.find_one(Ship, {"many": B}, sort=Ship.id) == a_ship(A)
    assert sync_engine.remove(Ship, Ship.id == A) == 1
    assert sync_engine.count(Ship) == 1


def test_changes_of_documents_with_uuids(sync_engine, raw_database, stored):
    ships = sync_engine.save_all([a_ship(A), a_ship(B)])
    ships[0].many.append(A)
    sync_engine.save(ships[0])
    for ship in ships:
        ship.part.old = B
    sync_engine.save_all(ships)
    with sync_engine.transaction() as transaction:
        ships[1].many = [A]
        transaction.save(ships[1])
        transaction.save_all([a_ship(C), a_ship(UUID(int=9))])
        assert transaction.find_one(Ship, Ship.id == C) == a_ship(C)
        transaction.delete(a_ship(C))

    found = [each for each in sync_engine.find(Ship, sort=Ship.id)][:2]
    assert found == ships
    assert raw_database["ship"].find_one({"_id": stored(B)})["many"] == [stored(A)]
    sync_engine.delete(ships[0])
    assert raw_database["ship"].count_documents({}) == 2


def test_a_save_of_many_may_meet_documents_that_exist(sync_engine, raw_database):
    sync_engine.save_all([a_ship(UUID(int=number)) for number in range(30)])
    with sync_engine.transaction() as transaction:
        transaction.save_all([a_ship(UUID(int=number)) for number in range(20, 60)])
    assert raw_database["ship"].count_documents({}) == 60


def test_references_to_documents_with_uuids(sync_engine, raw_database, stored):
    sync_engine.save_all([Voyage(ship=a_ship(A)), Voyage(ship=a_ship(B))])

    assert {each["ship"] for each in raw_database["voyage"].find()} == {stored(A), stored(B)}
    assert [each.ship.id for each in sync_engine.find(Voyage, sort=Voyage.ship)] == [A, B]
    assert sync_engine.find_one(Voyage, Voyage.ship == A).ship == a_ship(A)


def test_text_and_the_standard_subtype_are_read(sync_engine, raw_database):
    document = a_ship().model_dump_doc()
    for serial in (str(C), Binary.from_uuid(C)):
        raw_database["ship"].replace_one(
            {"_id": str(A)},
            {**document, "_id": str(A), "many": [], "by_key": {}, "part": {"serial": serial}},
            upsert=True,
        )
        assert sync_engine.find_one(Ship).part.serial == C


def test_the_subtype_of_older_programs_is_read_if_the_client_names_the_order(
    sync_engine, raw_database, representation
):
    old = Binary.from_uuid(C, UuidRepresentation.PYTHON_LEGACY)
    raw_database["ship"].insert_one({"_id": old, "part": {"serial": old}})

    if representation in (None, UuidRepresentation.STANDARD):
        with pytest.raises(DocumentParsingError, match="uuidRepresentation"):
            sync_engine.find_one(Ship)
    else:
        (ship,) = sync_engine.find(Ship)
        is_same_order = representation == UuidRepresentation.PYTHON_LEGACY
        assert (ship.part.serial == C) is is_same_order


def test_binary_data_of_other_fields_stays_what_it_is(sync_engine, representation):
    class Holder(Model):
        data: Binary
        anything: Any = None

    data = Binary(C.bytes, 4)
    sync_engine.save(Holder(data=data, anything=data))

    if representation != UuidRepresentation.STANDARD:
        found = sync_engine.find_one(Holder, Holder.data == data)
        assert (found.data, found.anything) == (data, data)
