"""Rules: what is saved can be read, as the types of the fields say it; what cannot is refused, and named.

* A field stores what its declared type has, whatever the class of a value has besides.
* A value that its own field would refuse when it is read is not stored.
* Two keys of a dictionary that have one text are not stored.
* What clients read in forms of their own (naive or aware, in a zone), and what marks such as `Strict`, `InstanceOf` or a
  limit ask for, comes back as it was: equal, and of the same type.
* Whatever a validator raises while a document is read says which document it was.
* What validation takes in one form only (a set, JSON, an aware datetime) is given back in that form.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import re
from collections import deque
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import (
    Annotated,
    Any,
    Deque,
    Dict,
    FrozenSet,
    Generic,
    Hashable,
    List,
    Literal,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
)
from uuid import UUID
from zoneinfo import ZoneInfo

import annotated_types
import bson
import pydantic
import pytest
from bson.codec_options import CodecOptions
from pydantic import (
    AwareDatetime,
    InstanceOf,
    Json,
    NaiveDatetime,
    PastDatetime,
    SecretBytes,
    SecretStr,
    SerializeAsAny,
    SkipValidation,
    Strict,
    StrictInt,
)
from tests.unit.somewhere import a_write, dirty_fields, read_document
from typing_extensions import TypedDict

from odmantic._codec.decode import validate_document
from odmantic._plan.save import plan_save
from odmantic.bson import Binary, WithBsonSerializer
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model

UTC = timezone.utc
CLIENTS = [
    pytest.param(CodecOptions(), id="naive"),
    pytest.param(CodecOptions(tz_aware=True), id="aware"),
    pytest.param(CodecOptions(tz_aware=True, tzinfo=ZoneInfo("America/New_York")), id="other zone"),
]


def model_of(annotation: Any, **values: Any) -> Any:
    namespace = {"__module__": __name__, "__annotations__": {"x": annotation}, **values}
    return type(Model)("Ship", (Model,), namespace)


def through_bson(document: Any, options: Any = CodecOptions()) -> Any:  # noqa: B008 - as the driver's default
    return bson.decode(bson.encode(document), options)


# --- A declared type decides what is stored ----------------------------------------------------


class Public(pydantic.BaseModel):
    name: str
    below: Optional[Public] = None


class Secret(Public):
    password: str = "s"


class Closed(pydantic.BaseModel, extra="forbid"):
    name: str


class Opened(Closed, extra="ignore"):
    password: str = "s"


class Page(pydantic.BaseModel):
    items: List[Public] = []
    by_name: Dict[str, Public] = {}


@dataclasses.dataclass
class Point:
    x: int


@dataclasses.dataclass
class Marked(Point):
    secret: str = "s"


class Typed(TypedDict):
    n: int


class Leg(EmbeddedModel):
    km: int = Field(key_name="k")
    tags: List[int] = []
    counts: Dict[Union[int, str], int] = {}


NAMED = {"name": "a", "below": None}


@pytest.mark.parametrize(
    ("annotation", "value", "stored"),
    [
        (Public, Secret(name="a"), NAMED),
        (Public, Secret(name="a", below=Secret(name="a")), {"name": "a", "below": NAMED}),
        (Optional[Public], Secret(name="a"), NAMED),
        (Union[int, Public, str], Secret(name="a"), NAMED),
        (List[Public], [Secret(name="a")], [NAMED]),
        (Sequence[Public], [Secret(name="a")], [NAMED]),
        (Deque[Public], deque([Secret(name="a")]), [NAMED]),
        (Tuple[Public, int], (Secret(name="a"), 1), (NAMED, 1)),
        (Tuple[Public, ...], (Secret(name="a"),), (NAMED,)),
        (Dict[str, Public], {"k": Secret(name="a")}, {"k": NAMED}),
        (Mapping[str, List[Public]], {"k": [Secret(name="a")]}, {"k": [NAMED]}),
        (Annotated[Public, "note"], Secret(name="a"), NAMED),
        (
            Page,
            Page(items=[Secret(name="a")], by_name={"k": Secret(name="a")}),
            {"items": [NAMED], "by_name": {"k": NAMED}},
        ),
        (Closed, Opened(name="a"), {"name": "a"}),
        (List[Closed], [Opened(name="a")], [{"name": "a"}]),
        (Point, Marked(1), {"x": 1}),
        (List[Point], [Marked(1)], [{"x": 1}]),
        (Dict[str, Optional[Point]], {"k": Marked(1)}, {"k": {"x": 1}}),
        # What says so itself, and what says nothing, is stored by what it is.
        (SerializeAsAny[Public], Secret(name="a"), {**NAMED, "password": "s"}),
        (Any, Secret(name="a"), {**NAMED, "password": "s"}),
        (Any, Leg(km=1), {"km": 1, "tags": [], "counts": {}}),
        (dict, {"k": Leg(km=1)}, {"k": {"km": 1, "tags": [], "counts": {}}}),
    ],
)
def test_the_declared_type_decides_what_is_stored(annotation: Any, value: Any, stored: Any) -> None:
    cls = model_of(annotation)
    document = cls(x=value).model_dump_doc()
    assert document["x"] == stored
    cls.model_validate_doc(through_bson(document))


def test_keys_that_a_typed_dictionary_does_not_have_are_not_stored() -> None:
    one = model_of(Typed)(x={"n": 1})
    one.x["more"] = 2
    assert one.model_dump_doc()["x"] == {"n": 1}


@pytest.mark.parametrize(
    ("annotation", "value", "put"),
    [
        (List[Leg], [], lambda x: x.append({"km": 5})),
        (Dict[str, Leg], {}, lambda x: x.update(a={"km": 5})),
        (List[Optional[Leg]], [], lambda x: x.append({"km": 5})),
        (Dict[str, List[Leg]], {"a": []}, lambda x: x["a"].append({"km": 5})),
        (List[Union[Leg, int]], [], lambda x: x.append({"km": 5})),
    ],
)
def test_a_dictionary_in_place_of_an_embedded_object_is_stored_by_keys(
    annotation: Any, value: Any, put: Any
) -> None:
    one = model_of(annotation)(x=value)
    put(one.x)
    stored = one.model_dump_doc()
    assert "{'k': 5, 'tags': [], 'counts': {}}" in str(stored["x"])
    again = read_document(type(one), through_bson(stored))
    assert "Leg(km=5, " in repr(again.x)


# --- What a model that is open for more has besides its fields ---------------------------------


class OpenPlain(pydantic.BaseModel):
    model_config = {"extra": "allow"}
    is_admin: bool = pydantic.Field(alias="isAdmin")


class OpenEmbedded(EmbeddedModel):
    model_config = {"extra": "allow"}
    town: str = Field("x", key_name="t")


class OpenModel(Model):
    model_config = {"extra": "allow"}
    n: int = Field(1, key_name="m")
    plain: list[OpenPlain] = []
    inner: Optional[OpenEmbedded] = None


def _with_extra(instance: Any, **extras: Any) -> Any:
    instance.__pydantic_extra__.update(extras)
    return instance


@pytest.mark.parametrize(
    ("instance", "key"),
    [
        (OpenModel(plain=[{"isAdmin": False, "is_admin": True}]), "is_admin"),
        (OpenModel(m=5), "m"),
        (OpenModel(_id=5), "_id"),
        (_with_extra(OpenModel(), n=5), "n"),
        (OpenModel(inner=OpenEmbedded(t="y")), "t"),
        (OpenModel(inner=_with_extra(OpenEmbedded(), town="y")), "town"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_extra_that_is_called_like_a_field_is_refused(instance: Any, key: str) -> None:
    problem = f"additional value '{key}' is called like a field"
    with pytest.raises(InvalidDocumentError, match=problem):
        instance.model_dump_doc()
    with pytest.raises(InvalidDocumentError, match=problem):
        plan_save(instance, dirty_fields(instance), a_write())


class Priced(Public):
    price: Decimal = Decimal("1.50")


class Secretive(Priced):
    password: str = "p"


class OpenPriced(pydantic.BaseModel):
    model_config = {"extra": "allow"}
    __pydantic_extra__: dict[str, Priced]
    a: int = 1


Shown = TypeVar("Shown", bound=Priced)


class Box(pydantic.BaseModel, Generic[Shown]):
    one: Shown
    more: list[Shown]


class Holder(Model):
    model_config = {"extra": "allow"}
    __pydantic_extra__: dict[str, Priced]
    inner: OpenPriced
    box: Box
    shown: list[Shown] = []  # type: ignore[valid-type]


def test_extras_and_arguments_left_out_are_stored_as_declared() -> None:
    given = Secretive(name="n")
    ship = Holder(
        x=given, inner=OpenPriced(y=given), box=Box(one=given, more=[given]), shown=[given]
    )
    document = through_bson(ship.model_dump_doc())
    public = {"name": "n", "below": None, "price": bson.Decimal128("1.50")}
    assert document["x"] == public
    assert document["inner"] == {"a": 1, "y": public}
    assert document["box"] == {"one": public, "more": [public]}
    assert document["shown"] == [public]

    read = Holder.model_validate_doc(document)
    shown = Priced(name="n")
    assert read.model_extra == {"x": shown}
    assert read.inner.model_extra == {"y": shown}
    assert read.box == Box(one=shown, more=[shown])
    assert read.shown == [shown]

    ship.x = Secretive(name="m")
    plan = plan_save(ship, {"x"}, a_write())
    assert plan is not None
    assert plan.document == {"x": {**public, "name": "m"}}


# --- A value that its field would refuse is not stored -----------------------------------------


class Everything(Model):
    tags: List[int] = []
    numbers: Set[int] = set()
    counts: Dict[str, int] = {}
    prices: List[Decimal] = []
    rows: Dict[str, List[int]] = {}
    maybe: Optional[List[int]] = []
    recent: Deque[int] = deque()
    few: Annotated[List[int], pydantic.Field(max_length=2)] = []
    either: Union[List[int], int] = []
    public: Public = Public(name="a")
    point: Point = Point(1)
    typed: Typed = {"n": 1}
    leg: Leg = Leg(km=1)
    legs: List[Leg] = [Leg(km=1)]


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("tags", lambda one: one.tags.append("oops")),
        ("numbers", lambda one: one.numbers.add("oops")),
        ("counts", lambda one: one.counts.update(a="oops")),
        ("prices", lambda one: one.prices.append("oops")),
        ("rows", lambda one: one.rows.update(a=["oops"])),
        ("maybe", lambda one: one.maybe.append("oops")),
        ("recent", lambda one: one.recent.append("oops")),
        ("few", lambda one: one.few.extend([1, 2, 3])),
        ("either", lambda one: one.either.append("oops")),
        ("public", lambda one: setattr(one.public, "name", 1)),
        ("point", lambda one: setattr(one.point, "x", "oops")),
        ("typed", lambda one: one.typed.update(n="oops")),
        ("tags' of Leg", lambda one: one.leg.tags.append("oops")),
        ("tags' of Leg", lambda one: one.legs[0].tags.append("oops")),
        ("legs", lambda one: one.legs.append({"k": 1})),
        ("legs", lambda one: one.legs.append(None)),
        (
            "counts' of Leg holds .* keys 1 and '1'",
            lambda one: one.leg.counts.update({1: 1, "1": 2}),
        ),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_what_could_not_be_read_is_refused_by_the_save(
    where: str, change: Any, known: bool
) -> None:
    one = Everything()
    if known:
        one = read_document(Everything, through_bson(one.model_dump_doc()))
    change(one)
    names = dirty_fields(one)
    assert names
    with pytest.raises(InvalidDocumentError, match=f"cannot save Everything: field '{where}"):
        plan_save(one, names, a_write())
    assert dirty_fields(one) == names
    with pytest.raises(InvalidDocumentError, match=f"^field '{where}"):
        one.model_dump_doc()


def test_what_a_validator_of_the_class_would_mend_is_left_to_it() -> None:
    class Mended(Model):
        tags: List[int] = []

        @pydantic.field_validator("tags", mode="before")
        @classmethod
        def _without_text(cls, value: Any) -> Any:
            return [item for item in value if not isinstance(item, str)]

    one = Mended()
    one.tags.append("a")  # type: ignore[arg-type]
    assert Mended.model_validate_doc(one.model_dump_doc()).tags == []


# --- Keys --------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = 1


NAN, OTHER_NAN = float("nan"), float("nan")


@pytest.mark.parametrize(
    ("annotation", "value", "keys"),
    [
        (Dict[Union[int, str], int], {1: 1, "1": 2}, "the keys 1 and '1' are both stored as '1'"),
        (Dict[Union[bytes, str], int], {"a": 1, b"a": 2}, "'a' and b'a'"),
        (Dict[Union[Colour, str], int], {Colour.RED: 1, "1": 2}, "<Colour.RED: 1> and '1'"),
        (Dict[float, int], {NAN: 1, OTHER_NAN: 2}, "nan and nan"),
        (Mapping[Union[bool, str], int], {True: 1, "True": 2}, "True and 'True'"),
        (Dict[str, Dict[Union[int, str], int]], {"a": {1: 1, "1": 2}}, "1 and '1'"),
        (List[Dict[Union[int, str], int]], [{1: 1, "1": 2}], "1 and '1'"),
        (Optional[Dict[Union[int, str], Leg]], {1: Leg(km=1), "1": Leg(km=2)}, "1 and '1'"),
        (Annotated[Dict[Union[int, str], int], "x"], {1: 1, "1": 2}, "1 and '1'"),
    ],
)
def test_keys_with_one_text_are_refused(annotation: Any, value: Any, keys: str) -> None:
    one = model_of(annotation)(x=value)
    with pytest.raises(
        InvalidDocumentError, match="cannot save Ship: field 'x' of Ship "
    ) as caught:
        plan_save(one, {"x"}, a_write())
    assert keys in str(caught.value)
    with pytest.raises(InvalidDocumentError):
        one.model_dump_doc()


def test_keys_with_texts_of_their_own_are_stored() -> None:
    one = model_of(Dict[Union[int, bool], int])(x={1: 1, 2: 2})
    assert one.model_dump_doc()["x"] == {"1": 1, "2": 2}


@pytest.mark.parametrize("key_type", [Any, object, Hashable, Union[int, str], Optional[str]])
def test_a_key_that_would_be_read_as_text_is_refused(key_type: Any) -> None:
    one = model_of(Dict[key_type, int]).model_construct(x={"a": 1, 2: 2})
    with pytest.raises(InvalidDocumentError, match="the key 2 is stored as '2'"):
        one.model_dump_doc()
    assert model_of(Dict[key_type, int])(x={"a": 1}).model_dump_doc()["x"] == {"a": 1}


# --- What clients and marks make of stored forms -----------------------------------------------


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


DAY = date(2020, 1, 2)
Day = Annotated[date, WithBsonSerializer(_midnight)]
Iso = Annotated[date, Strict(), WithBsonSerializer(date.isoformat)]
Coded = Annotated[UUID, Strict(), WithBsonSerializer(str)]


class PlainDay(pydantic.BaseModel):
    day: Day


class StrictDay(pydantic.BaseModel, strict=True):
    day: Annotated[date, WithBsonSerializer(date.isoformat)]


def _shown(value: Any) -> dict[str, str]:
    return {"day": str(value["day"])}


class EmbeddedDay(EmbeddedModel):
    day: Day


class Era(enum.Enum):
    OLD = datetime(2000, 1, 1)
    NEW = datetime(2010, 1, 1, 0, 0, 0, 123456)


class AwareEra(enum.Enum):
    OLD = datetime(2000, 1, 1, tzinfo=UTC)
    PAIR = (datetime(2010, 1, 1, tzinfo=UTC), {"x": datetime(2011, 1, 1)})


class Word(str, enum.Enum):
    YES = "yes"


class Number(enum.Enum):
    ONE = 1


@pydantic.dataclasses.dataclass(config={"strict": True})
class StrictPoint:
    x: int
    tags: set[int] = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Point:
    x: int


NAIVE, AWARE = datetime(2000, 1, 1), datetime(2000, 1, 1, tzinfo=UTC)
AfterNaive = Annotated[datetime, pydantic.Field(gt=datetime(1990, 1, 1))]
AfterAware = Annotated[datetime, pydantic.Field(ge=datetime(1990, 1, 1, tzinfo=UTC))]

READ_AGAIN: list[tuple[Any, Any]] = [
    # A client with a time zone of its own: midnight in UTC is another time there.
    (Day, DAY),
    (list[Day], [DAY]),
    (dict[str, Day], {"a": DAY}),
    (tuple[Day, int], (DAY, 1)),
    (Optional[Day], DAY),
    (Union[Day, int], DAY),
    (PlainDay, PlainDay(day=DAY)),
    (EmbeddedDay, EmbeddedDay(day=DAY)),
    (list[EmbeddedDay], [EmbeddedDay(day=DAY)]),
    (Annotated[list[date], WithBsonSerializer(lambda days: list(map(_midnight, days)))], [DAY]),
    # A serialiser, and strict validation.
    (Iso, DAY),
    (list[Iso], [DAY]),
    (Optional[Iso], DAY),
    (Coded, UUID(int=5)),
    (Annotated[date, Strict(), WithBsonSerializer(_midnight)], DAY),
    (StrictDay, StrictDay(day=DAY)),
    (Annotated[StrictDay, WithBsonSerializer(_shown)], StrictDay(day=DAY)),
    (dict[Annotated[Word, Strict()], int], {Word.YES: 1}),
    (dict[Annotated[Number, Strict()], int], {Number.ONE: 1}),
    # Members that are datetimes.
    (Era, Era.OLD),
    (list[Era], [Era.NEW]),
    (Union[Era, int], Era.OLD),
    (Literal[Era.OLD], Era.OLD),
    (AwareEra, AwareEra.OLD),
    (AwareEra, AwareEra.PAIR),
    # Limits.
    (AfterNaive, NAIVE),
    (AfterAware, AWARE),
    (list[AfterNaive], [NAIVE]),
    (Optional[AfterAware], AWARE),
    (Annotated[Optional[datetime], pydantic.Field(lt=datetime(2030, 1, 1))], NAIVE),
    (Annotated[datetime, annotated_types.Interval(gt=datetime(1990, 1, 1))], NAIVE),
    # What stays as it is given.
    (set, {(1, 2), 3}),
    (frozenset, frozenset({(1, (2, 3))})),
    (set[Any], {(1, 2)}),
    (re.Pattern[bytes], re.compile(b"a", re.IGNORECASE)),
    (InstanceOf[Decimal], Decimal("1.50")),
    (list[InstanceOf[Decimal]], [Decimal("1.50")]),
    (InstanceOf[Point], Point(1)),
    (InstanceOf[Priced], Priced(name="n")),
    (InstanceOf[EmbeddedDay], EmbeddedDay(day=DAY)),
    (InstanceOf[Word], Word.YES),
    (SkipValidation[Decimal], Decimal("1.50")),
    (SkipValidation[set[int]], {1}),
    (SkipValidation[tuple[int, ...]], (1,)),
    (StrictPoint, StrictPoint(1, {2})),
    (list[StrictPoint], [StrictPoint(1, {2})]),
    (Annotated[Optional[set[int]], Strict()], {1}),
    (dict[Literal[1, 2], int], {1: 2}),
    (dict[Literal[Number.ONE, "a"], int], {Number.ONE: 2, "a": 3}),
    (dict[Literal[True], int], {True: 2}),
]


@pytest.mark.parametrize("options", CLIENTS)
@pytest.mark.parametrize(("annotation", "value"), READ_AGAIN)
def test_every_client_reads_what_was_saved(
    annotation: Any, value: Any, options: CodecOptions[Any]
) -> None:
    model = model_of(annotation)
    ship = model(x=value)
    plan = plan_save(ship, set(model.__mapping__.fields), a_write())
    assert plan is not None
    for document in (ship.model_dump_doc(), plan.document):
        raw = through_bson(document, options)
        for read in (read_document(model, raw), validate_document(model, raw)):
            assert read.x == value
            assert type(read.x) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [(Json[Json[int]], '"1"', 1), (Json[list[Json[int]]], '["1"]', [1])],
)
def test_json_in_json_is_read_again(annotation: Any, text: str, value: Any) -> None:
    ship = model_of(annotation)(x=text)
    assert ship.x == value
    assert read_document(type(ship), through_bson(ship.model_dump_doc())).x == value


JSON = Json[Dict[str, int]]


@pytest.mark.parametrize("options", CLIENTS)
@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize("given", ['{"a": 1}', b'{"a": 1}'])
@pytest.mark.parametrize(
    "members",
    [
        each
        for other in (str, bytes, SecretStr, SecretBytes, Binary, Annotated[bytes, Strict()], Any)
        for each in ((JSON, other), (other, JSON), (JSON, other, int), (int, other, JSON))
    ]
    + [(JSON, str, bytes), (bytes, JSON, str), (Dict[str, Decimal], JSON)],
)
def test_a_union_reads_json_and_text_of_json_as_what_they_were(
    members: Any, given: Any, is_strict: bool, options: Any
) -> None:
    annotation: Any = Union[members]
    model = model_of(annotation, model_config={"strict": is_strict})
    ship = model(x=given)
    stored = bson.encode(ship.model_dump_doc())
    for read in (model.model_validate_doc, partial(read_document, model)):
        again = read(bson.decode(stored, options))
        assert type(again.x) is type(ship.x)
        assert again.x == ship.x
        assert bson.encode(again.model_dump_doc()) == stored


def test_a_value_that_a_union_would_read_as_another_is_not_stored() -> None:
    annotation: Any = Union[SecretBytes, JSON]
    ship = model_of(annotation).model_construct(x={"a": 1})
    with pytest.raises(InvalidDocumentError, match="cannot be stored and read again"):
        ship.model_dump_doc()


@pytest.mark.parametrize("error", [TypeError, RuntimeError, KeyError, OSError])
def test_what_a_validator_raises_names_the_document(error: type[Exception]) -> None:
    def fail(_value: int) -> int:
        raise error("no")

    model = model_of(Annotated[int, pydantic.AfterValidator(fail)])
    with pytest.raises(DocumentParsingError, match=error.__name__) as raised:
        read_document(model, {"_id": 7, "x": 1})
    assert (raised.value.model, raised.value.document_id) == (model, 7)
    assert isinstance(raised.value.__cause__, error)


# --- What validation takes in one form only ----------------------------------------------------


class Listed(enum.Enum):
    ONE = [1]
    MORE = {"x": 1}
    PAIR = (1, 2)


class Severe(pydantic.BaseModel, strict=True):
    numbers: Set[int] = {1}
    row: Tuple[int, ...] = (1,)
    pair: Tuple[int, str] = (1, "a")
    frozen: FrozenSet[str] = frozenset("a")
    recent: Deque[int] = deque([1])
    colour: Colour = Colour.RED
    listed: Listed = Listed.ONE
    by_number: Dict[int, int] = {1: 2}
    nested: List[Set[int]] = [{1}]
    price: Decimal = Decimal("1.5")
    maybe: Optional[Set[int]] = {3}
    below: Optional[Severe] = None
    point: Point = Point(1)
    points: List[Point] = [Point(1)]
    ordered: collections.OrderedDict[str, int] = collections.OrderedDict(a=1)


class Timed(pydantic.BaseModel):
    at: AwareDatetime
    day: NaiveDatetime


class StrictRow(TypedDict):
    numbers: Annotated[Set[int], Strict()]


class Named(NamedTuple):
    numbers: Annotated[Set[int], Strict()]


NOON = datetime(2020, 1, 1, 12)
AWARE = NOON.replace(tzinfo=UTC)

ONE_FORM: list[tuple[Any, Any]] = [
    (Annotated[Set[int], Strict()], {1}),
    (Annotated[FrozenSet[int], Strict()], frozenset([1])),
    (Annotated[Tuple[int, ...], Strict()], (1,)),
    (Annotated[Tuple[int, str], Strict()], (1, "a")),
    (Annotated[Deque[int], Strict()], deque([1])),
    (Annotated[set, Strict()], {1}),
    (Annotated[tuple, Strict()], (1,)),
    (Annotated[Colour, Strict()], Colour.RED),
    (Annotated[Listed, Strict()], Listed.PAIR),
    (Annotated[Set[int], pydantic.Field(strict=True)], {1}),
    (Annotated[Set[Decimal], Strict()], {Decimal(1)}),
    (Annotated[Set[FrozenSet[int]], Strict()], {frozenset([1])}),
    (Optional[Annotated[Set[int], Strict()]], {1}),
    (List[Annotated[Set[int], Strict()]], [{1}]),
    (Dict[str, Annotated[Tuple[int, ...], Strict()]], {"a": (1,)}),
    (Dict[StrictInt, int], {1: 2}),
    (Severe, Severe(below=Severe())),
    (Optional[Severe], Severe()),
    (List[Severe], [Severe()]),
    (Union[Severe, int], Severe()),
    (StrictRow, {"numbers": {1}}),
    (Named, Named({1})),
    (AwareDatetime, AWARE),
    (Optional[AwareDatetime], AWARE),
    (List[AwareDatetime], [AWARE]),
    (Dict[str, AwareDatetime], {"a": AWARE}),
    (Union[AwareDatetime, str], AWARE),
    (Annotated[AwareDatetime, pydantic.Field(gt=AWARE - timedelta(1))], AWARE),
    (NaiveDatetime, NOON),
    (List[NaiveDatetime], [NOON]),
    (Timed, Timed(at=AWARE, day=NOON)),
    (Dict[str, Timed], {"a": Timed(at=AWARE, day=NOON)}),
    (Json[List[int]], "[1, 2]"),
    (Json, '{"a": [1]}'),
    (Optional[Json[Dict[str, int]]], '{"a": 1}'),
    (List[Json[int]], ["1"]),
    (Json[str], '"a"'),
    (Json[Set[int]], "[1]"),
    (Json[List[Decimal]], '["1.5"]'),
    (Union[int, Json[List[int]]], "[1]"),
    (Hashable, (1, 2)),
    (Hashable, (1, (2, "a"))),
    (Optional[Hashable], (1,)),
    (List[Hashable], [(1,), 2]),
    (Listed, Listed.ONE),
    (Listed, Listed.MORE),
    (Optional[Listed], Listed.ONE),
    (List[Listed], [Listed.ONE, Listed.PAIR]),
    (Dict[str, Listed], {"a": Listed.MORE}),
    (Set[Listed], {Listed.ONE}),
    (Literal[Listed.ONE], Listed.ONE),
    (Union[Listed, int], Listed.ONE),
    (Annotated[Decimal, Strict()], Decimal("1.5")),
    (List[Annotated[Decimal, Strict()]], [Decimal("1.5")]),
    (Annotated[Decimal, pydantic.Field(max_digits=3, decimal_places=1)], Decimal("1.5")),
]


@pytest.mark.parametrize("options", CLIENTS)
@pytest.mark.parametrize(("annotation", "value"), ONE_FORM, ids=lambda value: repr(value)[:40])
def test_what_is_validated_in_one_form_only_can_be_read(
    annotation: Any, value: Any, options: Any
) -> None:
    cls = model_of(annotation)
    one = cls(x=value)
    raw = one.model_dump_doc()
    for again in (
        cls.model_validate_doc(through_bson(raw, options)),
        read_document(cls, through_bson(raw, options)),
    ):
        assert again == one
        assert type(again.x) is type(one.x)
        assert repr(again.x) == repr(one.x)
        assert dirty_fields(read_document(cls, through_bson(raw, options))) == set()


@pytest.mark.parametrize("options", CLIENTS)
@pytest.mark.parametrize("value", [NOON, AWARE])
@pytest.mark.parametrize(
    ("annotation", "wrap"),
    [
        (datetime, lambda value: value),
        (Optional[datetime], lambda value: value),
        (List[datetime], lambda value: [value]),
        (Union[datetime, str], lambda value: value),
        (Annotated[datetime, pydantic.Field(strict=True)], lambda value: value),
        (PastDatetime, lambda value: value),
    ],
)
def test_a_datetime_can_be_read_by_every_client(
    annotation: Any, wrap: Any, value: Any, options: Any
) -> None:
    cls = model_of(annotation)
    raw = through_bson(cls(x=wrap(value)).model_dump_doc(), options)
    for again in (cls.model_validate_doc(raw), read_document(cls, raw)):
        assert again.x == wrap(AWARE if options.tz_aware else NOON)
        # What was read may be assigned.
        again.x = again.x


def test_aware_datetimes_are_kept_in_utc_and_milliseconds() -> None:
    cls = model_of(AwareDatetime)
    given = datetime(2020, 1, 1, 12, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2)))
    kept = cls(x=given).x
    assert kept == datetime(2020, 1, 1, 10, 0, 0, 1000, tzinfo=UTC)
    assert kept.tzinfo is UTC
    with pytest.raises(pydantic.ValidationError, match="should have timezone info"):
        cls(x=NOON)


def test_strict_decimals_take_decimals_only() -> None:
    cls = model_of(Annotated[Decimal, Strict()])
    for value in ("1.5", 1, 1.5):
        with pytest.raises(pydantic.ValidationError):
            cls(x=value)


def test_constraints_on_decimals_hold() -> None:
    cls = model_of(Annotated[Decimal, pydantic.Field(max_digits=3, decimal_places=1, gt=0)])
    for value in ("12345", "1.55", "-1", "NaN"):
        with pytest.raises(pydantic.ValidationError):
            cls(x=value)
