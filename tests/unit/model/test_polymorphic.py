"""Classes of a hierarchy in fields, and as `Polymorphic` in any pydantic model: each value keeps its class."""

from __future__ import annotations

import json
from datetime import date
from enum import Enum
from typing import Any, Dict, Generic, List, Literal, Optional, TypeVar

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from odmantic import EmbeddedModel, Field, Model, Polymorphic, Reference


class Shape(EmbeddedModel):
    n: int = Field(1, key_name="N")
    model_config = {"inheritance": "single"}


class Circle(Shape):
    radius: float


class Drawing(Model):
    main: Shape
    more: List[Shape] = []
    named: Dict[str, Shape] = {}
    maybe: Optional[Shape] = None


class Kind(str, Enum):
    SHIP = "ship"


class Vehicle(EmbeddedModel):
    kind: str = Field("vehicle", key_name="k")
    made: date = date(2026, 5, 1)
    model_config = {"inheritance": "single", "discriminator": "kind"}


class Car(Vehicle):
    kind: Literal["car", "van"] = "car"
    doors: int = 4


class Ship(Vehicle):
    kind: Literal[Kind.SHIP] = Kind.SHIP
    masts: int


class Animal(Model):
    kind: Literal["animal"] = "animal"
    name: str
    model_config = {"inheritance": "single", "discriminator": "kind"}


class Cat(Animal):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Garage(Model):
    first: Vehicle
    cars: List[Car] = []


class Trip(BaseModel):
    by: Polymorphic[Vehicle]
    others: List[Polymorphic[Vehicle]] = []
    pet: Optional[Polymorphic[Animal]] = None


class Owner(Model):
    pet: Animal = Reference()


# --- Fields ---------------------------------------------------------------------------------------


def test_an_instance_is_kept():
    circle = Circle(radius=2)
    drawing = Drawing(main=circle, more=[circle], named={"a": circle}, maybe=circle)

    assert drawing.main is drawing.more[0] is drawing.named["a"] is drawing.maybe is circle
    drawing.main = other = Circle(radius=3)
    assert drawing.main is other
    drawing.model_update({"main": circle})
    assert drawing.main is circle


def test_dumps_show_the_fields_of_the_class():
    drawing = Drawing(main=Circle(radius=2), more=[Circle(radius=1), Shape()])
    shown = {"n": 1, "radius": 2.0}

    assert drawing.model_dump()["main"] == json.loads(drawing.model_dump_json())["main"] == shown
    assert drawing.model_dump()["more"] == [{"n": 1, "radius": 1.0}, {"n": 1}]
    assert "main=Circle(n=1, radius=2.0)" in repr(drawing)
    assert Owner(pet=Cat(name="Tom")).model_dump(exclude={"id"})["pet"]["lives"] == 9


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_schema_of_a_field_is_that_of_its_class(mode):
    schema = Drawing.model_json_schema(mode=mode)

    assert schema["properties"]["main"] == {"$ref": "#/$defs/Shape"}
    assert schema["$defs"].keys() == {"Shape"}


def test_a_mapping_is_of_the_declared_class_unless_it_can_say_more():
    assert type(Drawing(main={"n": 2, "radius": 3}).main) is Shape
    assert Garage(first={"kind": "van"}).first == Car(kind="van")
    assert Garage(first={"kind": "ship", "masts": 3}).first == Ship(masts=3)
    assert type(Garage(first={}).first) is Vehicle
    assert type(Garage(first={"kind": "vehicle"}).first) is Vehicle


def test_a_mapping_that_names_another_class_is_refused():
    for first, cars in (({"kind": "plane"}, []), ({}, [{"kind": "ship", "masts": 1}])):
        with pytest.raises(ValidationError) as caught:
            Garage(first=first, cars=cars)
        assert [line["type"] for line in caught.value.errors()] == ["union_tag_invalid"]
    with pytest.raises(ValidationError, match=r"first\.masts\n  Field required"):
        Garage(first={"kind": "ship"})


def test_instances_are_validated_again_as_what_they_are():
    class Checked(EmbeddedModel):
        n: int = 0
        model_config = {"inheritance": "single", "revalidate_instances": "always"}

    class More(Checked):
        m: int = 0

    class Holder(Model):
        held: Checked

    given = More(m=1)
    held = Holder(held=given).held

    assert type(held) is More
    assert held == given
    assert held is not given


