"""Hooks: what is called after a transaction, when, in which order, and what becomes of failures."""

from __future__ import annotations

import functools
import pickle

import pymongo
import pytest
from pymongo.errors import OperationFailure, PyMongoError
from tests.integration.aio.colour import ASYNC, sleep

from odmantic import Model
from odmantic.exceptions import (
    CommitHookError,
    CommitOutcomeUnknownError,
    OdmanticError,
    RollbackHookError,
)

TRANSIENT = "TransientTransactionError"


class User(Model):
    name: str


class _MineError(Exception):
    """Leaves a block."""


@pytest.fixture
def called():
    return []


@pytest.fixture
def user(raw_database):
    raw_database.create_collection("user")
    return User(name="Ada")


def _register(transaction, called):
    for number in (1, 2):
        transaction.on_commit(functools.partial(called.append, f"commit {number}"))
        transaction.on_rollback(functools.partial(called.append, f"rollback {number}"))


COMMITTED = ["commit 1", "commit 2"]
ROLLED_BACK = ["rollback 1", "rollback 2"]


# --- Ways to end: each tells what must have been called -------------------------------------------


async def _exit(engine, work, fail_point):
    async with engine.transaction() as transaction:
        await work(transaction)
    return COMMITTED


async def _manual_commit(engine, work, fail_point):
    async with engine.transaction() as transaction:
        await work(transaction)
        await transaction.commit()
    return COMMITTED


async def _callback(engine, work, fail_point):
    await engine.run_transaction(work)
    return COMMITTED


async def _repeated_callback(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=2):
        await engine.run_transaction(work)
    return COMMITTED


async def _repeated_commit(engine, work, fail_point):
    with fail_point("commitTransaction", close_connection=True, times=3):
        await engine.run_transaction(work)
    return COMMITTED


async def _commit_after_doubt(engine, work, fail_point):
    transaction = engine.transaction()
    await transaction.start()
    await work(transaction)
    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(CommitOutcomeUnknownError):
            await transaction.commit()
    await transaction.commit()
    return COMMITTED


async def _exception(engine, work, fail_point):
    with pytest.raises(_MineError):
        async with engine.transaction() as transaction:
            await work(transaction)
            raise _MineError
    return ROLLED_BACK


async def _keyboard_interrupt(engine, work, fail_point):
    with pytest.raises(KeyboardInterrupt):
        async with engine.transaction() as transaction:
            await work(transaction)
            raise KeyboardInterrupt
    return ROLLED_BACK


async def _manual_abort(engine, work, fail_point):
    async with engine.transaction() as transaction:
        await work(transaction)
        await transaction.abort()
    return ROLLED_BACK


async def _abort_in_callback(engine, work, fail_point):
    async def aborting(transaction):
        await work(transaction)
        await transaction.abort()

    await engine.run_transaction(aborting)
    return ROLLED_BACK


async def _failing_callback(engine, work, fail_point):
    async def failing(transaction):
        await work(transaction)
        raise _MineError

    with pytest.raises(_MineError):
        await engine.run_transaction(failing)
    return ROLLED_BACK


async def _interrupted_callback(engine, work, fail_point):
    async def interrupted(transaction):
        await work(transaction)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await engine.run_transaction(interrupted)
    return ROLLED_BACK


async def _attempts_used_up(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,)):
        with pytest.raises(OperationFailure):
            await engine.run_transaction(work, attempts=3)
    return ROLLED_BACK


async def _failed_commit(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=251, times=1):
        with pytest.raises(OperationFailure):
            async with engine.transaction() as transaction:
                await work(transaction)
    return ROLLED_BACK


async def _ended_session(engine, work, fail_point):
    async with engine.session() as session:
        transaction = session.transaction()
        await transaction.start()
        await work(transaction)
    return ROLLED_BACK


