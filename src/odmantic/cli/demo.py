"""`odmantic demo`: the tour. `bank` has the operations on accounts, `show` the presentation."""

from __future__ import annotations

import random
import secrets
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient
from pymongo.errors import InvalidURI
from rich.text import Text

from odmantic import AIOEngine, __version__
from odmantic.cli import bank
from odmantic.cli.bank import Account, InsufficientFundsError, Order, Transfer
from odmantic.cli.show import comparison, money, progress, say, steps, title, verdict
from odmantic.cli.terminal import FAILED, ended_in_order, output, run
from odmantic.testing import LocalReplicaSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMED = ("Ada", "Alan", "Barbara", "Edsger", "Grace", "Katherine")
OWNERS = (*NAMED, *(f"Customer {number:03}" for number in range(1, 495)))
OPENING_BALANCE = Decimal(1000)
BATCH = 50
ORDERS = 150
AT_ONCE = 8


def demo(uri: str | None) -> int:
    """Run the tour, on a given replica set or on a new one.

    Returns:
        The exit status: 1 if money has appeared or disappeared.
    """
    with ended_in_order():
        if uri is not None:
            return run(_visit, uri)
        replica_set = LocalReplicaSet()
        try:
            with output.status("Starting a MongoDB replica set …"):
                replica_set.start()
            return run(_visit, replica_set.uri)
        finally:
            replica_set.stop()


async def _visit(uri: str) -> int:
    """Run the tour in a database created for it."""
    try:
        client = AsyncMongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=5000)
    except ValueError as error:
        raise InvalidURI(str(error)) from error
    async with client:
        server = await client.server_info()
        output.print(f"[bold]odmantic {__version__}[/] on MongoDB {server['version']}")
        name = f"odmantic_demo_{secrets.token_hex(4)}"
        try:
            began = time.monotonic()
            good = await tour(AIOEngine(client, database=name))
            output.print(
                f"\n[dim]That took {time.monotonic() - began:.1f} seconds."
                " A replica set to play with: python -m odmantic serve[/]"
            )
        finally:
            await client.drop_database(name)
    return 0 if good else FAILED


async def tour(engine: AIOEngine) -> bool:
    """Show everything.

    Returns:
        Whether every balance is right.
    """
    await load(engine)
    before = await bank.balances(engine)
    await move(engine)
    undone = await fail(engine)
    collided = await collide(engine)
    kept = await check(engine, before)
    return undone and collided and kept


async def load(engine: AIOEngine) -> None:
    """Load accounts."""
    title(1, "Load accounts", "await engine.save_all(accounts)")
    accounts = [Account(owner=owner, balance=OPENING_BALANCE) for owner in OWNERS]
    with progress("accounts", len(accounts)) as advance:
        for start in range(0, len(accounts), BATCH):
            saved = await engine.save_all(accounts[start : start + BATCH])
            advance(len(saved))


async def move(engine: AIOEngine) -> None:
    """Move money in transactions, some of which conflict."""
    title(
        2,
        f"Move money in {ORDERS} transactions, {AT_ONCE} at a time",
        "async with engine.transaction() as transaction: ...",
    )
    with progress("transfers", ORDERS) as advance:
        outcome = await bank.transfer_all(
            engine, orders(ORDERS), at_once=AT_ONCE, on_done=lambda: advance(1)
        )
    say(
        f"{outcome['committed']} committed, {outcome['refused']} refused (insufficient funds),"
        f" {outcome['repeated']} repeats after conflicts"
    )


def orders(count: int) -> Iterator[Order]:
    """Yield orders; every second one is between named owners, so that they conflict."""
    chance = random.Random(1815)  # noqa: S311 (nobody's secret)
    for number in range(count):
        payer, payee = chance.sample(NAMED if number % 2 else OWNERS, 2)
        yield Order(payer, payee, Decimal(chance.randrange(100, 40_000)) / 100)


async def fail(engine: AIOEngine) -> bool:
    """Let a transfer fail after it has written everything."""
    title(3, "A transfer that fails is rolled back")
    order = Order("Ada", "Grace", Decimal(1_000_000))
    before, records = await bank.balances(engine), await engine.count(Transfer)
    say(f"{order}, more than {order.payer} has:")
    rows: list[tuple[str | Text, ...]]
    rows = [("before", money(before[order.payer]), money(before[order.payee]))]
    try:
        async with engine.transaction() as transaction:
            await bank.pay(transaction, order)
    except InsufficientFundsError as error:
        inside = money(error.payer.balance), money(error.payee.balance)
        rows.append(("written in the transaction", *inside))
        rows.append((Text(f"{type(error).__name__}: rolled back", "red"), "", ""))
    after = await bank.balances(engine)
    rows.append(("afterwards", money(after[order.payer]), money(after[order.payee])))
    steps(("", order.payer, order.payee), rows, right=2)
    unchanged = after == before and await engine.count(Transfer) == records
    return verdict(unchanged, "Nothing of it is left" if unchanged else "Something of it is left")


async def collide(engine: AIOEngine) -> bool:
    """Let two transactions change the same account."""
    title(4, "Two transactions change the same account at the same time")
    first = Order("Ada", "Grace", Decimal(10))
    second = Order("Ada", "Alan", Decimal(20))
    error = await bank.collide(engine, first, second)
    if error is None:
        return verdict(False, "Both have been committed")
    await bank.transfer_until_done(engine, second)
    name = (error.details or {}).get("codeName", "")
    steps(
        ("transaction", "order", "outcome"),
        [
            ("first", str(first), "written, not committed yet"),
            ("second", str(second), Text(f"{name}, code {error.code}: rolled back", "red")),
            ("first", "", Text("committed", "green")),
            ("second", "once more", Text("committed", "green")),
        ],
    )
    return verdict(
        error.has_error_label(bank.TRANSIENT),
        f"The error is labelled {bank.TRANSIENT}: safe to repeat",
    )


async def check(engine: AIOEngine, before: Mapping[str, Decimal]) -> bool:
    """Compare the balances with those before, and with the records of the transfers."""
    title(5, "Balances before and after")
    after = await bank.balances(engine)
    records = await engine.count(Transfer)
    explained = after == await bank.replay(engine, before)
    comparison(before, after, NAMED)
    was, now = sum(before.values(), Decimal()), sum(after.values(), Decimal())
    kept = verdict(
        was == now,
        f"The sum is still {money(now)}"
        if was == now
        else f"The sum was {money(was)} and is {money(now)}",
    )
    return kept & verdict(
        explained,
        f"{records} records of transfers explain every balance"
        if explained
        else f"{records} records of transfers do not explain every balance",
    )
