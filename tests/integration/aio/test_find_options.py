"""The options of single reads: what reaches the commands, and what is refused."""

from __future__ import annotations

from typing import ClassVar

import pytest
from pymongo import ReadPreference
from pymongo.collation import Collation
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from odmantic import BackReference, Field, Index, Load, Model, Reference
from odmantic.exceptions import SessionMisuseError
from odmantic.query import desc, raw


class Crate(Model):
    code: str = Field(index=True)
    weight: int = 0


class Owner(Model):
    name: str
    chests: ClassVar = BackReference("Chest", "owner")


class Chest(Model):
    code: str = Field(index=True)
    owner: Owner = Reference()


WORDS = {
    "hint": "_id_",
    "collation": {"locale": "en", "strength": 2},
    "comment": "why",
    "max_time_ms": 5_000,
    "let": {"least": "$weight"},
}
SENT = {
    "hint": "_id_",
    "comment": "why",
    "maxTimeMS": 5_000,
    "let": {"least": {"$literal": "$weight"}},
}


ALONG = {"comment": "why", "maxTimeMS": 5_000}


def part(command, wanted):
    return {name: command[name] for name in wanted if name in command}


async def test_options_of_find_and_find_one_reach_the_command(aio_engine, commands):
    await aio_engine.save_all([Crate(code="A", weight=1), Crate(code="b", weight=2)])
    commands.clear()
    words = {**WORDS, "batch_size": 7, "allow_disk_use": True, "no_cursor_timeout": True}
    found = list(await aio_engine.find(Crate, Crate.code == "a", **words))
    assert [each.code for each in found] == ["A"]
    command = commands.started[-1].command
    assert part(command, SENT) == SENT
    assert command["collation"]["strength"] == 2
    assert (command["batchSize"], command["allowDiskUse"]) == (7, True)
    assert command["noCursorTimeout"] is True
    one = await aio_engine.find_one(Crate, sort=Crate.code, skip=1, **WORDS)
    assert one.code == "b"
    command = commands.started[-1].command
    assert (part(command, SENT), command["skip"]) == (SENT, 1)


async def test_variables_are_values_and_never_expressions(aio_engine):
    await aio_engine.save_all([Crate(code="a", weight=1), Crate(code="b", weight=2)])
    least = {"$expr": {"$gte": ["$weight", "$$least"]}}
    assert await aio_engine.count(Crate, raw(least), let={"least": 2}) == 1
    assert list(await aio_engine.find(Crate, raw(least), let={"least": "$weight"})) == []


async def test_options_of_other_reads_reach_the_command(aio_engine, commands):
    await aio_engine.save_all([Crate(code="A"), Crate(code="b"), Crate(code="c")])
    commands.clear()
    assert await aio_engine.count(Crate, Crate.code >= "a", **WORDS) == 3
    assert part(commands.started[-1].command, SENT) == SENT
    assert await aio_engine.exists(Crate, Crate.code == "a", **WORDS) is True
    assert part(commands.started[-1].command, SENT) == SENT
    fewer = {"collation": Collation("en", strength=2), "comment": "why", "max_time_ms": 5_000}
    assert await aio_engine.distinct(Crate.code, Crate.code == "a", **fewer) == ["A"]
    assert await aio_engine.estimated_count(Crate, comment="why", max_time_ms=5_000) == 3
    for event in commands.started[-2:]:
        assert part(event.command, SENT) == {"comment": "why", "maxTimeMS": 5_000}


async def test_a_count_has_bounds(aio_engine):
    await aio_engine.save_all([Crate(code=str(number)) for number in range(5)])
    assert await aio_engine.count(Crate, limit=3) == 3
    assert await aio_engine.count(Crate, skip=4) == 1
    assert await aio_engine.count(Crate, skip=1, limit=2) == 2
    assert await aio_engine.count(Crate, raw({"$where": "true"}), skip=1, limit=2) == 2


async def test_lookups_have_those_that_concern_them(aio_engine, commands):
    owner = Owner(name="Ada")
    await aio_engine.configure_database([Chest])
    await aio_engine.save_all([Chest(code="a", owner=owner), Chest(code="b", owner=owner)])
    commands.clear()
    words = {"comment": "why", "max_time_ms": 5_000}
    assert len(list(await aio_engine.find(Chest, hint=Chest.code, **words))) == 2
    assert [event.command.get("hint") for event in commands.started] == [{"code": 1}, None]
    assert (await aio_engine.find_one(Chest, hint=Chest.code, **words)).owner == owner
    for limit in (None, 1):
        (found,) = await aio_engine.find(Owner, load=[Load(Owner.chests, limit=limit)], **words)
        assert found.chests
    assert len(commands.started) == 7
    for event in commands.started:
        assert part(event.command, ALONG) == ALONG


@pytest.mark.parametrize(
    ("hint", "sent"),
    [
        ("code_1", "code_1"),
        (Index(Crate.code), {"code": 1}),
        (Index(Crate.code, name="code_1"), "code_1"),
        (Crate.code, {"code": 1}),
        ([Crate.code], {"code": 1}),
    ],
)
async def test_a_hint_is_an_index_or_fields(aio_engine, commands, hint, sent):
    await aio_engine.configure_database([Crate])
    await aio_engine.save(Crate(code="a"))
    (found,) = await aio_engine.find(Crate, hint=hint)
    assert found.code == "a"
    assert commands.started[-1].command["hint"] == sent
    with pytest.raises(OperationFailure, match="hint"):
        list(await aio_engine.find(Crate, hint=desc(Crate.code)))


async def test_where_it_is_read_and_how(aio_engine, commands):
    await aio_engine.save(Crate(code="a"))
    commands.clear()
    words = {
        "read_concern": ReadConcern("majority"),
        "read_preference": ReadPreference.PRIMARY_PREFERRED,
    }
    assert len(list(await aio_engine.find(Crate, **words))) == 1
    assert await aio_engine.find_one(Crate, **words)
    assert await aio_engine.count(Crate, **words) == 1
    assert await aio_engine.exists(Crate, **words)
    assert await aio_engine.distinct(Crate.code, **words) == ["a"]
    for event in commands.started:
        assert event.command["readConcern"]["level"] == "majority"


async def test_a_transaction_has_concerns_for_all_of_its_commands(aio_engine):
    await aio_engine.save(Crate(code="a"))
    async with aio_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="find of Crate cannot take read_concern= in a trans"):
            await transaction.find_one(Crate, read_concern=ReadConcern("majority"))
        with pytest.raises(TypeError, match="count of Crate reads from the primary"):
            await transaction.count(Crate, read_preference=ReadPreference.SECONDARY)
        assert await transaction.find_one(Crate, read_preference=ReadPreference.PRIMARY)
        assert await transaction.count(Crate, comment="why", skip=0, limit=5) == 1
        assert await transaction.distinct(Crate.code, comment="why") == ["a"]
        with pytest.raises(SessionMisuseError):
            await transaction.estimated_count(Crate, comment="why")


async def test_what_an_operation_does_not_take_is_refused(aio_engine):
    with pytest.raises(TypeError, match="find of Crate has no option 'hints'"):
        await aio_engine.find(Crate, hints="x")
    with pytest.raises(TypeError, match="count of Crate has no option 'batch_size'"):
        await aio_engine.count(Crate, batch_size=3)
    with pytest.raises(TypeError, match="distinct of Crate has no option 'let'"):
        await aio_engine.distinct(Crate.code, let={})
    with pytest.raises(TypeError, match="find of Crate takes a number of milliseconds"):
        await aio_engine.find_one(Crate, max_time_ms="1")
