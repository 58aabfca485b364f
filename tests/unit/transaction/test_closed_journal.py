"""A journal that is closed, and the runs of a transaction."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure
from tests.unit.somewhere import a_write, mark_read

from odmantic import Model
from odmantic._transaction.attempt import Attempt, AttemptState
from odmantic._transaction.journal import Journal
from odmantic.exceptions import SessionMisuseError, TransactionAbortedError


class User(Model):
    name: str


@pytest.fixture
def user():
    saved = User(name="Ada")
    mark_read(saved)
    return saved


@pytest.mark.parametrize(("committed", "modified"), [(True, set()), (False, {"name"})])
def test_closing_restores_what_was_written_unless_it_was_committed(user, committed, modified):
    journal = Journal()
    journal.wrote(a_write(), user, {"name"})
    journal.close(committed=committed)
    assert user.__fields_modified__ == modified


@pytest.mark.parametrize(("committed", "modified"), [(True, set()), (False, {"name"})])
def test_what_a_thread_enters_late_fares_the_same(user, committed, modified):
    journal = Journal()
    journal.close(committed=committed)
    journal.wrote(a_write(), user, {"name"})
    assert user.__fields_modified__ == modified


def test_a_run_ends_once(user):
    attempt = Attempt()
    attempt.journal.wrote(a_write(), user, {"name"})
    attempt.end_committed()
    attempt.end_without_commit(AttemptState.SESSION_ENDED)
    assert attempt.state is AttemptState.ENDED
    assert user.__fields_modified__ == set()


def test_the_first_error_dooms_a_run_and_is_the_one_named():
    attempt = Attempt()
    attempt.doom(OperationFailure("the first", 112, {"errorLabels": ["TransientTransactionError"]}))
    attempt.doom(OperationFailure("the second", 251))
    refusal = attempt.refusal()
    assert isinstance(refusal, TransactionAbortedError)
    assert "the first" in str(refusal)
    assert refusal.has_error_label("TransientTransactionError")
    assert attempt.may_be_closed


@pytest.mark.parametrize("state", [AttemptState.CLOSING, AttemptState.IN_DOUBT, AttemptState.ENDED])
def test_only_a_running_run_accepts_operations(state):
    attempt = Attempt()
    attempt.state = state
    refusal = attempt.refusal()
    assert isinstance(refusal, SessionMisuseError)
    assert "transaction not started" in str(refusal)


def test_an_ended_run_keeps_no_error():
    attempt = Attempt()
    attempt.doom(OperationFailure("the first"))
    attempt.end_without_commit()
    assert attempt.first_error is None
