# Generated from tests/integration/aio/test_run_transaction.py by tools/generate_sync.py: do not edit.
"""`run_transaction`: when the callback, and when the commit, is run again.

The rules are those of the driver specification of the convenient transactions API, which names the cases: a custom
error, the callback's value, the retry timeout, the backoff, a callback that commits or aborts by itself.
"""

from __future__ import annotations

import contextlib
import time
from contextlib import ExitStack

import pymongo
import pytest
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from tests.integration.sync.colour import sleep

from odmantic import Model
from odmantic.exceptions import (
    CommitOutcomeUnknownError,
    DuplicateKeyError,
    TransactionAbortedError,
    TransactionTimeoutError,
    WriteConflictError,
)

TRANSIENT = "TransientTransactionError"
UNKNOWN = "UnknownTransactionCommitResult"
WRITE_CONFLICT = 112
TIME_LIMIT = 50
SHUTDOWN = 91


class User(Model):
    name: str
    visits: int = 0


class _MineError(Exception):
    """Leaves a callback."""


@pytest.fixture
def client_options(client_options):
    """The driver looks after a server that is shutting down twenty times as often as usual."""
    return client_options | {"heartbeatFrequencyMS": 500}


@pytest.fixture
def count(raw_database):
    """Counts the users that are stored."""
    raw_database.create_collection("user")
    return lambda: raw_database["user"].count_documents({})


@pytest.fixture
def connected(sync_engine, count, commands):
    """Has a connection, so that a time limit that is short is not spent on making one."""
    sync_engine.count(User)
    commands.clear()


def _notes(error):
    return " ".join(getattr(error, "__notes__", []))


def _identities(commands, *names):
    """Server session and number of the transaction of each command."""
    return [
        (event.command["lsid"]["id"], event.command["txnNumber"])
        for event in commands.started
        if event.command_name in names
    ]


# --- The callback ---------------------------------------------------------------------------------


def test_it_gives_what_the_callback_gives(sync_engine, count, commands):
    def work(transaction):
        transaction.save(User(name="Ada"))
        return "done"

    assert sync_engine.run_transaction(work) == "done"
    assert count() == 1
    assert commands.names == ["update", "commitTransaction"]


def test_a_transaction_without_operations_sends_nothing(sync_engine, commands):
    def work(transaction):
        return transaction.is_started

    assert sync_engine.run_transaction(work) is True
    assert commands.names == []


def test_the_callback_may_be_any_callable(sync_engine, count):
    class Work:
        def __call__(self, transaction):
            transaction.save(User(name="Ada"))

    sync_engine.run_transaction(Work())
    sync_engine.run_transaction(lambda transaction: transaction.save(User(name="Bob")))
    assert count() == 2


@pytest.mark.parametrize("error", [_MineError("mine"), KeyError("x"), KeyboardInterrupt()])
def test_an_error_of_the_callback_rolls_back_and_propagates_at_once(
    sync_engine, count, error, commands
):
    calls = []
    user = User(name="Ada")

    def work(transaction):
        calls.append(transaction)
        transaction.save(user)
        raise error

    with pytest.raises(type(error)) as caught:
        sync_engine.run_transaction(work)

    assert caught.value is error
    assert len(calls) == 1
    assert count() == 0
    assert commands.names == ["update", "abortTransaction"]
    assert user.__fields_modified__ == {"id", "name", "visits"}
    assert not calls[0].is_started
    assert not calls[0].session.is_started


def test_a_callback_that_aborts_is_not_run_again(sync_engine, count, commands):
    def work(transaction):
        transaction.save(User(name="Ada"))
        transaction.abort()
        return "gave up"

    assert sync_engine.run_transaction(work) == "gave up"
    assert count() == 0
    assert commands.names == ["update", "abortTransaction"]


def test_a_callback_that_commits_is_not_run_again(sync_engine, count, commands):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))
        transaction.commit()
        raise OperationFailure("from elsewhere", WRITE_CONFLICT, {"errorLabels": [TRANSIENT]})

    with pytest.raises(OperationFailure, match="from elsewhere"):
        sync_engine.run_transaction(work)

    assert len(calls) == 1
    assert count() == 1
    assert commands.names == ["update", "commitTransaction"]


