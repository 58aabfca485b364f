"""What is stored for a value of each type, and what is read from that."""

from __future__ import annotations

import collections
import dataclasses
import decimal
import enum
import re
import uuid
from contextlib import nullcontext
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Deque,
    Dict,
    FrozenSet,
    List,
    Literal,
    Mapping,
    NamedTuple,
    NewType,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

import bson
import pydantic
import pytest
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex
from pydantic import (
    PlainSerializer,
    WrapSerializer,
    field_serializer,
    field_validator,
    model_serializer,
)
from pydantic_core import core_schema
from typing_extensions import TypeAliasType, TypedDict

from odmantic._codec.encode import encode_changes, encode_field, encode_value
from odmantic._types.tree import read_type
from odmantic.bson import WithBsonSerializer
from odmantic.exceptions import DocumentParsingError, EmbeddedCopyWarning, InvalidDocumentError
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Leg(EmbeddedModel):
    model_config = {"extra": "forbid"}
    km: int = Field(key_name="k")

    def __hash__(self) -> int:
        return hash(self.km)


class Ride(EmbeddedModel):
    by: str = Field(key_name="b")


class Idle(EmbeddedModel):
    hours: int = Field(0, key_name="h")


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


class Size(str, enum.Enum):
    BIG = "big"


class Level(enum.IntEnum):
    LOW = 1


class Price(enum.Enum):
    CHEAP = decimal.Decimal(1)


class TupleEnum(enum.Enum):
    ONE = (1, 2)


class Plain(pydantic.BaseModel):
    n: int
    leg: Optional[Leg] = None
    tags: Set[str] = set()
    text: Annotated[int, WithBsonSerializer(str)] = 0


class PlainExtra(pydantic.BaseModel, extra="allow"):
    pass


@dataclasses.dataclass
class Data:
    n: int
    colour: Colour = Colour.RED


@dataclasses.dataclass
class DataOfBson:
    price: decimal.Decimal
    prices: List[decimal.Decimal]
    leg: Leg


class Pair(NamedTuple):
    a: int
    b: str


class PairOfBson(NamedTuple):
    a: decimal.Decimal
    b: Optional[re.Pattern[str]] = None


class Typed(TypedDict):
    n: int


class TypedOfBson(TypedDict, total=False):
    price: Annotated[decimal.Decimal, "note"]
    kind: TupleEnum


class Rooted(pydantic.RootModel[List[decimal.Decimal]]):
    pass


class PlainRooted(pydantic.BaseModel):
    rooted: Rooted


class Captain(Model):
    name: str = Field(primary_field=True)


class Priced(Model):
    price: decimal.Decimal = Field(primary_field=True)


class Placed(Model):
    leg: Leg = Field(primary_field=True)


Money = NewType("Money", decimal.Decimal)
Moneys = TypeAliasType("Moneys", List[decimal.Decimal])
Tree = TypeAliasType("Tree", "Dict[str, Union[Tree, Leg]]")
Csv = Annotated[List[int], WithBsonSerializer(lambda xs: ",".join(map(str, xs)))]
Text = Annotated[int, WithBsonSerializer(str)]
OID = bson.ObjectId("5f85f36d6dfecacc68428a46")
ONE = Decimal128("1")
LEG, RIDE = Leg(km=1), Ride(by="x")

