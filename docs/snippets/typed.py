from datetime import datetime
from typing import Any

from odmantic import AIOEngine, EmbeddedModel, F, Field, Index, Model, Reference
from odmantic.path import each, given, where
from odmantic.typing import Expr, Filter, IntegerExpr, Sort, Update, Values


# --8<-- [start:models]
class Address(EmbeddedModel):
    city: str


class Line(EmbeddedModel):
    sku: str
    qty: int = Field(default=1, ge=0)


class User(Model):
    name: str
    age: int = Field(default=0, ge=0)
    quota: int = 18
    seen: datetime | None = None
    tags: list[str] = []
    work: Address | None = None
    prices: dict[str, float] = {}
    anything: Any = None

    model_config = {"indexes": lambda: [Index(F(User.name), F(User.age).desc())]}


class Order(Model):
    customer: User = Reference()
    lines: list[Line] = []


# --8<-- [end:models]


# --8<-- [start:annotations]
def adults(age: IntegerExpr[int, int]) -> Filter:
    return age >= 18


def named(names: Values[str]) -> Filter:
    return F(User.name).in_(names)


async def first(engine: AIOEngine, by: Sort) -> User | None:
    return await engine.find_one(User, sort=by)


def birthday() -> list[Update]:
    return [F(User.age).inc(1), F(User.tags).push("older")]


# --8<-- [end:annotations]


async def main(engine: AIOEngine) -> None:
    ada = User(name="Ada", age=36, work=Address(city="Ulm"), prices={"EUR": 5})
    order = Order(customer=ada, lines=[Line(sku="tea"), Line(sku="nut", qty=7)])
    await engine.save_all([ada, User(name="Bob", age=12)])
    await engine.save(order)

    # --8<-- [start:find]
    adults_by_age = await engine.find(
        User,
        F(User.age) >= 18,
        F(User.name).in_(["Ada", "Bob"]),
        sort=F(User.age).desc(),
    )
    print([user.name for user in adults_by_age])
    # -> ['Ada']
    await engine.find(User, (F(User.name) == "Ada") | ~F(User.seen).exists())
    print(F(User.age) >= 18)
    # -> QueryExpression({'age': {'$gte': 18}})
    # --8<-- [end:find]

    # --8<-- [start:update]
    await engine.update_many(
        User,
        F(User.name) == "Ada",
        F(User.age).inc(1),
        F(User.tags).push("new"),
        F(User.seen).unset(),
    )
    # --8<-- [end:update]
    assert await engine.count(User, F(User.tags).contains("new")) == 1

    # --8<-- [start:paths]
    await engine.find(User, F(given(User.work).city) == "Ulm")  # below an optional
    await engine.find(User, F(User.prices["EUR"]) > 3)  # a key of a dictionary
    await engine.find(Order, F(Order.lines[each].qty) > 5)  # some item
    await engine.find(
        Order, F(Order.lines).elem_match(F(Line.sku) == "nut", F(Line.qty) > 5)
    )
    nuts = Order.lines[where(F(Line.sku) == "nut")]
    await engine.update_one(Order, F(Order.id) == order.id, F(nuts.qty).inc(1))
    # --8<-- [end:paths]
    found = await engine.find_one(Order)
    assert found is not None
    assert found.lines[1].qty == 8

    # --8<-- [start:fields]
    await engine.find(User, F(User.age) > User.quota)
    # --8<-- [end:fields]

    # --8<-- [start:anything]
    anything = Expr[Any, Any](User.anything)
    await engine.find(User, anything.in_([None, 3, "x"]))
    # --8<-- [end:anything]

    assert await engine.count(User, adults(F(User.age)), named({"Ada"})) == 1
    oldest = await first(engine, F(User.age).desc())
    assert oldest is not None
    assert oldest.age == 37
    await engine.update_one(User, F(User.id) == ada.id, *birthday())