@pytest.mark.parametrize("callback", [None, 3, "work", User(name="Ada")])
def test_what_cannot_be_called_is_refused(sync_engine, callback, commands):
    with pytest.raises(TypeError, match="a callable is needed"):
        sync_engine.run_transaction(callback)
    assert commands.names == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attempts": 0}, "attempts has to be a positive number"),
        ({"attempts": -1}, "attempts has to be a positive number"),
        ({"timeout": 0}, "timeout has to be a positive number"),
        ({"timeout": -1.0}, "timeout has to be a positive number"),
        ({"timeout": float("inf")}, "timeout has to be a positive number"),
        ({"timeout": float("nan")}, "timeout has to be a positive number"),
    ],
)
def test_limits_that_allow_nothing_are_refused(sync_engine, options, message):
    def work(transaction):
        pytest.fail("was called")

    with pytest.raises(ValueError, match=message):
        sync_engine.run_transaction(work, **options)


def test_the_session_ends_however_it_ends(sync_engine, count, commands):
    seen = []

    def work(transaction):
        seen.append(transaction.session)
        transaction.save(User(name="Ada"))
        if len(seen) % 2:
            raise _MineError

    for _ in range(10):
        with contextlib.suppress(_MineError):
            sync_engine.run_transaction(work)

    assert not any(session.is_started for session in seen)
    assert len({lsid for lsid, _ in _identities(commands, "update")}) == 1


# --- The body again -------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", [{"error_code": WRITE_CONFLICT}, {"close_connection": True}])
def test_a_transient_error_runs_the_body_again_in_a_new_transaction(
    sync_engine, count, fail_point, commands, times, fault
):
    transactions = []

    def work(transaction):
        transactions.append(transaction)
        transaction.save(User(name="Ada"))

    labels = {"labels": (TRANSIENT,)} if "error_code" in fault else {}
    with fail_point("update", times=times, **fault, **labels):
        sync_engine.run_transaction(work)

    assert count() == 1
    assert len({id(transaction) for transaction in transactions}) == times + 1
    updates = _identities(commands, "update")
    assert len({lsid for lsid, _ in updates}) == 1
    first = updates[0][1]
    assert [number for _, number in updates] == [first + index for index in range(times + 1)]


def test_the_transaction_of_an_earlier_attempt_is_dead(sync_engine, count, fail_point):
    transactions = []

    def work(transaction):
        transactions.append(transaction)
        if len(transactions) == 2:
            old = transactions[0]
            assert not old.is_started
            with pytest.raises(RuntimeError, match="transaction not started"):
                old.save(User(name="Bob"))
            with pytest.raises(RuntimeError, match="Transaction not started"):
                old.commit()
            with pytest.raises(RuntimeError, match="transaction not started"):
                old.start()
        transaction.save(User(name="Ada"))

    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,), times=1):
        sync_engine.run_transaction(work)
    assert count() == 1
    with pytest.raises(RuntimeError, match="not started"):
        transactions[-1].start()


def test_a_later_attempt_keeps_the_causal_times(sync_engine, count, fail_point):
    times = []

    def work(transaction):
        times.append(transaction.get_driver_session().operation_time)
        transaction.count(User)
        transaction.save(User(name="Ada"))

    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,), times=1):
        with sync_engine.session() as session:
            session.count(User)
            before = session.get_driver_session().operation_time
            session.run_transaction(work)
            assert session.get_driver_session().operation_time > before

    assert times[0] == before
    assert times[1] >= before


def test_two_transactions_that_collide_both_succeed(sync_engine, raw_database):
    user = sync_engine.save(User(name="Ada"))
    calls = []

    def work(transaction):
        calls.append(transaction)
        found = transaction.find_one(User, User.id == user.id)
        if len(calls) == 1:
            raw_database["user"].update_one({"_id": user.id}, {"$inc": {"visits": 1}})
        found.visits += 1
        transaction.save(found)

    sync_engine.run_transaction(work)

    assert len(calls) == 2
    assert raw_database["user"].find_one()["visits"] == 2


def test_a_swallowed_transient_error_runs_the_body_again(sync_engine, count, fail_point):
    calls = []

    def work(transaction):
        calls.append(transaction)
        with contextlib.suppress(WriteConflictError):
            transaction.save(User(name="Ada"))

    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,), times=1):
        sync_engine.run_transaction(work)
    assert len(calls) == 2
    assert count() == 1


