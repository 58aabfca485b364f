"""A user's mistakes with typed fields. Type checkers must report every line marked so, and no other.

What one of them cannot find is listed in `test_type_checkers.py`.
"""

from __future__ import annotations

from collections import deque
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Literal, NewType
from uuid import UUID

from odmantic import (
    AIOEngine,
    EmbeddedModel,
    F,
    Field,
    Index,
    Model,
    ObjectId,
    Ref,
    Reference,
    SyncEngine,
    expr,
)
from odmantic.path import each, given, matched, where
from odmantic.query import (
    all_,
    bits_all_set,
    contains,
    elem_match,
    endswith,
    icontains,
    iequals,
    mod,
    size,
    startswith,
    type_,
)
from odmantic.typing import Expr, Filter, Sort, Update, Values
from odmantic.update import (
    add_to_set,
    bit,
    current_date,
    inc,
    mul,
    pop,
    pull,
    push,
)


class State(Enum):
    OPEN = "open"
    PAID = "paid"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


Points = NewType("Points", int)


class Address(EmbeddedModel):
    city: str
    number: int | None = None


class Line(EmbeddedModel):
    sku: str
    qty: int = Field(default=1, ge=0)
    price: Decimal = Decimal(0)


class Company(Model):
    name: str


class User(Model):
    email: str
    name: str
    nick: str | None = None
    age: int = Field(default=0, ge=0)
    height: int | None = None
    score: float = 0
    points: Points = Points(0)
    active: bool = True
    level: Level = Level.LOW
    kind: Literal["human", "robot"] = "human"
    born: date = date(2000, 1, 1)
    seen: datetime | None = None
    wakes: time = time(8)
    token: UUID | None = None
    picture: bytes = b""
    waits: timedelta = timedelta()
    tags: list[str] = []
    marks: set[int] = set()
    recent: deque[int] = deque()
    matrix: list[list[int]] = []
    home: Address | None = None
    office: Address
    prices: dict[str, Decimal] = {}
    places: dict[str, Address] = {}
    union: int | str = 0
    anything: object = None
    employer: Company = Reference()
    former: Company | None = Reference()
    others: list[Company] = Reference()
    friend: Ref[User] | None = None
    friends: list[Ref[User]] = []


class Order(Model):
    state: State = State.OPEN
    lines: list[Line] = []
    total: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    number: int = 0
    note: str | None = None
    customer: User = Reference()


def arguments_of_f() -> None:
    F()  # mistake: no field
    F(User.nme)  # mistake: misspelt
    F(User.home.city)  # mistake: it may be None
    F(User.office.town)  # mistake: misspelt
    F(User.tags.first)  # mistake: lists have no such attribute
    F(User.prices[3])  # mistake: the keys are text
    F(Order.lines["0"])  # mistake: no number
    F(Order.lines[each].amount)  # mistake: misspelt
    F(Order.lines[where("x")].qty)  # mistake: no condition
    F(given(User.home).town)  # mistake: misspelt
    F(User.age, User.name)  # mistake: one field


