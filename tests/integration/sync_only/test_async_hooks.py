"""A sync engine refuses async hooks before it sends anything."""

from __future__ import annotations

import pytest

from odmantic import Model, Reference, hook


class Log(Model):
    text: str


class Commented(Model):
    text: str

    @hook("after_commit")
    @hook("before_delete")
    async def tell(self) -> None: ...

    @hook("after_query_write")
    @classmethod
    async def removed(cls) -> None: ...


class Holding(Model):
    held: Commented = Reference()


class Loading(Model):
    @hook("after_load")
    async def tell(self) -> None: ...


@pytest.mark.parametrize(
    "call",
    [
        lambda engine: engine.save(Commented(text="a")),
        lambda engine: engine.save_all([Log(text="a"), Commented(text="a")]),
        lambda engine: engine.save(Holding(held=Commented(text="a"))),
        lambda engine: engine.delete(Commented(text="a")),
        lambda engine: engine.remove(Commented),
        lambda engine: engine.find(Loading),
        lambda engine: engine.find_one(Loading),
    ],
)
def test_a_sync_engine_refuses_async_hooks_before_it_sends_anything(sync_engine, commands, call):
    with pytest.raises(TypeError, match=r"is async, and a SyncEngine cannot await it"):
        call(sync_engine)

    assert commands.names == []


class Author(Model):
    name: str


class Written(Model):
    author: Author = Reference(on_delete="cascade")

    @hook("after_delete")
    async def tell(self) -> None: ...


def test_a_deletion_refuses_those_of_what_goes_along_before_it_writes(
    sync_engine, raw_database, commands
):
    author = sync_engine.save(Written(author=Author(name="a"))).author
    commands.clear()
    with pytest.raises(TypeError, match="is async, and a SyncEngine cannot await it"):
        sync_engine.delete(author)
    assert {*commands.names} == {"find", "abortTransaction"}
    assert raw_database["written"].count_documents({}) == 1
    assert author.__fields_modified__ == set()


def test_hooks_that_an_operation_does_not_call_may_be_async(sync_engine):
    assert sync_engine.find_one(Commented) is None
    assert sync_engine.save(Loading()) is not None
    assert sync_engine.count(Loading) == 1


def test_what_a_plain_hook_returns_cannot_be_awaited(sync_engine):
    async def tell() -> None: ...

    sync_engine.add_hook("after_load", lambda instance: tell(), Log)
    sync_engine.save(Log(text="a"))

    with pytest.raises(TypeError, match="the sync engine cannot await what"):
        sync_engine.find_one(Log)
