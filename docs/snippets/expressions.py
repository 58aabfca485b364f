from datetime import datetime, timedelta
from decimal import Decimal

from odmantic import AIOEngine, EmbeddedModel, Model, expr
from odmantic.path import each
from odmantic.query import eq, not_, or_, size


class Line(EmbeddedModel):
    sku: str


class Order(Model):
    number: str
    lines: list[Line] = []
    limit: int = 3
    price: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    ordered: datetime = datetime(2026, 1, 1)
    sent: datetime = datetime(2026, 1, 1)
    first: str = "tea"


async def main(engine: AIOEngine) -> None:
    lines = [Line(sku="tea"), Line(sku="nut")]
    await engine.save_all(
        [
            Order(number="A-1", lines=lines, price=Decimal(10)),
            Order(number="B-2", paid=Decimal(1), sent=datetime(2026, 2, 1)),
        ]
    )

    # --8<-- [start:filters]
    print(Order.paid < Order.price * Decimal("0.5"))
    # -> QueryExpression({'$expr': {'$lt': ['$paid', {'$multiply': ['$price', Decimal128('0.5')]}]}})
    late = Order.sent - Order.ordered > timedelta(days=7)
    room = size(Order.lines) + 1 <= Order.limit
    await engine.find(Order, late | room, Order.number != "C-3")

    of_tea = Order.lines[0].sku == Order.first
    long = expr.call("$strLenCP", Order.number) > 3
    known = expr.call("$setIsSubset", Order.lines[each].sku, ["tea", "oil"])
    await engine.find(Order, or_(of_tea, not_(long)), eq(known, True))
    # --8<-- [end:filters]
    assert await engine.count(Order, late) == 1
    assert await engine.count(Order, room) == 2
    assert await engine.count(Order, of_tea) == 1
    assert await engine.count(Order, eq(known, True)) == 1