async def equality(engine: AIOEngine, user: User) -> None:
    await engine.find(User, F(User.age) == "18")  # mistake: an int
    await engine.find(User, F(User.age) != "18")  # mistake: an int
    await engine.find(User, F(User.age) == 18.5)  # mistake: an int
    await engine.find(User, F(User.age) == None)  # noqa: E711  # mistake: never None
    await engine.find(User, F(User.name) == 3)  # mistake: text
    await engine.find(User, F(User.name) == b"Ada")  # mistake: text
    await engine.find(User, F(User.nick) == 3)  # mistake: text or None
    await engine.find(User, F(User.active) == "yes")  # mistake: a bool
    await engine.find(User, F(User.level) == State.OPEN)  # mistake: another enum
    await engine.find(User, F(User.points) == 3)  # mistake: Points
    await engine.find(Order, F(Order.state) == "open")  # mistake: a State
    await engine.find(Order, F(Order.state) == Level.LOW)  # mistake: a State
    await engine.find(User, F(User.kind) == 3)  # mistake: text
    await engine.find(User, F(User.kind) == "cat")  # mistake: no such literal
    await engine.find(User, F(User.born) == "2000-01-01")  # mistake: a date
    await engine.find(User, F(User.seen) == 2000)  # mistake: a datetime
    await engine.find(User, F(User.token) == "0" * 32)  # mistake: a UUID
    await engine.find(User, F(User.picture) == "x")  # mistake: bytes
    await engine.find(User, F(User.waits) == 3)  # mistake: a timedelta
    await engine.find(User, F(User.wakes) == 8)  # mistake: a time
    await engine.find(User, F(User.tags) == 3)  # mistake: text inside
    await engine.find(User, F(User.tags) == [3])  # mistake: text inside
    await engine.find(User, F(User.marks) == "x")  # mistake: numbers inside
    await engine.find(User, F(User.home) == "Ulm")  # mistake: an Address
    await engine.find(User, F(User.office) == Line(sku="x"))  # mistake: an Address
    await engine.find(User, F(User.prices["EUR"]) == "3")  # mistake: a Decimal
    await engine.find(User, F(User.prices) == {"EUR": "3"})  # mistake: Decimals inside
    await engine.find(User, F(User.places["x"].city) == 3)  # mistake: text
    await engine.find(User, F(User.union) == 1.5)  # mistake: an int or text
    await engine.find(User, F(User.employer) == 3.5)  # mistake: neither a Company nor a key
    await engine.find(User, F(User.employer) == user)  # mistake: a Company
    await engine.find(User, F(User.former) == user)  # mistake: a Company
    await engine.find(User, F(User.friend) == Ref(Company(name="x")))  # mistake: of another model
    await engine.find(User, F(User.id) == "x", F(User.nick) == 3)  # mistake: text
    await engine.find(Order, F(Order.lines[each].qty) == "x")  # mistake: an int
    await engine.find(Order, F(Order.lines[0].sku) == 3)  # mistake: text
    await engine.find(User, F(given(User.home).city) == 3)  # mistake: text
    await engine.find(User, F(User.age) == User.name)  # mistake: fields of two types


def order(engine: SyncEngine) -> None:
    F(User.age) > "18"  # mistake: an int
    F(User.age) >= None  # mistake: None has no order
    F(User.height) > None  # mistake: None has no order
    F(User.name) < 3  # mistake: text
    F(User.score) > "3"  # mistake: a number
    F(User.score) > Decimal(3)  # mistake: a float
    F(Order.total) > 3.5  # mistake: a Decimal
    F(Order.total) <= "3"  # mistake: a Decimal
    F(User.born) > "2000-01-01"  # mistake: a date
    F(User.seen) > 2000  # mistake: a datetime
    F(User.active) > False  # mistake: bools have no order
    F(Order.state) > State.OPEN  # mistake: enums have no order
    F(User.tags) > ["x"]  # mistake: lists have no order
    F(User.home) > Address(city="x")  # mistake: objects have no order
    F(User.office) < 3  # mistake: objects have no order
    F(User.prices) > {}  # mistake: dictionaries have no order
    F(User.employer) > 3  # mistake: references have no order
    F(Order.total) > Order.note  # mistake: fields of two types
    F(User.name) > User.age  # mistake: fields of two types
    F(User.age) > expr.literal("x")  # mistake: text
    F(User.name) > expr.size(User.tags)  # mistake: a number


def membership() -> None:
    F(User.name).in_("Ada")  # mistake: its characters
    F(User.name).not_in("Ada")  # mistake: its characters
    F(User.picture).in_(b"x")  # mistake: its bytes
    F(User.name).in_([3])  # mistake: text
    F(User.name).in_("Ada", "Bob")  # mistake: one list
    F(User.age).in_(["3"])  # mistake: numbers
    F(User.age).in_(3)  # mistake: a list
    F(User.age).in_(str(i) for i in range(3))  # mistake: a list of numbers
    F(User.age).not_in({"3"})  # mistake: numbers
    F(User.nick).in_([3, None])  # mistake: text
    F(Order.state).in_(["open"])  # mistake: a State
    F(User.tags).in_([3])  # mistake: text inside
    F(User.tags).all_("ab")  # mistake: its characters
    F(User.tags).all_([3])  # mistake: text inside
    F(User.employer).in_([3.5])  # mistake: keys or instances
    F(User.age).isin([3])  # mistake: no such operator


