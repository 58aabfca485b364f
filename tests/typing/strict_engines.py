"""A program with strict engines, right and wrong: every line with a mistake is marked, and no other."""

from __future__ import annotations

from typing import Any

from pymongo import AsyncMongoClient, MongoClient
from pymongo.results import UpdateResult
from typing_extensions import assert_type

import odmantic
from odmantic import EmbeddedModel, F, Field, Model
from odmantic.engine import AIOCursor, SyncCursor
from odmantic.query import asc, desc, eq, gt, raw
from odmantic.strict import (
    AIOEngine,
    AIOSession,
    AIOTransaction,
    Index,
    SyncEngine,
    SyncSession,
    SyncTransaction,
)
from odmantic.testing.strict import AIORollbackEngine, SyncRollbackEngine


class Home(EmbeddedModel):
    city: str


class User(Model):
    name: str
    age: int = Field(default=0)
    tags: list[str] = []
    home: Home

    model_config = {"indexes": lambda: [Index(F(User.name), F(User.age).desc(), name="by_name")]}


class Badly(Model):
    name: str

    model_config = {"indexes": lambda: [Index(Badly.name)]}  # mistake: F(Badly.name)


async def reads(engine: AIOEngine) -> None:
    assert_type(engine.find(User, F(User.age) > 3, sort=F(User.age).desc()), AIOCursor[User])
    assert_type(await engine.find(User, F(User.age) > 3), list[User])
    assert_type(await engine.find_one(User, {"age": {"$gt": 3}}), User | None)
    assert_type(await engine.count(User, gt(User.age, 3) & eq(User.name, "a"), raw({})), int)
    await engine.find(User, (F(User.age) > 3) & (User.name == "a"), F(User.tags).contains("x"))
    await engine.find(User, (F(User.age) > 3) | ~F(User.home.city).exists())
    await engine.find(User, sort=(F(User.age), F(User.name).desc(), desc(User.id), asc(User.age)))
    await engine.find(User, sort=F(User.name))
    await engine.find_any([User], F(User.age) > 3, sort=desc(User.age))
    await engine.find(User, User.age > 3)  # mistake: F(User.age) > 3
    await engine.find(User, User.name == "a", sort=desc(User.age))  # mistake: F(User.name) == "a"
    await engine.find(User, F(User.age) > 3, User.name != "a")  # mistake: F(User.name) != "a"
    await engine.find_one(User, not F(User.age) > 3)  # mistake: ~(...)
    await engine.find_one(User, User.age > 3 and User.age < 9)  # mistake: two conditions
    await engine.find_one(User, F(User.tags) == 3)  # mistake: of another type
    await engine.count(User, True)  # mistake: no condition
    await engine.count(User, F(User.tags))  # mistake: no condition
    await engine.count(User, F(User.age).desc())  # mistake: a sort order
    await engine.count(User, F(User.age).inc(1))  # mistake: an update
    await engine.find(User, sort="age")  # mistake: a name
    await engine.find(User, sort=User.age)  # mistake: F(User.age)
    await engine.find(User, sort=User.name)  # mistake: F(User.name)
    await engine.find(User, sort=-1)  # mistake: a number
    await engine.find(User, sort=F(User.age) > 3)  # mistake: a condition
    await engine.find(User, sort=("age", F(User.name)))  # mistake: a name
    await engine.find_one(User, sort=[("age", 1)])  # mistake: of the driver
    await engine.find_any([User], User.age > 3)  # mistake: F(User.age) > 3
    assert_type(await engine.exists(User, F(User.age) > 3), bool)
    assert_type(await engine.distinct(User.tags, F(User.age) > 3), list[str])
    await engine.exists(User, User.age > 3)  # mistake: F(User.age) > 3
    await engine.distinct(User.name, User.age > 3)  # mistake: F(User.age) > 3


async def writes(engine: AIOEngine, user: User) -> None:
    found = F(User.age) > 3
    assert_type(await engine.update_one(User, found, F(User.age).inc(1)), UpdateResult)
    await engine.update_many(User, (found, F(User.name) == "a"), F(User.age).inc(1))
    await engine.update_one(User, {}, {"$inc": {"age": 1}}, sort=F(User.age).desc())
    assert_type(await engine.delete_one(User, found, sort=F(User.age)), bool)
    assert_type(await engine.delete_many(User, (found, {"name": "a"})), int)
    assert_type(await engine.find_one_and_delete(User, found), User | None)
    assert_type(await engine.remove(User, found), int)
    assert_type(await engine.save(user), User)
    await engine.update_one(User, User.age > 3, F(User.age).inc(1))  # mistake: F(User.age) > 3
    await engine.update_many(User, (found, User.age > 3), F(User.age).inc(1))  # mistake: F(...)
    await engine.update_one(User, found, F(User.age).inc(1), sort=User.age)  # mistake: F(User.age)
    await engine.delete_one(User, User.name == "a")  # mistake: F(User.name) == "a"
    await engine.delete_many(User, User.age > 3)  # mistake: F(User.age) > 3
    await engine.delete_many(User, (found, True))  # mistake: no condition
    await engine.find_one_and_delete(User, User.age > 3)  # mistake: F(User.age) > 3
    await engine.find_one_and_delete(User, found, sort="age")  # mistake: a name
    change = F(User.age).inc(1)
    assert_type(await engine.find_one_and_update(User, found, change), User | None)
    await engine.find_one_and_update(User, User.age > 3, change)  # mistake: F(User.age) > 3
    assert_type(await engine.find_one_and_replace(User, found, user, upsert=True), User)
    await engine.get_or_create(User, User.name == "a", user)  # mistake: F(User.name) == "a"
    await engine.replace_one(User, User.age > 3, user)  # mistake: F(User.age) > 3
    assert_type(await engine.update(user, change, where=found), bool)
    await engine.update(user, change, where=User.age > 3)  # mistake: F(User.age) > 3
    await engine.find_one_and_update(User, found, change, sort=User.age)  # mistake: F(User.age)
    await engine.remove(User, User.age > 3)  # mistake: F(User.age) > 3


