"""A small bank: the part of the demo that is an example of how to use odmantic."""

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
    """What somebody owns."""

    owner: str = Field(primary_field=True)
    balance: Decimal


class Transfer(Model):
    """The record of money that moved from one account to another."""

    payer: str
    payee: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """The wish to move money."""

    payer: str
    payee: str
    amount: Decimal

    def __str__(self) -> str:
        return f"{self.payer} pays {self.payee} {self.amount:,.2f}"


class InsufficientFundsError(Exception):
    """The payer of an order has less than its amount."""

    def __init__(self, payer: Account, payee: Account) -> None:
        super().__init__(f"{payer.owner} would be left with {payer.balance:,.2f}")
        self.payer = payer
        self.payee = payee


async def pay(transaction: AIOTransaction, order: Order) -> None:
    """Carry out an order in a transaction that runs.

    Raises:
        InsufficientFundsError: if the payer has not enough. All is written by then, so that the
            transaction has something to undo; a real bank would look first.
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
    """Find an account; in a transaction, as the transaction sees it."""
    account = await database.find_one(Account, Account.owner == owner)
    if account is None:
        raise LookupError(f"{owner} has no account")
    return account


async def transfer(engine: AIOEngine, order: Order) -> None:
    """Carry out an order, completely or not at all."""
    async with engine.transaction() as transaction:
        await pay(transaction, order)


async def transfer_until_done(engine: AIOEngine, order: Order) -> int:
    """Carry out an order; as often as another transaction was faster, try again.

    Returns:
        How many times it was repeated.
    """
    for repeats in itertools.count():
        try:
            await transfer(engine, order)
        except PyMongoError as error:
            if not error.has_error_label(TRANSIENT):
                raise
            # Those who met wait for different times, or they would meet again.
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
        # After an error, none of them must write any more when this returns.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return outcome


async def collide(engine: AIOEngine, first: Order, second: Order) -> OperationFailure | None:
    """Carry out two orders on one account at the same time: the first one wins.

    Returns:
        The error that the second one saw, and None if there was none.
    """
    async with engine.transaction() as transaction:
        await pay(transaction, first)
        try:
            await transfer(engine, second)
        except OperationFailure as error:
            return error
    return None


async def balances(engine: AIOEngine) -> dict[str, Decimal]:
    """Return what everybody owns."""
    return {account.owner: account.balance async for account in engine.find(Account)}


async def replay(engine: AIOEngine, before: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return what everybody must own, according to the records of the transfers since `before`."""
    expected = dict(before)
    async for record in engine.find(Transfer):
        expected[record.payer] -= record.amount
        expected[record.payee] += record.amount
    return expected
