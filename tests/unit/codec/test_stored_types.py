"""Types that BSON has no type for: what is stored for a value, wherever it is, and what is read from that."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from io import BytesIO
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypeVar,
    Union,
)
from uuid import UUID
from zoneinfo import ZoneInfo

import annotated_types
import bson
import pydantic
import pytest
from bson.binary import Binary
from bson.codec_options import CodecOptions
from pydantic import (
    AnyUrl,
    BaseModel,
    BeforeValidator,
    FileUrl,
    FutureDate,
    HttpUrl,
    IPvAnyAddress,
    MongoDsn,
    PastDate,
    PlainSerializer,
    PostgresDsn,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    Strict,
    TypeAdapter,
    field_serializer,
    field_validator,
)
from pydantic_core import core_schema
from tests.unit.somewhere import a_write, dirty_fields, read_document
from typing_extensions import TypeAliasType, TypedDict

from odmantic._bson.conversions import with_binary_uuids
from odmantic._bson.forms import FORMS, form_of
from odmantic._codec.encode import encode_field, encode_value
from odmantic._codec.operands import encode_operand
from odmantic._plan.save import plan_save
from odmantic.bson import WithBsonSerializer
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model

UTC = timezone.utc
KEY = UUID("b30c3f92-9e37-460f-8035-a2c27e41b643")
DAY = date(2024, 2, 29)
MIDNIGHT = datetime(2024, 2, 29)
HOME = ZoneInfo("America/New_York")

TYPES: list[tuple[Any, Any, Any]] = [
    (date, DAY, MIDNIGHT),
    (date, date(1, 1, 3), datetime(1, 1, 3)),
    (date, date(9999, 12, 28), datetime(9999, 12, 28)),
    (PastDate, DAY, MIDNIGHT),
    (FutureDate, date(9999, 1, 1), datetime(9999, 1, 1)),
    (time, time(8, 30), "08:30:00"),
    (time, time(8, 30, 1, 5), "08:30:01.000005"),
    (time, time(8, 30, tzinfo=UTC), "08:30:00+00:00"),
    (timedelta, timedelta(hours=1), 3600.0),
    (timedelta, timedelta(microseconds=-1), -0.000001),
    (timedelta, timedelta(days=98_000, microseconds=1), 8467200000.000001),
    (Path, Path("a/b"), "a/b"),
    (Path, Path(), "."),
    (PurePath, PurePath("/a"), "/a"),
    (PurePosixPath, PurePosixPath("a"), "a"),
    (PureWindowsPath, PureWindowsPath("C:/a"), "C:\\a"),
    (IPv4Address, IPv4Address("10.0.0.1"), "10.0.0.1"),
    (IPv6Address, IPv6Address("::1"), "::1"),
    (IPv4Interface, IPv4Interface("10.0.0.1/24"), "10.0.0.1/24"),
    (IPv6Interface, IPv6Interface("::1/64"), "::1/64"),
    (IPv4Network, IPv4Network("10.0.0.0/24"), "10.0.0.0/24"),
    (IPv6Network, IPv6Network("fe80::/64"), "fe80::/64"),
    (IPvAnyAddress, IPv6Address("::1"), "::1"),
    (AnyUrl, AnyUrl("s3://bucket/key"), "s3://bucket/key"),
    (HttpUrl, HttpUrl("http://münchen.de/ä?b#c"), "http://xn--mnchen-3ya.de/%C3%A4?b#c"),
    (FileUrl, FileUrl("file:///a"), "file:///a"),
    (PostgresDsn, PostgresDsn("postgres://u:p@a,b/c"), "postgres://u:p@a,b/c"),
    (MongoDsn, MongoDsn("mongodb://a/b"), "mongodb://a:27017/b"),
    (ZoneInfo, HOME, "America/New_York"),
    (complex, 1.5 - 2j, "1.5-2j"),
    (complex, complex(1e300, float("inf")), f"{10**300}+infj"),
    (Fraction, Fraction(-1, 3), "-1/3"),
    (SecretStr, SecretStr("hush"), "hush"),
    (SecretBytes, SecretBytes(b"\xff"), b"\xff"),
]
"""Type, value, stored form."""
IDS = [f"{value!r:.30}" for _, value, _ in TYPES]

CLIENTS = [
    CodecOptions(),
    CodecOptions(tz_aware=True),
    CodecOptions(tz_aware=True, tzinfo=HOME),
]


def open_zone() -> Any:
    return BytesIO(
        b"TZif"
        + bytes(16)
        + bytes(3)
        + b"\0"
        + bytes(3)
        + b"\0"
        + bytes(8)
        + bytes(3)
        + b"\1"
        + bytes(3)
        + b"\4"
        + bytes(6)
        + b"UTC\0"
    )


def model_of(annotation: Any, **body: Any) -> Any:
    annotations = {"x": annotation}
    return type(Model)(
        "Ship", (Model,), {"__module__": __name__, "__annotations__": annotations, **body}
    )


def stored_by(one: Any) -> Any:
    """Store an instance by both ways; they have to agree."""
    plan = plan_save(one, {"id", "x"}, a_write())
    assert plan is not None
    stored = plan.document["x"]
    slowly = encode_field(one, "x")
    assert stored == slowly
    assert type(stored) is type(slowly)
    return stored


def check_round_trip(cls: Any, value: Any, stored: Any) -> None:
    one = cls(x=value)
    found = stored_by(one)
    assert is_same(found, stored)
    raw = bson.encode({"_id": one.id, "x": found})
    for options in CLIENTS:
        document: Any = bson.decode(raw, options)
        quickly = read_document(cls, document)
        slowly = cls.model_validate_doc(document)
        assert is_same(quickly.x, one.x)
        assert is_same(slowly.x, one.x)
        assert dirty_fields(quickly) == set()
        quickly.x = one.x
        assert is_same(stored_by(quickly), stored)


def is_same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, BaseModel) or dataclasses.is_dataclass(one):
        return is_same(vars(one), vars(other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


@pytest.mark.parametrize(("annotation", "value", "stored"), TYPES, ids=IDS)
def test_each_type_has_a_form_that_is_read_again(annotation: Any, value: Any, stored: Any) -> None:
    for each in (annotation, Optional[annotation]):
        check_round_trip(model_of(each), value, stored)
    check_round_trip(model_of(annotation, model_config={"strict": True}), value, stored)
    # Pydantic has no strictness for schemas that are functions.
    if annotation not in (IPvAnyAddress, ZoneInfo):
        check_round_trip(model_of(Annotated[annotation, Strict()]), value, stored)
    check_round_trip(model_of(Optional[annotation]), None, None)


@pytest.mark.parametrize(("annotation", "value", "stored"), TYPES, ids=IDS)
def test_each_type_can_be_in_containers(annotation: Any, value: Any, stored: Any) -> None:
    check_round_trip(model_of(list[annotation]), [value], [stored])
    check_round_trip(model_of(tuple[annotation, int]), (value, 1), (stored, 1))
    check_round_trip(model_of(tuple[annotation, ...]), (value,), (stored,))
    check_round_trip(model_of(dict[str, annotation]), {"a": value}, {"a": stored})
    check_round_trip(
        model_of(dict[str, list[Optional[annotation]]]), {"a": [value, None]}, {"a": [stored, None]}
    )
    check_round_trip(model_of(set[annotation]), {value}, [stored])
    check_round_trip(model_of(frozenset[annotation]), frozenset([value]), [stored])


@pytest.mark.parametrize(("annotation", "value", "stored"), TYPES, ids=IDS)
def test_each_type_can_be_in_objects(annotation: Any, value: Any, stored: Any) -> None:
    def body(*bases: Any) -> Any:
        namespace = {"__module__": __name__, "__annotations__": {"y": annotation}}
        return type(bases[0])("Inner", bases, namespace)

    embedded: Any = body(EmbeddedModel)
    plain: Any = body(BaseModel)
    strict: Any = pydantic.create_model("Inner", __config__={"strict": True}, y=(annotation, ...))
    data: Any = dataclasses.make_dataclass("Inner", [("y", annotation)])
    keys: Any = TypedDict("Inner", {"y": annotation})  # type: ignore[misc]
    for cls in (embedded, plain, strict, data, keys):
        check_round_trip(model_of(cls), cls(y=value), {"y": stored})
        check_round_trip(model_of(list[cls]), [cls(y=value)], [{"y": stored}])


@pytest.mark.parametrize(("annotation", "value", "stored"), TYPES, ids=IDS)
def test_each_type_can_be_in_what_has_no_type(annotation: Any, value: Any, stored: Any) -> None:
    one = model_of(Any, model_config={"extra": "allow"})(x={"a": [value]}, more=value)
    assert is_same(stored_by(one), {"a": [stored]})
    assert is_same(one.model_dump_doc()["more"], stored)
    assert is_same(stored_by(model_of(list)(x=[value])), [stored])
    assert is_same(stored_by(model_of(dict)(x={"a": value})), {"a": stored})


@pytest.mark.parametrize(("annotation", "value", "stored"), TYPES, ids=IDS)
def test_each_type_is_an_operand(annotation: Any, value: Any, stored: Any) -> None:
    cls = model_of(annotation)
    for operator in ("eq", "ne", "gte", "lt"):
        assert is_same(dict(getattr(cls.x, operator)(value)), {"x": {f"${operator}": stored}})
    assert is_same(dict(cls.x.in_([value, stored])), {"x": {"$in": [stored, stored]}})
    many = model_of(list[annotation])
    assert is_same(dict(many.x.eq([value])), {"x": {"$eq": [stored]}})
    assert is_same(encode_operand(cls.__odm_fields__["x"], value), stored)
    assert is_same(encode_value({"a": [value]}), {"a": [stored]})


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (timedelta, timedelta(days=98_616)),
        (timedelta, timedelta.min),
        (time, time(8, tzinfo=HOME)),
        (ZoneInfo, ZoneInfo.from_file(open_zone())),
    ],
)
def test_what_could_not_be_read_again_is_left_to_the_driver_which_refuses_it(
    annotation: Any, value: Any
) -> None:
    for each in (annotation, Optional[annotation], Any):
        stored = stored_by(model_of(each)(x=value))
        assert stored is value
        with pytest.raises(bson.errors.InvalidDocument):
            bson.encode({"x": stored})


@pytest.mark.parametrize(
    ("annotation", "stored", "problem"),
    [
        (date, datetime(2024, 1, 1, 1), "zero time"),
        (date, datetime(2024, 1, 1, tzinfo=UTC).replace(microsecond=1000), "zero time"),
        (IPv4Address, "fe80::/64", "valid IPv4"),
        (timedelta, float("inf"), "valid timedelta"),
        (time, "eight", "valid time|input"),
        (ZoneInfo, "Nowhere/At all", "timezone"),
        (HttpUrl, "ftp://a.b", "scheme"),
    ],
)
def test_what_is_no_stored_form_is_an_error_of_pydantic(
    annotation: Any, stored: Any, problem: str
) -> None:
    cls = model_of(annotation)
    with pytest.raises(DocumentParsingError, match=problem):
        read_document(cls, {"_id": bson.ObjectId(), "x": stored})


@pytest.mark.parametrize(
    ("annotation", "stored", "value"),
    [
        (date, "2024-02-29", DAY),
        (time, "08:30", time(8, 30)),
        (timedelta, 90, timedelta(seconds=90)),
        (timedelta, "PT1M", timedelta(minutes=1)),
        (Path, "a//b", Path("a/b")),
        (IPv6Address, "0::1", IPv6Address("::1")),
        (HttpUrl, "http://a.b", HttpUrl("http://a.b/")),
    ],
)
def test_other_forms_are_read_as_pydantic_reads_them(
    annotation: Any, stored: Any, value: Any
) -> None:
    read = read_document(model_of(annotation), {"_id": bson.ObjectId(), "x": stored})
    assert is_same(read.x, value)


# --- UUIDs -------------------------------------------------------------------------------------


def in_document(stored: Any) -> dict[str, Any]:
    return bson.decode(bson.encode({"_id": bson.ObjectId(), "x": stored}))


@pytest.mark.parametrize("stored", [Binary.from_uuid(KEY), str(KEY), KEY.bytes])
def test_uuids_are_read_from_their_subtype_and_from_text(stored: Any) -> None:
    for annotation in (UUID, Optional[UUID], pydantic.UUID4):
        cls = model_of(annotation)
        assert is_same(read_document(cls, in_document(stored)).x, KEY)
        assert is_same(cls.model_validate_doc(in_document(stored)).x, KEY)
    assert read_document(model_of(list[UUID]), in_document([stored])).x == [KEY]


def test_strict_uuids_are_read_too() -> None:
    cls = model_of(UUID, model_config={"strict": True})
    assert is_same(read_document(cls, in_document(Binary.from_uuid(KEY))).x, KEY)
    assert is_same(read_document(cls, {"_id": bson.ObjectId(), "x": KEY}).x, KEY)


@pytest.mark.parametrize("stored", [Binary(KEY.bytes, 3), Binary(b"short", 4)])
def test_uuids_whose_bytes_may_be_in_any_order_are_refused(stored: Any) -> None:
    for annotation in (UUID, list[UUID], Union[UUID, int]):
        # Older drivers decode no short one.
        document = {"_id": bson.ObjectId(), "x": [stored] if annotation == list[UUID] else stored}
        with pytest.raises(DocumentParsingError, match="uuidRepresentation"):
            read_document(model_of(annotation), document)


def test_uuids_in_unions() -> None:
    stored = Binary.from_uuid(KEY)
    for annotation, expected in [
        (Union[str, UUID], KEY),
        (Union[bytes, UUID], KEY),
        (Union[UUID, Binary], KEY),
        (Union[Binary, UUID], stored),
        (Union[Any, UUID], stored),
    ]:
        assert is_same(read_document(model_of(annotation), in_document(stored)).x, expected)
    assert is_same(read_document(model_of(Union[UUID, str]), in_document(str(KEY))).x, str(KEY))


def test_a_serialiser_of_uuids_decides() -> None:
    old = Annotated[UUID, PlainSerializer(lambda key: Binary(key.bytes, 3))]
    assert read_document(model_of(old), in_document(Binary(KEY.bytes, 3))).x == KEY

    class Labelled(Model):
        x: UUID

        @field_serializer("x")
        def _as_text(self, value: UUID) -> str:
            return str(value)

    assert stored_by(Labelled(x=KEY)) == str(KEY)


def test_filters_have_binary_data_in_place_of_uuids() -> None:
    stored = Binary.from_uuid(KEY)
    assert with_binary_uuids({"x": {"$in": [KEY, 1], "$ne": (KEY,)}}) == {
        "x": {"$in": [stored, 1], "$ne": [stored]}
    }
    usual = {"x": {"$in": [1, {"a": ("b",)}]}}
    assert with_binary_uuids(usual) is usual


# --- Unions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [Path("/c"), time(3), "a"])
def test_a_strict_literal_takes_no_other_text(value: Any) -> None:
    class Choosing(Model):
        one: Union[Literal["a", "b"], date, Path, None]
        many: list[Union[Literal["a", "b"], Path]] = []
        model_config = {"strict": True}

    class Timed(Model):
        one: Union[Literal["a", "b"], date, time]
        many: list[Union[Literal["a", "b"], time]] = []
        model_config = {"strict": True}

    model = Choosing if isinstance(value, Path) else Timed
    made = model(one=value, many=["b", value, "a"])
    found = model.model_validate_doc(made.model_dump_doc())
    assert found == made
    assert type(found.one) is type(value)


@pytest.mark.parametrize(
    ("annotation", "values"),
    [
        (Union[date, datetime], [DAY, datetime(2024, 1, 1, 1)]),
        (Union[datetime, date], [datetime(2024, 1, 1), datetime(2024, 1, 1, 1)]),
        (Union[date, str], [DAY, "2024-02-29"]),
        (Union[str, date, None], [DAY, "2024-02-29", None]),
        (Union[str, Path], ["a", "a/b"]),
        (Union[Path, str], [Path("a"), "a//b"]),
        (Union[IPv4Address, str], [IPv4Address("10.0.0.1"), "home"]),
        (Union[IPvAnyAddress, str], [IPv6Address("::1"), "home"]),
        (Union[IPv4Address, IPv6Address], [IPv4Address("10.0.0.1"), IPv6Address("::1")]),
        (Union[HttpUrl, Path], [HttpUrl("http://a.b"), Path("a")]),
        (Union[int, timedelta], [1, timedelta(seconds=1), timedelta(seconds=1.5)]),
        (Union[timedelta, int], [1, timedelta(seconds=1)]),
        (Union[timedelta, float], [timedelta(seconds=1)]),
        (Union[float, timedelta], [1.5]),
        (Union[SecretStr, str], [SecretStr("a")]),
        (Union[str, SecretStr], ["a"]),
        (Union[date, list[date]], [DAY, [DAY]]),
        (list[Union[date, time, timedelta]], [[DAY, time(8), timedelta(1)]]),
    ],
)
def test_the_first_member_of_a_union_with_such_a_form_is_read(
    annotation: Any, values: list[Any]
) -> None:
    cls = model_of(annotation)
    for value in values:
        one = cls(x=value)
        assert is_same(one.x, value)
        raw = bson.encode({"_id": one.id, "x": stored_by(one)})
        assert is_same(read_document(cls, bson.decode(raw)).x, value)
        assert is_same(cls.model_validate_doc(bson.decode(raw)).x, value)


# --- Keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "key", "text"),
    [
        (date, DAY, "2024-02-29"),
        (IPv4Address, IPv4Address("10.0.0.1"), "10.0.0.1"),
        (IPv6Interface, IPv6Interface("::1/64"), "::1/64"),
        (IPv4Network, IPv4Network("10.0.0.0/24"), "10.0.0.0/24"),
        (Path, Path("a"), "a"),
    ],
)
def test_keys_are_stored_as_text(annotation: Any, key: Any, text: str) -> None:
    check_round_trip(model_of(dict[annotation, date]), {key: DAY}, {text: MIDNIGHT})
    strict = model_of(dict[annotation, date], model_config={"strict": True})
    check_round_trip(strict, {key: DAY}, {text: MIDNIGHT})


# --- Who decides -------------------------------------------------------------------------------


def in_days(value: Any) -> Any:
    return timedelta(days=value) if isinstance(value, int) else value


class Planned(Model):
    day: date
    length: timedelta

    @field_serializer("*")
    def _as_number(self, value: Any) -> Any:
        return value.days if isinstance(value, timedelta) else str(value)

    @field_validator("length", mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return in_days(value)


def test_a_serialiser_of_the_class_decides() -> None:
    one = Planned(day=DAY, length=timedelta(days=3))
    plan = plan_save(one, {"id", "day", "length"}, a_write())
    assert plan is not None
    assert plan.document == {"_id": one.id, "day": "2024-02-29", "length": 3}
    assert read_document(Planned, plan.document) == one


class Unread(Model):
    day: date

    @field_serializer("day")
    def _as_text(self, value: Any) -> str:
        return str(value)


def test_a_serialiser_of_the_class_decides_in_generated_code_too() -> None:
    one = Unread(day=DAY)
    plan = plan_save(one, {"id", "day"}, a_write())
    assert plan is not None
    assert plan.document == {"_id": one.id, "day": "2024-02-29"}
    assert read_document(Unread, plan.document) == one


def _moment(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


@pytest.mark.parametrize(
    ("annotation", "value", "stored"),
    [
        (Annotated[date, WithBsonSerializer(str)], DAY, "2024-02-29"),
        (Annotated[date, PlainSerializer(str)], DAY, "2024-02-29"),
        (Annotated[date, PlainSerializer(str, when_used="json")], DAY, MIDNIGHT),
        (
            Annotated[
                date,
                PlainSerializer(lambda day: datetime(day.year, day.month, day.day, 12)),
                BeforeValidator(_moment),
            ],
            DAY,
            datetime(2024, 2, 29, 12),
        ),
        (
            Annotated[
                timedelta, PlainSerializer(lambda value: value.days), BeforeValidator(in_days)
            ],
            timedelta(days=2),
            2,
        ),
        (Annotated[Path, WithBsonSerializer(lambda path: path.parts)], Path("a/b"), ["a", "b"]),
    ],
)
def test_a_serialiser_decides(annotation: Any, value: Any, stored: Any) -> None:
    cls = model_of(annotation)
    one = cls(x=value)
    raw = bson.encode({"_id": one.id, "x": stored_by(one)})
    assert is_same(bson.decode(raw)["x"], stored)
    if stored != ["a", "b"]:
        assert is_same(read_document(cls, bson.decode(raw)).x, value)


class Folder(PurePosixPath):
    """A path of a user's, whose schema takes text only."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if type(value) is cls else cls(value.strip("/")),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda x: f"/{x}/"),
        )


