"""starlette-admin: a view of a model with embedded models, a list, a reference and BSON types, over its pages."""

from __future__ import annotations

import inspect
import json
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import List, Optional

import bson
import httpx
import pytest
from starlette.applications import Starlette
from starlette_admin import fields
from starlette_admin.contrib.odmantic import Admin, ModelView
from starlette_admin.contrib.odmantic.helpers import resolve_deep_query

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.query import QueryExpression


class Kind(str, Enum):
    PAPER = "paper"
    AUDIO = "audio"


class Publisher(Model):
    name: str


class Page(EmbeddedModel):
    number: int
    text: str = ""


class Cover(EmbeddedModel):
    title: str


class Book(Model):
    title: str = Field(min_length=2)
    kind: Kind = Kind.PAPER
    price: Decimal = Decimal(1)
    sold: bson.Int64 = bson.Int64(0)
    printed: datetime = datetime(2020, 1, 2)
    subtitle: Optional[str] = None
    tags: List[str] = []
    cover: Cover
    pages: List[Page] = []
    publisher: Publisher = Reference()


class BookView(ModelView):
    searchable_fields = [Book.title, "id", "kind", "subtitle", "printed"]
    sortable_fields = [Book.title]
    fields_default_sort = [(Book.title, True)]


async def resolve(value):
    return await value if inspect.isawaitable(value) else value


async def everything(engine, model, *queries):
    found = engine.find(model, *queries)
    return [item async for item in found] if hasattr(found, "__aiter__") else list(found)


@pytest.fixture
async def books(engine):
    publisher = Publisher(name="Reclam")
    made = [
        Book(title=title, cover=Cover(title=title), pages=[Page(number=1)], publisher=publisher)
        for title in ("Faust", "Emil", "Momo")
    ]
    await resolve(engine.save_all(made))
    return made


@pytest.fixture
async def browser(engine):
    app = Starlette()
    admin = Admin(engine)
    admin.add_view(BookView(Book))
    admin.add_view(ModelView(Publisher))
    admin.mount_to(app)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/admin") as client:
        yield client


def test_fields_are_converted():
    view = ModelView(Book)
    assert {field.name: type(field) for field in view.fields} == {
        "id": fields.StringField,
        "title": fields.StringField,
        "kind": fields.EnumField,
        "price": fields.DecimalField,
        "sold": fields.IntegerField,
        "printed": fields.DateTimeField,
        "subtitle": fields.StringField,
        "tags": fields.ListField,
        "cover": fields.CollectionField,
        "pages": fields.ListField,
        "publisher": fields.HasOne,
    }
    assert view.fields[0].name == "id"
    required = {field.name for field in view.fields if field.required}
    assert {"title", "cover"} <= required
    assert not {"id", "kind", "subtitle"} & required


async def test_list_sorts_and_pages(browser, books):
    answer = await browser.get("/api/book", params={"limit": 2, "skip": 1, "order_by": "title asc"})
    assert answer.status_code == 200
    assert answer.json()["total"] == 3
    assert [item["title"] for item in answer.json()["items"]] == ["Faust", "Momo"]
    assert answer.json()["items"][0]["cover"] == {"title": "Faust"}
    answer = await browser.get("/api/book", params={"order_by": "title desc"})
    assert [item["title"] for item in answer.json()["items"]] == ["Momo", "Faust", "Emil"]


@pytest.mark.parametrize(
    ("where", "titles"),
    [
        ({"title": {"eq": "Emil"}}, ["Emil"]),
        ({"title": {"neq": "Emil"}}, ["Faust", "Momo"]),
        ({"title": {"in": ["Emil", "Momo"]}}, ["Emil", "Momo"]),
        ({"title": {"not_in": ["Emil", "Momo"]}}, ["Faust"]),
        ({"title": {"startswith": "fa"}}, ["Faust"]),
        ({"title": {"not_startswith": "fa"}}, ["Emil", "Momo"]),
        ({"title": {"endswith": "mo"}}, ["Momo"]),
        ({"title": {"contains": "m"}}, ["Emil", "Momo"]),
        ({"title": {"not_contains": "m"}}, ["Faust"]),
        ({"title": {"between": ["F", "G"]}}, ["Faust"]),
        ({"title": {"not_between": ["F", "G"]}}, ["Emil", "Momo"]),
        ({"subtitle": {"is_null": {}}}, ["Emil", "Faust", "Momo"]),
        ({"subtitle": {"is_not_null": {}}}, []),
        ({"printed": {"eq": "2020-01-02T00:00:00"}}, ["Emil", "Faust", "Momo"]),
        ({"or": [{"title": {"eq": "Emil"}}, {"title": {"eq": "Momo"}}]}, ["Emil", "Momo"]),
        ({"and": [{"title": {"ge": "F"}}, {"title": {"lt": "M"}}]}, ["Faust"]),
        ({}, ["Emil", "Faust", "Momo"]),
    ],
    ids=str,
)
async def test_list_filters(browser, books, where, titles):
    query = {"where": json.dumps(where), "order_by": "title asc"}
    answer = await browser.get("/api/book", params=query)
    assert answer.status_code == 200
    assert [item["title"] for item in answer.json()["items"]] == titles


