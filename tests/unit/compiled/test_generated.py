"""Generated code does what validation and the encoders of the fields do, for any model and document.

What a database may hold is not what a model expects: documents are drawn that are right, nearly right, and hostile. The
fast path and the slow one have to agree on each, in what they give, what they refuse and how they say so. What they meet
differs from Python to Python, so `make hostile` compares them on the oldest and the newest one, with more examples.
"""

from __future__ import annotations

import abc
import copy
import os
import pickle
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated, Any, Dict, FrozenSet, List, Literal, Optional, Set, Tuple, Union
from uuid import UUID

import annotated_types
import bson
import pydantic
import pytest
from bson.binary import Binary
from bson.code import Code
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.regex import Regex
from bson.son import SON
from bson.timestamp import Timestamp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.unit.somewhere import dirty_fields, mark_read, read_document

from odmantic import Ref
from odmantic._codec.decode import decode_document, validate_document
from odmantic._codec.encode import encode_changes, encode_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.dirty import baseline_of
from odmantic._state.places import SOMEWHERE
from odmantic._state.snapshot import digest, field_digests
from odmantic._types.kinds import ModelKind, kind_of
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class Level(int, Enum):
    LOW = 1
    HIGH = 2


class Kind(Enum):
    A = "a"
    B = "b"


class Place(EmbeddedModel):
    town: str = Field(key_name="t")
    code: Optional[int] = None


class Leg(EmbeddedModel):
    start: Place
    stops: List[Place] = []
    price: Decimal = Decimal(0)
    colour: Colour = Colour.RED


class Tree(EmbeddedModel):
    name: str
    below: List[Tree] = []


class Checked(EmbeddedModel):
    n: int

    @pydantic.field_validator("n")
    @classmethod
    def _not_negative(cls, n: int) -> int:
        if n < 0:
            raise ValueError("negative")
        return n


class Around(EmbeddedModel):
    inner: Checked

    @pydantic.model_validator(mode="after")
    def _stay(self) -> Around:
        return self


class Open(EmbeddedModel):
    a: int = 0
    model_config = {"extra": "allow"}


class Empty(EmbeddedModel):
    pass


class Wide(EmbeddedModel):
    __annotations__ = {f"f{i}": int for i in range(30)}


class TaggedWide(EmbeddedModel):
    __annotations__ = {"kind": Literal["wide"], **{f"f{i}": int for i in range(30)}}
    kind = "wide"
    f0 = 1


class TaggedToo(EmbeddedModel):
    __annotations__ = {"kind": Literal["too"], **{f"f{i}": int for i in range(30)}}
    f0 = 2


ClassName: Any = pydantic.create_model(
    'F""";raise SystemExit;"""',
    __base__=EmbeddedModel,
    **{"a b": (int, 0), 'a"""': (List[int], [])},
)


class Cat(EmbeddedModel):
    kind: Literal["cat"] = Field("cat", key_name="k")
    toys: List[Place] = []


class Dog(EmbeddedModel):
    kind: Literal["dog", "puppy"] = Field("dog", key_name="k")
    colour: Colour = Colour.RED


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]


class Shape(EmbeddedModel):
    n: int = Field(0, key_name="N")
    model_config = {"inheritance": "single"}


class Circle(Shape):
    radius: float
    places: List[Place] = []


class Disc(Circle):
    inner: Optional[Shape] = None
    model_config = {"type_name": 3, "type_aliases": ("disk",)}


class Vehicle(EmbeddedModel):
    kind: str = Field("vehicle", key_name="k")
    model_config = {"inheritance": "single", "discriminator": "kind", "unknown_type": "base"}


class Car(Vehicle):
    kind: Literal["car"] = "car"
    doors: int = 4


class Text(str):
    __slots__ = ()


class Items(list):  # type: ignore[type-arg]
    __slots__ = ()


class Owner(Model):
    name: str = Field(primary_field=True)
    tags: List[str] = []


class Plain(BaseModel):
    x: int
    d: Optional[Decimal] = None


