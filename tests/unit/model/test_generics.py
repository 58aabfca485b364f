"""Generic models, and their parametrisations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, List, Optional, TypeVar

import bson
import pytest
from pydantic import BaseModel

from odmantic.bson import ObjectId
from odmantic.field import Field, FieldProxy, ODMEmbedded, ODMEmbeddedGeneric, ODMField
from odmantic.model import EmbeddedModel, Model

T = TypeVar("T")


class Leg(EmbeddedModel):
    km: float = Field(key_name="k")


class Box(EmbeddedModel, Generic[T]):
    content: T = Field(key_name="c")
    more: List[T] = []


class Crate(Model, Generic[T]):
    content: T
    box: Optional[Box[T]] = None


class Shelf(Model):
    box: Box[Leg] = Field(key_name="b")
    boxes: List[Box[int]] = []


def test_generic_models_are_usable_without_parameters() -> None:
    assert Box(content=3).model_dump_doc() == {"c": 3, "more": []}
    crate = Crate(content="a")
    assert crate.model_dump_doc() == {"content": "a", "box": None, "_id": crate.id}


def test_parametrised_models_are_models() -> None:
    assert issubclass(Box[int], EmbeddedModel)
    assert Box[int] is Box[int]
    assert isinstance(Box[Leg].__odm_fields__["content"], ODMEmbedded)
    assert isinstance(Box[Leg].__odm_fields__["more"], ODMEmbeddedGeneric)
    assert type(Box[int].__odm_fields__["content"]) is ODMField
    assert isinstance(Box[int].content, FieldProxy)
    assert +Box[Leg].content.km == "c.k"


def test_parametrised_models_round_trip() -> None:
    shelf = Shelf(box={"content": {"km": 1}}, boxes=[Box[int](content=2)])
    document = {
        "b": {"c": {"k": 1.0}, "more": []},
        "boxes": [{"c": 2, "more": []}],
        "_id": shelf.id,
    }
    assert shelf.model_dump_doc() == document
    assert Shelf.model_validate_doc(document) == shelf


def test_a_parametrised_model_keeps_collection_and_config() -> None:
    assert +Crate[int] == "crate"
    assert Crate[int].__primary_field__ == "id"
    crate = Crate[int](content="3")
    assert crate.model_dump_doc() == {"content": 3, "box": None, "_id": crate.id}
    assert crate.__fields_modified__ == {"content", "box", "id"}


@pytest.mark.parametrize(("argument", "annotation"), [(bson.ObjectId, ObjectId), (datetime, None)])
def test_arguments_become_aware_of_bson(argument: Any, annotation: Any) -> None:
    cls = Box[argument]
    if annotation is not None:
        assert cls.model_fields["content"].annotation is annotation
    else:
        made = cls(content=datetime(2020, 1, 1, 0, 0, 0, 1999))
        assert made.content.microsecond == 1000


def test_a_model_is_no_argument_without_a_reference() -> None:
    class Captain(Model):
        name: str

    with pytest.raises(TypeError, match="without a Reference assigned to it"):
        Box[Captain]


def test_several_parameters() -> None:
    other = TypeVar("other")

    class Two(EmbeddedModel, Generic[T, other]):
        first: T
        second: other

    two = Two[bson.ObjectId, int](first="5f85f36d6dfecacc68428a46", second="3")
    assert two.second == 3
    assert isinstance(two.first, bson.ObjectId)


def test_parametrised_by_a_local_pydantic_model_defined_later() -> None:
    class Holder(EmbeddedModel):
        box: Optional[Box["Late"]] = None  # noqa: UP037

    class Late(BaseModel):
        x: int

    assert Holder(box={"content": {"x": 1}}).model_dump_doc() == {
        "box": {"c": {"x": 1}, "more": []}
    }


def test_several_and_nested_parameters() -> None:
    inner = Box[Leg](content=Leg(km=1))
    crate = Crate[Leg](content=Leg(km=2), box=inner)
    assert crate.model_dump_doc(include={"box", "content"}) == {
        "content": {"k": 2.0},
        "box": {"c": {"k": 1.0}, "more": []},
    }
    assert Crate[Leg].model_validate_doc(crate.model_dump_doc()) == crate


def test_generic_twin() -> None:
    assert list(Box[int].__pydantic_model__.model_fields) == ["content", "more"]
    assert Box[int].__pydantic_model__(content="3").content == 3
    assert list(Box.__pydantic_model__.model_fields) == ["content", "more"]


def test_parametrised_by_a_name_defined_later() -> None:
    class Holder(EmbeddedModel):
        box: Optional[Box["Content"]] = None  # noqa: UP037

    class Content(EmbeddedModel):
        x: int = Field(key_name="k")

    held = Holder(box={"content": {"x": 1}})
    assert held.model_dump_doc() == {"box": {"c": {"k": 1}, "more": []}}


class LaterBox(EmbeddedModel, Generic[T]):
    content: T
    later: Optional[Undefined] = None


IntBox = LaterBox[int]


class Undefined(EmbeddedModel):
    x: int = Field(key_name="k")


def test_parametrised_before_all_names_exist() -> None:
    box = IntBox(content="3", later={"x": 1})
    assert box.model_dump_doc() == {"content": 3, "later": {"k": 1}}
    assert IntBox.__mapping__.model is IntBox
