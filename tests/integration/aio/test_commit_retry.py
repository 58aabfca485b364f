"""A commit whose outcome is unknown is repeated; while it stays so, it is in doubt and nothing escapes it."""

from __future__ import annotations

import pytest
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)
from pymongo.write_concern import WriteConcern
from tests.integration.aio.colour import ASYNC, resolve

from odmantic import Model
from odmantic.exceptions import CommitOutcomeUnknownError

UNKNOWN = "UnknownTransactionCommitResult"
TRANSIENT = "TransientTransactionError"
SHUTDOWN = 91
TIME_LIMIT = 50
WRITE_CONCERN_FAILED = 64
WRITE_CONFLICT = 112


class User(Model):
    name: str


@pytest.fixture
def client_options(client_options):
    """The driver looks after a server that is shutting down twenty times as often as usual."""
    return client_options | {"heartbeatFrequencyMS": 500}


@pytest.fixture
def user():
    return User(name="Ada")


async def _commit_by(way, transaction, user):
    if way == "commit":
        await transaction.start()
        await transaction.save(user)
        await transaction.commit()
    else:
        async with transaction:
            await transaction.save(user)


def _commits(commands):
    return commands.names.count("commitTransaction")


BOTH_WAYS = pytest.mark.parametrize("way", ["commit", "exit"])


@BOTH_WAYS
@pytest.mark.parametrize("times", [1, 2, 4])
async def test_a_shut_down_server_is_asked_again(
    aio_engine, raw_database, fail_point, commands, user, way, times
):
    with fail_point("commitTransaction", error_code=SHUTDOWN, times=times):
        await _commit_by(way, aio_engine.transaction(), user)

    assert raw_database["user"].count_documents({}) == 1
    assert user.__fields_modified__ == set()
    assert _commits(commands) == times + 1


@BOTH_WAYS
@pytest.mark.each_driver
async def test_a_closed_connection_is_no_failure(
    aio_engine, raw_database, fail_point, commands, user, way
):
    with fail_point("commitTransaction", close_connection=True, times=3):
        await _commit_by(way, aio_engine.transaction(), user)

    assert raw_database["user"].count_documents({}) == 1
    assert _commits(commands) == 4


@BOTH_WAYS
@pytest.mark.each_driver
async def test_a_failed_write_concern_is_waited_for_again(
    aio_engine, raw_database, fail_point, commands, user, way
):
    failure = {"code": WRITE_CONCERN_FAILED, "errmsg": "waiting for replication timed out"}
    with fail_point("commitTransaction", write_concern_error=failure, times=2):
        await _commit_by(way, aio_engine.transaction(), user)

    assert raw_database["user"].count_documents({}) == 1
    assert _commits(commands) == 3


@BOTH_WAYS
async def test_a_write_concern_that_cannot_be_met_leaves_the_outcome_unknown(
    aio_engine, raw_database, commands, user, way
):
    hooks = []
    transaction = aio_engine.transaction(write_concern=WriteConcern(w=40))
    with pytest.raises(CommitOutcomeUnknownError) as caught:
        await _commit_by(way, transaction, user)
    if way == "commit":
        transaction.on_commit(lambda: hooks.append("commit"))
        transaction.on_rollback(lambda: hooks.append("rollback"))
        await transaction.abort()

    assert isinstance(caught.value, WriteConcernError)
    assert raw_database["user"].count_documents({}) == 1
    assert _commits(commands) == 1
    assert user.__fields_modified__ == {"id", "name"}
    assert hooks == []


@BOTH_WAYS
async def test_a_repeated_commit_is_of_the_same_transaction(
    aio_engine, fail_point, commands, user, way
):
    with fail_point("commitTransaction", error_code=SHUTDOWN, times=3):
        await _commit_by(way, aio_engine.transaction(), user)

    commits = [event.command for event in commands.started if "commitTransaction" in event.command]
    assert len({(commit["lsid"]["id"], commit["txnNumber"]) for commit in commits}) == 1


@BOTH_WAYS
@pytest.mark.each_driver
async def test_a_time_limit_propagates_after_one_attempt(
    aio_engine, fail_point, commands, user, way
):
    transaction = aio_engine.transaction()
    with fail_point("commitTransaction", error_code=TIME_LIMIT):
        with pytest.raises(ExecutionTimeout) as caught:
            await _commit_by(way, transaction, user)

    assert caught.value.code == TIME_LIMIT
    assert caught.value.has_error_label(UNKNOWN)
    assert _commits(commands) == 1
    assert not transaction.is_started


