"""Arguments of engines, sessions and transactions, right and wrong: every line with a mistake is marked, and no other."""

from __future__ import annotations

from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError
from typing_extensions import Never, assert_type

from odmantic import AIOEngine, Field, Model, SyncEngine
from odmantic.engine import AIOSessionType
from odmantic.exceptions import CommitOutcomeUnknownError, TransactionTimeoutError
from odmantic.session import (
    NO_SESSION,
    AIOSession,
    AIOTransaction,
    SyncSession,
    SyncTransaction,
)


class User(Model):
    name: str


class Keyed(Model):
    id: str = Field(primary_field=True)


def clients(motor: AsyncIOMotorClient[Any]) -> None:
    AIOEngine(AsyncMongoClient[Any](), "shop")
    AIOEngine(AsyncMongoClient("mongodb://localhost"))
    AIOEngine(motor, database="shop")
    AIOEngine(AsyncIOMotorClient[Any]())
    AIOEngine("mongodb://localhost")
    AIOEngine(None)
    AIOEngine(MongoClient[Any]())  # mistake: for a SyncEngine
    AIOEngine(27017)  # mistake: no client
    SyncEngine(MongoClient[dict[str, Any]]())
    SyncEngine(MongoClient())
    SyncEngine("mongodb://localhost")
    SyncEngine(AsyncMongoClient[Any]())  # mistake: for an AIOEngine
    SyncEngine(motor)  # mistake: for an AIOEngine
    engine = SyncEngine()
    assert_type(engine.client, MongoClient[dict[str, Any]])
    assert_type(engine.database, Database[dict[str, Any]])


def policies(word: str, engine: AIOEngine) -> None:
    AIOEngine(stray_operations="join", raw_queries="forbid")
    AIOEngine(stray_operations=engine.stray_operations)
    AIOEngine(stray_operations="joins")  # mistake: no such word
    AIOEngine(raw_queries="never")  # mistake: no such word
    SyncEngine(stray_operations="raise", raw_queries="warn")
    SyncEngine(stray_operations=word)  # mistake: any text
    SyncEngine(raw_queries=word)  # mistake: any text


async def sessions(
    engine: AIOEngine,
    driver: AsyncClientSession,
    motor: AsyncIOMotorClientSession,
    sync: SyncSession,
    of_sync_driver: ClientSession,
    any_of_these: AIOSessionType,
) -> None:
    async with engine.session() as session, session.transaction() as transaction:
        await engine.find(User, session=session)
        await engine.save(User(name="a"), session=transaction)
    await engine.count(User, session=driver)
    await engine.count(User, session=motor)
    await engine.count(User, session=NO_SESSION)
    await engine.count(User, session=any_of_these)
    await engine.count(User, session=None)
    await engine.find(User, session=True)  # mistake: no session
    await engine.find(User, session=engine)  # mistake: no session
    await engine.find(User, session="session")  # mistake: no session
    await engine.count(User, session=sync)  # mistake: of a SyncEngine
    await engine.save(User(name="a"), session=of_sync_driver)  # mistake: of a MongoClient
    await engine.update_many(User, {}, {"$set": {"a": 1}}, session=User)  # mistake: no session


def sync_sessions(
    engine: SyncEngine,
    driver: ClientSession,
    of_async_driver: AsyncClientSession,
    session: AIOSession,
) -> None:
    with engine.session() as own, own.transaction() as transaction:
        engine.find(User, session=own)
        engine.save(User(name="a"), session=transaction)
    engine.count(User, session=driver)
    engine.count(User, session=NO_SESSION)
    engine.remove(User, session=session)  # mistake: of an AIOEngine
    engine.remove(User, session=of_async_driver)  # mistake: of an AsyncMongoClient
    engine.remove(User, session=User(name="a"))  # mistake: no session


async def words(engine: AIOEngine, session: SyncSession) -> None:
    await engine.find(User, without=["soft_delete"])
    await engine.find(User, without=("soft_delete",))
    await engine.find(User, without={"soft_delete"})
    await engine.find(User, without=())
    await engine.count(User, without="soft_deletes")  # mistake: no such word
    session.remove(User, without=("soft_delete", "other"))  # mistake: no such word


async def sell(_transaction: AIOTransaction) -> int:
    return 1


def sell_now(_transaction: SyncTransaction) -> int:
    return 1


async def restored(engine: AIOEngine, sync: SyncEngine, user: User) -> None:
    assert_type(await engine.run_transaction(sell, restore=[user, [1, 2]]), int)
    assert_type(sync.run_transaction(sell_now, restore=(user,)), int)
    await engine.run_transaction(sell, restore=user)  # mistake: a list of objects
    sync.run_transaction(sell_now, restore=user)  # mistake: a list of objects
    with sync.session() as session:
        session.run_transaction(sell_now, restore=(each for each in [user]))  # mistake: read once


async def tell() -> None: ...


def tell_now() -> int:
    return 1


def callbacks(transaction: AIOTransaction, sync: SyncTransaction) -> None:
    transaction.on_commit(tell)
    transaction.on_commit(tell_now)
    transaction.on_rollback(tell)
    assert_type(sync.on_commit(tell_now), None)
    sync.on_rollback(tell_now)
    sync.on_commit(tell)  # mistake: nobody awaits it
    sync.on_rollback(tell)  # mistake: nobody awaits it
    sync.on_rollback(3)  # mistake: no function


def refusals(transaction: AIOTransaction, sync: SyncTransaction) -> None:
    if transaction.is_started:
        assert_type(transaction.token(), Never)
    else:
        assert_type(sync.transaction(), Never)


def errors(unknown: CommitOutcomeUnknownError, late: TransactionTimeoutError) -> None:
    assert_type(unknown.driver_error, PyMongoError)
    late.driver_error.has_error_label("TransientTransactionError")
    late.driver_error.code  # mistake: only an OperationFailure has one


def others(keyed: Keyed, user: User) -> None:
    assert_type(keyed.id, str)
    user.doc()  # pyright: ignore[reportDeprecated]
    User.parse_doc({})  # pyright: ignore[reportDeprecated]