async def work(transaction: AIOTransaction) -> User | None:
    await transaction.delete_many(User, User.age > 3)  # mistake: F(User.age) > 3
    return await transaction.find_one(User, F(User.age) > 3)


async def usual_work(_transaction: odmantic.session.AIOTransaction) -> int:
    return 1


async def sessions(engine: AIOEngine, user: User) -> None:
    assert_type(engine.session(), AIOSession)
    assert_type(engine.transaction(), AIOTransaction)
    assert_type(await engine.run_transaction(work), User | None)
    assert_type(await engine.run_transaction(usual_work, attempts=3), int)
    async with engine.session() as session:
        assert_type(session, AIOSession)
        assert_type(session.engine, AIOEngine)
        await session.find(User, F(User.age) > 3, sort=F(User.age))
        await session.find(User, User.age > 3)  # mistake: F(User.age) > 3
        await session.find_one(User, sort=User.age)  # mistake: F(User.age)
        await session.delete_many(User, User.age > 3)  # mistake: F(User.age) > 3
        await session.update_one(User, User.age > 3, F(User.age).inc(1))  # mistake: F(User.age) > 3
        change = F(User.age).inc(1)
        await session.find_one_and_update(User, User.age > 3, change)  # mistake: F(User.age) > 3
        await session.update(user, change, where=User.age > 3)  # mistake: F(User.age) > 3
        assert_type(await session.run_transaction(work), User | None)
        async with session.transaction() as transaction:
            assert_type(transaction, AIOTransaction)
            assert_type(transaction.session, AIOSession)
            await transaction.find(User, F(User.age) > 3)
            await transaction.count(User, User.age > 3)  # mistake: F(User.age) > 3
            await engine.count(User, F(User.age) > 3, session=transaction)
    async with AIOTransaction(engine) as transaction:
        await transaction.update_many(User, F(User.age) > 3, F(User.age).inc(1))
        await transaction.find(User, sort="age")  # mistake: a name
        await transaction.update_many(User, True, F(User.age).inc(1))  # mistake: no condition


def usual(engine: odmantic.AIOEngine) -> None: ...


def made(client: AsyncMongoClient[Any], sync_client: MongoClient[Any]) -> None:
    usual(AIOEngine(client, database="shop", stray_operations="join"))
    SyncEngine(sync_client)
    AIOEngine(sync_client)  # mistake: of the other colour


def sync_reads(engine: SyncEngine) -> None:
    assert_type(engine.find(User, F(User.age) > 3, sort=F(User.age).desc()), SyncCursor[User])
    assert_type(engine.find_one(User, gt(User.age, 3)), User | None)
    assert_type(engine.delete_many(User, F(User.age) > 3), int)
    engine.find(User, User.age > 3)  # mistake: F(User.age) > 3
    engine.find_one(User, sort="age")  # mistake: a name
    engine.update_one(User, User.age > 3, F(User.age).inc(1))  # mistake: F(User.age) > 3
    engine.find_one_and_delete(User, User.age > 3)  # mistake: F(User.age) > 3


def sync_work(transaction: SyncTransaction) -> int:
    transaction.delete_one(User, User.age > 3)  # mistake: F(User.age) > 3
    return transaction.count(User, F(User.age) > 3)


def sync_sessions(engine: SyncEngine) -> None:
    assert_type(engine.run_transaction(sync_work), int)
    with engine.session() as session:
        assert_type(session, SyncSession)
        session.find(User, User.age > 3)  # mistake: F(User.age) > 3
        with session.transaction() as transaction:
            assert_type(transaction, SyncTransaction)
            transaction.remove(User, User.age > 3)  # mistake: F(User.age) > 3


async def test_engines(engine: AIORollbackEngine, sync_engine: SyncRollbackEngine) -> None:
    assert_type(engine.writes, int)
    assert_type(engine.transaction(), AIOTransaction)
    assert_type(await engine.run_transaction(work), User | None)
    await engine.find(User, F(User.age) > 3)
    await engine.find(User, User.age > 3)  # mistake: F(User.age) > 3
    assert_type(sync_engine.session(), SyncSession)
    sync_engine.count(User, User.age > 3)  # mistake: F(User.age) > 3
