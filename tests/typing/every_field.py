"""Models with a field of every type. Type checkers must find nothing wrong in conditions and updates of them."""

from __future__ import annotations

import ipaddress
import re
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, NewType, TypeVar
from uuid import UUID

from bson import Binary, Decimal128, Int64, Regex
from bson.timestamp import Timestamp
from pydantic import AfterValidator, AnyUrl, BaseModel, SecretStr
from typing_extensions import TypedDict

from odmantic import (
    BackReference,
    EmbeddedModel,
    F,
    Field,
    Model,
    ObjectId,
    Polymorphic,
    Ref,
    Reference,
    SyncEngine,
)
from odmantic.path import each, given
from odmantic.typing import Expr, Filter


class Plain(Enum):
    A = 1


class Word(str, Enum):
    A = "a"


class Number(IntEnum):
    A = 1


class Flags(IntFlag):
    A = 1


Points = NewType("Points", int)
Slug = NewType("Slug", str)
Price = NewType("Price", Decimal)
Tags = list[str]


class Part(EmbeddedModel):
    code: str
    number: int | None = None


class Holder(EmbeddedModel):
    part: Part
    parts: list[Part] = []
    maybe: Part | None = None


class Base(EmbeddedModel, inheritance="single"):
    kind: Literal["base"] = "base"
    width: int = 0

    model_config = {"discriminator": "kind"}


class Derived(Base):
    kind: Literal["derived"] = "derived"  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]
    depth: int = 0


class Note(BaseModel):
    text: str


@dataclass
class Spot:
    x: int


class Pair(NamedTuple):
    x: int
    y: int


class Table(TypedDict):
    x: int


class Target(Model):
    name: str
    users: ClassVar["BackReference[Every]"] = BackReference("Every", "reference")


class Keyed(Model):
    code: str = Field(primary_field=True)


T = TypeVar("T")


class Box(Model, Generic[T]):
    content: T
    contents: list[T] = []
    size: int = 0


class Every(Model):
    integer: int
    real: float
    decimal: Decimal
    text: str
    truth: bool
    data: bytes
    plain: Plain
    word: Word
    number: Number
    flags: Flags
    literal: Literal["a", "b"]
    numbered: Literal[1, 2]
    points: Points
    slug: Slug
    price: Price
    limited: Annotated[int, Field(ge=0, le=10)]
    checked: Annotated[str, AfterValidator(str.strip)]
    moment: datetime
    day: date
    clock: time
    span: timedelta
    uuid: UUID
    key: ObjectId
    long: Int64
    binary: Binary
    decimal128: Decimal128
    regex: Regex[str]
    pattern: re.Pattern[str]
    timestamp: Timestamp
    path: Path
    pure: PurePosixPath
    url: AnyUrl
    address: ipaddress.IPv4Address
    secret: SecretStr
    fraction: Fraction
    whole: int | float
    either: int | str
    thing: object
    items: list[int]
    names: Tags
    unique: set[str]
    frozen: frozenset[int]
    recent: deque[datetime]
    triple: tuple[int, ...]
    fixed: tuple[int, str]
    sequence: Sequence[str]
    members: AbstractSet[int]
    lists: list[list[int]]
    sets: list[set[str]]
    maybes: list[int | None]
    states: list[Plain]
    words: set[Word]
    parts: list[Part]
    nested: list[list[Part]]
    table: dict[str, int]
    by_number: dict[int, str]
    tables: dict[str, dict[str, int]]
    rows: dict[str, list[int]]
    by_name: dict[str, Part]
    ordered: OrderedDict[str, int]
    mapping: Mapping[str, int]
    part: Part
    holder: Holder
    base: Base
    derived: list[Polymorphic[Base]]
    note: Note
    notes: list[Note]
    spot: Spot
    pair: Pair
    typed: Table
    reference: Target = Reference()
    references: list[Target] = Reference()
    reference_set: tuple[Target, ...] = Reference()
    by_code: Keyed = Reference()
    roles: dict[str, Target] = Reference()
    lazy: Ref[Target]
    lazies: list[Ref[Target]]
    lazy_set: set[Ref[Target]]
    lazy_tuple: tuple[Ref[Target], ...]

    model_config = {"arbitrary_types_allowed": True}


