# Generated from tests/integration/aio/test_internals.py by tools/generate_sync.py: do not edit.
"""What the private names of the drivers mean, which is seen on a server only."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure

from odmantic import Model
from odmantic._driver.internals import CHANNEL, commits_sent, kept_on, lift_batch_limit
from odmantic.exceptions import CommitOutcomeUnknownError


class User(Model):
    name: str


def _in_transaction(sync_engine, raw_database):
    raw_database.create_collection("user")
    session = sync_engine.client.start_session()
    session.start_transaction()
    sync_engine.save(User(name="Ada"), session=session)
    return session


def test_the_driver_counts_the_commits_that_it_sends(sync_engine, raw_database, fail_point):
    session = _in_transaction(sync_engine, raw_database)
    assert commits_sent(session) == 0
    session.commit_transaction()
    assert commits_sent(session) == 1
    session.commit_transaction()
    assert commits_sent(session) == 2
    session.start_transaction()
    assert commits_sent(session) == 0
    session.end_session()


def test_it_counts_those_that_it_repeats_by_itself(sync_engine, raw_database, fail_point):
    session = _in_transaction(sync_engine, raw_database)
    with fail_point("commitTransaction", close_connection=True, times=1):
        session.commit_transaction()
    assert commits_sent(session) == 2
    session.end_session()


def test_a_refused_commit_of_which_nobody_knows_how_often_it_was_sent_is_in_doubt(
    sync_engine, raw_database, fail_point, monkeypatch
):
    """The driver may have sent it before, and an answer to a repetition says nothing about that one."""
    raw_database.create_collection("user")

    def save():
        with sync_engine.transaction() as transaction:
            transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", error_code=13, times=2):
        with pytest.raises(OperationFailure) as known:
            save()
        monkeypatch.setattr("odmantic._sync.transactions.commit.commits_sent", lambda _: None)
        with pytest.raises(CommitOutcomeUnknownError):
            save()
    assert not isinstance(known.value, CommitOutcomeUnknownError)


def test_a_cursor_that_is_open_gets_larger_batches(sync_engine, raw_database, commands):
    raw_database["user"].insert_many([{"name": "Ada"} for _ in range(10)])
    cursor = sync_engine.get_collection(User).find({}, batch_size=2)
    cursor.next()
    lift_batch_limit(cursor)
    for _ in range(9):
        cursor.next()
    assert [sent.command.get("batchSize") for sent in commands.started] == [2, None]
    cursor.close()


def test_a_session_of_the_driver_leads_to_its_transaction(sync_engine, raw_database):
    raw_database.create_collection("user")
    with sync_engine.transaction() as transaction:
        driver_session = transaction.get_driver_session()
        assert kept_on(driver_session, CHANNEL).driver_session is driver_session
        sync_engine.save(User(name="Ada"), session=driver_session)
        transaction.abort()

    assert kept_on(driver_session, CHANNEL) == "transaction"
