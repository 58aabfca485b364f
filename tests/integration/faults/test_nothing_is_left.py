"""Transactions leave nothing behind on the server, and one session serves them all."""

from __future__ import annotations

from contextlib import suppress

from odmantic import Field, Model

MANY = 1_000


class Counter(Model):
    name: str = Field(primary_field=True)
    value: int = 0


class Refusal(Exception):  # noqa: N818
    pass


def used_sessions(commands):
    return {event.command["lsid"]["id"] for event in commands.started if "lsid" in event.command}


async def test_a_thousand_async_transactions_use_one_server_session(
    aio_engine, commands, open_transactions
):
    async def count(transaction):
        return await transaction.count(Counter)

    for number in range(MANY // 2):
        await aio_engine.run_transaction(count)
        with suppress(Refusal):
            async with aio_engine.transaction() as transaction:
                await count(transaction)
                if number % 2:
                    raise Refusal

    assert len(commands.started) >= 2 * MANY
    assert len(used_sessions(commands)) == 1
    assert open_transactions() == 0


def test_a_thousand_sync_transactions_use_one_server_session(
    sync_engine, commands, open_transactions
):
    for number in range(MANY // 2):
        sync_engine.run_transaction(lambda transaction: transaction.count(Counter))
        with suppress(Refusal):
            with sync_engine.transaction() as transaction:
                transaction.count(Counter)
                if number % 2:
                    raise Refusal

    assert len(commands.started) >= 2 * MANY
    assert len(used_sessions(commands)) == 1
    assert open_transactions() == 0
