"""quart-mongo: an engine that it subclasses, on a Motor client that it subclasses."""

from __future__ import annotations

import pytest
from quart import Quart
from quart_mongo import Mongo
from quart_mongo.wrappers import AIOEngine, AIOMotorClient

import odmantic
from odmantic import Model


class Task(Model):
    title: str
    done: bool = False


@pytest.fixture
async def mongo(uri, database):
    start, _, options = uri.partition("/?")
    app = Quart(__name__)
    mongo = Mongo(app, uri=f"{start}/{database}?{options}")

    @app.get("/tasks/<title>")
    async def task(title):
        found = await mongo.odm.find_one_or_404(Task, Task.title == title)
        return found.model_dump(exclude={"id"})

    @app.post("/tasks/<title>")
    async def make(title):
        async with mongo.odm.transaction() as transaction:
            saved = await transaction.save(Task(title=title))
            if await transaction.count(Task, Task.title == title) > 1:
                await transaction.abort()
                return {"error": "twice"}, 409
        return {"title": saved.title}, 201

    async with app.test_app():
        mongo.browser = app.test_client()
        yield mongo
        mongo.cx.close()


async def test_engine_is_a_subclass_on_a_subclassed_client(mongo, database):
    assert isinstance(mongo.odm, AIOEngine)
    assert isinstance(mongo.odm, odmantic.AIOEngine)
    assert isinstance(mongo.cx, AIOMotorClient)
    assert mongo.odm.client is mongo.cx
    assert mongo.odm.database_name == database


async def test_found_or_404(mongo):
    await mongo.odm.save(Task(title="write"))
    answer = await mongo.browser.get("/tasks/write")
    assert await answer.get_json() == {"title": "write", "done": False}
    assert (await mongo.browser.get("/tasks/rest")).status_code == 404


async def test_transactions(mongo):
    assert (await mongo.browser.post("/tasks/write")).status_code == 201
    assert (await mongo.browser.post("/tasks/write")).status_code == 409
    assert await mongo.odm.count(Task) == 1


async def test_raw_collection_and_engine_see_the_same(mongo):
    task = await mongo.odm.save(Task(title="read"))
    found = await mongo.db["task"].find_one_or_404({"_id": task.id})
    assert found == {"_id": task.id, "title": "read", "done": False}
    await mongo.db["task"].update_one({"_id": task.id}, {"$set": {"done": True}})
    assert [found.done async for found in mongo.odm.find(Task)] == [True]
