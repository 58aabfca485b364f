# Generated from tests/integration/aio/test_own_engines.py by tools/generate_sync.py: do not edit.
"""Subclasses of engines, cursors, sessions and transactions: what 1.x called through `self` still is.

Which call reaches which method was found by running the same with odmantic 1.1.0:

| replaced | called by |
| --- | --- |
| `find` | `find_one` |
| `_save` | `save`, `save_all`, and for each reference, one instance at a time |
| `get_collection` | every operation; in 1.1 not by `count` and `delete`, nor where references were read |
| `_get_session` | every operation, with `None` too, but `save` and `save_all` without a session |
| the others | sessions and transactions, by the same name |
| `_parse_document` of a cursor | its iteration |
| `start`, `end`, `commit`, `abort`, `get_driver_session` | blocks and operations |
"""

from __future__ import annotations

import pytest
from tests.integration.sync.reading import to_list

from odmantic import Model, Reference, SyncEngine
from odmantic.engine import BaseCursor, SyncCursor
from odmantic.session import SyncSession, SyncTransaction


class Port(Model):
    name: str = "a"


class Ship(Model):
    port: Port = Reference()


class Fleet(Model):
    ship: Ship = Reference()


def engine_of(cls, engine):
    """An engine of a class on the database of the test."""
    return cls(engine.client, engine.database_name)


# --- Engines -------------------------------------------------------------------------------------


def test_find_one_goes_through_find(sync_engine):
    class Tenant(SyncEngine):
        def find(self, model, *queries, **options):
            return super().find(model, *queries, model.name == "b", **options)

    sync_engine.save_all([Port(), Port(name="b")])
    tenant = engine_of(Tenant, sync_engine)

    assert tenant.find_one(Port).name == "b"
    with tenant.session() as session:
        assert session.find_one(Port).name == "b"
        assert [each.name for each in to_list(session.find(Port))] == ["b"]


