"""Without a running event loop of asyncio, as under trio, an engine says that it needs one."""

from __future__ import annotations

import threading

import pytest

from odmantic import AIOEngine, Model


class User(Model):
    name: str


async def _find(engine):
    return await engine.find(User)


async def _transaction(engine):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))


async def _session(engine):
    async with engine.session() as session:
        await session.count(User)


@pytest.mark.parametrize(
    "program",
    [
        _find,
        _transaction,
        _session,
        lambda engine: engine.save(User(name="Ada")),
        lambda engine: engine.find_one(User),
        lambda engine: engine.count(User),
    ],
)
def test_what_is_needed_is_said(program):
    errors = []

    def run():
        try:
            program(AIOEngine()).send(None)  # as the loop of another library would
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "event loop of asyncio" in str(errors[0])
    assert "trio" in str(errors[0])
