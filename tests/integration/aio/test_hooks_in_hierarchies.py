"""Hooks of models and embedded models of hierarchies, also of classes that are defined later."""

from __future__ import annotations

from datetime import datetime
from typing import Any, List, Optional

import pytest
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference, hook, utcnow

called: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called():
    called.clear()


class Animal(Model, inheritance="single"):
    name: str

    @hook("after_load")
    def loaded(self):
        called.append(f"animal {self.name}")

    @hook("before_query_write")
    @classmethod
    def querying(cls, event):
        called.append((cls.__name__, dict(event.filter)))


class Cat(Animal):
    lives: int = 9

    @hook("after_load")
    def purr(self):
        called.append(f"cat {self.name}")

    @hook("before_save")
    def live(self):
        self.lives -= 1


class Keeper(Model):
    animal: Animal = Reference()


async def test_an_instance_has_the_hooks_of_its_class(aio_engine):
    animal, cat = Animal(name="a"), Cat(name="c")

    await aio_engine.save_all([animal, cat])
    await to_list(aio_engine.find(Animal, sort=Animal.name))

    assert cat.lives == 8
    assert called == ["animal a", "animal c", "cat c"]

    called.clear()
    await aio_engine.save(Keeper(animal=cat))
    assert (await aio_engine.find_one(Keeper)).animal == cat
    assert called == ["animal c", "cat c"]


async def test_a_hook_for_queries_gets_the_class_and_the_filter_of_the_program(aio_engine):
    await aio_engine.save_all([Animal(name="a"), Cat(name="a")])
    called.clear()

    assert await aio_engine.remove(Cat, Cat.name == "a") == 1

    assert called == [("Cat", {"name": {"$eq": "a"}})]
    assert await aio_engine.count(Animal) == 1


async def test_hooks_of_classes_that_are_defined_after_the_first_use_are_called(aio_engine):
    class Plant(Model, inheritance="single"):
        name: str

    class Shape(EmbeddedModel):
        size: int = 1
        model_config = {"inheritance": "single"}

    class Drawing(Model):
        shapes: List[Shape] = []

    await aio_engine.save_all([Plant(name="a"), Drawing(shapes=[Shape()])])
    await to_list(aio_engine.find(Plant))
    await to_list(aio_engine.find(Drawing))

    class Rose(Plant):
        @hook("after_load")
        def smell(self):
            called.append("rose")

    class Circle(Shape):
        created: Optional[datetime] = Field(on_insert=utcnow)

        @hook("before_save")
        def grow(self):
            self.size += 1

        @hook("after_load")
        def look(self):
            called.append("circle")

    drawing = Drawing(shapes=[Shape(), Circle()])
    await aio_engine.save_all([Rose(name="b"), drawing])
    await to_list(aio_engine.find(Plant))
    await to_list(aio_engine.find(Drawing))

    assert [shape.size for shape in drawing.shapes] == [1, 2]
    assert called == ["rose", "circle"]