def test_a_class_with_a_schema_of_its_own_decides() -> None:
    cls = model_of(Folder)
    one = cls(x="/a/")
    assert one.x == Folder("a")
    assert stored_by(one) == "/a/"
    assert read_document(cls, {"_id": one.id, "x": "/a/"}) == one


# --- In other types ----------------------------------------------------------------------------


Day = NewType("Day", date)
Days = TypeAliasType("Days", list[date])
T = TypeVar("T")
D = TypeVar("D", bound=date)


class Box(BaseModel, Generic[T]):
    held: T


class Loose(BaseModel, Generic[D]):
    held: D


class Row(NamedTuple):
    day: date
    home: Optional[Path] = None


class Rooted(RootModel[list[date]]):
    pass


class Extended(BaseModel, extra="allow"):
    __pydantic_extra__: dict[str, date]


@pytest.mark.parametrize(
    ("annotation", "value", "stored"),
    [
        (Day, DAY, MIDNIGHT),
        (Days, [DAY], [MIDNIGHT]),
        (Annotated[date, pydantic.Field(gt=date(2020, 1, 1))], DAY, MIDNIGHT),
        (Annotated[timedelta, annotated_types.Ge(timedelta())], timedelta(1), 86400.0),
        (pydantic.SkipValidation[date], DAY, MIDNIGHT),
        (pydantic.InstanceOf[PurePosixPath], PurePosixPath("a"), "a"),
        (Box[date], Box[date](held=DAY), {"held": MIDNIGHT}),
        (Loose, Loose(held=DAY), {"held": MIDNIGHT}),
        (Row, Row(DAY, Path("a")), (MIDNIGHT, "a")),
        (Rooted, Rooted([DAY]), [MIDNIGHT]),
        (Extended, Extended(day=DAY), {"day": MIDNIGHT}),  # type: ignore[call-arg]
        (deque[time], deque([time(8)]), ["08:00:00"]),
        (Mapping[str, Path], {"a": Path("a")}, {"a": "a"}),
        (pydantic.Json[list[date]], [DAY], [MIDNIGHT]),
        (pydantic.ByteSize, pydantic.ByteSize(1024), 1024),
        (pydantic.Base64Bytes, b"hi", b"aGk="),
        (Literal["a"], "a", "a"),
    ],
)
def test_they_can_be_in_types_of_all_kinds(annotation: Any, value: Any, stored: Any) -> None:
    cls = model_of(annotation)
    is_parsed = annotation in (pydantic.Json[list[date]], pydantic.Base64Bytes)
    given = TypeAdapter(annotation).dump_python(value, round_trip=True) if is_parsed else value
    one = cls(x=given)
    assert is_same(one.x, value)
    found = stored_by(one)
    assert found == stored
    raw = bson.encode({"_id": one.id, "x": found})
    for options in CLIENTS:
        document: Any = bson.decode(raw, options)
        assert is_same(read_document(cls, document).x, value)
        assert is_same(cls.model_validate_doc(document).x, value)