STORED: list[tuple[Any, Any, Any]] = [
    (int, 1, 1),
    (float, 1.5, 1.5),
    (str, "a", "a"),
    (bool, True, True),
    (bytes, b"a", b"a"),
    (None, None, None),
    (datetime, datetime(2020, 1, 1), datetime(2020, 1, 1)),
    (bson.ObjectId, OID, OID),
    (Int64, Int64(3), Int64(3)),
    (Decimal128, ONE, ONE),
    (Binary, Binary(b"a", 5), Binary(b"a", 5)),
    (Regex, Regex("^a", "i"), Regex("^a", "i")),
    (re.Pattern, re.compile("a"), re.compile("a")),
    (decimal.Decimal, decimal.Decimal(1), ONE),
    (Optional[decimal.Decimal], decimal.Decimal(1), ONE),
    (Optional[decimal.Decimal], None, None),
    (List[decimal.Decimal], [decimal.Decimal(1)], [ONE]),
    (Dict[str, decimal.Decimal], {"a": decimal.Decimal(1)}, {"a": ONE}),
    (Tuple[decimal.Decimal, int], (decimal.Decimal(1), 2), (ONE, 2)),
    (Tuple[decimal.Decimal, ...], (decimal.Decimal(1),), (ONE,)),
    (Union[decimal.Decimal, str], decimal.Decimal(1), ONE),
    (Union[decimal.Decimal, str], "a", "a"),
    (Money, decimal.Decimal(1), ONE),
    (Moneys, [decimal.Decimal(1)], [ONE]),
    # enumerations
    (Colour, Colour.RED, 1),
    (Size, Size.BIG, Size.BIG),
    (Level, Level.LOW, Level.LOW),
    (Price, Price.CHEAP, ONE),
    (List[Colour], [Colour.RED, Colour.BLUE], [1, "b"]),
    (Literal["a", 1], "a", "a"),
    (Literal[Colour.RED], Colour.RED, 1),
    # containers
    (list, [1, Colour.RED], [1, 1]),
    (List[int], [1], [1]),
    (Sequence[int], [1], [1]),
    (Deque[int], collections.deque([1]), [1]),
    (tuple, (1, "a"), (1, "a")),
    (Tuple[int, str], (1, "a"), (1, "a")),
    (Tuple[()], (), ()),
    (Tuple[int, ...], (1, 2), (1, 2)),
    (set, {1}, [1]),
    (Set[int], {1}, [1]),
    (FrozenSet[str], frozenset("a"), ["a"]),
    (Dict[str, Set[int]], {"a": {1}}, {"a": [1]}),
    (dict, {"a": decimal.Decimal(1)}, {"a": ONE}),
    (Dict[str, int], {"a": 1}, {"a": 1}),
    (Mapping[str, Any], {"a": {1}}, {"a": [1]}),
    (Pair, Pair(1, "a"), (1, "a")),
    (Typed, {"n": 1}, {"n": 1}),
    (Data, Data(1), {"n": 1, "colour": 1}),
    (PairOfBson, PairOfBson(decimal.Decimal(1)), (ONE, None)),
    (Optional[TypedOfBson], {"price": decimal.Decimal(1)}, {"price": ONE}),
    (List[TypedOfBson], [{"kind": TupleEnum.ONE}], [{"kind": (1, 2)}]),
    (
        Dict[str, DataOfBson],
        {"a": DataOfBson(decimal.Decimal(1), [decimal.Decimal(1)], LEG)},
        {"a": {"price": ONE, "prices": [ONE], "leg": {"km": 1}}},
    ),
    (Rooted, Rooted([decimal.Decimal(1)]), [ONE]),
    (Optional[Rooted], Rooted([]), []),
    (Union[Rooted, str], Rooted([decimal.Decimal(1)]), [ONE]),
    (Union[Rooted, Leg], LEG, {"k": 1}),
    (PlainRooted, PlainRooted(rooted=Rooted([])), {"rooted": []}),
    (Any, pydantic.RootModel[int](1), 1),
    # keys that are no text
    (Dict[int, str], {1: "a"}, {"1": "a"}),
    (Dict[float, int], {1.5: 1}, {"1.5": 1}),
    (Dict[bson.ObjectId, Leg], {OID: LEG}, {str(OID): {"k": 1}}),
    (Dict[datetime, int], {datetime(2020, 1, 1): 1}, {"2020-01-01T00:00:00": 1}),
    (Dict[date, int], {date(2020, 1, 1): 1}, {"2020-01-01": 1}),
    (Dict[Colour, int], {Colour.RED: 1, Colour.BLUE: 2}, {"1": 1, "b": 2}),
    (Dict[Size, int], {Size.BIG: 1}, {"big": 1}),
    (Dict[bytes, int], {b"a": 1}, {"a": 1}),
    (Dict[uuid.UUID, int], {uuid.UUID(int=1): 1}, {str(uuid.UUID(int=1)): 1}),
    (Dict[decimal.Decimal, int], {decimal.Decimal("1.5"): 1}, {"1.5": 1}),
    # embedded models
    (Leg, LEG, {"k": 1}),
    (Optional[Leg], LEG, {"k": 1}),
    (Optional[Leg], None, None),
    (Annotated[Leg, "note"], LEG, {"k": 1}),
    (List[Leg], [LEG], [{"k": 1}]),
    (Tuple[Leg], (LEG,), [{"k": 1}]),
    (Tuple[Leg, ...], (LEG,), [{"k": 1}]),
    (Tuple[int, Leg], (1, LEG), [1, {"k": 1}]),
    (Tuple[Leg, Ride], (LEG, RIDE), [{"k": 1}, {"b": "x"}]),
    (Set[Leg], {LEG}, [{"k": 1}]),
    (FrozenSet[Leg], frozenset([LEG]), [{"k": 1}]),
    (Sequence[Leg], [LEG], [{"k": 1}]),
    (Dict[str, Leg], {"a": LEG}, {"a": {"k": 1}}),
    (Mapping[str, Leg], {"a": LEG}, {"a": {"k": 1}}),
    (Dict[str, List[Leg]], {"a": [LEG]}, {"a": [{"k": 1}]}),
    (List[Optional[Leg]], [LEG, None], [{"k": 1}, None]),
    (Optional[List[Leg]], [LEG], [{"k": 1}]),
    (Optional[List[Leg]], None, None),
    (Union[Leg, Ride], RIDE, {"b": "x"}),
    (List[Union[Leg, Ride]], [RIDE, LEG], [{"b": "x"}, {"k": 1}]),
    (Union[Leg, str, None], "a", "a"),
    (Union[Leg, List[Ride]], [RIDE], [{"b": "x"}]),
    (Union[List[Leg], List[Ride]], [RIDE], [{"b": "x"}]),
    (Union[Leg, Dict[str, int]], {"z": 1}, {"z": 1}),
    (Union[Price, Leg], LEG, {"k": 1}),
    (Union[Typed, Leg], {"n": 1}, {"n": 1}),
    (Union[Dict[int, Deque[int]], Idle], {1: collections.deque([1])}, {"1": [1]}),
    (Union[Idle, Dict[int, Tuple[int, bool]], str], {1: (1, True)}, {"1": (1, True)}),
    (Union[Idle, Dict[str, Leg]], {"a": LEG}, {"a": {"k": 1}}),
    (Union[Idle, Dict[str, int]], Idle(), {"h": 0}),
    (Union[Idle, Dict[str, int]], {}, {}),
    (Union[Idle, Plain], Idle(), {"h": 0}),
    (Union[Price, Leg], Price.CHEAP, ONE),
    (Union[Any, Leg], Colour.RED, 1),
    (Union[Leg, Money, int], 3, 3),
    (Optional[TupleEnum], TupleEnum.ONE, (1, 2)),
    (Union[Leg, Annotated[Union[List[int], str], "note"]], [1], [1]),
    (Union[Leg, "Literal[Colour.RED]"], Colour.RED, 1),
    (Union[Dict[str, Leg], Ride], {"b": LEG}, {"b": {"k": 1}}),
    (Tree, {"a": {"b": LEG}}, {"a": {"b": {"k": 1}}}),
    # objects without a document of their own
    (
        Plain,
        Plain(n=1, leg=LEG, tags={"a"}),
        {"n": 1, "leg": {"km": 1}, "tags": ["a"], "text": "0"},
    ),
    (PlainExtra, PlainExtra(a=LEG), {"a": {"km": 1}}),
    (Optional[Captain], Captain(name="a"), {"name": "a"}),
    (List[Captain], [Captain(name="a")], [{"name": "a"}]),
]


