"""Laws: what is saved can be read, as an equal instance of equal types, whatever the types of its fields are and the options of its class; the
slow way stores and reads what the generated one does; and a save of changes makes the old document into the new one.

Models are made of random annotations: scalars, BSON types, codecs of a program, constraints and strictness, containers, unions, and classes of
all sorts in each other, under random options. Clients give naive datetimes, aware ones, and aware ones in a zone of their own.

The exceptions, which are documented: members of a union with one stored form cannot be told apart, and a plain `datetime` is naive or aware as the
client gives it. The grammar has neither.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypeVar, Union
from zoneinfo import ZoneInfo

import annotated_types
import bson
import pydantic
from bson.binary import Binary
from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from tests.unit.somewhere import a_write, dirty_fields, read_document
from typing_extensions import TypeAliasType, TypedDict

from odmantic import BsonCodec, Datetimes, register_codec
from odmantic._codec.absent import leave_out
from odmantic._codec.decode import validate_document
from odmantic._plan.save import plan_save
from odmantic._state.transitions import mark_written
from odmantic._types.adapt import adapt_annotation
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model

T = TypeVar("T")
UTC = timezone.utc
CLIENTS = [
    CodecOptions(),
    CodecOptions(tz_aware=True),
    CodecOptions(tz_aware=True, tzinfo=ZoneInfo("America/New_York")),
]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A type, and its values.

    Attributes:
        stored: The kinds of its stored forms.
        is_hashable: Whether its values can be in a set.
        is_key: Whether it may be that of the keys of a dictionary.
    """

    annotation: Any
    values: st.SearchStrategy[Any]
    stored: frozenset[str]
    is_hashable: bool = False
    is_key: bool = False

    def __repr__(self) -> str:
        return repr(self.annotation)


# --- Scalars -----------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"
    ONE = 1
    PAIR = (1, 2)


class Word(str, enum.Enum):
    YES = "yes"
    NO = "no"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 5


class Listed(enum.Enum):
    ONE = [1]
    MORE = {"x": 1}