async def _unknown_outcome(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            async with engine.transaction() as transaction:
                await work(transaction)
    return []


async def _unknown_outcome_of_a_callback(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            await engine.run_transaction(work)
    return []


async def _given_up_in_doubt(engine, work, fail_point):
    transaction = engine.transaction()
    await transaction.start()
    await work(transaction)
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            await transaction.commit()
    await transaction.abort()
    return []


async def _session_ended_in_doubt(engine, work, fail_point):
    async with engine.session() as session:
        transaction = session.transaction()
        await transaction.start()
        await work(transaction)
        with fail_point("commitTransaction", error_code=50):
            with pytest.raises(CommitOutcomeUnknownError):
                await transaction.commit()
    return []


_ENDINGS = [
    _exit,
    _manual_commit,
    _callback,
    _repeated_callback,
    _repeated_commit,
    _commit_after_doubt,
    _exception,
    _keyboard_interrupt,
    _manual_abort,
    _abort_in_callback,
    _failing_callback,
    _interrupted_callback,
    _attempts_used_up,
    _failed_commit,
    _ended_session,
    _unknown_outcome,
    _unknown_outcome_of_a_callback,
    _given_up_in_doubt,
    _session_ended_in_doubt,
]


@pytest.mark.parametrize("end", _ENDINGS, ids=[end.__name__[1:] for end in _ENDINGS])
async def test_hooks_run_once_in_order_after_a_known_end(aio_engine, fail_point, user, called, end):
    async def work(transaction):
        await transaction.save(user)
        _register(transaction, called)
        assert called == []

    expected = await end(aio_engine, work, fail_point)
    assert called == expected


# --- Outside of the transaction -------------------------------------------------------------------


async def test_a_commit_hook_sees_what_was_committed_and_runs_outside(
    aio_engine, user, raw_database, commands
):
    seen = []

    async with aio_engine.transaction() as transaction:
        await transaction.save(user)
        transaction.on_commit(
            lambda: seen.append(
                (
                    raw_database["user"].count_documents({}),
                    transaction.is_started,
                    user.__fields_modified__,
                )
            )
        )
    assert seen == [(1, False, set())]


async def test_a_hook_may_use_the_engine_and_begin_a_transaction(
    aio_engine, user, raw_database, recwarn
):
    if ASYNC:

        async def notify():
            async with aio_engine.transaction() as another:
                await another.save(User(name="Bob"))
            await aio_engine.save(User(name="Cy"))
    else:

        def notify():
            with aio_engine.transaction() as another:
                another.save(User(name="Bob"))
            aio_engine.save(User(name="Cy"))

    async def work(transaction):
        await transaction.save(user)
        transaction.on_commit(notify)

    await aio_engine.run_transaction(work)
    async with aio_engine.transaction() as transaction:
        transaction.on_rollback(notify)
        await transaction.abort()
    assert raw_database["user"].count_documents({}) == 5
    assert recwarn.list == []


async def test_a_hook_is_not_under_the_deadline_of_the_transaction(aio_engine, user, commands):
    async def work(transaction):
        await transaction.save(user)
        transaction.on_commit(notify)

    if ASYNC:

        async def notify():
            await aio_engine.count(User)
    else:

        def notify():
            aio_engine.count(User)

    await aio_engine.run_transaction(work, timeout=60)
    update, _commit, count = (event.command for event in commands.started)
    assert "maxTimeMS" in update
    assert "maxTimeMS" not in count


async def test_a_rollback_hook_runs_although_the_time_is_up(aio_engine, user, called):
    async def work(transaction):
        await transaction.save(user)
        _register(transaction, called)
        await sleep(0.4)
        await transaction.count(User)

    with pytest.raises(PyMongoError), pymongo.timeout(0.3):
        await aio_engine.run_transaction(work)
    assert called == ROLLED_BACK


# --- Failures -------------------------------------------------------------------------------------


def _failing(error):
    def hook():
        raise error

    return hook


@pytest.mark.parametrize("way", ["exit", "commit", "callback"])
async def test_a_failing_commit_hook_stops_no_other_and_the_commit_stands(
    aio_engine, user, raw_database, called, way
):
    errors = [
        ValueError("first"),
        OperationFailure("second", 112, {"errorLabels": [TRANSIENT]}),
    ]

    async def work(transaction):
        await transaction.save(user)
        transaction.on_commit(_failing(errors[0]))
        transaction.on_commit(functools.partial(called.append, "between"))
        transaction.on_commit(_failing(errors[1]))
        transaction.on_commit(functools.partial(called.append, "last"))

    with pytest.raises(CommitHookError, match="is committed, but 2") as caught:
        if way == "callback":
            await aio_engine.run_transaction(work)
        else:
            async with aio_engine.transaction() as transaction:
                await work(transaction)
                if way == "commit":
                    await transaction.commit()

    assert called == ["between", "last"]
    assert caught.value.errors == tuple(errors)
    assert isinstance(caught.value, OdmanticError)
    assert not isinstance(caught.value, PyMongoError)
    assert not hasattr(caught.value, "has_error_label")
    assert raw_database["user"].count_documents({}) == 1
    assert user.__fields_modified__ == set()
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert [str(error) for error in again.errors] == [str(error) for error in errors]


async def test_a_failing_commit_hook_does_not_have_the_body_run_again(aio_engine, user, called):
    async def work(transaction):
        called.append("body")
        await transaction.save(user)
        transaction.on_commit(_failing(OperationFailure("x", 112, {"errorLabels": [TRANSIENT]})))

    async def outer(transaction):
        await aio_engine.run_transaction(work)

    with pytest.raises(CommitHookError):
        await aio_engine.run_transaction(outer)
    assert called == ["body"]


async def test_a_failing_rollback_hook_is_told_after_an_abort(aio_engine, user, called):
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.save(user)
    transaction.on_rollback(_failing(ValueError("mine")))
    transaction.on_rollback(functools.partial(called.append, "last"))
    with pytest.raises(RollbackHookError, match="is rolled back, but 1") as caught:
        await transaction.abort()
    assert called == ["last"]
    assert isinstance(caught.value.errors[0], ValueError)
    assert not transaction.is_started
    assert not transaction.session.is_started


@pytest.mark.parametrize("is_callback", [True, False], ids=["callback", "block"])
async def test_the_error_that_led_to_the_rollback_wins_over_its_hooks(
    aio_engine, user, called, is_callback
):
    async def work(transaction):
        await transaction.save(user)
        transaction.on_rollback(_failing(ValueError("hook")))
        transaction.on_rollback(functools.partial(called.append, "last"))
        raise _MineError

    with pytest.raises(_MineError):
        if is_callback:
            await aio_engine.run_transaction(work)
        else:
            async with aio_engine.transaction() as transaction:
                await work(transaction)
    assert called == ["last"]


# --- Registration ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", [None, 3, "notify"])
@pytest.mark.parametrize("register", ["on_commit", "on_rollback"])
async def test_what_cannot_be_called_is_refused(aio_engine, hook, register):
    async with aio_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="a callable is needed"):
            getattr(transaction, register)(hook)


@pytest.mark.parametrize("register", ["on_commit", "on_rollback"])
async def test_only_a_running_transaction_takes_hooks(aio_engine, register):
    transaction = aio_engine.transaction()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="Transaction not started"):
            getattr(transaction, register)(print)
        async with transaction:
            pass


