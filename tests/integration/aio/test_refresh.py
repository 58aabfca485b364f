"""`refresh` reads a document again into the same object; what has changed there stays, and is still all that a save sends."""

from __future__ import annotations

from typing import Optional

import pymongo.errors
import pytest
from pydantic import PrivateAttr, model_validator
from tests.integration.aio.colour import ASYNC, sleep

from odmantic import EmbeddedModel, Field, HookEvent, Model, Reference, hook, stored
from odmantic.exceptions import (
    DocumentNotFoundError,
    DocumentParsingError,
    NotLoadedError,
    UnsafeRetryError,
)

if ASYNC:
    import asyncio
else:
    from concurrent.futures import ThreadPoolExecutor

TRANSIENT = "TransientTransactionError"


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Parcel(Model):
    code: str
    weight: int = Field(key_name="kg", default=1)
    tags: list[str] = []
    size: Size = Size(width=1)


class Maker(Model):
    name: str


class Part(Model):
    number: int
    maker: Maker = Reference()
    checker: Optional[Maker] = Reference()


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


class Loose(Model):
    name: str

    model_config = {"extra": "allow"}


class Numbered(Model):
    number: int = Field(primary_field=True)
    name: str = ""


def _set(raw_database, **values):
    raw_database["parcel"].update_one({}, {"$set": values})


def _sent(commands):
    return [
        update["u"].get("$set", update["u"])
        for event in commands.started
        if event.command_name == "update"
        for update in event.command["updates"]
    ]


@pytest.fixture
async def parcel(aio_engine, commands):
    await aio_engine.insert(Parcel(code="A", tags=["x"]))
    found = await aio_engine.find_one(Parcel)
    commands.clear()
    return found


# --- Without changes ------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_the_instance_equals_its_document_again(aio_engine, raw_database, commands, parcel):
    size = parcel.size
    _set(raw_database, code="B", tags=["y", "z"], size={"w": 5})
    assert await aio_engine.refresh(parcel) is parcel
    assert commands.names == ["find"]
    assert (parcel.code, parcel.tags, parcel.size.width) == ("B", ["y", "z"], 5)
    assert parcel.size is not size
    await aio_engine.save(parcel)
    assert commands.names == ["find"]
    parcel.size.width = 6
    await aio_engine.save(parcel)
    assert _sent(commands) == [{"size": {"w": 6}}]


async def test_a_missing_document_changes_nothing(aio_engine, raw_database, commands, parcel):
    parcel.code = "B"
    raw_database["parcel"].delete_many({})
    for target in (aio_engine, aio_engine.session()):
        if target is not aio_engine:
            await target.start()
        for fields in ((), ("weight",)):
            with pytest.raises(DocumentNotFoundError) as caught:
                await target.refresh(parcel, *fields, discard=True)
            assert caught.value.instance is parcel
    await target.end()
    assert parcel.__fields_modified__ == {"code"}
    assert parcel.code == "B"


async def test_a_document_that_does_not_fit_changes_nothing(aio_engine, raw_database, parcel):
    parcel.code = "B"
    _set(raw_database, kg="heavy", tags=["y"])
    for fields in ((), ("weight",)):
        with pytest.raises(DocumentParsingError):
            await aio_engine.refresh(parcel, *fields)
    assert (parcel.code, parcel.weight, parcel.tags) == ("B", 1, ["x"])
    assert parcel.__fields_modified__ == {"code"}
    # It is not asked for.
    await aio_engine.refresh(parcel, Parcel.tags)
    assert parcel.tags == ["y"]


@pytest.mark.parametrize("given", [Parcel, {"code": "A"}, None, Size(width=1)])
async def test_only_an_instance_of_a_model_can_be_refreshed(aio_engine, commands, given):
    with pytest.raises(TypeError, match="Can only call refresh with a Model instance"):
        await aio_engine.refresh(given)
    assert commands.names == []


