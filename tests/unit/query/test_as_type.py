"""Fields of a derived class, and conditions on it, through a field that is declared with its base."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple, Union

import pytest

from odmantic import EmbeddedModel, Field, Model, as_type, type_is


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


def test_members_of_a_union_are_seen_through_it():
    class Both(Model):
        one: Union[Lid, Circle, int] = 0
        many: List[Union[Lid, Shape]] = []

    assert +as_type(Both.one, Lid).n == "one.n"
    assert +as_type(Both.one, Circle).radius == "one.r"
    assert +as_type(Both.many, Circle).radius == "many.r"
    with pytest.raises(TypeError, match="holds Lid or Circle, and Group is not derived from it"):
        as_type(Both.one, Group)


def test_the_class_itself_is_no_other():
    assert +as_type(Drawing.main, Shape).n == "main.N"


def test_a_field_that_only_a_derived_class_has_is_not_found():
    with pytest.raises(
        AttributeError, match=r"radius not found in Shape: write as_type\(\.\.\., Circle\)\.radius$"
    ):
        Drawing.main.radius
    with pytest.raises(AttributeError, match=r"attribute height not found in Shape$"):
        Drawing.main.height


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


# --- Conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (type_is(Drawing.main, Circle), {"main._type": "Circle"}),
        (type_is(Drawing.main, Circle, Group), {"main._type": {"$in": ["Circle", "Group"]}}),
        (type_is(Drawing.more, Group), {"m._type": "Group"}),
        (type_is(Drawing.other, Circle), {"other._type": "Circle"}),
        (type_is(Drawing.main, Shape, exact=True), {"main._type": None}),
        (type_is(Drawing.main, Shape), {}),
        (type_is(as_type(Drawing.main, Group).first, Circle), {"main.f._type": "Circle"}),
        (type_is(as_type(Drawing.main, Group).first, Shape), {"main.f": {"$type": "object"}}),
        (type_is(Drawing.other, Shape), {"other": {"$type": "object"}}),
        (
            type_is(Drawing.mixed, Shape, exact=True),
            {"$and": ({"mixed": {"$type": "object"}}, {"mixed._type": None})},
        ),
        (type_is(Drawing.more, Shape, exact=True), {"m": {"$elemMatch": {"_type": None}}}),
        (type_is(Drawing.maybe, Shape), {"maybe": {"$elemMatch": {}}}),
    ],
)
def test_a_class_may_be_asked_for(condition, expected):
    assert condition == expected


def test_only_classes_that_may_be_there_can_be_asked_for():
    class Disc(Circle):
        pass

    class Plate(Model):
        on: Circle

    assert type_is(Plate.on, Disc) == {"on._type": "Disc"}
    with pytest.raises(TypeError, match="holds Circle, and Shape is not derived from it"):
        type_is(Plate.on, Shape)
    with pytest.raises(TypeError, match="type_is takes a field that holds embedded objects"):
        type_is(Drawing.numbers, Circle)
    with pytest.raises(TypeError, match="needs at least one class"):
        type_is(Drawing.main)
    with pytest.raises(TypeError, match="takes classes of one hierarchy"):
        type_is(Drawing.main, Lid)