class Maybe(Model):
    integer: int | None = None
    real: float | None = None
    decimal: Decimal | None = None
    text: str | None = None
    truth: bool | None = None
    data: bytes | None = None
    plain: Plain | None = None
    word: Word | None = None
    number: Number | None = None
    literal: Literal["a", "b"] | None = None
    points: Points | None = None
    slug: Slug | None = None
    price: Price | None = None
    moment: datetime | None = None
    day: date | None = None
    clock: time | None = None
    span: timedelta | None = None
    uuid: UUID | None = None
    key: ObjectId | None = None
    long: Int64 | None = None
    binary: Binary | None = None
    decimal128: Decimal128 | None = None
    timestamp: Timestamp | None = None
    path: Path | None = None
    url: AnyUrl | None = None
    either: int | str | None = None
    items: list[int] | None = None
    unique: set[str] | None = None
    frozen: frozenset[int] | None = None
    recent: deque[datetime] | None = None
    triple: tuple[int, ...] | None = None
    sequence: Sequence[str] | None = None
    lists: list[list[int]] | None = None
    parts: list[Part] | None = None
    table: dict[str, int] | None = None
    by_name: dict[str, Part] | None = None
    part: Part | None = None
    holder: Holder | None = None
    base: Base | None = None
    note: Note | None = None
    spot: Spot | None = None
    pair: Pair | None = None
    typed: Table | None = None
    reference: Target | None = Reference()
    references: list[Target] | None = Reference()
    by_code: Keyed | None = Reference()
    lazy: Ref[Target] | None = None
    lazies: list[Ref[Target]] | None = None

    model_config = {"arbitrary_types_allowed": True}


class Stem(Model, inheritance="abstract"):
    created: datetime
    tags: list[str] = []


class Leaf(Stem):
    name: str = ""


class Animal(Model, inheritance="single"):
    age: int = 0
    home: Part | None = None


class Cat(Animal):
    lives: int = 9


class Deep(Model):
    holder: Holder
    maybe: Holder | None = None
    holders: dict[str, list[Holder]] = {}


def with_each_field(one: Every) -> list[Filter]:
    return [
        F(Every.integer) == one.integer,
        F(Every.integer) > 3,
        F(Every.real) == one.real,
        F(Every.real) < 3,
        F(Every.decimal) == one.decimal,
        F(Every.decimal) >= 3,
        F(Every.text) == one.text,
        F(Every.text).startswith("a"),
        F(Every.truth) == one.truth,
        F(Every.truth).in_([True]),
        F(Every.data) == one.data,
        F(Every.data) > b"a",
        F(Every.plain) == one.plain,
        F(Every.plain).in_([Plain.A]),
        F(Every.word) == one.word,
        F(Every.word) != Word.A,
        F(Every.number) == one.number,
        F(Every.number).in_(list(Number)),
        F(Every.flags) == one.flags,
        F(Every.literal) == one.literal,
        F(Every.literal) == "a",
        F(Every.literal).in_(["a", "b"]),
        F(Every.numbered) == 1,
        F(Every.points) == one.points,
        F(Every.points) > Points(3),
        F(Every.slug) == Slug("a"),
        F(Every.slug).startswith("a"),
        F(Every.price) > Price(Decimal(3)),
        F(Every.price) > 3,
        F(Every.limited) < 5,
        F(Every.checked).iequals("a"),
        F(Every.moment) == one.moment,
        F(Every.moment) < datetime.now(),
        F(Every.day) == one.day,
        F(Every.day) > date(2000, 1, 1),
        F(Every.clock) == one.clock,
        F(Every.clock) > time(8),
        F(Every.span) == one.span,
        F(Every.span) > timedelta(1),
        F(Every.uuid) == one.uuid,
        F(Every.uuid).in_([one.uuid]),
        F(Every.key) == one.key,
        F(Every.key) > ObjectId(),
        F(Every.id) == one.id,
        F(Every.id) > ObjectId(),
        F(Every.long) == Int64(3),
        F(Every.binary) == one.binary,
        F(Every.decimal128) == one.decimal128,
        F(Every.decimal128) > Decimal(3),
        F(Every.regex) == one.regex,
        F(Every.pattern) == one.pattern,
        F(Every.timestamp) > one.timestamp,
        F(Every.path) == one.path,
        F(Every.path).startswith("/home"),
        F(Every.pure) == one.pure,
        F(Every.url) == one.url,
        F(Every.url).startswith("https://"),
        F(Every.address) == one.address,
        F(Every.secret) == one.secret,
        F(Every.fraction) == one.fraction,
        F(Every.whole) == one.whole,
        F(Every.whole) > 3,
        F(Every.either) == one.either,
        F(Every.either) == 3,
        F(Every.either).in_(["a", 3]),
        F(Every.thing) == 3,
        F(Every.thing).exists(),
        F(Every.items) == one.items,
        F(Every.items) == 3,
        F(Every.items).in_([3]),
        F(Every.names) == one.names,
        F(Every.names).contains("a"),
        F(Every.unique) == one.unique,
        F(Every.unique) == ["a"],
        F(Every.frozen).all_([1]),
        F(Every.recent) == one.recent,
        F(Every.recent).contains(one.moment),
        F(Every.triple) == one.triple,
        F(Every.triple) == 3,
        F(Every.fixed) == one.fixed,
        F(Every.fixed).size(2),
        F(Every.sequence) == one.sequence,
        F(Every.sequence).contains("a"),
        F(Every.members) == one.members,
        F(Every.members).size(3),
        F(Every.lists) == one.lists,
        F(Every.lists).contains([3]),
        F(Every.lists[each]).contains(3),
        F(Every.lists[0][0]) == 3,
        F(Every.sets[each]) == "a",
        F(Every.maybes) == None,  # noqa: E711
        F(Every.maybes).contains(3),
        F(Every.states) == Plain.A,
        F(Every.words).contains(Word.A),
        F(Every.parts) == one.parts,
        F(Every.parts) == one.part,
        F(Every.parts).elem_match(F(Part.code) == "a"),
        F(Every.parts[each].number) == 3,
        F(Every.nested[each][each].code) == "a",
        F(Every.table) == one.table,
        F(Every.table["a"]) > 3,
        F(Every.by_number[3]) == "a",
        F(Every.tables["a"]["b"]) > 3,
        F(Every.tables["a"]) == {"b": 3},
        F(Every.rows["a"]).contains(3),
        F(Every.by_name["a"].code) == "a",
        F(Every.ordered) == one.ordered,
        F(Every.mapping) == one.mapping,
        F(Every.part) == one.part,
        F(Every.part.code) == "a",
        F(Every.holder.part.code) == "a",
        F(Every.holder.parts[each].code) == "a",
        F(given(Every.holder.maybe).code) == "a",
        F(Every.base) == Derived(),
        F(Every.base.width) > 3,
        F(Every.derived[each].width) > 3,
        F(Every.note) == one.note,
        F(Every.notes) == one.note,
        F(Every.spot) == one.spot,
        F(Every.pair) == one.pair,
        F(Every.typed).in_([one.typed]),
        F(Every.reference) == one.reference,
        F(Every.reference) == one.reference.id,
        F(Every.reference).in_([one.reference, "5f85f36d6dfecacc68428a46"]),
        F(Every.references) == one.reference,
        F(Every.references).contains(ObjectId()),
        F(Every.reference_set).contains(one.reference),
        F(Every.by_code) == "a",
        F(Every.roles["a"]) == one.reference,
        F(Every.lazy) == one.lazy,
        F(Every.lazy) == one.reference,
        F(Every.lazy) == Ref.to(Target, "5f85f36d6dfecacc68428a46"),
        F(Every.lazies).contains(one.lazy),
        F(Every.lazy_set) == one.reference,
        F(Every.lazy_tuple).contains(one.lazy),
        F(Keyed.code) == "a",
    ]


