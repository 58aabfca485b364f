"""Programs of 1.x that store types which BSON lacks by codecs of their client keep doing so.

Such codecs count for the whole process from then on, so each program runs in one of its own.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

COMMON = """
import asyncio, sys
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Dict, List, Optional

from bson.codec_options import CodecOptions, TypeDecoder, TypeEncoder, TypeRegistry
from pymongo import AsyncMongoClient
from odmantic import AIOEngine, EmbeddedModel, Model

URI, DATABASE = sys.argv[1:]
DAY = date(2024, 2, 29)

class Days(TypeEncoder):
    python_type = date
    def transform_python(self, value):
        return value.isoformat()

class Stop(EmbeddedModel):
    day: date

class Trip(Model):
    day: date
    maybe: Optional[date] = None
    days: List[date] = []
    stop: Stop
    anything: Any = None
    took: timedelta = timedelta(minutes=1)

TRIP = Trip(day=DAY, days=[DAY], stop=Stop(day=DAY), anything={"a": DAY})

async def check(engine, raw):
    await engine.save(TRIP)
    stored = await raw.find_one({})
    assert stored["day"] == "2024-02-29", stored
    assert stored["days"] == ["2024-02-29"], stored
    assert stored["stop"] == {"day": "2024-02-29"}, stored
    assert stored["anything"] == {"a": "2024-02-29"}, stored
    assert stored["took"] == 60.0, stored
    again = await engine.find_one(Trip, Trip.day == DAY)
    assert (again.day, again.days, again.stop) == (DAY, [DAY], Stop(day=DAY)), again
    assert await engine.count(Trip, Trip.days == DAY) == 1
    assert await engine.count(Trip, Trip.stop.day >= DAY) == 1
    again.day = date(2025, 1, 1)
    again.days.append(DAY)
    await engine.save(again)
    assert (await raw.find_one({}))["days"] == ["2024-02-29"] * 2
    many = [Trip(day=DAY, stop=Stop(day=DAY)) for _ in range(3)]
    await engine.save_all(many)
    assert await engine.count(Trip, Trip.day == DAY) == 3
    # What was stored without the codec is read, too.
    await raw.update_many({}, {"$set": {"day": datetime(2024, 2, 29)}})
    assert (await engine.find_one(Trip)).day == DAY
    print("done")
"""

PROGRAMS = {
    "client": """
async def main():
    async with AsyncMongoClient(URI, type_registry=TypeRegistry([Days()])) as client:
        await check(AIOEngine(client, DATABASE), client[DATABASE]["trip"])
""",
    "fallback": """
def encode(value):
    return value.isoformat() if isinstance(value, date) else value

async def main():
    registry = TypeRegistry(fallback_encoder=encode)
    async with AsyncMongoClient(URI, type_registry=registry) as client:
        await check(AIOEngine(client, DATABASE), client[DATABASE]["trip"])
""",
    "database": """
async def main():
    async with AsyncMongoClient(URI) as client:
        engine = AIOEngine(client, DATABASE)
        options = CodecOptions(type_registry=TypeRegistry([Days()]))
        engine.database = engine.database.with_options(codec_options=options)
        await engine.count(Trip)
        await check(engine, client[DATABASE]["trip"])
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_with_codecs_of_its_client_keeps_its_documents(
    program, odmantic_mongo_uri, odmantic_database_name
):
    source = textwrap.dedent(COMMON + PROGRAMS[program]) + "\nasyncio.run(main())\n"
    done = subprocess.run(
        [sys.executable, "-c", source, odmantic_mongo_uri, odmantic_database_name],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "done\n", done.stderr
