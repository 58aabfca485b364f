"""Embedded objects of the classes of a hierarchy."""

from __future__ import annotations

from typing import Dict, List, Literal, Optional

import pytest
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference, as_type, type_is
from odmantic.exceptions import UnknownTypeError


class Shape(EmbeddedModel):
    n: int = Field(1, key_name="N")
    model_config = {"inheritance": "single"}


class Circle(Shape):
    radius: float = Field(key_name="r")


class Group(Shape):
    shapes: List[Shape] = []


class Vehicle(EmbeddedModel):
    kind: str = "vehicle"
    model_config = {"inheritance": "single", "discriminator": "kind", "unknown_type": "base"}


class Car(Vehicle):
    kind: Literal["car"] = "car"
    doors: int = 4


class Drawing(Model):
    name: str
    main: Shape
    more: List[Shape] = []
    named: Dict[str, Shape] = {}
    by: Optional[Vehicle] = None


class User(Model):
    name: str


class Note(EmbeddedModel):
    by: User = Reference()
    model_config = {"inheritance": "single"}


class Comment(Note):
    text: str


class Page(Model):
    number: int
    note: Note


def drawings() -> list[Drawing]:
    return [
        Drawing(name="a", main=Shape()),
        Drawing(name="b", main=Circle(radius=2), by=Car()),
        Drawing(
            name="c",
            main=Group(shapes=[Circle(radius=1), Group(shapes=[Shape()])]),
            more=[Shape(n=2), Circle(radius=3)],
            named={"x": Circle(n=4, radius=4)},
            by=Vehicle(),
        ),
    ]


async def test_each_object_is_read_as_it_was_saved(aio_engine, raw_database):
    saved = drawings()
    await aio_engine.save(saved[0])
    await aio_engine.save_all(saved)

    found = await to_list(aio_engine.find(Drawing, sort=Drawing.name))

    assert found == saved
    assert [type(each.main) for each in found] == [Shape, Circle, Group]
    assert [type(each) for each in found[2].more] == [Shape, Circle]
    assert await aio_engine.find_one(Drawing, Drawing.name == "c") == saved[2]
    assert raw_database["drawing"].find_one({"name": "b"}) == {
        "_id": saved[1].id,
        "name": "b",
        "main": {"_type": "Circle", "N": 1, "r": 2.0},
        "more": [],
        "named": {},
        "by": {"kind": "car", "doors": 4},
    }


async def test_changes_are_sent_by_field(aio_engine, raw_database):
    await aio_engine.save_all(drawings())
    one = await aio_engine.find_one(Drawing, Drawing.name == "c")

    one.main.shapes[0].radius = 7
    await aio_engine.save(one)
    one.more[1] = Shape(n=1)
    one.named["x"] = Group()
    await aio_engine.save_all([one])

    document = raw_database["drawing"].find_one({"name": "c"})
    assert document["main"]["shapes"][0] == {"_type": "Circle", "N": 1, "r": 7.0}
    assert document["more"] == [{"N": 2}, {"N": 1}]
    assert document["named"] == {"x": {"_type": "Group", "N": 1, "shapes": []}}
    assert await aio_engine.find_one(Drawing, Drawing.name == "c") == one


async def test_queries_look_at_fields_of_a_derived_class(aio_engine):
    await aio_engine.save_all(drawings())

    async def names(*queries) -> list[str]:
        found = await to_list(aio_engine.find(Drawing, *queries, sort=Drawing.name))
        return [each.name for each in found]

    assert await names(as_type(Drawing.main, Circle).radius > 1) == ["b"]
    assert await names(as_type(Drawing.more, Circle).radius == 3) == ["c"]
    assert await names(as_type(as_type(Drawing.main, Group).shapes, Circle).radius == 1) == ["c"]
    assert await names(as_type(Drawing.by, Car).doors == 4) == ["b"]
    assert await names(Drawing.main == Circle(radius=2)) == ["b"]
    assert await names(type_is(Drawing.main, Circle)) == ["b"]
    assert await names(type_is(Drawing.main, Shape, exact=True)) == ["a"]
    assert await names(type_is(Drawing.main, Shape)) == ["a", "b", "c"]
    assert await names(type_is(Drawing.more, Shape, exact=True)) == ["c"]
    assert await names(type_is(Drawing.more, Group)) == []
    assert await names(type_is(Drawing.more, Shape)) == ["c"]
    assert await names(type_is(Drawing.by, Car)) == ["b"]
    assert await names(type_is(Drawing.by, Vehicle)) == ["b", "c"]
    assert await names(Drawing.main.n == 1) == ["a", "b", "c"]


async def test_an_unknown_type_is_refused(aio_engine, raw_database):
    await aio_engine.save_all(drawings())
    raw_database["drawing"].update_one({"name": "c"}, {"$set": {"more.1._type": "Cube"}})

    with pytest.raises(UnknownTypeError, match="import the module of its class") as caught:
        await to_list(aio_engine.find(Drawing))

    assert caught.value.found == "Cube"
    assert caught.value.known == ("Circle", "Group")


async def test_an_unknown_type_is_read_as_the_base_and_kept(aio_engine, raw_database):
    await aio_engine.save_all(drawings())
    ship = {"kind": "ship", "masts": 3}
    raw_database["drawing"].update_one({"name": "c"}, {"$set": {"by": ship}})

    one = await aio_engine.find_one(Drawing, Drawing.name == "c")
    assert type(one.by) is Vehicle
    one.name = "d"
    await aio_engine.save(one)

    assert raw_database["drawing"].find_one({"name": "d"})["by"] == ship


async def test_a_reference_of_the_root_is_read_in_each_class(aio_engine):
    ada, bob = User(name="Ada"), User(name="Bob")
    saved = [Page(number=1, note=Note(by=ada)), Page(number=2, note=Comment(by=bob, text="x"))]
    await aio_engine.save_all(saved)

    assert await to_list(aio_engine.find(Page, sort=Page.number)) == saved
    one = await aio_engine.find_one(Page, Page.number == 2)
    assert one == saved[1]

    one.note.by.name = "Eve"
    one.note.text = "y"
    await aio_engine.save(one)
    assert await aio_engine.find_one(User, User.id == bob.id) == one.note.by
    assert (await aio_engine.find_one(Page, Page.number == 2)).note == one.note


async def test_a_rollback_gives_the_changes_back(aio_engine, raw_database):
    one = drawings()[2]
    await aio_engine.save(one)

    with pytest.raises(RuntimeError):
        async with aio_engine.transaction() as transaction:
            one.main = Circle(radius=9)
            one.more[0] = Circle(n=2, radius=8)
            await transaction.save(one)
            raise RuntimeError
    assert type((await aio_engine.find_one(Drawing)).main) is Group

    await aio_engine.save(one)
    assert await aio_engine.find_one(Drawing) == one
    assert raw_database["drawing"].find_one()["more"][0] == {"_type": "Circle", "N": 2, "r": 8.0}