def with_each_optional_field(one: Maybe, every: Every) -> list[Filter]:
    return [
        F(Maybe.integer) == one.integer,
        F(Maybe.integer) > 3,
        F(Maybe.real) == None,  # noqa: E711
        F(Maybe.real) > 3,
        F(Maybe.decimal) == one.decimal,
        F(Maybe.decimal) > 3,
        F(Maybe.text) == one.text,
        F(Maybe.text).in_(["a", None]),
        F(Maybe.truth) == None,  # noqa: E711
        F(Maybe.data) == one.data,
        F(Maybe.plain) == one.plain,
        F(Maybe.word) == Word.A,
        F(Maybe.number) == None,  # noqa: E711
        F(Maybe.literal) == "a",
        F(Maybe.points) > Points(3),
        F(Maybe.slug) == one.slug,
        F(Maybe.price) == one.price,
        F(Maybe.moment) > every.moment,
        F(Maybe.day) == one.day,
        F(Maybe.clock) == one.clock,
        F(Maybe.span) > every.span,
        F(Maybe.uuid) == one.uuid,
        F(Maybe.key) == one.key,
        F(Maybe.long) == one.long,
        F(Maybe.binary) == one.binary,
        F(Maybe.decimal128) == one.decimal128,
        F(Maybe.timestamp) > every.timestamp,
        F(Maybe.path) == one.path,
        F(Maybe.url).endswith("a"),
        F(Maybe.either) == one.either,
        F(Maybe.items) == one.items,
        F(Maybe.items) == 3,
        F(Maybe.unique).contains("a"),
        F(Maybe.frozen) == None,  # noqa: E711
        F(Maybe.recent) == one.recent,
        F(Maybe.triple).size(3),
        F(Maybe.sequence) == one.sequence,
        F(Maybe.lists).contains([3]),
        F(Maybe.parts) == every.part,
        F(given(Maybe.parts)[each].code) == "a",
        F(Maybe.table) == one.table,
        F(given(Maybe.table)["a"]) > 3,
        F(given(Maybe.by_name)["a"].code) == "a",
        F(Maybe.part) == one.part,
        F(given(Maybe.part).code) == "a",
        F(given(Maybe.holder).part.code) == "a",
        F(Maybe.base) == Base(),
        F(Maybe.note) == one.note,
        F(Maybe.spot) == one.spot,
        F(Maybe.pair) == one.pair,
        F(Maybe.typed).in_([one.typed]),
        F(Maybe.reference) == one.reference,
        F(Maybe.reference) == ObjectId(),
        F(Maybe.references).contains(every.reference),
        F(Maybe.by_code) == None,  # noqa: E711
        F(Maybe.lazy) == one.lazy,
        F(Maybe.lazies).contains(every.lazy),
    ]


