# Generated from tests/integration/aio/test_engine_session_argument.py by tools/generate_sync.py: do not edit.
"""The `session=` argument: started objects and sessions of the driver are used, anything else is refused before a command."""

from __future__ import annotations

import pytest
from pymongo.errors import InvalidOperation
from tests.integration.sync.reading import MANY

from odmantic import Model, SyncEngine
from odmantic.exceptions import StrayOperationWarning


class Parcel(Model):
    code: str
    weight: float = 1.0


def _find(engine, parcel, session):
    return [found for found in engine.find(Parcel, session=session)]


def _find_one(engine, parcel, session):
    return engine.find_one(Parcel, session=session)


def _count(engine, parcel, session):
    return engine.count(Parcel, session=session)


def _save(engine, parcel, session):
    return engine.save(parcel, session=session)


def _save_all(engine, parcel, session):
    return engine.save_all([parcel], session=session)


def _delete(engine, parcel, session):
    return engine.delete(parcel, session=session)


def _remove(engine, parcel, session):
    return engine.remove(Parcel, session=session)


def _configure_database(engine, parcel, session):
    class Indexed(Model):
        model_config = {"indexes": lambda: [Index(Indexed.id, Indexed.code)]}
        code: str

    from odmantic import Index

    return engine.configure_database([Indexed], session=session)


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
def parcel(sync_engine, commands):
    saved = sync_engine.save(Parcel(code="A"))
    saved.weight = 2.0
    commands.clear()
    return saved


def _session_ids(commands):
    return {event.command["lsid"]["id"] for event in commands.started}


@EVERY_OPERATION
def test_a_session_object_is_used(sync_engine, parcel, commands, operation):
    with sync_engine.session() as session:
        operation(sync_engine, parcel, session)

        assert commands.started
        assert _session_ids(commands) == {session.get_driver_session().session_id["id"]}


@TRANSACTIONAL
def test_a_transaction_object_is_used(sync_engine, parcel, commands, operation):
    with sync_engine.transaction() as transaction:
        operation(sync_engine, parcel, transaction)

        assert commands.started
        assert all(event.command["autocommit"] is False for event in commands.started)


@EVERY_OPERATION
def test_a_session_of_the_driver_is_used(sync_engine, parcel, commands, operation):
    session = sync_engine.client.start_session()
    try:
        operation(sync_engine, parcel, session)

        assert commands.started
        assert _session_ids(commands) == {session.session_id["id"]}
    finally:
        session.end_session()


@TRANSACTIONAL
def test_a_transaction_of_the_driver_is_used(sync_engine, parcel, raw_database, operation):
    session = sync_engine.client.start_session()
    try:
        session.start_transaction()
        operation(sync_engine, parcel, session)
        session.abort_transaction()
    finally:
        session.end_session()

    assert list(raw_database["parcel"].find()) == [{"code": "A", "weight": 1.0, "_id": parcel.id}]


@EVERY_OPERATION
def test_a_session_that_is_not_started_is_refused(sync_engine, parcel, commands, operation):
    with pytest.raises(RuntimeError, match=r"^session not started"):
        operation(sync_engine, parcel, sync_engine.session())

    assert commands.started == []


@EVERY_OPERATION
def test_a_transaction_that_is_not_started_is_refused(sync_engine, parcel, commands, operation):
    with pytest.raises(RuntimeError, match=r"^transaction not started"):
        operation(sync_engine, parcel, sync_engine.transaction())

    assert commands.started == []


def test_find_translates_the_session_at_the_call(sync_engine):
    with pytest.raises(RuntimeError, match="session not started"):
        sync_engine.find(Parcel, session=sync_engine.session())


def test_the_translation_gives_the_drivers_session(sync_engine):
    raw = object()

    assert SyncEngine._get_session(None) is None
    assert sync_engine._get_session(raw) is raw
    with sync_engine.session() as session:
        assert sync_engine._get_session(session) is session.get_driver_session()
    with sync_engine.transaction() as transaction:
        assert sync_engine._get_session(transaction) is transaction.get_driver_session()


def test_two_databases_take_part_in_one_transaction(sync_engine, raw_database):
    other = SyncEngine(sync_engine.client, f"{raw_database.name}_other")
    try:
        with sync_engine.transaction() as transaction:
            sync_engine.save(Parcel(code="A"), session=transaction)
            other.save(Parcel(code="B"), session=transaction)
            assert raw_database["parcel"].count_documents({}) == 0
            assert raw_database.client[other.database_name]["parcel"].count_documents({}) == 0

        assert sync_engine.count(Parcel) == 1
        assert other.count(Parcel) == 1
    finally:
        raw_database.client.drop_database(other.database_name)


def test_calls_without_a_session_run_outside_of_the_transaction(sync_engine):
    with sync_engine.transaction() as transaction:
        transaction.save(Parcel(code="A"))
        with pytest.warns(StrayOperationWarning, match="count without session="):
            assert sync_engine.count(Parcel) == 0
        with pytest.warns(StrayOperationWarning, match="find without session="):
            assert [found for found in sync_engine.find(Parcel)] == []
        assert transaction.count(Parcel) == 1


def test_a_cursor_of_a_closed_session_cannot_be_consumed(sync_engine):
    sync_engine.save_all([Parcel(code=str(number)) for number in range(MANY)])
    with sync_engine.session() as session:
        cursor = session.find(Parcel)
        for _ in cursor:
            break

    with pytest.raises(InvalidOperation):
        [found for found in cursor]


@pytest.mark.parametrize(
    "method",
    [
        *("find", "find_one", "count", "save", "save_all", "remove", "update_one", "update_many"),
        *("delete_one", "delete_many", "find_one_and_delete", "find_one_and_update"),
        *("replace_one", "find_one_and_replace", "get_or_create"),
    ],
)
def test_the_session_is_given_by_keyword_only(sync_engine, method):
    import inspect

    parameter = inspect.signature(getattr(sync_engine, method)).parameters["session"]
    assert parameter.kind is parameter.KEYWORD_ONLY
