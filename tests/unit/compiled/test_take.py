"""New instances are taken with generated code: what is sent of them, and what is remembered."""

from __future__ import annotations

import copy
import re
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Optional

import bson
import pytest
from bson.decimal128 import Decimal128
from bson.timestamp import Timestamp
from tests.unit.somewhere import a_write, dirty_fields, mark_read
from typing_extensions import Self

from odmantic import EmbeddedModel, Field, Model, ObjectId, Reference
from odmantic._compiled.values import has_equal_values
from odmantic._state.dirty import baseline_of
from odmantic._state.snapshot import take_snapshots
from odmantic._state.transitions import mark_nested
from odmantic.bson import WithBsonSerializer


class Colour(str, Enum):
    RED = "red"


class Level(Enum):
    LOW = 1


class Odd(str, Enum):
    A = "a"

    def __new__(cls, value: str) -> Self:
        member = str.__new__(cls, value * 2)
        member._value_ = value
        return member


class Size(EmbeddedModel):
    width: int = Field(key_name="w", default=1)
    colour: Colour = Colour.RED


class Loose(EmbeddedModel):
    name: str = "a"

    model_config = {"extra": "allow"}


class Tree(EmbeddedModel):
    name: str
    below: list[Tree] = []


class Pair(EmbeddedModel):
    sides: tuple[int, ...] = (1, 2)
    when: tuple[Decimal, ...] = ()
    note: Any = None


class Owner(Model):
    name: str = Field(primary_field=True)


class Parcel(Model):
    code: str = Field(key_name="c")
    colour: Colour = Colour.RED
    maybe: Optional[Colour] = None
    level: Level = Level.LOW
    odd: Odd = Odd.A
    price: Decimal = Decimal("1.50")
    size: Size = Size()
    maybe_size: Optional[Size] = None
    sizes: list[Size] = []
    others: dict[str, Size] = {}
    loose: Loose = Loose()
    tree: Tree = Tree(name="a", below=[Tree(name="b")])
    pair: Pair = Pair()
    pairs: list[tuple[int, Size]] = []
    tags: list[Optional[str]] = []
    levels: list[Level] = []
    numbers: dict[str, int] = {}
    anything: Any = None
    things: list[Any] = []
    table: dict[str, Any] = {}
    when: datetime = datetime(2024, 1, 1)
    owner: Owner = Reference()


class Country(Model):
    name: str


class Event(Model):
    at: Any = None


class Cached(Model):
    name: str

    @cached_property
    def shout(self) -> str:
        return self.name.upper()


class Swapped(Model):
    a: str = Field(key_name="b")
    b: str = Field(key_name="a")


class Given(Model):
    code: Any = Field(primary_field=True)
    tags: list[str] = []


def _taken(*instances: Any, new: bool = True) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    ids: list[Any] = []
    take: Any = type(instances[0]).__mapping__.codec.take
    take(instances, documents, ids, a_write(), new=new)
    assert [each["_id"] for each in documents] == ids
    return documents


def _parcel(**values: Any) -> Parcel:
    given: dict[str, Any] = {
        "code": "A",
        "owner": Owner(name="o"),
        "size": Size(),
        "maybe_size": Size(width=2),
        "sizes": [Size(), Size(width=3)],
        "others": {"x": Size()},
        "loose": Loose(),
        "pair": Pair(note=[1]),
        "pairs": [(1, Size())],
        "tags": ["a", None],
        "levels": [Level.LOW],
        "numbers": {"a": 1},
        "anything": {"b": [2]},
        "things": [[3]],
        "table": {"c": [4]},
    }
    return Parcel(**{**given, **values})


def test_what_is_taken_is_the_document() -> None:
    parcel = _parcel()
    expected = parcel.model_dump_doc()

    (document,) = _taken(parcel)

    assert bson.encode(document) == bson.encode({"_id": parcel.id, **_sorted(expected, document)})
    assert type(document["colour"]) is str
    assert document["odd"] is Odd.A


