"""An operand has the form in which its field stores its values.

A value of the field's type goes through what stores the field: then a condition with the value of an instance finds
its document. Where the serialiser gives a value of that same type, programs write the stored form, and it stays; so
does what is no value of the type. Text and bytes that the constructor takes for an object id are one in a condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, Union
from uuid import UUID

import bson
import pytest
from bson.decimal128 import Decimal128
from pydantic import BaseModel, JsonValue, RootModel, SerializeAsAny, field_serializer
from typing_extensions import TypeAliasType, TypedDict

from odmantic import EmbeddedModel, Field, Model, ObjectId, Reference, query
from odmantic._state.snapshot import digest
from odmantic.bson import Binary, Int64, WithBsonSerializer

HEX = "5f85f36d6dfecacc68428a46"
OID = bson.ObjectId(HEX)
UID = UUID(int=7)


class Colour(Enum):
    RED = "r"


class Shade(str, Enum):
    DARK = "d"


class Inner(EmbeddedModel):
    uid: Annotated[UUID, WithBsonSerializer(str)] = Field(UID, key_name="u")
    oid: ObjectId = OID


class Plain(BaseModel):
    number: Annotated[int, WithBsonSerializer(str)] = 3


@dataclass(frozen=True)
class Pair:
    left: int = 1


TextId = Annotated[UUID, WithBsonSerializer(str)]
Named = NewType("Named", UUID)
Alias = TypeAliasType("Alias", Annotated[int, WithBsonSerializer(str)])
Tree = TypeAliasType("Tree", "Union[dict[str, Tree], Annotated[int, WithBsonSerializer(str)]]")


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def joined(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


STORED = [
    (TextId, UID),
    (Optional[TextId], UID),
    (Annotated[Optional[UUID], WithBsonSerializer(str)], UID),
    (Union[int, TextId], UID),
    (Union[int, TextId], 5),
    (Union[TextId, Annotated[int, WithBsonSerializer(str)]], 5),
    (Annotated[int, WithBsonSerializer(str)], 5),
    (Alias, 5),
    (Annotated[Named, WithBsonSerializer(str)], UID),
    (Annotated[float, WithBsonSerializer(str)], 1.5),
    (Annotated[float, WithBsonSerializer(lambda v: round(v * 100))], 1.5),
    (Annotated[date, WithBsonSerializer(midnight)], date(2020, 1, 2)),
    (Annotated[Decimal, WithBsonSerializer(str)], Decimal("1.50")),
    (Annotated[ObjectId, WithBsonSerializer(str)], OID),
    (Annotated[ObjectId, WithBsonSerializer(lambda oid: oid.binary)], OID),
    (Annotated[Colour, WithBsonSerializer(lambda c: c.name)], Colour.RED),
    (Annotated[Shade, WithBsonSerializer(lambda c: c.name)], Shade.DARK),
    (Annotated[list[int], WithBsonSerializer(joined)], [1, 2]),
    (Annotated[Plain, WithBsonSerializer(str)], Plain()),
    (list[TextId], [UID, UID]),
    (set[TextId], {UID}),
    (tuple[TextId, ...], (UID,)),
    (tuple[int, TextId], (1, UID)),
    (dict[str, TextId], {"a": UID}),
    (dict[int, int], {1: 2}),
    (dict[str, list[Optional[TextId]]], {"a": [UID, None]}),
    (list[Annotated[list[int], WithBsonSerializer(joined)]], [[1, 2], [3]]),
    (Tree, {"a": {"b": 1}}),
    (IPv4Address, IPv4Address("1.2.3.4")),
    (Fraction, Fraction(1, 3)),
    (list[IPv4Address], [IPv4Address("1.2.3.4")]),
    (Inner, Inner()),
    (list[Inner], [Inner(), Inner()]),
    (dict[str, Inner], {"a": Inner()}),
    (Plain, Plain()),
    (Pair, Pair()),
    (Decimal, Decimal("1.5")),
    (Colour, Colour.RED),
    (Shade, Shade.DARK),
    (Literal["a"], "a"),
    (Int64, 5),
    (Binary, b"x"),
    (datetime, datetime(2020, 1, 2)),
    (Any, {"a": [UID]}),
    (int, 5),
    (str, "5"),
    (Optional[str], None),
]


def _model(annotation: Any) -> Any:
    namespace = {"__annotations__": {"f": annotation}, "__module__": __name__}
    return type(Model)("Holder", (Model,), namespace)


def _operands(model: Any, value: Any) -> list[Any]:
    """The operand of every condition that takes one."""
    field = model.f
    conditions = [query.eq(field, value), query.ne(field, value), field == value, field != value]
    if "gt" in model.__odm_fields__["f"].__allowed_operators__:
        conditions += [field > value, field >= value, field < value, field <= value]
        conditions += [field.in_([value]), query.in_(field, (value,))]
        conditions += [field.not_in([value]), query.not_in(field, iter([value]))]
    operands = [next(iter(condition["f"].values())) for condition in conditions]
    operators = [next(iter(condition["f"])) for condition in conditions]
    return [
        operand[0] if operator in {"$in", "$nin"} else operand
        for operand, operator in zip(operands, operators, strict=True)
    ]


@pytest.mark.parametrize(("annotation", "value"), STORED)
def test_the_value_of_an_instance_finds_its_document(annotation: Any, value: Any) -> None:
    model = _model(annotation)
    instance = model(f=value)
    stored = instance.model_dump_doc()["f"]

    for operand in _operands(model, instance.f):
        assert operand == stored
        assert digest(operand) == digest(stored)


@pytest.mark.parametrize(
    ("annotation", "value", "stored"),
    [
        (list[TextId], UID, str(UID)),
        (set[TextId], UID, str(UID)),
        (tuple[int, TextId], UID, str(UID)),
        (list[ObjectId], HEX, OID),
        (list[Annotated[list[int], WithBsonSerializer(joined)]], [1, 2], "1,2"),
        (Optional[list[TextId]], UID, str(UID)),
        (list[Inner], Inner(), {"u": str(UID), "oid": OID}),
        (list[int], 5, 5),
        (Annotated[list[int], WithBsonSerializer(joined)], 5, 5),
    ],
)
def test_an_operand_may_be_an_item(annotation: Any, value: Any, stored: Any) -> None:
    assert _operands(_model(annotation), value)[0] == stored


@pytest.mark.parametrize(
    ("annotation", "operand"),
    [
        (Annotated[int, WithBsonSerializer(lambda v: v * 100)], 500),
        (Annotated[float, WithBsonSerializer(lambda v: v * 100)], 5.0),
        (Annotated[float, WithBsonSerializer(lambda v: v * 100)], 5),
        (Annotated[float, WithBsonSerializer(str)], 10**400),
        (Annotated[float, WithBsonSerializer(lambda v: round(v * 100))], 500),
        (Annotated[str, WithBsonSerializer(str.lower)], "Abc"),
        (Annotated[list[int], WithBsonSerializer(sorted)], [2, 1]),
        (Annotated[datetime, WithBsonSerializer(lambda d: d.replace(day=1))], datetime(2020, 1, 5)),
        (Annotated[date, WithBsonSerializer(midnight)], datetime(2020, 1, 2, 5)),
        (Annotated[int, WithBsonSerializer(str)], "5"),
        (Annotated[int, WithBsonSerializer(str)], True),
        (Annotated[int, WithBsonSerializer(str)], 5.5),
        (Annotated[Optional[int], WithBsonSerializer(lambda v: str(v + 1))], None),
        (TextId, str(UID)),
        (TextId, None),
        (Annotated[ObjectId, WithBsonSerializer(str)], HEX),
        (Annotated[ObjectId, WithBsonSerializer(lambda oid: oid.binary)], OID.binary),
        (Colour, "r"),
        (IPv4Address, "1.2.3.4"),
        (ObjectId, "no id"),
        (ObjectId, HEX[:-1]),
        (ObjectId, "ü" * 24),
        (ObjectId, 5),
        (ObjectId, None),
        (Union[ObjectId, str], HEX),
        (Union[str, ObjectId], HEX),
        (Union[ObjectId, bytes], OID.binary),
        (Any, HEX),
        (str, HEX),
        (list[str], HEX),
        (dict[str, TextId], 5),
    ],
)
def test_a_stored_form_stays(annotation: Any, operand: Any) -> None:
    for each in _operands(_model(annotation), operand):
        assert each == operand
        assert type(each) is type(operand)


@pytest.mark.parametrize("given", [HEX, HEX.upper(), OID.binary, OID, ObjectId(HEX)], ids=str)
@pytest.mark.parametrize(
    "annotation",
    [
        ObjectId,
        bson.ObjectId,
        Optional[ObjectId],
        Union[ObjectId, int],
        NewType("Key", bson.ObjectId),
        Annotated[ObjectId, Field()],
        Annotated[ObjectId, WithBsonSerializer(bson.ObjectId)],
    ],
)
def test_what_the_constructor_takes_is_an_object_id(annotation: Any, given: Any) -> None:
    for each in _operands(_model(annotation), given):
        assert each == OID
        assert isinstance(each, bson.ObjectId)


def test_several_ids_may_be_mixed() -> None:
    model = _model(ObjectId)

    assert model.id.in_([HEX, OID, "x"]) == {"_id": {"$in": [OID, OID, "x"]}}
    assert model.id.not_in({HEX: 1}) == {"_id": {"$nin": [OID]}}
    assert (model.f > HEX) == {"f": {"$gt": OID}}


class Badge(Model):
    number: TextId = Field(primary_field=True)


class Place(EmbeddedModel):
    badge: Badge = Reference(key_name="b")
    inner: Inner = Inner()


class Visit(Model):
    badge: Badge = Reference(key_name="b")
    seen: Place
    maybe: Optional[Inner] = None
    user: Badge = Reference()


class Follower(Model):
    leader: Visit = Reference()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Visit.badge == UID, {"b": {"$eq": str(UID)}}),
        (Visit.badge == str(UID), {"b": {"$eq": str(UID)}}),
        (Visit.badge == Badge(number=UID), {"b": {"$eq": str(UID)}}),
        (Visit.badge != UID, {"b": {"$ne": str(UID)}}),
        (Visit.badge.in_([UID, Badge(number=UID)]), {"b": {"$in": [str(UID)] * 2}}),
        (Visit.user.not_in([UID]), {"user": {"$nin": [str(UID)]}}),
        (Visit.seen.badge == UID, {"seen.b": {"$eq": str(UID)}}),
        (Visit.seen.inner.uid == UID, {"seen.inner.u": {"$eq": str(UID)}}),
        (Visit.seen.inner.oid == HEX, {"seen.inner.oid": {"$eq": OID}}),
        (Visit.maybe.uid > UID, {"maybe.u": {"$gt": str(UID)}}),
        (Visit.maybe.oid.in_([HEX]), {"maybe.oid": {"$in": [OID]}}),
        (Visit.maybe == Inner(), {"maybe": {"$eq": {"u": str(UID), "oid": OID}}}),
        (Badge.number == UID, {"_id": {"$eq": str(UID)}}),
        (Follower.leader == HEX, {"leader": {"$eq": OID}}),
        (Follower.leader.in_([HEX, OID]), {"leader": {"$in": [OID, OID]}}),
    ],
)
def test_references_and_paths_have_the_form_of_their_field(condition: Any, expected: Any) -> None:
    assert condition == expected


class Measured(Model):
    share: Optional[Fraction] = None

    @field_serializer("share")
    def _as_text(self, value: Optional[Fraction]) -> Any:
        return None if value is None else str(value)


def test_a_serialiser_of_the_class_counts_too() -> None:
    assert Measured(share=Fraction(1, 3)).model_dump_doc()["share"] == "1/3"
    assert (Measured.share == Fraction(1, 3)) == {"share": {"$eq": "1/3"}}
    assert (Measured.share == "1/3") == {"share": {"$eq": "1/3"}}
    assert (Measured.share == None) == {"share": {"$eq": None}}  # noqa: E711


def test_a_serialiser_that_refuses_a_value_is_heard() -> None:
    def refuse(value: int) -> str:
        raise RuntimeError(str(value))

    model = _model(Annotated[int, WithBsonSerializer(refuse)])
    with pytest.raises(RuntimeError, match="5"):
        _ = model.f == 5
    assert (model.f == "5") == {"f": {"$eq": "5"}}


def test_a_decimal_is_stored_as_ever() -> None:
    assert (_model(Decimal).f == Decimal("1.5")) == {"f": {"$eq": Decimal128("1.5")}}
    assert (_model(Decimal).f == 5) == {"f": {"$eq": 5}}


class Derived(Plain):
    secret: str = "s"


@dataclass(frozen=True)
class DerivedPair(Pair):
    secret: str = "s"


class Row(NamedTuple):
    plain: Plain
    number: int = 1


class Table(TypedDict):
    plain: Plain
    tables: list[Table]


class Root(RootModel[list[Plain]]):
    pass


class DerivedRoot(Root):
    pass


DERIVED = [
    (Plain, Derived()),
    (Optional[Plain], Derived()),
    (Union[int, Plain], Derived()),
    (list[Plain], [Derived()]),
    (list[list[Plain]], [[Derived()]]),
    (dict[str, Plain], {"a": Derived()}),
    (tuple[int, Plain], (1, Derived())),
    (Pair, DerivedPair()),
    (list[Pair], [DerivedPair()]),
    (dict[str, Optional[Pair]], {"a": DerivedPair(), "b": None}),
    (Row, Row(Derived())),
    (list[Row], [Row(Derived()), Row(Plain())]),
    (Table, {"plain": Derived(), "tables": [{"plain": Derived(), "tables": []}]}),
    (Root, DerivedRoot([Derived()])),
    (SerializeAsAny[Plain], Derived()),
]


@pytest.mark.parametrize(("annotation", "value"), DERIVED)
def test_an_object_of_a_derived_class_is_one_of_the_field(annotation: Any, value: Any) -> None:
    model = _model(annotation)
    stored = model(f=value).model_dump_doc()["f"]

    for operand in _operands(model, model(f=value).f):
        assert operand == stored


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(list[Plain], Derived()), (list[Pair], DerivedPair()), (list[Row], Row(Derived()))],
)
def test_an_item_of_a_derived_class_is_one_of_the_field(annotation: Any, value: Any) -> None:
    model = _model(annotation)
    (stored,) = model(f=[value]).model_dump_doc()["f"]

    assert all(operand == stored for operand in _operands(model, value))


Nested = TypeAliasType("Nested", "Union[list[Nested], int]")
Left = TypeAliasType("Left", "Union[list[Right], TextId]")
Right = TypeAliasType("Right", "Union[list[Left], None]")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (JsonValue, [1, {"a": [None]}]),
        (dict[str, JsonValue], {"a": [1, [2]]}),
        (list[JsonValue], [1, [2]]),
        (Nested, [1, [2, []]]),
        (Optional[Nested], [[[1]]]),
        (list[Nested], [[1], 2]),
        (Left, [[UID]]),
        (Left, []),
    ],
)
def test_types_may_hold_themselves(annotation: Any, value: Any) -> None:
    model = _model(annotation)
    stored = model(f=value).model_dump_doc()["f"]

    for operand in _operands(model, value):
        assert operand == stored
    for other in (1, "text", [], [[]], [[1], "text"]):
        assert all(operand == other for operand in _operands(model, other))
