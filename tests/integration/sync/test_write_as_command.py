# Generated from tests/integration/aio/test_write_as_command.py by tools/generate_sync.py: do not edit.
"""In a transaction a save sends its command itself: the same one, with the same errors, as `update_one`."""

from __future__ import annotations

from uuid import UUID

import pytest
from bson import SON
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo.errors import DuplicateKeyError, WriteError

import odmantic.exceptions
from odmantic import Field, Model


class Parcel(Model):
    code: str = Field(unique=True)
    weight: float = 1.0


class Badge(Model):
    number: UUID = Field(primary_field=True)
    name: str = "Ada"


_OF_A_SESSION = {"lsid", "txnNumber", "$clusterTime", "startTransaction", "readConcern"}


def _updates(commands):
    return [
        [(key, value) for key, value in event.command.items() if key not in _OF_A_SESSION]
        for event in commands.started
        if event.command_name == "update"
    ]


def _update(engine, parcel, session, **changes):
    """What `save` does, by the driver's own method."""
    document = parcel.model_dump_doc()
    del document["_id"]
    update = {"$set": changes or document}
    engine.get_collection(Parcel).update_one(
        {"_id": parcel.id}, update, upsert=not changes, session=session
    )


def test_the_command_is_that_of_update_one(sync_engine, commands):
    parcel = Parcel(code="A")
    with sync_engine.transaction() as transaction:
        session = transaction.get_driver_session()
        _update(sync_engine, parcel, session)
        _update(sync_engine, parcel, session, weight=2.0)
        transaction.abort()
    by_update_one = _updates(commands)
    commands.clear()

    with sync_engine.transaction() as transaction:
        transaction.save(parcel)
        parcel.weight = 2.0
        transaction.save(parcel)
        transaction.abort()

    assert len(by_update_one) == 2
    assert _updates(commands) == by_update_one


def test_a_duplicate_is_told_as_by_update_one(sync_engine):
    sync_engine.configure_database([Parcel])
    sync_engine.save(Parcel(code="A"))
    second = Parcel(code="A")

    def error_of(save):
        with sync_engine.transaction() as transaction:
            with pytest.raises(
                (odmantic.exceptions.DuplicateKeyError, DuplicateKeyError)
            ) as caught:
                save(transaction)
            transaction.abort()
        return getattr(caught.value, "driver_error", caught.value)

    ours = error_of(lambda transaction: transaction.save(second))
    theirs = error_of(
        lambda transaction: _update(sync_engine, second, transaction.get_driver_session())
    )

    assert (type(ours), ours.code, ours.details) == (type(theirs), theirs.code, theirs.details)
    assert str(ours) == str(theirs)


def test_a_refusal_is_told_as_by_update_one(sync_engine):
    database = sync_engine.database
    rule = {"weight": {"$lt": 5}}
    database.create_collection("parcel", validator=rule)
    heavy = Parcel(code="A", weight=9.0)

    def error_of(save):
        with sync_engine.transaction() as transaction:
            with pytest.raises(WriteError) as caught:
                save(transaction)
            transaction.abort()
        return caught.value

    ours = error_of(lambda transaction: transaction.save(heavy))
    theirs = error_of(
        lambda transaction: _update(sync_engine, heavy, transaction.get_driver_session())
    )

    assert type(ours) is type(theirs) is WriteError
    assert (ours.code, ours.details) == (theirs.code, theirs.details)


def test_the_options_of_the_collection_hold(sync_engine):
    options = CodecOptions(document_class=SON, uuid_representation=UuidRepresentation.STANDARD)
    database = sync_engine.database.with_options(codec_options=options)
    sync_engine.database = database
    badge = Badge(number=UUID(int=7))

    with sync_engine.transaction() as transaction:
        transaction.save(badge)
        badge.name = "Bob"
        transaction.save(badge)

    found = database["badge"].find_one({"_id": UUID(int=7)})
    assert (type(found), dict(found)) == (SON, {"_id": UUID(int=7), "name": "Bob"})


def test_another_collection_is_written_by_its_own_methods(sync_engine):
    elsewhere = sync_engine.database["elsewhere"]
    sync_engine.get_collection = lambda _model: elsewhere

    with sync_engine.transaction() as transaction:
        transaction.save(Parcel(code="A"))

    assert elsewhere.count_documents({}) == 1


def test_a_document_that_is_gone_is_written_whole(sync_engine):
    parcel = sync_engine.save(Parcel(code="A"))
    sync_engine.get_collection(Parcel).delete_one({})
    parcel.weight = 3.0

    with sync_engine.transaction() as transaction:
        transaction.save(parcel)

    found = sync_engine.get_collection(Parcel).find_one({})
    assert found == {"_id": parcel.id, "code": "A", "weight": 3.0}
