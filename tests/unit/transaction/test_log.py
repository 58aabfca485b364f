"""The log of transactions."""

from __future__ import annotations

import logging

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from odmantic import Model
from odmantic._transaction.log import log_error, log_event
from odmantic.exceptions import (
    CommitOutcomeUnknownError,
    TransactionAbortedError,
    WriteConflictError,
)

SECRET = "the content of a document"


class Secret(Model):
    text: str = SECRET


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, "odmantic.transaction")
    return caplog


def failure(code=112, *labels):
    details = {"errmsg": SECRET, "errorLabels": list(labels), "keyValue": {"text": SECRET}}
    return OperationFailure(SECRET, code, details)


TRANSIENT = failure(112, "TransientTransactionError")


@pytest.mark.parametrize("event", ["begin", "commit", "abort"])
def test_begin_and_end_are_for_debugging(log, event):
    session = object()

    log_event(event, session)

    (record,) = log.records
    assert (record.name, record.levelno) == ("odmantic.transaction", logging.DEBUG)
    assert record.getMessage() == f"{event} (session {id(session):x})"


@pytest.mark.parametrize(
    ("error", "wait", "text"),
    [
        (
            TRANSIENT,
            0.0042,
            "wait 0.004 s, OperationFailure, code 112, labels TransientTransactionError",
        ),
        (failure(91, "a", "b"), None, "wait none, OperationFailure, code 91, labels a,b"),
        (
            WriteConflictError(TRANSIENT, Secret, "save", "secret", SECRET),
            0.5,
            "wait 0.500 s, WriteConflictError, code 112, labels TransientTransactionError",
        ),
        (
            CommitOutcomeUnknownError.standing_for(
                AutoReconnect(SECRET, {"errorLabels": ["UnknownTransactionCommitResult"]}), SECRET
            ),
            None,
            (
                "wait none, CommitOutcomeUnknownError_AutoReconnect, code None, "
                "labels UnknownTransactionCommitResult"
            ),
        ),
        (
            TransactionAbortedError(SECRET, TRANSIENT),
            0,
            "wait 0.000 s, TransactionAbortedError, code 251, labels TransientTransactionError",
        ),
        (ValueError(SECRET), None, "wait none, ValueError, code None, labels none"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_a_program_can_read_of_an_error_is_a_warning(log, error, wait, text):
    log_error("run again", error, attempt=3, wait=wait)

    (record,) = log.records
    assert (record.name, record.levelno) == ("odmantic.transaction", logging.WARNING)
    assert record.getMessage() == f"run again: attempt 3, {text}"
    assert (record.exc_info, record.exc_text, record.stack_info) == (None, None, None)
    assert SECRET not in repr(record.args)


def test_the_library_prints_nothing_by_itself():
    handlers = logging.getLogger("odmantic").handlers

    assert [type(handler) for handler in handlers] == [logging.NullHandler]
