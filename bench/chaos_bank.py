"""Numbered transfers between accounts, by workers that continue whatever happens to the servers."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from odmantic import Field, Model
from odmantic.exceptions import CommitOutcomeUnknownError, TransactionTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from odmantic import AIOEngine, SyncEngine
    from odmantic.session import AIOTransaction, SyncTransaction

ACCOUNTS = 200
OPENING_BALANCE = 400
LARGEST_AMOUNT = 120
"""Some exceed what an account may hold, so that some transfers are refused after they have written."""


class Account(Model):
    number: int = Field(primary_field=True)
    balance: int


class Transfer(Model):
    """The record of a transfer; its number comes from the client, which can look it up."""

    number: int = Field(primary_field=True)
    payer: int
    payee: int
    amount: int


@dataclass(frozen=True, slots=True)
class Order:
    number: int
    payer: int
    payee: int
    amount: int

    def record(self) -> Transfer:
        return Transfer(number=self.number, payer=self.payer, payee=self.payee, amount=self.amount)


class InsufficientFundsError(Exception):
    """The payer of an order has too little money."""


@dataclass
class Ledger:
    """What the clients know: which transfers were acknowledged, and when."""

    goal: int
    seed: int
    acknowledged: dict[int, float] = field(default_factory=dict[int, float])
    refused: set[int] = field(default_factory=set[int])
    given_up: dict[int, str] = field(default_factory=dict[int, str])
    counts: Counter[str] = field(default_factory=Counter[str])
    may_stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def orders(self, worker: int, workers: int) -> Iterator[Order]:
        """Yield the orders of one worker, until all workers together have reached the goal and no fault is pending."""
        chance = random.Random(f"{self.seed}:{worker}")
        for count in itertools.count():
            if len(self.acknowledged) >= self.goal and self.may_stop.is_set():
                return
            payer, payee = chance.sample(range(ACCOUNTS), 2)
            amount = chance.randint(1, LARGEST_AMOUNT)
            yield Order(count * workers + worker, payer, payee, amount)

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def acknowledge(self, order: Order) -> None:
        with self.lock:
            self.acknowledged[order.number] = time.monotonic()

    def refuse(self, order: Order) -> None:
        with self.lock:
            self.refused.add(order.number)

    def give_up(self, order: Order, error: Exception) -> None:
        with self.lock:
            self.given_up[order.number] = type(error).__name__.partition("_")[0]


async def work_async(engine: AIOEngine, ledger: Ledger, worker: int, workers: int) -> None:
    for order in ledger.orders(worker, workers):
        must_look = False
        while True:
            try:
                await engine.run_transaction(_payment_async(order, ledger, must_look=must_look))
                ledger.acknowledge(order)
            except InsufficientFundsError:
                ledger.refuse(order)
            except (CommitOutcomeUnknownError, TransactionTimeoutError) as error:
                must_look = _look_next_time(error, ledger)
                continue
            except Exception as error:  # noqa: BLE001 - reported by its class
                ledger.give_up(order, error)
            break


def work_sync(engine: SyncEngine, ledger: Ledger, worker: int, workers: int) -> None:
    for order in ledger.orders(worker, workers):
        must_look = False
        while True:
            try:
                engine.run_transaction(_payment_sync(order, ledger, must_look=must_look))
                ledger.acknowledge(order)
            except InsufficientFundsError:
                ledger.refuse(order)
            except (CommitOutcomeUnknownError, TransactionTimeoutError) as error:
                must_look = _look_next_time(error, ledger)
                continue
            except Exception as error:  # noqa: BLE001 - reported by its class
                ledger.give_up(order, error)
            break


def _look_next_time(error: Exception, ledger: Ledger) -> bool:
    """Return whether the transfer may have taken effect, so that its record has to be looked up."""
    unknown = isinstance(error, CommitOutcomeUnknownError)
    ledger.count("unknown outcomes" if unknown else "timeouts")
    return unknown


def _payment_async(order: Order, ledger: Ledger, *, must_look: bool) -> Callable:
    async def pay(transaction: AIOTransaction) -> None:
        ledger.count("attempts")
        # In the same transaction as the transfer: an earlier commit that takes effect late conflicts with it.
        if must_look and await transaction.find_one(Transfer, Transfer.number == order.number):
            ledger.count("found by their number")
            return
        payer = await transaction.find_one(Account, Account.number == order.payer)
        payee = await transaction.find_one(Account, Account.number == order.payee)
        payer.balance -= order.amount
        payee.balance += order.amount
        await transaction.save(order.record())
        await transaction.save_all([payer, payee])
        if payer.balance < 0:
            raise InsufficientFundsError

    return pay


def _payment_sync(order: Order, ledger: Ledger, *, must_look: bool) -> Callable:
    def pay(transaction: SyncTransaction) -> None:
        ledger.count("attempts")
        if must_look and transaction.find_one(Transfer, Transfer.number == order.number):
            ledger.count("found by their number")
            return
        payer = transaction.find_one(Account, Account.number == order.payer)
        payee = transaction.find_one(Account, Account.number == order.payee)
        payer.balance -= order.amount
        payee.balance += order.amount
        transaction.save(order.record())
        transaction.save_all([payer, payee])
        if payer.balance < 0:
            raise InsufficientFundsError

    return pay


def open_accounts(engine: SyncEngine) -> None:
    engine.save_all([Account(number=number, balance=OPENING_BALANCE) for number in range(ACCOUNTS)])


def audit(engine: SyncEngine, ledger: Ledger) -> list[str]:
    """Return everything that is wrong in the bank, given what the clients know."""
    balances = {account.number: account.balance for account in engine.find(Account)}
    records = list(engine.find(Transfer))
    recorded = Counter(record.number for record in records)
    expected = dict.fromkeys(range(ACCOUNTS), OPENING_BALANCE)
    for record in records:
        expected[record.payer] -= record.amount
        expected[record.payee] += record.amount

    violations = []
    total = sum(balances.values())
    if total != ACCOUNTS * OPENING_BALANCE:
        violations.append(f"the balances sum up to {total}, not {ACCOUNTS * OPENING_BALANCE}")
    violations += [
        f"account {number} holds {balances.get(number)}; its records say {balance}"
        for number, balance in expected.items()
        if balances.get(number) != balance
    ]
    violations += [
        f"acknowledged transfer {number} is recorded {recorded[number]} times"
        for number in ledger.acknowledged
        if recorded[number] != 1
    ]
    violations += [
        f"refused transfer {number} is recorded" for number in ledger.refused if recorded[number]
    ]
    known = ledger.acknowledged.keys() | ledger.refused | ledger.given_up.keys()
    violations += [f"nobody ordered transfer {number}" for number in recorded.keys() - known]
    return violations
