"""Whatever goes wrong in a deletion with rules: all of it has happened or nothing, and the instance knows which."""

from __future__ import annotations

import random
from typing import List, Optional

from odmantic import Model, Reference
from odmantic.exceptions import DocumentNotFoundError
from odmantic.testing.faults import (
    ALL_FAULTS,
    SERVER_FAULTS,
    aio_inject_faults,
    sync_inject_faults,
)


class Owner(Model):
    name: str = "o"


class Ship(Model):
    owner: Owner = Reference(on_delete="cascade")


class Club(Model):
    head: Optional[Owner] = Reference(on_delete="nullify")
    members: List[Owner] = Reference(on_delete="pull")


def fleet():
    owner, other = Owner(), Owner(name="other")
    return [
        *(Ship(owner=owner), Ship(owner=owner), Ship(owner=other)),
        *(Club(head=owner, members=[other, owner]), Club(head=other, members=[owner])),
    ]


EVERYTHING = {"owners": 2, "ships": 3, "heads": 2, "members": 3}
WITHOUT_ONE = {"owners": 1, "ships": 1, "heads": 1, "members": 1}


def summary(owners, ships, clubs):
    return {
        "owners": len(owners),
        "ships": len(ships),
        "heads": sum(club.head is not None for club in clubs),
        "members": sum(len(club.members) for club in clubs),
    }


def assert_all_or_nothing(run, owner, found):
    assert found in (EVERYTHING, WITHOUT_ONE)
    if run.error is None:
        assert found == WITHOUT_ONE
    # What is gone is new; a save inserts it again.
    if found == WITHOUT_ONE:
        assert owner.__fields_modified__ == {"id", "name"}


def one_of(faults):
    """Returns one of them, since each costs a run for each command."""
    fault = random.choice(faults)
    return (fault,)


async def test_an_async_deletion_is_all_or_nothing(odmantic_mongo_uri):
    owners = []

    async def prepare(engine):
        owners.clear()
        await engine.save_all(fleet())

    async def work(engine):
        owner = await engine.find_one(Owner, Owner.name == "o")
        owners.append(owner)
        await engine.delete(owner)

    async def check(engine, run):
        found = [await engine.find(model) for model in (Owner, Ship, Club)]
        if owners:
            assert_all_or_nothing(run, owners[0], summary(*found))

    report = await aio_inject_faults(
        odmantic_mongo_uri, work, check, prepare=prepare, faults=one_of(ALL_FAULTS)
    )
    report.raise_for_violations()
    assert len(report.runs) > 1


def test_a_sync_deletion_is_all_or_nothing(odmantic_mongo_uri):
    operation = random.choice(["delete", "remove"])

    def prepare(engine):
        engine.save_all(fleet())

    def work(engine):
        if operation == "delete":
            engine.delete(engine.find_one(Owner, Owner.name == "o"))
        else:
            assert engine.remove(Owner, Owner.name == "o") == 1

    def check(engine, run):
        found = [list(engine.find(model)) for model in (Owner, Ship, Club)]
        assert summary(*found) in (EVERYTHING, WITHOUT_ONE)

    report = sync_inject_faults(
        odmantic_mongo_uri, work, check, prepare=prepare, faults=one_of(SERVER_FAULTS)
    )
    report.raise_for_violations()
    assert DocumentNotFoundError not in {type(run.error) for run in report.runs}