def operators() -> None:
    F(User.name).mod(4, 0)  # mistake: of numbers
    F(User.age).mod(4)  # mistake: the remainder
    F(User.age).mod("4", 0)  # mistake: a number
    F(User.age).startswith("1")  # mistake: of text
    F(User.name).startswith(3)  # mistake: text
    F(User.name).endswith(["a"])  # mistake: text
    F(User.name).contains(3)  # mistake: text
    F(User.name).iequals(b"x")  # mistake: text
    F(User.name).match(3)  # mistake: a pattern
    F(User.born).match("^2")  # mistake: of text
    F(User.name).size(3)  # mistake: of lists
    F(User.tags).size("3")  # mistake: a number
    F(User.tags).contains(3)  # mistake: text inside
    F(User.marks).contains("x")  # mistake: numbers inside
    F(User.age).contains(3)  # mistake: of text and lists
    F(User.name).bits_all_set(1)  # mistake: of integers
    F(User.score).bits_any_set(1)  # mistake: of integers
    F(User.age).bits_all_clear("x")  # mistake: a mask
    F(User.age).type_("integer")  # mistake: no such type
    F(User.age).exists("no")  # mistake: a bool
    F(User.name).elem_match(F(Line.sku) == "x")  # mistake: of lists
    F(Order.lines).elem_match("x")  # mistake: a condition
    F(Order.lines).elem_match({"sku": "x"})  # mistake: a condition
    F(Order.lines).elem_match(F(Line.qty) == "x")  # mistake: an int
    F(User.home).city  # mistake: F(given(User.home).city)
    F(User.office).city == "Ulm"  # mistake: F(User.office.city)
    F(User.tags)[0]  # mistake: F(User.tags[0])


def updates() -> None:
    F(User.name).inc(1)  # mistake: of numbers
    F(User.active).inc(1)  # mistake: of numbers
    F(User.age).inc("1")  # mistake: an int
    F(User.age).inc(1.5)  # mistake: an int
    F(User.age).inc()  # mistake: the amount
    F(User.score).inc(Decimal(1))  # mistake: a float
    F(Order.total).inc(1.5)  # mistake: a Decimal
    F(Order.total).mul("2")  # mistake: a Decimal
    F(User.born).mul(2)  # mistake: of numbers
    F(User.age).inc(1, bounds=False)  # mistake: misspelt
    F(User.age).set("3")  # mistake: an int
    F(User.age).set(None)  # mistake: never None
    F(User.age).set()  # mistake: the value
    F(User.nick).set(3)  # mistake: text
    F(User.kind).set("cat")  # mistake: no such literal
    F(User.level).set(3)  # mistake: a Level
    F(Order.state).set("paid")  # mistake: a State
    F(User.seen).set(date(2000, 1, 1))  # mistake: a datetime
    F(User.tags).set("x")  # mistake: a list
    F(User.tags).set([3])  # mistake: text inside
    F(User.home).set({"city": "Ulm"})  # mistake: an Address
    F(User.home).set(Address(town="Ulm"))  # mistake: misspelt
    F(User.prices).set({"EUR": "3"})  # mistake: Decimals inside
    F(User.employer).set(3.5)  # mistake: a Company or a key
    F(User.age).set_on_insert("3")  # mistake: an int
    F(User.age).set_(3)  # mistake: it is `set`
    F(User.age).unset()  # mistake: never None
    F(User.name).unset()  # mistake: never None
    F(User.tags).unset()  # mistake: never None
    F(User.name).min(3)  # mistake: text
    F(User.age).max("3")  # mistake: an int
    F(User.home).max(Address(city="x"))  # mistake: objects have no order
    F(User.height).min(None)  # mistake: None has no order
    F(User.age).bit(and_=1, or_=2)  # mistake: one mask
    F(User.name).bit(or_=1)  # mistake: of integers
    F(User.name).current_date()  # mistake: of datetimes
    F(User.born).current_date()  # mistake: a date has no time
    F(User.nick).rename(3)  # mistake: a key
    F(User.age).push(3)  # mistake: of lists
    F(User.prices).push(Decimal(3))  # mistake: of lists
    F(User.tags).push(3)  # mistake: text inside
    F(User.tags).push(["x"])  # mistake: text inside
    F(User.tags).push("x", slice="3")  # mistake: a number
    F(User.tags).push("x", sort="name")  # mistake: 1 or -1
    F(User.tags).push("x", limit=3)  # mistake: it is `slice`
    F(Order.lines).push("tea")  # mistake: a Line
    F(Order.lines).push(Address(city="x"))  # mistake: a Line
    F(User.marks).add_to_set("x")  # mistake: numbers inside
    F(User.tags).pull(3)  # mistake: text inside
    F(Order.lines).pull(F(Line.qty) == "x")  # mistake: an int
    F(User.tags).pop(-1)  # mistake: first=True
    F(User.name).pop()  # mistake: of lists
    F(User.others).push(3.5)  # mistake: a Company or a key
    F(User.friends).push(Ref(Company(name="x")))  # mistake: of another model
    F(Order.lines[matched].qty).inc("1")  # mistake: an int
    F(Order.lines[where(F(Line.qty) == "x")].qty).inc(1)  # mistake: an int
    F(User.matrix).push(3)  # mistake: lists inside


