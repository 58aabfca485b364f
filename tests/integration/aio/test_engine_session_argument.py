"""The `session=` argument: started objects and sessions of the driver are used, anything else is refused before a command."""

from __future__ import annotations

import pytest
from pymongo.errors import InvalidOperation
from tests.integration.aio.colour import resolve
from tests.integration.aio.reading import MANY

from odmantic import AIOEngine, Model
from odmantic.exceptions import StrayOperationWarning


class Parcel(Model):
    code: str
    weight: float = 1.0


async def _find(engine, parcel, session):
    return [found async for found in engine.find(Parcel, session=session)]


async def _find_one(engine, parcel, session):
    return await engine.find_one(Parcel, session=session)


async def _count(engine, parcel, session):
    return await engine.count(Parcel, session=session)


async def _save(engine, parcel, session):
    return await engine.save(parcel, session=session)


async def _save_all(engine, parcel, session):
    return await engine.save_all([parcel], session=session)


async def _delete(engine, parcel, session):
    return await engine.delete(parcel, session=session)


async def _remove(engine, parcel, session):
    return await engine.remove(Parcel, session=session)


async def _configure_database(engine, parcel, session):
    class Indexed(Model):
        model_config = {"indexes": lambda: [Index(Indexed.id, Indexed.code)]}
        code: str

    from odmantic import Index

    return await engine.configure_database([Indexed], session=session)


OPERATIONS = [
    _find,
    _find_one,
    _count,
    _save,
    _save_all,
    _delete,
    _remove,
    _configure_database,
]
EVERY_OPERATION = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=[function.__name__[1:] for function in OPERATIONS]
)
TRANSACTIONAL = pytest.mark.parametrize(
    "operation", OPERATIONS[:-1], ids=[function.__name__[1:] for function in OPERATIONS[:-1]]
)
"""Those MongoDB allows in a transaction."""


@pytest.fixture
async def parcel(aio_engine, commands):
    saved = await aio_engine.save(Parcel(code="A"))
    saved.weight = 2.0
    commands.clear()
    return saved


def _session_ids(commands):
    return {event.command["lsid"]["id"] for event in commands.started}


@EVERY_OPERATION
@pytest.mark.each_driver
async def test_a_session_object_is_used(aio_engine, parcel, commands, operation):
    async with aio_engine.session() as session:
        await operation(aio_engine, parcel, session)

        assert commands.started
        assert _session_ids(commands) == {session.get_driver_session().session_id["id"]}


@TRANSACTIONAL
@pytest.mark.each_driver
async def test_a_transaction_object_is_used(aio_engine, parcel, commands, operation):
    async with aio_engine.transaction() as transaction:
        await operation(aio_engine, parcel, transaction)

        assert commands.started
        assert all(event.command["autocommit"] is False for event in commands.started)


@EVERY_OPERATION
@pytest.mark.each_driver
async def test_a_session_of_the_driver_is_used(aio_engine, parcel, commands, operation):
    session = await resolve(aio_engine.client.start_session())
    try:
        await operation(aio_engine, parcel, session)

        assert commands.started
        assert _session_ids(commands) == {session.session_id["id"]}
    finally:
        await resolve(session.end_session())


@TRANSACTIONAL
@pytest.mark.each_driver
async def test_a_transaction_of_the_driver_is_used(aio_engine, parcel, raw_database, operation):
    session = await resolve(aio_engine.client.start_session())
    try:
        await resolve(session.start_transaction())
        await operation(aio_engine, parcel, session)
        await resolve(session.abort_transaction())
    finally:
        await resolve(session.end_session())

    assert list(raw_database["parcel"].find()) == [{"code": "A", "weight": 1.0, "_id": parcel.id}]


@EVERY_OPERATION
async def test_a_session_that_is_not_started_is_refused(aio_engine, parcel, commands, operation):
    with pytest.raises(RuntimeError, match=r"^session not started"):
        await operation(aio_engine, parcel, aio_engine.session())

    assert commands.started == []


@EVERY_OPERATION
async def test_a_transaction_that_is_not_started_is_refused(
    aio_engine, parcel, commands, operation
):
    with pytest.raises(RuntimeError, match=r"^transaction not started"):
        await operation(aio_engine, parcel, aio_engine.transaction())

    assert commands.started == []


async def test_find_translates_the_session_at_the_call(aio_engine):
    with pytest.raises(RuntimeError, match="session not started"):
        aio_engine.find(Parcel, session=aio_engine.session())


async def test_the_translation_gives_the_drivers_session(aio_engine):
    raw = object()

    assert AIOEngine._get_session(None) is None
    assert aio_engine._get_session(raw) is raw
    async with aio_engine.session() as session:
        assert aio_engine._get_session(session) is session.get_driver_session()
    async with aio_engine.transaction() as transaction:
        assert aio_engine._get_session(transaction) is transaction.get_driver_session()


@pytest.mark.each_driver
async def test_two_databases_take_part_in_one_transaction(aio_engine, raw_database):
    other = AIOEngine(aio_engine.client, f"{raw_database.name}_other")
    try:
        async with aio_engine.transaction() as transaction:
            await aio_engine.save(Parcel(code="A"), session=transaction)
            await other.save(Parcel(code="B"), session=transaction)
            assert raw_database["parcel"].count_documents({}) == 0
            assert raw_database.client[other.database_name]["parcel"].count_documents({}) == 0

        assert await aio_engine.count(Parcel) == 1
        assert await other.count(Parcel) == 1
    finally:
        raw_database.client.drop_database(other.database_name)


async def test_calls_without_a_session_run_outside_of_the_transaction(aio_engine):
    async with aio_engine.transaction() as transaction:
        await transaction.save(Parcel(code="A"))
        with pytest.warns(StrayOperationWarning, match="count without session="):
            assert await aio_engine.count(Parcel) == 0
        with pytest.warns(StrayOperationWarning, match="find without session="):
            assert [found async for found in aio_engine.find(Parcel)] == []
        assert await transaction.count(Parcel) == 1


@pytest.mark.each_driver
async def test_a_cursor_of_a_closed_session_cannot_be_consumed(aio_engine):
    await aio_engine.save_all([Parcel(code=str(number)) for number in range(MANY)])
    async with aio_engine.session() as session:
        cursor = session.find(Parcel)
        async for _ in cursor:
            break

    with pytest.raises(InvalidOperation):
        [found async for found in cursor]


@pytest.mark.parametrize(
    "method",
    [
        *("find", "find_one", "count", "save", "save_all", "remove", "update_one", "update_many"),
        *("delete_one", "delete_many", "find_one_and_delete", "find_one_and_update"),
        *("replace_one", "find_one_and_replace", "get_or_create"),
    ],
)
async def test_the_session_is_given_by_keyword_only(aio_engine, method):
    import inspect

    parameter = inspect.signature(getattr(aio_engine, method)).parameters["session"]
    assert parameter.kind is parameter.KEYWORD_ONLY
