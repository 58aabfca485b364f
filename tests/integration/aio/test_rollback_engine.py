"""Engines whose operations are all part of one transaction: what takes part, what is refused."""

from __future__ import annotations

import pytest

from odmantic import Field, Model, hook
from odmantic.engine import AIOEngine, SyncEngine
from odmantic.exceptions import (
    CommitHookError,
    DuplicateKeyError,
    RollbackHookError,
    SessionMisuseError,
    TransactionAbortedError,
)
from odmantic.session import NO_SESSION, AIOTransaction
from odmantic.testing.rollback import PartUndoneError


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = 0


class Unique(Model):
    code: str = Field(unique=True)


class Refusal(Exception):  # noqa: N818
    pass


async def test_every_kind_of_block_takes_part(
    aio_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
):
    engine = aio_rollback_engine
    async with engine.session() as session:
        await session.save(Account(owner="session"))
        async with session.transaction() as transaction:
            await transaction.save(Account(owner="session's transaction"))
        assert await session.run_transaction(lambda txn: txn.count(Account)) == 2
    async with engine.transaction() as transaction:
        await engine.save(Account(owner="block"), session=transaction)
        await engine.save(Account(owner="stray"))
        await engine.run_transaction(
            lambda joined: joined.save(Account(owner="joined")), join=transaction
        )
    await engine.run_transaction(lambda txn: txn.save(Account(owner="callback")))
    manual = engine.transaction()
    await manual.start()
    await manual.save(Account(owner="manual"))
    await manual.commit()

    assert await engine.count(Account) == 7
    outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    assert outside.count(Account) == 0


async def test_objects_are_part_of_one_state_only_while_they_are_running(aio_rollback_engine):
    session = aio_rollback_engine.session()
    for unusable in (session, aio_rollback_engine.transaction()):
        assert not unusable.is_started
        with pytest.raises(SessionMisuseError, match="not started"):
            await unusable.count(Account)
    with pytest.raises(SessionMisuseError, match="not started"):
        session.transaction()
    with pytest.raises(SessionMisuseError, match="not started"):
        await session.end()
    async with session:
        with pytest.raises(SessionMisuseError, match="already started"):
            await session.start()
        async with session.transaction() as transaction:
            assert transaction.is_started
            with pytest.raises(SessionMisuseError, match="already started"):
                await transaction.start()
            with pytest.raises(SessionMisuseError, match="nested"):
                transaction.transaction()
        with pytest.raises(SessionMisuseError, match="not started"):
            await transaction.commit()
        assert not transaction.is_started


async def test_a_block_that_fails_before_it_writes_does_no_harm(aio_rollback_engine):
    calls = []
    with pytest.raises(Refusal):
        async with aio_rollback_engine.transaction() as transaction:
            transaction.on_rollback(lambda: calls.append("rollback"))
            transaction.on_commit(lambda: calls.append("commit"))
            await transaction.count(Account)
            raise Refusal

    assert calls == ["rollback"]
    assert await aio_rollback_engine.count(Account) == 0


async def test_a_block_that_fails_after_it_has_written_ends_the_test(aio_rollback_engine):
    with pytest.raises(Refusal):
        async with aio_rollback_engine.transaction() as transaction:
            await transaction.save(Account(owner="Ada"))
            raise Refusal

    with pytest.raises(TransactionAbortedError, match="cannot undo a part") as caught:
        await aio_rollback_engine.count(Account)
    assert isinstance(caught.value.first_error, PartUndoneError)


async def test_a_server_error_ends_the_test(aio_rollback_engine):
    engine = aio_rollback_engine
    await engine.save(Account(owner="Ada"))
    with pytest.raises(Exception, match="unknown operator"):
        await engine.find(Account, {"balance": {"$what": 1}})

    with pytest.raises(TransactionAbortedError):
        await engine.count(Account)


async def test_hooks_run_when_a_part_is_left(aio_rollback_engine):
    calls = []

    async def note():
        calls.append(await aio_rollback_engine.count(Account))

    async with aio_rollback_engine.transaction() as transaction:
        transaction.on_commit(note)
        await transaction.save(Account(owner="Ada"))
        assert calls == []

    assert calls == [1]


async def test_failing_hooks_do_not_stop_the_others(aio_rollback_engine):
    calls = []
    for outcome, error in (("commit", CommitHookError), ("abort", RollbackHookError)):
        transaction = aio_rollback_engine.transaction()
        await transaction.start()
        for register in (transaction.on_commit, transaction.on_rollback):
            register(lambda: 1 / 0)
            register(lambda: calls.append(1))
        with pytest.raises(error) as caught:
            await getattr(transaction, outcome)()
        assert isinstance(caught.value.errors[0], ZeroDivisionError)

    assert calls == [1, 1]


async def test_what_would_stay_is_refused(aio_rollback_engine):
    engine = aio_rollback_engine
    with pytest.raises(SessionMisuseError, match="NO_SESSION"):
        await engine.save(Account(owner="Ada"), session=NO_SESSION)
    with pytest.raises(SessionMisuseError, match="Indexes"):
        await engine.configure_database([Unique])
    made_by_hand = AIOTransaction(engine)
    async with made_by_hand:
        with pytest.raises(SessionMisuseError, match="not made by"):
            await made_by_hand.save(Account(owner="Ada"))
    other = AIOEngine(engine.client, database=engine.database_name)
    async with other.session() as session:
        with pytest.raises(SessionMisuseError, match="not made by"):
            await engine.save(Account(owner="Ada"), session=session)


async def test_it_can_be_used_after_another_test(aio_rollback_engine):
    await aio_rollback_engine.save(Unique(code="a"))
    assert await aio_rollback_engine.count(Unique) == 1


async def test_a_server_error_is_an_error_of_the_test(
    aio_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
):
    outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    outside.configure_database([Unique])
    await aio_rollback_engine.save(Unique(code="a"))
    with pytest.raises(DuplicateKeyError):
        await aio_rollback_engine.save(Unique(code="a"))
    with pytest.raises(TransactionAbortedError):
        await aio_rollback_engine.count(Unique)


class Watched(Model):
    name: str

    @hook("before_save")
    def count(self, event):
        called.append(event.operation)

    @hook("after_commit")
    async def committed(self, event):
        called.append(("committed", event.operations))

    @hook("after_rollback")
    def rolled_back(self, event):
        called.append(("rolled back", event.operations))


called = []


async def test_hooks_of_documents_are_called_for_the_ends_that_the_program_sees(
    aio_rollback_engine,
):
    engine = aio_rollback_engine
    called.clear()

    await engine.save(Watched(name="a"))
    assert called == ["save", ("committed", ("save",))]

    called.clear()
    watched = Watched(name="b")
    async with engine.transaction() as transaction:
        await transaction.save(watched)
        await engine.delete(watched, session=transaction)
        assert called == ["save"]
    assert called == ["save", ("committed", ("save", "delete"))]

    called.clear()
    with pytest.raises(Refusal):
        async with engine.transaction() as transaction:
            await transaction.save(Watched(name="c"))
            raise Refusal
    assert called == ["save", ("rolled back", ("save",))]
