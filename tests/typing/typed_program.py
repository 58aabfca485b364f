"""A user's program with typed fields. Type checkers must find nothing wrong, and see the types that `assert_type` says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, TypeVar

from pymongo.results import UpdateResult
from typing_extensions import assert_type

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
    as_type,
    expr,
    stored,
    type_is,
)
from odmantic.path import each, element, given, matched, where
from odmantic.query import QueryExpression, and_, desc, elem_match, not_, or_, raw
from odmantic.typing import (
    ArrayExpr,
    DateExpr,
    Expr,
    Filter,
    IntegerExpr,
    NumberExpr,
    OrderedExpr,
    Sort,
    TextExpr,
    Update,
    Values,
)
from odmantic.update import inc, push, set_, unset


class State(Enum):
    OPEN = "open"
    PAID = "paid"


class Address(EmbeddedModel):
    city: str = Field(key_name="c")
    number: int | None = None


class Line(EmbeddedModel):
    sku: str
    qty: int = Field(default=1, ge=0)
    price: Decimal = Decimal(0)
    parts: list[str] = []


class Company(Model):
    name: str
    size: int = 0


class User(Model):
    email: str = Field(unique=True)
    name: str
    nick: str | None = None
    age: int = Field(default=0, ge=0, le=150)
    quota: int = 0
    height: int | None = None
    score: float = 0
    flags: int = 0
    active: bool = True
    kind: Literal["human", "robot"] = "human"
    seen: datetime | None = None
    waits: timedelta = timedelta()
    tags: list[str] = []
    marks: set[int] = set()
    home: Address | None = None
    office: Address
    prices: dict[str, Decimal] = {}
    places: dict[str, Address] = {}
    anything: Any = None
    employer: Company = Reference()
    former: Company | None = Reference()
    others: list[Company] = Reference()
    friend: Ref[User] | None = None
    friends: list[Ref[User]] = []

    model_config = {"indexes": lambda: [Index(F(User.name), F(User.age).desc(), name="by_name")]}


class Order(Model):
    state: State = State.OPEN
    lines: list[Line] = []
    total: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    note: str | None = None
    customer: User = Reference()


class Parcel(Model):
    weights: list[float] = []

    @stored(index=True)
    def total(self) -> float:
        return sum(self.weights)


class Shape(EmbeddedModel, inheritance="single"):
    corners: int = 0


class Circle(Shape):
    radius: float = 0


class Drawing(Model):
    main: Shape


ModelType = TypeVar("ModelType", bound=Model)


async def finding(engine: AIOEngine, user: User, names: Iterable[str]) -> None:
    users = await engine.find(
        User, F(User.age) >= 18, F(User.name).in_(["Ada", "Bob"]), sort=F(User.age).desc()
    )
    assert_type(users, list[User])
    assert_type(await engine.find_one(User, F(User.email) == "a@x.no"), User | None)
    assert_type(await engine.count(User, F(User.age) > 3), int)
    await engine.find(User, (F(given(User.home).city) == "Ulm") | ~F(User.nick).exists())
    await engine.find(User, F(given(User.home).city) == "Ulm", F(User.prices["EUR"]) > 3)
    await engine.find(User, F(User.active) == True)  # noqa: E712
    await engine.find(User, F(User.name).in_(tuple(names)), F(User.name).not_in(set(names)))
    await engine.find(User, F(User.name).in_({"Ada": 1}.keys()), F(User.age).in_(range(3)))
    await engine.find(User, F(User.nick).in_(["Ada", None]), F(User.nick) == None)  # noqa: E711
    await engine.find(User, F(User.employer) == user.employer, F(User.former) == None)  # noqa: E711
    await engine.find(
        User, F(User.employer) == ObjectId(), F(User.employer).in_([user.employer.id])
    )
    await engine.find(User, F(User.friend) == user, F(User.friend) == Ref(user))
    await engine.find(User, F(User.friends) == user, F(User.friends).contains(Ref(user)))
    await engine.find(User, F(User.others).contains(user.employer), F(User.others) == ObjectId())
    await engine.find(User, F(User.id) == user.id, F(User.id).in_([user.id]))
    await engine.find(User, sort=F(User.name))
    await engine.find(User, sort=(F(User.name), F(User.age).desc(), User.nick, desc(User.score)))
    await engine.find(User, User.age > 3, F(User.name) == "Ada", {"nick": None})
    async for found in engine.find(Order, F(Order.state) == State.PAID):
        assert_type(found, Order)


def conditions(sync: SyncEngine) -> None:
    one, other = F(User.age) > 3, F(User.name) == "Ada"
    assert_type(one, Filter)
    assert_type(F(User.name) == "Ada", Filter)
    assert_type(F(User.name) != "Ada", Filter)
    assert_type(one & other, Filter)
    assert_type(one | other, Filter)
    assert_type(~(one & other), Filter)
    assert_type(one & (User.age < 5), Filter)
    assert_type((User.age < 5) & one, Filter)
    assert_type((User.age < 5) | one, Filter)
    assert_type(one & {"nick": None}, Filter)
    assert_type(one & raw({"nick": None}) & type_is(Company), Filter)
    sync.find(User, and_(one, other), or_(one, User.name == "x"), not_(one))
    every: list[Filter] = [one, other]
    every.append(F(User.age) < 3)
    sync.find(User, *every)
    joined = one
    joined &= other
    joined |= F(User.age) < 3
    sync.find(User, joined)
    print(len(one) > 0, one["age"], dict(one))


def operators() -> None:
    assert_type(F(User.age).exists(), Filter)
    assert_type(F(User.nick).exists(False), Filter)
    assert_type(F(User.nick).is_null(), Filter)
    assert_type(F(User.age).type_("int", "long"), Filter)
    assert_type(F(User.age).mod(4, 1), Filter)
    assert_type(F(User.score).mod(4, 1), Filter)
    assert_type(F(User.flags).bits_all_set(5) & F(User.flags).bits_any_clear([0, 2]), Filter)
    assert_type(F(User.flags).bits_any_set(b"\x01") & F(User.flags).bits_all_clear(1), Filter)
    assert_type(F(User.name).match("^A") | F(User.name).match(re.compile("^A")), Filter)
    assert_type(F(User.name).startswith("A") & F(User.name).endswith("a"), Filter)
    assert_type(F(User.nick).contains("d") | F(User.nick).icontains("D"), Filter)
    assert_type(F(User.nick).iequals("ADA"), Filter)
    assert_type(F(User.tags).contains("a") & F(User.tags).size(2), Filter)
    assert_type(F(User.tags).all_(["a", "b"]) | F(User.marks).all_({1, 2}), Filter)
    assert_type(F(User.tags) == "a", Filter)
    assert_type(F(User.tags) == ["a", "b"], Filter)
    assert_type(F(User.marks) == {1}, Filter)
    assert_type(F(User.marks) == 1, Filter)
    assert_type(F(Order.lines).elem_match(F(Line.sku) == "x", F(Line.qty) > 5), Filter)
    assert_type(F(Order.lines).elem_match(Line.sku == "x", Line.qty > 5), Filter)
    assert_type(elem_match(Order.lines, F(Line.sku) == "x", Line.qty > 5), QueryExpression)
    assert_type(F(User.tags).elem_match(element > "a"), Filter)
    assert_type(F(User.height) > 3, Filter)
    assert_type(F(User.score) > 3, Filter)
    assert_type(F(Order.total) >= 3, Filter)
    assert_type(F(Order.total) >= Decimal("3.5"), Filter)
    assert_type(F(User.seen) > datetime(2026, 1, 1), Filter)
    assert_type(F(User.waits) < timedelta(days=1), Filter)
    assert_type(F(User.home) == Address(city="Ulm"), Filter)
    assert_type(F(User.home) == None, Filter)  # noqa: E711
    assert_type(F(User.prices) == {"EUR": Decimal(3)}, Filter)
    assert_type(F(User.kind) == "human", Filter)
    assert_type(F(User.kind).in_(["human", "robot"]), Filter)
    assert_type(F(User.email) > "a", Filter)


def paths() -> None:
    assert_type(F(Order.lines[each].qty) > 3, Filter)
    assert_type(F(Order.lines[0].sku) == "x", Filter)
    assert_type(F(Order.lines[each].parts[0]) == "x", Filter)
    assert_type(F(Order.lines[each].parts).contains("x"), Filter)
    assert_type(F(given(given(User.home).number)) > 3, Filter)
    assert_type(F(given(User.home).number) > 3, Filter)
    assert_type(F(User.office.city).startswith("U"), Filter)
    assert_type(F(User.places["home"].city) == "Ulm", Filter)
    assert_type(F(as_type(Drawing.main, Circle).radius) > 3, Filter)
    assert_type(F(User.tags[0]) == "x", Filter)
    assert_type(F(Parcel.total) > 3, Filter)


def two_fields(sync: SyncEngine) -> None:
    assert_type(F(User.age) > User.quota, Filter)
    assert_type(F(User.age) == User.quota + 1, Filter)
    assert_type(F(Order.paid) < Order.total * 2, Filter)
    assert_type(F(User.quota) < expr.size(User.tags), Filter)
    assert_type(F(User.age) != expr.literal(3), Filter)
    sync.find(User, F(User.age) > expr.call("$strLenCP", User.name))


def orders() -> None:
    assert_type(F(User.age).asc(), Sort)
    assert_type(F(User.email).desc(), Sort)
    by_age: tuple[Sort, ...] = (F(User.age).asc(), F(User.id).desc())
    print(by_age)
    print(Index(F(User.name)), Index(User.name, F(User.age).desc(), unique=True))


async def updates(engine: AIOEngine, sync: SyncEngine, user: User, key: ObjectId) -> None:
    result = await engine.update_many(
        User,
        F(User.name) == "Ada",
        F(User.age).inc(1),
        F(User.tags).push("new"),
        F(User.former).unset(),
    )
    assert_type(result, UpdateResult)
    await engine.update_one(Order, F(Order.id) == key, F(Order.lines[each].qty).inc(1))
    await engine.update_one(Order, (F(Order.id) == key, F(Order.total) > 3), F(Order.note).set("x"))
    await engine.update_one(User, {}, inc(User.age, 1), F(User.name).set("x"), push(User.tags, "a"))
    sync.update_many(User, User.name == "Ada", F(User.nick).set(None), unset(User.height))
    sync.update_one(
        Order,
        F(Order.lines[each].sku) == "tea",
        F(Order.lines[matched].qty).inc(1),
        F(Order.lines[where(F(Line.sku) == "nut")].price).mul(2),
        F(Order.lines[where(Line.sku == "oil", Line.qty > 3)].price).mul(Decimal("1.5")),
    )
    changes: list[Update] = [F(User.age).inc(1)]
    changes.append(set_(User.name, "Ada"))
    sync.update_one(User, F(User.id) == user.id, *changes)


def kinds_of_updates(user: User) -> None:
    assert_type(F(User.name).set("Ada"), Update)
    assert_type(F(User.nick).set(None), Update)
    assert_type(F(User.age).set(3), Update)
    assert_type(F(User.score).set(3), Update)
    assert_type(F(User.home).set(Address(city="Ulm")), Update)
    assert_type(F(User.home).set(None), Update)
    assert_type(F(User.tags).set(["a"]), Update)
    assert_type(F(User.tags).set([]), Update)
    assert_type(F(User.marks).set(set()), Update)
    assert_type(F(User.prices).set({}), Update)
    assert_type(F(User.prices).set({"EUR": Decimal(3)}), Update)
    assert_type(F(User.prices["EUR"]).set(Decimal(3)), Update)
    assert_type(F(User.kind).set("robot"), Update)
    assert_type(F(Order.state).set(State.PAID), Update)
    assert_type(F(User.employer).set(user.employer), Update)
    assert_type(F(User.employer).set(user.employer.id), Update)
    assert_type(F(User.former).set(None), Update)
    assert_type(F(User.friend).set(Ref(user)), Update)
    assert_type(F(User.friend).set(user), Update)
    assert_type(F(User.name).set_on_insert("Ada"), Update)
    assert_type(F(User.nick).unset(), Update)
    assert_type(F(User.height).unset(), Update)
    assert_type(F(User.home).unset(bounded=False), Update)
    assert_type(F(given(User.home).number).unset(), Update)
    assert_type(F(User.friend).unset(), Update)
    assert_type(F(User.age).inc(-1), Update)
    assert_type(F(User.height).inc(1, bounded=False), Update)
    assert_type(F(User.score).inc(1), Update)
    assert_type(F(User.score).inc(1.5), Update)
    assert_type(F(Order.total).inc(1), Update)
    assert_type(F(Order.total).inc(Decimal("1.5")), Update)
    assert_type(F(User.age).mul(2), Update)
    assert_type(F(Order.total).mul(Decimal("1.02")), Update)
    assert_type(F(User.age).min(3), Update)
    assert_type(F(User.name).max("x"), Update)
    assert_type(F(User.seen).max(datetime(2026, 1, 1)), Update)
    assert_type(F(User.flags).bit(or_=4), Update)
    assert_type(F(User.flags).bit(xor=4, bounded=False), Update)
    assert_type(F(User.seen).current_date(), Update)
    assert_type(F(User.nick).rename("alias"), Update)
    assert_type(F(User.nick).rename(User.name, bounded=False), Update)
    assert_type(F(User.tags).push("a", "b", position=0, slice=-10, sort=1), Update)
    assert_type(F(Order.lines).push(Line(sku="x"), sort=F(Line.qty).desc()), Update)
    assert_type(F(Order.lines).push(Line(sku="x"), sort=desc(Line.qty)), Update)
    assert_type(F(User.marks).add_to_set(1, 2), Update)
    assert_type(F(User.tags).pull("a", "b"), Update)
    assert_type(F(Order.lines).pull(F(Line.qty) == 0), Update)
    assert_type(F(User.tags).pull(element < "c"), Update)
    assert_type(F(User.tags).pop(), Update)
    assert_type(F(User.tags).pop(first=True), Update)
    assert_type(F(User.others).push(user.employer), Update)
    assert_type(F(User.others).pull(user.employer.id), Update)
    assert_type(F(User.friends).add_to_set(Ref(user)), Update)
    assert_type(F(Order.lines[each].parts).push("x"), Update)


def what_f_returns() -> None:
    assert_type(F(User.name), TextExpr[str, str])
    assert_type(F(User.nick), TextExpr[str | None, str])
    assert_type(F(User.age), IntegerExpr[int, int])
    assert_type(F(User.height), IntegerExpr[int | None, int])
    assert_type(F(User.score), NumberExpr[float, float | int])
    assert_type(F(Order.total), NumberExpr[Decimal, Decimal | int])
    assert_type(F(User.active), Expr[bool, bool])
    assert_type(F(Order.state), Expr[State, State])
    assert_type(F(User.seen), DateExpr[datetime | None, datetime])
    assert_type(F(User.waits), OrderedExpr[timedelta, timedelta])
    assert_type(F(User.tags), ArrayExpr[list[str], str])
    assert_type(F(User.marks), ArrayExpr[set[int], int])
    assert_type(F(User.home), Expr[Address | None, Address | None])


def older(field: IntegerExpr[int, int], limit: int) -> Filter:
    return field > limit


def any_of(field: Expr[Any, str], values: Values[str]) -> Filter:
    return field.in_(values)


async def newest(engine: AIOEngine, model: type[ModelType], by: Sort) -> ModelType | None:
    return await engine.find_one(model, sort=by)


async def helpers(engine: AIOEngine, sync: SyncEngine) -> None:
    sync.find(User, older(F(User.age), 3), older(F(User.height), 3))
    sync.find(User, any_of(F(User.name), ["Ada"]), any_of(F(User.nick), {"Ada"}))
    assert_type(await newest(engine, User, F(User.seen).desc()), User | None)
    anything = Expr[Any, Any](User.anything)
    sync.find(User, anything == 3, anything.in_(["x", 3]), sort=anything.asc())
    sync.update_one(User, anything == 3, anything.set([1, 2]), anything.unset())
