# Generated from tests/integration/aio/test_bad_input_sessions.py by tools/generate_sync.py: do not edit.
"""Bad input: wrong `session=` arguments."""

from __future__ import annotations

import pymongo
import pymongo.errors
import pytest

from odmantic import Model, Reference, SyncEngine, stored


class Part(Model):
    name: str


class Parcel(Model):
    code: str
    part: Part = Reference()


def _find(engine, parcel, session):
    return [found for found in engine.find(Parcel, session=session)]


class Sized(Model):
    name: str = ""

    @stored()
    @property
    def size(self) -> int:
        return len(self.name)


OPERATIONS = {
    "find": _find,
    "find_one": lambda engine, parcel, session: engine.find_one(Parcel, session=session),
    "count": lambda engine, parcel, session: engine.count(Parcel, session=session),
    "get": lambda engine, parcel, session: engine.get(Parcel, parcel.id, session=session),
    "get_many": lambda engine, parcel, session: engine.get_many(
        Parcel, [parcel.id], session=session
    ),
    "exists": lambda engine, parcel, session: engine.exists(Parcel, session=session),
    "distinct": lambda engine, parcel, session: engine.distinct(Parcel.code, session=session),
    "save": lambda engine, parcel, session: engine.save(parcel, session=session),
    "save_all": lambda engine, parcel, session: engine.save_all([parcel], session=session),
    "insert": lambda engine, parcel, session: engine.insert(parcel, session=session),
    "insert_many": lambda engine, parcel, session: engine.insert_many([parcel], session=session),
    "replace": lambda engine, parcel, session: engine.replace(parcel, session=session),
    "refresh": lambda engine, parcel, session: engine.refresh(parcel, session=session),
    "update": lambda engine, parcel, session: engine.update(
        parcel, {"$set": {"x": 1}}, session=session
    ),
    "recompute": lambda engine, parcel, session: engine.recompute(Sized, session=session),
    "delete": lambda engine, parcel, session: engine.delete(parcel, session=session),
    "remove": lambda engine, parcel, session: engine.remove(Parcel, session=session),
    "delete_one": lambda engine, parcel, session: engine.delete_one(Parcel, {}, session=session),
    "delete_many": lambda engine, parcel, session: engine.delete_many(Parcel, {}, session=session),
    "find_one_and_delete": lambda engine, parcel, session: engine.find_one_and_delete(
        Parcel, {}, session=session
    ),
    "find_one_and_update": lambda engine, parcel, session: engine.find_one_and_update(
        Parcel, {}, {"$set": {"x": 1}}, session=session
    ),
    "replace_one": lambda engine, parcel, session: engine.replace_one(
        Parcel, {}, parcel, session=session
    ),
    "find_one_and_replace": lambda engine, parcel, session: engine.find_one_and_replace(
        Parcel, {}, parcel, session=session
    ),
    "get_or_create": lambda engine, parcel, session: engine.get_or_create(
        Parcel, {}, parcel, session=session
    ),
    "update_one": lambda engine, parcel, session: engine.update_one(
        Parcel, {}, {"$set": {"x": 1}}, session=session
    ),
    "update_many": lambda engine, parcel, session: engine.update_many(
        Parcel, {}, {"$set": {"x": 1}}, session=session
    ),
    "configure_database": lambda engine, parcel, session: engine.configure_database(
        [_indexed()], session=session
    ),
}


def _indexed():
    from odmantic import Field

    class Indexed(Model):
        code: str = Field(index=True)

    return Indexed


def _ended_session(engine, cleanup):
    session = engine.client.start_session()
    session.end_session()
    return session


def _session_of_another_client(engine, cleanup):
    client = pymongo.MongoClient("mongodb://%2Fno%2Fno-server.sock", serverSelectionTimeoutMS=100)
    cleanup.append(client)
    return client.start_session()


def _constant(value):
    def make(engine, cleanup):
        return value

    return make


def _the_engine(engine, cleanup):
    return engine


def _the_client(engine, cleanup):
    return engine.client


InvalidOperation = pymongo.errors.InvalidOperation
WRONG = {
    "ended": (_ended_session, InvalidOperation, "Cannot use ended session"),
    "of another client": (_session_of_another_client, InvalidOperation, "MongoClient"),
    "text": (_constant("session"), (TypeError, ValueError), None),
    "empty text": (_constant(""), (TypeError, ValueError), None),
    "number": (_constant(1), (TypeError, ValueError), None),
    "zero": (_constant(0), (TypeError, ValueError), None),
    "True": (_constant(True), (TypeError, ValueError), None),
    "False": (_constant(False), (TypeError, ValueError), None),
    "object": (_constant(object()), (TypeError, ValueError), None),
    "engine": (_the_engine, (TypeError, ValueError), None),
    "client": (_the_client, (TypeError, ValueError), None),
    "class": (_constant(SyncEngine), (TypeError, ValueError), None),
}


@pytest.mark.parametrize(("make", "error", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_session_is_refused_and_nothing_is_sent(
    sync_engine, raw_database, commands, make, error, text
):
    parcel = Parcel(code="A", part=Part(name="p"))
    cleanup = []
    try:
        session = make(sync_engine, cleanup)
        for operation in OPERATIONS.values():
            with pytest.raises(error, match=text) as caught:
                operation(sync_engine, parcel, session)
            assert str(caught.value)
    finally:
        for each in reversed(cleanup):
            _close(each)

    assert commands.names == []
    assert raw_database.list_collection_names() == []
    assert parcel.__fields_modified__ == {"code", "part", "id"}
    assert parcel.part.__fields_modified__ == {"name", "id"}


def test_a_session_of_the_other_colour_is_refused(
    sync_engine, foreign_engine, raw_database, commands
):
    parcel = Parcel(code="A", part=Part(name="p"))
    for session in (foreign_engine.session(), foreign_engine.transaction()):
        for operation in OPERATIONS.values():
            with pytest.raises(TypeError, match="cannot use a"):
                operation(sync_engine, parcel, session)

    session = foreign_engine.client.start_session()
    for operation in OPERATIONS.values():
        with pytest.raises((TypeError, ValueError, InvalidOperation)):
            operation(sync_engine, parcel, session)
    assert commands.names == []
    assert raw_database.list_collection_names() == []
    assert parcel.__fields_modified__ == {"code", "part", "id"}


def _close(client):
    close = client.end_session if hasattr(type(client), "end_session") else client.close
    close()


def test_an_unchanged_instance_does_not_hide_a_wrong_session(sync_engine):
    parcel = sync_engine.save(Parcel(code="A", part=Part(name="p")))

    for session in ("text", 0, False, object()):
        with pytest.raises((TypeError, ValueError)):
            sync_engine.save(parcel, session=session)
        with pytest.raises((TypeError, ValueError)):
            sync_engine.save_all([parcel], session=session)
