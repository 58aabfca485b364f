"""`raw_queries=`: whether an engine takes plain dictionaries, which have every power of MongoDB, as queries."""

from __future__ import annotations

import pytest

from odmantic import Field, Model
from odmantic.exceptions import RawQueryWarning
from odmantic.query import raw


class Account(Model):
    id: int = Field(primary_field=True)
    name: str
    secret: str = ""


FROM_A_REQUEST = [{}, {"name": {"$ne": None}}, {"$where": "true"}, (Account.id == 1) & {"$expr": 1}]


def calls(on, query):
    """What takes queries."""
    return [
        lambda: _listed(on.find(Account, query)),
        lambda: _listed(on.find_any([Account], query)),
        lambda: on.find_one(Account, query),
        lambda: on.find_one(Account, Account.id == 1, query, load=()),
        lambda: on.count(Account, query),
        lambda: on.remove(Account, query),
        lambda: on.remove(Account, Account.id == 1, query, just_one=True),
    ]


async def _listed(cursor):
    return [each async for each in cursor]


@pytest.mark.parametrize("query", FROM_A_REQUEST, ids=str)
async def test_plain_dictionaries_are_refused_by_every_verb(aio_engine, commands, query):
    engine = type(aio_engine)(aio_engine.client, aio_engine.database_name, raw_queries="forbid")
    async with engine.session() as session, session.transaction() as transaction:
        for on in (engine, session, transaction):
            for call in calls(on, query):
                with pytest.raises(TypeError, match="raw_queries='forbid'"):
                    await call()
    assert "delete" not in commands.names
    assert "find" not in commands.names


async def test_conditions_and_marked_filters_pass(aio_engine):
    engine = type(aio_engine)(aio_engine.client, aio_engine.database_name, raw_queries="forbid")
    await engine.save_all([Account(id=1, name="Ann"), Account(id=2, name="Bob")])
    by_name = raw({"name": "Ann"})
    for query in (Account.name == "Ann", by_name, raw({"$where": "this.name == 'Ann'"})):
        assert (await engine.find_one(Account, query)).id == 1
        assert await engine.count(Account, query) == 1
    assert [each.id for each in await _listed(engine.find_any([Account], by_name))] == [1]
    assert await engine.count(Account, raw({})) == 2
    assert await engine.count(Account) == 2
    assert await engine.remove(Account, raw({"name": "Bob"})) == 1


async def test_each_place_is_warned_of(aio_engine):
    engine = type(aio_engine)(aio_engine.client, aio_engine.database_name, raw_queries="warn")
    for call in calls(engine, {"name": "Ann"}):
        with pytest.warns(RawQueryWarning, match="is a plain dictionary") as caught:
            await call()
        assert {each.filename for each in caught} == {__file__}


async def test_code_is_warned_of_by_default(aio_engine):
    await aio_engine.save(Account(id=1, name="Ann"))
    with pytest.warns(RawQueryWarning, match="has the server run code") as caught:
        assert await aio_engine.count(Account, {"$where": "true"}) == 1
    assert [each.filename for each in caught] == [__file__]
    assert await aio_engine.count(Account, {"name": "Ann"}) == 1


async def test_the_policy_has_to_exist(aio_engine):
    with pytest.raises(ValueError, match="no"):
        type(aio_engine)(aio_engine.client, aio_engine.database_name, raw_queries="no")
