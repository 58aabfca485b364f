"""Cursors that are closed before their end, and their first instances."""

from __future__ import annotations

import pytest
from pymongo.errors import InvalidOperation

from odmantic import Model


class Crate(Model):
    number: int


MANY = 150
"""More than a page."""


@pytest.fixture
async def crates(aio_engine):
    await aio_engine.save_all([Crate(number=number) for number in range(MANY)])


def names(commands):
    return [each for each in commands.names if each in {"find", "getMore", "killCursors"}]


@pytest.mark.each_driver
async def test_the_end_of_a_block_closes_the_cursor_on_the_server(aio_engine, crates, commands):
    commands.clear()
    async with aio_engine.find(Crate, batch_size=10) as cursor:
        async for crate in cursor:
            if crate.number == 5:
                break
        assert "killCursors" not in commands.names
    assert names(commands)[-1] == "killCursors"
    with pytest.raises(InvalidOperation, match="a read of Crate was closed before its end"):
        [each async for each in cursor]


async def test_what_was_read_to_its_end_stays(aio_engine, crates, commands):
    async with aio_engine.find(Crate, sort=Crate.number) as cursor:
        found = [each async for each in cursor]
    assert len(found) == MANY
    assert "killCursors" not in commands.names
    assert [each async for each in cursor] == found
    await cursor.close()


async def test_a_cursor_that_was_never_used_sends_nothing_more(aio_engine, crates, commands):
    commands.clear()
    cursor = aio_engine.find(Crate, limit=3)
    await cursor.close()
    await cursor.close()
    assert set(commands.names) <= {"find"}
    with pytest.raises(InvalidOperation, match="closed before its end"):
        [each async for each in cursor]


async def test_a_cursor_of_a_transaction_is_closed_in_it(aio_engine, crates, commands):
    async with aio_engine.transaction() as transaction:
        async with transaction.find(Crate, batch_size=10) as cursor:
            async for _ in cursor:
                break
        assert await transaction.count(Crate) == MANY
    closing = next(each.command for each in commands.started if "killCursors" in each.command)
    assert closing["lsid"] == commands.started[-1].command["lsid"]


async def test_the_first_instance(aio_engine, crates):
    cursor = aio_engine.find(Crate, sort=Crate.number)
    assert (await cursor.first()).number == 0
    assert (await cursor.first()) is (await cursor.first())
    assert len([each async for each in cursor]) == MANY
    assert await aio_engine.find(Crate, Crate.number < 0).first() is None
