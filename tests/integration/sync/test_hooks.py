# Generated from tests/integration/aio/test_hooks.py by tools/generate_sync.py: do not edit.
"""Hooks: what is called after a transaction, when, in which order, and what becomes of failures."""

from __future__ import annotations

import functools
import pickle

import pymongo
import pytest
from pymongo.errors import OperationFailure, PyMongoError
from tests.integration.sync.colour import sleep

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


def _exit(engine, work, fail_point):
    with engine.transaction() as transaction:
        work(transaction)
    return COMMITTED


def _manual_commit(engine, work, fail_point):
    with engine.transaction() as transaction:
        work(transaction)
        transaction.commit()
    return COMMITTED


def _callback(engine, work, fail_point):
    engine.run_transaction(work)
    return COMMITTED


def _repeated_callback(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=2):
        engine.run_transaction(work)
    return COMMITTED


def _repeated_commit(engine, work, fail_point):
    with fail_point("commitTransaction", close_connection=True, times=3):
        engine.run_transaction(work)
    return COMMITTED


def _commit_after_doubt(engine, work, fail_point):
    transaction = engine.transaction()
    transaction.start()
    work(transaction)
    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(CommitOutcomeUnknownError):
            transaction.commit()
    transaction.commit()
    return COMMITTED


def _exception(engine, work, fail_point):
    with pytest.raises(_MineError):
        with engine.transaction() as transaction:
            work(transaction)
            raise _MineError
    return ROLLED_BACK


def _keyboard_interrupt(engine, work, fail_point):
    with pytest.raises(KeyboardInterrupt):
        with engine.transaction() as transaction:
            work(transaction)
            raise KeyboardInterrupt
    return ROLLED_BACK


def _manual_abort(engine, work, fail_point):
    with engine.transaction() as transaction:
        work(transaction)
        transaction.abort()
    return ROLLED_BACK


def _abort_in_callback(engine, work, fail_point):
    def aborting(transaction):
        work(transaction)
        transaction.abort()

    engine.run_transaction(aborting)
    return ROLLED_BACK


def _failing_callback(engine, work, fail_point):
    def failing(transaction):
        work(transaction)
        raise _MineError

    with pytest.raises(_MineError):
        engine.run_transaction(failing)
    return ROLLED_BACK


def _interrupted_callback(engine, work, fail_point):
    def interrupted(transaction):
        work(transaction)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.run_transaction(interrupted)
    return ROLLED_BACK


def _attempts_used_up(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,)):
        with pytest.raises(OperationFailure):
            engine.run_transaction(work, attempts=3)
    return ROLLED_BACK


def _failed_commit(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=251, times=1):
        with pytest.raises(OperationFailure):
            with engine.transaction() as transaction:
                work(transaction)
    return ROLLED_BACK


def _ended_session(engine, work, fail_point):
    with engine.session() as session:
        transaction = session.transaction()
        transaction.start()
        work(transaction)
    return ROLLED_BACK


