# Generated from tests/integration/aio/test_stored_types.py by tools/generate_sync.py: do not edit.
"""Types that BSON has no type for, on a server."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Any, Optional
from zoneinfo import ZoneInfo

import pytest
from pydantic import HttpUrl, PostgresDsn, SecretBytes, SecretStr

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import InvalidDocumentError

DAY = date(2024, 2, 29)
MIDNIGHT = datetime(2024, 2, 29)

STORED: list[tuple[Any, Any, Any, Any, str]] = [
    (date, DAY, date(2024, 3, 1), MIDNIGHT, "date"),
    (time, time(8, 30), time(9), "08:30:00", "string"),
    (timedelta, timedelta(minutes=1), timedelta(hours=1), 60.0, "double"),
    (Path, Path("a/b"), Path("b"), "a/b", "string"),
    (IPv4Address, IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"), "10.0.0.1", "string"),
    (IPv6Network, IPv6Network("fe80::/64"), IPv6Network("ff00::/64"), "fe80::/64", "string"),
    (HttpUrl, HttpUrl("http://a.b"), HttpUrl("http://b.c"), "http://a.b/", "string"),
    (
        PostgresDsn,
        PostgresDsn("postgres://a/b"),
        PostgresDsn("postgres://b/b"),
        "postgres://a/b",
        "string",
    ),
    (ZoneInfo, ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC"), "Asia/Tokyo", "string"),
    (complex, 1 + 2j, 3j, "1+2j", "string"),
    (Fraction, Fraction(1, 3), Fraction(2, 3), "1/3", "string"),
    (SecretStr, SecretStr("a"), SecretStr("b"), "a", "string"),
    (SecretBytes, SecretBytes(b"a"), SecretBytes(b"b"), b"a", "binData"),
]
"""Type, value, a greater one, stored form, its BSON type."""
IDS = [each[0].__name__ for each in STORED]


class Inner(EmbeddedModel):
    day: date
    took: Optional[timedelta] = None


class Outer(Model):
    inner: Inner
    all_inner: list[Inner] = []
    by_day: dict[date, Path] = {}
    home: Path = Field(default=Path("/home"), key_name="h")


class Day(Model):
    day: date = Field(primary_field=True)
    at: time = time(12)


class Plan(Model):
    day: Day = Reference()


def _model(annotation):
    annotations = {"value": annotation, "many": list[annotation]}
    return type(Model)("Holder", (Model,), {"__annotations__": annotations, "__module__": __name__})


@pytest.mark.parametrize(("annotation", "value", "greater", "stored", "kind"), STORED, ids=IDS)
def test_a_value_is_stored_found_and_read_back(
    sync_engine, raw_database, commands, annotation, value, greater, stored, kind
):
    model = _model(annotation)
    one, other = model(value=value, many=[value]), model(value=greater, many=[greater, greater])
    sync_engine.save_all([one, other])

    documents = raw_database["holder"]
    assert documents.find_one({"_id": one.id}) == {"_id": one.id, "value": stored, "many": [stored]}
    assert documents.count_documents({"value": {"$type": kind}, "many": {"$type": kind}}) == 2
    found = [each for each in sync_engine.find(model, sort=model.id)]
    assert found == [one, other]
    assert type(found[0].value) is type(value)
    assert type(found[0].many[0]) is type(value)
    commands.clear()
    sync_engine.save_all(found)
    assert commands.names == []

    assert sync_engine.find_one(model, model.value == value) == one
    assert sync_engine.count(model, model.value.in_([value, greater])) == 2
    assert sync_engine.find_one(model, model.many == [value]) == one
    assert sync_engine.count(model, model.many.in_([greater])) == 1
    if stored is not None and annotation is not complex:
        assert sync_engine.find_one(model, model.value > value) == other
        assert sync_engine.find_one(model, model.value <= value) == one

    found[0].value = greater
    found[0].many.append(greater)
    sync_engine.save(found[0])
    assert sync_engine.find_one(model, model.id == one.id) == found[0]


def test_they_can_be_inside_of_other_objects(sync_engine, raw_database):
    one = Outer(
        inner=Inner(day=DAY, took=timedelta(seconds=1)),
        all_inner=[Inner(day=DAY)],
        by_day={DAY: Path("a")},
    )
    sync_engine.save(one)

    assert raw_database["outer"].find_one() == {
        "_id": one.id,
        "inner": {"day": MIDNIGHT, "took": 1.0},
        "all_inner": [{"day": MIDNIGHT, "took": None}],
        "by_day": {"2024-02-29": "a"},
        "h": "/home",
    }
    assert sync_engine.find_one(Outer, Outer.inner.day == DAY) == one
    assert sync_engine.find_one(Outer, Outer.inner.took > timedelta()) == one


def test_they_can_be_primary_keys(sync_engine, raw_database):
    plan = sync_engine.save(Plan(day=Day(day=DAY)))
    assert raw_database["day"].find_one() == {"_id": MIDNIGHT, "at": "12:00:00"}
    assert raw_database["plan"].find_one()["day"] == MIDNIGHT

    found = sync_engine.find_one(Plan, Plan.day == DAY)
    assert found == plan
    assert [each for each in sync_engine.find(Plan)] == [plan]
    found.day.at = time(13)
    sync_engine.save(found.day)
    assert sync_engine.find_one(Day, Day.day == DAY).at == time(13)
    sync_engine.delete(found.day)
    assert raw_database["day"].count_documents({}) == 0


def test_what_could_not_be_read_again_is_refused(sync_engine, raw_database):
    class Trip(Model):
        took: timedelta

    with pytest.raises(InvalidDocumentError, match="took"):
        sync_engine.save(Trip(took=timedelta.max))
    assert raw_database["trip"].count_documents({}) == 0
