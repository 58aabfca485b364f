"""What the private names of the drivers mean, which is seen on a server only."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure
from tests.integration.aio.colour import resolve

from odmantic import Model
from odmantic._driver.internals import CHANNEL, commits_sent, kept_on, lift_batch_limit
from odmantic.exceptions import CommitOutcomeUnknownError

pytestmark = pytest.mark.each_driver


class User(Model):
    name: str


async def _in_transaction(aio_engine, raw_database):
    raw_database.create_collection("user")
    session = await resolve(aio_engine.client.start_session())
    await resolve(session.start_transaction())
    await aio_engine.save(User(name="Ada"), session=session)
    return session


async def test_the_driver_counts_the_commits_that_it_sends(aio_engine, raw_database, fail_point):
    session = await _in_transaction(aio_engine, raw_database)
    assert commits_sent(session) == 0
    await session.commit_transaction()
    assert commits_sent(session) == 1
    await session.commit_transaction()
    assert commits_sent(session) == 2
    await resolve(session.start_transaction())
    assert commits_sent(session) == 0
    await resolve(session.end_session())


async def test_it_counts_those_that_it_repeats_by_itself(aio_engine, raw_database, fail_point):
    session = await _in_transaction(aio_engine, raw_database)
    with fail_point("commitTransaction", close_connection=True, times=1):
        await session.commit_transaction()
    assert commits_sent(session) == 2
    await resolve(session.end_session())


async def test_a_refused_commit_of_which_nobody_knows_how_often_it_was_sent_is_in_doubt(
    aio_engine, raw_database, fail_point, monkeypatch
):
    """The driver may have sent it before, and an answer to a repetition says nothing about that one."""
    raw_database.create_collection("user")

    async def save():
        async with aio_engine.transaction() as transaction:
            await transaction.save(User(name="Ada"))

    with fail_point("commitTransaction", error_code=13, times=2):
        with pytest.raises(OperationFailure) as known:
            await save()
        monkeypatch.setattr("odmantic._aio.transactions.commit.commits_sent", lambda _: None)
        with pytest.raises(CommitOutcomeUnknownError):
            await save()
    assert not isinstance(known.value, CommitOutcomeUnknownError)


async def test_a_cursor_that_is_open_gets_larger_batches(aio_engine, raw_database, commands):
    raw_database["user"].insert_many([{"name": "Ada"} for _ in range(10)])
    cursor = aio_engine.get_collection(User).find({}, batch_size=2)
    await resolve(cursor.next())
    lift_batch_limit(cursor)
    for _ in range(9):
        await resolve(cursor.next())
    assert [sent.command.get("batchSize") for sent in commands.started] == [2, None]
    await resolve(cursor.close())


async def test_a_session_of_the_driver_leads_to_its_transaction(aio_engine, raw_database):
    raw_database.create_collection("user")
    async with aio_engine.transaction() as transaction:
        driver_session = transaction.get_driver_session()
        assert kept_on(driver_session, CHANNEL).driver_session is driver_session
        await aio_engine.save(User(name="Ada"), session=driver_session)
        await transaction.abort()

    assert kept_on(driver_session, CHANNEL) == "transaction"
