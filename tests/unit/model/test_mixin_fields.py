"""The fields of a mixin are taken over as they are declared there, silently, whatever they are declared with."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import Any, List

import pytest
from bson import ObjectId as PlainObjectId
from pydantic import BaseModel

from odmantic._state.hollow import Hollow
from odmantic.bson import ObjectId
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference

pytestmark = pytest.mark.filterwarnings("error")


class Owner(Model):
    name: str = Field("o", primary_field=True)


class Part(EmbeddedModel):
    n: int = 1


class Stamped:
    created: int = Field(0, key_name="c", index=True)
    at: datetime = datetime(2020, 1, 1)
    tags: List[str] = Field(default_factory=list)
    plain: int = 3
    part: Part = Part()


class Marked(Stamped):
    by: PlainObjectId = Field(default_factory=ObjectId, key_name="b")


class Owned:
    owner: Owner = Reference(key_name="o")


_KEYS = {"c", "at", "tags", "plain", "part", "b"}


@pytest.mark.parametrize(
    ("bases", "keys"),
    [
        ((Stamped, Model), _KEYS - {"b"}),
        ((Model, Stamped), _KEYS - {"b"}),
        ((Marked, Model), _KEYS),
        ((Marked, EmbeddedModel), _KEYS),
        ((EmbeddedModel, Marked), _KEYS),
        ((Owned, Marked, Model), {*_KEYS, "o"}),
    ],
)
def test_fields_are_taken_over(bases: Any, keys: set[str]) -> None:
    metaclass: Any = type(Model if Model in bases else EmbeddedModel)
    cls = metaclass("Made", bases, {"__module__": __name__})
    assert {field.key_name for field in cls.__odm_fields__.values()} - {"_id"} == keys
    assert cls.__odm_fields__["created"].index
    given = {"owner": Owner()} if Owned in bases else {}
    instance = cls(created="5", **given)
    assert instance.created == 5
    assert instance.part is not Stamped.part
    assert issubclass(cls.__pydantic_model__, Stamped)
    assert cls.__pydantic_model__.model_fields.keys() == cls.model_fields.keys()


def test_a_field_that_the_class_declares_itself_is_not_taken_over() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        class Own(Stamped, Model):
            created: str = "x"

    assert ["created" in str(warning.message) for warning in caught] == [True]
    assert Own().created == "x"
    assert Own.__odm_fields__["created"].key_name == "created"


class Loud(BaseModel):
    def model_dump(self, **options):
        values = super().model_dump(**options)
        return {name: str(value).upper() for name, value in values.items()}


class LoudShip(Model, Loud):
    name: str


def test_a_mixin_behind_the_model_dumps_it_also_once_there_are_hollow_instances():
    ship = LoudShip(name="vega")
    assert ship.model_dump_doc()["name"] == "VEGA"

    Hollow("Voyage.ship", "load it")

    assert LoudShip(name="vega").model_dump()["name"] == "VEGA"
    LoudShip.__mapping__.decide_again()
    assert ship.model_dump_doc()["name"] == "VEGA"
