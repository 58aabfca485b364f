"""`save` sends what has changed, in one update; a part of a document creates none, and later changes are kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pymongo.errors
import pytest
from tests.integration.aio.colour import ASYNC, resolve

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import DuplicateKeyError, InvalidDocumentError

if ASYNC:
    import asyncio


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Parcel(Model):
    code: str
    weight: float = Field(key_name="kg", default=1.0)
    tags: list[str] = []
    size: Size = Size(width=1)


class Customer(Model):
    name: str = Field(unique=True)


class Shipment(Model):
    number: int = Field(unique=True)
    customer: Customer = Reference()
    parcel: Parcel = Reference(key_name="parcel_id")


class Trip(Model):
    shipment: Shipment = Reference()


class Label(EmbeddedModel):
    text: str


class Loose(Model):
    name: str

    model_config = {"extra": "allow"}


class Numbered(Model):
    number: int = Field(primary_field=True)
    name: str = ""
    note: str = ""


@pytest.fixture
async def parcel(aio_engine, commands):
    """An instance as it comes from the database."""
    await aio_engine.save(Parcel(code="A", tags=["x"]))
    found = await aio_engine.find_one(Parcel)
    commands.clear()
    return found


@pytest.fixture
async def sessions(aio_engine, monkeypatch):
    """The sessions of the driver that the engine opens."""
    opened = []
    start_session = aio_engine.client.start_session

    async def recording(*arguments, **options):
        session = await resolve(start_session(*arguments, **options))
        opened.append(session)
        return session

    monkeypatch.setattr(aio_engine.client, "start_session", recording)
    return opened


def _updates(commands):
    """Collection, filter and update of each update command."""
    return [
        (event.command["update"], update["q"], update["u"])
        for event in commands.started
        if event.command_name == "update"
        for update in event.command["updates"]
    ]


@pytest.mark.each_driver
async def test_a_new_instance_is_inserted_as_a_whole(aio_engine, raw_database, commands):
    parcel = Parcel(code="A")

    assert await aio_engine.save(parcel) is parcel

    document = {"code": "A", "kg": 1.0, "tags": [], "size": {"w": 1}, "_id": parcel.id}
    assert list(raw_database["parcel"].find()) == [document]
    id_ = document.pop("_id")
    assert _updates(commands) == [("parcel", {"_id": id_}, {"$set": document})]
    assert list(_updates(commands)[0][2]["$set"]) == list(document)
    assert commands.started[0].command["updates"][0]["upsert"] is True


async def test_saving_empties_the_modified_sets(aio_engine):
    parcel = Parcel(code="A")
    assert parcel.__fields_modified__ == {"code", "weight", "tags", "size", "id"}

    await aio_engine.save(parcel)

    assert parcel.__fields_modified__ == set()
    assert parcel.size.__fields_modified__ == set()


@pytest.mark.each_driver
async def test_an_unchanged_instance_causes_no_command(aio_engine, parcel, commands):
    await aio_engine.save(parcel)
    assert commands.names == []

    created = Parcel(code="B")
    await aio_engine.save(created)
    commands.clear()
    await aio_engine.save(created)
    assert commands.names == []


CHANGES = [
    (lambda parcel: setattr(parcel, "code", "B"), {"code": "B"}),
    (lambda parcel: setattr(parcel, "code", "A"), {"code": "A"}),
    (lambda parcel: setattr(parcel, "weight", 2), {"kg": 2.0}),
    (lambda parcel: parcel.tags.append("y"), {"tags": ["x", "y"]}),
    (lambda parcel: setattr(parcel, "tags", []), {"tags": []}),
    (lambda parcel: setattr(parcel.size, "width", 5), {"size": {"w": 5}}),
    (lambda parcel: setattr(parcel, "size", {"width": 6}), {"size": {"w": 6}}),
    (lambda parcel: parcel.model_update(code="C", weight=1.0), {"code": "C"}),
    (lambda parcel: parcel.model_update({"code": "C", "weight": 9}), {"code": "C", "kg": 9.0}),
    (lambda parcel: parcel.model_update(unknown=1), None),
    (lambda parcel: parcel.tags.append(parcel.tags.pop()), None),
    (lambda parcel: parcel.__fields_modified__.add("code"), {"code": "A"}),
    (lambda parcel: setattr(parcel.size, "width", 1), None),
]


@pytest.mark.parametrize(("change", "sent"), CHANGES, ids=[str(sent) for _, sent in CHANGES])
async def test_only_changes_are_sent(aio_engine, parcel, commands, raw_database, change, sent):
    before = raw_database["parcel"].find_one()
    change(parcel)

    await aio_engine.save(parcel)

    expected = [] if sent is None else [("parcel", {"_id": parcel.id}, {"$set": sent})]
    assert _updates(commands) == expected
    assert raw_database["parcel"].find_one() == {**before, **(sent or {})}
    commands.clear()
    await aio_engine.save(parcel)
    assert commands.names == []


async def test_the_modified_set_can_be_cleared_from_outside(aio_engine, parcel, commands):
    parcel.code = "B"
    parcel.__fields_modified__.clear()

    await aio_engine.save(parcel)

    assert commands.names == []


async def test_a_save_does_not_undo_what_somebody_else_wrote(aio_engine, parcel, raw_database):
    raw_database["parcel"].update_one({}, {"$push": {"tags": "theirs"}, "$set": {"size.w": 77}})
    parcel.code = "B"

    await aio_engine.save(parcel)

    document = raw_database["parcel"].find_one()
    assert (document["tags"], document["size"], document["code"]) == (
        ["x", "theirs"],
        {"w": 77},
        "B",
    )


async def test_keys_that_are_not_declared_survive(aio_engine, parcel, raw_database):
    raw_database["parcel"].update_one({}, {"$set": {"theirs": 1}})
    same = Parcel(id=parcel.id, code="Z")

    await aio_engine.save(same)

    [document] = raw_database["parcel"].find()
    assert (document["code"], document["tags"], document["theirs"]) == ("Z", [], 1)


async def test_reassigning_the_primary_key_is_refused(aio_engine, parcel):
    with pytest.raises(NotImplementedError, match="Reassigning a new primary key"):
        parcel.id = parcel.id
    with pytest.raises(ValueError, match="Updating the primary key is not supported"):
        parcel.model_update({"id": parcel.id})


async def test_a_value_changed_in_place_that_could_not_be_read_is_refused(
    aio_engine, parcel, raw_database
):
    parcel.tags.append(7)

    with pytest.raises(InvalidDocumentError, match="field 'tags' of Parcel"):
        await aio_engine.save(parcel)

    assert raw_database["parcel"].find_one()["tags"] == ["x"]
    assert parcel.tags == ["x", 7]


@pytest.mark.each_driver
async def test_references_are_saved_first_and_in_order(aio_engine, raw_database, commands):
    trip = Trip(shipment=Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A")))

    await aio_engine.save(trip)

    collections = [collection for collection, _, _ in _updates(commands)]
    assert collections == ["customer", "parcel", "shipment", "trip"]
    assert raw_database["shipment"].find_one() == {
        "number": 1,
        "customer": trip.shipment.customer.id,
        "parcel_id": trip.shipment.parcel.id,
        "_id": trip.shipment.id,
    }
    for saved in (trip, trip.shipment, trip.shipment.customer, trip.shipment.parcel):
        assert saved.__fields_modified__ == set()


async def test_a_change_in_a_reference_of_a_reference_is_saved(aio_engine, commands):
    trip = Trip(shipment=Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A")))
    await aio_engine.save(trip)
    commands.clear()
    trip.shipment.customer.name = "Bo"

    await aio_engine.save(trip)

    assert _updates(commands) == [
        ("customer", {"_id": trip.shipment.customer.id}, {"$set": {"name": "Bo"}})
    ]


async def test_references_of_an_unchanged_instance_are_visited(aio_engine, commands):
    await aio_engine.save(
        Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A"))
    )
    shipment = await aio_engine.find_one(Shipment)
    commands.clear()
    shipment.parcel.tags.append("new")

    await aio_engine.save(shipment)

    assert [collection for collection, _, _ in _updates(commands)] == ["parcel"]


async def test_a_fetched_parent_is_saved_alone(aio_engine, commands, raw_database):
    await aio_engine.save(
        Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A"))
    )
    shipment = await aio_engine.find_one(Shipment)
    raw_database["customer"].update_one({}, {"$set": {"name": "theirs"}})
    raw_database["parcel"].update_one({}, {"$set": {"kg": 99.0}, "$push": {"tags": "theirs"}})
    commands.clear()
    shipment.number = 2

    await aio_engine.save(shipment)

    assert _updates(commands) == [("shipment", {"_id": shipment.id}, {"$set": {"number": 2}})]
    assert raw_database["customer"].find_one()["name"] == "theirs"


async def test_a_replaced_reference_is_saved_as_its_key(aio_engine, commands):
    shipment = await aio_engine.save(
        Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A"))
    )
    commands.clear()
    shipment.customer = Customer(name="Bo")

    await aio_engine.save(shipment)

    [first, second] = _updates(commands)
    assert first[0] == "customer"
    assert second == (
        "shipment",
        {"_id": shipment.id},
        {"$set": {"customer": shipment.customer.id}},
    )


@pytest.mark.each_driver
async def test_all_writes_of_a_call_share_a_session_which_is_ended(aio_engine, commands, sessions):
    await aio_engine.save(
        Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A"))
    )

    [session] = sessions
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1
    assert all("autocommit" not in event.command for event in commands.started)
    assert session.has_ended


@pytest.mark.each_driver
async def test_the_session_of_a_failing_call_is_ended(aio_engine, sessions, fail_point):
    with fail_point("update", error_code=13), pytest.raises(pymongo.errors.OperationFailure):
        await aio_engine.save(Parcel(code="A"))

    [session] = sessions
    assert session.has_ended


async def test_a_failing_save_keeps_the_modified_set(aio_engine, parcel, fail_point, commands):
    parcel.code = "B"
    parcel.tags.append("y")
    with fail_point("update", error_code=13), pytest.raises(pymongo.errors.OperationFailure):
        await aio_engine.save(parcel)
    assert "code" in parcel.__fields_modified__
    commands.clear()

    await aio_engine.save(parcel)

    assert _updates(commands) == [
        ("parcel", {"_id": parcel.id}, {"$set": {"code": "B", "tags": ["x", "y"]}})
    ]


async def test_a_failing_first_save_keeps_everything(aio_engine, fail_point, raw_database):
    parcel = Parcel(code="A")
    with fail_point("update", error_code=13), pytest.raises(pymongo.errors.OperationFailure):
        await aio_engine.save(parcel)
    assert parcel.__fields_modified__ == {"code", "weight", "tags", "size", "id"}

    await aio_engine.save(parcel)

    assert raw_database["parcel"].find_one() == parcel.model_dump_doc()


@pytest.mark.each_driver
async def test_errors_of_the_driver_arrive_unchanged(aio_engine, fail_point):
    with (
        fail_point("update", error_code=13),
        pytest.raises(pymongo.errors.OperationFailure) as caught,
    ):
        await aio_engine.save(Parcel(code="A"))

    assert type(caught.value) is pymongo.errors.OperationFailure
    assert caught.value.code == 13


@pytest.mark.each_driver
async def test_a_duplicate_names_the_instance(aio_engine):
    await aio_engine.configure_database([Customer])
    await aio_engine.save(Customer(name="Ada"))
    second = Customer(name="Ada")

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save(second)

    error = caught.value
    assert error.instance is second
    assert error.model is Customer
    assert isinstance(error.driver_error, pymongo.errors.DuplicateKeyError)
    assert error.__cause__ is error.driver_error
    assert str(error) == "Customer with this name exists already"
    assert second.__fields_modified__ == {"name", "id"}


async def test_a_duplicate_in_a_reference_names_the_reference(aio_engine, raw_database):
    await aio_engine.configure_database([Customer])
    await aio_engine.save(Customer(name="Ada"))
    shipment = Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A"))

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save(shipment)

    assert caught.value.instance is shipment.customer
    assert raw_database["shipment"].count_documents({}) == 0


async def test_references_stay_written_when_the_parent_fails(aio_engine, raw_database):
    await aio_engine.configure_database([Shipment])
    first = Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A"))
    await aio_engine.save(first)
    second = Shipment(number=1, customer=Customer(name="Bo"), parcel=Parcel(code="B"))

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save(second)

    assert caught.value.instance is second
    assert second.customer.__fields_modified__ == set()
    assert second.__fields_modified__ == {"number", "customer", "parcel", "id"}
    assert raw_database["customer"].count_documents({}) == 2


@pytest.mark.parametrize(
    "value", [Label(text="x"), Parcel, Label, Model, {"code": "A"}, None, "parcel"]
)
async def test_only_instances_of_models_are_saved(aio_engine, commands, value):
    with pytest.raises(TypeError, match="Can only call save with a Model instance"):
        await aio_engine.save(value)

    assert commands.names == []


async def test_a_document_is_never_created_from_a_part(aio_engine, parcel, raw_database, commands):
    raw_database["parcel"].delete_many({})
    parcel.code = "B"

    await aio_engine.save(parcel)

    assert list(raw_database["parcel"].find()) == [parcel.model_dump_doc()]
    assert await aio_engine.find_one(Parcel) == parcel
    assert parcel.__fields_modified__ == set()
    commands.clear()
    await aio_engine.save(parcel)
    assert commands.names == []


@pytest.mark.each_driver
async def test_the_usual_update_is_one_command(aio_engine, parcel, commands):
    parcel.code = "B"
    await aio_engine.save(parcel)

    assert commands.names == ["update"]
    assert not commands.started[0].command["updates"][0].get("upsert")


@pytest.mark.each_driver
async def test_changes_made_while_a_save_is_in_flight_are_kept(
    aio_engine, raw_database, fail_point
):
    parcel = await aio_engine.save(Parcel(code="A", tags=["x"]))
    parcel.code = "B"
    parcel.tags.append("y")
    with fail_point("update", block_ms=300):
        if ASYNC:
            saving = asyncio.ensure_future(aio_engine.save(parcel))
            await asyncio.sleep(0.1)
        else:
            import threading
            import time

            saving = threading.Thread(target=aio_engine.save, args=(parcel,))
            saving.start()
            time.sleep(0.1)  # noqa: ASYNC251 - of the sync colour
        parcel.weight = 5.0
        parcel.code = "C"
        parcel.tags.append("z")
        parcel.size.width = 9
        if ASYNC:
            await saving
        else:
            saving.join()
    assert raw_database["parcel"].find_one()["code"] == "B"

    await aio_engine.save(parcel)

    assert raw_database["parcel"].find_one() == parcel.model_dump_doc()
    assert (parcel.code, parcel.weight, parcel.size.width) == ("C", 5.0, 9)


async def test_changes_made_while_a_save_fails_are_kept(aio_engine, raw_database, fail_point):
    parcel = await aio_engine.save(Parcel(code="A"))
    parcel.code = "B"
    if ASYNC:
        with fail_point("update", block_ms=300):
            saving = asyncio.ensure_future(aio_engine.save(parcel))
            await asyncio.sleep(0.1)
            parcel.weight = 5.0
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving
    else:
        with fail_point("update", error_code=13), pytest.raises(pymongo.errors.OperationFailure):
            aio_engine.save(parcel)
        parcel.weight = 5.0

    assert parcel.__fields_modified__ == {"code", "weight"}
    await aio_engine.save(parcel)
    assert raw_database["parcel"].find_one() == parcel.model_dump_doc()


async def test_extras_are_no_part_of_the_filter(aio_engine, commands, raw_database):
    loose = Loose(name="a", colour="red")
    await aio_engine.save(loose)
    assert raw_database["loose"].find_one() == {"name": "a", "_id": loose.id, "colour": "red"}
    assert _updates(commands)[0][1] == {"_id": loose.id}

    loose.colour = "blue"
    await aio_engine.save(loose)

    assert raw_database["loose"].find_one() == {"name": "a", "_id": loose.id, "colour": "blue"}
    assert raw_database["loose"].count_documents({}) == 1


async def test_fetched_extras_are_saved_when_they_change(aio_engine, commands, raw_database):
    raw_database["loose"].insert_one({"name": "a", "colour": "red", "marks": [1], "price": 1})
    loose = await aio_engine.find_one(Loose)
    assert (loose.colour, loose.marks) == ("red", [1])
    commands.clear()
    await aio_engine.save(loose)
    assert commands.names == []

    loose.colour = "blue"
    await aio_engine.save(loose)
    loose.marks.append(2)
    await aio_engine.save(loose)
    loose.price = Decimal("1.5")
    await aio_engine.save(loose)

    changed = [list(update["$set"]) for _, _, update in _updates(commands)]
    assert changed == [["colour"], ["marks"], ["price"]]
    document = raw_database["loose"].find_one()
    assert (document["colour"], document["marks"]) == ("blue", [1, 2])
    assert document["price"].to_decimal() == Decimal("1.5")


async def test_unchanged_extras_are_not_sent_again(aio_engine, raw_database):
    raw_database["loose"].insert_one({"name": "a", "colour": "red"})
    loose = await aio_engine.find_one(Loose)
    raw_database["loose"].update_one({}, {"$set": {"colour": "theirs"}})
    loose.name = "b"

    await aio_engine.save(loose)

    document = raw_database["loose"].find_one()
    assert (document["name"], document["colour"]) == ("b", "theirs")


async def test_extras_do_not_shadow_declared_keys(aio_engine, raw_database):
    class Renamed(Model):
        name: str = Field(key_name="n")

        model_config = {"extra": "allow"}

    for extra in ({"n": "extra"}, {"_id": 1}):
        with pytest.raises(InvalidDocumentError, match="is called like a field"):
            await aio_engine.save(Renamed(name="a", **extra))
    assert raw_database["renamed"].count_documents({}) == 0


async def test_copies_are_saved_as_a_whole(aio_engine, parcel, raw_database):
    copy = parcel.model_copy(update={"id": Parcel(code="x").id})

    await aio_engine.save(copy)

    assert raw_database["parcel"].count_documents({}) == 2
    assert raw_database["parcel"].find_one({"_id": copy.id}) == copy.model_dump_doc()


async def test_a_field_of_any_content_is_compared_by_its_stored_form(aio_engine, commands):
    class Anything(Model):
        content: Any

    await aio_engine.save(Anything(content={"a": [1, {"b": 2}]}))
    anything = await aio_engine.find_one(Anything)
    commands.clear()
    await aio_engine.save(anything)
    assert commands.names == []

    anything.content["a"][1]["b"] = 3
    await aio_engine.save(anything)

    assert _updates(commands)[0][2] == {"$set": {"content": {"a": [1, {"b": 3}]}}}


async def test_parallel_saves_of_different_fields_keep_both(aio_engine, raw_database):
    await aio_engine.save(Numbered(number=1))
    first = await aio_engine.find_one(Numbered)
    second = await aio_engine.find_one(Numbered)
    first.name = "a"
    second.note = "b"

    await aio_engine.save(first)
    await aio_engine.save(second)

    assert raw_database["numbered"].find_one() == {"_id": 1, "name": "a", "note": "b"}


async def test_saving_without_type_check_in_a_driver_session(aio_engine, raw_database):
    session = await resolve(aio_engine.client.start_session())
    try:
        shipment = Shipment(number=1, customer=Customer(name="Ada"), parcel=Parcel(code="A"))
        assert await aio_engine._save(shipment, session) is shipment
    finally:
        await resolve(session.end_session())

    assert raw_database["shipment"].count_documents({}) == 1
    assert raw_database["customer"].count_documents({}) == 1