class Vector:
    """A class of a program, which pydantic does not know."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self) -> int:
        return hash((self.x, self.y))

    def __repr__(self) -> str:
        return f"Vector({self.x}, {self.y})"


class Registered(str):
    """A class of a program with a codec for all models."""

    __slots__ = ()


register_codec(Registered, BsonCodec(lambda text: text.encode(), lambda s: Registered(s.decode())))
vectors = st.builds(Vector, st.integers(-9, 9), st.integers(-9, 9))
AsArray = Annotated[Vector, BsonCodec(lambda each: [each.x, each.y], lambda s: Vector(*s))]
AsText = Annotated[
    Vector, BsonCodec(repr, lambda s: Vector(*map(int, s.removeprefix("Vector")[1:-1].split(","))))
]
Exact = Annotated[Decimal, BsonCodec(str, Decimal)]

Money = NewType("Money", Decimal)
Text = TypeAliasType("Text", str)
Rows = TypeAliasType("Rows", list[T], type_params=(T,))

integers = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-99, max_value=99)
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
days = timedelta(days=98_615)
colours, words = st.sampled_from(Colour), st.sampled_from(Word)
numbers_as_json = st.lists(integers, max_size=2).map(str)


def scalar(annotation: Any, values: Any, *stored: str, is_key: bool = False) -> Kind:
    is_hashable = annotation not in (Decimal128, Regex) and "Json" not in repr(annotation)
    return Kind(annotation, values, frozenset(stored), is_hashable, is_key)


SCALARS = [
    scalar(int, integers, "number", is_key=True),
    scalar(float, st.floats(allow_nan=False), "number", is_key=True),
    scalar(bool, st.booleans(), "number", is_key=True),
    scalar(str, texts, "text"),
    scalar(bytes, st.binary(max_size=4), "bytes"),
    scalar(pydantic.AwareDatetime, moments.map(lambda at: at.replace(tzinfo=UTC)), "date"),
    scalar(pydantic.NaiveDatetime, moments, "date"),
    scalar(
        bson.ObjectId,
        st.binary(min_size=12, max_size=12).map(bson.ObjectId),
        *("id", "text"),
        is_key=True,
    ),
    scalar(Int64, integers.map(Int64), "number"),
    scalar(Decimal, decimals, "decimal", is_key=True),
    scalar(Money, decimals, "decimal"),
    scalar(Decimal128, decimals.map(Decimal128), "decimal"),
    scalar(Binary, st.builds(Binary, st.binary(max_size=4), st.just(5)), "bytes"),
    scalar(Regex, st.just(Regex("^a", "i")), "regex"),
    scalar(date, st.dates(date(1, 1, 3), date(9999, 12, 28)), "date", is_key=True),
    scalar(time, st.times(), "text", is_key=True),
    scalar(timedelta, st.timedeltas(-days, days), "number"),
    scalar(Path, st.sampled_from(["a", "/", "."]).map(Path), "text", is_key=True),
    scalar(IPv4Address, st.ip_addresses(v=4), "text", is_key=True),
    scalar(pydantic.SecretBytes, st.binary(max_size=4).map(pydantic.SecretBytes), "bytes"),
    scalar(Colour, colours, "text", "number", "array"),
    scalar(Word, words, "text", is_key=True),
    scalar(Level, st.sampled_from(Level), "number", is_key=True),
    scalar(Listed, st.sampled_from(Listed), "array", "document"),
    scalar(Literal["a", "b"], st.sampled_from(["a", "b"]), "text", is_key=True),
    scalar(Literal[1, "b", Word.YES], st.sampled_from([1, "b", Word.YES]), "text", "number"),
    scalar(Text, texts, "text"),
    scalar(type(None), st.none(), "null"),
    scalar(pydantic.StrictInt, integers, "number", is_key=True),
    scalar(Annotated[int, annotated_types.Ge(0)], st.integers(0, 9), "number"),
    scalar(Annotated[str, pydantic.StringConstraints(max_length=4)], texts, "text"),
    scalar(Annotated[Decimal, pydantic.Strict()], decimals, "decimal"),
    scalar(Annotated[Decimal, pydantic.Field(max_digits=4, decimal_places=2)], decimals, "decimal"),
    scalar(Annotated[Word, pydantic.Strict()], words, "text"),
    scalar(Annotated[Colour, pydantic.Strict()], colours, "text", "number", "array"),
    scalar(pydantic.Json[list[int]], numbers_as_json, "array", "text"),
    scalar(pydantic.Json[dict[str, int]], st.just('{"a": 1}'), "document", "text"),
    scalar(pydantic.Base64Str, st.just("YWJj"), "text"),
    scalar(AsArray, vectors, "array"),
    scalar(AsText, vectors, "text", is_key=True),
    scalar(Exact, decimals, "text"),
    scalar(Registered, texts.map(Registered), "bytes"),
    scalar(
        Annotated[datetime, Datetimes("aware")],
        moments.map(lambda at: at.replace(tzinfo=UTC)),
        "date",
    ),
    scalar(Annotated[datetime, Datetimes("naive")], moments, "date", is_key=True),
    scalar(pydantic.FutureDate, st.dates(date(9000, 1, 1), date(9999, 12, 28)), "date"),
]


# --- Classes, containers, unions ---------------------------------------------------------------


class Box(EmbeddedModel, Generic[T]):
    one: T = Field(key_name="k")


NAMES = ["one", "two", "three"]
_numbers = itertools.count()
_SORTS = ["embedded", "model", "strict", "forbid", "data", "keys", "row", "generic"]


@st.composite
def objects(draw: Any, inner: Any) -> Kind:
    """A class of some sort, with a few fields."""
    sort, title = draw(st.sampled_from(_SORTS)), f"Class{next(_numbers)}"
    fields = dict(zip(NAMES, draw(st.lists(inner, min_size=1, max_size=3)), strict=False))
    if sort == "generic":
        fields = {"one": fields["one"]}
    annotations = {name: kind.annotation for name, kind in fields.items()}
    if sort not in ("embedded", "generic"):
        annotations = {name: adapt_annotation(each) for name, each in annotations.items()}
    values = st.fixed_dictionaries({name: kind.values for name, kind in fields.items()})
    if sort == "keys":
        keys_type: Any = TypedDict(title, annotations)  # type: ignore[misc]
        return Kind(keys_type, values, frozenset(["document"]))
    if sort == "row":
        row: Any = NamedTuple(title, list(annotations.items()))  # type: ignore[misc]
        rows = values.map(lambda each: _validated(row, [each[name] for name in row._fields]))
        return Kind(row, rows, frozenset(["array"]))
    cls = _class(draw, sort, title, annotations)
    return Kind(cls, values.map(lambda each: _validated(cls, each)), frozenset(["document"]))


def _class(draw: Any, sort: str, title: str, annotations: dict[str, Any]) -> Any:
    if sort == "generic":
        return Box[annotations["one"]]
    if sort == "data":
        return dataclasses.make_dataclass(title, annotations.items())
    if sort == "embedded":
        renamed = {name: Field(key_name=f"k-{name}") for name in annotations if draw(st.booleans())}
        namespace = {"__module__": __name__, "__annotations__": annotations, **renamed}
        return type(EmbeddedModel)(title, (EmbeddedModel,), namespace)
    configs: dict[str, Any] = {"strict": {"strict": True}, "forbid": {"extra": "forbid"}}
    fields: Any = {name: (annotation, ...) for name, annotation in annotations.items()}
    return pydantic.create_model(title, __config__=configs.get(sort, {}), **fields)


def _validated(cls: Any, values: Any) -> Any:
    try:
        return pydantic.TypeAdapter(cls).validate_python(values)
    except pydantic.ValidationError:
        # What is parsed from JSON is no JSON itself.
        return reject()


@st.composite
def containers(draw: Any, inner: Any) -> Kind:
    """A container of one type."""
    kind = draw(inner)
    a, values, is_hashable = kind.annotation, kind.values, kind.is_hashable
    lists = st.lists(values, max_size=3)
    few = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
    array, document = frozenset(["array"]), frozenset(["document"])
    strict = pydantic.Strict()
    choices = [
        Kind(list[a], lists, array),
        Kind(Sequence[a], lists, array),
        Kind(Rows[a], lists, array),
        Kind(Annotated[list[a], annotated_types.MaxLen(3)], lists, array),
        Kind(deque[a], lists.map(deque), array),
        Kind(tuple[a, ...], lists.map(tuple), array, is_hashable),
        Kind(Annotated[tuple[a, ...], strict], lists.map(tuple), array, is_hashable),
        Kind(tuple[a, int], st.tuples(values, integers), array, is_hashable),
        Kind(dict[str, a], st.dictionaries(keys, values, max_size=3), document),
        Kind(OrderedDict[str, a], few.map(OrderedDict), document),
        Kind(Mapping[str, a], few, document),
    ]
    if is_hashable:
        choices += [
            Kind(set[a], st.sets(values, max_size=3), array),
            Kind(frozenset[a], st.frozensets(values, max_size=3), array, is_hashable=True),
            Kind(Annotated[set[a], strict], st.sets(values, max_size=3), array),
            Kind(AbstractSet[a], st.frozensets(values, max_size=3), array),
        ]
    if kind.is_key:
        by_key = Kind(dict[a, int], st.dictionaries(values, integers, max_size=3), document)
        choices += [by_key] * 3
    return draw(st.sampled_from(choices))


@st.composite
def unions(draw: Any, inner: Any) -> Kind:
    """A union of types that can be told apart in documents, or an optional one."""
    chosen: list[Kind] = []
    stored = frozenset(["null"])
    for kind in draw(st.lists(inner, min_size=1, max_size=3)):
        if stored.isdisjoint(kind.stored):
            chosen.append(kind)
            stored |= kind.stored
    if not chosen:
        chosen.append(SCALARS[0])
    members: Any = Union[tuple(kind.annotation for kind in chosen)]
    annotation: Any = Optional[members]
    values = st.one_of([kind.values for kind in chosen])
    return Kind(annotation, values | st.none(), stored, all(kind.is_hashable for kind in chosen))


kinds = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: containers(inner) | unions(inner) | objects(inner),
    max_leaves=6,
)


# --- The law -----------------------------------------------------------------------------------


def is_same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal and of equal types, at any depth."""
    if type(left) is not type(right):
        return False
    if isinstance(left, pydantic.BaseModel) or dataclasses.is_dataclass(left):
        return is_same(vars(left), vars(right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple, deque)):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, (set, frozenset)):
        kinds_of_items = [sorted(repr(type(item)) for item in each) for each in (left, right)]
        return left == right and kinds_of_items[0] == kinds_of_items[1]
    return bool(left == right)


