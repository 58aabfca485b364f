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


async def _save(transaction):
    await transaction.save(User(name=SECRET))


async def test_begin_and_commit_are_for_debugging(aio_engine, log):
    async with aio_engine.transaction() as transaction:
        await _save(transaction)
    assert [message.split()[0] for message in log(logging.DEBUG)] == ["begin", "commit"]
    assert log(logging.WARNING) == []


async def test_an_abort_is_for_debugging(aio_engine, log):
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            await _save(transaction)
            raise KeyError(SECRET)
    assert [message.split()[0] for message in log(logging.DEBUG)] == ["begin", "abort"]
    assert log(logging.WARNING) == []


async def test_a_repeated_transaction_is_a_warning(aio_engine, log, fail_point):
    with fail_point("update", error_code=112, labels=(TRANSIENT,), times=2):
        await aio_engine.run_transaction(_save)
    first, second = log(logging.WARNING)
    assert first.startswith("transaction repeated: attempt 1, wait 0.0")
    assert first.endswith(f"WriteConflictError, code 112, labels {TRANSIENT}")
    assert "attempt 2" in second


async def test_a_repeated_commit_is_a_warning(aio_engine, log, fail_point):
    failure = {"code": 64, "errmsg": SECRET}
    with fail_point("commitTransaction", write_concern_error=failure, times=1):
        async with aio_engine.transaction() as transaction:
            await _save(transaction)
    (message,) = log(logging.WARNING)
    assert message.startswith("commit repeated: attempt 1, wait 0.0")
    assert "code 64, labels UnknownTransactionCommitResult" in message


async def test_an_unknown_outcome_is_a_warning(aio_engine, log, fail_point):
    with fail_point("commitTransaction", error_code=50):
        with pytest.raises(CommitOutcomeUnknownError):
            async with aio_engine.transaction() as transaction:
                await _save(transaction)
    (message,) = log(logging.WARNING)
    assert message.startswith("outcome of the commit unknown: attempt 1, wait none")
    assert "ExecutionTimeout, code 50" in message


async def test_no_text_of_an_error_and_no_content_is_logged(
    aio_engine, log, caplog, raw_database, fail_point
):
    raw_database["user"].create_index("name", unique=True)
    await aio_engine.save(User(name=SECRET))

    def fail():
        raise ValueError(SECRET)

    with pytest.raises(DuplicateKeyError):
        await aio_engine.run_transaction(_save)
    with pytest.raises(CommitHookError):
        async with aio_engine.transaction() as transaction:
            transaction.on_commit(fail)
    assert log(logging.ERROR) == ["a hook failed: ValueError"]
    assert SECRET not in caplog.text


async def test_nothing_is_printed_by_default(aio_engine, capfd, fail_point, raw_database):
    raw_database.create_collection("user")
    with fail_point("update", error_code=112, labels=(TRANSIENT,), times=1):
        await aio_engine.run_transaction(_save)
    assert capfd.readouterr() == ("", "")