async def test_an_instance_that_was_not_loaded_is_refused(aio_engine, commands):
    await aio_engine.save(Part(number=1, maker=Maker(name="Leaf")))
    part = await aio_engine.find_one(Part, load=())
    commands.clear()
    with pytest.raises(NotLoadedError, match=r"refresh needs the whole instance.*Part.maker"):
        await aio_engine.refresh(part.maker)
    assert commands.names == []


async def test_a_document_of_another_class_is_not_that_of_the_instance(aio_engine, raw_database):
    cat = await aio_engine.insert(Cat(name="Tom"))
    animal = await aio_engine.insert(Animal(name="Ada"))
    raw_database["animal"].update_one({"_id": cat.id}, {"$set": {"lives": 3}})
    await aio_engine.refresh(cat)
    assert cat.lives == 3
    await aio_engine.refresh(cat, Animal.name)
    raw_database["animal"].update_one({"_id": cat.id}, {"$unset": {"_type": ""}})
    raw_database["animal"].update_one({"_id": animal.id}, {"$set": {"_type": "Cat"}})
    for each in (cat, animal):
        with pytest.raises(DocumentNotFoundError):
            await aio_engine.refresh(each)


# --- With changes ---------------------------------------------------------------------------------


async def test_changes_stay_and_are_all_that_a_save_sends(
    aio_engine, raw_database, commands, parcel
):
    parcel.code = "mine"
    parcel.size.width = 7
    _set(raw_database, code="B", kg=5, tags=["y"], size={"w": 5})
    await aio_engine.refresh(parcel)
    assert (parcel.code, parcel.weight, parcel.tags) == ("mine", 5, ["y"])
    assert parcel.size.width == 7
    _set(raw_database, kg=6)
    await aio_engine.save(parcel)
    assert _sent(commands) == [{"code": "mine", "size": {"w": 7}}]
    # The baseline is the document's: a change that it has by now is none.
    parcel.size.width = 8
    _set(raw_database, size={"w": 8})
    await aio_engine.refresh(parcel)
    commands.clear()
    await aio_engine.save(parcel)
    assert commands.names == []


async def test_changes_are_discarded_if_asked(aio_engine, raw_database, commands, parcel):
    modified = parcel.__fields_modified__
    parcel.code = "mine"
    parcel.tags.append("mine")
    await aio_engine.refresh(parcel, discard=True)
    assert (parcel.code, parcel.tags) == ("A", ["x"])
    assert parcel.__fields_modified__ is modified
    commands.clear()
    await aio_engine.save(parcel)
    assert commands.names == []


async def test_some_fields_are_read_alone(aio_engine, raw_database, commands, parcel):
    parcel.code, parcel.weight = "mine", 9
    parcel.tags.append("mine")
    _set(raw_database, code="B", kg=5, tags=["y"], size={"w": 5})
    async with aio_engine.session() as session:
        await session.refresh(parcel, Parcel.weight, "tags", discard=True)
    (command,) = (event.command for event in commands.started)
    assert command["projection"] == {"_id": 1, "kg": 1, "tags": 1}
    assert (parcel.code, parcel.weight, parcel.tags) == ("mine", 5, ["y"])
    assert parcel.size.width == 1
    await aio_engine.save(parcel)
    assert _sent(commands) == [{"code": "mine"}]


async def test_some_fields_are_read_although_others_cannot_be_stored(
    aio_engine, raw_database, parcel
):
    parcel.tags.append(object())
    _set(raw_database, kg=5)
    await aio_engine.refresh(parcel, Parcel.weight)
    assert parcel.weight == 5
    assert len(parcel.tags) == 2


async def test_validators_of_the_model_see_whole_documents(aio_engine, raw_database, commands):
    class Span(Model):
        start: int
        end: int

        @model_validator(mode="after")
        def check(self):
            assert self.start <= self.end
            return self

    span = await aio_engine.insert(Span(start=1, end=2))
    span.end = 7
    raw_database["span"].update_one({}, {"$set": {"start": 8, "end": 9}})
    await aio_engine.refresh(span, Span.start)
    assert (span.start, span.end) == (8, 7)
    assert span.__fields_modified__ == {"end"}