def fields_of(instance: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(instance).items() if name != "id"}


OPTIONS: list[dict[str, Any]] = [
    *(
        {},
        {"strict": True},
        {"frozen": True},
        {"extra": "allow"},
        {"arbitrary_types_allowed": True},
    ),
    *({"store_none": False}, {"store_defaults": False}, {"key_generator": str.upper}),
    *({"validate_assignment": False}, {"revalidate_instances": "always"}),
    *({"datetimes": "aware"}, {"codecs": {IPv4Address: BsonCodec(int, IPv4Address)}}),
]


@st.composite
def models(draw: Any) -> tuple[Any, dict[str, Kind]]:
    """A model under some options, and the kinds of its fields; some fields have defaults."""
    kinds_of_fields = draw(st.lists(kinds, min_size=1, max_size=2))
    fields = dict(zip(NAMES, kinds_of_fields, strict=False))
    annotations = {name: kind.annotation for name, kind in fields.items()}
    config: dict[str, Any] = {}
    for options in draw(st.lists(st.sampled_from(OPTIONS), max_size=3)):
        config.update(options)
    body = {"__module__": __name__, "__annotations__": annotations, "model_config": config}
    for name, kind in fields.items():
        if draw(st.booleans()):
            body[name] = Field(draw(kind.values))
    return type(Model)("Ship", (Model,), body), fields


