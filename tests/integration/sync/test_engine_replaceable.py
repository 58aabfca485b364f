# Generated from tests/integration/aio/test_engine_replaceable.py by tools/generate_sync.py: do not edit.
"""What programs written for 1.x replace in engines, and read of them."""

from __future__ import annotations

from unittest.mock import MagicMock, Mock

import pymongo.errors
import pytest

from odmantic import EmbeddedModel, Field, Model, Reference, SyncEngine
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
    return Mock(update_one=Mock(), delete_one=Mock(), delete_many=Mock())


def test_one_changed_attribute_is_one_update(sync_engine, stub):
    parcel = sync_engine.save(Parcel())
    sync_engine.get_collection = lambda model: stub
    parcel.first = "A"

    sync_engine.save(parcel)

    stub.update_one.assert_called_once()
    arguments, options = stub.update_one.call_args
    assert arguments == ({"_id": parcel.id}, {"$set": {"first": "A"}})
    assert set(options) == {"upsert", "session"}
    assert parcel.__fields_modified__ == set()


def test_no_changed_attribute_is_no_update(sync_engine, stub):
    parcel = sync_engine.save(Parcel())
    sync_engine.get_collection = lambda model: stub

    sync_engine.save(parcel)

    stub.update_one.assert_not_called()


def test_a_new_instance_is_one_update_with_everything(sync_engine, stub):
    sync_engine.get_collection = lambda model: stub
    parcel = Parcel()

    sync_engine.save(parcel)

    stub.update_one.assert_called_once()
    arguments, options = stub.update_one.call_args
    document = parcel.model_dump_doc()
    assert document.pop("_id") == parcel.id
    assert arguments == ({"_id": parcel.id}, {"$set": document})
    assert options["upsert"] is True


def test_the_modified_set_may_be_replaced_from_outside(sync_engine, stub):
    parcel = sync_engine.save(Parcel())
    sync_engine.get_collection = lambda model: stub
    object.__setattr__(parcel, "__fields_modified__", {"second"})

    sync_engine.save(parcel)

    assert stub.update_one.call_args.args[1] == {"$set": {"2nd": ""}}

    object.__setattr__(parcel, "__fields_modified__", set())
    stub.update_one.reset_mock()
    sync_engine.save(parcel)
    stub.update_one.assert_not_called()


def test_the_collection_is_asked_for_at_each_call_with_one_argument(sync_engine, stub):
    asked = []

    def get_collection(*arguments):
        asked.append(arguments)
        return stub

    sync_engine.get_collection = get_collection
    sync_engine.save_all([Shipment(parcel=Parcel()), Parcel()])

    assert asked == [(Parcel,), (Shipment,), (Parcel,)]
    assert stub.update_one.call_count == 3


def test_remove_and_delete_use_the_replaced_collection(sync_engine, stub):
    sync_engine.get_collection = lambda model: stub
    stub.delete_many.return_value = Mock(deleted_count=4)
    stub.delete_one.return_value = Mock(deleted_count=1)

    assert sync_engine.remove(Parcel, Parcel.first == "A") == 4
    assert sync_engine.remove(Parcel, just_one=True) == 1
    sync_engine.delete(Parcel())

    assert stub.delete_many.call_args.args == ({"first": {"$eq": "A"}},)


def test_a_duplicate_of_a_stub_is_reported(sync_engine, stub):
    parcel = Parcel()
    stub.update_one.side_effect = pymongo.errors.DuplicateKeyError("E11000", 11000, {})
    sync_engine.get_collection = lambda model: stub

    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.save(parcel)

    assert caught.value.instance is parcel
    assert caught.value.driver_error is stub.update_one.side_effect


def test_a_mocked_client_is_enough_for_a_save():
    client = MagicMock()
    client.start_session = Mock(return_value=Mock(end_session=Mock()))
    client["test"]["parcel"].update_one = Mock()
    engine = SyncEngine(client)
    parcel = Parcel()

    engine.save(parcel)

    session = client.start_session.return_value
    assert client["test"]["parcel"].update_one.call_args.kwargs["session"] is session
    session.end_session.assert_called_once()


def test_a_mocked_session_that_answers_directly_is_enough():
    client = MagicMock()
    client["test"]["parcel"].update_one = Mock()

    parcel = SyncEngine(client).save(Parcel())

    assert parcel.__fields_modified__ == set()
    client.start_session.return_value.end_session.assert_called_once()


def test_saving_again_needs_only_the_private_save(sync_engine, stub):
    sync_engine.get_collection = lambda model: stub
    shipment = Shipment(parcel=Parcel())

    assert sync_engine._save(shipment, None) is shipment

    filters = [call.args[0] for call in stub.update_one.call_args_list]
    assert filters == [{"_id": shipment.parcel.id}, {"_id": shipment.id}]
