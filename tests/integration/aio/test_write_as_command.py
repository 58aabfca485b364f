"""In a transaction a save sends its command itself: the same one, with the same errors, as `update_one`."""

from __future__ import annotations

from uuid import UUID

import pytest
from bson import SON
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo.errors import DuplicateKeyError, WriteError
from tests.integration.aio.colour import resolve

import odmantic.exceptions
from odmantic import Field, Model

pytestmark = pytest.mark.each_driver


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


async def _update(engine, parcel, session, **changes):
    """What `save` does, by the driver's own method."""
    document = parcel.model_dump_doc()
    del document["_id"]
    update = {"$set": changes or document}
    await resolve(
        engine.get_collection(Parcel).update_one(
            {"_id": parcel.id}, update, upsert=not changes, session=session
        )
    )


async def test_the_command_is_that_of_update_one(aio_engine, commands):
    parcel = Parcel(code="A")
    async with aio_engine.transaction() as transaction:
        session = transaction.get_driver_session()
        await _update(aio_engine, parcel, session)
        await _update(aio_engine, parcel, session, weight=2.0)
        await transaction.abort()
    by_update_one = _updates(commands)
    commands.clear()

    async with aio_engine.transaction() as transaction:
        await transaction.save(parcel)
        parcel.weight = 2.0
        await transaction.save(parcel)
        await transaction.abort()

    assert len(by_update_one) == 2
    assert _updates(commands) == by_update_one


async def test_a_duplicate_is_told_as_by_update_one(aio_engine):
    await aio_engine.configure_database([Parcel])
    await aio_engine.save(Parcel(code="A"))
    second = Parcel(code="A")

    async def error_of(save):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(
                (odmantic.exceptions.DuplicateKeyError, DuplicateKeyError)
            ) as caught:
                await save(transaction)
            await transaction.abort()
        return getattr(caught.value, "driver_error", caught.value)

    ours = await error_of(lambda transaction: transaction.save(second))
    theirs = await error_of(
        lambda transaction: _update(aio_engine, second, transaction.get_driver_session())
    )

    assert (type(ours), ours.code, ours.details) == (type(theirs), theirs.code, theirs.details)
    assert str(ours) == str(theirs)


async def test_a_refusal_is_told_as_by_update_one(aio_engine):
    database = aio_engine.database
    rule = {"weight": {"$lt": 5}}
    await resolve(database.create_collection("parcel", validator=rule))
    heavy = Parcel(code="A", weight=9.0)

    async def error_of(save):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(WriteError) as caught:
                await save(transaction)
            await transaction.abort()
        return caught.value

    ours = await error_of(lambda transaction: transaction.save(heavy))
    theirs = await error_of(
        lambda transaction: _update(aio_engine, heavy, transaction.get_driver_session())
    )

    assert type(ours) is type(theirs) is WriteError
    assert (ours.code, ours.details) == (theirs.code, theirs.details)


async def test_the_options_of_the_collection_hold(aio_engine):
    options = CodecOptions(document_class=SON, uuid_representation=UuidRepresentation.STANDARD)
    database = aio_engine.database.with_options(codec_options=options)
    aio_engine.database = database
    badge = Badge(number=UUID(int=7))

    async with aio_engine.transaction() as transaction:
        await transaction.save(badge)
        badge.name = "Bob"
        await transaction.save(badge)

    found = await resolve(database["badge"].find_one({"_id": UUID(int=7)}))
    assert (type(found), dict(found)) == (SON, {"_id": UUID(int=7), "name": "Bob"})


async def test_another_collection_is_written_by_its_own_methods(aio_engine):
    elsewhere = aio_engine.database["elsewhere"]
    aio_engine.get_collection = lambda _model: elsewhere

    async with aio_engine.transaction() as transaction:
        await transaction.save(Parcel(code="A"))

    assert await resolve(elsewhere.count_documents({})) == 1


async def test_a_document_that_is_gone_is_written_whole(aio_engine):
    parcel = await aio_engine.save(Parcel(code="A"))
    await resolve(aio_engine.get_collection(Parcel).delete_one({}))
    parcel.weight = 3.0

    async with aio_engine.transaction() as transaction:
        await transaction.save(parcel)

    found = await resolve(aio_engine.get_collection(Parcel).find_one({}))
    assert found == {"_id": parcel.id, "code": "A", "weight": 3.0}
