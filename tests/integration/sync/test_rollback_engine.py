# Generated from tests/integration/aio/test_rollback_engine.py by tools/generate_sync.py: do not edit.
"""Engines whose operations are all part of one transaction: what takes part, what is refused."""

from __future__ import annotations

import pytest

from odmantic import Field, Model, hook
from odmantic.engine import SyncEngine
from odmantic.exceptions import (
    CommitHookError,
    DuplicateKeyError,
    RollbackHookError,
    SessionMisuseError,
    TransactionAbortedError,
)
from odmantic.session import NO_SESSION, SyncTransaction
from odmantic.testing.rollback import PartUndoneError


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = 0


class Unique(Model):
    code: str = Field(unique=True)


class Refusal(Exception):  # noqa: N818
    pass


def test_every_kind_of_block_takes_part(
    sync_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
):
    engine = sync_rollback_engine
    with engine.session() as session:
        session.save(Account(owner="session"))
        with session.transaction() as transaction:
            transaction.save(Account(owner="session's transaction"))
        assert session.run_transaction(lambda txn: txn.count(Account)) == 2
    with engine.transaction() as transaction:
        engine.save(Account(owner="block"), session=transaction)
        engine.save(Account(owner="stray"))
        engine.run_transaction(
            lambda joined: joined.save(Account(owner="joined")), join=transaction
        )
    engine.run_transaction(lambda txn: txn.save(Account(owner="callback")))
    manual = engine.transaction()
    manual.start()
    manual.save(Account(owner="manual"))
    manual.commit()

    assert engine.count(Account) == 7
    outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    assert outside.count(Account) == 0


def test_objects_are_part_of_one_state_only_while_they_are_running(sync_rollback_engine):
    session = sync_rollback_engine.session()
    for unusable in (session, sync_rollback_engine.transaction()):
        assert not unusable.is_started
        with pytest.raises(SessionMisuseError, match="not started"):
            unusable.count(Account)
    with pytest.raises(SessionMisuseError, match="not started"):
        session.transaction()
    with pytest.raises(SessionMisuseError, match="not started"):
        session.end()
    with session:
        with pytest.raises(SessionMisuseError, match="already started"):
            session.start()
        with session.transaction() as transaction:
            assert transaction.is_started
            with pytest.raises(SessionMisuseError, match="already started"):
                transaction.start()
            with pytest.raises(SessionMisuseError, match="nested"):
                transaction.transaction()
        with pytest.raises(SessionMisuseError, match="not started"):
            transaction.commit()
        assert not transaction.is_started


def test_a_block_that_fails_before_it_writes_does_no_harm(sync_rollback_engine):
    calls = []
    with pytest.raises(Refusal):
        with sync_rollback_engine.transaction() as transaction:
            transaction.on_rollback(lambda: calls.append("rollback"))
            transaction.on_commit(lambda: calls.append("commit"))
            transaction.count(Account)
            raise Refusal

    assert calls == ["rollback"]
    assert sync_rollback_engine.count(Account) == 0


def test_a_block_that_fails_after_it_has_written_ends_the_test(sync_rollback_engine):
    with pytest.raises(Refusal):
        with sync_rollback_engine.transaction() as transaction:
            transaction.save(Account(owner="Ada"))
            raise Refusal

    with pytest.raises(TransactionAbortedError, match="cannot undo a part") as caught:
        sync_rollback_engine.count(Account)
    assert isinstance(caught.value.first_error, PartUndoneError)


def test_a_server_error_ends_the_test(sync_rollback_engine):
    engine = sync_rollback_engine
    engine.save(Account(owner="Ada"))
    with pytest.raises(Exception, match="unknown operator"):
        engine.find(Account, {"balance": {"$what": 1}})

    with pytest.raises(TransactionAbortedError):
        engine.count(Account)


def test_hooks_run_when_a_part_is_left(sync_rollback_engine):
    calls = []

    def note():
        calls.append(sync_rollback_engine.count(Account))

    with sync_rollback_engine.transaction() as transaction:
        transaction.on_commit(note)
        transaction.save(Account(owner="Ada"))
        assert calls == []

    assert calls == [1]


def test_failing_hooks_do_not_stop_the_others(sync_rollback_engine):
    calls = []
    for outcome, error in (("commit", CommitHookError), ("abort", RollbackHookError)):
        transaction = sync_rollback_engine.transaction()
        transaction.start()
        for register in (transaction.on_commit, transaction.on_rollback):
            register(lambda: 1 / 0)
            register(lambda: calls.append(1))
        with pytest.raises(error) as caught:
            getattr(transaction, outcome)()
        assert isinstance(caught.value.errors[0], ZeroDivisionError)

    assert calls == [1, 1]


def test_what_would_stay_is_refused(sync_rollback_engine):
    engine = sync_rollback_engine
    with pytest.raises(SessionMisuseError, match="NO_SESSION"):
        engine.save(Account(owner="Ada"), session=NO_SESSION)
    with pytest.raises(SessionMisuseError, match="Indexes"):
        engine.configure_database([Unique])
    made_by_hand = SyncTransaction(engine)
    with made_by_hand:
        with pytest.raises(SessionMisuseError, match="not made by"):
            made_by_hand.save(Account(owner="Ada"))
    other = SyncEngine(engine.client, database=engine.database_name)
    with other.session() as session:
        with pytest.raises(SessionMisuseError, match="not made by"):
            engine.save(Account(owner="Ada"), session=session)


def test_it_can_be_used_after_another_test(sync_rollback_engine):
    sync_rollback_engine.save(Unique(code="a"))
    assert sync_rollback_engine.count(Unique) == 1


def test_a_server_error_is_an_error_of_the_test(
    sync_rollback_engine, odmantic_mongo_client, odmantic_shared_database_name
):
    outside = SyncEngine(odmantic_mongo_client, database=odmantic_shared_database_name)
    outside.configure_database([Unique])
    sync_rollback_engine.save(Unique(code="a"))
    with pytest.raises(DuplicateKeyError):
        sync_rollback_engine.save(Unique(code="a"))
    with pytest.raises(TransactionAbortedError):
        sync_rollback_engine.count(Unique)


class Watched(Model):
    name: str

    @hook("before_save")
    def count(self, event):
        called.append(event.operation)

    @hook("after_commit")
    def committed(self, event):
        called.append(("committed", event.operations))

    @hook("after_rollback")
    def rolled_back(self, event):
        called.append(("rolled back", event.operations))


called = []


def test_hooks_of_documents_are_called_for_the_ends_that_the_program_sees(
    sync_rollback_engine,
):
    engine = sync_rollback_engine
    called.clear()

    engine.save(Watched(name="a"))
    assert called == ["save", ("committed", ("save",))]

    called.clear()
    watched = Watched(name="b")
    with engine.transaction() as transaction:
        transaction.save(watched)
        engine.delete(watched, session=transaction)
        assert called == ["save"]
    assert called == ["save", ("committed", ("save", "delete"))]

    called.clear()
    with pytest.raises(Refusal):
        with engine.transaction() as transaction:
            transaction.save(Watched(name="c"))
            raise Refusal
    assert called == ["save", ("rolled back", ("save",))]
