"""One run of a transaction."""

from __future__ import annotations

import pytest
from pymongo.errors import AutoReconnect, DuplicateKeyError, OperationFailure
from tests.unit.somewhere import a_write, mark_read

from odmantic import Model
from odmantic._transaction.attempt import Attempt, AttemptState
from odmantic.exceptions import SessionMisuseError, TransactionAbortedError

RUNNING, DOOMED, CLOSING, IN_DOUBT, ENDED, SESSION_ENDED = AttemptState

# state; may operations be sent, may it be closed, has it ended.
STATES = [
    (RUNNING, None, True, False),
    (DOOMED, TransactionAbortedError, True, False),
    (CLOSING, SessionMisuseError, False, False),
    (IN_DOUBT, SessionMisuseError, True, False),
    (ENDED, SessionMisuseError, False, True),
    (SESSION_ENDED, SessionMisuseError, False, True),
]


class User(Model):
    name: str = "Ada"


def _attempt(**fields):
    attempt = Attempt()
    for name, value in fields.items():
        setattr(attempt, name, value)
    return attempt


@pytest.mark.parametrize(("state", "refusal", "may_be_closed", "has_ended"), STATES)
def test_what_each_state_allows(state, refusal, may_be_closed, has_ended):
    attempt = _attempt(state=state)

    assert (attempt.may_be_closed, attempt.has_ended) == (may_be_closed, has_ended)
    if refusal is not None:
        assert type(attempt.refusal()) is refusal


def test_the_states_are_all_in_the_table():
    assert [row[0] for row in STATES] == list(AttemptState)


@pytest.mark.parametrize(
    ("state", "then"), [(s, DOOMED if s is RUNNING else s) for s in AttemptState]
)
def test_only_a_running_one_is_doomed(state, then):
    attempt = _attempt(state=state)

    attempt.doom(OperationFailure("why", 112))

    assert attempt.state is then


@pytest.mark.parametrize(
    "first",
    [
        OperationFailure("why", 112, {"errorLabels": ["TransientTransactionError"]}),
        DuplicateKeyError("why", 11000, {}),
        AutoReconnect("why", {"errorLabels": ["TransientTransactionError"]}),
        RuntimeError("why"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_follows_the_first_error_stands_for_it(first):
    attempt = Attempt()
    attempt.doom(first)
    attempt.doom(OperationFailure("the second", 251, {"errorLabels": ["b"]}))

    error = attempt.aborted()

    transient = "TransientTransactionError"
    assert f"an operation in it failed: {type(first).__name__}: why" in str(error)
    assert (error.first_error, error.__cause__, error.code) == (first, first, 251)
    assert error.has_error_label(transient) == (
        isinstance(first, (OperationFailure, AutoReconnect)) and first.has_error_label(transient)
    )


# How it ended: was the commit sent, did the server refuse it, how; and what is known then.
ENDS = [
    (False, False, Attempt.end_committed, (True, False), set()),
    (True, False, Attempt.end_committed, (True, False), set()),
    (False, False, Attempt.end_without_commit, (False, True), {"name"}),
    (True, True, Attempt.end_without_commit, (False, True), {"name"}),
    (True, False, Attempt.end_without_commit, (False, False), {"name"}),
]


@pytest.mark.parametrize(("was_sent", "failed", "end", "known", "modified"), ENDS)
def test_how_it_ended(was_sent, failed, end, known, modified):
    user = User()
    mark_read(user)
    attempt = _attempt(commit_was_sent=was_sent, commit_failed=failed)
    attempt.doom(OperationFailure("why"))
    attempt.journal.wrote(a_write(), user, {"name"})

    end(attempt)
    attempt.end_without_commit(SESSION_ENDED)
    attempt.end_committed()

    assert (attempt.is_committed, attempt.is_rolled_back) == known
    assert (attempt.state, attempt.first_error) == (ENDED, None)
    assert user.__fields_modified__ == modified


def test_in_doubt_nothing_is_known_and_the_instances_are_dirty():
    user = User()
    mark_read(user)
    attempt = _attempt(commit_was_sent=True)
    attempt.journal.wrote(a_write(), user, {"name"})

    attempt.doubt()

    assert (attempt.state, attempt.is_committed, attempt.is_rolled_back) == (IN_DOUBT, False, False)
    assert user.__fields_modified__ == {"name"}
    attempt.end_committed()
    assert user.__fields_modified__ == set()
