"""What is not in a document is dirty at its place, whichever of two saves at once to two places fails, and when."""

from __future__ import annotations

import asyncio

import pytest

from odmantic import Field, Model
from odmantic.engine import AIOEngine
from odmantic.exceptions import DuplicateKeyError


class Flat(Model):
    code: int = Field(0, unique=True)
    weight: int = 1


@pytest.fixture
def archive(aio_engine, odmantic_database_name, odmantic_mongo_client):
    name = f"{odmantic_database_name}_2"
    yield AIOEngine(aio_engine.client, database=name)
    odmantic_mongo_client.drop_database(name)


async def test_a_failed_save_beside_one_elsewhere_leaves_the_change_dirty(
    aio_engine, archive, raw_database
):
    await aio_engine.configure_database([Flat])
    flat = Flat(code=1)
    await aio_engine.save_all([flat, Flat(code=2)])
    flat.code, flat.weight = 2, 7
    results = await asyncio.gather(
        aio_engine.save(flat), archive.save(flat), return_exceptions=True
    )
    assert isinstance(results[0], DuplicateKeyError)
    flat.code = 3
    await aio_engine.save(flat)

    stored = raw_database["flat"].find_one({"_id": flat.id})
    assert (stored["code"], stored["weight"]) == (3, 7)
