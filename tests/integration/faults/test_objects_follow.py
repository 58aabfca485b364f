"""Whatever goes wrong in a transaction: saving the same objects makes the database equal to the objects.

Random objects, random operations on them in a block or a callback, a fault at a random command.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import PyMongoError

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.engine import AIOEngine, SyncEngine
from odmantic.exceptions import DocumentNotFoundError
from odmantic.testing.faults import ALL_FAULTS, SERVER_FAULTS, Command, FaultPoint
from odmantic.testing.faults._proxy import Proxy
from odmantic.testing.faults._stage import Stage

ANY = Command("any")


class Publisher(Model):
    name: str
    places: list[str] = []


class Page(EmbeddedModel):
    text: str
    notes: dict[str, int] = {}


class Book(Model):
    title: str
    price: int = 0
    cover: Page = Field(default_factory=lambda: Page(text="cover"))
    pages: list[Page] = []
    publisher: Publisher = Reference()


def library():
    publishers = [Publisher(name=name) for name in ("North", "South")]
    books = [Book(title=title, publisher=publishers[n % 2]) for n, title in enumerate("abc")]
    return publishers, books


def change(publishers, books, kind, which, value):
    """Change an object in one of many ways."""
    book = books[which % len(books)]
    match kind:
        case "field":
            book.price = value
        case "nested":
            book.cover.notes[str(value)] = value
        case "list":
            book.pages.append(Page(text=str(value)))
        case "element" if book.pages:
            book.pages[-1].text += "!"
        case "reference":
            book.publisher = publishers[value % len(publishers)]
        case _:
            publishers[which % len(publishers)].places.append(str(value))


KINDS = ("field", "nested", "list", "element", "reference", "referenced")
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 9)),
        st.tuples(st.just("save"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("save_all"), st.just(0), st.just(0)),
        st.tuples(st.just("delete"), st.integers(0, 2), st.just(0)),
    ),
    min_size=2,
    max_size=10,
)
SAVED_BEFORE = st.sets(st.integers(0, 2))
CASES = {
    "saved": SAVED_BEFORE,
    "operations": OPERATIONS.map(lambda operations: [*operations, ("save_all", 0, 0)]),
    "number": st.integers(1, 6),
    "in_callback": st.booleans(),
    "leaves_by_error": st.sampled_from([False, False, True]),
}


class Refusal(Exception):  # noqa: N818
    pass


def steps(publishers, books, operations):
    """Change objects, and tell what is to be called with which of them."""
    for kind, which, value in operations:
        if kind == "save_all":
            yield "save_all", books
        elif kind in {"save", "delete"}:
            yield kind, books[which]
        else:
            change(publishers, books, kind, which, value)


class Network:
    """The way to a server, with one fault ahead."""

    def __init__(self, uri):
        self.stage = Stage(uri, SERVER_FAULTS)
        self.watch = self.stage.watch(None)
        self.proxy = Proxy(self.stage._address, self)
        self.uri = self.stage.proxied_uri(self.proxy)
        self.hits = 0

    def on_command(self, document):
        return self.watch.on_command(document)

    def break_at(self, number, fault):
        self.watch = self.stage.watch(FaultPoint(number, ANY, fault))

    def repair(self):
        self.hits += self.watch.has_hit
        self.watch = self.stage.watch(None)
        self.stage._server.quieten()

    def close(self):
        self.proxy.close()
        self.stage.close()

    def check(self, publishers, books, client):
        """Everything is stored as the objects are, and nothing is left behind."""
        stored = self.stage._server.client[self.stage.database]
        for instance in (*publishers, *books):
            collection = stored[type(instance).__collection__]
            assert collection.find_one({"_id": instance.id}) == instance.model_dump_doc()
        assert stored["book"].count_documents({}) == len(books)
        assert self.stage.left_behind() == []
        pools = [server.pool for server in client._topology._servers.values()]
        assert [pool.active_sockets for pool in pools] == [0] * len(pools)

    def clear(self):
        database = self.stage._server.client[self.stage.database]
        for name in ("book", "publisher"):
            database[name].delete_many({})


SLOW = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
EXPECTED = (PyMongoError, DocumentNotFoundError, Refusal, asyncio.CancelledError)


@pytest.fixture(scope="module")
def network(odmantic_mongo_uri):
    network = Network(odmantic_mongo_uri)
    yield network
    network.close()


def test_sync_objects_can_be_saved_after_any_fault(network):
    with MongoClient(network.uri) as client:
        engine = SyncEngine(client, database=network.stage.database)

        @SLOW
        @given(fault=st.sampled_from(SERVER_FAULTS), **CASES)
        def check(fault, saved, operations, number, in_callback, leaves_by_error):
            network.repair()
            network.clear()
            publishers, books = library()
            engine.save_all([books[n] for n in saved])
            network.break_at(number, fault)

            def work(transaction):
                for name, what in steps(publishers, books, operations):
                    getattr(transaction, name)(what)
                if leaves_by_error:
                    raise Refusal

            with suppress(*EXPECTED):
                if in_callback:
                    engine.run_transaction(work, restore=[*publishers, *books])
                else:
                    with engine.transaction() as transaction:
                        work(transaction)
            network.repair()
            engine.save_all([*publishers, *books])

            network.check(publishers, books, client)

        before = network.hits
        check()
        assert network.hits - before >= 5, "too few of the faults happened"


def test_async_objects_can_be_saved_after_any_fault(network):
    loop = asyncio.new_event_loop()

    async def scenario(engine, *, fault, saved, operations, number, in_callback, leaves_by_error):
        network.repair()
        network.clear()
        publishers, books = library()
        await engine.save_all([books[n] for n in saved])
        network.break_at(number, fault)

        async def work(transaction):
            for name, what in steps(publishers, books, operations):
                await getattr(transaction, name)(what)
            if leaves_by_error:
                raise Refusal

        async def program():
            if in_callback:
                await engine.run_transaction(work, restore=[*publishers, *books])
            else:
                async with engine.transaction() as transaction:
                    await work(transaction)

        task = loop.create_task(program())
        network.watch.cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        with suppress(*EXPECTED):
            await task
        network.repair()
        await engine.save_all([*publishers, *books])

        network.check(publishers, books, engine.client)

    async def connect():
        return AIOEngine(AsyncMongoClient(network.uri), database=network.stage.database)

    engine = loop.run_until_complete(connect())

    @SLOW
    @given(fault=st.sampled_from(ALL_FAULTS), **CASES)
    def check(**case):
        loop.run_until_complete(scenario(engine, **case))

    before = network.hits
    try:
        check()
        assert network.hits - before >= 5, "too few of the faults happened"
    finally:
        loop.run_until_complete(engine.client.close())
        loop.close()