def _unknown_outcome(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            with engine.transaction() as transaction:
                work(transaction)
    return []


def _unknown_outcome_of_a_callback(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            engine.run_transaction(work)
    return []


def _given_up_in_doubt(engine, work, fail_point):
    transaction = engine.transaction()
    transaction.start()
    work(transaction)
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            transaction.commit()
    transaction.abort()
    return []


def _session_ended_in_doubt(engine, work, fail_point):
    with engine.session() as session:
        transaction = session.transaction()
        transaction.start()
        work(transaction)
        with fail_point("commitTransaction", error_code=50):
            with pytest.raises(CommitOutcomeUnknownError):
                transaction.commit()
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
def test_hooks_run_once_in_order_after_a_known_end(sync_engine, fail_point, user, called, end):
    def work(transaction):
        transaction.save(user)
        _register(transaction, called)
        assert called == []

    expected = end(sync_engine, work, fail_point)
    assert called == expected


# --- Outside of the transaction -------------------------------------------------------------------


def test_a_commit_hook_sees_what_was_committed_and_runs_outside(
    sync_engine, user, raw_database, commands
):
    seen = []

    with sync_engine.transaction() as transaction:
        transaction.save(user)
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


def test_a_hook_may_use_the_engine_and_begin_a_transaction(
    sync_engine, user, raw_database, recwarn
):

    def notify():
        with sync_engine.transaction() as another:
            another.save(User(name="Bob"))
        sync_engine.save(User(name="Cy"))

    def work(transaction):
        transaction.save(user)
        transaction.on_commit(notify)

    sync_engine.run_transaction(work)
    with sync_engine.transaction() as transaction:
        transaction.on_rollback(notify)
        transaction.abort()
    assert raw_database["user"].count_documents({}) == 5
    assert recwarn.list == []


def test_a_hook_is_not_under_the_deadline_of_the_transaction(sync_engine, user, commands):
    def work(transaction):
        transaction.save(user)
        transaction.on_commit(notify)

    def notify():
        sync_engine.count(User)

    sync_engine.run_transaction(work, timeout=60)
    update, _commit, count = (event.command for event in commands.started)
    assert "maxTimeMS" in update
    assert "maxTimeMS" not in count


def test_a_rollback_hook_runs_although_the_time_is_up(sync_engine, user, called):
    def work(transaction):
        transaction.save(user)
        _register(transaction, called)
        sleep(0.4)
        transaction.count(User)

    with pytest.raises(PyMongoError), pymongo.timeout(0.3):
        sync_engine.run_transaction(work)
    assert called == ROLLED_BACK


# --- Failures -------------------------------------------------------------------------------------


def _failing(error):
    def hook():
        raise error

    return hook


@pytest.mark.parametrize("way", ["exit", "commit", "callback"])
def test_a_failing_commit_hook_stops_no_other_and_the_commit_stands(
    sync_engine, user, raw_database, called, way
):
    errors = [
        ValueError("first"),
        OperationFailure("second", 112, {"errorLabels": [TRANSIENT]}),
    ]

    def work(transaction):
        transaction.save(user)
        transaction.on_commit(_failing(errors[0]))
        transaction.on_commit(functools.partial(called.append, "between"))
        transaction.on_commit(_failing(errors[1]))
        transaction.on_commit(functools.partial(called.append, "last"))

    with pytest.raises(CommitHookError, match="is committed, but 2") as caught:
        if way == "callback":
            sync_engine.run_transaction(work)
        else:
            with sync_engine.transaction() as transaction:
                work(transaction)
                if way == "commit":
                    transaction.commit()

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


def test_a_failing_commit_hook_does_not_have_the_body_run_again(sync_engine, user, called):
    def work(transaction):
        called.append("body")
        transaction.save(user)
        transaction.on_commit(_failing(OperationFailure("x", 112, {"errorLabels": [TRANSIENT]})))

    def outer(transaction):
        sync_engine.run_transaction(work)

    with pytest.raises(CommitHookError):
        sync_engine.run_transaction(outer)
    assert called == ["body"]


def test_a_failing_rollback_hook_is_told_after_an_abort(sync_engine, user, called):
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.save(user)
    transaction.on_rollback(_failing(ValueError("mine")))
    transaction.on_rollback(functools.partial(called.append, "last"))
    with pytest.raises(RollbackHookError, match="is rolled back, but 1") as caught:
        transaction.abort()
    assert called == ["last"]
    assert isinstance(caught.value.errors[0], ValueError)
    assert not transaction.is_started
    assert not transaction.session.is_started


@pytest.mark.parametrize("is_callback", [True, False], ids=["callback", "block"])
def test_the_error_that_led_to_the_rollback_wins_over_its_hooks(
    sync_engine, user, called, is_callback
):
    def work(transaction):
        transaction.save(user)
        transaction.on_rollback(_failing(ValueError("hook")))
        transaction.on_rollback(functools.partial(called.append, "last"))
        raise _MineError

    with pytest.raises(_MineError):
        if is_callback:
            sync_engine.run_transaction(work)
        else:
            with sync_engine.transaction() as transaction:
                work(transaction)
    assert called == ["last"]


# --- Registration ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", [None, 3, "notify"])
@pytest.mark.parametrize("register", ["on_commit", "on_rollback"])
def test_what_cannot_be_called_is_refused(sync_engine, hook, register):
    with sync_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="a callable is needed"):
            getattr(transaction, register)(hook)


@pytest.mark.parametrize("register", ["on_commit", "on_rollback"])
def test_only_a_running_transaction_takes_hooks(sync_engine, register):
    transaction = sync_engine.transaction()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="Transaction not started"):
            getattr(transaction, register)(print)
        with transaction:
            pass


def test_a_fresh_run_of_a_transaction_has_no_hooks_of_the_last(sync_engine, user, called):
    transaction = sync_engine.transaction()
    for _ in range(2):
        with transaction:
            transaction.save(user)
            if not called:
                _register(transaction, called)
    assert called == COMMITTED
