from decimal import Decimal

from odmantic import EmbeddedModel, Field, Model, SyncEngine
from odmantic.path import each, matched, where
from odmantic.query import asc
from odmantic.update import inc, mul, pull, push, set_, unset


class Line(EmbeddedModel):
    sku: str
    qty: int = Field(default=1, ge=0)
    price: Decimal = Decimal(0)


class Order(Model):
    number: int
    status: str = "open"
    worker: str | None = None
    tags: list[str] = Field(default=[], max_length=3)
    lines: list[Line] = []


class Stock(Model):
    sku: str = Field(unique=True)
    left: int = Field(default=0, ge=0)


def main(engine: SyncEngine) -> None:
    tea = Line(sku="tea", qty=2, price=Decimal(10))
    engine.save_all([Order(number=each, lines=[tea]) for each in (1, 2)])
    engine.save(Stock(sku="tea", left=5))

    # --8<-- [start:one]
    result = engine.update_one(
        Order, Order.number == 1, set_(Order.status, "paid"), push(Order.tags, "new")
    )
    print(result.matched_count)
    # -> 1
    # --8<-- [end:one]

    # --8<-- [start:many]
    engine.update_many(Order, {}, unset(Order.worker))
    engine.update_many(
        Order, (Order.status == "open", Order.number > 1), push(Order.tags, "late")
    )
    # --8<-- [end:many]

    # --8<-- [start:bounds]
    for _ in range(2):
        sold = engine.update_one(Stock, Stock.sku == "tea", inc(Stock.left, -3))
        print("sold" if sold.matched_count else "too few left")
        # -> sold
        # -> too few left
    # --8<-- [end:bounds]

    # --8<-- [start:sort]
    engine.update_one(
        Order,
        Order.worker == None,  # noqa: E711
        set_(Order.worker, "Ada"),
        sort=asc(Order.number),
    )
    # --8<-- [end:sort]

    # --8<-- [start:items]
    lines = Order.lines
    engine.update_many(Order, {}, mul(lines[each].price, Decimal("1.02")))
    engine.update_one(
        Order, Order.number == 1, set_(lines[where(Line.sku == "tea")].qty, 0)
    )
    engine.update_one(
        Order,
        (Order.number == 2, {"lines.sku": "tea"}),
        inc(lines[matched].qty, 1),
    )
    engine.update_many(Order, {}, pull(lines, Line.qty == 0))
    # --8<-- [end:items]

    # --8<-- [start:raw]
    engine.update_one(
        Order,
        Order.number == 2,
        {"$set": {"lines.$[line].qty": 3}},
        array_filters=[{"line.sku": "tea"}],
    )
    # --8<-- [end:raw]

    # --8<-- [start:options]
    engine.update_many(
        Order, Order.number > 0, unset(Order.worker), hint="_id_", comment="nightly"
    )
    # --8<-- [end:options]