def test_a_swallowed_duplicate_neither_succeeds_nor_loops(sync_engine, raw_database, commands):
    taken = sync_engine.save(User(name="Ada"))
    raw_database["user"].create_index("name", unique=True)
    calls = []
    commands.clear()

    def work(transaction):
        calls.append(transaction)
        with contextlib.suppress(DuplicateKeyError):
            transaction.save(User(name="Ada"))
        with contextlib.suppress(TransactionAbortedError):
            transaction.save(User(name="Bob"))

    with pytest.raises(TransactionAbortedError, match="DuplicateKeyError") as caught:
        sync_engine.run_transaction(work)

    assert len(calls) == 1
    assert not caught.value.has_error_label(TRANSIENT)
    assert "after 1 attempt" in _notes(caught.value)
    assert commands.names == ["update", "abortTransaction"]
    assert raw_database["user"].distinct("_id") == [taken.id]


def test_labels_are_not_looked_for_along_the_cause(sync_engine, count, fail_point):
    calls = []

    def work(transaction):
        calls.append(transaction)
        try:
            transaction.save(User(name="Ada"))
        except WriteConflictError as error:
            raise _MineError from error

    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,), times=1):
        with pytest.raises(_MineError):
            sync_engine.run_transaction(work)
    assert len(calls) == 1
    assert count() == 0


def test_labels_are_looked_for_on_the_drivers_error(sync_engine, count):
    calls = []

    class _WrappedError(Exception):
        driver_error = OperationFailure("x", WRITE_CONFLICT, {"errorLabels": [TRANSIENT]})

    def work(transaction):
        calls.append(transaction)
        if len(calls) < 3:
            raise _WrappedError
        transaction.save(User(name="Ada"))

    sync_engine.run_transaction(work)
    assert len(calls) == 3
    assert count() == 1


def test_only_the_first_error_decides(sync_engine, raw_database, fail_point):
    """A transient error behind one that is not must not have the body run again."""
    sync_engine.save(User(name="Ada"))
    raw_database["user"].create_index("name", unique=True)
    calls = []

    def work(transaction):
        calls.append(transaction)
        with contextlib.suppress(DuplicateKeyError):
            transaction.save(User(name="Ada"))
        with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,)):
            transaction.save(User(name="Bob"))

    with pytest.raises(TransactionAbortedError):
        sync_engine.run_transaction(work)
    assert len(calls) == 1


@pytest.mark.parametrize("attempts", [1, 3])
def test_attempts_limit_how_often_the_body_runs(sync_engine, count, fail_point, attempts):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,)):
        with pytest.raises(WriteConflictError) as caught:
            sync_engine.run_transaction(work, attempts=attempts)

    assert len(calls) == attempts
    assert f"after {attempts} attempt" in _notes(caught.value)
    assert caught.value.has_error_label(TRANSIENT)


# --- Time -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("connected")
def test_the_timeout_ends_the_attempts(sync_engine, count, fail_point):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    began = time.monotonic()
    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,)):
        with pytest.raises(TransactionTimeoutError, match=r"after \d+ attempt") as caught:
            sync_engine.run_transaction(work, timeout=1.0)

    # Which error it was depends on where the last attempt was by then.
    assert time.monotonic() - began < 5
    assert len(calls) > 2
    assert caught.value.attempts == len(calls)


def test_the_timeout_ends_repeated_transient_commits(sync_engine, count, fail_point, monkeypatch):
    monkeypatch.setattr(
        "odmantic._sync.transactions.repeat.backoff", lambda made, jitter: 60.0 * (made > 1)
    )
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,)):
        with pytest.raises(TransactionTimeoutError) as caught:
            sync_engine.run_transaction(work, timeout=30)

    assert len(calls) == 2
    assert caught.value.code == 251
    assert count() == 0


@pytest.mark.usefixtures("connected")
def test_the_timeout_ends_repeated_commits_of_unknown_outcome(
    sync_engine, count, fail_point, commands
):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", close_connection=True):
        with pytest.raises(CommitOutcomeUnknownError) as caught:
            sync_engine.run_transaction(work, timeout=1.5)

    assert len(calls) == 1
    assert isinstance(caught.value, AutoReconnect | ExecutionTimeout | OperationFailure)
    assert commands.names.count("commitTransaction") > 1
    assert commands.names[-1] == "commitTransaction"


@pytest.mark.usefixtures("connected")
def test_the_timeout_is_handed_to_the_commands(sync_engine, count, fail_point, commands):
    took = []

    def work(transaction):
        began = time.monotonic()
        try:
            transaction.save(User(name="Ada"))
        finally:
            took.append(time.monotonic() - began)

    with fail_point("update", block_ms=3000, times=1):
        with pytest.raises(TransactionTimeoutError) as caught:
            sync_engine.run_transaction(work, timeout=0.7)

    assert took[0] < 2.5
    assert caught.value.attempts == 1
    update = commands.started[0].command
    assert 0 < update["maxTimeMS"] <= 700


