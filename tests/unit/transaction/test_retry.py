"""When a commit or a transaction is repeated, and the options of a transaction."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pymongo.client_session import TransactionOptions
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from odmantic import Model
from odmantic import exceptions as ours
from odmantic._transaction.concerns import TransactionSettings, session_options
from odmantic._transaction.retry import (
    RetryLimits,
    backoff,
    is_no_commit,
    is_transient,
    may_repeat_commit,
    outcome_is_unknown,
)

UNKNOWN = ["UnknownTransactionCommitResult"]
TRANSIENT = ["TransientTransactionError"]


class User(Model):
    name: str


def _failure(code, labels):
    return OperationFailure("failed", code, {"errorLabels": labels})


def _server_selection_timeout():
    error = ServerSelectionTimeoutError("no server")
    error._add_error_label(UNKNOWN[0])
    return error


@pytest.mark.parametrize("code", [91, 64, 189, None])
def test_an_unknown_outcome_is_repeated(code):
    error = _failure(code, UNKNOWN)
    assert outcome_is_unknown(error, attempts=1, sent=1)
    assert may_repeat_commit(error)


@pytest.mark.parametrize(
    "error",
    [
        _failure(112, TRANSIENT),
        _failure(251, []),
        AutoReconnect("closed"),
        ValueError(),
        KeyboardInterrupt(),
    ],
)
def test_a_known_outcome_is_not(error):
    assert not outcome_is_unknown(error, attempts=1, sent=0)


@pytest.mark.parametrize("kind", [ExecutionTimeout, WriteConcernError])
def test_a_time_limit_is_not_though_its_outcome_is_unknown(kind):
    error = kind("too long", 50, {"errorLabels": UNKNOWN})
    assert outcome_is_unknown(error, attempts=1, sent=1)
    assert not may_repeat_commit(error)


def test_a_first_commit_that_found_no_server_was_never_sent():
    error = _server_selection_timeout()
    assert not outcome_is_unknown(error, attempts=1, sent=0)
    assert outcome_is_unknown(error, attempts=2, sent=0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_failure(112, TRANSIENT), True),
        (_failure(112, []), False),
        (ours.DuplicateKeyError(User(name="x"), DuplicateKeyError("dup", 11000)), False),
        (
            ours.DuplicateKeyError(
                User(name="x"), DuplicateKeyError("dup", 11000, {"errorLabels": TRANSIENT})
            ),
            True,
        ),
        (ours.TransactionAbortedError("aborted", _failure(112, TRANSIENT)), True),
        (ValueError("mine"), False),
    ],
)
def test_labels_are_read_on_the_error_and_on_the_drivers(error, expected):
    assert is_transient(error) is expected


def test_labels_are_not_read_along_the_cause():
    error = ValueError("mine")
    error.__cause__ = _failure(112, TRANSIENT)
    assert not is_transient(error)


def test_waits_grow_up_to_half_a_second():
    waits = [backoff(number, 1.0) for number in range(1, 2000)]
    assert waits == sorted(waits)
    assert waits[0] == 0.005
    assert waits[-1] == 0.5
    assert backoff(50, 0.5) == 0.25


@pytest.mark.parametrize(
    ("attempts", "made", "allowed"), [(None, 99, True), (3, 2, True), (3, 3, False)]
)
def test_limits_count_attempts(attempts, made, allowed):
    assert RetryLimits(attempts, deadline=10.0).allow(made) is allowed


@pytest.mark.parametrize(
    ("attempts", "error", "at", "reached"),
    [
        (None, _failure(112, TRANSIENT), 9.9, False),
        (None, _failure(112, TRANSIENT), 10.0, True),
        (1, _failure(112, TRANSIENT), 10.0, False),
        (1, ExecutionTimeout("too long", 50), 9.95, True),
        (1, ExecutionTimeout("too long", 50), 5.0, False),
        (None, ValueError("mine"), 11.0, False),
    ],
)
def test_limits_tell_whether_the_time_was_the_reason(attempts, error, at, reached):
    assert RetryLimits(attempts, deadline=10.0).are_reached(error, 1, at=at) is reached


def test_a_second_commit_of_the_driver_hides_that_the_first_was_sent():
    error = WaitQueueTimeoutError("no connection")
    error._add_error_label(UNKNOWN[0])
    assert not outcome_is_unknown(error, attempts=1, sent=0)
    assert outcome_is_unknown(error, attempts=1, sent=1)


def test_a_commit_of_which_nobody_knows_whether_it_was_sent_has_an_unknown_outcome():
    error = WaitQueueTimeoutError("no connection")
    error._add_error_label(UNKNOWN[0])
    assert outcome_is_unknown(error, attempts=1, sent=None)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(_failure(251, []), True), (_failure(112, TRANSIENT), True), (_failure(13, []), False)],
)
def test_a_later_answer_may_tell_that_there_was_no_commit(error, expected):
    assert is_no_commit(error) is expected


def _client(read=None, write=None, preference=ReadPreference.PRIMARY):
    return SimpleNamespace(
        read_concern=read or ReadConcern(),
        write_concern=write or WriteConcern(),
        read_preference=preference,
    )


def test_a_plain_client_gets_snapshot_and_majority():
    assert TransactionSettings().resolved(None, _client()) == {
        "read_preference": ReadPreference.PRIMARY,
        "read_concern": ReadConcern("snapshot"),
        "write_concern": WriteConcern("majority"),
    }


def test_configured_concerns_are_left_to_the_driver():
    client = _client(ReadConcern("local"), WriteConcern(w=1), ReadPreference.NEAREST)
    resolved = TransactionSettings().resolved
    assert resolved(None, client) == {"read_preference": ReadPreference.PRIMARY}
    assert resolved(None, _client(write=WriteConcern(j=True))).keys() == {
        "read_preference",
        "read_concern",
    }


def test_a_stand_in_without_concerns_will_do():
    options = TransactionSettings().resolved(None, object())
    assert options == {"read_preference": ReadPreference.PRIMARY}


def test_the_call_comes_before_the_session_and_the_session_before_the_client():
    call = TransactionSettings(ReadConcern("majority"), None, max_commit_time_ms=500)
    defaults = TransactionOptions(ReadConcern("local"), WriteConcern(w=1))
    client = _client(ReadConcern("available"), WriteConcern(w=2))
    assert call.resolved(defaults, client) == {
        "read_preference": ReadPreference.PRIMARY,
        "read_concern": ReadConcern("majority"),
        "write_concern": WriteConcern(w=1),
        "max_commit_time_ms": 500,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"causal_consistency": False}, {"causal_consistency": False}),
        ({"snapshot": True}, {"snapshot": True}),
        ({"has_token": True}, {}),
        ({"default_transaction_options": "o"}, {"default_transaction_options": "o"}),
        ({"snapshot": True, "causal_consistency": True}, ValueError),
        ({"snapshot": True, "has_token": True}, ValueError),
        ({"causal_consistency": False, "has_token": True}, ValueError),
    ],
)
def test_session_options_that_contradict_each_other_are_refused(given, expected):
    arguments = {
        "causal_consistency": None,
        "snapshot": False,
        "default_transaction_options": None,
        "has_token": False,
        **given,
    }
    if expected is ValueError:
        with pytest.raises(ValueError, match="session"):
            session_options(**arguments)
    else:
        assert session_options(**arguments) == expected
