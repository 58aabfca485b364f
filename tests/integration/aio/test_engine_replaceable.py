"""What programs written for 1.x replace in engines, and read of them."""

from __future__ import annotations

from unittest.mock import AsyncMock, MagicMock, Mock

import pymongo.errors
import pytest

from odmantic import AIOEngine, EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import DuplicateKeyError


class Size(EmbeddedModel):
    width: int = 1


class Parcel(Model):
    first: str = ""
    second: str = Field(key_name="2nd", default="")
    size: Size = Size()
    tags: list[str] = []


class Shipment(Model):
    parcel: Parcel = Reference()


@pytest.fixture
def stub():
    """A collection that answers with bare mocks, of the colour of the engine."""
    return Mock(update_one=AsyncMock(), delete_one=AsyncMock(), delete_many=AsyncMock())


async def test_one_changed_attribute_is_one_update(aio_engine, stub):
    parcel = await aio_engine.save(Parcel())
    aio_engine.get_collection = lambda model: stub
    parcel.first = "A"

    await aio_engine.save(parcel)

    stub.update_one.assert_called_once()
    arguments, options = stub.update_one.call_args
    assert arguments == ({"_id": parcel.id}, {"$set": {"first": "A"}})
    assert set(options) == {"upsert", "session"}
    assert parcel.__fields_modified__ == set()


async def test_no_changed_attribute_is_no_update(aio_engine, stub):
    parcel = await aio_engine.save(Parcel())
    aio_engine.get_collection = lambda model: stub

    await aio_engine.save(parcel)

    stub.update_one.assert_not_called()


async def test_a_new_instance_is_one_update_with_everything(aio_engine, stub):
    aio_engine.get_collection = lambda model: stub
    parcel = Parcel()

    await aio_engine.save(parcel)

    stub.update_one.assert_called_once()
    arguments, options = stub.update_one.call_args
    document = parcel.model_dump_doc()
    assert document.pop("_id") == parcel.id
    assert arguments == ({"_id": parcel.id}, {"$set": document})
    assert options["upsert"] is True


async def test_the_modified_set_may_be_replaced_from_outside(aio_engine, stub):
    parcel = await aio_engine.save(Parcel())
    aio_engine.get_collection = lambda model: stub
    object.__setattr__(parcel, "__fields_modified__", {"second"})

    await aio_engine.save(parcel)

    assert stub.update_one.call_args.args[1] == {"$set": {"2nd": ""}}

    object.__setattr__(parcel, "__fields_modified__", set())
    stub.update_one.reset_mock()
    await aio_engine.save(parcel)
    stub.update_one.assert_not_called()


async def test_the_collection_is_asked_for_at_each_call_with_one_argument(aio_engine, stub):
    asked = []

    def get_collection(*arguments):
        asked.append(arguments)
        return stub

    aio_engine.get_collection = get_collection
    await aio_engine.save_all([Shipment(parcel=Parcel()), Parcel()])

    assert asked == [(Parcel,), (Shipment,), (Parcel,)]
    assert stub.update_one.call_count == 3


async def test_remove_and_delete_use_the_replaced_collection(aio_engine, stub):
    aio_engine.get_collection = lambda model: stub
    stub.delete_many.return_value = Mock(deleted_count=4)
    stub.delete_one.return_value = Mock(deleted_count=1)

    assert await aio_engine.remove(Parcel, Parcel.first == "A") == 4
    assert await aio_engine.remove(Parcel, just_one=True) == 1
    await aio_engine.delete(Parcel())

    assert stub.delete_many.call_args.args == ({"first": {"$eq": "A"}},)


async def test_a_duplicate_of_a_stub_is_reported(aio_engine, stub):
    parcel = Parcel()
    stub.update_one.side_effect = pymongo.errors.DuplicateKeyError("E11000", 11000, {})
    aio_engine.get_collection = lambda model: stub

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save(parcel)

    assert caught.value.instance is parcel
    assert caught.value.driver_error is stub.update_one.side_effect


async def test_a_mocked_client_is_enough_for_a_save():
    client = MagicMock()
    client.start_session = AsyncMock(return_value=Mock(end_session=AsyncMock()))
    client["test"]["parcel"].update_one = AsyncMock()
    engine = AIOEngine(client)
    parcel = Parcel()

    await engine.save(parcel)

    session = client.start_session.return_value
    assert client["test"]["parcel"].update_one.call_args.kwargs["session"] is session
    session.end_session.assert_called_once()


async def test_a_mocked_session_that_answers_directly_is_enough():
    client = MagicMock()
    client["test"]["parcel"].update_one = AsyncMock()

    parcel = await AIOEngine(client).save(Parcel())

    assert parcel.__fields_modified__ == set()
    client.start_session.return_value.end_session.assert_called_once()


async def test_saving_again_needs_only_the_private_save(aio_engine, stub):
    aio_engine.get_collection = lambda model: stub
    shipment = Shipment(parcel=Parcel())

    assert await aio_engine._save(shipment, None) is shipment

    filters = [call.args[0] for call in stub.update_one.call_args_list]
    assert filters == [{"_id": shipment.parcel.id}, {"_id": shipment.id}]
