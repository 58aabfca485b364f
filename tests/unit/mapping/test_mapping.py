"""What is known of a class: mutability, nesting, references, and the protocol for upper layers."""

from __future__ import annotations

import datetime as dt
from typing import (
    Any,
    Dict,
    List,
    Optional,
)

import bson
import pydantic
import pytest

import odmantic.bson
from odmantic._codec.encode import encode_field, encode_primary_key
from odmantic._mapping.mapping import mapping_of
from odmantic._state.nested import nested_instances
from odmantic._types.kinds import ModelKind, is_model, is_model_instance, kind_of
from odmantic.exceptions import EmbeddedCopyWarning
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Emb(EmbeddedModel):
    x: int = 0


class Target(Model):
    name: str


class Plain(pydantic.BaseModel):
    pass


class Mooring(EmbeddedModel):
    to: Target = Reference(key_name="t")
    note: List[str] = []


class Bay(EmbeddedModel):
    mooring: Mooring = Field(key_name="m")


with pytest.warns(EmbeddedCopyWarning):

    class Ship(Model):
        owner: Target = Reference(key_name="o")
        bay: Bay = Field(key_name="b")
        parts: List[Optional[Emb]] = []
        named: Dict[str, List[Emb]] = {}
        best: Optional[Emb] = None
        number: int = 0
        inline: Optional[Target] = None


@pytest.fixture
def ship() -> Ship:
    return Ship(
        owner=Target(name="a"),
        bay=Bay(mooring=Mooring(to=Target(name="b"))),
        parts=[Emb(x=1), None],
        named={"a": [Emb(x=2)]},
        inline=Target(name="c"),
    )


def test_mapping_of_a_model() -> None:
    mapping = mapping_of(Ship)
    assert mapping is Ship.__mapping__
    assert mapping.model is Ship
    assert not mapping.is_embedded
    assert mapping.fields is Ship.__odm_fields__
    assert (mapping.primary_field, mapping.collection) == ("id", "ship")
    assert mapping.references == ("owner",)
    assert mapping.mutable_fields == {"bay", "parts", "named", "best"}
    assert mapping.nested_fields == ("owner", "bay", "parts", "named", "best", "inline")
    assert [(link.name, link.key, link.cls) for link in mapping.links] == [
        ("owner", "o", Target),
        ("bay", "b", Bay),
    ]
    assert mapping.targets == (Target,)


def test_mapping_of_an_embedded_model() -> None:
    mapping = mapping_of(Emb)
    assert mapping.is_embedded
    assert (mapping.primary_field, mapping.collection, mapping.references) == (None, None, ())


@pytest.mark.parametrize(
    "other", [Model, EmbeddedModel, Plain, int, None, 3, Ship.__pydantic_model__]
)
def test_mapping_of_anything_else(other: Any) -> None:
    with pytest.raises(TypeError, match="not a subclass of"):
        mapping_of(other)
    assert not is_model(other)


def test_what_is_a_model(ship: Ship) -> None:
    assert is_model(Ship)
    assert not is_model(Emb)
    assert not is_model(ship)
    assert is_model_instance(ship)
    assert not is_model_instance(Emb())
    assert not is_model_instance(Ship)
    assert kind_of(Emb) is ModelKind.EMBEDDED
    assert kind_of(Ship) is ModelKind.MODEL


def test_nested_instances_are_direct_children(ship: Ship) -> None:
    found = list(nested_instances(ship))
    assert found == [ship.owner, ship.bay, Emb(x=1), Emb(x=2), ship.inline]
    assert found[1] is ship.bay
    assert list(nested_instances(ship.bay)) == [ship.bay.mooring]
    assert list(nested_instances(Ship.model_construct())) == []


def test_single_fields_and_keys(ship: Ship) -> None:
    assert encode_field(ship, "owner") == ship.owner.id
    assert encode_field(ship, "parts") == [{"x": 1}, None]
    assert encode_field(ship, "number") == 0
    assert encode_primary_key(ship) == ship.id
    with pytest.raises(AttributeError):
        encode_field(ship, "nothing")


def test_single_extra_values() -> None:
    class Open(Model):
        model_config = {"extra": "allow"}

    assert encode_field(Open(a={1}), "a") == [1]


def test_include_takes_any_container_of_field_names(ship: Ship) -> None:
    assert ship.model_dump_doc(include={"number", "unknown"}) == {"number": 0}
    assert ship.model_dump_doc(include=["best"]) == {"best": None}
    assert ship.model_dump_doc(include=()) == {}
    assert list(ship.model_dump_doc()) == [
        "o",
        "b",
        "parts",
        "named",
        "best",
        "number",
        "inline",
        "_id",
    ]


def test_the_document_shares_nothing_that_can_change() -> None:
    class Listed(EmbeddedModel):
        a: List[int]
        b: Dict[str, int]
        c: Any

    one = Listed(a=[1], b={"x": 1}, c=[{"y": 1}])
    document = one.model_dump_doc()
    document["a"].append(2)
    document["b"]["z"] = 1
    document["c"][0]["z"] = 1
    assert one == Listed(a=[1], b={"x": 1}, c=[{"y": 1}])


def test_types_of_fields_are_aware_of_bson() -> None:
    class Timed(EmbeddedModel):
        at: dt.datetime
        maybe: Optional[bson.ObjectId] = None

    assert Timed.model_fields["at"].annotation is odmantic.bson._datetime
    assert Timed.model_fields["maybe"].annotation == Optional[odmantic.bson.ObjectId]
