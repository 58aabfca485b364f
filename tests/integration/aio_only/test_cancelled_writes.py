"""A cancelled insert, replacement or refresh leaves its instance as it was before, outside of transactions and in them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from odmantic import AIOEngine, Model

pytestmark = pytest.mark.each_driver


class Crate(Model):
    code: str
    tags: list[str] = []


@pytest.mark.parametrize("verb", ["insert", "insert_many", "replace", "refresh"])
@pytest.mark.parametrize("within", [False, True])
async def test_an_instance_is_as_before(
    aio_engine: AIOEngine, fail_point: Any, verb: str, within: bool
) -> None:
    await aio_engine.save(Crate(code="A"))
    crate: Any = await aio_engine.find_one(Crate)
    crate.code = "B"
    crate.tags.append("x")

    async def work(target: Any) -> None:
        await getattr(target, verb)([crate] if verb == "insert_many" else crate)

    with fail_point("insert", "update", "find", block_ms=60):
        transaction = aio_engine.transaction()
        if within:
            await transaction.start()
        task = asyncio.ensure_future(work(transaction if within else aio_engine))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if within:
            await transaction.abort()

    assert crate.__fields_modified__ >= {"code"}
    assert (crate.code, crate.tags) == ("B", ["x"])
    other: Any = await aio_engine.find_one(Crate, Crate.id == crate.id)
    other.code, other.tags = "C", []
    await aio_engine.save(other)
    await aio_engine.save(crate)
    found: Any = await aio_engine.find_one(Crate, Crate.id == crate.id)
    assert (found.code, found.tags) == ("B", ["x"])