def of_inherited_and_generic_models(leaf: Leaf, cat: Cat) -> list[Filter]:
    return [
        F(Leaf.created) == leaf.created,
        F(Leaf.tags).contains("a"),
        F(Leaf.name) == "a",
        F(Cat.age) > 3,
        F(Cat.lives) == cat.lives,
        F(given(Cat.home).code) == "a",
        F(Animal.age) > 3,
        F(Box[int].size) > 3,
        F(Deep.holder.part.number) > 3,
        F(given(given(Deep.maybe).maybe).code) == "a",
        F(Deep.holders["a"][each].parts[0].code) == "a",
    ]


def updates(engine: SyncEngine, one: Every) -> None:
    engine.update_many(
        Every,
        F(Every.integer) > 3,
        F(Every.integer).inc(1),
        F(Every.real).inc(0.5),
        F(Every.decimal).mul(2),
        F(Every.points).inc(1),
        F(Every.price).inc(Price(Decimal(1))),
        F(Every.text).set("a"),
        F(Every.plain).set(Plain.A),
        F(Every.word).set(Word.A),
        F(Every.literal).set("a"),
        F(Every.moment).current_date(),
        F(Every.day).max(one.day),
        F(Every.timestamp).current_date(),
        F(Every.uuid).set(one.uuid),
        F(Every.long).set(Int64(3)),
        F(Every.path).set(Path("/")),
        F(Every.url).set(one.url),
        F(Every.either).set("a"),
        F(Every.thing).set([1]),
        F(Every.items).push(3),
        F(Every.unique).add_to_set("a"),
        F(Every.recent).push(one.moment, slice=-3),
        F(Every.triple).set((1, 2, 3)),
        F(Every.fixed).set((1, "a")),
        F(Every.sequence).push("a"),
        F(Every.lists).push([1, 2]),
        F(Every.lists[0]).push(3),
        F(Every.maybes).push(None),
        F(Every.parts).push(Part(code="a")),
        F(Every.parts).pull(F(Part.code) == "a"),
        F(Every.nested[0]).push(one.part),
        F(Every.table["a"]).inc(1),
        F(Every.table).set({"a": 1}),
        F(Every.by_name["a"]).set(Part(code="a")),
        F(Every.part).set(one.part),
        F(Every.holder.parts).pop(),
        F(Every.note).set(Note(text="a")),
        F(Every.spot).set(Spot(3)),
        F(Every.pair).set(Pair(1, 2)),
        F(Every.typed).set({"x": 3}),
        F(Every.reference).set(one.reference),
        F(Every.references).push(one.reference),
        F(Every.by_code).set("a"),
        F(Every.lazy).set(Ref(one.reference)),
        F(Every.lazies).pull(one.lazy),
    )
    engine.update_many(
        Maybe,
        {},
        F(Maybe.integer).unset(),
        F(Maybe.text).set(None),
        F(Maybe.plain).unset(),
        F(Maybe.points).unset(),
        F(Maybe.moment).unset(),
        F(Maybe.uuid).unset(),
        F(Maybe.path).unset(),
        F(Maybe.either).unset(),
        F(Maybe.items).unset(),
        F(Maybe.items).set(None),
        F(Maybe.table).unset(),
        F(Maybe.part).unset(),
        F(given(Maybe.part).number).unset(),
        F(Maybe.note).unset(),
        F(Maybe.reference).unset(),
        F(Maybe.references).unset(),
        F(Maybe.lazy).unset(),
        F(Maybe.lazies).unset(),
    )


def orders(engine: SyncEngine) -> None:
    engine.find(Every, sort=(F(Every.moment).desc(), F(Every.parts[each].code), F(Every.thing)))
    fields: list[Expr[Any, Any]] = [F(Maybe.integer), F(Maybe.text), F(Maybe.parts), F(Maybe.lazy)]
    engine.find(Maybe, sort=tuple(fields))