TEXT = st.text(max_size=3)
INT = st.integers(-(2**40), 2**40)
DATES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))
IN_MS = DATES.map(lambda value: value.replace(microsecond=value.microsecond // 1000 * 1000))
D128 = st.builds(
    lambda n, e: Decimal128(Decimal(n).scaleb(e)),
    st.integers(-(10**20), 10**20),
    st.integers(-9, 9),
)
PLACE = st.fixed_dictionaries({"t": TEXT}, optional={"code": INT | st.none(), "x": st.none()})
LEG = st.fixed_dictionaries(
    {"start": PLACE},
    optional={
        "stops": st.lists(PLACE, max_size=2),
        "price": D128,
        "colour": st.sampled_from(["red", "blue"]),
    },
)
TREE = st.recursive(
    st.fixed_dictionaries({"name": TEXT}),
    lambda below: st.fixed_dictionaries({"name": TEXT, "below": st.lists(below, max_size=2)}),
    max_leaves=3,
)
PET = st.fixed_dictionaries(
    {"k": st.just("cat")}, optional={"toys": st.lists(PLACE, max_size=2), "colour": TEXT}
) | st.fixed_dictionaries(
    {"k": st.sampled_from(["dog", "puppy"])}, optional={"colour": st.sampled_from(["red", "blue"])}
)
WIDE = st.fixed_dictionaries(
    {"kind": st.sampled_from(["wide", "too"])}, optional={f"f{i}": INT for i in range(30)}
)
SHAPE = (
    st.fixed_dictionaries({"N": INT}, optional={"_type": st.none()})
    | st.fixed_dictionaries(
        {"_type": st.just("Circle"), "r": INT, "radius": INT},
        optional={"N": INT, "places": st.lists(PLACE, max_size=1)},
    )
    | st.fixed_dictionaries(
        {"_type": st.sampled_from([3, "disk", "cube", 4, True]), "radius": INT},
        optional={"inner": st.fixed_dictionaries({"N": INT})},
    )
)
VEHICLE = st.fixed_dictionaries(
    {}, optional={"k": st.sampled_from(["vehicle", "car", "ship"]), "doors": INT, "x": TEXT}
)
OWNER = st.fixed_dictionaries({"_id": TEXT}, optional={"tags": st.lists(TEXT, max_size=2)})

SHAPES: list[tuple[Any, Any]] = [
    (str, TEXT),
    (int, INT | INT.map(Int64)),
    (float, st.floats(allow_nan=False) | INT),
    (bool, st.booleans()),
    (bytes, st.binary(max_size=3)),
    (datetime, IN_MS),
    (bson.ObjectId, st.just(OID)),
    (Int64, INT.map(Int64)),
    (Decimal, D128),
    (Decimal128, D128),
    (Binary, st.binary(max_size=3) | st.builds(Binary, st.binary(max_size=3), st.just(5))),
    (UUID, st.uuids()),
    (Colour, st.sampled_from(["red", "blue"])),
    (Level, st.sampled_from([1, 2])),
    (Kind, st.sampled_from(["a", "b"])),
    (Literal["x", "y"], st.sampled_from(["x", "y"])),
    (Literal[1, "y"], st.sampled_from([1, "y"])),
    (Any, st.one_of(TEXT, INT, st.lists(INT, max_size=2), st.just({"a": [1]}))),
    (Annotated[int, annotated_types.Gt(0)], st.integers(1, 5)),
    (Union[int, str], INT | TEXT),
    (Optional[Union[int, List[int]]], st.none() | st.lists(INT, max_size=2)),
    (Plain, st.fixed_dictionaries({"x": INT}, optional={"d": D128})),
    (Place, PLACE),
    (Leg, LEG),
    (Tree, TREE),
    (Open, st.fixed_dictionaries({"a": INT}, optional={"more": INT})),
    (Empty, st.just({})),
    (Checked, st.fixed_dictionaries({"n": st.integers(-1, 3)})),
    (Union[Place, Leg], PLACE | LEG),
    (Literal[Kind.A], st.just("a")),
    (Shape, SHAPE),
    (Vehicle, VEHICLE),
    (Pet, PET),
    (Annotated[Union[TaggedWide, TaggedToo], pydantic.Field(discriminator="kind")], WIDE),
    (re.Pattern, st.builds(Regex, st.sampled_from(["a", "b+"]), st.sampled_from([0, 2]))),
    (Annotated[List[int], pydantic.BeforeValidator(copy.copy)], st.lists(INT, max_size=2)),
    (Annotated[Dict[str, int], pydantic.AfterValidator(copy.copy)], st.dictionaries(TEXT, INT)),
    (Wide, st.fixed_dictionaries({f"f{i}": INT for i in range(30)})),
    (ClassName, st.fixed_dictionaries({"a b": INT, 'a"""': st.lists(INT, max_size=2)})),
]
CONTAINERS: list[Any] = [
    lambda tp, value: (Optional[tp], value | st.none()),
    lambda tp, value: (List[tp], st.lists(value, max_size=3)),
    lambda tp, value: (Dict[str, tp], st.dictionaries(TEXT, value, max_size=2)),
    lambda tp, value: (Tuple[tp, ...], st.lists(value, max_size=2)),
    lambda tp, value: (Tuple[tp, int], st.tuples(value, INT).map(list)),
    lambda tp, value: (Optional[List[tp]], st.none() | st.lists(value, max_size=2)),
    lambda tp, value: (List[List[tp]], st.lists(st.lists(value, max_size=2), max_size=2)),
    lambda tp, value: (
        Dict[str, Optional[tp]],
        st.dictionaries(TEXT, value | st.none(), max_size=2),
    ),
    lambda tp, value: (List[Optional[tp]], st.lists(value | st.none(), max_size=2)),
]
SETS: list[Any] = [
    (Set[str], st.lists(TEXT, max_size=2)),
    (FrozenSet[int], st.lists(INT, max_size=2)),
]
# A program's own documents may have either: what engines have loaded, or ids.
REF = TEXT | OWNER
REFS: list[Any] = [
    (Ref[Owner], REF),
    (Optional[Ref[Owner]], REF | st.none()),
    (List[Ref[Owner]], st.lists(REF, max_size=3)),
    (Tuple[Ref[Owner], ...], st.lists(REF, max_size=2)),
    (Set[Ref[Owner]], st.lists(REF, max_size=3)),
    (FrozenSet[Ref[Owner]], st.lists(REF, max_size=2)),
    (Dict[str, Ref[Owner]], st.dictionaries(TEXT, REF, max_size=2)),
    (List[Optional[Ref[Owner]]], st.lists(REF | st.none(), max_size=2)),
    (Dict[str, List[Ref[Owner]]], st.dictionaries(TEXT, st.lists(REF, max_size=2), max_size=2)),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    INT,
    st.floats(),
    TEXT,
    st.sampled_from(["1", "2.5", str(OID), "2020-01-01", "red", "\U0001f600"]),
    st.binary(max_size=2),
    DATES,
    st.just(datetime(2020, 1, 1, tzinfo=timezone.utc)),
    st.just(datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
    st.sampled_from([Decimal128("sNaN"), Decimal128("NaN"), Decimal128("-Infinity")]),
    st.sampled_from([Colour.RED, Kind.A, Decimal("1.0"), 10**400, Int64(3), OID, ()]),
    st.sampled_from([Regex("("), Regex("a", "x"), Timestamp(1, 1), MinKey(), MaxKey(), Code("1")]),
    st.sampled_from([DBRef("c", OID), Binary(b"a", 4), Text("red"), Items([1]), SON({"t": "a"})]),
    st.sampled_from([DatetimeMS(2**62), float("nan"), float("-inf"), -0.0, 2**63, Level.LOW, True]),
    st.sampled_from([{"t": {"t": {"t": [[[[]]]]}}}, {"": 1}, {"$x": 1}, {"a.b": 1}, {None: 1}]),
    st.lists(INT, max_size=1),
    st.just({}),
    st.just({"t": 1}),
    st.just([{"t": "a"}, None, None]),
    st.just({1: 2}),
    st.just({"k": {"t": None}}),
)
DEFAULTS: dict[Any, list[Any]] = {
    str: ["a"],
    int: [1, "1"],
    float: [1.5, 1],
    bool: [True],
    datetime: [datetime(2020, 1, 1), datetime(2020, 1, 1, microsecond=1)],
    Decimal: [Decimal("1.50"), "2"],
    Colour: [Colour.BLUE, "red"],
    Kind: [Kind.A],
    Any: [None, 1, [1]],
    Place: [Place(town="x"), {"town": "x"}],
    Shape: [Shape(), Circle(radius=1)],
    Pet: [Cat(), {"kind": "puppy"}],
    Union[int, str]: [1, "a"],
}
# Code is generated per class: a model is used for many documents.
FEW = settings(
    max_examples=int(os.environ.get("ODMANTIC_HOSTILE_EXAMPLES", "60")),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking makes too many classes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def fields(draw: Any) -> tuple[Any, Any, Any]:
    """An annotation, its default if any, and a strategy for its documents' values."""
    tp, value = draw(st.sampled_from(SHAPES))
    defaults = list(DEFAULTS.get(tp, []))
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        tp, value = draw(st.sampled_from(CONTAINERS))(tp, value)
        defaults = [None] if type(None) in getattr(tp, "__args__", ()) else [[], (), {}]
    if draw(st.integers(0, 9)) == 0:
        tp, value = draw(st.sampled_from(SETS))
        defaults = [set()]
    if draw(st.integers(0, 5)) == 0:
        tp, value = draw(st.sampled_from(REFS))
        defaults = [[], (), {}] if value is not REF else []
    default = draw(st.sampled_from(defaults)) if defaults and draw(st.booleans()) else ...
    return tp, default, value


@st.composite
def models(draw: Any) -> tuple[Any, dict[str, Any]]:
    """A model, and strategies for the values of its keys."""
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__module__": __name__, "__annotations__": annotations}
    values: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([f"f{number}", f"f{number}", f"{number}a", f'a"{number}\n']))
        tp, default, value = draw(fields())
        key = draw(st.sampled_from([name, f"k{number}", f'k"""{number}']))
        annotations[name] = tp
        body[name] = Field(default, key_name=key)
        values[key] = value
    if draw(st.integers(0, 4)) == 0:
        annotations["owner"] = Owner
        body["owner"] = Reference()
        values["owner"] = OWNER
    base = draw(st.sampled_from([Model, Model, EmbeddedModel]))
    body["model_config"] = {
        "extra": draw(st.sampled_from(["ignore", "ignore", "allow", "forbid"])),
        "parse_doc_with_default_factories": draw(st.booleans()),
    }
    if base is Model:
        values["_id"] = st.just(OID)
    return type(base)("Made", (base,), body), values


@st.composite
def documents(draw: Any, values: dict[str, Any]) -> Any:
    """A document that is right, or nearly."""
    document = {key: draw(value) for key, value in values.items()}
    for key in values:
        change = draw(st.integers(0, 9))
        if change == 0:
            document[key] = draw(ODD)
        elif change == 1 and key != "_id":  # an id that is made is never the same
            del document[key]
    if draw(st.integers(0, 4)) == 0:
        document[draw(st.sampled_from(["surplus", "", "a b", "__class__", "f0"]))] = draw(ODD)
    return draw(st.sampled_from([document] * 9 + [SON(document)]))


def described(value: Any) -> Any:
    """All there is to see of a value, types included."""
    if isinstance(value, BaseModel):
        return (
            type(value),
            {name: described(item) for name, item in value.__dict__.items()},
            list(value.__dict__),
            value.model_fields_set,
            described(value.model_extra),
            value.__pydantic_private__,
            getattr(value, "__fields_modified__", None),
            repr(value),
        )
    if isinstance(value, dict):
        return type(value), [(described(k), described(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [described(item) for item in value]
    if isinstance(value, Ref):
        return value, value.is_loaded, described(value.value_or_none)
    if isinstance(value, (set, frozenset)):
        return type(value), value
    return type(value), repr(value)


def outcome(read: Any, *arguments: Any) -> Any:
    """What is read, and what can be seen of it; or the errors and their text."""
    try:
        instance = read(*arguments)
    except DocumentParsingError as error:
        return None, (str(error), repr(error.inner.errors()))
    return instance, described(instance)


@FEW
@given(data=st.data())
def test_reading_is_validation(data: Any) -> None:
    model, values = data.draw(models())
    for _ in range(5):
        document = data.draw(documents(values))
        before = copy.deepcopy(document)
        expected, seen = outcome(validate_document, model, document)
        given, found = outcome(decode_document, model, document)
        assert found == seen
        assert described(document) == described(before)
        if expected is not None and "nan" not in repr(document).lower():
            assert given == expected


def read_slowly(model: Any, document: Any) -> Any:
    instance = validate_document(model, document)
    mark_read(instance)
    return instance


@FEW
@given(data=st.data())
def test_what_is_read_counts_as_unmodified(data: Any) -> None:
    model, values = data.draw(models())
    read = partial(read_document, model)
    for _ in range(5):
        document = data.draw(documents(values))
        if digest(document) is None:  # no database holds it
            continue
        expected, seen = outcome(read_slowly, model, document)
        given, found = outcome(read, document)
        assert found == seen
        if expected is not None and issubclass(model, Model):
            known = field_digests(given, mapping_of(model).fields)
            dirty = {name for name in mapping_of(model).mutable_fields if name not in known}
            assert dirty_fields(given) == dirty_fields(expected) == dirty
            assert baseline_of(given).keys() == baseline_of(expected).keys()


@FEW
@given(data=st.data())
def test_documents_are_what_the_encoders_give(data: Any) -> None:
    model, values = data.draw(models())
    document = data.draw(documents(values))
    instance, _ = outcome(decode_document, model, document)
    if instance is None:
        return
    extra = instance.model_extra or {}
    written = {
        key: instance.__dict__[name] if encode is None else encode(instance.__dict__[name])
        for name, key, encode in mapping_of(model).encoders
    }
    encoded = encode_document(instance)
    assert described({key: encoded[key] for key in written}) == described(written)
    assert encoded.keys() - written.keys() <= extra.keys()
    for name, key, _ in mapping_of(model).encoders:
        part = encode_document(instance, include={name})
        assert described(part[key]) == described(written[key])


def change(data: Any, value: Any) -> None:
    """Change something in a value, if there is something that leaves it of its type."""
    if isinstance(value, BaseModel):
        for name, item in value.__dict__.items():
            if type(item) is str:
                value.__dict__[name] = f"{item}z"
            else:
                change(data, item)
    elif isinstance(value, list) and value:
        what = data.draw(st.sampled_from([list.pop, lambda items: items.append(items[0]), None]))
        if what is None:
            change(data, value[0])
        else:
            what(value)
    elif isinstance(value, dict) and value:
        value["new key"] = next(iter(value.values()))
    elif isinstance(value, set) and value:
        value.pop()


@FEW
@given(data=st.data())
def test_changes_in_place_are_noticed(data: Any) -> None:
    model, values = data.draw(models().filter(lambda made: issubclass(made[0], Model)))
    document = data.draw(documents(values))
    instance, _ = outcome(partial(read_document, model), document)
    if instance is None or digest(document) is None:
        return
    names = mapping_of(model).mutable_fields
    before = field_digests(instance, names)
    for name in names:
        change(data, instance.__dict__[name])
    after = field_digests(instance, names)
    changed = {n for n in names if n not in after or before.get(n) != after[n]}
    assert dirty_fields(instance) == changed
    mark_read(instance)
    assert dirty_fields(instance) == names - after.keys()


# --- By example --------------------------------------------------------------------------------


class Trip(Model):
    name: str
    legs: List[Leg] = []
    first: Optional[Place] = None
    by_day: Dict[str, Place] = {}
    colours: List[Colour] = []
    owner: Owner = Reference()


TRIP = {
    "_id": OID,
    "name": "a",
    "legs": [{"start": {"t": "x"}, "stops": [{"t": "y", "code": 2}], "price": Decimal128("1.5")}],
    "first": {"t": "z"},
    "by_day": {"mon": {"t": "m"}},
    "colours": ["red"],
    "owner": {"_id": "o", "tags": ["q"]},
}


@pytest.fixture
def trip() -> Any:
    return read_document(Trip, copy.deepcopy(TRIP))


def test_the_usual_document_needs_no_validation(monkeypatch) -> None:
    monkeypatch.setattr("odmantic._codec.decode.validate_document", None)
    assert decode_document(Trip, TRIP).legs[0].price == Decimal("1.5")


def test_the_code_can_be_read() -> None:
    source = Trip.__mapping__.source()
    assert "def read_all(documents, add, known):" in source
    assert "def write_f1(value):" in source
    compile(source, "source", "exec")


def test_generated_code_calls_builtin_classes_by_their_names():
    class Tagged(Model):
        tags: set[str] = set()
        names: dict[str, int] = {}

    source = Tagged.__mapping__.source()
    assert "if type(value) is not set:\n" in source
    assert "if type(value) is not dict:\n" in source


def test_tracebacks_point_into_the_code(trip) -> None:
    del trip.legs[0].__dict__["price"]
    with pytest.raises(KeyError) as caught:
        Trip.__mapping__.codec.baseline(trip)
    assert "f1_item_f2" in str(caught.traceback[-1].statement)
    assert caught.value.args == ("price",)


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        (lambda trip: trip.legs.append(trip.legs[0]), {"legs"}),
        (lambda trip: trip.legs[0].stops.pop(), {"legs"}),
        (lambda trip: setattr(trip.legs[0].stops[0], "code", 3), {"legs"}),
        (lambda trip: setattr(trip.legs[0].stops[0], "code", 2), set()),
        (lambda trip: setattr(trip.legs[0], "price", Decimal("1.50")), {"legs"}),
        (lambda trip: setattr(trip.legs[0], "price", Decimal("1.5")), set()),
        (lambda trip: setattr(trip.first, "town", str(b"z", "ascii")), set()),
        (lambda trip: trip.first.__dict__.update(town="w"), {"first"}),
        (lambda trip: trip.by_day.update(tue=Place(town="t")), {"by_day"}),
        (lambda trip: trip.by_day["mon"].__dict__.update(code=True), {"by_day"}),
        (lambda trip: trip.colours.__setitem__(0, "red"), set()),
        (lambda trip: trip.colours.append("blue"), {"colours"}),
        (lambda trip: trip.legs.__setitem__(0, {"start": 1}), {"legs"}),
        (lambda trip: trip.legs.__setitem__(0, None), {"legs"}),
        (lambda trip: trip.owner.tags.append("r"), set()),
        (lambda trip: setattr(trip, "first", None), {"first"}),
    ],
)
def test_each_change_is_noticed(trip, change, dirty) -> None:
    change(trip)
    assert dirty_fields(trip) == dirty


def test_nested_instances_count_as_unmodified_too(trip) -> None:
    for one in (trip, trip.legs[0], trip.legs[0].stops[0], trip.first, trip.owner):
        assert one.__fields_modified__ == set()
        assert one.__fields_modified__ is one.__fields_modified__
    assert dirty_fields(trip.owner) == set()
    trip.owner.tags.append("r")
    assert dirty_fields(trip.owner) == {"tags"}


def test_what_is_read_is_a_whole_instance(trip) -> None:
    twin = validate_document(Trip, TRIP)
    assert trip == twin
    assert trip.model_dump() == twin.model_dump()
    assert trip.model_dump(exclude_unset=True) == twin.model_dump(exclude_unset=True)
    assert pickle.loads(pickle.dumps(trip)) == twin
    assert copy.deepcopy(trip).__fields_modified__ == set()
    assert trip.model_copy().model_fields_set == twin.model_fields_set
    trip.name = "b"
    assert trip.__fields_modified__ == {"name"}
    assert trip.model_fields_set == twin.model_fields_set


def test_an_instance_that_is_not_filled_yet_has_no_fields() -> None:
    assert Trip.__new__(Trip).model_fields_set == set()


def test_private_attributes_are_pydantics() -> None:
    class Secretive(Model):
        a: int = 1
        _note: str = "n"

    for read in (decode_document, read_document):
        assert read(Secretive, {"_id": OID})._note == "n"
    with pytest.raises(AttributeError):
        Secretive.__new__(Secretive).__pydantic_private__


def test_classes_may_be_called_like_what_is_in_the_code() -> None:
    kind = Enum("type", {"A": "a"})
    body = {"__module__": __name__}
    made: Any = type(EmbeddedModel)(
        "list", (EmbeddedModel,), {**body, "__annotations__": {"x": int}}
    )
    annotations = {"name": str, "kind": kind, "all": List[made], "one": made}
    for name in ("add", "documents", "take", "raw", "values", "baseline", "write"):
        model: Any = type(Model)(name, (Model,), {**body, "__annotations__": annotations})
        document = {"_id": OID, "name": "n", "kind": "a", "all": [{"x": 1}], "one": {"x": 2}}
        one = read_document(model, document)
        assert described(one) == described(read_slowly(model, document))
        assert encode_document(one) == document
        assert dirty_fields(one) == set()


@pytest.mark.parametrize(
    "name", ["any", "of_any", "of_stored", "class", "a-b", "\N{LATIN SMALL LIGATURE FI}"]
)
def test_fields_may_be_called_like_what_is_in_the_code(name) -> None:
    annotations = {name: List[str], "tags": Set[str], "rest": Any}
    body = {"__module__": __name__, "__annotations__": annotations}
    model: Any = type(Model)("Named", (Model,), body)
    document = {name: ["x"], "tags": ["a"], "rest": {"k": 5}, "_id": OID}
    one = read_document(model, document)
    assert encode_document(one) == document
    assert encode_changes(one, {name, "tags"}) == {name: ["x"], "tags": ["a"]}
    assert dirty_fields(one) == set()
    getattr(one, name).append("y")
    assert dirty_fields(one) == {name}
    assert encode_changes(one, {name}) == {name: ["x", "y"]}


def test_few_values_may_have_a_dictionary_of_their_own(monkeypatch) -> None:
    monkeypatch.setattr("odmantic._compiled.instances.FEW", 2)

    class Step(EmbeddedModel):
        x: int
        y: int = Field(key_name="class")

    class Way(Model):
        name: str
        steps: List[Step]

    document = {"_id": OID, "name": "w", "steps": [{"x": 1, "class": 2}, {"x": 3, "class": 4}]}
    way = read_document(Way, document)
    assert "{'f1_item_f0': f1_item_f0_, 'f1_item_f1': f1_item_f1_}" in Way.__mapping__.source()
    assert described(way) == described(read_slowly(Way, document))
    assert dirty_fields(way) == set()
    way.steps[0].y = 5
    assert dirty_fields(way) == {"steps"}


def test_fields_may_have_names_that_code_cannot_have() -> None:
    names: Any = {"class": (int, 0), "\ufb01eld": (int, 0), "field": (int, 0)}
    model: Any = pydantic.create_model("Odd", __base__=Model, **names)
    read = read_document(model, {"_id": OID, "class": 1, "\ufb01eld": 2, "field": 3})
    assert read.model_dump() == {"id": OID, "class": 1, "\ufb01eld": 2, "field": 3}


def test_instances_with_slots_of_their_own_are_read_too() -> None:
    class Seat(EmbeddedModel):
        __slots__ = ("taken",)
        row: int

    class Hall(Model):
        seats: List[Seat]

    hall = read_document(Hall, {"_id": OID, "seats": [{"row": 1}]})
    assert hall == Hall(id=OID, seats=[Seat(row=1)])
    assert dirty_fields(hall) == set()
    hall.seats[0].row = 2
    assert dirty_fields(hall) == {"seats"}


def test_classes_that_help_to_read_are_no_models(trip) -> None:
    assert all(kind_of(each) is not ModelKind.ROOT for each in Model.__subclasses__())
    assert Trip.__subclasses__() == Leg.__subclasses__() == []
    assert [type(each) for each in (trip, trip.legs[0], trip.owner)] == [Trip, Leg, Owner]


def test_documents_are_read_up_to_one_that_validation_has_to_judge() -> None:
    codec = mapping_of(Place).codec
    documents = [{"t": "d"}, {"t": 1}, {"t": "b"}, {"t": "a"}]
    read: List[Any] = []
    assert codec.read_all(documents, read.append, SOMEWHERE) == {"t": 1}
    assert [place.town for place in read] == ["a", "b"]
    assert codec.read_all(documents, read.append, SOMEWHERE) is None
    assert documents == []
    assert read[-1].town == "d"


def test_a_validator_that_looks_around_sees_all_fields() -> None:
    def add(value: int, info: pydantic.ValidationInfo) -> int:
        return value + info.data["a"]

    class Sum(Model):
        a: int
        b: Annotated[int, pydantic.AfterValidator(add)]

    assert decode_document(Sum, {"_id": OID, "a": 1, "b": 2}).b == 3


def test_an_error_of_a_validator_that_is_none_of_pydantics_names_the_document() -> None:
    def fail(value: int) -> int:
        raise RuntimeError(value)

    class Failing(Model):
        a: Annotated[int, pydantic.AfterValidator(fail)]

    with pytest.raises(DocumentParsingError, match="RuntimeError: 1") as raised:
        decode_document(Failing, {"_id": OID, "a": 1})
    assert (raised.value.model, raised.value.document_id) == (Failing, OID)
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_validated_embedded_objects_in_an_unusual_field_count_as_read() -> None:
    class Odd(Model):
        one: Checked
        many: Dict[str, List[Checked]]
        around: Around

    document = {"one": {"n": 1}, "many": {"a": [{"n": 2}]}, "around": {"inner": {"n": 3}}}
    odd = read_document(Odd, {"_id": OID, **document})
    assert odd.around.inner.__fields_modified__ == set()
    assert odd.one.__fields_modified__ == set()
    assert odd.many["a"][0].__fields_modified__ == set()
    assert dirty_fields(odd) == set()
    odd.many["a"][0].n = 5
    assert dirty_fields(odd) == {"many"}


class Knot(EmbeddedModel):
    deep: Dict[str, Any] = {}
    kinds: List[Kind] = []
    maybe: Optional[Kind] = None
    ids: Tuple[UUID, ...] = ()
    owner: Owner = Reference()


class Everything(Model):
    table: Dict[str, Any] = {}
    tables: List[Dict[str, Any]] = []
    anything: Optional[Any] = None
    optional: Optional[List[int]] = []
    literal: Literal["x", "y"] = "x"
    literals: Literal[1, "y"] = 1
    kinds: Dict[str, Kind] = {}
    uuids: List[UUID] = []
    prices: Dict[str, Optional[Decimal]] = {}
    union: Union[int, str] = 1
    checked: List[Checked] = []
    trees: Dict[str, Tree] = {}
    knot: Knot
    empty: Empty
    loose: Open
    odd: Dict[str, Plain] = {}
    thing: Any = 1
    things: List[Any] = []
    level: int = Level.LOW


EVERYTHING: dict[str, Any] = {
    "_id": OID,
    "table": {"a": [1]},
    "tables": [{"a": {"b": 1}}],
    "anything": [1],
    "optional": [Int64(1)],
    "literal": "y",
    "literals": "y",
    "kinds": {"k": "a"},
    "uuids": [UUID(int=1)],
    "prices": {"p": Decimal128("1.0"), "q": None},
    "union": "u",
    "checked": [{"n": 1}],
    "trees": {"t": {"name": "a", "below": [{"name": "b"}]}},
    "knot": {
        "deep": {"a": 1},
        "kinds": ["b"],
        "maybe": "a",
        "ids": [UUID(int=2)],
        "owner": {"_id": "o"},
    },
    "empty": {},
    "loose": {"a": 1},
    "odd": {"o": {"x": 1}},
    "thing": {"a": 1},
    "things": [1, [2]],
    "level": 2,
}
LEAST = {"_id": OID, "knot": {"owner": {"_id": "o"}}, "empty": {}, "loose": {"a": 1, "b": 2}}


@pytest.mark.parametrize("document", [EVERYTHING, LEAST, {**EVERYTHING, "table": {1: 2}}])
def test_every_shape_is_read_and_written_like_by_validation(document) -> None:
    expected, seen = outcome(validate_document, Everything, document)
    given, found = outcome(decode_document, Everything, document)
    assert found == seen
    if expected is None:
        return
    assert given == expected
    known = read_document(Everything, document)
    assert dirty_fields(known) == set()
    slow = read_slowly(Everything, document)
    assert {name: tuple(each) for name, each in baseline_of(known).items()} == baseline_of(slow)
    written = {
        key: given.__dict__[name] if encode is None else encode(given.__dict__[name])
        for name, key, encode in mapping_of(Everything).encoders
    }
    assert described(encode_document(given)) == described(written)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (lambda one: one.kinds.update(k="a"), None),
        (lambda one: one.kinds.update(k="z"), "field 'kinds' of Everything .* k: Input should be"),
        (lambda one: one.trees.update(t=one.knot), "field 'trees' of Everything "),
        (lambda one: one.__dict__.update(uuids=(UUID(int=1),)), None),
        (lambda one: one.__dict__.update(prices=None), "field 'prices' of Everything "),
        (lambda one: one.knot.kinds.append("a"), None),
        (lambda one: one.knot.kinds.append("z"), "field 'kinds' of Knot "),
        (lambda one: one.__dict__.update(knot={"a": 1}), "field 'knot' of Everything "),
        (lambda one: one.__dict__.update(trees=[1]), "field 'trees' of Everything "),
        (lambda one: one.uuids.append(1.0), "field 'uuids' of Everything .* 1: UUID"),
    ],
)
def test_values_of_other_types_are_stored_if_they_can_be_read(change, refused) -> None:
    one = read_document(Everything, EVERYTHING)
    change(one)
    assert dirty_fields(one) <= {"kinds", "trees", "uuids", "prices", "knot"}
    if refused is not None:
        with pytest.raises(InvalidDocumentError, match=refused):
            encode_document(one)
        return
    document = encode_document(one)
    document["knot"]["owner"] = {"_id": "o"}
    validate_document(Everything, document)
    mark_read(one)
    assert dirty_fields(one) == set()


def test_text_that_cannot_be_encoded_is_text_to_validation_too() -> None:
    document = {**TRIP, "name": "\ud800"}
    assert (
        outcome(decode_document, Trip, document)[1] == outcome(validate_document, Trip, document)[1]
    )


def test_an_incomplete_instance_has_no_document() -> None:
    with pytest.raises(AttributeError):
        encode_document(Everything.model_construct())


def test_containers_are_made_where_factories_may_be_called() -> None:
    class Made(Model):
        some: List[int] = Field(default_factory=list)
        maybe: Optional[List[int]] = Field(default_factory=list)
        other: List[int] = Field(default_factory=lambda: [1])
        model_config = {"parse_doc_with_default_factories": True}

    one, two = (decode_document(Made, {"_id": OID, "other": [2]}) for _ in range(2))
    assert one == Made(id=OID, some=[], maybe=[], other=[2])
    assert one.some is not two.some
    assert one.maybe is not two.maybe
    assert decode_document(Made, {"_id": OID}).other == [1]


def test_an_abstract_class_can_be_declared() -> None:
    class Shape(EmbeddedModel, abc.ABC):
        @abc.abstractmethod
        def area(self) -> float: ...

    with pytest.raises(DocumentParsingError, match="TypeError: Can't instantiate abstract"):
        decode_document(Shape, {})
