"""Subclasses of a model with `inheritance="separate"` are models in collections of their own."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Optional

import pytest
from pydantic import ValidationError, field_validator

from odmantic import EmbeddedModel, Field, Index, Model, Reference
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.order import save_order
from odmantic.exceptions import InvalidDocumentError


class Animal(Model):
    name: str = Field(key_name="n", index=True)
    age: Optional[int] = None

    model_config = {
        "inheritance": "separate",
        "extra": "forbid",
        "indexes": lambda: [Index(Animal.age)],
    }

    @field_validator("name")
    @classmethod
    def check_name(cls, value: str) -> str:
        if not value:
            raise ValueError(f"a {cls.__name__} needs a name")
        return value

    def greet(self) -> str:
        return f"I am {self.name}"


class Cat(Animal):
    lives: int = 9

    def greet(self) -> str:
        return super().greet() + "!"


class Lion(Cat):
    pride: str
    model_config = {"collection": "lions"}


class Owner(Model):
    pet: Animal = Reference()


def test_each_class_is_a_model_with_its_collection():
    assert (+Animal, +Cat, +Lion) == ("animal", "cat", "lions")
    assert list(Lion.__odm_fields__) == ["name", "age", "id", "lives", "pride"]
    lion = Lion(name="a", pride="north")
    assert isinstance(lion, Animal)
    document = {"n": "a", "age": None, "_id": lion.id, "lives": 9, "pride": "north"}
    assert lion.model_dump_doc() == document
    assert Lion.model_validate_doc(document) == lion
    assert type(Cat.model_validate_doc({**document})) is Cat


def test_a_base_is_as_it_was():
    animal = Animal(name="a")

    assert animal.model_dump_doc() == {"n": "a", "age": None, "_id": animal.id}
    assert mapping_of(Animal).model is Animal


def test_methods_validators_and_options_are_inherited():
    assert Lion(name="a", pride="north").greet() == "I am a!"
    with pytest.raises(ValidationError, match="a Lion needs a name"):
        Lion(name="", pride="north")
    with pytest.raises(ValidationError, match="extra"):
        Lion(name="a", pride="north", other=1)


def test_indexes_of_fields_are_inherited_and_those_of_the_config_are_not():
    def keys(model: Any) -> list[Any]:
        return [one.get_index_specifier() for one in model.__indexes__()]

    assert keys(Animal) == [[("n", 1)], [("age", 1)]]
    assert keys(Cat) == [[("n", 1)]]


def test_a_second_primary_key_is_refused():
    with pytest.raises(TypeError, match="_id"):

        class Dog(Animal):
            code: str = Field(primary_field=True)


def test_two_models_that_are_not_abstract_are_no_bases():
    class Other(Model):
        x: int = 1
        model_config = {"inheritance": "separate"}

    with pytest.raises(TypeError, match="Both cannot be derived from several models"):

        class Both(Animal, Other):
            pass


def test_with_an_abstract_base_beside_it():
    class Stamped(Model, inheritance="abstract"):
        created: int = 1

    class Dog(Stamped, Animal):
        bark: str = ""

    dog = Dog(name="a")
    assert +Dog == "dog"
    assert Dog.model_validate_doc(dog.model_dump_doc()) == dog
    assert dog.created == 1


def test_embedded_models_cannot_be_separate():
    with pytest.raises(ValueError, match="embedded model can only be 'abstract'"):

        class Odd(EmbeddedModel, inheritance="separate"):
            x: int


def test_a_class_without_a_word_has_plain_subclasses():
    class Boat(Model):
        x: int = 1

    class Ferry(Boat):
        y: int = 1

    assert not issubclass(Ferry, Model)


def test_a_reference_leads_to_the_class_that_it_names():
    owner = Owner(pet=Animal(name="a"))
    assert save_order([owner], lambda _: False).instances == [owner.pet, owner]
    assert Owner(pet=Animal(name="a")).model_dump_doc()["pet"]

    stray = Owner(pet=Cat(name="a"))
    for store in (lambda: save_order([stray], lambda _: False), stray.model_dump_doc):
        with pytest.raises(InvalidDocumentError, match="reference to Animal cannot lead to a Cat"):
            store()


def test_a_collection_that_moves_leaves_those_of_subclasses():
    class Tree(Model):
        x: int = 1
        model_config = {"inheritance": "separate"}

    class Oak(Tree):
        pass

    Tree.__collection__ = "trees"

    assert (+Tree, +Oak) == ("trees", "oak")


def test_the_pure_models_are_derived_from_each_other():
    assert issubclass(Lion.__pydantic_model__, Cat.__pydantic_model__)
    assert Lion.__pydantic_model__(name="a", pride="n").greet() == "I am a!"


def test_copies_pickles_and_patches():
    lion = Lion(name="a", pride="north")
    for copied in (copy.copy(lion), copy.deepcopy(lion), pickle.loads(pickle.dumps(lion))):
        assert type(copied) is Lion
        assert copied == lion
    lion.model_update({"lives": 3, "pride": "south"})
    assert (lion.lives, lion.pride) == (3, "south")


def test_names_that_come_later():
    class Plant(Model):
        soil: "Optional[Soil]" = None
        model_config = {"inheritance": "separate"}

    class Rose(Plant):
        colour: str = "red"

    class Soil(EmbeddedModel):
        acid: bool = True

    rose = Rose(soil=Soil())
    assert Rose.model_validate_doc(rose.model_dump_doc()) == rose
    plant = Plant(soil=Soil())
    assert Plant.model_validate_doc(plant.model_dump_doc()) == plant


def test_a_field_of_the_base_in_a_query():
    assert (Lion.name == "a") == (Animal.name == "a") == {"n": {"$eq": "a"}}
