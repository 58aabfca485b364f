"""The async and the sync engine send the same commands for the same program."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from bson import Binary, ObjectId
from pymongo import MongoClient
from pymongo.monitoring import CommandListener
from tests.integration.aio.colour import resolve

from odmantic.engine import SyncEngine
from sync_translation import translate

PROGRAM = Path(__file__).with_name("program.py")
TRANSIENT = {"error_code": 112, "labels": ("TransientTransactionError",)}
NO_MAJORITY = {"write_concern_error": {"code": 64, "errmsg": "waiting for replication timed out"}}
CLOSED = {"close_connection": True, "times": 1}
PARTS = [
    *((part, None, None) for part in ("configure", "save", "read", "delete", "sessions", "blocks")),
    ("retried", "update", TRANSIENT | {"times": 1}),
    ("recommitted", "commitTransaction", NO_MAJORITY | {"times": 2}),
    ("broken_read", "find", CLOSED),
    ("broken_commit", "commitTransaction", CLOSED),
    ("given_up", "update", TRANSIENT),
]
"""The parts of the program in order, each with the command that the server fails meanwhile, and how."""
PRIVATE_TO_A_RUN = {"$clusterTime", "afterClusterTime", "atClusterTime"}


class Stream(CommandListener):
    """Every command that a client sends, with its document, and the errors that it gets.

    Two runs of a program cannot have the same identifiers and times. Times are left out, and identifiers are
    numbered in the order in which they turn up: the same one has to be in the same places. Whatever else there is has to be
    the same, transaction numbers and the order of keys included.
    """

    def __init__(self, own_limit):
        self.events = []
        self._own_limit = own_limit
        self._numbers = {}

    def started(self, event):
        command = self._normal(dict(event.command))
        self.events.append((event.command_name, event.database_name, command))

    def succeeded(self, event):
        pass

    def failed(self, event):
        self.events.append(("failed", event.command_name, event.failure.get("code")))

    def _normal(self, value, key=""):
        if key in PRIVATE_TO_A_RUN:
            return "a time"
        if key == "maxTimeMS" and value != self._own_limit:
            return "what is left"
        if isinstance(value, ObjectId) or (isinstance(value, Binary) and value.subtype == 4):
            return self._number(value)
        if key in {"getMore", "cursors"} and isinstance(value, int):
            return self._number(value)
        if isinstance(value, dict):
            return [(each, self._normal(inner, each)) for each, inner in value.items()]
        if isinstance(value, list):
            return [self._normal(inner, key) for inner in value]
        return value

    def _number(self, identifier):
        kind = type(identifier).__name__
        return self._numbers.setdefault(identifier, f"{kind} {len(self._numbers)}")


@pytest.fixture(scope="module")
def programs():
    """The program as it is, and as the generator of the sync engine translates it."""
    source = PROGRAM.read_text()
    modules = []
    for colour, text in (("async", source), ("sync", translate(source))):
        name = f"odmantic_test_program_{colour}"
        sys.modules[name] = module = ModuleType(name)
        exec(compile(text, f"{PROGRAM}:{colour}", "exec"), module.__dict__)
        modules.append(module)
    yield modules
    for module in modules:
        del sys.modules[module.__name__]


@pytest.fixture
def stream(programs):
    return Stream(programs[0].COMMIT_LIMIT_MS)


@pytest.fixture
def client_options(odmantic_database_name, stream):
    return {"appname": odmantic_database_name, "event_listeners": [stream]}


def without_batches(events):
    """Motor reads one document as the first of many; so the size of the batch is the only difference."""
    return [
        (name, database, [each for each in command if each[0] not in {"batchSize", "singleBatch"}])
        if name == "find" and ("limit", 1) in command
        else (name, database, command)
        for name, database, command in events
    ]


def without_session_of_second_tries(events):
    """Motor's driver repeats a read of one document in its session; with PyMongo's client the second try has its own."""
    return [
        (name, database, [each for each in command if each[0] != "lsid"])
        if before[:2] == ("failed", "find") and name == "find"
        else (name, database, command)
        for before, (name, database, command) in pairwise([("", "", None), *events])
    ]


@pytest.mark.each_driver
async def test_both_colours_send_the_same_commands(
    aio_engine,
    async_client_kind,
    stream,
    programs,
    fail_point,
    odmantic_mongo_client,
    odmantic_mongo_uri,
):
    asynchronous, synchronous = programs
    name = aio_engine.database_name
    for part, command, fault in PARTS:
        with fail_point(command, **fault) if fault else nullcontext():
            await getattr(asynchronous, part)(aio_engine)
    await resolve(aio_engine.client.close())

    odmantic_mongo_client.drop_database(name)
    twin = Stream(synchronous.COMMIT_LIMIT_MS)
    with MongoClient(odmantic_mongo_uri, appname=name, event_listeners=[twin]) as client:
        engine = SyncEngine(client, database=name)
        for part, command, fault in PARTS:
            with fail_point(command, **fault) if fault else nullcontext():
                getattr(synchronous, part)(engine)

    if async_client_kind == "motor":
        for each in (stream, twin):
            each.events = without_session_of_second_tries(without_batches(each.events))
    for number, (in_async, in_sync) in enumerate(zip(stream.events, twin.events, strict=False)):
        assert in_async == in_sync, f"command {number}, after {stream.events[:number][-3:]}"
    assert len(stream.events) == len(twin.events)
    sent = [event[0] for event in stream.events]
    assert {
        *("aggregate", "find", "getMore", "update", "delete", "createIndexes"),
        *("commitTransaction", "abortTransaction", "failed", "endSessions"),
    } <= set(sent)
    assert sent.count("failed") >= 9