@pytest.mark.parametrize(
    ("annotation", "value", "stored"), STORED, ids=lambda value: repr(value)[:40]
)
def test_stored_form_and_round_trip(annotation: Any, value: Any, stored: Any) -> None:
    body = {"__module__": __name__, "__annotations__": {"x": annotation}}
    holds_model = Captain in [node.cls for node in read_type(annotation).models]
    with pytest.warns(EmbeddedCopyWarning) if holds_model else nullcontext():
        cls = type(Model)("Ship", (Model,), body)
    one = cls(x=value)
    document = one.model_dump_doc()
    assert document["x"] == stored
    assert type(document["x"]) is type(stored)
    assert encode_field(one, "x") == stored
    read = bson.decode(bson.encode(document))
    if annotation not in (
        Any,
        Union[Any, Leg],
        PlainExtra,
        list,
        set,
        dict,
        tuple,
        Mapping[str, Any],
    ):
        again = cls.model_validate_doc(read)
        assert again == one or annotation is re.Pattern
        assert type(again.x) is type(one.x)


@pytest.mark.parametrize("value", [uuid.UUID(int=1), object(), memoryview(b"a")])
def test_what_the_driver_refuses_is_left_to_it(value: Any) -> None:
    cls = type(Model)("Ship", (Model,), {"__module__": __name__, "__annotations__": {"x": Any}})
    assert cls(x=value).model_dump_doc()["x"] is value


