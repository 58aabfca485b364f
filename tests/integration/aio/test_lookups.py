"""Reads by primary key, and reads that return no instances."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Optional

import pytest
from bson import ObjectId
from tests.integration.aio.colour import resolve

from odmantic import EmbeddedModel, Field, Model, Reference, hook
from odmantic._plan import lookups
from odmantic.exceptions import (
    DocumentParsingError,
    SessionMisuseError,
    StrayOperationWarning,
)


class Hue(Enum):
    RED = "r"
    BLUE = "b"


class Part(EmbeddedModel):
    sku: str = Field(key_name="s")
    price: Decimal = Decimal(1)


class Owner(Model):
    name: str


class Crate(Model):
    code: str = Field(key_name="c")
    hue: Hue = Hue.RED
    tags: list[int] = []
    rates: list[Decimal] = []
    prefs: dict[str, Decimal] = {}
    parts: list[Part] = []
    weight: Optional[int] = None
    owner: Optional[Owner] = Reference()
    made: datetime = datetime(2020, 1, 1)


class Key(EmbeddedModel):
    a: int
    b: int


class Keyed(Model):
    id: Key = Field(primary_field=True)
    n: int = 0


class Note(Model, soft_delete="gone"):
    text: str = ""
    gone: Optional[datetime] = None


class Animal(Model, inheritance="single"):
    name: str = ""


class Cat(Animal):
    lives: int = 9


async def test_get_finds_by_primary_key_or_its_digits(aio_engine):
    crate = await aio_engine.save(Crate(code="a"))
    assert await aio_engine.get(Crate, crate.id) == crate
    assert await aio_engine.get(Crate, str(crate.id)) == crate
    assert await aio_engine.get(Crate, ObjectId()) is None
    for hostile in ({"$gt": ""}, {"$ne": None}, None, "x"):
        assert await aio_engine.get(Crate, hostile) is None
    assert await aio_engine.get_many(Crate, [{"$gt": ""}, None]) == [None, None]


async def test_get_loads_references_and_finds_deleted_documents_if_told(aio_engine):
    owner = Owner(name="Ada")
    crate = await aio_engine.save(Crate(code="a", owner=owner))
    found = await aio_engine.get(Crate, crate.id)
    assert found.owner.name == "Ada"
    await aio_engine.delete(owner)
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        await aio_engine.get(Crate, crate.id, missing="raise")
    assert (await aio_engine.get(Crate, crate.id, load=())).code == "a"
    note = await aio_engine.save(Note())
    await aio_engine.delete(note)
    assert await aio_engine.get(Note, note.id) is None
    assert (await aio_engine.get(Note, note.id, without="soft_delete")).gone
    assert await aio_engine.get_many(Note, [note.id]) == [None]
    assert len(await aio_engine.get_many(Note, [note.id], without="soft_delete")) == 1


async def test_an_embedded_key_and_a_class_of_a_hierarchy(aio_engine):
    keyed = await aio_engine.save(Keyed(id=Key(a=1, b=2)))
    assert await aio_engine.get(Keyed, Key(a=1, b=2)) == keyed
    assert await aio_engine.get_many(Keyed, [Key(a=2, b=2), Key(a=1, b=2)]) == [None, keyed]
    cat, animal = await aio_engine.save_all([Cat(), Animal()])
    assert type(await aio_engine.get(Animal, cat.id)) is Cat
    assert await aio_engine.get(Cat, animal.id) is None


async def test_get_many_answers_in_order_with_few_queries(aio_engine, monkeypatch, commands):
    crates = await aio_engine.save_all([Crate(code=str(number)) for number in range(5)])
    monkeypatch.setattr(lookups, "IDS_OF_A_QUERY", 2)
    ids = [each.id for each in crates]
    asked = [ids[3], ObjectId(), str(ids[0]), ids[3], ids[4], ids[1]]
    commands.clear()
    found = await aio_engine.get_many(Crate, asked)
    assert [each and each.code for each in found] == ["3", None, "0", "3", "4", "1"]
    assert found[0] is not found[3]
    assert commands.names == ["find"] * 4  # five different ids, and one again
    assert await aio_engine.get_many(Crate, []) == []


async def test_with_identity_a_document_has_one_instance(aio_engine):
    owner = Owner(name="Ada")
    one, two = await aio_engine.save_all(
        [Crate(code="a", owner=owner), Crate(code="b", owner=owner)]
    )
    found = await aio_engine.get_many(Crate, [one.id, two.id, ObjectId(), one.id], identity=True)
    assert found[0] is found[3]
    assert found[0].owner is found[1].owner
    assert found[2] is None


async def test_a_condition_is_no_primary_key(aio_engine):
    with pytest.raises(TypeError, match="get of Crate takes primary keys, not the condition"):
        await aio_engine.get(Crate, Crate.code == "a")
    with pytest.raises(TypeError, match="get_many of Crate takes primary keys"):
        await aio_engine.get_many(Crate, [ObjectId(), Crate.code == "a"])


@pytest.mark.parametrize("ids", ["text", {"a": 1}, 5])
async def test_what_is_no_iterable_of_ids_is_refused(aio_engine, ids):
    with pytest.raises(TypeError, match="get_many of Crate takes several ids"):
        await aio_engine.get_many(Crate, ids)


async def test_hooks_are_called_for_what_is_found_by_key(aio_engine):
    class Seen(Model):
        names: list[str] = []

        @hook("after_load")
        def note(self) -> None:
            self.names.append("seen")

    seen = await aio_engine.save(Seen())
    assert (await aio_engine.get(Seen, seen.id)).names == ["seen"]
    assert [each.names for each in await aio_engine.get_many(Seen, [seen.id])] == [["seen"]]


async def test_exists_reads_no_more_than_an_id(aio_engine, commands):
    await aio_engine.save_all([Crate(code="a"), Note()])
    await aio_engine.get_collection(Crate).insert_one({"c": 5})  # of the wrong type
    commands.clear()
    assert await aio_engine.exists(Crate, Crate.code == "a") is True
    assert await aio_engine.exists(Crate, Crate.code == "b") is False
    assert await aio_engine.exists(Crate, {"c": 5}) is True
    assert all(each.command["projection"] == {"_id": True} for each in commands.started)
    await aio_engine.remove(Note)
    assert await aio_engine.exists(Note) is False
    assert await aio_engine.exists(Note, without="soft_delete") is True


async def test_an_estimate_counts_a_whole_collection(aio_engine):
    await aio_engine.save_all([Crate(code="a"), Crate(code="b"), Cat(), Animal()])
    assert await aio_engine.estimated_count(Crate) == 2
    assert await aio_engine.estimated_count(Animal) == 2
    for model in (Cat, Note):
        with pytest.raises(TypeError, match=rf"not all count for {model.__name__}: use count"):
            await aio_engine.estimated_count(model)


async def test_an_estimate_is_refused_in_a_transaction(aio_engine):
    async with aio_engine.session() as session:
        assert await session.estimated_count(Crate) == 0
        async with session.transaction() as transaction:
            with pytest.raises(SessionMisuseError, match="estimated_count of Crate"):
                await transaction.estimated_count(Crate)
            with pytest.raises(StrayOperationWarning):
                await aio_engine.estimated_count(Crate)
        driver_session = session.get_driver_session()
        await resolve(driver_session.start_transaction())
        with pytest.raises(SessionMisuseError, match="estimated_count of Crate"):
            await aio_engine.estimated_count(Crate, session=driver_session)


async def test_distinct_gives_values_of_the_type_of_the_field(aio_engine):
    owner = Owner(name="Ada")
    parts = [Part(sku="x"), Part(sku="y", price=Decimal("2.5"))]
    one = Crate(
        code="a", tags=[3, 1], rates=[Decimal(3)], prefs={"x": Decimal(4)}, parts=parts, owner=owner
    )
    two = Crate(code="b", hue=Hue.BLUE, tags=[1], weight=7, made=datetime(2021, 1, 1))
    await aio_engine.save_all([one, two])
    assert await aio_engine.distinct(Crate.code) == ["a", "b"]
    assert await aio_engine.distinct(Crate.code, Crate.weight == 7) == ["b"]
    assert await aio_engine.distinct(Crate.hue) == [Hue.BLUE, Hue.RED]
    assert await aio_engine.distinct(Crate.tags) == [1, 3]
    assert await aio_engine.distinct(Crate.rates) == [Decimal(3)]
    assert await aio_engine.distinct(Crate.prefs["x"]) == [Decimal(4)]
    assert await aio_engine.distinct(Crate.parts.sku) == ["x", "y"]
    assert await aio_engine.distinct(Crate.parts.price) == [Decimal(1), Decimal("2.5")]
    assert sorted(await aio_engine.distinct(Crate.parts), key=lambda part: part.sku) == parts
    assert await aio_engine.distinct(Crate.weight) == [None, 7]
    assert await aio_engine.distinct(Crate.owner) == [None, owner.id]
    assert await aio_engine.distinct(Crate.made) == [datetime(2020, 1, 1), datetime(2021, 1, 1)]
    assert set(await aio_engine.distinct(Crate.id)) == {one.id, two.id}


async def test_distinct_knows_the_class_of_the_field(aio_engine):
    await aio_engine.save_all([Cat(name="Tom"), Animal(name="Rex")])
    assert await aio_engine.distinct(Cat.name) == ["Tom"]
    assert await aio_engine.distinct(Animal.name) == ["Rex", "Tom"]
    with pytest.raises(TypeError, match="distinct takes a field"):
        await aio_engine.distinct("name")
    with pytest.raises(TypeError, match=r"distinct of Part\.sku"):
        await aio_engine.distinct(Part.sku)


async def test_a_value_that_does_not_fit_is_named_with_its_place(aio_engine):
    await aio_engine.get_collection(Crate).insert_one(
        {"c": "a", "parts": [{"s": "x", "price": "no"}]}
    )
    with pytest.raises(DocumentParsingError, match="parts") as caught:
        await aio_engine.distinct(Crate.parts.price)
    assert caught.value.model is Crate