@pytest.mark.usefixtures("connected")
def test_a_surrounding_timeout_of_the_driver_counts(sync_engine, count, fail_point):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    began = time.monotonic()
    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,)):
        with pymongo.timeout(0.8), pytest.raises(TransactionTimeoutError):
            sync_engine.run_transaction(work)
    assert time.monotonic() - began < 5
    assert len(calls) > 1


@pytest.mark.usefixtures("connected")
def test_a_timeout_that_has_expired_does_not_run_the_body_again_and_aborts(
    sync_engine, count, open_transactions
):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))
        sleep(0.5)
        raise OperationFailure("x", WRITE_CONFLICT, {"errorLabels": [TRANSIENT]})

    with pytest.raises(TransactionTimeoutError):
        sync_engine.run_transaction(work, timeout=0.4)
    assert len(calls) == 1
    assert open_transactions() == 0


def test_the_waits_grow_and_vary(sync_engine, count, fail_point, monkeypatch):
    """The prose test of the specification: thirteen repetitions with and without jitter."""
    waits = {}
    for jitter in (0.0, 1.0):
        monkeypatch.setattr(
            "odmantic._sync.transactions.repeat.random.random", lambda jitter=jitter: jitter
        )
        calls = []

        def work(transaction, calls=calls):
            calls.append(time.monotonic())
            if len(calls) <= 13:
                raise OperationFailure("x", WRITE_CONFLICT, {"errorLabels": [TRANSIENT]})

        sync_engine.run_transaction(work)
        waits[jitter] = calls[-1] - calls[0]

    # 5 ms, half as much again for each of the others, at most 500 ms: 1.8 s, and 2.2 s less its beginning.
    assert 1.3 < waits[1.0] - waits[0.0] < 4


def test_no_attempt_begins_when_its_wait_would_pass_the_deadline(
    sync_engine, count, fail_point, monkeypatch
):
    monkeypatch.setattr(
        "odmantic._sync.transactions.repeat.backoff", lambda made, jitter: 60.0 * (made > 1)
    )
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    began = time.monotonic()
    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,)):
        with pytest.raises(TransactionTimeoutError) as caught:
            sync_engine.run_transaction(work, timeout=30)

    assert time.monotonic() - began < 5
    assert caught.value.attempts == len(calls) == 2
    assert isinstance(caught.value, OperationFailure)
    assert caught.value.code == WRITE_CONFLICT
    assert caught.value.has_error_label(TRANSIENT)


# --- The commit -----------------------------------------------------------------------------------


def test_a_transient_commit_runs_the_body_again(sync_engine, count, fail_point, commands):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=2):
        sync_engine.run_transaction(work)

    assert len(calls) == 3
    assert count() == 1
    assert commands.names == ["update", "commitTransaction"] * 3


@pytest.mark.parametrize(
    "fault",
    [
        {"error_code": SHUTDOWN, "times": 3},
        {"close_connection": True, "times": 3},
        {"write_concern_error": {"code": 64, "errmsg": "too slow"}, "times": 2},
    ],
    ids=["shutdown", "connection", "write concern"],
)
def test_an_unknown_commit_is_repeated_alone(sync_engine, count, fail_point, commands, fault):
    calls = []

    def work(transaction):
        calls.append(transaction)
        transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", **fault):
        sync_engine.run_transaction(work)

    assert len(calls) == 1
    assert count() == 1
    assert commands.names == ["update"] + ["commitTransaction"] * (fault["times"] + 1)
    assert len(set(_identities(commands, "commitTransaction"))) == 1


@pytest.mark.parametrize("is_callback", [True, False], ids=["callback", "block"])
def test_a_repeated_commit_waits_for_the_majority_and_keeps_the_other_options(
    sync_engine, count, fail_point, commands, is_callback
):
    def work(transaction):
        transaction.save(User(name="Ada"))

    concern = WriteConcern(w=1, j=True, wtimeout=7000)
    with fail_point("commitTransaction", close_connection=True, times=3):
        if is_callback:
            sync_engine.run_transaction(work, write_concern=concern)
        else:
            with sync_engine.transaction(write_concern=concern) as transaction:
                work(transaction)

    commits = [event.command["writeConcern"] for event in commands.started[1:]]
    # Under a deadline the driver leaves `wtimeout` out; the deadline itself bounds the wait.
    others = {"j": True} if is_callback else {"j": True, "wtimeout": 7000}
    assert commits == [{"w": 1, **others}] + [{"w": "majority", **others}] * 3