# --- Special cases -----------------------------------------------------------------------------


class MyDay(date):
    """A class derived from one with a form."""


def test_derived_classes_and_bytearrays_are_read_as_such() -> None:
    cls = model_of(MyDay, model_config={"arbitrary_types_allowed": True})
    check_round_trip(cls, MyDay(2024, 2, 29), MIDNIGHT)
    cls = model_of(bytearray)
    check_round_trip(cls, bytearray(b"ab"), b"ab")
    assert is_same(cls(x=b"ab").x, bytearray(b"ab"))
    assert cls(x=b"ab").model_dump_json(include={"x"}) == '{"x":"ab"}'
    assert is_same(cls.model_validate_json('{"x": "ab"}', strict=False).x, bytearray(b"ab"))
    with pytest.raises(pydantic.ValidationError):
        cls(x=1)
    one = read_document(cls, {"_id": bson.ObjectId(), "x": b"ab"})
    one.x.append(1)
    assert dirty_fields(one) == {"x"}
    assert stored_by(model_of(Any)(x=[bytearray(b"ab")])) == [b"ab"]


def test_secrets_hold_values_of_any_type() -> None:
    check_round_trip(model_of(Secret[int]), Secret(1), 1)
    check_round_trip(model_of(Secret[date]), Secret(DAY), MIDNIGHT)
    one = model_of(SecretStr)(x="hush")
    assert "hush" not in repr(one)
    assert "hush" not in one.model_dump_json()
    assert one.model_dump_doc()["x"] == "hush"