@BOTH_WAYS
@pytest.mark.parametrize("label", [TRANSIENT, None])
async def test_other_errors_propagate_after_one_attempt(
    aio_engine, raw_database, fail_point, commands, user, way, label
):
    transaction = aio_engine.transaction()
    labels = (label,) if label else ()
    with fail_point("commitTransaction", error_code=WRITE_CONFLICT, labels=labels):
        with pytest.raises(OperationFailure) as caught:
            await _commit_by(way, transaction, user)

    assert caught.value.code == WRITE_CONFLICT
    assert caught.value.has_error_label(TRANSIENT) is (label is not None)
    assert _commits(commands) == 1
    assert not transaction.is_started
    assert not transaction.session.is_started
    assert user.__fields_modified__ == {"id", "name"}


@BOTH_WAYS
async def test_retries_end_when_time_is_up(
    aio_engine, fail_point, commands, user, monkeypatch, way
):
    monkeypatch.setattr("odmantic._aio.transactions.commit.RETRY_SECONDS", 1.5)
    transaction = aio_engine.transaction()
    with fail_point("commitTransaction", close_connection=True):
        with pytest.raises(AutoReconnect) as caught:
            await _commit_by(way, transaction, user)

    assert caught.value.has_error_label(UNKNOWN)
    assert _commits(commands) > 2
    assert not transaction.is_started
    assert transaction.session.is_started is (way == "commit")
    if way == "commit":
        await transaction.abort()
    assert user.__fields_modified__ == {"id", "name"}


async def test_a_failed_write_concern_propagates_as_the_drivers_error(
    aio_engine, fail_point, user, monkeypatch
):
    monkeypatch.setattr("odmantic._aio.transactions.commit.RETRY_SECONDS", 0.1)
    failure = {"code": WRITE_CONCERN_FAILED, "errmsg": "waiting for replication timed out"}
    with fail_point("commitTransaction", write_concern_error=failure):
        with pytest.raises(WriteConcernError) as caught:
            async with aio_engine.transaction() as transaction:
                await transaction.save(user)
    assert caught.value.code == WRITE_CONCERN_FAILED
    assert caught.value.has_error_label(UNKNOWN)


async def test_after_a_failed_exit_nothing_escapes_the_transaction(
    aio_engine, raw_database, fail_point, user, commands
):
    transaction = aio_engine.transaction()
    with fail_point("commitTransaction", error_code=TIME_LIMIT):
        with pytest.raises(ExecutionTimeout):
            async with transaction:
                await transaction.save(user)
    commands.clear()

    with pytest.raises(RuntimeError, match="transaction not started"):
        await transaction.save(User(name="Bob"))
    with pytest.raises(RuntimeError, match="Transaction not started"):
        await transaction.abort()
    assert not transaction.session.is_started
    assert commands.started == []


# --- In doubt ---------------------------------------------------------------------------------------


@pytest.fixture
async def in_doubt(aio_engine, fail_point, user):
    """A transaction whose commit never reached the server, in a session of its own."""
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.save(user)
    with fail_point("commitTransaction", error_code=TIME_LIMIT, times=1):
        with pytest.raises(PyMongoError) as caught:
            await transaction.commit()
    assert caught.value.has_error_label(UNKNOWN)
    return transaction


@pytest.mark.each_driver
async def test_a_transaction_in_doubt_may_be_committed_again(
    in_doubt, raw_database, user, commands
):
    assert not in_doubt.is_started
    assert in_doubt.session.is_started
    assert user.__fields_modified__ == {"id", "name"}

    await in_doubt.commit()

    assert raw_database["user"].count_documents({}) == 1
    assert user.__fields_modified__ == set()
    assert not in_doubt.session.is_started


async def test_a_transaction_in_doubt_stays_so_when_the_next_commit_fails_alike(
    in_doubt, raw_database, fail_point
):
    with fail_point("commitTransaction", error_code=TIME_LIMIT, times=1):
        with pytest.raises(ExecutionTimeout):
            await in_doubt.commit()
    await in_doubt.commit()
    assert raw_database["user"].count_documents({}) == 1


async def test_a_transaction_in_doubt_may_fail_for_good(in_doubt, fail_point, user):
    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1):
        with pytest.raises(OperationFailure) as caught:
            await in_doubt.commit()
    assert caught.value.has_error_label(TRANSIENT)
    assert not in_doubt.session.is_started
    assert user.__fields_modified__ == {"id", "name"}
    with pytest.raises(RuntimeError, match="Transaction not started"):
        await in_doubt.commit()


@pytest.mark.each_driver
async def test_a_transaction_in_doubt_may_be_given_up(in_doubt, commands, user):
    commands.clear()
    await in_doubt.abort()

    assert commands.started == []
    assert not in_doubt.session.is_started
    assert user.__fields_modified__ == {"id", "name"}
    async with in_doubt:
        await in_doubt.save(user)
    assert user.__fields_modified__ == set()


