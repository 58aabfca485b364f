"""fastapi-pagination: pages of a query, in both colours, through an application."""

from __future__ import annotations

import warnings

import httpx
import pytest
from fastapi import FastAPI
from fastapi_pagination import LimitOffsetPage, Page, add_pagination
from fastapi_pagination.ext.odmantic import apaginate, paginate
from pydantic import BaseModel

from odmantic import Model, ObjectId

pytestmark = pytest.mark.filterwarnings("ignore:.*removed in v0.16.0:DeprecationWarning")


class User(Model):
    name: str
    age: int


class UserOut(BaseModel):
    id: ObjectId
    name: str

    model_config = {"from_attributes": True, "arbitrary_types_allowed": True}


USERS = [("Ada", 36), ("Bob", 20), ("Cid", 50), ("Dan", 41), ("Eve", 7)]


def browser(app):
    add_pagination(app)
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def check(client):
    page = (await client.get("/users", params={"page": 2, "size": 2})).json()
    assert [user["name"] for user in page["items"]] == ["Cid", "Dan"]
    assert (page["total"], page["page"], page["size"], page["pages"]) == (5, 2, 2, 3)
    page = (await client.get("/window", params={"offset": 1, "limit": 3})).json()
    assert [user["name"] for user in page["items"]] == ["Cid", "Dan"]
    assert (page["total"], page["offset"], page["limit"]) == (3, 1, 3)


async def test_async_engine(aio_engine):
    await aio_engine.save_all([User(name=name, age=age) for name, age in USERS])
    app = FastAPI()

    @app.get("/users")
    async def users() -> Page[UserOut]:
        return await apaginate(aio_engine, User, sort=User.name)

    @app.get("/window")
    async def window() -> LimitOffsetPage[User]:
        async with aio_engine.session() as session:
            return await apaginate(
                aio_engine,
                User,
                User.age > 30,
                {"age": {"$lt": 100}},
                sort=User.name,
                session=session,
            )

    async with browser(app) as client:
        await check(client)


async def test_sync_engine(sync_engine):
    sync_engine.save_all([User(name=name, age=age) for name, age in USERS])
    app = FastAPI()

    @app.get("/users")
    def users() -> Page[UserOut]:
        return paginate(sync_engine, User, sort=User.name)

    @app.get("/window")
    def window() -> LimitOffsetPage[User]:
        with sync_engine.session() as session:
            return paginate(
                sync_engine,
                User,
                User.age > 30,
                {"age": {"$lt": 100}},
                sort=User.name,
                session=session,
            )

    async with browser(app) as client:
        await check(client)


async def test_deprecated_name_works_with_an_async_engine(aio_engine):
    await aio_engine.save_all([User(name=name, age=age) for name, age in USERS])
    app = FastAPI()

    @app.get("/users")
    async def users() -> Page[User]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return await paginate(aio_engine, User, sort=User.name.desc())

    async with browser(app) as client:
        page = (await client.get("/users", params={"size": 1})).json()
    assert page["items"][0]["name"] == "Eve"
    assert ObjectId.is_valid(page["items"][0]["id"])
