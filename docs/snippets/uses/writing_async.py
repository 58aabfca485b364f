from datetime import datetime
from decimal import Decimal

from odmantic import AIOEngine, EmbeddedModel, Field, Model
from odmantic.exceptions import DuplicateKeyError
from odmantic.path import each, given, matched
from odmantic.query import asc
from odmantic.update import inc, mul, pull, set_, unset


class User(Model):
    email: str = Field(unique=True)
    name: str
    tags: list[str] = []
    seen: datetime | None = None


class Stock(Model):
    sku: str = Field(unique=True)
    left: int = Field(default=0, ge=0)


class Job(Model):
    number: int
    state: str = "new"


class Line(EmbeddedModel):
    sku: str
    qty: int = Field(default=1, ge=0)
    price: Decimal = Decimal(0)


class Order(Model):
    number: int
    lines: list[Line] = []


async def main(engine: AIOEngine) -> None:
    await engine.configure_database([User, Stock])
    old = User(email="b@x.no", name="Bo", tags=["a"], seen=datetime(2020, 5, 1))
    await engine.insert_many(
        [old, Stock(sku="tea", left=4), Job(number=2), Job(number=1)]
    )
    await engine.insert_many(
        [
            Order(number=1, lines=[Line(sku="tea", price=Decimal(10))]),
            Order(number=2, lines=[Line(sku="nut", qty=0)]),
        ]
    )

    # --8<-- [start:insert]
    for _ in range(2):
        try:
            await engine.insert(User(email="a@x.no", name="Ada"))
        except DuplicateKeyError:
            print("there is one")
            # -> there is one
    # --8<-- [end:insert]

    # --8<-- [start:stock]
    for _ in range(2):
        sold = await engine.update_one(Stock, Stock.sku == "tea", inc(Stock.left, -3))
        if not sold.matched_count:
            print("sold out")
            # -> sold out
    # --8<-- [end:stock]

    # --8<-- [start:many]
    last_year = datetime(2025, 1, 1)
    await engine.update_many(
        User, given(User.seen) < last_year, set_(User.tags, []), unset(User.seen)
    )
    # --8<-- [end:many]
    await engine.refresh(old)
    assert (old.tags, old.seen) == ([], None)

    # --8<-- [start:claim]
    job = await engine.find_one_and_update(
        Job, Job.state == "new", set_(Job.state, "running"), sort=asc(Job.number)
    )
    # --8<-- [end:claim]
    assert job is not None
    assert (job.number, job.state) == (1, "running")

    # --8<-- [start:items]
    # every item, the item that the query met, and items that go
    price, qty = Order.lines[each].price, Order.lines[matched].qty
    await engine.update_many(Order, {}, mul(price, Decimal("1.5")))
    await engine.update_one(Order, Order.lines[each].sku == "tea", inc(qty, 1))
    await engine.update_many(Order, {}, pull(Order.lines, Line.qty == 0))
    # --8<-- [end:items]
    orders = await engine.find(Order, sort=Order.number)
    stored = [
        (line.sku, line.qty, line.price) for order in orders for line in order.lines
    ]
    assert stored == [("tea", 2, Decimal(15))]
