"""Programs run once for each fault point; planted bugs are found, and a correct program passes."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import PyMongoError

from odmantic import Field, Model
from odmantic.engine import AIOEngine, SyncEngine
from odmantic.exceptions import CommitOutcomeUnknownError, WriteConflictError
from odmantic.session import NO_SESSION
from odmantic.testing.errors import LocalReplicaSetError
from odmantic.testing.faults import (
    ALL_FAULTS,
    SERVER_FAULTS,
    Fault,
    aio_inject_faults,
    sync_inject_faults,
)


class Stock(Model):
    item: str = Field(primary_field=True)
    left: int = 10


class Sale(Model):
    number: int = Field(primary_field=True)


async def fill(engine):
    await engine.save(Stock(item="tea"))


def fill_sync(engine):
    engine.save(Stock(item="tea"))


async def sell(transaction):
    stock = await transaction.find_one(Stock, Stock.item == "tea")
    stock.left -= 1
    await transaction.save_all([stock, Sale(number=1)])


def sell_sync(transaction):
    stock = transaction.find_one(Stock, Stock.item == "tea")
    stock.left -= 1
    transaction.save_all([stock, Sale(number=1)])


def judge(stock, sales, run):
    assert stock.left + sales == 10, "half done"
    if run.succeeded:
        assert sales == 1, "lost"


async def check(engine, run):
    judge(await engine.find_one(Stock), await engine.count(Sale), run)


def check_sync(engine, run):
    judge(engine.find_one(Stock), engine.count(Sale), run)


async def by_callback(engine):
    await engine.run_transaction(sell)


async def by_block(engine):
    async with engine.transaction() as transaction:
        await sell(transaction)


OF_ENDINGS = tuple(
    fault for fault in ALL_FAULTS if "commit" in fault.value or fault.is_cancellation
)


@pytest.mark.parametrize(("program", "faults"), [(by_callback, ALL_FAULTS), (by_block, OF_ENDINGS)])
async def test_a_correct_program_keeps_its_promises(program, faults, odmantic_mongo_uri):
    report = await aio_inject_faults(
        odmantic_mongo_uri, program, check, prepare=fill, faults=faults
    )

    report.raise_for_violations()
    names = [str(run.point.command) for run in report.runs if run.point is not None]
    assert {"find stock", "update stock", "update sale", "commitTransaction"} == set(names)
    assert all(run.reached for run in report.runs), str(report)
    assert {run.point.fault for run in report.runs[1:]} == set(faults)
    for run in report.runs[1:]:
        if run.point.fault.is_cancellation:
            assert isinstance(run.error, asyncio.CancelledError), str(report)
        elif run.point.fault in {Fault.COMMIT_UNKNOWN, Fault.COMMIT_UNKNOWN_UNDONE}:
            assert isinstance(run.error, CommitOutcomeUnknownError), str(report)
        elif program is by_callback:
            assert run.succeeded, str(report)


async def test_a_program_with_motor_keeps_its_promises(odmantic_mongo_uri):
    motor_asyncio = pytest.importorskip("motor.motor_asyncio")
    report = await aio_inject_faults(
        odmantic_mongo_uri,
        by_callback,
        check,
        prepare=fill,
        faults=[Fault.TRANSIENT, Fault.COMMIT_UNKNOWN, Fault.CANCELLED_AFTER],
        make_engine=lambda uri, name: AIOEngine(
            motor_asyncio.AsyncIOMotorClient(uri), database=name
        ),
    )

    report.raise_for_violations()
    assert len(report.runs) == 1 + 2 * 4 + 1, str(report)


def test_a_correct_synchronous_program_keeps_its_promises(odmantic_mongo_uri):
    report = sync_inject_faults(
        odmantic_mongo_uri,
        lambda engine: engine.run_transaction(sell_sync),
        check_sync,
        prepare=fill_sync,
    )

    report.raise_for_violations()
    assert all(run.reached for run in report.runs), str(report)
    assert {run.point.fault for run in report.runs[1:]} == set(SERVER_FAULTS)


async def test_a_write_beside_the_transaction_is_found(odmantic_mongo_uri):
    async def work(engine):
        async with engine.transaction() as transaction:
            stock = await transaction.find_one(Stock)
            stock.left -= 1
            await transaction.save(stock)
            await engine.save(Sale(number=1), session=NO_SESSION)

    report = await aio_inject_faults(
        odmantic_mongo_uri, work, check, prepare=fill, faults=[Fault.WRITE_CONFLICT]
    )

    assert [run.point.number for run in report.runs if run.violations] == [4]
    assert "half done" in str(report)


async def test_an_error_that_is_swallowed_is_found(odmantic_mongo_uri):
    async def work(engine):
        with contextlib.suppress(PyMongoError):
            await by_block(engine)

    report = await aio_inject_faults(
        odmantic_mongo_uri, work, check, prepare=fill, faults=[Fault.WRITE_CONFLICT]
    )

    assert len(report.violations) == 4
    assert {violation.message.splitlines()[0] for violation in report.violations} == {"lost"}


def test_a_transaction_that_stays_open_is_found(odmantic_mongo_uri):
    sessions = []

    def work(engine):
        session = engine.client.start_session()
        sessions.append(session)
        session.start_transaction()
        engine.save(Sale(number=1), session=session)

    report = sync_inject_faults(odmantic_mongo_uri, work, lambda engine, run: None)

    assert len(report.runs) == 1
    assert "left open on the server" in report.violations[0].message


def test_a_program_that_takes_too_long_is_found(odmantic_mongo_uri):
    def work(engine):
        with contextlib.suppress(WriteConflictError):
            with engine.transaction() as transaction:
                transaction.count(Sale)
            return
        threading.Event().wait(0.6)
        engine.count(Sale)  # in vain: its connections are broken by now

    report = sync_inject_faults(
        odmantic_mongo_uri,
        work,
        lambda engine, run: None,
        faults=[Fault.WRITE_CONFLICT],
        make_engine=lambda uri, name: SyncEngine(
            MongoClient(uri, serverSelectionTimeoutMS=300), database=name
        ),
        timeout=0.5,
    )

    assert [violation.message for violation in report.violations] == ["took longer than 0.5 s"]
    assert isinstance(report.runs[1].error, PyMongoError)


async def test_an_asynchronous_program_that_hangs_is_found(odmantic_mongo_uri):
    async def work(engine):
        try:
            await by_block(engine)
        except PyMongoError:
            await asyncio.sleep(60)

    report = await aio_inject_faults(
        odmantic_mongo_uri, work, check, prepare=fill, faults=[Fault.WRITE_CONFLICT], timeout=0.3
    )

    assert any("took longer than 0.3 s" in str(violation) for violation in report.violations)


async def test_what_the_undisturbed_program_raises_is_raised(odmantic_mongo_uri):
    async def work(engine):
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug"):
        await aio_inject_faults(odmantic_mongo_uri, work, check)


async def test_a_check_that_fails_without_faults_is_all_there_is(odmantic_mongo_uri):
    async def work(engine):
        await engine.count(Sale)

    report = await aio_inject_faults(odmantic_mongo_uri, work, check, faults=[Fault.LOST_BEFORE])

    assert len(report.runs) == 1
    assert "AttributeError" in report.violations[0].message


def test_nothing_is_left_on_the_server(odmantic_mongo_uri, odmantic_mongo_client):
    sync_inject_faults(
        odmantic_mongo_uri,
        lambda engine: engine.run_transaction(sell_sync),
        check_sync,
        prepare=fill_sync,
        faults=[Fault.COMMIT_UNKNOWN_UNDONE],
    )

    names = odmantic_mongo_client.list_database_names()
    assert not [name for name in names if name.startswith("odmantic_faults_")]


def test_threads_cannot_be_cancelled(odmantic_mongo_uri):
    with pytest.raises(ValueError, match="cannot be cancelled"):
        sync_inject_faults(odmantic_mongo_uri, len, len, faults=ALL_FAULTS)


def test_encrypted_connections_are_refused():
    with pytest.raises(ValueError, match="encrypted"):
        sync_inject_faults("mongodb://localhost/?tls=true", len, len)


def test_the_server_has_to_have_fail_points(monkeypatch, odmantic_mongo_uri):
    from odmantic.testing import LocalReplicaSet

    with LocalReplicaSet() as replica_set:
        with pytest.raises(LocalReplicaSetError, match="enableTestCommands"):
            sync_inject_faults(replica_set.uri, len, len)
        report = sync_inject_faults(
            replica_set.uri,
            lambda engine: engine.run_transaction(sell_sync),
            check_sync,
            prepare=fill_sync,
            faults=[fault for fault in SERVER_FAULTS if not fault.needs_fail_points],
        )

    report.raise_for_violations()
    assert len(report.runs) == 1 + 2 * 4


async def test_the_program_gets_the_users_own_engine(odmantic_mongo_uri):
    made = []

    def make(uri, name):
        made.append(uri)
        return AIOEngine(AsyncMongoClient(uri, maxPoolSize=3), database=name)

    seen = []

    async def work(engine):
        seen.append(engine.client.options.pool_options.max_pool_size)

    async def look(engine, run):
        assert isinstance(engine, AIOEngine)
        assert not isinstance(engine, SyncEngine)

    await aio_inject_faults(odmantic_mongo_uri, work, look, make_engine=make)

    assert seen == [3]
    assert len(made) == 2
