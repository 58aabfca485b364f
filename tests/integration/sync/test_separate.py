# Generated from tests/integration/aio/test_separate.py by tools/generate_sync.py: do not edit.
"""Models derived from a model, in collections of their own."""

from __future__ import annotations

import pytest
from tests.integration.sync.reading import to_list

from odmantic import Field, Model, Reference
from odmantic.exceptions import InvalidDocumentError


class Animal(Model):
    name: str = Field(key_name="n")
    model_config = {"inheritance": "separate"}


class Cat(Animal):
    lives: int = 9


class Owner(Model):
    pet: Animal = Reference()


def test_queries_see_the_documents_of_their_class(sync_engine, raw_database):
    animal = sync_engine.save(Animal(name="a"))
    cats = sync_engine.save_all([Cat(name="a"), Cat(name="b", lives=3)])

    assert to_list(sync_engine.find(Animal)) == [animal]
    assert to_list(sync_engine.find(Cat, sort=Cat.name)) == cats
    assert sync_engine.count(Animal, Animal.name == "a") == 1
    assert sync_engine.find_one(Cat, Animal.name == "b") == cats[1]
    assert raw_database["cat"].find_one({"n": "b"}) == {"_id": cats[1].id, "n": "b", "lives": 3}

    cats[0].lives = 8
    sync_engine.save(cats[0])
    sync_engine.delete(cats[1])
    assert to_list(sync_engine.find(Cat)) == [cats[0]]


def test_nothing_is_saved_with_a_reference_to_another_collection(sync_engine, raw_database):
    stray = Owner(pet=Cat(name="a"))

    for save in (
        sync_engine.save,
        lambda one: sync_engine.save_all([Owner(pet=Animal(name="b")), one]),
    ):
        with pytest.raises(InvalidDocumentError, match="cannot lead to a Cat"):
            save(stray)

    assert raw_database.list_collection_names() == []