async def test_list_searches_text_and_keys(browser, books):
    answer = await browser.get("/api/book", params={"where": "mom", "order_by": "title asc"})
    assert [item["title"] for item in answer.json()["items"]] == ["Momo"]
    answer = await browser.get("/api/book", params={"pks": [str(books[0].id), str(books[1].id)]})
    assert sorted(item["title"] for item in answer.json()["items"]) == ["Emil", "Faust"]
    where = json.dumps({"id": {"eq": str(books[0].id)}})
    answer = await browser.get("/api/book", params={"where": where})
    assert [item["title"] for item in answer.json()["items"]] == ["Faust"]


async def test_pages_render(browser, books):
    for page in ("list", "create", f"detail/{books[0].id}", f"edit/{books[0].id}"):
        answer = await browser.get(f"/book/{page}")
        assert answer.status_code == 200, page
    assert "Faust" in (await browser.get(f"/book/detail/{books[0].id}")).text
    assert (await browser.get(f"/book/detail/{bson.ObjectId()}")).status_code == 404


FORM = {
    "title": "Krabat",
    "kind": "audio",
    "price": "12.50",
    "sold": "7",
    "printed": "2021-03-04T05:06:07",
    "tags.1": "dark",
    "tags.2": "mill",
    "cover.title": "raven",
    "pages.1.number": "1",
    "pages.1.text": "one",
}


async def test_form_creates(browser, engine):
    publisher = await resolve(engine.save(Publisher(name="dtv")))
    answer = await browser.post("/book/create", data={**FORM, "publisher": str(publisher.id)})
    assert answer.status_code == 303, answer.text
    (book,) = await everything(engine, Book)
    assert book.model_dump(exclude={"id", "publisher"}) == {
        "title": "Krabat",
        "kind": Kind.AUDIO,
        "price": Decimal("12.5"),
        "sold": 7,
        "printed": datetime(2021, 3, 4, 5, 6, 7),
        "subtitle": None,
        "tags": ["dark", "mill"],
        "cover": {"title": "raven"},
        "pages": [{"number": 1, "text": "one"}],
    }
    assert book.publisher == publisher


async def test_form_shows_what_is_wrong(browser, engine):
    publisher = await resolve(engine.save(Publisher(name="dtv")))
    form = {**FORM, "title": "K", "publisher": str(publisher.id)}
    answer = await browser.post("/book/create", data=form)
    assert answer.status_code == 422
    assert "at least 2 characters" in answer.text
    assert await everything(engine, Book) == []


async def test_form_edits(browser, engine, books):
    form = {**FORM, "publisher": str(books[0].publisher.id)}
    answer = await browser.post(f"/book/edit/{books[0].id}", data=form)
    assert answer.status_code == 303, answer.text
    (book,) = await everything(engine, Book, Book.id == books[0].id)
    assert (book.title, book.tags, book.cover) == ("Krabat", ["dark", "mill"], Cover(title="raven"))
    assert len(await everything(engine, Book)) == 3


async def test_action_deletes(browser, engine, books):
    query = {"name": "delete", "pks": [str(books[0].id), str(books[1].id)]}
    answer = await browser.post("/api/book/action", params=query)
    assert answer.status_code == 200
    assert [book.title for book in await everything(engine, Book)] == ["Momo"]


def test_queries_reach_into_embedded_models():
    where = {"cover.title": {"startswith": "Mo"}, "price": {"is_not_null": {}}}
    query = resolve_deep_query(where, Book)
    assert isinstance(query, QueryExpression)
    (left, right) = query["$and"]
    assert left["cover.title"].pattern == "^Mo"
    assert right == {"price": {"$ne": None}}
