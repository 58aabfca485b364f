"""Where a config leaves values unvalidated, a save stores what can be read, and refuses the rest by name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, Dict, List, Optional, Set

import bson
import pytest
from pydantic import BaseModel, ValidationError

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE, Written
from odmantic.exceptions import InvalidDocumentError


class Point(EmbeddedModel):
    x: int


class LaxPoint(EmbeddedModel):
    x: int
    model_config = {"validate_assignment": False}


class Plain(BaseModel):
    n: int


class Colour(Enum):
    RED = "red"


class Lax(Model):
    number: int = 1
    text: str = ""
    numbers: List[int] = []
    table: Dict[str, float] = {}
    when: Optional[datetime] = None
    point: Point = Point(x=1)
    points: List[Point] = []
    lax: LaxPoint = LaxPoint(x=1)
    plain: Plain = Plain(n=1)
    unique: Set[int] = set()
    colour: Colour = Colour.RED
    whatever: Any = None
    model_config = {"validate_assignment": False}


INVALID = [
    ("number", "many"),
    ("number", None),
    ("text", 5),
    ("numbers", ["x"]),
    ("numbers", 5),
    ("table", {"a": "b"}),
    ("when", "yesterday"),
    ("point", {"y": 1}),
    ("point", None),
    ("points", [Point(x=1), 5]),
    ("plain", {"n": "x"}),
    # These are read, as other values.
    ("number", "5"),
    ("number", True),
    ("number", 5.0),
    ("text", b"a"),
    ("numbers", (1,)),
    ("numbers", ["1"]),
    ("table", {"a": 1}),
    ("when", "2020-01-01T00:00:00"),
    ("when", datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
    ("point", {"x": 1}),
    ("points", [{"x": 1}]),
    ("plain", {"n": 1}),
    ("unique", [1]),
    ("colour", "red"),
]


def encoded(instance: Any) -> Any:
    return bson.decode(bson.encode(instance.model_dump_doc()))


@pytest.mark.parametrize(("name", "value"), INVALID)
@pytest.mark.parametrize("is_known", [False, True])
def test_what_could_not_be_read_is_refused(name, value, is_known):
    instance = Lax.model_validate_doc(encoded(Lax())) if is_known else Lax()

    setattr(instance, name, value)

    assert getattr(instance, name) is value
    assert name in instance.__fields_modified__
    with pytest.raises(InvalidDocumentError, match=f"field '{name}' of Lax"):
        instance.model_dump_doc()


def test_what_can_be_read_is_stored():
    instance = Lax()

    instance.number = 7
    instance.points = [Point(x=3)]
    instance.when = datetime(2020, 1, 2, 3, 4, 5, 6000)
    instance.unique = {8, 0}
    instance.whatever = [1, "a"]
    instance.table = {"a": 1.0, "b": float("inf")}

    assert Lax.model_validate_doc(encoded(instance)) == instance


def test_what_bson_does_not_know_is_stored_nearly_as_it_is():
    instance = Lax()

    instance.when = datetime(2020, 1, 2, 3, 4, 5, 6789)
    instance.whatever = {1, 2}

    assert Lax.model_validate_doc(encoded(instance)).when == datetime(2020, 1, 2, 3, 4, 5, 6000)


def test_an_embedded_object_with_a_wrong_value_is_refused():
    instance = Lax()

    instance.lax.x = "x"

    with pytest.raises(InvalidDocumentError):
        instance.model_dump_doc()


class Around(Model):
    lax: LaxPoint = LaxPoint(x=1)
    many: List[LaxPoint] = [LaxPoint(x=1)]
    table: Dict[str, LaxPoint] = {"a": LaxPoint(x=1)}
    maybe: Optional[LaxPoint] = LaxPoint(x=1)


@pytest.mark.parametrize(
    "inner",
    [
        lambda around: around.lax,
        lambda around: around.many[0],
        lambda around: around.table["a"],
        lambda around: around.maybe,
    ],
)
def test_an_embedded_object_in_a_validated_model_is_refused(inner):
    around = Around()
    write = Written(SOMEWHERE.place, None)
    inner(around).x = "x"

    with pytest.raises(InvalidDocumentError, match="field 'x' of LaxPoint"):
        around.model_dump_doc()
    documents: list[Any] = []
    mapping_of(Around).codec.take([around], documents, [], write, new=True)
    assert documents == []


def test_a_patch_is_validated_all_the_same():
    instance = Lax()

    with pytest.raises(ValidationError):
        instance.model_update({"number": "many", "text": "a"})

    assert instance == Lax(id=instance.id)


def test_a_default_that_is_not_validated():
    class Odd(Model):
        number: int = Field(default_factory=lambda: "many")
        model_config = {"validate_default": False}

    with pytest.raises(InvalidDocumentError, match="field 'number' of Odd"):
        Odd().model_dump_doc()
    assert encoded(Odd(number=3))["number"] == 3


def test_a_frozen_instance_refuses_an_assignment_and_is_stored():
    class Fixed(Model):
        text: str
        model_config = {"frozen": True}

    instance = Fixed(text="a")

    with pytest.raises(ValidationError, match="frozen"):
        instance.text = "b"
    assert Fixed.model_validate_doc(encoded(instance)) == instance


# --- Options that decide beside the annotation -----------------------------------------------------

OPTIONS = [
    {"strict": True},
    {"from_attributes": True},
    {"coerce_numbers_to_str": True},
    {"revalidate_instances": "always"},
    {"regex_engine": "python-re"},
    {"val_temporal_unit": "milliseconds"},
    {"use_enum_values": True},
    {"str_strip_whitespace": True},
    {"str_to_upper": True},
    {"allow_inf_nan": False},
]


def made_with(options: Any) -> Any:
    class Other(Model):
        number: int = Field(1, key_name="n", alias="text")
        text: str = Field("", alias="number")
        numbers: List[int] = []
        points: List[Point] = []
        colour: Colour = Colour.RED
        unique: Set[int] = set()
        when: Optional[datetime] = None
        model_config = options

    return Other


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("number", "many"), ("number", "5"), ("numbers", ["x"]), ("points", [{"x": 1}])],
)
def test_they_decide_what_is_refused(options, name, value):
    instance = made_with({**options, "validate_assignment": False})()

    setattr(instance, name, value)

    with pytest.raises(InvalidDocumentError, match=f"field '{name}' of Other"):
        instance.model_dump_doc()


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("unvalidated", [{}, {"validate_assignment": False}])
def test_they_decide_what_is_stored(options, unvalidated):
    instance = made_with({**options, **unvalidated})()

    instance.number = 7
    instance.numbers.append(3)
    instance.points = [Point(x=3)]
    instance.unique = {8, 0}
    instance.when = datetime(2020, 1, 2)

    assert type(instance).model_validate_doc(encoded(instance)) == instance


@pytest.mark.parametrize("options", OPTIONS)
def test_they_decide_about_a_change_in_place(options):
    instance = made_with(options)()

    instance.numbers.append("x")

    with pytest.raises(InvalidDocumentError, match="field 'numbers' of Other"):
        instance.model_dump_doc()


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"use_enum_values": True}, "colour", Colour.RED),
        ({"str_strip_whitespace": True}, "text", " a"),
        ({"str_to_upper": True}, "text", "a"),
        ({"str_max_length": 1}, "text", "ab"),
    ],
)
def test_options_that_change_values(options, name, value):
    instance = made_with({**options, "validate_assignment": False})()

    setattr(instance, name, value)

    with pytest.raises(InvalidDocumentError, match=f"field '{name}' of Other"):
        instance.model_dump_doc()


@pytest.mark.parametrize("value", [None, "key", 5])
def test_a_reference_leads_to_an_instance(value):
    class Target(Model):
        x: int = 1

    class Referring(Model):
        target: Target = Reference()
        model_config = {"validate_assignment": False}

    referring = Referring(target=Target())
    assert referring.model_dump_doc()["target"] == referring.target.id

    referring.target = value

    with pytest.raises(InvalidDocumentError, match=f"{value!r} is no Target"):
        referring.model_dump_doc()
