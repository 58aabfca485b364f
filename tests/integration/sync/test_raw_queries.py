# Generated from tests/integration/aio/test_raw_queries.py by tools/generate_sync.py: do not edit.
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


def _listed(cursor):
    return [each for each in cursor]


@pytest.mark.parametrize("query", FROM_A_REQUEST, ids=str)
def test_plain_dictionaries_are_refused_by_every_verb(sync_engine, commands, query):
    engine = type(sync_engine)(sync_engine.client, sync_engine.database_name, raw_queries="forbid")
    with engine.session() as session, session.transaction() as transaction:
        for on in (engine, session, transaction):
            for call in calls(on, query):
                with pytest.raises(TypeError, match="raw_queries='forbid'"):
                    call()
    assert "delete" not in commands.names
    assert "find" not in commands.names


def test_conditions_and_marked_filters_pass(sync_engine):
    engine = type(sync_engine)(sync_engine.client, sync_engine.database_name, raw_queries="forbid")
    engine.save_all([Account(id=1, name="Ann"), Account(id=2, name="Bob")])
    by_name = raw({"name": "Ann"})
    for query in (Account.name == "Ann", by_name, raw({"$where": "this.name == 'Ann'"})):
        assert engine.find_one(Account, query).id == 1
        assert engine.count(Account, query) == 1
    assert [each.id for each in _listed(engine.find_any([Account], by_name))] == [1]
    assert engine.count(Account, raw({})) == 2
    assert engine.count(Account) == 2
    assert engine.remove(Account, raw({"name": "Bob"})) == 1


def test_each_place_is_warned_of(sync_engine):
    engine = type(sync_engine)(sync_engine.client, sync_engine.database_name, raw_queries="warn")
    for call in calls(engine, {"name": "Ann"}):
        with pytest.warns(RawQueryWarning, match="is a plain dictionary") as caught:
            call()
        assert {each.filename for each in caught} == {__file__}


def test_code_is_warned_of_by_default(sync_engine):
    sync_engine.save(Account(id=1, name="Ann"))
    with pytest.warns(RawQueryWarning, match="has the server run code") as caught:
        assert sync_engine.count(Account, {"$where": "true"}) == 1
    assert [each.filename for each in caught] == [__file__]
    assert sync_engine.count(Account, {"name": "Ann"}) == 1


def test_the_policy_has_to_exist(sync_engine):
    with pytest.raises(ValueError, match="no"):
        type(sync_engine)(sync_engine.client, sync_engine.database_name, raw_queries="no")