@pytest.mark.parametrize(
    "fault",
    [
        {"error_code": TIME_LIMIT},
        {"write_concern_error": {"code": TIME_LIMIT, "errmsg": "too slow"}},
    ],
    ids=["error", "write concern error"],
)
def test_a_commit_over_its_time_limit_is_not_repeated(
    sync_engine, count, fail_point, commands, fault
):
    calls = []
    user = User(name="Ada")

    def work(transaction):
        calls.append(transaction)
        transaction.save(user)

    with fail_point("commitTransaction", **fault):
        with pytest.raises(CommitOutcomeUnknownError) as caught:
            sync_engine.run_transaction(work)

    assert caught.value.code == TIME_LIMIT
    assert caught.value.has_error_label(UNKNOWN)
    assert len(calls) == 1
    assert commands.names == ["update", "commitTransaction"]
    assert user.__fields_modified__ == {"id", "name", "visits"}


def test_after_a_failed_commit_nothing_else_is_sent(sync_engine, count, fail_point, commands):
    def work(transaction):
        transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", error_code=8000):
        with pytest.raises(OperationFailure):
            sync_engine.run_transaction(work)
    assert commands.names == ["update", "commitTransaction"]


def test_an_answer_that_is_no_answer_leaves_an_unknown_outcome_unknown(
    sync_engine, count, fail_point, monkeypatch
):
    """The first commit may have reached the server; that the second is refused says nothing about it."""
    with ExitStack() as later:

        def refuse(seconds):
            # Between the commit whose connection breaks and its repetition.
            later.enter_context(fail_point("commitTransaction", error_code=13))

        monkeypatch.setattr("odmantic._sync.transactions.commit.sleep", refuse)
        with fail_point("commitTransaction", close_connection=True, times=2):
            with pytest.raises(CommitOutcomeUnknownError) as caught:
                with sync_engine.transaction() as transaction:
                    transaction.save(User(name="Ada"))
    assert caught.value.code == 13


def test_a_commit_that_found_no_server_is_a_definite_rollback(
    sync_engine, count, monkeypatch, commands
):
    user, hooks = User(name="Ada"), []

    def work(transaction):
        transaction.save(user)
        transaction.on_rollback(lambda: hooks.append("rolled back"))
        driver_session = transaction.get_driver_session()

        def fail(*_args, **_kwargs):
            error = ServerSelectionTimeoutError("no server")
            error._add_error_label(UNKNOWN)
            raise error

        monkeypatch.setattr(
            getattr(driver_session, "delegate", driver_session), "_finish_transaction", fail
        )
        monkeypatch.setattr(
            getattr(driver_session, "delegate", driver_session),
            "_finish_transaction_with_retry",
            fail,
        )

    with pytest.raises(ServerSelectionTimeoutError) as caught:
        sync_engine.run_transaction(work)

    assert not isinstance(caught.value, CommitOutcomeUnknownError)
    assert hooks == ["rolled back"]
    assert user.__fields_modified__ == {"id", "name", "visits"}
    assert commands.names == ["update"]


# --- Where it runs --------------------------------------------------------------------------------


def test_it_runs_in_a_session_that_stays_open(sync_engine, count, commands):
    def work(transaction):
        assert transaction.session is session
        transaction.save(User(name="Ada"))

    with sync_engine.session() as session:
        session.count(User)
        session.run_transaction(work)
        assert session.is_started
        assert session.count(User) == 1

    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1


def test_it_takes_the_options_of_a_transaction(sync_engine, count, commands):
    def work(transaction):
        transaction.count(User)
        transaction.save(User(name="Ada"))

    sync_engine.run_transaction(
        work,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w=1),
        max_commit_time_ms=5000,
    )

    first, *_, commit = (event.command for event in commands.started)
    assert first["readConcern"]["level"] == "majority"
    assert commit["writeConcern"] == {"w": 1}
    assert 0 < commit["maxTimeMS"] <= 5000


