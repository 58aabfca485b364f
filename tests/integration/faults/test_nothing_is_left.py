"""Transactions leave nothing behind on the server: however many there were, one server session served them all."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from odmantic import Field, Model
from odmantic.exceptions import DuplicateKeyError

MANY = 1_000
MANY_FAILED = 300


class Counter(Model):
    name: str = Field(primary_field=True)
    value: int = Field(default=0, unique=True)


class Refusal(Exception):  # noqa: N818
    pass


def assert_nothing_is_left(commands, transactions, open_transactions):
    """The driver makes another session when it has none at hand, and tells of each in the commands."""
    named = [event.command["lsid"]["id"] for event in commands.started]
    runs = {event.command["txnNumber"] for event in commands.started if is_in_transaction(event)}
    assert len(runs) >= transactions
    assert len(set(named)) == 1
    assert open_transactions() == 0


def is_in_transaction(event):
    return event.command.get("autocommit") is False


async def test_a_thousand_async_transactions_use_the_session_of_the_first(
    aio_engine, commands, open_transactions
):
    async def count(transaction):
        return await transaction.count(Counter)

    for number in range(MANY):
        if number % 2:
            await aio_engine.run_transaction(count)
        else:
            async with aio_engine.transaction() as transaction:
                await count(transaction)

    assert_nothing_is_left(commands, MANY, open_transactions)


def test_a_thousand_sync_transactions_use_the_session_of_the_first(
    sync_engine, commands, open_transactions
):
    for number in range(MANY):
        if number % 2:
            sync_engine.run_transaction(lambda transaction: transaction.count(Counter))
        else:
            with sync_engine.transaction() as transaction:
                transaction.count(Counter)

    assert_nothing_is_left(commands, MANY, open_transactions)


async def test_so_do_async_transactions_that_fail(
    aio_engine, commands, raw_database, open_transactions
):
    raw_database["counter"].create_index("value", unique=True)

    async def refuse(transaction):
        await transaction.save(Counter(name="new"))
        raise Refusal

    async def duplicate(transaction):
        await transaction.save(Counter(name="new"))
        await transaction.save(Counter(name="other"))

    async def cancel(transaction):
        await transaction.save(Counter(name="new"))
        asyncio.current_task().cancel()
        await asyncio.sleep(1)

    failures = (Refusal, DuplicateKeyError, asyncio.CancelledError)
    for number in range(MANY_FAILED):
        work = (refuse, duplicate, cancel)[number % 3]
        with suppress(*failures):
            if number % 2:
                await aio_engine.run_transaction(work)
            else:
                async with aio_engine.transaction() as transaction:
                    await work(transaction)
            pytest.fail("committed")

    assert_nothing_is_left(commands, MANY_FAILED, open_transactions)
    assert raw_database["counter"].count_documents({}) == 0


def test_so_do_sync_transactions_that_fail(sync_engine, commands, raw_database, open_transactions):
    raw_database["counter"].create_index("value", unique=True)

    def refuse(transaction):
        transaction.save(Counter(name="new"))
        raise Refusal

    def duplicate(transaction):
        transaction.save(Counter(name="new"))
        transaction.save(Counter(name="other"))

    def interrupt(transaction):
        transaction.save(Counter(name="new"))
        raise KeyboardInterrupt

    for number in range(MANY_FAILED):
        work = (refuse, duplicate, interrupt)[number % 3]
        with suppress(Refusal, DuplicateKeyError, KeyboardInterrupt):
            if number % 2:
                sync_engine.run_transaction(work)
            else:
                with sync_engine.transaction() as transaction:
                    work(transaction)
            pytest.fail("committed")

    assert_nothing_is_left(commands, MANY_FAILED, open_transactions)
    assert raw_database["counter"].count_documents({}) == 0