def test_keys_without_text_are_left_to_the_driver() -> None:
    class Odd(EmbeddedModel):
        x: Dict[Tuple[int, ...], int]

    assert Odd(x={(1,): 1}).model_dump_doc() == {"x": {(1,): 1}}


def test_what_is_no_member_of_a_union_is_an_error_of_all() -> None:
    class Holder(EmbeddedModel):
        x: Union[Leg, Dict[str, int]]

    with pytest.raises(DocumentParsingError, match="3 validation errors"):
        Holder.model_validate_doc({"x": {"z": "a"}})


def test_dataclasses_may_name_what_is_local() -> None:
    class Local(pydantic.BaseModel):
        n: int

    @dataclasses.dataclass
    class Data:
        local: Local

    class Holder(EmbeddedModel):
        data: Data

    one = Holder(data={"local": {"n": 1}})
    assert Holder.model_validate_doc(one.model_dump_doc()) == one


# --- Serialisers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "value", "stored"),
    [
        (Csv, [1, 2], "1,2"),
        (Annotated[bson.ObjectId, WithBsonSerializer(str)], OID, str(OID)),
        (Optional[Text], 3, "3"),
        (Optional[Text], None, None),
        (List[Text], [3], ["3"]),
        (Dict[str, List[Text]], {"a": [3]}, {"a": ["3"]}),
        (Tuple[Text, int], (3, 4), ("3", 4)),
        (Tuple[Text, ...], (3,), ("3",)),
        (Union[Text, bytes], 3, "3"),
        (Union[Text, bytes], b"a", b"a"),
        (
            Union[Annotated[bson.ObjectId, WithBsonSerializer(str)], int],
            OID,
            str(OID),
        ),
        (Union[Literal["a"], Text], 3, "3"),
        (Annotated[decimal.Decimal, WithBsonSerializer(float)], decimal.Decimal("1.5"), 1.5),
        (
            Annotated[int, WithBsonSerializer(str), WithBsonSerializer(float)],
            3,
            "3",
        ),
        (Annotated[Leg, WithBsonSerializer(repr)], LEG, "{'km': 1}"),
        (Annotated[List[Leg], WithBsonSerializer(repr)], [LEG], "[{'km': 1}]"),
        (Annotated[Tuple[Leg, ...], WithBsonSerializer(repr)], (LEG,), "({'km': 1},)"),
        (Annotated[Dict[str, Data], WithBsonSerializer(len)], {"a": Data(1)}, 1),
        (Annotated[Set[int], WithBsonSerializer(sum)], {1, 2}, 3),
        (Annotated[pydantic.RootModel[List[int]], WithBsonSerializer(len)], [1, 2], 2),
    ],
)
def test_serialisers_at_every_depth(annotation: Any, value: Any, stored: Any) -> None:
    cls = type(Model)(
        "Ship", (Model,), {"__module__": __name__, "__annotations__": {"x": annotation}}
    )
    assert cls(x=value).model_dump_doc()["x"] == stored


