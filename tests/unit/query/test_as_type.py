"""Fields of a derived class, through a field that is declared with its base."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple, Union

import pytest

from odmantic import EmbeddedModel, Field, Model, as_type


class Shape(EmbeddedModel):
    n: int = Field(key_name="N")
    model_config = {"inheritance": "single"}


class Circle(Shape):
    radius: float = Field(key_name="r")


class Group(Shape):
    first: Shape = Field(key_name="f")
    others: List[Shape] = []


class Lid(EmbeddedModel):
    n: int = 0


class Drawing(Model):
    main: Shape
    other: Optional[Shape] = None
    more: List[Shape] = Field([], key_name="m")
    maybe: Optional[List[Shape]] = None
    pair: Tuple[Shape, int]
    mixed: Union[int, Shape] = 0
    named: Dict[str, Shape] = {}
    numbers: List[int] = []


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (Drawing.main, "main"),
        (Drawing.other, "other"),
        (Drawing.more, "m"),
        (Drawing.maybe, "maybe"),
        (Drawing.pair, "pair"),
        (Drawing.mixed, "mixed"),
    ],
)
def test_fields_of_a_derived_class_have_their_keys(path, key):
    circle = as_type(path, Circle)

    assert +circle.radius == f"{key}.r"
    assert (circle.radius > 2) == {f"{key}.r": {"$gt": 2}}
    assert +circle.n == f"{key}.N"
    assert +circle == key


def test_fields_may_be_below_one_another():
    group = as_type(Drawing.main, Group)

    assert +as_type(group.first, Circle).radius == "main.f.r"
    assert +as_type(group.others, Circle).radius == "main.others.r"
    assert (+as_type(group.first, Circle).radius).model is Drawing


def test_the_class_itself_is_no_other():
    assert +as_type(Drawing.main, Shape).n == "main.N"


@pytest.mark.parametrize(
    "path", [Drawing.id, Drawing.numbers, Drawing.named, Drawing, "main", None, 3]
)
def test_other_things_hold_no_embedded_objects(path):
    with pytest.raises(TypeError, match="as_type takes a field that holds embedded objects"):
        as_type(path, Circle)


@pytest.mark.parametrize("cls", [Lid, Drawing, int, "Circle"])
def test_the_class_has_to_be_derived(cls):
    with pytest.raises(TypeError, match=r"holds Shape, and .* is not derived from it"):
        as_type(Drawing.main, cls)
