# Generated from tests/integration/aio/test_logging.py by tools/generate_sync.py: do not edit.
"""The log of transactions: what is told, at which level, and what never is."""

from __future__ import annotations

import logging

import pytest

from odmantic import Model
from odmantic.exceptions import CommitHookError, CommitOutcomeUnknownError, DuplicateKeyError

TRANSIENT = "TransientTransactionError"
SECRET = "a secret of the customer"


class User(Model):
    name: str


@pytest.fixture
def log(caplog, raw_database):
    raw_database.create_collection("user")
    caplog.set_level(logging.DEBUG, logger="odmantic.transaction")

    def records(level):
        return [
            record.getMessage()
            for record in caplog.records
            if record.name == "odmantic.transaction" and record.levelno == level
        ]

    return records


def _save(transaction):
    transaction.save(User(name=SECRET))


def test_begin_and_commit_are_for_debugging(sync_engine, log):
    with sync_engine.transaction() as transaction:
        _save(transaction)
    assert [message.split()[0] for message in log(logging.DEBUG)] == ["begin", "commit"]
    assert log(logging.WARNING) == []


def test_an_abort_is_for_debugging(sync_engine, log):
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            _save(transaction)
            raise KeyError(SECRET)
    assert [message.split()[0] for message in log(logging.DEBUG)] == ["begin", "abort"]
    assert log(logging.WARNING) == []


def test_a_repeated_transaction_is_a_warning(sync_engine, log, fail_point):
    with fail_point("update", error_code=112, labels=(TRANSIENT,), times=2):
        sync_engine.run_transaction(_save)
    first, second = log(logging.WARNING)
    assert first.startswith("transaction repeated: attempt 1, wait 0.0")
    assert first.endswith(f"WriteConflictError, code 112, labels {TRANSIENT}")
    assert "attempt 2" in second


def test_a_repeated_commit_is_a_warning(sync_engine, log, fail_point):
    failure = {"code": 64, "errmsg": SECRET}
    with fail_point("commitTransaction", write_concern_error=failure, times=1):
        with sync_engine.transaction() as transaction:
            _save(transaction)
    (message,) = log(logging.WARNING)
    assert message.startswith("commit repeated: attempt 1, wait 0.0")
    assert "code 64, labels UnknownTransactionCommitResult" in message


def test_an_unknown_outcome_is_a_warning(sync_engine, log, fail_point):
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            with sync_engine.transaction() as transaction:
                _save(transaction)
    (message,) = log(logging.WARNING)
    assert message.startswith("outcome of the commit unknown: attempt 1, wait none")
    assert "ExecutionTimeout, code 50" in message


def test_no_text_of_an_error_and_no_content_is_logged(
    sync_engine, log, caplog, raw_database, fail_point
):
    raw_database["user"].create_index("name", unique=True)
    sync_engine.save(User(name=SECRET))

    def fail():
        raise ValueError(SECRET)

    with pytest.raises(DuplicateKeyError):
        sync_engine.run_transaction(_save)
    with pytest.raises(CommitHookError):
        with sync_engine.transaction() as transaction:
            transaction.on_commit(fail)
    assert log(logging.ERROR) == ["a hook failed: ValueError"]
    assert SECRET not in caplog.text


def test_nothing_is_printed_by_default(sync_engine, capfd, fail_point, raw_database):
    raw_database.create_collection("user")
    with fail_point("update", error_code=112, labels=(TRANSIENT,), times=1):
        sync_engine.run_transaction(_save)
    assert capfd.readouterr() == ("", "")
