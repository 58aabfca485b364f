"""The bank of the demo."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from odmantic import AIOEngine
from odmantic.cli import bank, demo
from odmantic.cli.bank import Account, InsufficientFundsError, Order, Transfer


@pytest.fixture
async def engine(
    aio_engine: AIOEngine, odmantic_mongo_client: MongoClient[dict[str, Any]]
) -> AIOEngine:
    """With the accounts of Ada and Alan, 100 each."""
    await aio_engine.save_all(
        [Account(owner=name, balance=Decimal(100)) for name in ("Ada", "Alan")]
    )
    # Two transactions that create the same collection conflict too.
    odmantic_mongo_client[aio_engine.database.name].create_collection(+Transfer)
    return aio_engine


async def stored(engine: AIOEngine) -> tuple[dict[str, Decimal], int]:
    return await bank.balances(engine), await engine.count(Transfer)


async def test_a_transfer_moves_money_and_leaves_a_record(engine):
    await bank.transfer(engine, Order("Ada", "Alan", Decimal("0.10")))
    assert await stored(engine) == ({"Ada": Decimal("99.90"), "Alan": Decimal("100.10")}, 1)


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (Order("Ada", "Alan", Decimal("100.01")), InsufficientFundsError),
        (Order("Ada", "Nobody", Decimal(1)), LookupError),
        (Order("Nobody", "Ada", Decimal(1)), LookupError),
    ],
)
async def test_a_transfer_that_cannot_be_leaves_nothing(engine, order, error):
    with pytest.raises(error):
        await bank.transfer_until_done(engine, order)
    assert await stored(engine) == ({"Ada": Decimal(100), "Alan": Decimal(100)}, 0)


async def test_a_transfer_is_repeated_while_another_transaction_holds_the_account(engine):
    order = Order("Ada", "Alan", Decimal(1))
    async with engine.transaction() as transaction:
        await bank.pay(transaction, order)
        repeating = asyncio.create_task(bank.transfer_until_done(engine, order))
        await asyncio.sleep(0.5)
        assert not repeating.done()
    assert await repeating >= 1
    assert await stored(engine) == ({"Ada": Decimal(98), "Alan": Decimal(102)}, 2)


async def test_an_error_that_will_not_pass_is_not_repeated(engine, odmantic_mongo_client):
    collection = odmantic_mongo_client[engine.database.name]
    collection.command("collMod", "account", validator={"balance": {"$gte": 0}})
    with pytest.raises(OperationFailure, match="validation") as refused:
        await bank.transfer_until_done(engine, Order("Ada", "Alan", Decimal(200)))
    assert not refused.value.has_error_label(bank.TRANSIENT)


async def test_of_two_transfers_from_one_account_the_first_wins(engine):
    error = await bank.collide(
        engine, Order("Ada", "Alan", Decimal(1)), Order("Ada", "Alan", Decimal(5))
    )
    assert error is not None
    assert (error.code, error.has_error_label(bank.TRANSIENT)) == (112, True)
    assert await stored(engine) == ({"Ada": Decimal(99), "Alan": Decimal(101)}, 1)


async def test_transfers_between_different_accounts_do_not_collide(engine):
    await engine.save_all([Account(owner=name, balance=Decimal(100)) for name in ("Bob", "Eve")])
    ours, theirs = Order("Ada", "Alan", Decimal(1)), Order("Bob", "Eve", Decimal(1))
    assert await bank.collide(engine, ours, theirs) is None
    assert await engine.count(Transfer) == 2


async def test_the_demo_fails_if_nothing_collides(engine, monkeypatch, capsys):
    async def without_error(*_: object) -> None:
        return None

    monkeypatch.setattr(bank, "collide", without_error)
    assert await demo.collide(engine) is False
    assert "✗ Both have been committed" in capsys.readouterr().out


async def test_records_explain_balances_only_if_they_are_complete(engine):
    before = await bank.balances(engine)
    await bank.transfer(engine, Order("Ada", "Alan", Decimal(1)))
    assert await bank.replay(engine, before) == await bank.balances(engine)
    await engine.remove(Transfer)
    assert await bank.replay(engine, before) != await bank.balances(engine)
