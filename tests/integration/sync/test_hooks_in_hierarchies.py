# Generated from tests/integration/aio/test_hooks_in_hierarchies.py by tools/generate_sync.py: do not edit.
"""Hooks of models and embedded models of hierarchies, also of classes that are defined later."""

from __future__ import annotations

from datetime import datetime
from typing import Any, List, Optional

import pytest
from tests.integration.sync.reading import to_list

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


def test_an_instance_has_the_hooks_of_its_class(sync_engine):
    animal, cat = Animal(name="a"), Cat(name="c")

    sync_engine.save_all([animal, cat])
    to_list(sync_engine.find(Animal, sort=Animal.name))

    assert cat.lives == 8
    assert called == ["animal a", "animal c", "cat c"]

    called.clear()
    sync_engine.save(Keeper(animal=cat))
    assert sync_engine.find_one(Keeper).animal == cat
    assert called == ["animal c", "cat c"]


def test_a_hook_for_queries_gets_the_class_and_the_filter_of_the_program(sync_engine):
    sync_engine.save_all([Animal(name="a"), Cat(name="a")])
    called.clear()

    assert sync_engine.remove(Cat, Cat.name == "a") == 1

    assert called == [("Cat", {"name": {"$eq": "a"}})]
    assert sync_engine.count(Animal) == 1


def test_hooks_of_classes_that_are_defined_after_the_first_use_are_called(sync_engine):
    class Plant(Model, inheritance="single"):
        name: str

    class Shape(EmbeddedModel):
        size: int = 1
        model_config = {"inheritance": "single"}

    class Drawing(Model):
        shapes: List[Shape] = []

    sync_engine.save_all([Plant(name="a"), Drawing(shapes=[Shape()])])
    to_list(sync_engine.find(Plant))
    to_list(sync_engine.find(Drawing))

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
    sync_engine.save_all([Rose(name="b"), drawing])
    to_list(sync_engine.find(Plant))
    to_list(sync_engine.find(Drawing))

    assert [shape.size for shape in drawing.shapes] == [1, 2]
    assert called == ["rose", "circle"]