def test_a_session_that_is_in_a_transaction_cannot_run_another(sync_engine, count):
    def work(transaction):
        pytest.fail("was called")

    with sync_engine.session() as session:
        with session.transaction() as transaction:
            transaction.save(User(name="Ada"))
            with pytest.raises(InvalidOperation, match=r"join=transaction"):
                session.run_transaction(work)
            with pytest.raises(RuntimeError, match=r"join=transaction"):
                transaction.run_transaction(work)
    assert count() == 1


def test_a_session_that_is_not_started_cannot_run_one(sync_engine):
    def work(transaction):
        pytest.fail("was called")

    with pytest.raises(RuntimeError, match="not started"):
        sync_engine.session().run_transaction(work)


def test_a_hundred_transactions_use_one_server_session(sync_engine, count, commands):
    def work(transaction):
        transaction.count(User)

    for _ in range(100):
        sync_engine.run_transaction(work)

    numbers = _identities(commands, "aggregate")
    assert len({lsid for lsid, _ in numbers}) == 1
    first = numbers[0][1]
    assert [number for _, number in numbers] == list(range(first, first + 100))


# --- In a running transaction ---------------------------------------------------------------------


def test_a_callback_joins_a_running_transaction(sync_engine, count, commands):
    def work(joined):
        assert joined is transaction
        joined.save(User(name="Bob"))
        return "joined"

    with sync_engine.transaction() as transaction:
        transaction.save(User(name="Ada"))
        assert sync_engine.run_transaction(work, join=transaction) == "joined"
        assert transaction.session.run_transaction(work, join=transaction) == "joined"
        assert count() == 0

    assert count() == 3
    assert commands.names == ["update"] * 3 + ["commitTransaction"]


def test_a_joined_callback_that_fails_dooms_the_outer_transaction(sync_engine, count, commands):
    user = User(name="Ada")

    def work(transaction):
        transaction.save(User(name="Bob"))
        raise _MineError("inner")

    with pytest.raises(TransactionAbortedError, match="_MineError: inner") as caught:
        with sync_engine.transaction() as transaction:
            transaction.save(user)
            with pytest.raises(_MineError):
                sync_engine.run_transaction(work, join=transaction)
            with pytest.raises(TransactionAbortedError, match="inner"):
                transaction.count(User)

    assert isinstance(caught.value.__cause__, _MineError)
    assert not caught.value.has_error_label(TRANSIENT)
    assert count() == 0
    assert commands.names == ["update", "update", "abortTransaction"]
    assert user.__fields_modified__ == {"id", "name", "visits"}


def test_a_joined_callback_that_fails_transiently_has_the_outer_one_run_again(
    sync_engine, count, fail_point
):
    calls = []

    def inner(transaction):
        transaction.save(User(name="Ada"))

    def outer(transaction):
        calls.append(transaction)
        with contextlib.suppress(PyMongoError):
            sync_engine.run_transaction(inner, join=transaction)

    with fail_point("update", error_code=WRITE_CONFLICT, labels=(TRANSIENT,), times=1):
        sync_engine.run_transaction(outer)
    assert len(calls) == 2
    assert count() == 1


@pytest.mark.parametrize("state", ["new", "over", "doomed"])
def test_only_a_running_transaction_is_joined(sync_engine, count, state):
    def work(transaction):
        pytest.fail("was called")

    transaction = sync_engine.transaction()
    if state != "new":
        transaction.start()
    if state == "over":
        transaction.commit()
    elif state == "doomed":
        with pytest.raises(_MineError):
            with transaction.dooming():
                raise _MineError

    expected = TransactionAbortedError if state == "doomed" else RuntimeError
    with pytest.raises(expected):
        sync_engine.run_transaction(work, join=transaction)
    if state == "doomed":
        transaction.abort()


def test_a_commit_for_which_no_time_is_left_was_never_sent(
    sync_engine, count, commands, open_transactions
):
    def work(transaction):
        transaction.save(User(name="Ada"))
        sleep(0.6)

    with pytest.raises(TransactionTimeoutError, match="not committed in its time"):
        sync_engine.run_transaction(work, timeout=0.5)

    assert "commitTransaction" not in commands.names
    assert (count(), open_transactions()) == (0, 0)


def test_a_driver_session_is_used_in_a_callback(sync_engine, count):
    def work(transaction):
        collection = sync_engine.get_collection(User)
        collection.insert_one({"name": "raw"}, session=transaction.get_driver_session())
        sync_engine.save(User(name="Ada"), session=transaction.get_driver_session())

    sync_engine.run_transaction(work)
    assert count() == 2
