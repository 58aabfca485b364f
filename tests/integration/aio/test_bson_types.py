"""What is stored for each type, and read back."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, Optional, Pattern, Union

import bson
import pytest
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex
from pydantic import BaseModel

import odmantic.bson
from odmantic import EmbeddedModel, Field, Model, WithBsonSerializer


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Word(str, Enum):
    YES = "yes"


class Plain(BaseModel):
    number: int
    amount: Decimal = Decimal(1)


@dataclass
class Data:
    number: int


class Pair(NamedTuple):
    left: int
    right: str


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Big(EmbeddedModel):
    height: int = Field(key_name="h")


OID = bson.ObjectId("5f85f36d6dfecacc68428a46")
NOW = datetime(2024, 5, 6, 7, 8, 9, 123000)
UTC_NOW = NOW.replace(tzinfo=timezone.utc)
Csv = Annotated[list[int], WithBsonSerializer(lambda values: ",".join(map(str, values)))]

STORED: list[tuple[Any, Any, Any, str]] = [
    (bson.ObjectId, OID, OID, "objectId"),
    (odmantic.bson.ObjectId, OID, OID, "objectId"),
    (bool, True, True, "bool"),
    (str, "text", "text", "string"),
    (float, 1.5, 1.5, "double"),
    (int, 7, 7, "int"),
    (int, 2**40, 2**40, "long"),
    (Int64, Int64(7), 7, "long"),
    (Decimal128, Decimal128("1.50"), Decimal128("1.50"), "decimal"),
    (Decimal, Decimal("1.50"), Decimal128("1.50"), "decimal"),
    (Optional[Decimal], Decimal("1.50"), Decimal128("1.50"), "decimal"),
    (list[Decimal], [Decimal("1.50")], [Decimal128("1.50")], "array"),
    (dict[str, Decimal], {"a": Decimal(1)}, {"a": Decimal128("1")}, "object"),
    (bytes, b"\x00\xff", b"\x00\xff", "binData"),
    (Binary, Binary(b"\x00", 5), Binary(b"\x00", 5), "binData"),
    (Regex, Regex("^a", "i"), Regex("^a", "i"), "regex"),
    (Pattern, re.compile("^a", re.IGNORECASE), Regex("^a", re.IGNORECASE | re.UNICODE), "regex"),
    (re.Pattern[str], re.compile("^a"), Regex("^a", re.UNICODE), "regex"),
    (datetime, NOW, NOW, "date"),
    (Colour, Colour.RED, "red", "string"),
    (Level, Level.HIGH, 3, "int"),
    (Word, Word.YES, "yes", "string"),
    (list[Colour], [Colour.RED], ["red"], "array"),
    (list[int], [1, 2], [1, 2], "array"),
    (list, [1, "a", None], [1, "a", None], "array"),
    (tuple[int, str], (1, "a"), [1, "a"], "array"),
    (tuple[int, ...], (1, 2), [1, 2], "array"),
    (Sequence[int], [1, 2], [1, 2], "array"),
    (set[int], {1}, [1], "array"),
    (frozenset[str], frozenset({"a"}), ["a"], "array"),
    (deque[int], deque([1, 2]), [1, 2], "array"),
    (dict[str, int], {"a": 1}, {"a": 1}, "object"),
    (dict, {"a": {"b": [1]}}, {"a": {"b": [1]}}, "object"),
    (Mapping[str, int], {"a": 1}, {"a": 1}, "object"),
    (dict[int, str], {1: "a"}, {"1": "a"}, "object"),
    (dict[bson.ObjectId, int], {OID: 1}, {str(OID): 1}, "object"),
    (dict[Colour, int], {Colour.RED: 1}, {"red": 1}, "object"),
    (Plain, Plain(number=1), {"number": 1, "amount": Decimal128("1")}, "object"),
    (Data, Data(1), {"number": 1}, "object"),
    (Pair, Pair(1, "a"), [1, "a"], "array"),
    (type(None), None, None, "null"),
    (Optional[int], None, None, "null"),
    (Any, {"a": OID}, {"a": OID}, "object"),
    (Literal["a", 1], 1, 1, "int"),
    (Union[int, str], "1", "1", "string"),
    (Size, Size(width=1), {"w": 1}, "object"),
    (Optional[Size], Size(width=1), {"w": 1}, "object"),
    (Optional[Size], None, None, "null"),
    (Union[Size, Big], Big(height=2), {"h": 2}, "object"),
    (list[Size], [Size(width=1)], [{"w": 1}], "array"),
    (tuple[Size, ...], (Size(width=1),), [{"w": 1}], "array"),
    (tuple[int, Size], (7, Size(width=1)), [7, {"w": 1}], "array"),
    (dict[str, Size], {"a": Size(width=1)}, {"a": {"w": 1}}, "object"),
    (dict[str, list[Size]], {"a": [Size(width=1)]}, {"a": [{"w": 1}]}, "object"),
    (list[Optional[Size]], [Size(width=1), None], [{"w": 1}, None], "array"),
    (Optional[list[Size]], [Size(width=1)], [{"w": 1}], "array"),
    (
        Annotated[bson.ObjectId, WithBsonSerializer(str)],
        OID,
        str(OID),
        "string",
    ),
]
"""Annotation, value, stored value (as the driver reads it) and its BSON type."""
IDS = [f"{number} {annotation}" for number, (annotation, *_) in enumerate(STORED)]


def _model(annotation):
    return type(Model)(
        "Holder", (Model,), {"__annotations__": {"value": annotation}, "__module__": __name__}
    )


@pytest.mark.parametrize(("annotation", "value", "stored", "kind"), STORED, ids=IDS)
async def test_a_value_is_stored_and_read_back(
    aio_engine, raw_database, commands, annotation, value, stored, kind
):
    model = _model(annotation)
    instance = model(value=value)
    await aio_engine.save(instance)

    [document] = raw_database["holder"].find()
    assert document["value"] == stored
    if kind == "array":
        assert type(document["value"]) is list
    else:
        assert raw_database["holder"].count_documents({"value": {"$type": kind}}) == 1

    found = await aio_engine.find_one(model)
    assert found == instance
    if not _has_keys_of_its_own(annotation):
        assert model(id=instance.id, value=document["value"]) == instance

    # What was read is not sent again, and it is found by its stored form.
    commands.clear()
    await aio_engine.save(found)
    assert commands.names == []
    if not isinstance(stored, Regex):
        assert await aio_engine.count(model, model.value == found.model_dump_doc()["value"]) == 1


def _has_keys_of_its_own(annotation):
    """Tell whether the stored form is no argument for the constructor, which takes field names."""
    return any(name in str(annotation) for name in ("Size", "Big", "Plain"))


@pytest.mark.parametrize(
    "value",
    [
        OID,
        True,
        "text",
        1.5,
        7,
        Int64(7),
        Decimal("1.50"),
        Decimal128("1.50"),
        b"\x00",
        NOW,
        Colour.RED,
        Level.HIGH,
        Word.YES,
        [Colour.RED, Decimal(1)],
        (1, [Colour.RED]),
        Size(width=1),
        [Size(width=1), None],
        {"a": Decimal(1)},
        None,
    ],
    ids=repr,
)
async def test_a_stored_value_is_found_by_its_python_value(aio_engine, value):
    class Anything(Model):
        value: Any

    await aio_engine.save(Anything(value=stored_form(value)))

    assert await aio_engine.count(Anything, Anything.value == value) == 1
    assert await aio_engine.count(Anything, Anything.value.in_([0, value])) == 1
    assert await aio_engine.count(Anything, Anything.value != value) == 0


def stored_form(value):
    """The value as a document of a typed field would hold it."""
    if isinstance(value, Size):
        return {"w": value.width}
    if isinstance(value, (list, tuple)):
        return [stored_form(item) for item in value]
    return value


async def test_a_csv_is_stored_by_its_serialiser(aio_engine, raw_database):
    class Readout(Model):
        samples: Csv

    await aio_engine.save(Readout(samples=[1, 2]))

    assert raw_database["readout"].find_one()["samples"] == "1,2"


async def test_aware_datetimes_come_back_naive(aio_engine, raw_database):
    class Event(Model):
        at: datetime

    event = Event(at=UTC_NOW)
    await aio_engine.save(event)

    assert event.at == UTC_NOW
    assert raw_database["event"].find_one()["at"] == NOW
    assert (await aio_engine.find_one(Event)).at == NOW


async def test_datetimes_are_truncated_to_milliseconds(aio_engine):
    class Event(Model):
        at: datetime

    event = await aio_engine.save(Event(at=datetime(2024, 1, 1, 0, 0, 0, 999501)))

    assert event.at.microsecond == 999000
    assert await aio_engine.find_one(Event) == event