async def test_a_fresh_run_of_a_transaction_has_no_hooks_of_the_last(aio_engine, user, called):
    transaction = aio_engine.transaction()
    for _ in range(2):
        async with transaction:
            await transaction.save(user)
            if not called:
                _register(transaction, called)
    assert called == COMMITTED


if ASYNC:
    import asyncio

    async def test_hooks_may_be_async(aio_engine, user, called):
        async def notify(text):
            await asyncio.sleep(0)
            called.append(text)

        class Notify:
            async def __call__(self):
                await notify("object")

        async with aio_engine.transaction() as transaction:
            await transaction.save(user)
            transaction.on_commit(functools.partial(notify, "partial"))
            transaction.on_commit(lambda: notify("lambda"))
            transaction.on_commit(Notify())
        assert called == ["partial", "lambda", "object"]

    @pytest.mark.each_driver
    async def test_a_cancelled_block_calls_its_rollback_hooks(aio_engine, user, called):
        async def notify():
            await asyncio.sleep(0)
            called.append("rollback")

        async def work(transaction):
            await transaction.save(user)
            transaction.on_rollback(notify)
            await asyncio.sleep(60)

        for run in (aio_engine.run_transaction(work), _in_block(aio_engine, work)):
            task = asyncio.ensure_future(run)
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert called == ["rollback"] * 2

    @pytest.mark.each_driver
    async def test_a_commit_that_is_cancelled_in_flight_calls_none(
        aio_engine, user, called, fail_point, commands
    ):
        async def work(transaction):
            await transaction.save(user)
            _register(transaction, called)

        for run in (aio_engine.run_transaction(work), _in_block(aio_engine, work)):
            commands.clear()
            with fail_point("commitTransaction", block_ms=300, times=1):
                task = asyncio.ensure_future(run)
                while "commitTransaction" not in commands.names:
                    await asyncio.sleep(0.01)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
        assert called == []

    async def _in_block(engine, work):
        async with engine.transaction() as transaction:
            await work(transaction)
