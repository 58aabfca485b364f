"""Datetimes by choice are the same in Python with every client: read, referred to, used as primary keys and in queries."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any, Dict, List, Optional
from zoneinfo import ZoneInfo

import pytest
from pydantic import AwareDatetime, FutureDate, FutureDatetime, NaiveDatetime

from odmantic import Datetimes, EmbeddedModel, Field, Model, Reference

TWO_HOURS = timezone(timedelta(hours=2))
AT = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=TWO_HOURS)
LATER = AT + timedelta(hours=1)
NAIVE = datetime(2024, 2, 29, 10, 0, 0, 123000)
AWARE = NAIVE.replace(tzinfo=timezone.utc)

pytestmark = pytest.mark.each_driver


@pytest.fixture(
    params=[{}, {"tz_aware": True}, {"tz_aware": True, "tzinfo": ZoneInfo("America/New_York")}],
    ids=["naive", "aware", "other zone"],
)
def client_options(request, odmantic_database_name):
    return {"appname": odmantic_database_name, **request.param}


class Stop(EmbeddedModel):
    model_config = {"datetimes": "naive"}
    at: datetime


class Day(Model):
    model_config = {"datetimes": "aware"}
    at: datetime = Field(primary_field=True)
    stops: List[Stop] = []
    by_name: Dict[str, datetime] = {}


class Trip(Model):
    model_config = {"datetimes": "aware"}
    start: datetime
    end: Annotated[Optional[datetime], Datetimes("naive")] = None
    aware: AwareDatetime = AT
    naive: NaiveDatetime = NAIVE
    day: Day = Reference()


async def test_what_is_found_equals_what_was_saved(aio_engine):
    day = Day(at=AT, stops=[Stop(at=AT)], by_name={"a": AT})
    trip = await aio_engine.save(Trip(start=AT, end=AT, day=day))
    for again in (
        await aio_engine.find_one(Trip, Trip.start == AT),
        *await aio_engine.find(Trip, Trip.end == AT, Trip.aware == AT),
    ):
        assert repr(again) == repr(trip)
        assert (again.start, again.end, again.day.at) == (AWARE, NAIVE, AWARE)


async def test_what_is_found_is_clean(aio_engine):
    await aio_engine.save(Trip(start=AT, day=Day(at=AT, stops=[Stop(at=AT)])))
    trip = await aio_engine.find_one(Trip)
    assert trip.__fields_modified__ == set()
    trip.day.stops[0].at = LATER
    await aio_engine.save(trip)
    (day,) = await aio_engine.find(Day)
    assert day.stops == [Stop(at=LATER)]


async def test_many_at_once(aio_engine):
    trips = [Trip(start=AT + timedelta(n), day=Day(at=AT + timedelta(n))) for n in range(3)]
    await aio_engine.save_all(trips)
    found = [each async for each in aio_engine.find(Trip, Trip.start > AT, sort=Trip.start)]
    assert found == trips[1:]
    assert await aio_engine.count(Trip, Trip.day == AT) == 1
    assert await aio_engine.remove(Day, Day.at.in_([AT, LATER])) == 1


class Task(Model):
    due: FutureDate
    at: FutureDatetime
    many: List[FutureDate] = []


async def test_what_has_become_past_is_read(aio_engine):
    long_ago: Any = datetime(2001, 1, 1)
    collection = aio_engine.get_collection(Task)
    await collection.insert_one({"due": long_ago, "at": long_ago, "many": [long_ago]})
    task = await aio_engine.find_one(Task)
    assert (task.due, task.many) == (date(2001, 1, 1), [date(2001, 1, 1)])
    task.many.append(date(2002, 1, 1))
    await aio_engine.save(task)
    again = await aio_engine.find_one(Task)
    assert (again.many, again.at.replace(tzinfo=None)) == (task.many, long_ago)
