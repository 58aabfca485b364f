# Generated from tests/integration/aio/test_engine_of_a_uri.py by tools/generate_sync.py: do not edit.
"""An engine takes a URI, and closes the client that it made of it: no other one, once, and not in a forked child.

Where no server is found, the error says where it was looked for and what to do.
"""

from __future__ import annotations

import os
import pickle
import socket
import warnings
from datetime import datetime, timezone

import pytest
from pymongo import MongoClient
from pymongo.errors import InvalidOperation, PyMongoError, ServerSelectionTimeoutError

from odmantic import Model, SyncEngine
from odmantic.exceptions import ServerNotFoundError


class Event(Model):
    at: datetime


NOON = datetime(2024, 1, 1, 12)
AWARE = {"tz_aware": True}


def test_a_uri_makes_a_client_that_ends_with_the_block(odmantic_mongo_uri, odmantic_database_name):
    with SyncEngine(odmantic_mongo_uri, odmantic_database_name) as engine:
        assert type(engine.client) is (MongoClient)
        engine.save(Event(at=NOON))
        assert engine.find_one(Event).at == NOON
    with pytest.raises(InvalidOperation):
        engine.count(Event)


def test_the_client_is_made_with_the_options(odmantic_mongo_uri, odmantic_database_name):
    with SyncEngine(odmantic_mongo_uri, odmantic_database_name, client_options=AWARE) as engine:
        engine.save(Event(at=NOON))
        document = engine.get_collection(Event).find_one()
    assert document["at"] == NOON.replace(tzinfo=timezone.utc)


def test_so_is_the_default_client():
    with SyncEngine(client_options=AWARE) as engine:
        assert engine.client.codec_options.tz_aware is True


@pytest.mark.parametrize(
    ("uri", "given", "expected"),
    [
        ("mongodb://localhost/shop", [], "shop"),
        ("mongodb://a:1,b:2/shop?replicaSet=rs", [], "shop"),
        ("mongodb://localhost/my%2Dshop", [], "my-shop"),
        ("mongodb://localhost/shop%2Eorders", [], "shop"),
        ("mongodb://ada:p#w[d@localhost/shop", [], "shop"),
        ("mongodb://localhost/shop", ["harbour"], "harbour"),
        ("mongodb://localhost/shop", ["test"], "test"),
        ("mongodb://localhost", [], "test"),
        ("mongodb://localhost/?w=1", [], "test"),
    ],
)
def test_the_database_is_the_given_one_else_that_of_the_uri(uri, given, expected):
    with SyncEngine(uri, *given) as engine:
        assert engine.database_name == engine.database.name == expected


def test_it_may_be_closed_twice(odmantic_mongo_uri):
    engine = SyncEngine(odmantic_mongo_uri)
    engine.close()
    engine.close()
    with engine:
        pass


@pytest.mark.parametrize("way", ["close", "block"])
def test_a_client_that_was_given_stays_open(sync_engine, sync_client, way):
    if way == "close":
        sync_engine.close()
    else:
        with sync_engine as entered:
            assert entered is sync_engine
    assert SyncEngine(sync_client, sync_engine.database_name).count(Event) == 0


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        (["shop"], {}, "second argument"),
        (["localhost:27017"], {}, "begins with mongodb://"),
        (["mongodb://localhost", "a.b"], {}, "cannot contain"),
        (["mongodb://localhost"], {"stray_operations": "no"}, "no"),
        (["mongodb://localhost"], {"client_options": {"maxPoolSize": -1}}, "maxPoolSize"),
    ],
)
def test_what_is_wrong_is_refused_before_there_is_a_client(monkeypatch, arguments, options, error):
    made = []
    kind = MongoClient
    initialise = kind.__init__

    def note(self, *given, **named):
        initialise(self, *given, **named)
        made.append(self)

    monkeypatch.setattr(kind, "__init__", note)
    with pytest.raises((TypeError, ValueError, PyMongoError), match=error):
        SyncEngine(*arguments, **options)
    assert made == []


def test_options_for_a_client_that_was_given_are_refused(sync_client):
    with pytest.raises(TypeError, match="give them to your"):
        SyncEngine(sync_client, client_options=AWARE)


@pytest.mark.parametrize("options", [{}, {"username": "ada", "password": "secret"}])
def test_its_text_says_where_it_is_and_no_password(options):
    uri = (
        "mongodb://localhost:27018/shop" if options else "mongodb://ada:secret@localhost:27018/shop"
    )
    with SyncEngine(uri, client_options=options) as engine:
        text = f"{engine!r} {engine} {engine.client!r}"
    assert "database 'shop' at localhost:27018>" in text
    assert "secret" not in text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_forked_child_leaves_the_client_of_its_parent_alone(
    odmantic_mongo_uri, odmantic_database_name
):
    with SyncEngine(odmantic_mongo_uri, odmantic_database_name) as engine:
        engine.save(Event(at=NOON))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which do nothing here
            child = os.fork()
        if child == 0:
            engine.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert engine.count(Event) == 1


OPERATIONS = {
    "save": lambda engine: engine.save(Event(at=NOON)),
    "save_all": lambda engine: engine.save_all([Event(at=NOON), Event(at=NOON)]),
    "find": lambda engine: engine.find(Event),
    "find_one": lambda engine: engine.find_one(Event),
    "count": lambda engine: engine.count(Event),
    "remove": lambda engine: engine.remove(Event),
    "find_one_and_delete": lambda engine: engine.find_one_and_delete(Event, {}),
    "update_many": lambda engine: engine.update_many(Event, {}, {"$set": {"x": 1}}),
    "delete": lambda engine: engine.delete(Event(at=NOON)),
}


@pytest.fixture
def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and never listens
        yield held.getsockname()[1]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("in_transaction", [False, True])
def test_without_a_server_the_error_says_where_and_what_to_do(free_port, operation, in_transaction):
    options = {"serverSelectionTimeoutMS": 50}
    with SyncEngine(f"mongodb://127.0.0.1:{free_port}", client_options=options) as engine:
        with pytest.raises(ServerNotFoundError) as caught:
            if in_transaction:
                with engine.transaction() as transaction:
                    OPERATIONS[operation](transaction)
            else:
                OPERATIONS[operation](engine)
    error = caught.value
    assert isinstance(error, ServerSelectionTimeoutError)
    assert isinstance(error.__cause__, ServerSelectionTimeoutError)
    assert error.timeout
    assert error.has_error_label("TransientTransactionError") is in_transaction
    for text in (
        "of Event: ",
        f"at 127.0.0.1:{free_port} ",
        "`odmantic serve`",
        "serverSelectionTimeoutMS",
    ):
        assert text in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.addresses) == (str(error), (f"127.0.0.1:{free_port}",))
