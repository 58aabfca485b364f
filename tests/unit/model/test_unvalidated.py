"""Where a config leaves values unvalidated, a save stores what can be read, and refuses the rest by name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Dict, List, Optional, Set

import bson
import pytest
from bson.decimal128 import Decimal128
from pydantic import BaseModel, Strict, ValidationError, field_validator, model_validator

from odmantic import EmbeddedModel, Field, Model, Reference, is_reading
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
    ("table", {"a": True}),
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


class Odd(Model):
    model_config = {"validate_default": False}
    ratio: float = 0  # type checkers take an `int` for a `float`
    maybe: Optional[float] = 1
    many: List[float] = [1, 2.5]
    table: Dict[str, float] = {"a": 1}
    exact: Decimal = 2  # type: ignore[assignment]
    some: Optional[Decimal] = 3  # type: ignore[assignment]


def test_a_number_is_stored_as_its_field_stores_it():
    document = encoded(Odd())
    del document["_id"]
    assert document == {
        "ratio": 0.0,
        "maybe": 1.0,
        "many": [1.0, 2.5],
        "table": {"a": 1.0},
        "exact": Decimal128("2"),
        "some": Decimal128("3"),
    }
    numbers = (document["ratio"], document["maybe"], *document["many"], document["table"]["a"])
    assert set(map(type, numbers)) == {float}
    odd = Odd()
    assert Odd.model_validate_doc(encoded(odd)) == odd


@pytest.mark.parametrize("number", [2**53 + 1, 10**400, True])
def test_a_number_that_its_field_changes_is_refused(number):
    odd = Odd.model_construct(**{**dict(Odd()), "ratio": number})
    with pytest.raises(InvalidDocumentError, match="field 'ratio' of Odd"):
        odd.model_dump_doc()


def test_a_number_that_is_the_default_is_left_out():
    class Sparse(Model):
        model_config = {"validate_default": False, "store_defaults": False}
        ratio: float = 0
        exact: Decimal = 2  # type: ignore[assignment]
        wrong: int = Field(1, if_missing=None)

    sparse = Sparse(wrong=2)
    assert encoded(sparse) == {"_id": sparse.id, "wrong": 2}


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


# --- Validators of the class -----------------------------------------------------------------------


def made_of(base: Any) -> Any:
    class Judged(base):
        model_config = {"validate_assignment": False}
        number: int = 1
        many: List[int] = []
        low: int = 0
        high: int = 9

    return Judged


class ByField(Model):
    model_config = {"inheritance": "abstract"}

    @field_validator("number", "many", check_fields=False)
    @classmethod
    def check(cls, value: Any) -> Any:
        if value == 13:
            raise ValueError("unlucky")
        return value


class Before(Model):
    model_config = {"inheritance": "abstract"}

    @model_validator(mode="before")
    @classmethod
    def check(cls, values: Any) -> Any:
        if values.get("number") == 13:
            raise ValueError("unlucky")
        return values


class Wrapping(Before):
    model_config = {"inheritance": "abstract"}

    @model_validator(mode="wrap")
    @classmethod
    def judge(cls, values: Any, handler: Any) -> Any:
        return handler(values)


class After(Model):
    model_config = {"inheritance": "abstract"}

    @model_validator(mode="after")
    def check(self) -> Any:
        if self.number == 13:
            raise ValueError("unlucky")
        if self.low > self.high:
            raise RuntimeError("in no order")
        return self


JUDGES = [ByField, Before, Wrapping, After]


@pytest.mark.parametrize("base", JUDGES)
@pytest.mark.parametrize(
    ("name", "value"), [("number", "many"), ("many", 5), ("many", ["x"]), ("number", 13)]
)
@pytest.mark.parametrize("is_known", [False, True])
def test_what_a_validator_of_the_class_refuses_is_not_stored(base, name, value, is_known):
    judged = made_of(base)
    instance = judged.model_validate_doc(encoded(judged())) if is_known else judged()

    setattr(instance, name, value)

    with pytest.raises(InvalidDocumentError, match="Judged") as info:
        instance.model_dump_doc()
    assert "unlucky" in str(info.value) if value == 13 else name in str(info.value)
    with pytest.raises(InvalidDocumentError, match="Judged"):
        instance.model_dump_doc(include={name})


@pytest.mark.parametrize("base", JUDGES)
def test_what_validators_of_the_class_accept_is_stored(base):
    judged = made_of(base)
    instance = judged()
    instance.many = [1, 2]
    instance.number = 3
    assert judged.model_validate_doc(encoded(instance)) == instance


def test_fields_that_do_not_fit_together_are_not_stored():
    instance = made_of(After)()
    instance.low = 10
    with pytest.raises(InvalidDocumentError, match="RuntimeError: in no order"):
        instance.model_dump_doc(include={"low"})
    instance.high = 11
    assert instance.model_dump_doc(include={"low"}) == {"low": 10}


def test_validators_that_change_values_may_do_so():
    class Hashed(Model):
        model_config = {"validate_assignment": False}
        secret: str

        @field_validator("secret")
        @classmethod
        def hash_it(cls, value: str) -> str:
            return value if is_reading() else f"h({value})"

    hashed = Hashed(secret="a")
    hashed.secret = "b"
    assert Hashed.model_validate_doc(encoded(hashed)).secret == "b"


class Goal(Model):
    x: int = 1


class Holder(EmbeddedModel):
    goal: Goal = Reference()


class Seeker(Model):
    model_config = {"validate_assignment": False}
    holder: Holder
    goal: Goal = Reference()
    number: int = 1

    @field_validator("number")
    @classmethod
    def check(cls, value: int) -> int:
        return value


def test_validators_see_the_documents_that_are_referred_to():
    seeker = Seeker(holder=Holder(goal=Goal()), goal=Goal(x=2))
    document = seeker.model_dump_doc()
    assert document["goal"] == seeker.goal.id
    assert document["holder"] == {"goal": seeker.holder.goal.id}
    seeker.number = "x"  # type: ignore[assignment]
    with pytest.raises(InvalidDocumentError, match="number"):
        seeker.model_dump_doc()


# --- Frozen fields ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("required", [False, True])
def test_a_change_in_place_of_a_frozen_instance_is_tried(options, required):
    class Fixed(Model):
        model_config = {**options, "frozen": True}
        numbers: List[int]
        other: int = Field(**({} if required else {"default": 1}))

    instance = Fixed(numbers=[1], other=1)
    instance.numbers.append(2)
    assert encoded(instance)["numbers"] == [1, 2]
    instance.numbers.append("x")  # type: ignore[arg-type]
    with pytest.raises(InvalidDocumentError, match=r"field 'numbers' of Fixed.*: "):
        instance.model_dump_doc()


@pytest.mark.parametrize("options", [*OPTIONS, {"validate_assignment": False}])
@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Annotated[Decimal, Strict()], Decimal("1.50")),
        (List[Annotated[Decimal, Strict()]], [Decimal("1.50")]),
        (Point, Point(x=1)),
        (Set[int], {1}),
    ],
)
def test_a_frozen_instance_with_other_required_fields_is_stored(options, annotation, value):
    class Fixed(Model):
        model_config = {**options, "frozen": True}
        other: int
        kept: annotation  # type: ignore[valid-type]

    again = Fixed.model_validate_doc(encoded(Fixed(other=1, kept=value)))
    assert again.kept == value
    assert type(again.kept) is type(value)


def test_a_wrong_value_of_a_frozen_instance_with_other_required_fields_is_refused():
    class Fixed(Model):
        model_config = {"frozen": True, "validate_assignment": False}
        other: int
        number: int

    instance = Fixed.model_construct(other=1, number="5")
    with pytest.raises(InvalidDocumentError, match="field 'number' of Fixed"):
        instance.model_dump_doc()


def test_a_change_in_place_of_a_frozen_field_is_tried():
    class Fixed(Model, strict=True):
        numbers: List[int] = Field(frozen=True)
        other: int

    instance = Fixed(numbers=[1], other=1)
    instance.numbers.append("2")  # type: ignore[arg-type]
    with pytest.raises(InvalidDocumentError, match="field 'numbers' of Fixed"):
        instance.model_dump_doc()
