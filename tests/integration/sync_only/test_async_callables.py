"""A sync engine cannot await: async callables are refused, at the latest when they are called."""

from __future__ import annotations

import functools

import pytest

from odmantic import Model
from odmantic.exceptions import CommitHookError


class User(Model):
    name: str


async def _notify(*_arguments):
    pytest.fail("was awaited")


class _Notify:
    async def __call__(self, *arguments):
        await _notify(*arguments)


ASYNC_CALLABLES = pytest.mark.parametrize(
    "function", [_notify, functools.partial(_notify), _Notify()], ids=["def", "partial", "object"]
)


@ASYNC_CALLABLES
@pytest.mark.parametrize("register", ["on_commit", "on_rollback"])
def test_an_async_hook_is_refused_when_it_is_registered(sync_engine, register, function):
    with sync_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="cannot await"):
            getattr(transaction, register)(function)


@pytest.mark.parametrize("register", ["on_commit", "on_rollback"])
def test_an_engine_that_rolls_back_refuses_an_async_hook(sync_rollback_engine, register):
    with sync_rollback_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="cannot await"):
            getattr(transaction, register)(_notify)


def test_a_hook_that_turns_out_to_be_async_has_failed(sync_engine, raw_database):
    with pytest.raises(CommitHookError) as caught:
        with sync_engine.transaction() as transaction:
            transaction.save(User(name="Ada"))
            transaction.on_commit(lambda: _notify())  # noqa: PLW0108 - nobody can tell by looking at it
    assert "cannot await" in str(caught.value.errors[0])
    assert raw_database["user"].count_documents({}) == 1


@ASYNC_CALLABLES
def test_an_async_callback_is_refused_before_anything_begins(sync_engine, commands, function):
    with pytest.raises(TypeError, match="cannot await"):
        sync_engine.run_transaction(function)
    with sync_engine.session() as session, pytest.raises(TypeError, match="cannot await"):
        session.run_transaction(function)
    with sync_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="cannot await"):
            sync_engine.run_transaction(function, join=transaction)
    assert commands.names == []


def test_a_callback_that_turns_out_to_be_async_rolls_back(sync_engine, raw_database):
    def work(transaction):
        transaction.save(User(name="Ada"))
        return _notify(transaction)

    with pytest.raises(TypeError, match="cannot await"):
        sync_engine.run_transaction(work)
    assert raw_database["user"].count_documents({}) == 0