@pytest.mark.parametrize(
    "field", ["nothing", "kg", "", "size.w", Part.number, Parcel.size.width, 5]
)
async def test_what_is_no_field_is_refused(aio_engine, commands, field):
    with pytest.raises(ValueError, match=r"refresh of Parcel takes its fields, as Parcel\.id"):
        await aio_engine.refresh(Parcel(code="A"), field)
    assert commands.names == []


async def test_a_new_instance_keeps_its_values_and_knows_the_document(
    aio_engine, raw_database, commands, parcel
):
    new = Parcel(id=parcel.id, code="new", tags=["new"])
    await aio_engine.refresh(new)
    assert (new.code, new.tags) == ("new", ["new"])
    assert new.__fields_modified__ == {"code", "weight", "tags", "size"}
    await aio_engine.refresh(new, discard=True)
    assert new == parcel
    commands.clear()
    await aio_engine.save(new)
    assert commands.names == []

    part = Parcel(id=parcel.id, code="new", tags=["new"])
    await aio_engine.refresh(part, "weight", discard=True)
    assert part.__fields_modified__ == {"code", "tags", "size"}


async def test_an_instance_of_another_database_is_as_good_as_new(aio_engine, raw_database, parcel):
    other = type(aio_engine)(aio_engine.client, f"{aio_engine.database_name}_2")
    try:
        await other.insert(Parcel(id=parcel.id, code="there", weight=8))
        await other.refresh(parcel, discard=True)
        assert (parcel.code, parcel.weight) == ("there", 8)
        await aio_engine.save(parcel)
        assert raw_database["parcel"].find_one()["code"] == "there"
    finally:
        raw_database.client.drop_database(other.database_name)


async def test_extras_come_and_go(aio_engine, raw_database, commands):
    await aio_engine.insert(Loose(name="A", colour="red", size=1))
    loose = await aio_engine.find_one(Loose)
    loose.size = 5
    loose.mine = True
    raw_database["loose"].update_one({}, {"$set": {"size": 2, "age": 3}, "$unset": {"colour": ""}})
    await aio_engine.refresh(loose)
    assert loose.model_extra == {"size": 5, "mine": True, "age": 3}
    del loose.age
    await aio_engine.refresh(loose, "size", discard=True)
    assert loose.model_extra == {"size": 2, "mine": True}
    commands.clear()
    await aio_engine.save(loose)
    expected = {"_id": loose.id, "name": "A", "size": 2, "mine": True}
    assert raw_database["loose"].find_one() == expected
    with pytest.raises(ValueError, match="takes its fields"):
        await aio_engine.refresh(loose, "a.b")


async def test_stored_properties_are_compared_with_the_document(aio_engine, raw_database, commands):
    class Line(Model):
        qty: int

        @stored()
        @property
        def double(self) -> int:
            return 2 * self.qty

    line = await aio_engine.insert(Line(qty=1))
    raw_database["line"].update_one({}, {"$set": {"qty": 2, "double": 4}})
    await aio_engine.refresh(line)
    commands.clear()
    await aio_engine.save(line)
    assert (line.qty, commands.names) == (2, [])


async def test_classes_with_their_own_documents_are_read_by_them(aio_engine, raw_database):
    class Secret(Model):
        text: str
        n: int = 0

        def model_dump_doc(self, include=None):
            return {"_id": self.id, "cipher": self.text[::-1], "n": self.n}

        @classmethod
        def model_validate_doc(cls, raw_doc):
            return cls(id=raw_doc["_id"], text=raw_doc["cipher"][::-1], n=raw_doc["n"])

    secret = await aio_engine.insert(Secret(text="abc"))
    raw_database["secret"].update_one({}, {"$set": {"cipher": "zyx", "n": 1}})
    await aio_engine.refresh(secret, Secret.text)
    assert (secret.text, secret.n) == ("xyz", 0)


