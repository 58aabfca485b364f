"""Laws of fields with several classes: what is saved is read with its classes, and changes are sent exactly."""

from __future__ import annotations

from copy import deepcopy
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple, Union

import bson
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.unit.somewhere import dirty_fields, mark_read, read_document

from odmantic import EmbeddedModel, Field, Model
from odmantic._codec.decode import decode_document, validate_document
from odmantic._codec.encode import encode_changes, encode_document

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")


class Cat(EmbeddedModel):
    kind: Literal["cat"] = Field("cat", key_name="k")
    name: str = ""


class Dog(EmbeddedModel):
    kind: Literal["dog", "puppy"] = Field("dog", key_name="k")
    name: str = ""


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]


class Shape(EmbeddedModel):
    name: str = Field("", key_name="n")
    model_config = {"inheritance": "single"}


class Circle(Shape):
    pass


class Disc(Circle):
    tags: List[str] = []


class Group(Shape):
    shapes: List[Shape] = []
    pet: Optional[Pet] = None


class Vehicle(EmbeddedModel):
    kind: str = "vehicle"
    model_config = {"inheritance": "single", "discriminator": "kind"}


class Car(Vehicle):
    kind: Literal["car"] = "car"
    driver: Optional[Shape] = None


class Everything(Model):
    shape: Shape
    shapes: List[Shape] = []
    named: Dict[str, Shape] = {}
    maybe: Optional[Shape] = None
    pet: Pet
    pets: List[Pet] = []
    vehicles: List[Vehicle] = []
    any: Union[Shape, Vehicle, int] = 0
    pair: Tuple[Shape, Pet]


texts = st.sampled_from(["", "Circle", "Disc", "cat", "car"])
pets = st.builds(Cat, name=texts) | st.builds(
    Dog, kind=st.sampled_from(["dog", "puppy"]), name=texts
)
shapes: Any = st.recursive(
    st.builds(Shape, name=texts)
    | st.builds(Circle, name=texts)
    | st.builds(Disc, name=texts, tags=st.lists(texts, max_size=2)),
    lambda inner: st.builds(
        Group, name=texts, shapes=st.lists(inner, max_size=2), pet=st.none() | pets
    ),
    max_leaves=3,
)
vehicles = st.builds(Vehicle) | st.builds(Car, driver=st.none() | shapes)
everything = st.builds(
    Everything,
    id=st.just(OID),
    shape=shapes,
    shapes=st.lists(shapes, max_size=3),
    named=st.dictionaries(st.sampled_from("abc"), shapes, max_size=2),
    maybe=st.none() | shapes,
    pet=pets,
    pets=st.lists(pets, max_size=3),
    vehicles=st.lists(vehicles, max_size=2),
    any=shapes | vehicles | st.integers(0, 3),
    pair=st.tuples(shapes, pets),
)


def classes_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: classes_in(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [classes_in(each) for each in value]
    if isinstance(value, BaseModel):
        return (type(value), [classes_in(each) for _, each in value])
    return type(value)


def known(document: Any) -> list[Everything]:
    """Instances that are known to equal a document, by generated code and by validation."""
    judged = validate_document(Everything, deepcopy(document))
    mark_read(judged)
    return [read_document(Everything, deepcopy(document)), judged]


@settings(deadline=None, max_examples=150)
@given(everything)
def test_what_is_saved_is_read(one: Everything) -> None:
    document = bson.decode(bson.encode(encode_document(one)))

    for again in (decode_document(Everything, document), *known(document)):
        assert again == one
        assert classes_in(again) == classes_in(one)
        assert encode_document(again) == document
    for again in known(document):
        assert dirty_fields(again) == set()


@settings(deadline=None, max_examples=150)
@given(everything, everything)
def test_changes_in_place_make_the_one_document_of_the_other(
    one: Everything, other: Everything
) -> None:
    before, after = encode_document(one), encode_document(other)

    for instance in known(before):
        for name, value in deepcopy(other):
            held = getattr(instance, name)
            if type(held) is type(value) and isinstance(held, list):
                held[:] = value
            elif type(held) is type(value) and isinstance(held, dict):
                held.clear()
                held.update(value)
            elif type(held) is type(value) and isinstance(held, BaseModel):
                vars(held).update(vars(value))
            elif name != "id":
                setattr(instance, name, value)
        names = dirty_fields(instance)
        assert {**before, **encode_changes(instance, names)} == after
