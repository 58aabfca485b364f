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
from tests.integration.aio.reading import to_list

from odmantic import AIOEngine, Model, Reference
from odmantic.engine import AIOCursor, BaseCursor
from odmantic.session import AIOSession, AIOTransaction


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


async def test_find_one_goes_through_find(aio_engine):
    class Tenant(AIOEngine):
        def find(self, model, *queries, **options):
            return super().find(model, *queries, model.name == "b", **options)

    await aio_engine.save_all([Port(), Port(name="b")])
    tenant = engine_of(Tenant, aio_engine)

    assert (await tenant.find_one(Port)).name == "b"
    async with tenant.session() as session:
        assert (await session.find_one(Port)).name == "b"
        assert [each.name for each in await to_list(session.find(Port))] == ["b"]


class Logging(AIOEngine):
    """Has a `_save` of its own, and keeps what it was given."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.saved = []

    async def _save(self, instance, session):
        self.saved.append((type(instance).__name__, session))
        return await super()._save(instance, session)


async def test_every_save_goes_through_the_inner_one(aio_engine, raw_database):
    engine = engine_of(Logging, aio_engine)
    port = Port()
    ship = Ship(port=port)

    assert await engine.save(Fleet(ship=ship)) is not None
    assert [name for name, _ in engine.saved] == ["Fleet", "Ship", "Port"]
    assert all(session is not None for _, session in engine.saved)
    assert len({id(session) for _, session in engine.saved}) == 1

    engine.saved.clear()
    instances = [Port(), Ship(port=port), Port()]
    assert await engine.save_all(instances) == instances
    assert [name for name, _ in engine.saved] == ["Port", "Ship", "Port", "Port"]
    assert raw_database["port"].count_documents({}) == 3
    assert not any(each.__fields_modified__ for each in (port, ship, *instances))


async def test_the_inner_one_is_part_of_a_transaction(aio_engine, raw_database):
    engine = engine_of(Logging, aio_engine)

    with pytest.raises(KeyError):
        async with engine.transaction() as transaction:
            await transaction.save(Ship(port=Port()))
            await transaction.save_all([Port(), Port()])
            sessions = {id(session) for _, session in engine.saved}
            assert sessions == {id(transaction.get_driver_session())}
            raise KeyError

    assert raw_database.list_collection_names() in ([], ["ship"], ["port"], ["port", "ship"])
    assert raw_database["port"].count_documents({}) == 0


async def test_an_inner_one_may_change_what_is_saved(aio_engine, raw_database):
    class Stamping(AIOEngine):
        async def _save(self, instance, session):
            instance.name = "stamped"
            return await super()._save(instance, session)

    engine = engine_of(Stamping, aio_engine)
    await engine.save(Port())
    await engine.save_all([Port() for _ in range(3)])

    assert [port["name"] for port in raw_database["port"].find()] == ["stamped"] * 4


async def test_an_inner_one_may_be_put_on_an_engine(aio_engine, raw_database):
    saved = []

    async def save(instance, session):
        saved.append(instance)
        return instance

    aio_engine._save = save
    port = Port()

    assert await aio_engine.save(port) is port
    assert await aio_engine.save_all([port]) == [port]
    assert saved == [port, port]
    assert raw_database.list_collection_names() == []


async def test_an_error_of_an_inner_one_ends_the_session(aio_engine):
    class Failing(AIOEngine):
        async def _save(self, instance, session):
            self.session_used = session
            raise KeyError

    engine = engine_of(Failing, aio_engine)
    for _ in range(3):
        with pytest.raises(KeyError):
            await engine.save(Port())

    assert engine.session_used.has_ended


class Prefixing(AIOEngine):
    """Keeps each model in a collection of another name."""

    def get_collection(self, model):
        return self.database[f"eu_{+model}"]


@pytest.mark.each_driver
async def test_every_operation_asks_for_the_collection(aio_engine, raw_database):
    engine = engine_of(Prefixing, aio_engine)
    port = await engine.save(Port())
    await engine.save_all([Ship(port=port), Ship(port=port)])

    assert sorted(raw_database.list_collection_names()) == ["eu_port", "eu_ship"]
    assert [each.port for each in await to_list(engine.find(Ship))] == [port, port]
    assert (await engine.find_one(Ship)).port == port
    assert (await engine.find_one(Port)) == port
    assert await engine.count(Ship) == 2
    async with engine.transaction() as transaction:
        assert (await transaction.find_one(Ship)).port == port
        assert await transaction.remove(Ship) == 2
    await engine.delete(port)
    await engine.configure_database([Port])
    assert raw_database["eu_port"].count_documents({}) == 0


async def test_a_reference_without_a_target_is_still_one(aio_engine, raw_database):
    engine = engine_of(Prefixing, aio_engine)
    await engine.save(Ship(port=Port()))
    raw_database["port"].insert_many(raw_database["eu_port"].find())
    raw_database["eu_port"].delete_many({})

    with pytest.raises(ValueError, match="Referenced document not found"):
        await engine.find_one(Ship)
    with pytest.raises(ValueError, match="Referenced document not found"):
        await to_list(engine.find(Ship))


async def test_every_operation_asks_for_the_session(aio_engine):
    asked = []

    class Asking(AIOEngine):
        @staticmethod
        def _get_session(session):
            asked.append(session)
            return AIOEngine._get_session(session)

    engine = engine_of(Asking, aio_engine)
    port = await engine.save(Port())
    await engine.save_all([port])
    assert asked == []

    await engine.find_one(Port)
    await to_list(engine.find(Port))
    await engine.count(Port)
    await engine.delete(port)
    await engine.remove(Port)
    await engine.configure_database([Port])
    assert asked == [None] * 6


@pytest.mark.each_driver
async def test_a_session_may_come_from_elsewhere(aio_engine, raw_database):
    current = []

    class Ambient(AIOEngine):
        @staticmethod
        def _get_session(session):
            return AIOEngine._get_session(session or (current[-1] if current else None))

    engine = engine_of(Ambient, aio_engine)
    with pytest.raises(KeyError):
        async with engine.transaction() as transaction:
            await transaction.save(Port())
            current.append(transaction)
            assert await engine.count(Port) == 1
            assert await engine.find_one(Port) is not None
            assert await engine.remove(Port) == 1
            current.pop()
            raise KeyError

    assert raw_database["port"].count_documents({}) == 0


async def test_sessions_call_methods_of_the_same_name(aio_engine):
    called = []

    class Noting(AIOEngine):
        async def find_one(self, model, *queries, **options):
            called.append("find_one")
            return await super().find_one(model, *queries, **options)

        async def count(self, model, *queries, **options):
            called.append("count")
            return await super().count(model, *queries, **options)

        async def save(self, instance, **options):
            called.append("save")
            return await super().save(instance, **options)

        async def save_all(self, instances, **options):
            called.append("save_all")
            return await super().save_all(instances, **options)

        async def delete(self, instance, **options):
            called.append("delete")
            return await super().delete(instance, **options)

        async def remove(self, model, *queries, **options):
            called.append("remove")
            return await super().remove(model, *queries, **options)

    engine = engine_of(Noting, aio_engine)
    async with engine.transaction() as transaction:
        port = await transaction.save(Port())
        await transaction.save_all([Port()])
        await transaction.find_one(Port)
        await transaction.count(Port)
        await transaction.delete(port)
        await transaction.remove(Port)

    assert called == ["save", "save_all", "find_one", "count", "delete", "remove"]


async def test_what_sessions_call_gets_the_session_of_the_driver(aio_engine):
    given = []

    class Noting:
        async def save(self, instance, *, session=None):
            given.append(session)
            return await super().save(instance, session=session)

    class Engine(Noting, AIOEngine):
        pass

    async with engine_of(Engine, aio_engine).transaction() as transaction:
        await transaction.save(Port())
        assert given == [transaction.get_driver_session()]


# --- Cursors -------------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_a_cursor_may_read_documents_in_its_own_way(aio_engine):
    class Shouting(AIOCursor):
        def _parse_document(self, raw_doc):
            return super()._parse_document({**raw_doc, "name": raw_doc["name"].upper()})

    await aio_engine.save_all([Port(), Port(name="b")])
    cursor = Shouting(Port, aio_engine.get_collection(Port).find(sort=[("name", 1)]))

    assert [port.name for port in await to_list(cursor)] == ["A", "B"]
    assert [port.name async for port in cursor] == ["A", "B"]
    assert not any(port.__fields_modified__ for port in await to_list(cursor))


async def test_all_cursors_may(aio_engine, monkeypatch):
    await aio_engine.save(Port())
    parse = BaseCursor._parse_document
    monkeypatch.setattr(
        BaseCursor,
        "_parse_document",
        lambda self, raw_doc: parse(self, {**raw_doc, "name": "patched"}),
    )

    assert [port.name for port in await to_list(aio_engine.find(Port))] == ["patched"]
    assert (await aio_engine.find_one(Port)).name == "patched"
    async with aio_engine.transaction() as transaction:
        assert (await transaction.find_one(Port)).name == "patched"


# --- Sessions and transactions -------------------------------------------------------------------


async def test_blocks_and_operations_call_the_methods_of_a_session(aio_engine):
    called = []

    class Noting(AIOSession):
        async def start(self):
            called.append("start")
            return await super().start()

        async def end(self):
            called.append("end")
            return await super().end()

        def get_driver_session(self):
            called.append("get_driver_session")
            return super().get_driver_session()

    async with Noting(aio_engine) as session:
        await session.save(Port())
        await session.find_one(Port)

    assert called == ["start", "get_driver_session", "get_driver_session", "end"]


async def test_blocks_and_operations_call_the_methods_of_a_transaction(aio_engine):
    called = []

    class Noting(AIOTransaction):
        async def start(self):
            called.append("start")
            return await super().start()

        async def commit(self):
            called.append("commit")
            return await super().commit()

        async def abort(self):
            called.append("abort")
            return await super().abort()

        def get_driver_session(self):
            called.append("get_driver_session")
            return super().get_driver_session()

    async with Noting(aio_engine) as transaction:
        await transaction.save(Port())
    with pytest.raises(KeyError):
        async with Noting(aio_engine) as transaction:
            raise KeyError

    assert called == ["start", "get_driver_session", "commit", "start", "abort"]
