"""Uses of each operation, right and wrong: every line with a mistake is marked, and no other."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.collation import Collation
from pymongo.collection import Collection
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from typing_extensions import assert_type

from odmantic import AIOEngine, EmbeddedModel, F, Field, Index, Model, SyncEngine
from odmantic.query import desc
from odmantic.session import AIOSession, AIOTransaction, SyncSession, SyncTransaction
from odmantic.typing import FindOptions, WriteOptions


class Line(EmbeddedModel):
    sku: str


class Order(Model):
    number: int
    note: str | None = None
    tags: list[str] = []
    total: float = Field(default=0)
    line: Line


async def reads(engine: AIOEngine, transaction: AIOTransaction) -> None:
    assert_type(await engine.get(Order, "5f85f36d6dfecacc68428a46"), Order | None)
    assert_type(await engine.get_many(Order, (1, 2)), list[Order | None])
    assert_type(await engine.exists(Order, F(Order.number) == 3, max_time_ms=100), bool)
    assert_type(await engine.estimated_count(Order, comment="how many"), int)
    assert_type(await engine.distinct(Order.number, F(Order.total) > 3), list[int])
    assert_type(await engine.distinct(Order.tags, read_concern=ReadConcern("majority")), list[str])
    assert_type(await engine.count(Order, limit=10, hint="by_number"), int)
    assert_type(await transaction.get(Order, 3, load=()), Order | None)
    assert_type(await transaction.distinct(Order.line.sku), list[str])
    assert_type(await transaction.exists(Order), bool)
    (await engine.get(Order, 3)).number  # mistake: it may be None
    await engine.get(Order)  # mistake: no key
    await engine.get(Line, 3)  # mistake: embedded
    await engine.get(Order, 3, loads=())  # mistake: misspelt
    (await engine.get_many(Order, [3]))[0].number  # mistake: it may be None
    await engine.get_many(Order, 3)  # mistake: several keys
    await engine.exists(Order, 3)  # mistake: no condition
    await engine.exists(Order, limit=3)  # mistake: no such argument
    await engine.estimated_count(Order, {})  # mistake: it takes no condition
    (await engine.distinct(Order.number))[0].upper()  # mistake: an int
    await engine.count(Order, skip="3")  # mistake: no number
    await engine.count(Order, max_time_ms="3")  # mistake: no number
    await engine.find(Order, max_tme_ms=3)  # mistake: misspelt
    await transaction.exists(Order, max_tme_ms=3)  # mistake: misspelt
    transaction.get(Order, 3).number  # mistake: it is awaited


async def writes(engine: AIOEngine, session: AIOSession, transaction: AIOTransaction) -> None:
    change = F(Order.total).inc(1)
    options: WriteOptions = {"collation": Collation("de"), "write_concern": WriteConcern(1)}
    await engine.update_one(Order, {}, change, **options)
    await engine.update_many(Order, {}, change, hint=Index(Order.number), comment=3)
    assert_type(await engine.find_one_and_update(Order, {}, change), Order | None)
    assert_type(await engine.delete_one(Order, {}, sort=desc(Order.total)), bool)
    assert_type(await session.delete_many(Order, F(Order.number) == 3, rules=False), int)
    assert_type(await session.find_one_and_delete(Order, {}, load=["line"]), Order | None)
    assert_type(
        await transaction.find_one_and_update(Order, {}, change, returning="before"), Order | None
    )
    assert_type(await engine.find_one_and_update(Order, {}, change, upsert=True), Order)
    await engine.update_one(Order, {}, change, collation="de")  # mistake: no collation
    await engine.update_many(Order, {}, change, max_time_ms=3)  # mistake: of reads only
    await session.update_one(Order, {}, change, comments=3)  # mistake: misspelt
    await transaction.update_many(Order, {}, change, 3)  # mistake: no update
    await engine.find_one_and_update(Order, {}, change, returning="both")  # mistake: no such word
    await session.find_one_and_update(Order, {}, returning=True)  # mistake: no such word
    (await transaction.find_one_and_update(Order, {}, change)).number  # mistake: it may be None
    await engine.delete_one(Order)  # mistake: no query
    await session.delete_one(Order, {}, {})  # mistake: a tuple of queries
    await transaction.delete_many(Order, "all")  # mistake: no query
    await engine.delete_many(Order, {}, just_one=True)  # mistake: of remove
    (await engine.find_one_and_delete(Order, {})).number  # mistake: it may be None
    await session.find_one_and_delete(Order, {}, hard="yes")  # mistake: no bool
    wrong: WriteOptions = {"colation": None}  # mistake: misspelt
    await engine.update_one(Order, {}, change, **wrong)


def sync_reads(engine: SyncEngine, transaction: SyncTransaction) -> None:
    options: FindOptions = {"hint": "by_number", "batch_size": 10}
    list(engine.find(Order, **options))
    assert_type(engine.get(Order, 3), Order | None)
    assert_type(engine.get_many(Order, {1, 2}), list[Order | None])
    assert_type(transaction.exists(Order, {}), bool)
    assert_type(engine.estimated_count(Order), int)
    assert_type(transaction.distinct(Order.total), list[float])
    engine.get(Order, 3).number  # mistake: it may be None
    engine.distinct(Order.tags)[0].append("a")  # mistake: text
    engine.count(Order, batch="3")  # mistake: no such option
    transaction.estimated_count()  # mistake: no model


def sync_writes(engine: SyncEngine, session: SyncSession, transaction: SyncTransaction) -> None:
    change = F(Order.total).inc(1)
    assert_type(engine.delete_one(Order, {}), bool)
    assert_type(session.delete_many(Order, ({}, {"a": 1})), int)
    assert_type(transaction.find_one_and_update(Order, {}, change), Order | None)
    transaction.find_one_and_update(Order, {}, change).number  # mistake: it may be None
    transaction.find_one_and_update(Order, {}, change, upsert=True).number
    engine.find_one_and_update(Order, {}, change, upsert=1)  # mistake: neither bool nor instance
    session.delete_many(Order)  # mistake: no query
    engine.find_one_and_delete(Order, {}, returning="after")  # mistake: no such argument
    engine.update_one(Order, {}, change, let=3)  # mistake: no mapping


async def instances(engine: AIOEngine, transaction: AIOTransaction, order: Order) -> None:
    assert_type(await engine.insert_many([order], ordered=False), list[Order])
    assert_type(await transaction.save_all((order, order), cascade=False), list[Order])
    assert_type(await transaction.refresh(order, Order.number, discard=True), Order)
    await engine.insert(Order)  # mistake: no instance
    await engine.insert_many(order)  # mistake: several
    await transaction.save_all([Order])  # mistake: no instances
    await engine.replace(order, cascade=True)  # mistake: no such argument
    await transaction.refresh([order])  # mistake: one instance
    await engine.restore(order.line)  # mistake: embedded
    await transaction.load("Order.line")  # mistake: no instance


async def updates(engine: AIOEngine, session: AIOSession, order: Order) -> None:
    change = F(Order.total).inc(1)
    assert_type(await engine.update(order, change, F(Order.tags).push("x")), bool)
    assert_type(await session.update(order, change, where=F(Order.total) < 3), bool)
    await engine.update(Order, change)  # mistake: no instance
    await engine.update(order, "total")  # mistake: no update
    await engine.update(order, change, where=3)  # mistake: no condition
    await session.update(order, change, were={})  # mistake: misspelt
    await session.update(order.line, change)  # mistake: embedded


async def replacements(
    engine: AIOEngine, sync: SyncEngine, transaction: AIOTransaction, order: Order
) -> None:
    assert_type(await engine.find_one_and_replace(Order, {}, order), Order | None)
    assert_type(await engine.find_one_and_replace(Order, {}, order, upsert=True), Order)
    assert_type(
        await transaction.find_one_and_replace(Order, {}, order, upsert=True, returning="before"),
        Order | None,
    )
    assert_type(sync.find_one_and_replace(Order, {}, order, upsert=True, returning="after"), Order)
    assert_type(await transaction.get_or_create(Order, {"number": 3}, order), tuple[Order, bool])
    (await engine.find_one_and_replace(Order, {}, order)).number  # mistake: it may be None
    await transaction.find_one_and_replace(Order, {}, Order)  # mistake: no instance
    await engine.replace_one(Order, order)  # mistake: no query
    sync.replace_one(Order, {}, order, upsert=order)  # mistake: a bool
    (await engine.get_or_create(Order, {}, order)).number  # mistake: a tuple
    sync.get_or_create(Order, {}, order, upsert=True)  # mistake: no such argument


async def lives(engine: AIOEngine, session: AIOSession, transaction: AIOTransaction) -> None:
    assert_type(engine.get_collection(Order), AsyncCollection[dict[str, Any]])
    await engine.configure_database([Order], update_existing_indexes=True)
    await session.start()
    assert_type(session.token(), str)
    assert_type(session.is_started, bool)
    await session.end()
    await transaction.start()
    assert_type(transaction.track([1]), list[int])
    await transaction.abort()
    await engine.close()
    engine.get_collection(Line)  # mistake: embedded
    await engine.configure_database(Order)  # mistake: several models
    engine.session(snapshots=True)  # mistake: misspelt
    engine.transaction(max_commit_time_ms="3")  # mistake: no number
    AIOTransaction(transaction.get_driver_session(), read_concern="majority")  # mistake: no concern
    AIOSession(engine, after=3)  # mistake: no token
    await session.token()  # mistake: nothing to await


def sync_lives(engine: SyncEngine, transaction: SyncTransaction) -> None:
    assert_type(engine.get_collection(Order), Collection[dict[str, Any]])
    with SyncEngine(MongoClient[dict[str, Any]]()) as other, other.session() as session:
        assert_type(session.is_started, bool)
    transaction.commit(3)  # mistake: no such argument
    engine.close(True)  # mistake: no such argument
    SyncSession(AIOEngine())  # mistake: of the other colour