def drawn(fields: dict[str, Kind], data: Any) -> dict[str, Any]:
    return {name: data.draw(kind.values) for name, kind in fields.items()}


def made(cls: Any, given: dict[str, Any]) -> Any:
    try:
        return cls(**given)
    except pydantic.ValidationError:
        reject()


def stored_slowly(instance: Any) -> dict[str, Any]:
    """Return the document that the encoders of the fields make."""
    mapping = instance.__mapping__
    values = vars(instance)
    document = {
        key: values[name] if encode is None else encode(values[name])
        for name, key, encode in mapping.encoders
    }
    return leave_out(mapping, document)


def applied(update: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return what the server makes of a document."""
    removed = update.get("$unset", {})
    kept = {key: value for key, value in document.items() if key not in removed}
    return {**kept, **update.get("$set", {})}


def bytes_of(document: dict[str, Any]) -> dict[str, bytes]:
    return {key: bson.encode({"": value}) for key, value in document.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.data())
def test_what_is_saved_can_be_read(model: tuple[Any, dict[str, Kind]], data: Any) -> None:
    cls, fields = model
    one = made(cls, drawn(fields, data))
    plan = plan_save(one, {*fields, "id"}, a_write())
    assert plan is not None
    assert bytes_of(plan.document) == bytes_of(stored_slowly(one))
    raw = bson.encode(plan.document)
    for options in CLIENTS:
        read = read_document(cls, bson.decode(raw, options))
        assert is_same(fields_of(read), fields_of(one))
        assert dirty_fields(read) == set()
        for slow in (cls.model_validate_doc, partial(validate_document, cls)):
            assert is_same(fields_of(slow(bson.decode(raw, options))), fields_of(one))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.data())
def test_a_save_of_changes_makes_the_old_document_into_the_new(
    model: tuple[Any, dict[str, Kind]], data: Any
) -> None:
    cls, fields = model
    given = drawn(fields, data)
    one, other = made(cls, drawn(fields, data)), made(cls, given)
    before = plan_save(one, {*fields, "id"}, a_write())
    assert before is not None
    raw = bson.encode(before.document)
    read = read_document(cls, bson.decode(raw, data.draw(st.sampled_from(CLIENTS))))
    for name in data.draw(st.sets(st.sampled_from([*fields]))):
        change(read, other, given, name)
    changed = dirty_fields(read)
    plan = plan_save(read, changed, a_write()) if changed else None
    update: Any = {} if plan is None else plan.update.update
    if plan is not None:
        mark_written(read, plan.names, plan.snapshots)
    after, expected = (
        applied(update, bson.decode(raw)),
        bson.decode(bson.encode(read.model_dump_doc())),
    )
    if bytes_of(after) != bytes_of(expected):
        # What is read as a set may be stored in another order.
        assert after.keys() == expected.keys()
        assert is_same(*(fields_of(read_document(cls, each)) for each in (after, expected)))
    assert dirty_fields(read) == set()


def change(instance: Any, other: Any, given: dict[str, Any], name: str) -> None:
    """Give a field the value of another instance: in place, if that is possible, or else by an assignment."""
    old, new = getattr(instance, name), getattr(other, name)
    config = type(instance).model_config
    if type(old) is type(new) is list:
        old[:] = new
    elif type(old) is type(new) is dict:
        old.clear()
        old.update(new)
    elif not config.get("frozen"):
        setattr(instance, name, given[name] if config["validate_assignment"] else new)