# --- References and hooks -------------------------------------------------------------------------


async def test_references_are_loaded_as_by_find(aio_engine, raw_database):
    leaf, bark = Maker(name="Leaf"), Maker(name="Bark")
    await aio_engine.save_all([leaf, bark])
    part = await aio_engine.insert(Part(number=1, maker=leaf))
    raw_database["part"].update_one({}, {"$set": {"maker": bark.id, "checker": leaf.id}})
    raw_database["maker"].update_many({}, {"$set": {"name": "new"}})
    await aio_engine.refresh(part)
    assert (part.maker.id, part.maker.name) == (bark.id, "new")
    assert part.checker.id == leaf.id
    assert part.maker.__fields_modified__ == set()
    raw_database["part"].update_one({}, {"$set": {"number": 2}, "$unset": {"checker": ""}})
    await aio_engine.refresh(part, Part.number)
    assert (part.number, part.checker.id) == (2, leaf.id)
    await aio_engine.refresh(part, Part.checker)
    assert part.checker is None


async def test_changes_of_a_target_are_not_lost(aio_engine, raw_database):
    part = await aio_engine.save(Part(number=1, maker=Maker(name="Leaf")))
    maker = part.maker
    maker.name = "mine"
    await aio_engine.refresh(part)
    assert part.maker is maker
    await aio_engine.refresh(part, discard=True)
    assert part.maker is not maker
    assert part.maker.name == "Leaf"


class Watched(Model):
    name: str
    loads: int = 0
    _seen: int = PrivateAttr(default=0)

    @hook("after_load")
    def count(self, event: HookEvent) -> None:
        assert event.operation == "find"
        self._seen += 1


async def test_hooks_of_reads_are_called_for_the_instance(aio_engine):
    watched = await aio_engine.insert(Watched(name="A"))
    await aio_engine.refresh(watched)
    await aio_engine.refresh(watched, Watched.name)
    # A private attribute stays.
    assert watched._seen == 2


async def test_a_hook_may_refresh_its_own_instance(aio_engine, raw_database):
    class Own(Model):
        name: str
        rank: int = 0

        @hook("before_update")
        async def look(self, event: HookEvent) -> None:
            await event.engine.refresh(self, session=event.session)

    own = await aio_engine.insert(Own(name="A"))
    raw_database["own"].update_one({}, {"$set": {"rank": 5}})
    own.name = "B"
    await aio_engine.save(own)
    assert (own.name, own.rank) == ("B", 5)


# --- At the same time -----------------------------------------------------------------------------


async def _begin(work, *arguments, **options):
    """Begins a call, and gives it the time to be sent."""
    if ASYNC:
        running = asyncio.ensure_future(work(*arguments, **options))
    else:
        threads = ThreadPoolExecutor(1)
        running = threads.submit(work, *arguments, **options)
        threads.shutdown(wait=False)
    await sleep(0.03)
    return running


async def _end(running):
    if ASYNC:
        return await running
    else:  # noqa: RET505 - the other colour
        return running.result()


@pytest.mark.parametrize("way", ["one", "many"])
async def test_it_waits_for_a_save_that_is_under_way(aio_engine, fail_point, parcel, way):
    parcel.code = "B"
    with fail_point("update", block_ms=80):
        if way == "one":
            running = await _begin(aio_engine.save, parcel)
        else:
            running = await _begin(aio_engine.save_all, [parcel, Parcel(code="C")])
        await aio_engine.refresh(parcel)
        await _end(running)
    assert parcel.code == "B"
    assert parcel.__fields_modified__ == set()