# --- Polymorphic ----------------------------------------------------------------------------------


def test_it_is_validated_as_the_class_that_the_discriminator_names():
    ship = Ship(masts=2)
    trip = Trip(
        by={"kind": "car", "doors": "2"}, others=[ship, {}], pet={"kind": "cat", "name": "T"}
    )

    assert trip.by == Car(doors=2)
    assert trip.others[0] is ship
    assert type(trip.others[1]) is Vehicle
    assert type(trip.pet) is Cat
    assert Trip.model_validate(trip.model_dump()) == trip
    assert Trip.model_validate_json(trip.model_dump_json()) == trip


def test_json_is_read_as_json():
    class Strict(EmbeddedModel):
        kind: Literal["strict"] = "strict"
        model_config = {"inheritance": "single", "discriminator": "kind", "strict": True}

    class Dated(Strict):
        kind: Literal["dated"] = "dated"
        day: date

    adapter = TypeAdapter(Polymorphic[Strict])

    assert adapter.validate_json('{"kind": "dated", "day": "2026-05-01"}') == Dated(
        day=date(2026, 5, 1)
    )
    with pytest.raises(ValidationError, match="day"):
        adapter.validate_python({"kind": "dated", "day": "2026-05-01"})


def test_the_schema_has_all_classes():
    schema = Trip.model_json_schema()

    assert schema["properties"]["by"] == {
        "oneOf": [
            {"$ref": "#/$defs/Vehicle"},
            {"$ref": "#/$defs/Car"},
            {"$ref": "#/$defs/Ship"},
        ],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {
                "vehicle": "#/$defs/Vehicle",
                "car": "#/$defs/Car",
                "van": "#/$defs/Car",
                "ship": "#/$defs/Ship",
            },
        },
    }
    assert schema["$defs"]["Ship"]["required"] == ["masts"]
    assert "doors" in schema["$defs"]["Car"]["properties"]


def test_the_schema_has_the_classes_of_its_time():
    class Base(EmbeddedModel):
        kind: Literal["base"] = "base"
        model_config = {"inheritance": "single", "discriminator": "kind"}

    class Holder(BaseModel):
        held: Polymorphic[Base]

    class Later(Base):
        kind: Literal["later"] = "later"

    assert Holder.model_json_schema()["$defs"].keys() == {"Base", "Later"}
    assert type(Holder(held={"kind": "later"}).held) is Later


def test_an_alias_names_the_class_too():
    class Base(EmbeddedModel):
        kind: Literal["base"] = Field("base", alias="type")
        model_config = {"inheritance": "single", "discriminator": "kind"}

    class Other(Base):
        kind: Literal["other"] = Field("other", alias="type")

    held = TypeAdapter(Polymorphic[Base])

    assert type(held.validate_python({"type": "other"})) is Other
    assert held.json_schema()["discriminator"]["propertyName"] == "type"
    assert held.json_schema(by_alias=False)["discriminator"]["propertyName"] == "kind"


def test_a_model_may_have_fields_with_all_classes_in_its_schema():
    class Park(Model):
        cars: List[Polymorphic[Car]]
        any: Polymorphic[Vehicle]

    park = Park(cars=[{"kind": "van"}], any={"kind": "ship", "masts": 1})

    assert park.cars == [Car(kind="van")]
    assert park.any == Ship(masts=1)
    assert "oneOf" in Park.model_json_schema()["properties"]["any"]


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: List[Polymorphic[T]]


def test_it_may_be_an_argument_of_a_generic_class():
    assert Page[Vehicle](items=[{"kind": "car"}]).items == [Car()]


@pytest.mark.parametrize(
    ("cls", "remedy"),
    [
        (Shape, r"set discriminator='kind' in the config of the root"),
        (Circle, r"declare `kind: Literal\['circle'\] = 'circle'` in Circle"),
        (Drawing, r"give Drawing inheritance='single'"),
        (int, r"give int inheritance='single'"),
    ],
)
def test_classes_have_to_be_told_apart_by_a_field(cls: Any, remedy: str):
    with pytest.raises(TypeError, match=remedy):
        Polymorphic[cls]
    if cls is not int:
        with pytest.raises(TypeError, match=remedy):
            Page[cls]
