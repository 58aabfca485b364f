# Generated from tests/integration/aio/test_bad_input_sessions.py by tools/generate_sync.py: do not edit.
"""Bad input: wrong `session=` arguments."""

from __future__ import annotations

import pymongo
import pymongo.errors
import pytest

from odmantic import Model, Reference, SyncEngine
from odmantic._driver._sync import resolve


class Part(Model):
    name: str


class Parcel(Model):
    code: str
    part: Part = Reference()


def _find(engine, parcel, session):
    return [found for found in engine.find(Parcel, session=session)]


OPERATIONS = {
    "find": _find,
    "find_one": lambda engine, parcel, session: engine.find_one(Parcel, session=session),
    "count": lambda engine, parcel, session: engine.count(Parcel, session=session),
    "save": lambda engine, parcel, session: engine.save(parcel, session=session),
    "save_all": lambda engine, parcel, session: engine.save_all([parcel], session=session),
    "delete": lambda engine, parcel, session: engine.delete(parcel, session=session),
    "remove": lambda engine, parcel, session: engine.remove(Parcel, session=session),
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
    session = resolve(engine.client.start_session())
    resolve(session.end_session())
    return session


def _session_of_another_client(engine, cleanup):
    client = pymongo.MongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=100)
    cleanup.append(client)
    return client.start_session()


def _session_object_of_the_other_colour(engine, cleanup):
    from odmantic.engine import SyncEngine as Other

    return Other(pymongo.MongoClient()).session()


def _transaction_object_of_the_other_colour(engine, cleanup):
    session = _session_object_of_the_other_colour(engine, cleanup)
    return session.engine.transaction()


def _driver_session_of_the_other_colour(engine, cleanup):
    return pymongo.MongoClient().start_session()


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
    "session of the other colour": (
        _session_object_of_the_other_colour,
        (TypeError, ValueError),
        "",
    ),
    "transaction of the other colour": (
        _transaction_object_of_the_other_colour,
        (TypeError, ValueError),
        "",
    ),
    "driver session of the other colour": (
        _driver_session_of_the_other_colour,
        (TypeError, ValueError, InvalidOperation),
        "",
    ),
    "text": (_constant("session"), (TypeError, ValueError), ""),
    "empty text": (_constant(""), (TypeError, ValueError), ""),
    "number": (_constant(1), (TypeError, ValueError), ""),
    "zero": (_constant(0), (TypeError, ValueError), ""),
    "True": (_constant(True), (TypeError, ValueError), ""),
    "False": (_constant(False), (TypeError, ValueError), ""),
    "object": (_constant(object()), (TypeError, ValueError), ""),
    "engine": (_the_engine, (TypeError, ValueError), ""),
    "client": (_the_client, (TypeError, ValueError), ""),
    "class": (_constant(SyncEngine), (TypeError, ValueError), ""),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize(("make", "error", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_session_is_refused_and_nothing_is_sent(
    sync_engine, raw_database, commands, operation, make, error, text
):
    parcel = Parcel(code="A", part=Part(name="p"))
    cleanup = []
    try:
        session = make(sync_engine, cleanup)
        with pytest.raises(error, match=text) as caught:
            operation(sync_engine, parcel, session)
    finally:
        for each in reversed(cleanup):
            _close(each)

    assert str(caught.value)
    assert commands.names == []
    assert raw_database.list_collection_names() == []
    assert parcel.__fields_modified__ == {"code", "part", "id"}
    assert parcel.part.__fields_modified__ == {"name", "id"}


def _close(client):
    close = client.end_session if hasattr(type(client), "end_session") else client.close
    resolve(close())


def test_an_unchanged_instance_does_not_hide_a_wrong_session(sync_engine):
    parcel = sync_engine.save(Parcel(code="A", part=Part(name="p")))

    for session in ("text", 0, False, object()):
        with pytest.raises((TypeError, ValueError)):
            sync_engine.save(parcel, session=session)
        with pytest.raises((TypeError, ValueError)):
            sync_engine.save_all([parcel], session=session)
