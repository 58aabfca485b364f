"""Which collections can be used by shorter ways than their methods."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
from bson import SON
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, MongoClient, ReadPreference
from pymongo.collection import Collection
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from odmantic._driver.plain import target_at
from odmantic._state.places import SOMEWHERE


def _look(collection, client=None):
    return target_at(collection, client or collection.database.client, SOMEWHERE)


@pytest.mark.parametrize("kind", [MongoClient, AsyncMongoClient])
def test_a_collection_of_pymongo_has_all_ways(kind):
    target = _look(kind(connect=False)["test"]["parcel"])

    assert target.finds_plainly
    assert target.updates_plainly
    assert target.is_of_driver
    assert target.needs_no_session
    assert target.read_options is target.collection.codec_options
    assert target.command_options.unicode_decode_error_handler == "replace"


def test_one_of_motor_is_used_by_its_methods():
    target = _look(AsyncIOMotorClient(connect=False)["test"]["parcel"])

    assert not any([target.finds_plainly, target.updates_plainly, target.needs_no_session])
    assert target.read_options is target.command_options is None


@pytest.mark.parametrize("method", ["find", "find_one"])
def test_ways_to_find_may_be_replaced(method):
    collection = MongoClient(connect=False)["test"]["parcel"]
    setattr(collection, method, MagicMock())
    target = _look(collection)

    assert not target.finds_plainly
    assert target.read_options is None
    assert target.updates_plainly


def test_the_way_to_update_may_be_replaced():
    collection = MongoClient(connect=False)["test"]["parcel"]
    collection.update_one = MagicMock()
    target = _look(collection)

    assert target.finds_plainly
    assert not any([target.updates_plainly, target.is_of_driver, target.needs_no_session])
    assert target.command_options is None


def test_a_subclass_may_do_something_of_its_own():
    class Own(Collection):
        def update_one(self, *arguments, **options):
            raise NotImplementedError

    target = _look(Own(MongoClient(connect=False)["test"], "parcel"))

    assert not any([target.finds_plainly, target.updates_plainly, target.is_of_driver])


def test_sessions_of_a_client_may_be_its_own():
    client = MongoClient(connect=False)
    client.start_session = MagicMock()
    target = _look(client["test"]["parcel"])

    assert target.updates_plainly
    assert not target.needs_no_session


@pytest.mark.parametrize(
    ("options", "reads", "needs_no_session"),
    [
        ({"write_concern": WriteConcern(0)}, True, False),
        ({"read_concern": ReadConcern("majority")}, False, True),
        ({"read_preference": ReadPreference.NEAREST}, False, True),
        ({"codec_options": CodecOptions(document_class=SON)}, False, True),
    ],
    ids=["unacknowledged", "read concern", "read preference", "documents of a program"],
)
def test_options_leave_it_to_the_methods(options, reads, needs_no_session):
    target = _look(MongoClient(connect=False)["test"].get_collection("parcel", **options))

    assert (target.read_options is not None) is reads
    assert target.needs_no_session is needs_no_session
    assert target.command_options.document_class is dict
