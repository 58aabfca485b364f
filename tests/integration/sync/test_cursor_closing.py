# Generated from tests/integration/aio/test_cursor_closing.py by tools/generate_sync.py: do not edit.
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
def crates(sync_engine):
    sync_engine.save_all([Crate(number=number) for number in range(MANY)])


def names(commands):
    return [each for each in commands.names if each in {"find", "getMore", "killCursors"}]


def test_the_end_of_a_block_closes_the_cursor_on_the_server(sync_engine, crates, commands):
    commands.clear()
    with sync_engine.find(Crate, batch_size=10) as cursor:
        for crate in cursor:
            if crate.number == 5:
                break
        assert "killCursors" not in commands.names
    assert names(commands)[-1] == "killCursors"
    with pytest.raises(InvalidOperation, match="a read of Crate was closed before its end"):
        [each for each in cursor]


def test_what_was_read_to_its_end_stays(sync_engine, crates, commands):
    with sync_engine.find(Crate, sort=Crate.number) as cursor:
        found = [each for each in cursor]
    assert len(found) == MANY
    assert "killCursors" not in commands.names
    assert [each for each in cursor] == found
    cursor.close()


def test_a_cursor_that_was_never_used_sends_nothing_more(sync_engine, crates, commands):
    commands.clear()
    cursor = sync_engine.find(Crate, limit=3)
    cursor.close()
    cursor.close()
    assert set(commands.names) <= {"find"}
    with pytest.raises(InvalidOperation, match="closed before its end"):
        [each for each in cursor]


def test_a_cursor_of_a_transaction_is_closed_in_it(sync_engine, crates, commands):
    with sync_engine.transaction() as transaction:
        with transaction.find(Crate, batch_size=10) as cursor:
            for _ in cursor:
                break
        assert transaction.count(Crate) == MANY
    closing = next(each.command for each in commands.started if "killCursors" in each.command)
    assert closing["lsid"] == commands.started[-1].command["lsid"]


def test_the_first_instance(sync_engine, crates):
    cursor = sync_engine.find(Crate, sort=Crate.number)
    assert cursor.first().number == 0
    assert cursor.first() is cursor.first()
    assert len([each for each in cursor]) == MANY
    assert sync_engine.find(Crate, Crate.number < 0).first() is None