def test_names_with_emails_are_stored_as_text() -> None:
    name = pydantic.NameEmail(name="Ada", email="ada@example.org")
    check_round_trip(model_of(pydantic.NameEmail), name, "Ada <ada@example.org>")
    check_round_trip(model_of(pydantic.EmailStr), "ada@example.org", "ada@example.org")


def test_changes_are_noticed() -> None:
    one = read_document(model_of(list[date]), {"_id": bson.ObjectId(), "x": [MIDNIGHT]})
    assert one.x == [DAY]
    one.x.append(DAY)
    assert dirty_fields(one) == {"x"}
    one.x.pop()
    assert dirty_fields(one) == set()


def test_defaults_count_for_missing_keys() -> None:
    cls = model_of(date, x=Field(default=DAY))
    id_ = bson.ObjectId()
    assert read_document(cls, {"_id": id_}) == cls.model_validate_doc({"_id": id_}) == cls(id=id_)


def test_what_a_mutable_container_took_in_is_tried() -> None:
    one = model_of(list[date])(x=[DAY])
    one.x.append(datetime(2024, 1, 1, 1))
    with pytest.raises(InvalidDocumentError, match="zero time"):
        one.model_dump_doc()


@pytest.mark.parametrize("cls", [cls for cls in FORMS if cls not in (bytearray, Secret)])
def test_the_text_is_that_of_pydantic_in_json(cls: Any) -> None:
    of_cls = [(value, stored) for _, value, stored in TYPES if form_of(type(value)) is FORMS[cls]]
    for value, stored in of_cls:
        if FORMS[cls].stored is str and not isinstance(value, (time, SecretStr)):
            assert TypeAdapter(type(value)).dump_python(value, mode="json") == stored


def test_the_bases_of_urls_are_those_of_urls_only() -> None:
    assert {cls for cls in FORMS if issubclass(HttpUrl, cls)} == {AnyUrl.__base__}
    assert {cls for cls in FORMS if issubclass(PostgresDsn, cls)} == {MongoDsn.__base__}
