# Generated from tests/integration/aio/test_saved_can_be_read.py by tools/generate_sync.py: do not edit.
"""Rule: what was saved, by whichever way, can be read by every client; what cannot is refused, and nothing is sent."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Deque, Hashable, Optional, Union
from zoneinfo import ZoneInfo

import pydantic
import pytest
from pydantic import AwareDatetime, Json, NaiveDatetime, Strict

from odmantic import EmbeddedModel, Field, Model
from odmantic.exceptions import InvalidDocumentError

NOON = datetime(2020, 1, 1, 12)
AWARE = NOON.replace(tzinfo=timezone.utc)
NEW_YORK = {"tz_aware": True, "tzinfo": ZoneInfo("America/New_York")}


@pytest.fixture(params=[{}, {"tz_aware": True}, NEW_YORK], ids=["naive", "aware", "other zone"])
def client_options(request, odmantic_database_name):
    return {"appname": odmantic_database_name, **request.param}


class Colour(Enum):
    RED = 1


class Listed(Enum):
    ONE = [1]


class Public(pydantic.BaseModel):
    name: str


class Secret(Public):
    password: str = "s"


class Severe(pydantic.BaseModel, strict=True):
    numbers: set[int] = {1}
    row: tuple[int, ...] = (1,)
    by_number: dict[int, Colour] = {1: Colour.RED}
    recent: Deque[int] = deque([1])


class Leg(EmbeddedModel):
    km: int = Field(key_name="k")
    tags: list[str] = []


class Trip(Model):
    at: AwareDatetime = AWARE
    day: NaiveDatetime = NOON
    times: list[AwareDatetime] = [AWARE]
    lines: Json[list[int]] = "[1, 2]"  # type: ignore[assignment] - parsed from text
    numbers: Annotated[set[int], Strict()] = {1}
    row: Annotated[tuple[int, ...], Strict()] = (1,)
    frozen: Annotated[frozenset[int], Strict()] = frozenset([1])
    colour: Annotated[Colour, Strict()] = Colour.RED
    severe: Severe = Severe()
    key: Hashable = (1, (2, "a"))
    listed: Listed = Listed.ONE
    price: Annotated[Decimal, Strict()] = Decimal("1.50")
    public: Public = Public(name="a")
    legs: list[Leg] = [Leg(km=1)]
    counts: dict[Union[int, str], int] = {}
    marks: Optional[list[int]] = [1]


def test_every_type_can_be_read_by_every_client(sync_engine):
    single, *many = trips = [Trip() for _ in range(4)]
    sync_engine.save(single)
    sync_engine.save_all(many)
    assert list(sync_engine.find(Trip, sort=Trip.id)) == trips
    for again in [sync_engine.find_one(Trip, Trip.id == each.id) for each in trips]:
        assert type(again.numbers) is set
        assert again.lines == [1, 2]
        assert again.at.tzinfo is timezone.utc
        again.legs[0].km += 1
        again.severe.numbers.add(2)
        sync_engine.save(again)
        assert sync_engine.find_one(Trip, Trip.id == again.id) == again


class Moment(Model):
    at: datetime
    other: list[datetime] = []


@pytest.mark.parametrize("value", [NOON, AWARE])
def test_a_datetime_is_read_in_utc_by_every_client(sync_engine, client_options, value):
    sync_engine.save(Moment(at=value, other=[value]))
    expected = AWARE if "tz_aware" in client_options else NOON
    (again,) = sync_engine.find(Moment)
    assert (again.at, again.other) == (expected, [expected])
    assert again.at.utcoffset() in (None, timedelta(0))
    again.at = again.at
    again.other.append(again.at)
    sync_engine.save_all([again, Moment(at=value)])
    assert sync_engine.find_one(Moment).other == [expected, expected]


CHANGES = [
    ("field 'marks' of Trip", lambda trip: trip.marks.append("oops")),
    ("field 'numbers' of Trip", lambda trip: trip.numbers.add("oops")),
    ("field 'severe' of Trip", lambda trip: trip.severe.numbers.add("oops")),
    ("field 'tags' of Leg", lambda trip: trip.legs[0].tags.append(1)),
    ("field 'legs' of Trip", lambda trip: trip.legs.append({"k": 1})),
    ("field 'counts' of Trip .* keys 1 and '1' ", lambda trip: trip.counts.update({1: 1, "1": 2})),
]


@pytest.mark.parametrize(("where", "change"), CHANGES)
def test_what_could_not_be_read_is_not_saved(sync_engine, raw_database, where, change):
    known = sync_engine.save(Trip())
    before = raw_database["trip"].find_one({"_id": known.id})
    for broken in (known, sync_engine.find_one(Trip), Trip()):
        change(broken)
        with pytest.raises(InvalidDocumentError, match=f"cannot save Trip: {where}"):
            sync_engine.save(broken)
        with pytest.raises(InvalidDocumentError, match=f"cannot save Trip: {where}"):
            sync_engine.save_all([broken, broken])
    assert list(raw_database["trip"].find()) == [before]


def test_the_declared_type_decides_what_is_stored(sync_engine, raw_database):
    single = Trip(public=Secret(name="a"))
    many = [Trip(public=Secret(name="a")) for _ in range(2)]
    for trip in (single, *many):
        trip.legs.append({"km": 5})
    sync_engine.save(single)
    sync_engine.save_all(many)
    for document in list(raw_database["trip"].find()):
        assert document["public"] == {"name": "a"}
        assert document["legs"][1] == {"k": 5, "tags": []}
    for again in sync_engine.find(Trip):
        assert again.legs[1] == Leg(km=5)


class Viewed(Model):
    view: Any


def test_a_type_without_stored_form_is_refused_with_a_remedy(sync_engine):
    with pytest.raises(InvalidDocumentError, match=r"'view' of Viewed .* WithBsonSerializer"):
        sync_engine.save(Viewed(view=memoryview(b"a")))
