"""Attributes of a class that show its mapping: only the collection may be assigned after the class statement.

An assignment is followed wherever the name is used, or it is a `TypeError`; none is silently without effect.
"""

from __future__ import annotations

from typing import Any, Generic, Optional, TypeVar

import pytest

from odmantic import EmbeddedModel, Field, Model

T = TypeVar("T")


class Point(EmbeddedModel):
    row: int = 0


VIEWS = (
    "__mapping__",
    "__odm_fields__",
    "__references__",
    "__mutable_fields__",
    "__bson_serializers__",
    "__pydantic_model__",
    "__primary_field__",
)


def make_model() -> Any:
    class Parcel(Model):
        code: str = Field("", primary_field=True)

    return Parcel


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("model", [make_model(), Point, Model])
def test_a_view_cannot_be_assigned(model, name):
    before = vars(model).get(name)

    with pytest.raises(TypeError, match=f"{model.__name__}.{name} cannot be assigned"):
        setattr(model, name, None)
    with pytest.raises(TypeError, match=f"{model.__name__}.{name} cannot be deleted"):
        delattr(model, name)

    assert vars(model).get(name) is before


def test_the_collection_can_be_assigned():
    parcel = make_model()

    parcel.__collection__ = "t2"

    assert parcel.__collection__ == +parcel == parcel().__collection__ == "t2"


@pytest.mark.parametrize("name", ["", "a$", "system.x", None, 1, b"x"])
def test_a_name_that_mongodb_would_not_accept_is_refused(name):
    parcel = make_model()

    with pytest.raises(TypeError, match="Parcel"):
        parcel.__collection__ = name

    assert +parcel == "parcel"


@pytest.mark.parametrize("cls", [Model, EmbeddedModel, Point])
def test_only_a_model_has_a_collection(cls):
    with pytest.raises(TypeError, match=f"{cls.__name__} has no collection"):
        cls.__collection__ = "x"


def test_the_collection_cannot_be_deleted():
    with pytest.raises(TypeError, match="cannot be deleted"):
        del make_model().__collection__


def test_parametrised_models_follow_the_model_they_parametrise():
    class Box(Model, Generic[T]):
        value: T

    before = Box[int]
    Box.__collection__ = "boxes"

    assert [+Box, +before, +Box[str]] == ["boxes"] * 3

    before.__collection__ = "numbers"
    Box.__collection__ = "others"

    assert [+Box, +before, +Box[str]] == ["others", "numbers", "others"]


def test_a_model_that_is_not_complete_can_move():
    class Early(Model):
        later: Optional["Later"] = None

    Early.__collection__ = "t2"

    class Later(EmbeddedModel):
        n: int = 0

    assert +Early == "t2"


def test_other_attributes_can_be_assigned():
    parcel = make_model()

    parcel.rate = 3

    assert parcel.rate == parcel().rate == 3
    del parcel.rate
    assert not hasattr(parcel, "rate")
