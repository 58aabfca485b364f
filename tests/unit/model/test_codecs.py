"""Codecs of a program store and read values of a type wherever it is, and encode operands of queries."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import IPv4Address
from typing import (
    Annotated,
    Any,
    Dict,
    FrozenSet,
    Generic,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
    TypeVar,
    Union,
)
from uuid import UUID

import bson
import pytest
from bson import ObjectId
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import CodecOptions
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    RootModel,
    SecretStr,
    Strict,
    ValidationError,
)
from tests.unit.somewhere import dirty_fields, read_document
from typing_extensions import TypedDict

from odmantic import (
    BsonCodec,
    Datetimes,
    EmbeddedModel,
    Field,
    Model,
    Reference,
    WithBsonSerializer,
    register_codec,
    stored,
)
from odmantic._codec.decode import decode_document, validate_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError

T = TypeVar("T")
STANDARD = UuidRepresentation.STANDARD
CLIENTS = [
    CodecOptions(),
    CodecOptions(tz_aware=True),
    CodecOptions(uuid_representation=STANDARD),
]


class Money:
    """A class that pydantic has no schema for."""

    def __init__(self, amount: int, currency: str) -> None:
        self.amount = amount
        self.currency = currency

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"{self.amount} {self.currency}"


class Tip(Money):
    pass


def parse(text: str) -> Money:
    amount, currency = text.split()
    return Money(int(amount), currency)


CODEC = BsonCodec(repr, parse)
Price = Annotated[Money, CODEC]
TEN, TWO = Money(10, "EUR"), Money(2, "EUR")


def read_in_bulk(model: Any, document: Any) -> Any:
    found: list[Any] = []
    refused = mapping_of(model).codec.read_all([document], found.append, SOMEWHERE)
    return validate_document(model, refused) if refused is not None else found[0]


READERS = [decode_document, validate_document, read_in_bulk]


def assert_same_after_reading(instance: Any) -> dict[str, Any]:
    document: dict[str, Any] = instance.model_dump_doc()
    data = bson.encode(document, codec_options=CLIENTS[-1])
    for options in CLIENTS:
        for read in READERS:
            again = read(type(instance), bson.decode(data, options))
            assert again == instance
            assert repr(again) == repr(instance)
    return document


class Level(Enum):
    LOW = 1


class Line(EmbeddedModel):
    price: Price
    tip: Optional[Price] = Field(default=None, key_name="t")


class Plain(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    price: Price
    many: List[Price] = []


@dataclass
class Data:
    price: Price


class Row(NamedTuple):
    price: Price
    count: int = 1


class Keys(TypedDict):
    price: Price


class Root(RootModel[Any]):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    root: Price


class Shop(Model):
    model_config = {
        "arbitrary_types_allowed": True
    }  # for those of pydantic and the standard library
    price: Price
    maybe: Optional[Price] = None
    around: Annotated[Optional[Money], CODEC] = None
    many: List[Price] = []
    several: Set[Price] = set()
    unchanging: FrozenSet[Price] = frozenset()
    pair: Tuple[Price, int] = (TEN, 1)
    table: Dict[str, Price] = {}
    by_price: Dict[Price, int] = {}
    deep: Dict[str, List[Optional[Price]]] = {}
    either: Union[Price, int, None] = None
    other: Union[int, str, Price] = 0
    lists: Union[List[Price], List[int], None] = None
    line: Optional[Line] = None
    lines: List[Line] = []
    line_or_price: Union[Line, Price, None] = None
    plain: Optional[Plain] = None
    data: Optional[Data] = None
    row: Optional[Row] = None
    keys: Optional[Keys] = None
    root: Optional[Root] = None


FULL: dict[str, Any] = {
    "price": TEN,
    "maybe": TEN,
    "around": TEN,
    "many": [TEN, TWO],
    "several": {TEN},
    "unchanging": frozenset([TEN]),
    "pair": (TWO, 3),
    "table": {"a": TEN},
    "by_price": {TEN: 1, TWO: 2},
    "deep": {"a": [TEN, None]},
    "either": TEN,
    "other": "x",
    "lists": [TEN],
    "line": Line(price=TEN),
    "lines": [Line(price=TEN, tip=TWO)],
    "line_or_price": Line(price=TEN),
    "plain": Plain(price=TEN, many=[TWO]),
    "data": Data(price=TEN),
    "row": Row(price=TEN),
    "keys": {"price": TEN},
    "root": Root(TEN),
}


def test_the_codec_of_an_annotation_stores_values_at_any_depth():
    assert_same_after_reading(Shop(price=TEN))
    document = assert_same_after_reading(Shop(**FULL))
    del document["_id"]
    assert document == {
        "price": "10 EUR",
        "maybe": "10 EUR",
        "around": "10 EUR",
        "many": ["10 EUR", "2 EUR"],
        "several": ["10 EUR"],
        "unchanging": ["10 EUR"],
        "pair": ("2 EUR", 3),
        "table": {"a": "10 EUR"},
        "by_price": {"10 EUR": 1, "2 EUR": 2},
        "deep": {"a": ["10 EUR", None]},
        "either": "10 EUR",
        "other": "x",
        "lists": ["10 EUR"],
        "line": {"price": "10 EUR", "t": None},
        "lines": [{"price": "10 EUR", "t": "2 EUR"}],
        "line_or_price": {"price": "10 EUR", "t": None},
        "plain": {"price": "10 EUR", "many": ["2 EUR"]},
        "data": {"price": "10 EUR"},
        "row": ("10 EUR", 1),
        "keys": {"price": "10 EUR"},
        "root": "10 EUR",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("either", 3),
        ("other", TEN),
        ("lists", [1, 2]),
        ("lists", [TEN]),
        ("line_or_price", TWO),
    ],
)
def test_members_of_a_union_are_told_apart_by_what_they_store(field, value):
    shop = Shop(price=TEN, **{field: value})
    if field == "other":
        # Of two members that store the same, the first is read.
        assert Shop.model_validate_doc(shop.model_dump_doc()).other == "10 EUR"
    else:
        assert_same_after_reading(shop)


def test_a_class_leaves_what_a_codec_stores_as_a_document_to_the_codec():
    coded = Annotated[Money, BsonCodec(vars, lambda document: Money(**document))]

    class Tag(EmbeddedModel):
        text: str = ""

    class Label(BaseModel):
        text: str = ""

    class Item(Model):
        tag: Union[Tag, coded]
        label: Union[Label, int, coded] = 0
        many: List[Union[Tag, Label, coded]] = []

    assert_same_after_reading(Item(tag=TEN, label=TWO, many=[Tag(text="x"), TEN]))
    assert_same_after_reading(Item(tag=Tag(), label=Label()))

    # A document may have other keys than its class, which still reads it.
    found = read_document(Item, {"_id": ObjectId(), "tag": {"unknown": 1}})
    assert found.tag == Tag()


def test_pydantic_need_not_know_the_class():
    assert_same_after_reading(Priced(id=TEN))
    with pytest.raises(ValidationError, match="instance of Money"):
        Priced(id="10 EUR")


def test_a_change_in_place_is_saved():
    shop = Shop(**FULL)
    shop = read_document(Shop, shop.model_dump_doc())
    assert dirty_fields(shop) == set()
    shop.price.amount = 11
    shop.lines[0].price.amount = 12
    shop.plain.many.append(TEN)
    assert dirty_fields(shop) == {"price", "lines", "plain"}


@pytest.mark.parametrize(
    ("condition", "stored"),
    [
        (Shop.price == TEN, "10 EUR"),
        (Shop.price == "10 EUR", "10 EUR"),
        (Shop.price == Tip(1, "EUR"), "1 EUR"),
        (Shop.maybe == TEN, "10 EUR"),
        (Shop.maybe == None, None),  # noqa: E711 - a condition
        (Shop.around == TEN, "10 EUR"),
        (Shop.many == TEN, "10 EUR"),
        (Shop.many == [TEN, TWO], ["10 EUR", "2 EUR"]),
        (Shop.pair == (TEN, 1), ("10 EUR", 1)),
        (Shop.table == {"a": TEN}, {"a": "10 EUR"}),
        (Shop.by_price == {TEN: 1}, {"10 EUR": 1}),
        (Shop.deep == {"a": [TEN, None]}, {"a": ["10 EUR", None]}),
        (Shop.either == TEN, "10 EUR"),
        (Shop.either == 3, 3),
        (Shop.line == Line(price=TEN), {"price": "10 EUR", "t": None}),
        (Shop.plain == Plain(price=TEN), {"price": "10 EUR", "many": []}),
        (Shop.data == Data(price=TEN), {"price": "10 EUR"}),
        (Shop.keys == {"price": TEN}, {"price": "10 EUR"}),
    ],
)
def test_operands_that_are_values_of_the_type_are_encoded(condition, stored):
    ((_, comparison),) = condition.items()
    assert comparison == {"$eq": stored}


def test_operands_of_paths_and_lists_are_encoded():
    assert (Shop.line.tip == TEN) == {"line.t": {"$eq": "10 EUR"}}
    assert Shop.price.in_([TEN, "2 EUR"]) == {"price": {"$in": ["10 EUR", "2 EUR"]}}


class Priced(Model):
    id: Price = Field(primary_field=True)


class Order(Model):
    of: Priced = Reference()


def test_a_primary_key_and_references_to_it_are_encoded():
    order = Order(of=Priced(id=TEN))
    assert order.of.model_dump_doc() == {"_id": "10 EUR"}
    assert order.model_dump_doc()["of"] == "10 EUR"
    assert (Order.of == order.of) == (Order.of == TEN) == {"of": {"$eq": "10 EUR"}}
    assert_same_after_reading(order.of)


# --- Problems ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "loc"),
    [
        ({"price": "bad"}, ("price",)),
        ({"maybe": "bad"}, ("maybe",)),
        ({"many": ["1 EUR", "bad"]}, ("many", "[1]")),
        ({"table": {"a": "bad"}}, ("table", '["a"]')),
        ({"by_price": {"bad": 1}}, ("by_price", '["bad"]')),
        ({"line": {"price": "1 EUR", "t": "bad"}}, ("line", "tip")),
        ({"plain": {"price": "1 EUR", "many": ["bad"]}}, ("plain", "many", "[0]")),
    ],
)
@pytest.mark.parametrize("read", READERS)
def test_an_exception_in_decode_is_a_parsing_error_at_its_location(read, changed, loc):
    document = {"_id": ObjectId(), "price": "10 EUR", **changed}
    with pytest.raises(DocumentParsingError, match="The codec failed with ValueError") as info:
        read(Shop, document)
    (line,) = info.value.inner.errors()
    assert (line["loc"], line["type"]) == (loc, "odmantic::codec_failed")
    assert document == {"_id": document["_id"], "price": "10 EUR", **changed}


class Wrong(Model):
    number: Annotated[int, BsonCodec(lambda number: {number}, lambda stored: stored)]


class Large(Model):
    number: Annotated[int, BsonCodec(lambda number: [number**9], lambda stored: stored[0])]


class Failing(Model):
    number: Annotated[int, BsonCodec(lambda number: 1 // number)]


class Unreadable(Model):
    numbers: Annotated[List[int], BsonCodec(repr, lambda text: text.missing)]


class NoText(Model):
    by_number: Dict[Annotated[int, BsonCodec(lambda number: number)], int]


@pytest.mark.parametrize(
    ("instance", "reason"),
    [
        (Wrong(number=1), "the codec of int gives a set that BSON has no form for"),
        (Large(number=10**5), "gives a list that BSON has no form for"),
        (Failing(number=0), "fails to encode it with ZeroDivisionError"),
        (NoText(by_number={1: 1}), "the codec of the key 1 gives a int, and keys are text"),
        (Unreadable(numbers=[1]), "no attribute 'missing'"),
    ],
)
def test_what_could_not_be_stored_or_read_is_refused(instance, reason):
    cls = type(instance).__name__
    with pytest.raises(InvalidDocumentError, match=reason) as info:
        instance.model_dump_doc()
    assert cls in str(info.value)


def test_a_value_of_another_class_is_refused():
    shop = Shop(price=TEN)
    shop.many.append("10 EUR")  # type: ignore[arg-type]
    with pytest.raises(InvalidDocumentError, match=r"field 'many' of Shop.*instance of Money"):
        shop.model_dump_doc()


def test_two_keys_with_one_text_are_refused():
    class Lossy(Model):
        by_number: Dict[Annotated[int, BsonCodec(lambda number: "one", lambda text: 1)], int]

    with pytest.raises(InvalidDocumentError, match="are both stored as 'one'"):
        Lossy(by_number={1: 1, 2: 2}).model_dump_doc()


@pytest.mark.parametrize(("encode", "decode"), [(None, None), (str, "int")])
def test_a_codec_is_made_of_functions(encode, decode):
    with pytest.raises(TypeError, match="of a BsonCodec has to be a function"):
        BsonCodec(encode, decode)


# --- Validation --------------------------------------------------------------------------------


def test_without_decode_validation_reads_what_is_stored():
    class Log(Model):
        number: Annotated[int, BsonCodec(str)] = 1
        several: Annotated[List[int], BsonCodec(lambda many: tuple(map(str, many)))] = []
        exact: Annotated[Decimal, BsonCodec(str)] = Decimal("0." + "1" * 40)
        maybe: Optional[Annotated[int, BsonCodec(str)]] = None

    document = assert_same_after_reading(Log(several=[1], maybe=2))
    assert (document["number"], document["several"], document["maybe"]) == ("1", ("1",), "2")
    assert document["exact"] == "0." + "1" * 40


def test_decode_comes_before_the_validators_of_the_type():
    seen: list[Any] = []

    def note(value: Any) -> Any:
        seen.append(value)
        return value

    class Log(Model):
        price: Annotated[Money, BeforeValidator(note), CODEC, AfterValidator(note)]

    data = bson.encode(Log(price=TEN).model_dump_doc())
    seen.clear()
    assert Log.model_validate_doc(bson.decode(data)).price == TEN
    assert seen == [TEN, TEN]


def test_none_passes_by_only_where_the_type_has_it():
    def as_list(value: Any) -> List[Any]:
        return [value]

    class Log(Model):
        maybe: Annotated[Optional[int], BsonCodec(as_list, lambda stored: stored[0])]
        anything: Annotated[Any, BsonCodec(as_list, lambda stored: stored[0])]

    document = assert_same_after_reading(Log(maybe=None, anything=None))
    assert (document["maybe"], document["anything"]) == (None, [None])
    assert (Log.maybe == None) == {"maybe": {"$eq": None}}  # noqa: E711 - a condition
    assert (Log.anything == 1) == {"anything": {"$eq": [1]}}


def test_defaults_for_missing_keys_are_values_and_not_decoded():
    class Log(Model):
        number: Annotated[
            int, BsonCodec(lambda number: number * 10, lambda stored: stored // 10)
        ] = 30
        price: Price = TEN
        maybe: Optional[Price] = None

    for read in READERS:
        log = read(Log, {"_id": ObjectId()})
        assert (log.number, log.price, log.maybe) == (30, TEN, None)


def test_types_with_a_form_are_stored_by_their_codec():
    two_hours = timezone(timedelta(hours=2))

    class Log(Model):
        at: Annotated[datetime, BsonCodec(datetime.isoformat, datetime.fromisoformat)]
        utc: Annotated[
            datetime, Datetimes("aware"), BsonCodec(datetime.isoformat, datetime.fromisoformat)
        ]
        day: Annotated[date, BsonCodec(date.toordinal, date.fromordinal)]
        exact: Annotated[Decimal, BsonCodec(str, Decimal)]
        number: Annotated[int, BsonCodec(str, int)]
        level: Annotated[Level, BsonCodec(lambda level: level.name, lambda name: Level[name])]
        secret: Annotated[
            SecretStr,
            BsonCodec(lambda secret: secret.get_secret_value()[::-1], lambda s: SecretStr(s[::-1])),
        ]
        key: Annotated[ObjectId, BsonCodec(str, ObjectId)]
        line: Annotated[
            Line, BsonCodec(lambda line: repr(line.price), lambda t: Line(price=parse(t)))
        ]

    at = datetime(2024, 1, 1, 12, 0, 0, 123456, tzinfo=two_hours)
    exact = Decimal("1." + "3" * 50)
    key = ObjectId()
    log = Log(
        at=at,
        utc=at,
        day=date(1, 1, 2),
        exact=exact,
        number=1,
        level=Level.LOW,
        secret=SecretStr("abc"),
        key=key,
        line=Line(price=TEN),
    )
    assert log.at.utcoffset() == timedelta(hours=2)
    document = assert_same_after_reading(log)
    del document["_id"]
    assert document == {
        "at": "2024-01-01T12:00:00.123456+02:00",
        "utc": "2024-01-01T10:00:00.123000+00:00",
        "day": 2,
        "exact": str(exact),
        "number": "1",
        "level": "LOW",
        "secret": "cba",
        "key": str(key),
        "line": "10 EUR",
    }
    assert (Log.day == date(1, 1, 2)) == {"day": {"$eq": 2}}
    assert (Log.number == True) == {"number": {"$eq": True}}  # noqa: E712 - no int for a query
    assert (Log.line == Line(price=TEN)) == {"line": {"$eq": "10 EUR"}}
    assert (Log.level == Level.LOW) == {"level": {"$eq": "LOW"}}


def test_a_datetime_given_for_a_date_is_a_stored_form():
    class Log(Model):
        day: Annotated[
            date, BsonCodec(lambda day: datetime(day.year, day.month, day.day), datetime.date)
        ]

    noon = datetime(2024, 1, 1, 12)
    assert (Log.day == date(2024, 1, 1)) == {"day": {"$eq": datetime(2024, 1, 1)}}
    assert (Log.day > noon) == {"day": {"$gt": noon}}


def test_codecs_see_uuids_and_utc_whatever_the_client():
    seen: list[Any] = []

    def decode(stored: Any) -> bytes:
        seen.append(stored)
        return bytes(stored)

    codec = BsonCodec(lambda data: Binary(data, 5), decode)

    class Log(Model):
        text: Annotated[str, BsonCodec(UUID, str)]
        raw: Annotated[bytes, codec]

    log = Log(text=str(UUID(int=5)), raw=b"a")
    assert assert_same_after_reading(log)["text"] == UUID(int=5)
    assert {type(each) for each in seen} == {Binary}


def test_codecs_see_plain_integers():
    class Log(Model):
        address: Annotated[IPv4Address, BsonCodec(int, IPv4Address)]

    log = read_document(Log, bson.decode(bson.encode(Log(address="255.0.0.1").model_dump_doc())))
    assert type(int(log.address)) is int
    assert dirty_fields(log) == set()
    assert assert_same_after_reading(log)["address"] == 0xFF000001


def test_strict_classes_read_what_codecs_gave():
    class Log(Model, strict=True):
        price: Price
        number: Annotated[int, BsonCodec(str, int)] = 1
        undecoded: Annotated[int, BsonCodec(str)] = 1
        several: Annotated[Set[Price], Strict()] = set()
        by_price: Dict[Price, int] = {}

    assert_same_after_reading(Log(price=TEN, several={TEN}, by_price={TEN: 1}))


def test_model_update_and_assignment_take_values():
    shop = Shop(price=TEN)
    shop.model_update(price=TWO, lines=[{"price": TEN}])
    shop.maybe = TEN
    assert (shop.price, shop.lines, shop.maybe) == (TWO, [Line(price=TEN)], TEN)


def test_instances_with_codecs_are_copied_and_pickled():
    shop = pickle.loads(pickle.dumps(Shop(**FULL)))
    assert shop == Shop(**{**FULL, "id": shop.id})
    assert shop.model_copy().model_dump_doc() == shop.model_dump_doc()


# --- Codecs of a class -------------------------------------------------------------------------


class Priceless(EmbeddedModel):
    model_config = {"arbitrary_types_allowed": True}
    price: Any = None


class Bare(BaseModel):
    exact: Decimal


class Tariff(Model):
    model_config = {"codecs": {Money: CODEC, Decimal: BsonCodec(str, Decimal)}, "extra": "allow"}
    price: Money
    many: List[Money] = []
    by_price: Dict[Money, Optional[Money]] = {}
    exact: Decimal = Decimal("1." + "3" * 50)
    stored: Annotated[
        Decimal,
        WithBsonSerializer(lambda value: [str(value)]),
        BeforeValidator(lambda v: v[0] if isinstance(v, list) else v),
    ] = Decimal(1)
    own: Annotated[
        Money, BsonCodec(lambda money: money.amount, lambda stored: Money(stored, "EUR"))
    ] = TEN
    anything: Any = None
    bare: List[Any] = []
    plain: Optional[Bare] = None
    inner: Optional[Priceless] = None


def test_the_codecs_of_a_class_are_for_all_of_its_fields():
    tariff = Tariff(price=TEN, many=[TEN], by_price={TEN: TWO}, plain=Bare(exact=Decimal("1.5")))
    document = assert_same_after_reading(tariff)
    assert (document["price"], document["many"]) == ("10 EUR", ["10 EUR"])
    assert document["by_price"] == {"10 EUR": "2 EUR"}
    assert document["exact"] == "1." + "3" * 50
    assert (document["stored"], document["own"]) == (["1"], 10)
    assert document["plain"] == {"exact": "1.5"}
    assert (Tariff.price == TEN) == {"price": {"$eq": "10 EUR"}}
    assert (Tariff.own == TEN) == {"own": {"$eq": 10}}


def test_the_codecs_of_a_class_store_values_of_no_declared_type():
    tariff = Tariff(price=TEN, anything={"a": [TEN]}, bare=[TEN, Bare(exact=Decimal(1))], more=TEN)  # type: ignore[call-arg]
    document = tariff.model_dump_doc()
    assert document["anything"] == {"a": ["10 EUR"]}
    assert document["bare"] == ["10 EUR", {"exact": "1"}]
    assert document["more"] == "10 EUR"
    assert (Tariff.anything == TEN) == {"anything": {"$eq": "10 EUR"}}
    tariff = read_document(Tariff, document)
    assert tariff.anything == {"a": ["10 EUR"]}
    tariff.anything["a"].append(TEN)
    assert dirty_fields(tariff) == {"anything"}


def test_the_codecs_of_a_class_are_not_those_of_embedded_models():
    tariff = Tariff(price=TEN, inner=Priceless(price=Decimal(1)))
    assert tariff.model_dump_doc()["inner"] == {"price": bson.Decimal128("1")}


class Invoice(Model):
    model_config = {"codecs": {Money: CODEC}}
    cents: int

    @stored()
    @property
    def total(self) -> Money:
        return Money(self.cents, "ct")

    @stored()
    @property
    def share(self) -> Annotated[Fraction, BsonCodec(str, Fraction)]:
        return Fraction(self.cents, 3)


def test_stored_properties_go_through_codecs():
    document = Invoice(cents=1).model_dump_doc()
    assert (document["total"], document["share"]) == ("1 ct", "1/3")
    assert (Invoice.total == Money(1, "ct")) == {"total": {"$eq": "1 ct"}}
    assert (Invoice.share == Fraction(1, 3)) == {"share": {"$eq": "1/3"}}


class Base(Model):
    model_config = {"inheritance": "abstract", "codecs": {Money: CODEC}}
    price: Money


class Derived(Base):
    model_config = {"codecs": {Fraction: BsonCodec(str, Fraction)}}
    share: Fraction
    other: Money


class Again(Base):
    model_config = {
        "codecs": {Money: BsonCodec(lambda money: money.amount, lambda n: Money(n, "EUR"))}
    }


def test_the_codecs_of_a_class_are_inherited_one_by_one():
    document = assert_same_after_reading(Derived(price=TEN, share=Fraction(1, 3), other=TWO))
    assert (document["price"], document["share"], document["other"]) == ("10 EUR", "1/3", "2 EUR")
    assert assert_same_after_reading(Again(price=TEN))["price"] == 10


class Of(Model, Generic[T]):
    model_config = {"codecs": {Money: CODEC}}
    it: T
    many: List[T] = []


def test_arguments_of_a_generic_model_go_through_its_codecs():
    document = assert_same_after_reading(Of[Money](it=TEN, many=[TWO]))
    assert (document["it"], document["many"]) == ("10 EUR", ["2 EUR"])


def test_forward_references_go_through_codecs():
    class Later(Model):
        model_config = {"codecs": {Money: CODEC}}
        price: "Cost"
        maybe: "Optional[Cost]" = None

    Cost = Money  # noqa: N806 - the name of a class
    assert_same_after_reading(Later(price=TEN, maybe=TEN))


class Typed(Model):
    model_config = {"extra": "allow", "codecs": {Money: CODEC}}
    __pydantic_extra__: Dict[str, List[Money]]


def test_typed_extras_go_through_codecs():
    document = assert_same_after_reading(Typed(one=[TEN]))  # type: ignore[call-arg]
    assert document["one"] == ["10 EUR"]


@pytest.mark.parametrize("codecs", [[CODEC], {"Money": CODEC}, {Money: repr}])
def test_wrong_codecs_of_a_class_are_refused(codecs):
    with pytest.raises(ValueError, match="'Log': codecs"):

        class Log(Model):
            model_config = {"codecs": codecs}


# --- Codecs of a program -----------------------------------------------------------------------


def of_its_own() -> Any:
    """Return a class that no other test registers."""

    class Mark:
        def __init__(self, value: Any) -> None:
            self.value = value

        def __eq__(self, other: object) -> bool:
            return type(other) is type(self) and other.value == self.value

        def __hash__(self) -> int:
            return hash(self.value)

        def __repr__(self) -> str:
            return f"Mark({self.value})"

    return Mark


def codec_of(cls: Any) -> BsonCodec[Any]:
    return BsonCodec(lambda mark: mark.value, cls)


def test_a_registered_codec_is_for_all_later_models():
    mark = of_its_own()
    register_codec(mark, codec_of(mark))

    class Inner(EmbeddedModel):
        it: mark

    class Log(Model):
        model_config = {"extra": "allow"}
        it: mark
        many: List[mark] = []
        inner: Inner
        anything: Any = None

    log = Log(it=mark(1), many=[mark(2)], inner=Inner(it=mark(3)))
    document = assert_same_after_reading(log)
    assert (document["it"], document["many"], document["inner"]) == (1, [2], {"it": 3})
    assert (Log.it == mark(1)) == {"it": {"$eq": 1}}
    assert (Log.anything == [mark(1)]) == {"anything": {"$eq": [1]}}
    log = Log(it=mark(1), inner=Inner(it=mark(3)), anything=[mark(5)], more=mark(6))
    document = log.model_dump_doc()
    assert (document["anything"], document["more"]) == ([5], 6)


def test_codecs_nearer_to_a_field_go_before_a_registered_one():
    mark = of_its_own()
    register_codec(mark, codec_of(mark))

    listed = BsonCodec(lambda one: [one.value], lambda stored: mark(stored[0]))
    as_document = BsonCodec(lambda one: {"v": one.value}, lambda stored: mark(stored["v"]))

    class Log(Model):
        model_config = {"codecs": {mark: listed}}
        here: Annotated[mark, as_document]
        there: mark

    document = assert_same_after_reading(Log(here=mark(1), there=mark(2)))
    assert (document["here"], document["there"]) == ({"v": 1}, [2])


def test_a_registered_codec_may_be_for_derived_classes():
    mark = of_its_own()
    derived: Any = type("Derived", (mark,), {})
    with_own: Any = type("WithOwn", (mark,), {})
    register_codec(mark, codec_of(mark), subclasses=True)
    register_codec(with_own, BsonCodec(lambda one: [one.value], lambda s: with_own(s[0])))

    class Log(Model):
        own: with_own
        anything: Any = None

    document = Log(own=with_own(1), anything=[derived(2), with_own(3)]).model_dump_doc()
    assert (document["own"], document["anything"]) == ([1], [2, [3]])


def test_derived_classes_are_left_alone_without_that_word():
    mark = of_its_own()
    register_codec(mark, codec_of(mark))
    derived: Any = type("Derived", (mark,), {})

    class Log(Model):
        anything: Any = None

    value = derived(2)
    assert Log(anything=value).model_dump_doc()["anything"] is value


def test_a_subclass_of_a_bson_type_can_have_a_registered_codec():
    class Temperature(float):
        pass

    register_codec(
        Temperature, BsonCodec(lambda one: f"{float(one)} C", lambda s: Temperature(s[:-2]))
    )

    class Log(Model):
        now: Temperature
        anything: Any = None

    log = Log.model_validate_doc(Log(now=Temperature(1), anything=Temperature(2)).model_dump_doc())
    assert type(log.now) is Temperature
    assert log.anything == "2.0 C"


def test_a_class_that_a_model_uses_is_refused():
    mark = of_its_own()

    class Nested(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        it: Optional[mark] = None

    class Account(Model):
        nested: List[Nested] = []

    with pytest.raises(
        RuntimeError, match="Mark cannot get a codec any more, because Account uses"
    ):
        register_codec(mark, codec_of(mark))
    base: Any = type("Base", (), {})
    derived: Any = type("Derived", (base,), {})

    class Ledger(Model):
        model_config = {"arbitrary_types_allowed": True}
        it: Optional[derived] = None

    with pytest.raises(RuntimeError, match="Base cannot get a codec any more, because Ledger uses"):
        register_codec(base, codec_of(base), subclasses=True)
    register_codec(base, codec_of(base))
    del Account, Ledger


def test_a_class_that_a_model_uses_elsewhere_is_refused():
    extra, result = of_its_own(), of_its_own()

    class Open(Model):
        model_config = {"extra": "allow", "arbitrary_types_allowed": True}
        __pydantic_extra__: Dict[str, extra]

    class Computing(Model):
        model_config = {"arbitrary_types_allowed": True}

        @stored()
        @property
        def mark(self) -> result:
            return result(1)

    for cls, user in ((extra, Open), (result, Computing)):
        with pytest.raises(RuntimeError, match=f"because {user.__name__} uses it"):
            register_codec(cls, codec_of(cls))


def test_registering_the_same_again_changes_nothing():
    mark = of_its_own()
    codec = codec_of(mark)
    register_codec(mark, codec)

    class Log(Model):
        it: mark

    register_codec(mark, codec)
    with pytest.raises(RuntimeError):
        register_codec(mark, codec_of(mark))
    assert_same_after_reading(Log(it=mark(1)))


@pytest.mark.parametrize("cls", [Shop, Model, "Money", List[int]])
def test_only_a_class_that_is_no_model_can_be_registered(cls):
    with pytest.raises(TypeError, match="takes a class that is no model"):
        register_codec(cls, CODEC)


def test_only_a_codec_can_be_registered():
    with pytest.raises(TypeError, match="takes a BsonCodec for Mark"):
        register_codec(of_its_own(), repr)  # type: ignore[arg-type]


def test_a_reference_cannot_have_a_codec():
    with pytest.raises(TypeError, match="Reference\\(\\)"):

        class Log(Model):
            of: Annotated[Priced, BsonCodec(repr, parse)] = Reference()


class Loose(BaseModel):
    size: int = 0


@dataclass
class Leaf:
    number: int


def test_what_a_codec_stored_is_read_where_another_member_would_claim_it_of_any() -> None:
    leaves = BsonCodec(lambda leaf: {"n": leaf.number}, lambda stored: Leaf(stored["n"]))

    class Holder(Model):
        value: Union[Loose, Any, Leaf]
        model_config = {"codecs": {Leaf: leaves}}

    for value in (Leaf(1), Loose(size=1)):
        holder = Holder(value=value)
        document = holder.model_dump_doc()

        assert decode_document(Holder, document) == validate_document(Holder, document) == holder