async def calls(engine: AIOEngine, sync: SyncEngine) -> None:
    await engine.find(User, F(User.age))  # mistake: no condition
    await engine.find(User, F(User.age).desc())  # mistake: no condition
    await engine.find(User, F(User.age).inc(1))  # mistake: no condition
    await engine.update_many(User, F(User.age) > 3, F(User.age))  # mistake: no update
    await engine.update_many(User, F(User.age) > 3, F(User.age).desc())  # mistake: no update
    await engine.update_many(User, F(User.age).inc(1))  # mistake: no condition
    sync.update_one(User, F(User.age) == "x", F(User.age).inc(1))  # mistake: an int
    sync.find(User, (F(User.age) > 3) & (F(User.name) == 3))  # mistake: text
    sync.find(User, (F(User.age) == "x") | (F(User.name) == "x"))  # mistake: an int
    sync.find(User, ~F(User.age))  # mistake: no condition
    sync.find(User, not F(User.age) == 3)  # mistake: ~(...)
    sync.find(User, (F(User.age) > 3) & "x")  # mistake: no condition
    sync.find(User, F(User.name) == "a" and F(User.age) > 3)  # mistake: & and parentheses
    sync.find(User, 3 < F(User.age) < 5)  # mistake: two conditions
    sync.find(User, F(User.name) == "a" & F(User.age) > 3)  # mistake: parentheses
    if F(User.age) > 3:  # mistake: no bool
        pass


def functions() -> None:
    inc(User.name, 1)  # mistake: of numbers
    inc(User.age, "1")  # mistake: a number
    mul(User.tags, 2)  # mistake: of numbers
    push(User.age, 3)  # mistake: of lists
    push(User.prices, 3)  # mistake: of lists
    add_to_set(User.name, "x")  # mistake: of lists
    pull(User.age, 3)  # mistake: of lists
    pop(User.office)  # mistake: of lists
    bit(User.score, or_=1)  # mistake: of integers
    current_date(User.name)  # mistake: of datetimes
    startswith(User.age, "1")  # mistake: of text
    endswith(User.tags, "1")  # mistake: of text
    icontains(User.born, "1")  # mistake: of text
    iequals(User.name, 3)  # mistake: text
    contains(User.age, 3)  # mistake: of text and lists
    mod(User.name, 4, 0)  # mistake: of numbers
    size(User.name, 3)  # mistake: of lists
    all_(User.name, ["x"])  # mistake: of lists
    elem_match(User.name, Line.sku == "x")  # mistake: of lists
    bits_all_set(User.name, 1)  # mistake: of integers
    type_(User.age, "integer")  # mistake: no such type


def names_of_types() -> None:
    numbers: Values[int] = "123"  # mistake: text
    condition: Filter = F(User.age)  # mistake: no condition
    other: Filter = F(User.age) == "x"  # mistake: an int
    order: Sort = F(User.age)  # mistake: asc() or desc()
    change: Update = F(User.age) > 3  # mistake: no update
    field: Expr[str, str] = F(User.age)  # mistake: an int
    print(numbers, condition, other, order, change, field)
    F(User.age).desc().upper()  # mistake: no text
    F(User.age).inc(1) & F(User.age).inc(1)  # mistake: several arguments
    F(User.age).inc(1)["$inc"]  # mistake: no dictionary
    F(User.age).desc()["age"]  # mistake: no dictionary
    Index(F(User.age), is_unique=True)  # mistake: misspelt
    ObjectId(F(User.age) == 3)  # mistake: no text
