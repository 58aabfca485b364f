"""Defaults of fields, right and wrong: every line with a mistake is marked, and no other."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID, uuid4

from typing_extensions import assert_type

from odmantic import EmbeddedModel, Field, Model, ObjectId, utcnow

Content = TypeVar("Content")


class Color(str, Enum):
    RED = "red"
    BLUE = "blue"


class City(EmbeddedModel):
    name: str = Field(default="Ulm")
    zip_code: str | None = Field(default=None, key_name="zip")


def next_number() -> int:
    return 1


def of_data(data: dict[str, Any]) -> str:
    return str(data)


class Everything(Model):
    id: ObjectId = Field(primary_field=True, default_factory=ObjectId)
    required: int = Field(gt=3)
    by_dots: int = Field(default=..., gt=3)
    name: str = Field(default="", min_length=0)
    number: float = Field(default=0)
    big: int | None = Field(default=None)
    either: int | str = Field(default=3)
    choice: Literal["a", "b"] = Field(default="a")
    choices: list[Literal["a", "b"]] = Field(default=["a"])
    color: Color = Field(default=Color.RED)
    price: Decimal = Field(default=Decimal(0), max_digits=9)
    converted: Decimal = Field(default="0.00", validate_default=True)
    tags: list[str] = Field(default=[])
    table: dict[str, int] = Field(default={"a": 1})
    numbers: tuple[int, ...] = Field(default=())
    home: City = Field(default=City())
    homes: list[City] = Field(default_factory=list)
    by_city: dict[str, City] = Field(default_factory=dict)
    words: set[str] = Field(default_factory=set)
    letters: frozenset[str] = Field(default_factory=frozenset)
    queue: deque[int] = Field(default_factory=deque[int])
    counts: dict[str, int] = Field(default_factory=lambda: defaultdict(int))
    made: list[int] = Field(default_factory=lambda: [1, 2])
    maybe: list[int] | None = Field(default_factory=list)
    items: list[str] = Field(default_factory=list[str])
    key: UUID = Field(default_factory=uuid4)
    born: datetime = Field(default_factory=datetime.now)
    day: date = Field(default_factory=date.today)
    wait: timedelta = Field(default_factory=timedelta)
    city: City = Field(default_factory=City)
    number_of: int = Field(default_factory=next_number)
    text: str = Field(default_factory=of_data)
    upper: str = Field(default_factory=lambda data: str(data["name"]).upper())
    anything: Any = Field(default=None)
    at: datetime = Field(on_insert=utcnow)
    changed: datetime | None = Field(default=None, on_update=utcnow)
    seen: Annotated[datetime | None, Field(index=True)] = None
    missing: int = Field(default=1, if_missing=lambda: 2, unique="live", store_default=False)


class Box(Model, Generic[Content], inheritance="abstract"):
    content: Content
    several: list[Content] = Field(default_factory=list)
    other: Content | None = Field(default=None)


class Positional(Model):
    required: int = Field(...)
    name: str = Field("", key_name="n")
    maybe: int | None = Field(None)
    city: City = Field(City())


class Wrong(Model):
    a: int = Field(default="x")  # mistake: text
    b: str = Field(default=None)  # mistake: it cannot be None
    c: list[int] = Field(default=["a"])  # mistake: text in it
    d: Literal["a", "b"] = Field(default="c")  # mistake: no such choice
    e: int = Field(default_factory=list)  # mistake: a list
    f: int = Field(default_factory=of_data)  # mistake: text
    g: str = Field(default_factory=next_number)  # mistake: an int
    h: dict[str, int] = Field(default_factory=set)  # mistake: a set
    i: int = Field(default=1, default_factory=next_number)  # mistake: two defaults
    j: int = Field(default_factory=3)  # mistake: no function
    k: int = Field(dflt=3)  # mistake: misspelt
    m: datetime = Field(on_insert=utcnow, default_factory=utcnow)  # mistake: two suppliers
    n: City = Field(default=Color.RED)  # mistake: no city


def constructors() -> None:
    everything = Everything(required=4, by_dots=4)
    assert_type(everything.price, Decimal)
    assert_type(everything.homes, list[City])
    assert_type(everything.choice, Literal["a", "b"])
    Everything(by_dots=4)  # mistake: required is missing
    Everything(required=4)  # `default=` makes a field optional for type checkers, whatever is given
    Everything(required=4, by_dots=4, born="now")  # mistake: no datetime
    Everything(required=4, by_dots=4, at=utcnow())  # mistake: the library gives the value