async def test_it_reads_again_after_a_save_meanwhile(aio_engine, fail_point, commands, parcel):
    with fail_point("find", block_ms=80, times=1):
        running = await _begin(aio_engine.refresh, parcel)
        parcel.code = "B"
        await aio_engine.save(parcel)
        parcel.weight = 7
        await _end(running)
    assert commands.names == ["find", "update", "find"]
    assert (parcel.code, parcel.weight) == ("B", 7)
    assert parcel.__fields_modified__ == {"weight"}


async def test_what_a_transaction_has_not_committed_yet_stays(aio_engine, raw_database, parcel):
    for commits in (True, False):
        code = parcel.code
        transaction = aio_engine.transaction()
        await transaction.start()
        parcel.code = f"{code}!"
        await transaction.save(parcel)
        raw_database["parcel"].database.command("ping")
        await aio_engine.refresh(parcel)
        assert parcel.code == f"{code}!"
        await (transaction.commit() if commits else transaction.abort())
        assert parcel.__fields_modified__ == (set() if commits else {"code"})
    await aio_engine.save(parcel)
    assert raw_database["parcel"].find_one()["code"] == "A!!"


async def test_what_a_transaction_has_not_committed_yet_can_be_discarded(
    aio_engine, commands, parcel
):
    transaction = aio_engine.transaction()
    await transaction.start()
    parcel.code = "B"
    await transaction.save(parcel)
    await aio_engine.refresh(parcel, discard=True)
    assert parcel.code == "A"
    await transaction.abort()
    commands.clear()
    await aio_engine.save(parcel)
    assert commands.names == []


# --- Transactions ---------------------------------------------------------------------------------


async def test_what_never_was_is_no_change(aio_engine, raw_database, commands, parcel):
    """Read in a transaction after another instance has written it there, and rolled back."""
    parcel.weight = 5
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.save(parcel)
    twin = await aio_engine.find_one(Parcel, Parcel.id == parcel.id)
    twin.code, twin.weight = "B", 6
    await transaction.save(twin)
    await transaction.refresh(parcel)
    assert (parcel.code, parcel.weight) == ("B", 6)
    parcel.tags.append("mine")
    await transaction.abort()
    assert parcel.__fields_modified__ == set()
    commands.clear()
    await aio_engine.save(parcel)
    assert _sent(commands) == [{"tags": ["x", "mine"]}]
    await aio_engine.refresh(parcel)
    assert (parcel.code, parcel.weight) == ("A", 1)


async def test_what_was_saved_and_read_again_is_dirty_after_a_rollback(
    aio_engine, raw_database, parcel
):
    parcel.code = "B"
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.save(parcel)
    await transaction.refresh(parcel)
    await transaction.abort()
    assert parcel.__fields_modified__ == {"code"}


async def test_a_repeated_transaction_may_begin_with_what_the_server_has(
    aio_engine, raw_database, fail_point, parcel
):
    async def work(transaction):
        await transaction.refresh(parcel, discard=True)
        raw_weight = parcel.weight
        parcel.weight += 1
        await transaction.save(parcel)
        return raw_weight

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1):
        await aio_engine.run_transaction(work)
    assert raw_database["parcel"].find_one()["kg"] == parcel.weight == 2

    async def keep(transaction):
        await transaction.refresh(parcel)
        parcel.weight += 1
        await transaction.save(parcel)

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1):
        with pytest.raises(UnsafeRetryError):
            await aio_engine.run_transaction(keep)


async def test_a_snapshot_session_can_refresh(aio_engine, raw_database, parcel):
    async with aio_engine.session(snapshot=True) as session:
        await session.find_one(Parcel)
        _set(raw_database, code="B")
        await session.refresh(parcel)
        assert parcel.code == "A"


async def test_an_error_of_the_server_changes_nothing(aio_engine, fail_point, parcel):
    parcel.code = "B"
    for fields in ((), ("weight",)):
        with fail_point("find", error_code=11601):
            with pytest.raises(pymongo.errors.OperationFailure):
                await aio_engine.refresh(parcel, *fields, discard=True)
    assert parcel.code == "B"
    assert parcel.__fields_modified__ == {"code"}
