"""`python -m bench.chaos`: transfers between accounts while the primary is killed again and again.

Many workers move money on a replica set of three members, each transfer in a transaction with `run_transaction`.
Meanwhile the primary is killed with SIGKILL, restarted, and stepped down. In the end every acknowledged transfer must
be recorded exactly once, the records must account for every balance, and no money may be gained or lost.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient, MongoClient
from pymongo.read_concern import ReadConcern

from bench.chaos_bank import Ledger, audit, open_accounts, work_async, work_sync
from bench.chaos_faults import Event, Saboteur
from bench.chaos_timeline import draw
from odmantic import AIOEngine, SyncEngine
from odmantic.testing import LocalReplicaSet

DRIVERS = {
    "pymongo": "AsyncMongoClient",
    "motor": "AsyncIOMotorClient",
    "threads": "MongoClient in threads",
}


@dataclass(frozen=True, slots=True)
class Options:
    driver: str
    workers: int
    transfers: int
    kills: int
    step_downs: int
    seed: int
    database: str = "chaos"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run.

    Attributes:
        began: The time of the start; all times are on the monotonic clock.
        violations: Everything wrong in the bank, which has to be nothing.
    """

    options: Options
    server: str
    began: float
    ended: float
    ledger: Ledger
    events: tuple[Event, ...]
    violations: tuple[str, ...]

    @property
    def kills(self) -> int:
        return sum(event.kind == "killed" for event in self.events)

    @property
    def retries(self) -> int:
        """The number of retries of transfers."""
        ledger = self.ledger
        transfers = len(ledger.acknowledged) + len(ledger.refused) + len(ledger.given_up)
        return max(ledger.counts["attempts"] - transfers, 0)

    @property
    def title(self) -> str:
        done = len(self.ledger.acknowledged)
        return (
            f"{DRIVERS[self.options.driver]}: {done:,} transfers by {self.options.workers} workers"
        )

    def picture(self) -> str:
        moments = self.ledger.acknowledged.values()
        return draw(self.title, self.began, self.ended, moments, self.events)

    def __str__(self) -> str:
        ledger, seconds = self.ledger, self.ended - self.began
        pauses = [event.primary_at - event.began for event in self.events] or [0.0]
        given_up = ", ".join(sorted(set(ledger.given_up.values())))
        done, rate = len(ledger.acknowledged), len(ledger.acknowledged) / seconds
        looked, found = ledger.counts["unknown outcomes"], ledger.counts["found by their number"]
        stepped_down = len(self.events) - self.kills
        rows = {
            "acknowledged": f"{done:,} in {seconds:.1f} s ({rate:.0f} a second)",
            "refused": f"{len(ledger.refused):,} (insufficient funds, after all was written)",
            "retries": f"{self.retries:,} (run again after a transient error)",
            "unknown": f"{looked} commits, looked up by number; {found} had taken effect",
            "timeouts": f"{ledger.counts['timeouts']}",
            "given up": f"{len(ledger.given_up)} {given_up}".rstrip(),
            "failovers": f"{len(self.events)}: {self.kills} primaries killed and restarted,"
            f" {stepped_down} stepped down; longest {max(pauses):.1f} s without a primary",
            "violations": f"{len(self.violations)}",
        }
        lines = [
            f"{self.title}, MongoDB {self.server}, 3 members, seed {self.options.seed}",
            *(f"  {name:<13}{value}" for name, value in rows.items()),
            *(f"    {violation}" for violation in self.violations[:20]),
        ]
        return "\n".join(lines)


def run(options: Options, replica_set: LocalReplicaSet) -> Outcome:
    """Work and sabotage until there was enough of both, then check what is stored."""
    with MongoClient[dict[str, Any]](replica_set.uri) as client:
        server = client.server_info()["version"]
        engine = SyncEngine(client, database=options.database)
        open_accounts(engine)
        ledger = Ledger(options.transfers, options.seed)
        saboteur = Saboteur(
            replica_set,
            options.kills,
            options.step_downs,
            progress=lambda: len(ledger.acknowledged) / options.transfers,
            on_end=ledger.may_stop.set,
        )
        began = time.monotonic()
        thread = saboteur.start()
        try:
            _work(options, replica_set.uri, ledger)
            ended = time.monotonic()
        finally:
            saboteur.stopped.set()
            thread.join()
        if saboteur.error is not None:
            raise saboteur.error
        # A failover can roll back everything that a majority does not have.
        stored = client.get_database(options.database, read_concern=ReadConcern("majority"))
        engine.database = stored
        violations = tuple(audit(engine, ledger))
    return Outcome(options, server, began, ended, ledger, tuple(saboteur.events), violations)


def _work(options: Options, uri: str, ledger: Ledger) -> None:
    if options.driver == "threads":
        _work_in_threads(options, uri, ledger)
    else:
        asyncio.run(_work_in_tasks(options, uri, ledger))


def _work_in_threads(options: Options, uri: str, ledger: Ledger) -> None:
    with (
        MongoClient[dict[str, Any]](uri) as client,
        ThreadPoolExecutor(options.workers) as pool,
    ):
        engine = SyncEngine(client, database=options.database)
        futures = [
            pool.submit(work_sync, engine, ledger, worker, options.workers)
            for worker in range(options.workers)
        ]
        for future in futures:
            future.result()


async def _work_in_tasks(options: Options, uri: str, ledger: Ledger) -> None:
    client = _async_client(options.driver, uri)
    engine = AIOEngine(client, database=options.database)
    try:
        await asyncio.gather(
            *(
                work_async(engine, ledger, worker, options.workers)
                for worker in range(options.workers)
            )
        )
    finally:
        closing = client.close()
        if closing is not None:
            await closing


def _async_client(driver: str, uri: str) -> Any:
    if driver == "motor":
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415

        return AsyncIOMotorClient(uri)
    return AsyncMongoClient(uri)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if something is wrong in the bank."""
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--driver", choices=DRIVERS, default="pymongo")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--transfers", type=int, default=10_000, help="at least so many")
    parser.add_argument("--kills", type=int, default=10, help="how often the primary is killed")
    parser.add_argument(
        "--step-downs", type=int, help="how often it steps down (default: half of it)"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--svg", type=Path, help="where to draw the timeline")
    parser.add_argument("--mongod", help="the mongod to start")
    given = parser.parse_args(arguments)
    step_downs = given.kills // 2 if given.step_downs is None else given.step_downs
    options = Options(
        given.driver, given.workers, given.transfers, given.kills, step_downs, given.seed
    )
    with LocalReplicaSet(members=3, mongod=given.mongod) as replica_set:
        outcome = run(options, replica_set)
    print(outcome)
    if given.svg is not None:
        given.svg.write_text(outcome.picture(), encoding="utf-8")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