class Logging(SyncEngine):
    """Has a `_save` of its own, and keeps what it was given."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.saved = []

    def _save(self, instance, session):
        self.saved.append((type(instance).__name__, session))
        return super()._save(instance, session)


def test_every_save_goes_through_the_inner_one(sync_engine, raw_database):
    engine = engine_of(Logging, sync_engine)
    port = Port()
    ship = Ship(port=port)

    assert engine.save(Fleet(ship=ship)) is not None
    assert [name for name, _ in engine.saved] == ["Fleet", "Ship", "Port"]
    assert all(session is not None for _, session in engine.saved)
    assert len({id(session) for _, session in engine.saved}) == 1

    engine.saved.clear()
    instances = [Port(), Ship(port=port), Port()]
    assert engine.save_all(instances) == instances
    assert [name for name, _ in engine.saved] == ["Port", "Ship", "Port", "Port"]
    assert raw_database["port"].count_documents({}) == 3
    assert not any(each.__fields_modified__ for each in (port, ship, *instances))


def test_the_inner_one_is_part_of_a_transaction(sync_engine, raw_database):
    engine = engine_of(Logging, sync_engine)

    with pytest.raises(KeyError):
        with engine.transaction() as transaction:
            transaction.save(Ship(port=Port()))
            transaction.save_all([Port(), Port()])
            sessions = {id(session) for _, session in engine.saved}
            assert sessions == {id(transaction.get_driver_session())}
            raise KeyError

    assert raw_database.list_collection_names() in ([], ["ship"], ["port"], ["port", "ship"])
    assert raw_database["port"].count_documents({}) == 0


def test_an_inner_one_may_change_what_is_saved(sync_engine, raw_database):
    class Stamping(SyncEngine):
        def _save(self, instance, session):
            instance.name = "stamped"
            return super()._save(instance, session)

    engine = engine_of(Stamping, sync_engine)
    engine.save(Port())
    engine.save_all([Port() for _ in range(3)])

    assert [port["name"] for port in raw_database["port"].find()] == ["stamped"] * 4


def test_an_inner_one_may_be_put_on_an_engine(sync_engine, raw_database):
    saved = []

    def save(instance, session):
        saved.append(instance)
        return instance

    sync_engine._save = save
    port = Port()

    assert sync_engine.save(port) is port
    assert sync_engine.save_all([port]) == [port]
    assert saved == [port, port]
    assert raw_database.list_collection_names() == []


def test_an_error_of_an_inner_one_ends_the_session(sync_engine):
    class Failing(SyncEngine):
        def _save(self, instance, session):
            self.session_used = session
            raise KeyError

    engine = engine_of(Failing, sync_engine)
    for _ in range(3):
        with pytest.raises(KeyError):
            engine.save(Port())

    assert engine.session_used.has_ended


class Prefixing(SyncEngine):
    """Keeps each model in a collection of another name."""

    def get_collection(self, model):
        return self.database[f"eu_{+model}"]


def test_every_operation_asks_for_the_collection(sync_engine, raw_database):
    engine = engine_of(Prefixing, sync_engine)
    port = engine.save(Port())
    engine.save_all([Ship(port=port), Ship(port=port)])

    assert sorted(raw_database.list_collection_names()) == ["eu_port", "eu_ship"]
    assert [each.port for each in to_list(engine.find(Ship))] == [port, port]
    assert engine.find_one(Ship).port == port
    assert engine.find_one(Port) == port
    assert engine.count(Ship) == 2
    with engine.transaction() as transaction:
        assert transaction.find_one(Ship).port == port
        assert transaction.remove(Ship) == 2
    engine.delete(port)
    engine.configure_database([Port])
    assert raw_database["eu_port"].count_documents({}) == 0


def test_a_reference_without_a_target_is_still_one(sync_engine, raw_database):
    engine = engine_of(Prefixing, sync_engine)
    engine.save(Ship(port=Port()))
    raw_database["port"].insert_many(raw_database["eu_port"].find())
    raw_database["eu_port"].delete_many({})

    with pytest.raises(ValueError, match="Referenced document not found"):
        engine.find_one(Ship)
    with pytest.raises(ValueError, match="Referenced document not found"):
        to_list(engine.find(Ship))


def test_every_operation_asks_for_the_session(sync_engine):
    asked = []

    class Asking(SyncEngine):
        @staticmethod
        def _get_session(session):
            asked.append(session)
            return SyncEngine._get_session(session)

    engine = engine_of(Asking, sync_engine)
    port = engine.save(Port())
    engine.save_all([port])
    assert asked == []

    engine.find_one(Port)
    to_list(engine.find(Port))
    engine.count(Port)
    engine.delete(port)
    engine.remove(Port)
    engine.configure_database([Port])
    assert asked == [None] * 6


def test_a_session_may_come_from_elsewhere(sync_engine, raw_database):
    current = []

    class Ambient(SyncEngine):
        @staticmethod
        def _get_session(session):
            return SyncEngine._get_session(session or (current[-1] if current else None))

    engine = engine_of(Ambient, sync_engine)
    with pytest.raises(KeyError):
        with engine.transaction() as transaction:
            transaction.save(Port())
            current.append(transaction)
            assert engine.count(Port) == 1
            assert engine.find_one(Port) is not None
            assert engine.remove(Port) == 1
            current.pop()
            raise KeyError

    assert raw_database["port"].count_documents({}) == 0


def test_sessions_call_methods_of_the_same_name(sync_engine):
    called = []

    class Noting(SyncEngine):
        def find_one(self, model, *queries, **options):
            called.append("find_one")
            return super().find_one(model, *queries, **options)

        def count(self, model, *queries, **options):
            called.append("count")
            return super().count(model, *queries, **options)

        def save(self, instance, **options):
            called.append("save")
            return super().save(instance, **options)

        def save_all(self, instances, **options):
            called.append("save_all")
            return super().save_all(instances, **options)

        def delete(self, instance, **options):
            called.append("delete")
            return super().delete(instance, **options)

        def remove(self, model, *queries, **options):
            called.append("remove")
            return super().remove(model, *queries, **options)

    engine = engine_of(Noting, sync_engine)
    with engine.transaction() as transaction:
        port = transaction.save(Port())
        transaction.save_all([Port()])
        transaction.find_one(Port)
        transaction.count(Port)
        transaction.delete(port)
        transaction.remove(Port)

    assert called == ["save", "save_all", "find_one", "count", "delete", "remove"]


def test_what_sessions_call_gets_the_session_of_the_driver(sync_engine):
    given = []

    class Noting:
        def save(self, instance, *, session=None):
            given.append(session)
            return super().save(instance, session=session)

    class Engine(Noting, SyncEngine):
        pass

    with engine_of(Engine, sync_engine).transaction() as transaction:
        transaction.save(Port())
        assert given == [transaction.get_driver_session()]


# --- Cursors -------------------------------------------------------------------------------------


def test_a_cursor_may_read_documents_in_its_own_way(sync_engine):
    class Shouting(SyncCursor):
        def _parse_document(self, raw_doc):
            return super()._parse_document({**raw_doc, "name": raw_doc["name"].upper()})

    sync_engine.save_all([Port(), Port(name="b")])
    cursor = Shouting(Port, sync_engine.get_collection(Port).find(sort=[("name", 1)]))

    assert [port.name for port in to_list(cursor)] == ["A", "B"]
    assert [port.name for port in cursor] == ["A", "B"]
    assert not any(port.__fields_modified__ for port in to_list(cursor))


def test_all_cursors_may(sync_engine, monkeypatch):
    sync_engine.save(Port())
    parse = BaseCursor._parse_document
    monkeypatch.setattr(
        BaseCursor,
        "_parse_document",
        lambda self, raw_doc: parse(self, {**raw_doc, "name": "patched"}),
    )

    assert [port.name for port in to_list(sync_engine.find(Port))] == ["patched"]
    assert sync_engine.find_one(Port).name == "patched"
    with sync_engine.transaction() as transaction:
        assert transaction.find_one(Port).name == "patched"


# --- Sessions and transactions -------------------------------------------------------------------


def test_blocks_and_operations_call_the_methods_of_a_session(sync_engine):
    called = []

    class Noting(SyncSession):
        def start(self):
            called.append("start")
            return super().start()

        def end(self):
            called.append("end")
            return super().end()

        def get_driver_session(self):
            called.append("get_driver_session")
            return super().get_driver_session()

    with Noting(sync_engine) as session:
        session.save(Port())
        session.find_one(Port)

    assert called == ["start", "get_driver_session", "get_driver_session", "end"]


def test_blocks_and_operations_call_the_methods_of_a_transaction(sync_engine):
    called = []

    class Noting(SyncTransaction):
        def start(self):
            called.append("start")
            return super().start()

        def commit(self):
            called.append("commit")
            return super().commit()

        def abort(self):
            called.append("abort")
            return super().abort()

        def get_driver_session(self):
            called.append("get_driver_session")
            return super().get_driver_session()

    with Noting(sync_engine) as transaction:
        transaction.save(Port())
    with pytest.raises(KeyError):
        with Noting(sync_engine) as transaction:
            raise KeyError

    assert called == ["start", "get_driver_session", "commit", "start", "abort"]