def _sorted(expected: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    return {key: expected[key] for key in document}


def test_what_is_taken_counts_as_unmodified_until_it_changes() -> None:
    parcel = _parcel()
    names = parcel.__mutable_fields__
    before = take_snapshots(parcel, names)
    (document,) = _taken(parcel)

    assert dirty_fields(parcel) == set()
    assert baseline_of(parcel).keys() == names
    assert all(len(baseline_of(parcel)[name]) == len(before[name]) for name in names)
    assert type(parcel.id) is ObjectId

    parcel.sizes[1].width = 4
    parcel.numbers["a"] = 2
    parcel.things[0].append(1)
    parcel.tree.below[0].name = "c"
    assert dirty_fields(parcel) == {"sizes", "numbers", "things", "tree"}
    assert document["sizes"][1]["w"] == 3
    assert document["numbers"] == {"a": 1}


_filled: list[Any] = []


def _fill(code: str) -> str:
    for basket in _filled:
        basket.fruits.append("pear")
        basket.prices.append(Decimal(2))
        basket.rings["b"] = 2
        basket.sizes[0].width = 2
    return code


class Basket(Model):
    """One that something is put into while it is taken, as by another thread."""

    fruits: list[str] = ["apple"]
    prices: list[Decimal] = [Decimal(1)]
    rings: dict[str, int] = {"a": 1}
    sizes: list[Size] = [Size()]
    code: Annotated[str, WithBsonSerializer(_fill)] = "a"


def test_what_changes_while_an_instance_is_taken_stands_out() -> None:
    basket = Basket()
    _filled[:] = [basket]
    (document,) = _taken(basket)
    _filled.clear()

    assert document["fruits"] == ["apple"]
    assert document["prices"] == [Decimal128("1")]
    assert document["rings"] == {"a": 1}
    assert document["sizes"] == [{"w": 1, "colour": "red"}]
    assert dirty_fields(basket) == {"fruits", "prices", "rings", "sizes"}


def _touch_list(parcel: Parcel) -> None:
    parcel.tags.append(bytearray(b"a"))  # type: ignore[arg-type]


UNUSUAL = [
    lambda each: each.__fields_modified__.clear(),
    lambda each: object.__setattr__(each, "__fields_modified__", set()),
    mark_read,
    _touch_list,
    lambda each: each.sizes.append(1),
    lambda each: each.sizes[0].__dict__.update(width="1"),
    lambda each: each.numbers.update({1: 2}),
    lambda each: each.numbers.update(a=[1]),
    lambda each: each.loose.__dict__.update(name=[1]),
    lambda each: setattr(each.loose, "more", 1),
    lambda each: each.__dict__.update(size=None),
    lambda each: each.__dict__.update(when=None, other=1),
    lambda each: each.__dict__.update(level="x"),
    lambda each: each.__dict__.update(colour="red"),
    lambda each: each.__dict__.update(anything=Timestamp(0, 0)),
    lambda each: each.__dict__.update(owner=None),
    lambda each: each.__dict__.pop("code"),
    lambda each: each.things.append(each.things),
]


@pytest.mark.parametrize("change", UNUSUAL)
def test_the_unusual_is_left_to_other_code(change: Any) -> None:
    first, second, third = _parcel(), _parcel(), _parcel()
    change(second)

    assert len(_taken(first, second, third)) == 1
    assert dirty_fields(first) == set()
    assert third.__fields_modified__ == set(Parcel.__mapping__.fields)


def test_what_was_never_sent_or_copied_is_new() -> None:
    made, given, copied = Country(name="a"), Country(id=ObjectId(), name="b"), Country(name="c")
    touched = Country(name="d")
    touched.name = "e"
    copy.deepcopy(copied)

    assert touched.__fields_modified__ == {"id", "name"}

    assert [len(_taken(each)) for each in (made, given, copied, touched)] == [1, 0, 0, 1]
    assert [dirty_fields(each) for each in (made, touched)] == [set(), set()]
    assert touched.__fields_modified__ == set()


def test_given_ids_are_taken_too() -> None:
    made, saved, touched = Given(code=1), Given(code=2), Given(code=3)
    mark_read(saved)
    touched.tags = ["x"]

    assert _taken(made, Given(code="a"), new=False) == [
        {"_id": 1, "tags": []},
        {"_id": "a", "tags": []},
    ]
    assert [len(_taken(each, new=False)) for each in (made, saved, touched)] == [0, 0, 1]


@pytest.mark.parametrize("id_", [None, (1,), {"$gt": ""}, {"a": 1}, re.compile("a")])
def test_ids_that_are_no_scalars_are_left_to_slower_code(id_: Any) -> None:
    assert _taken(Given(code=id_), new=False) == []


def test_timestamps_are_not_inserted() -> None:
    assert _taken(Event(at=Timestamp(0, 0))) == []
    assert len(_taken(Event(at=[Timestamp(0, 0)]))) == 1
    assert _taken(Country.model_construct(name=Timestamp(0, 0)), new=False) == []


def test_other_values_of_an_instance_are_not_sent() -> None:
    cached = Cached(name="a")
    assert cached.shout == "A"

    assert _taken(cached) == [{"name": "a", "_id": cached.id}]
    assert cached.model_dump_doc() == {"name": "a", "_id": cached.id}
    country = Country(name="a")
    country.__dict__["other"] = 1
    assert country.model_dump_doc() == {"name": "a", "_id": country.id}


def test_keys_may_be_names_of_other_fields() -> None:
    swapped = Swapped(a="1", b="2")

    assert swapped.model_dump_doc() == {"b": "1", "a": "2", "_id": swapped.id}
    assert _taken(swapped) == [{"b": "1", "a": "2", "_id": swapped.id}]


def test_what_is_embedded_is_marked() -> None:
    parcel = _parcel()
    every = [
        parcel.size,
        parcel.maybe_size,
        *parcel.sizes,
        parcel.others["x"],
        parcel.tree.below[0],
    ]
    parcel.size.width = 5
    assert all(each.__fields_modified__ for each in every if each is not None)

    mark_nested([parcel], Parcel)

    assert not any(each.__fields_modified__ for each in every if each is not None)
    assert parcel.owner.__fields_modified__ == {"name"}


def test_what_is_embedded_may_be_gone_when_it_is_marked() -> None:
    parcel = _parcel()
    values: Any = parcel.__dict__
    values.update(size=None, sizes=None, maybe_size=1)
    del values["tree"]

    mark_nested([parcel], Parcel)

    assert parcel.others["x"].__fields_modified__ == set()


def test_extras_of_embedded_objects_are_compared() -> None:
    parcel = _parcel()
    _taken(parcel)
    setattr(parcel.loose, "more", 1)  # noqa: B010 - no field

    assert dirty_fields(parcel) == {"loose"}


@pytest.mark.parametrize(("cls", "is_equal"), [(Colour, True), (Level, False), (Odd, False)])
def test_members_that_are_stored_like_their_values(cls: Any, is_equal: bool) -> None:
    assert has_equal_values(cls) is is_equal


class Address(EmbeddedModel):
    owner: Owner = Reference()


class Person(Model):
    address: Address


def test_a_reference_in_what_is_embedded_is_left_alone() -> None:
    owner = Owner(name="o")
    person = Person(address=Address(owner=owner))

    mark_nested([person], Person)

    assert person.address.__fields_modified__ == set()
    assert owner.__fields_modified__ == {"name"}