def test_serialisers_of_whole_fields_are_listed() -> None:
    class Listed(Model):
        a: Text
        b: Optional[Text] = None
        c: int = 0
        d: decimal.Decimal

    assert list(Listed.__bson_serializers__) == ["a", "d"]
    assert Listed.__bson_serializers__["a"] is str


def test_serialisers_for_json_do_not_matter() -> None:
    class Shown(EmbeddedModel):
        a: Annotated[int, PlainSerializer(str)]
        b: int

        @field_serializer("b")
        def show(self, value: int) -> str:
            return "b"

    class Wrapped(EmbeddedModel):
        shown: Shown

        @model_serializer
        def all(self) -> str:
            return "all"

    assert Wrapped(shown=Shown(a=1, b=2)).model_dump_doc() == {"shown": {"a": 1, "b": 2}}


class Position:
    """A type of somebody else's."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Position) and self.x == other.x

    def __hash__(self) -> int:
        return self.x

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls(int(str(value["x"]))),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: {"x": decimal.Decimal(value.x)}
            ),
        )


class Dated(pydantic.BaseModel):
    n: int = 1
    day: date
    days: List[date] = []

    @field_serializer("*")
    def show(self, value: Any) -> str:
        return str(value)

    @field_validator("days", mode="before")
    @classmethod
    def read(cls, value: Any) -> Any:
        return [] if value == "[]" else value


class DatedAsAWhole(pydantic.BaseModel):
    day: date

    @field_serializer("day")
    def show(self, value: Any) -> str:
        return str(value)

    @model_serializer
    def all(self) -> str:
        return "all"


Day = Annotated[date, PlainSerializer(date.isoformat)]
DAY = date(2020, 1, 2)


@pytest.mark.parametrize(
    ("annotation", "value", "stored"),
    [
        (Day, DAY, "2020-01-02"),
        (Optional[Day], DAY, "2020-01-02"),
        (Optional[Day], None, None),
        (List[Day], [DAY], ["2020-01-02"]),
        (Union[Leg, Day], DAY, "2020-01-02"),
        (Union[Leg, Day], LEG, {"k": 1}),
        (Annotated[Optional[date], PlainSerializer(str)], DAY, "2020-01-02"),
        (Annotated[Path, WrapSerializer(lambda path, _: str(path))], Path("a"), "a"),
        (Position, Position(3), {"x": Decimal128("3")}),
        (Dict[str, Position], {"a": Position(3)}, {"a": {"x": Decimal128("3")}}),
        (Dated, Dated(day=DAY), {"n": 1, "day": "2020-01-02", "days": "[]"}),
    ],
)
def test_serialisers_of_pydantic_store_what_bson_has_no_form_for(
    annotation: Any, value: Any, stored: Any
) -> None:
    cls = type(Model)(
        "Ship", (Model,), {"__module__": __name__, "__annotations__": {"x": annotation}}
    )
    one = cls(x=value)
    document = one.model_dump_doc()
    assert document["x"] == stored
    assert cls.model_validate_doc(bson.decode(bson.encode(document))) == one


class Reversed(str):
    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(
            lambda text: cls(text[::-1]),
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda x: x[::-1]),
        )


class Grade(Enum):
    """Is known to others by the names of its members."""

    GOOD = 1
    BAD = 2

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(
            lambda name: name if isinstance(name, cls) else cls[name],
            serialization=core_schema.plain_serializer_function_ser_schema(lambda x: x.name),
        )


def _shifted(_source: Any, handler: Any) -> Any:
    return core_schema.no_info_after_validator_function(
        lambda number: number + 1,
        handler(int),
        serialization=core_schema.plain_serializer_function_ser_schema(lambda x: x - 1),
    )


@pytest.mark.parametrize(
    ("annotation", "given", "stored"),
    [
        (pydantic.Base64Str, "aGk=", "aGk="),
        (pydantic.Base64Bytes, b"aGk=", b"aGk="),
        (Optional[pydantic.Base64Str], "aGk=", "aGk="),
        (Optional[pydantic.Base64Str], None, None),
        (List[pydantic.Base64Str], ["aGk="], ["aGk="]),
        (Dict[str, pydantic.Base64Bytes], {"a": b"aGk="}, {"a": b"aGk="}),
        (Annotated[pydantic.Base64Str, PlainSerializer(len)], "aGk=", "aGk="),
        (Annotated[List[pydantic.Base64Str], PlainSerializer(len)], ["aGk="], ["aGk="]),
        (Reversed, "ab", "ab"),
        (Tuple[Reversed, int], ("ab", 1), ("ab", 1)),
        (Grade, "GOOD", "GOOD"),
        (Annotated[int, pydantic.GetPydanticSchema(_shifted)], 1, 1),
        (Fraction, "1/3", "1/3"),
        (List[Fraction], ["1/3"], ["1/3"]),
        (Union[int, Fraction], "1/3", "1/3"),
    ],
)
def test_a_type_with_a_form_of_its_own_is_stored_in_the_form_that_it_reads(
    annotation: Any, given: Any, stored: Any
) -> None:
    cls = type(Model)(
        "Ship", (Model,), {"__module__": __name__, "__annotations__": {"x": annotation}}
    )
    one = cls(x=given)
    document = one.model_dump_doc()
    assert document["x"] == stored
    assert cls.model_validate_doc(bson.decode(bson.encode(document))) == one


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Annotated[uuid.UUID, PlainSerializer(str, when_used="json")], uuid.UUID(int=1)),
        (Annotated[Any, PlainSerializer(str)], uuid.UUID(int=1)),
    ],
)
def test_what_no_serialiser_of_pydantic_stores_is_left_to_the_driver(
    annotation: Any, value: Any
) -> None:
    cls = type(Model)(
        "Ship", (Model,), {"__module__": __name__, "__annotations__": {"x": annotation}}
    )
    assert cls(x=value).model_dump_doc()["x"] is value


def test_serialisers_of_whole_models_do_not_matter() -> None:
    class Holder(EmbeddedModel):
        x: DatedAsAWhole

    assert Holder(x={"day": DAY}).model_dump_doc() == {"x": {"day": datetime(2020, 1, 2)}}


def test_serialisers_of_a_models_fields_store_what_bson_has_no_form_for() -> None:
    class Voyage(Model):
        day: date
        legs: int = 1

        @field_serializer("day", "legs")
        def _as_text(self, value: Any) -> str:
            return str(value)

    document = Voyage(day=DAY).model_dump_doc()
    assert (document["day"], document["legs"]) == ("2020-01-02", 1)
    assert Voyage.model_validate_doc(document).day == DAY


# --- Keys that need conversion -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "key"),
    [
        (Captain(name="a"), "a"),
        (Priced(price=decimal.Decimal(1)), ONE),
        (Placed(leg=LEG), {"k": 1}),
    ],
)
def test_foreign_keys_are_stored_like_the_primary_key(target: Any, key: Any) -> None:
    class Holder(EmbeddedModel):
        to: type(target) = Reference()  # type: ignore[valid-type]

    assert target.model_dump_doc()["_id"] == key
    assert Holder(to=target).model_dump_doc() == {"to": key}
    assert encode_value(target) == key


def test_an_id_in_place_of_a_referenced_instance_is_stored_as_it_is() -> None:
    class Holder(EmbeddedModel):
        to: Captain = Reference()

    assert Holder.model_construct(to="a").model_dump_doc() == {"to": "a"}


# --- Unvalidated values ------------------------------------------------------------------------


def test_values_that_were_never_validated_are_refused_unless_they_can_be_read() -> None:
    class Loose(EmbeddedModel):
        leg: Leg
        pair: Tuple[Leg, int]

    fits = Loose.model_construct(leg={"km": "1"}, pair=[LEG, 2])
    assert fits.model_dump_doc() == {"leg": {"k": 1}, "pair": [{"k": 1}, 2]}
    for changes, message in [
        ({"leg": {"a": {1}}}, "field 'leg' of Loose .* km: Field required"),
        ({"pair": (LEG, 2, {3})}, "field 'pair' of Loose .* at most 2 items"),
        ({"pair": None}, "field 'pair' of Loose "),
    ]:
        one = Loose.model_construct(**{"leg": LEG, "pair": (LEG, 2), **changes})
        with pytest.raises(InvalidDocumentError, match=message):
            one.model_dump_doc()


def test_plain_objects_without_all_values_are_stored_without_them() -> None:
    class Holder(EmbeddedModel):
        plain: Plain

    assert Holder(plain=Plain.model_construct(n=1)).model_dump_doc() == {
        "plain": {"n": 1, "leg": None, "tags": [], "text": "0"}
    }
    partial = Plain.model_construct()
    assert "n" not in Holder(plain=partial).model_dump_doc()["plain"]


def test_values_of_any_type() -> None:
    class Holder(EmbeddedModel):
        x: Any

    values = [Size.BIG, Level.LOW, collections.UserDict(a=Colour.RED), Data(1), Plain]
    stored = [Size.BIG, Level.LOW, {"a": 1}, {"n": 1, "colour": 1}, Plain]
    assert Holder(x=values).model_dump_doc() == {"x": stored}


def test_an_error_of_a_serialiser_is_not_mistaken_for_a_missing_value() -> None:
    class Holder(EmbeddedModel):
        x: Annotated[int, WithBsonSerializer({}.__getitem__)]

    with pytest.raises(KeyError):
        Holder(x=3).model_dump_doc()
    with pytest.raises(KeyError):
        encode_changes(Holder(x=3), {"x"})
    with pytest.raises(AttributeError, match="x"):
        encode_changes(Holder.model_construct(), {"x"})


# --- Values in queries -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (1, 1),
        ("a", "a"),
        (None, None),
        (decimal.Decimal(1), ONE),
        (Size.BIG, "big"),
        (Colour.RED, 1),
        (Price.CHEAP, ONE),
        (LEG, {"k": 1}),
        (Captain(name="a"), "a"),
        ([Colour.RED, [decimal.Decimal(1)]], [1, [ONE]]),
        ((Colour.RED, LEG), (1, {"k": 1})),
        ({1}, [1]),
        ({"$elemMatch": {"x": decimal.Decimal(1)}}, {"$elemMatch": {"x": ONE}}),
        (re.compile("a"), re.compile("a")),
        (datetime(2020, 1, 1), datetime(2020, 1, 1)),
        (Plain(n=1), {"n": 1, "leg": None, "tags": [], "text": "0"}),
    ],
    ids=repr,
)
def test_values_in_queries(value: Any, encoded: Any) -> None:
    assert encode_value(value) == encoded
    assert type(encode_value(value)) is type(encoded)