async def test_a_manual_commit_in_doubt_inside_a_block_is_given_up_by_the_exit(
    aio_engine, fail_point, user
):
    async with aio_engine.transaction() as transaction:
        await transaction.save(user)
        with fail_point("commitTransaction", error_code=TIME_LIMIT, times=1):
            with pytest.raises(ExecutionTimeout):
                await transaction.commit()
    assert not transaction.session.is_started
    assert user.__fields_modified__ == {"id", "name"}


async def test_a_failed_manual_commit_inside_a_block_propagates(aio_engine, fail_point, user):
    transaction = aio_engine.transaction()
    with fail_point("commitTransaction", error_code=TIME_LIMIT, times=1):
        with pytest.raises(ExecutionTimeout):
            async with transaction:
                await transaction.save(user)
                await transaction.commit()
    assert not transaction.session.is_started
    assert user.__fields_modified__ == {"id", "name"}


@pytest.mark.each_driver
async def test_ending_the_session_gives_up_a_transaction_in_doubt(in_doubt, user):
    await in_doubt.session.end()
    assert user.__fields_modified__ == {"id", "name"}
    with pytest.raises(RuntimeError, match="Transaction not started"):
        await in_doubt.commit()


async def test_a_transaction_begun_in_the_same_session_gives_up_the_one_in_doubt(
    aio_engine, raw_database, fail_point, user
):
    other = User(name="Bob")
    async with aio_engine.session() as session:
        first, second = session.transaction(), session.transaction()
        await first.start()
        await first.save(user)
        with fail_point("commitTransaction", error_code=TIME_LIMIT, times=1):
            with pytest.raises(ExecutionTimeout):
                await first.commit()
        await second.start()
        await second.save(other)

        assert user.__fields_modified__ == {"id", "name"}
        with pytest.raises(RuntimeError, match="Transaction not started"):
            await first.commit()
        assert second.is_started
        await second.abort()
    assert raw_database["user"].count_documents({}) == 0


@pytest.mark.parametrize("closing", ["commit", "abort"])
@pytest.mark.each_driver
async def test_a_transaction_of_the_driver_begun_meanwhile_is_left_alone(
    aio_engine, raw_database, fail_point, user, closing
):
    async with aio_engine.session() as session:
        transaction = session.transaction()
        await transaction.start()
        await transaction.save(user)
        with fail_point("commitTransaction", error_code=TIME_LIMIT, times=1):
            with pytest.raises(ExecutionTimeout):
                await transaction.commit()
        raw = session.get_driver_session()
        await resolve(raw.start_transaction())
        await aio_engine.get_collection(User).insert_one({"name": "raw"}, session=raw)

        if closing == "commit":
            with pytest.raises(RuntimeError, match="another transaction"):
                await transaction.commit()
        else:
            await transaction.abort()
        assert raw.in_transaction
        assert raw_database["user"].count_documents({}) == 0
        assert user.__fields_modified__ == {"id", "name"}
        with pytest.raises(RuntimeError, match="Transaction not started"):
            await transaction.commit()
        await resolve(raw.commit_transaction())
    assert raw_database["user"].distinct("name") == ["raw"]


if ASYNC:
    import asyncio

    async def test_a_session_whose_commit_is_being_repeated_takes_no_other_transaction(
        aio_engine, raw_database, fail_point, user
    ):
        async with aio_engine.session() as session:
            transaction = session.transaction()
            await transaction.start()
            await transaction.save(user)
            with fail_point("commitTransaction", error_code=SHUTDOWN):
                committing = asyncio.ensure_future(transaction.commit())
                await asyncio.sleep(1.5)
                with pytest.raises(InvalidOperation, match="Transaction already in progress"):
                    await session.transaction().start()
                with pytest.raises(RuntimeError, match="Transaction not started"):
                    await transaction.abort()
                with pytest.raises(RuntimeError, match="transaction not started"):
                    await session.save(User(name="Bob"))
            await committing
        assert raw_database["user"].count_documents({}) == 1

    @pytest.mark.each_driver
    async def test_cancellation_interrupts_the_retries(aio_engine, fail_point, user, commands):
        transaction = aio_engine.transaction()
        await transaction.start()
        await transaction.save(user)
        with fail_point("commitTransaction", error_code=SHUTDOWN):
            committing = asyncio.ensure_future(transaction.commit())
            await asyncio.sleep(1.5)
            committing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(committing, 5)
        assert _commits(commands) > 2
        assert not transaction.is_started
        assert not transaction.session.is_started
        assert user.__fields_modified__ == {"id", "name"}


@pytest.mark.each_driver
async def test_a_commit_retried_by_hand_on_the_driver_session_is_not_in_the_way(
    aio_engine, raw_database, user
):
    async with aio_engine.transaction() as transaction:
        await transaction.save(user)
        await resolve(transaction.get_driver_session().commit_transaction())
    assert raw_database["user"].count_documents({}) == 1
    assert user.__fields_modified__ == set()
