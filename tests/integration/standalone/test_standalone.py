"""Transactions need a replica set: what a standalone server says and leaves behind."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure

from odmantic import Model, Reference
from odmantic.exceptions import TransactionError, TransactionNotSupportedError


class User(Model):
    name: str


def _assert_says_what_to_do(error):
    assert isinstance(error, (TransactionNotSupportedError, TransactionError))
    assert isinstance(error, OperationFailure)
    assert error.code == 20
    assert isinstance(error.driver_error, OperationFailure)
    for word in ("standalone", "replica set", "--replSet", "Transaction numbers"):
        assert word in str(error)


async def test_an_async_transaction_fails_with_its_first_operation(aio_engine, raw_database):
    user, transaction = User(name="Ada"), aio_engine.transaction()
    with pytest.raises(OperationFailure) as caught:
        async with transaction:
            await transaction.save(user)

    _assert_says_what_to_do(caught.value)
    assert not transaction.is_started
    assert not transaction.session.is_started
    assert user.__fields_modified__ == {"id", "name"}
    assert raw_database["user"].count_documents({}) == 0


def test_a_sync_transaction_fails_with_its_first_operation(sync_engine, raw_database):
    user, transaction = User(name="Ada"), sync_engine.transaction()
    with pytest.raises(OperationFailure) as caught, transaction:
        transaction.save(user)

    _assert_says_what_to_do(caught.value)
    assert not transaction.is_started
    assert not transaction.session.is_started
    assert user.__fields_modified__ == {"id", "name"}
    assert raw_database["user"].count_documents({}) == 0


async def test_reads_in_an_async_transaction_fail_alike(aio_engine):
    for read in ("find_one", "count"):
        with pytest.raises(TransactionNotSupportedError) as caught:
            async with aio_engine.transaction() as transaction:
                await getattr(transaction, read)(User)
        _assert_says_what_to_do(caught.value)


def test_reads_in_a_sync_transaction_fail_alike(sync_engine):
    for read in ("find", "find_one", "count"):
        with pytest.raises(TransactionNotSupportedError) as caught:
            with sync_engine.transaction() as transaction:
                getattr(transaction, read)(User)
        _assert_says_what_to_do(caught.value)


def test_catching_the_error_in_the_block_is_no_success(sync_engine):
    with pytest.raises(OperationFailure, match="Transaction numbers"):
        with sync_engine.transaction() as transaction:
            with pytest.raises(TransactionNotSupportedError):
                transaction.save(User(name="Ada"))


async def test_an_async_session_works(aio_engine):
    async with aio_engine.session() as session:
        await session.save(User(name="Ada"))
        assert await session.count(User) == 1


def test_a_sync_session_works(sync_engine):
    with sync_engine.session() as session:
        session.save(User(name="Ada"))
        assert session.count(User) == 1
        assert [user.name for user in session.find(User)] == ["Ada"]


def test_an_instance_refused_by_a_transaction_is_saved_completely_without(
    sync_engine, raw_database
):
    user = User(name="Ada")
    with pytest.raises(TransactionNotSupportedError):
        with sync_engine.transaction() as transaction:
            transaction.save(user)
    sync_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada"}


class Note(Model):
    by: User = Reference(on_delete="cascade")


async def test_an_async_deletion_with_rules_fails_before_anything_is_deleted(
    aio_engine, raw_database
):
    user = User(name="Ada")
    await aio_engine.save(Note(by=user))
    for deletion in (aio_engine.delete(user), aio_engine.remove(User)):
        with pytest.raises(TransactionNotSupportedError) as caught:
            await deletion
        _assert_says_what_to_do(caught.value)
    assert user.__fields_modified__ == set()
    assert raw_database["note"].count_documents({}) == raw_database["user"].count_documents({}) == 1
    assert await aio_engine.remove(Note) == 1
    await aio_engine.delete(user, rules=False)
    assert raw_database["user"].count_documents({}) == 0


def test_a_sync_deletion_with_rules_fails_before_anything_is_deleted(sync_engine, raw_database):
    user = User(name="Ada")
    sync_engine.save(Note(by=user))
    for delete, what in ((sync_engine.delete, user), (sync_engine.remove, User)):
        with pytest.raises(TransactionNotSupportedError) as caught:
            delete(what)
        _assert_says_what_to_do(caught.value)
    assert user.__fields_modified__ == set()
    assert raw_database["note"].count_documents({}) == raw_database["user"].count_documents({}) == 1
    assert sync_engine.remove(User, rules=False) == 1
