from decimal import Decimal

from odmantic import AIOEngine, EmbeddedModel, Model, stored


class Line(EmbeddedModel):
    price: Decimal
    count: int = 1


class Order(Model):
    lines: list[Line] = []

    @stored(key_name="t", index=True)
    def total(self) -> Decimal:
        return sum((line.price * line.count for line in self.lines), Decimal(0))


async def main(engine: AIOEngine) -> None:
    order = Order(lines=[Line(price=Decimal("2.50"), count=4)])
    await engine.save(order)
    print(order.total, await engine.count(Order, Order.total > 5))
    # -> 10.00 1

    order.lines[0].count = 1
    await engine.save(order)  # sends `lines` and `t`
    print(await engine.count(Order, Order.total > 5))
    # -> 0

    # by a program that was older than `total`
    await engine.get_collection(Order).update_one({}, {"$unset": {"t": ""}})
    print(await engine.recompute(Order))  # the number of documents
    # -> 1
