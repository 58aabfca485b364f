"""Bad input: instances that cannot be stored, and documents that do not fit their model."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Optional
from zoneinfo import ZoneInfo

import bson.errors
import pymongo.errors
import pytest
from bson import ObjectId
from tests.integration.aio.colour import resolve

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import (
    BaseEngineException,
    DocumentParsingError,
    DocumentTooLargeError,
    IntegerTooLargeError,
    InvalidDocumentError,
    OdmanticError,
)


class Part(Model):
    name: str


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Parcel(Model):
    part: Part = Reference()
    content: Any = Field(key_name="c")


@pytest.fixture
async def sessions(aio_engine, monkeypatch):
    """The sessions of the driver that the engine opens."""
    opened = []
    start_session = aio_engine.client.start_session

    async def recording(*arguments, **options):
        session = await resolve(start_session(*arguments, **options))
        opened.append(session)
        return session

    monkeypatch.setattr(aio_engine.client, "start_session", recording)
    return opened


def _nested(depth):
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


MEGABYTE = 1024 * 1024

UNSTORABLE = {
    "set of a class": (object(), InvalidDocumentError),
    "time in a zone": (dt.time(1, tzinfo=ZoneInfo("Europe/Paris")), InvalidDocumentError),
    "timedelta of 300 years": (dt.timedelta(109_575), InvalidDocumentError),
    "view": (memoryview(b"x"), InvalidDocumentError),
    "nested": ({"a": [{"b": object()}]}, InvalidDocumentError),
    "key that is no text": ({(1, 2): 3}, InvalidDocumentError),
    "key with a zero byte": ({"a\0b": 1}, InvalidDocumentError),
    "integer beyond 64 bits": (2**63, IntegerTooLargeError),
    "integer below 64 bits": ([-(2**63) - 1], IntegerTooLargeError),
    "16 MiB": ("x" * (16 * MEGABYTE), DocumentTooLargeError),
    "17 MiB": (b"x" * (17 * MEGABYTE), DocumentTooLargeError),
    "60 MiB": (b"x" * (60 * MEGABYTE), DocumentTooLargeError),
    "200 levels": (_nested(200), InvalidDocumentError),
    "5000 levels": (_nested(5000), InvalidDocumentError),
    "lone surrogate": ("\ud800", InvalidDocumentError),
}


@pytest.mark.parametrize(("content", "error"), UNSTORABLE.values(), ids=UNSTORABLE)
async def test_what_cannot_be_stored_is_an_error_that_names_it(
    aio_engine, raw_database, sessions, content, error
):
    parcel = Parcel.model_construct(part=Part(name="p"), content=content, id=ObjectId())

    with pytest.raises(error) as caught:
        await aio_engine.save(parcel)

    text = str(caught.value)
    assert "Parcel" in text
    assert "save" in text
    if error is not DocumentTooLargeError:
        assert "content" in text
    assert len(text) < 2000
    assert isinstance(caught.value, (BaseEngineException, OdmanticError))
    assert caught.value.model is Parcel
    assert caught.value.__cause__ is not None
    assert raw_database["parcel"].count_documents({}) == 0
    assert [session.has_ended for session in sessions] == [True]
    assert "content" in parcel.__fields_modified__


async def test_the_errors_are_the_drivers_too(aio_engine):
    class Holder(Model):
        content: Any

    with pytest.raises(bson.errors.InvalidDocument):
        await aio_engine.save(Holder(content=object()))
    with pytest.raises(OverflowError):
        await aio_engine.save(Holder(content=2**63))
    with pytest.raises(pymongo.errors.DocumentTooLarge):
        await aio_engine.save(Holder(content="x" * (17 * MEGABYTE)))


async def test_a_change_that_cannot_be_stored_leaves_the_document(aio_engine, raw_database):
    parcel = await aio_engine.save(Parcel(part=Part(name="p"), content={"a": 1}))
    before = raw_database["parcel"].find_one()
    parcel.content["b"] = object()

    with pytest.raises(InvalidDocumentError, match="content"):
        await aio_engine.save(parcel)
    assert raw_database["parcel"].find_one() == before

    parcel.content["b"] = 2
    await aio_engine.save(parcel)
    assert raw_database["parcel"].find_one()["c"] == {"a": 1, "b": 2}


async def test_growing_beyond_16_mebibytes_on_the_server_is_refused(aio_engine, raw_database):
    class Two(Model):
        first: str = ""
        second: str = ""

    two = await aio_engine.save(Two(first="x" * (9 * MEGABYTE)))
    two.second = "x" * (9 * MEGABYTE)

    with pytest.raises(DocumentTooLargeError, match="Two"):
        await aio_engine.save(two)
    assert raw_database["two"].find_one({}, {"second": 1})["second"] == ""


async def test_a_filter_that_cannot_be_sent_is_the_drivers_error(aio_engine):
    with pytest.raises(bson.errors.InvalidDocument):
        await aio_engine.count(Parcel, Parcel.content == object())
    with pytest.raises(bson.errors.InvalidDocument):
        await aio_engine.find_one(Parcel, {"c": object()})
    with pytest.raises(OverflowError):
        await aio_engine.remove(Parcel, Parcel.content == 2**63)


class Shape(Model):
    name: str
    number: int = 0
    size: Size = Size(width=1)
    maybe: Optional[Size] = None
    sizes: list[Size] = []
    by_name: dict[str, Size] = {}
    tags: list[str] = []
    price: Decimal = Decimal(1)
    part: Optional[ObjectId] = None

    model_config = {"arbitrary_types_allowed": True}


MISFITS = {
    "empty": ({}, [("name",)], "Key 'name' not found in document"),
    "null": ({"name": None}, [("name",)], "valid string"),
    "wrong type": ({"name": 1}, [("name",)], "valid string"),
    "two problems": ({"name": 1, "number": "x"}, [("name",), ("number",)], "2 validation errors"),
    "embedded null": ({"name": "a", "size": None}, [("size",)], "size"),
    "embedded number": ({"name": "a", "size": 1}, [("size",)], "size"),
    "embedded list": ({"name": "a", "size": [{"w": 1}]}, [("size",)], "size"),
    "embedded without key": ({"name": "a", "size": {}}, [("size", "width")], "Key 'w' not found"),
    "embedded by field name": (
        {"name": "a", "size": {"width": 1}},
        [("size", "width")],
        "Key 'w' not found",
    ),
    "embedded of wrong type": (
        {"name": "a", "size": {"w": "x"}},
        [("size", "width")],
        "valid integer",
    ),
    "optional of wrong shape": ({"name": "a", "maybe": {}}, [("maybe", "width")], "Key 'w'"),
    "list null": ({"name": "a", "sizes": None}, [("sizes",)], "Incorrect generic embedded model"),
    "list as object": ({"name": "a", "sizes": {}}, [("sizes",)], "Incorrect generic embedded"),
    "list with a gap": ({"name": "a", "sizes": [{"w": 1}, {}]}, [("sizes", "[1]", "width")], "'w'"),
    "list with null": ({"name": "a", "sizes": [None]}, [("sizes", 0)], "sizes.0"),
    "dict as list": ({"name": "a", "by_name": []}, [("by_name",)], "Incorrect generic embedded"),
    "dict with a gap": (
        {"name": "a", "by_name": {"k": {}}},
        [("by_name", '["k"]', "width")],
        "Key 'w'",
    ),
    "text for list": ({"name": "a", "tags": "x"}, [("tags",)], "valid list"),
    "number in list": ({"name": "a", "tags": ["x", 1]}, [("tags", 1)], "valid string"),
    "text for a key": ({"name": "a", "_id": "nonsense"}, None, "id"),
    "key null": ({"name": "a", "_id": None}, None, "id"),
}
"""A document, the location of each problem, and a part of the text."""


@pytest.mark.parametrize(("document", "locations", "text"), MISFITS.values(), ids=MISFITS)
async def test_a_document_that_does_not_fit_names_the_places(
    aio_engine, raw_database, document, locations, text
):
    raw_database["shape"].insert_one(document)

    with pytest.raises(DocumentParsingError) as caught:
        await aio_engine.find_one(Shape)

    error = caught.value
    assert error.model is Shape
    assert "validation error" in str(error)
    assert "for Shape" in str(error)
    assert text in str(error)
    found = [line["loc"] for line in error.inner.errors()]
    if locations is None:
        assert {loc[0] for loc in found} == {"id"}
    else:
        assert found == locations
    # Counting and removing need no instance.
    assert await aio_engine.count(Shape) == 1
    assert await aio_engine.remove(Shape) == 1


async def test_unknown_keys_of_any_kind_are_ignored(aio_engine, raw_database):
    raw_database["shape"].insert_one(
        {"name": "a", "x": 1, "size": {"w": 1, "y": None}, "number ": [], "$odd": {"a.b": 1}}
    )

    assert (await aio_engine.find_one(Shape)).name == "a"


async def test_deeply_nested_documents_are_read(aio_engine, raw_database):
    raw_database["parcel"].insert_one({"c": _nested(90), "part": "p"})
    raw_database["part"].insert_one({"_id": "p", "name": "x"})

    class Loose(Model):
        content: Any = Field(key_name="c")

        model_config = {"collection": "parcel"}

    assert (await aio_engine.find_one(Loose)).content == _nested(90)
