"""A small bank: the part of the demo that shows how to use odmantic."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pymongo.errors import OperationFailure, PyMongoError

from odmantic import AIOEngine, Field, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from odmantic.session import AIOTransaction

TRANSIENT = "TransientTransactionError"


class Account(Model):
    """The account of one owner."""

    owner: str = Field(primary_field=True)
    balance: Decimal


class Transfer(Model):
    """The record of money moved from one account to another."""

    payer: str
    payee: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """A request to move money."""

    payer: str
    payee: str
    amount: Decimal

    def __str__(self) -> str:
        return f"{self.payer} pays {self.payee} {self.amount:,.2f}"


class InsufficientFundsError(Exception):
    """The payer of an order has too little money."""

    def __init__(self, payer: Account, payee: Account) -> None:
        super().__init__(f"{payer.owner} would be left with {payer.balance:,.2f}")
        self.payer = payer
        self.payee = payee


async def pay(transaction: AIOTransaction, order: Order) -> None:
    """Carry out an order in a running transaction.

    Raises:
        InsufficientFundsError: if the payer has too little money. It is raised after the writes, so that the
            transaction has something to undo; a real bank would check first.
    """
    payer = await account_of(transaction, order.payer)
    payee = await account_of(transaction, order.payee)
    payer.balance -= order.amount
    payee.balance += order.amount
    await transaction.save_all([payer, payee])
    await transaction.save(Transfer(payer=order.payer, payee=order.payee, amount=order.amount))
    if payer.balance < 0:
        raise InsufficientFundsError(payer, payee)


async def account_of(database: AIOEngine | AIOTransaction, owner: str) -> Account:
    """Return an account; in a transaction, as the transaction sees it."""
    account = await database.find_one(Account, Account.owner == owner)
    if account is None:
        raise LookupError(f"{owner} has no account")
    return account


async def transfer(engine: AIOEngine, order: Order) -> None:
    """Carry out an order atomically."""
    async with engine.transaction() as transaction:
        await pay(transaction, order)


async def transfer_until_done(engine: AIOEngine, order: Order) -> int:
    """Carry out an order, and retry after each write conflict.

    Returns:
        The number of retries.
    """
    for repeats in itertools.count():
        try:
            await transfer(engine, order)
        except PyMongoError as error:
            if not error.has_error_label(TRANSIENT):
                raise
            # Different waits, or the same transactions would conflict again.
            await asyncio.sleep(random.uniform(0, 0.005 * 2 ** min(repeats, 6)))  # noqa: S311
        else:
            return repeats
    raise AssertionError  # pragma: no cover (the loop has no end)


async def transfer_all(
    engine: AIOEngine, orders: Iterable[Order], *, at_once: int, on_done: Callable[[], None]
) -> Counter[str]:
    """Carry out orders, several at a time.

    Returns:
        How many were `committed` and `refused`, and how often one was `repeated`.
    """
    outcome: Counter[str] = Counter()
    turnstile = asyncio.Semaphore(at_once)

    async def one(order: Order) -> None:
        async with turnstile:
            try:
                outcome["repeated"] += await transfer_until_done(engine, order)
                outcome["committed"] += 1
            except InsufficientFundsError:
                outcome["refused"] += 1
        on_done()

    tasks = [asyncio.create_task(one(order)) for order in orders]
    try:
        await asyncio.gather(*tasks)
    finally:
        # After an error, none of them may still write when this returns.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return outcome


async def collide(engine: AIOEngine, first: Order, second: Order) -> OperationFailure | None:
    """Carry out two orders on one account at the same time: the first one wins.

    Returns:
        The error of the second one, or None if there was none.
    """
    async with engine.transaction() as transaction:
        await pay(transaction, first)
        try:
            await transfer(engine, second)
        except OperationFailure as error:
            return error
    return None


async def balances(engine: AIOEngine) -> dict[str, Decimal]:
    """Return all balances by owner."""
    return {account.owner: account.balance async for account in engine.find(Account)}


async def replay(engine: AIOEngine, before: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the balances that follow from `before` and the records of the transfers since."""
    expected = dict(before)
    async for record in engine.find(Transfer):
        expected[record.payer] -= record.amount
        expected[record.payee] += record.amount
    return expected
