"""What the page about transactions shows beside programs is what happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from odmantic import Model
from odmantic.testing.faults import ALL_FAULTS, Fault, aio_inject_faults

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROGRAM = DOCS / "snippets" / "faults_transfer.py"
# Each takes a second, for the driver looks for the server again; `tests/integration/faults` has them.
SLOW = (Fault.LOST_BEFORE, Fault.LOST_AFTER)


def words(text):
    """The lines of a table without its head, whatever the width of its columns."""
    lines = [" ".join(line.split()) for line in text.splitlines()[2:]]
    return [line for line in lines if line != "..." and "connection lost" not in line]


async def test_the_report_on_a_transfer_is_the_one_shown(make_program, odmantic_mongo_uri):
    source = PROGRAM.read_text().replace("asyncio.run(main())", "")
    program = make_program(source, str(PROGRAM))
    program.run()
    transfer, check, prepare = (
        program.namespace[name] for name in ("transfer_until_done", "check", "open_accounts")
    )

    faults = [fault for fault in ALL_FAULTS if fault not in SLOW]
    report = await aio_inject_faults(
        odmantic_mongo_uri, transfer, check, prepare=prepare, faults=faults
    )

    page = (DOCS / "transactions.md").read_text()
    shown = words(page.partition("```text\n")[2].partition("\n```")[0])
    lines = words(str(report))
    assert len(shown) >= 5
    assert [line for line in shown if line not in lines] == []
    assert [line for line in lines if not line.endswith(" -")] == [
        line for line in shown if not line.endswith(" -")
    ]


class Counter(Model):
    value: int = 0


@pytest.fixture
def short_lives(odmantic_mongo_client):
    """The server ends transactions after a second."""
    name = "transactionLifetimeLimitSeconds"
    admin = odmantic_mongo_client.admin
    usual = admin.command("getParameter", 1, **{name: 1})[name]
    admin.command("setParameter", 1, **{name: 1})
    yield
    admin.command("setParameter", 1, **{name: usual})


async def test_a_transaction_beyond_the_servers_time_limit_runs_again(short_lives, aio_engine):
    counter = await aio_engine.save(Counter())
    errors = []

    async def open_transactions():
        status = await aio_engine.client.admin.command("serverStatus")
        return status["transactions"]["currentOpen"]

    async def work(transaction):
        stored = await transaction.find_one(Counter, Counter.id == counter.id)
        stored.value += 1
        await transaction.save(stored)
        while not errors and await open_transactions():
            await asyncio.sleep(0.1)
        try:
            await transaction.count(Counter)
        except Exception as error:
            errors.append(error)
            raise

    await aio_engine.run_transaction(work, timeout=30)

    assert [(error.code, error.details["codeName"]) for error in errors] == [
        (251, "NoSuchTransaction")
    ]
    assert (await aio_engine.find_one(Counter)).value == 1
