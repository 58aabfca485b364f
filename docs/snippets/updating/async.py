from decimal import Decimal

from odmantic import AIOEngine, EmbeddedModel, F, Field, Model
from odmantic.exceptions import UnsavedChangesError, UpdateRefusedError
from odmantic.path import each, matched, where


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


async def main(engine: AIOEngine) -> None:
    tea = Line(sku="tea", qty=2, price=Decimal(10))
    await engine.save_all([Order(number=each, lines=[tea]) for each in (1, 2)])
    await engine.save(Stock(sku="tea", left=5))

    # --8<-- [start:one]
    result = await engine.update_one(
        Order,
        F(Order.number) == 1,
        F(Order.status).set("paid"),
        F(Order.tags).push("new"),
    )
    print(result.matched_count)
    # -> 1
    # --8<-- [end:one]

    # --8<-- [start:many]
    await engine.update_many(Order, {}, F(Order.worker).unset())
    await engine.update_many(
        Order,
        (F(Order.status) == "open", F(Order.number) > 1),
        F(Order.tags).push("late"),
    )
    # --8<-- [end:many]

    # --8<-- [start:bounds]
    for _ in range(2):
        sold = await engine.update_one(
            Stock, F(Stock.sku) == "tea", F(Stock.left).inc(-3)
        )
        print("sold" if sold.matched_count else "too few left")
        # -> sold
        # -> too few left
    # --8<-- [end:bounds]

    # --8<-- [start:sort]
    await engine.update_one(
        Order,
        F(Order.worker) == None,  # noqa: E711
        F(Order.worker).set("Ada"),
        sort=F(Order.number).asc(),
    )
    # --8<-- [end:sort]

    # --8<-- [start:items]
    lines = Order.lines
    await engine.update_many(Order, {}, F(lines[each].price).mul(Decimal("1.02")))
    await engine.update_one(
        Order, F(Order.number) == 1, F(lines[where(F(Line.sku) == "tea")].qty).set(0)
    )
    await engine.update_one(
        Order,
        (F(Order.number) == 2, F(lines[each].sku) == "tea"),
        F(lines[matched].qty).inc(1),
    )
    await engine.update_many(Order, {}, F(lines).pull(F(Line.qty) == 0))
    # --8<-- [end:items]

    # --8<-- [start:raw]
    await engine.update_one(
        Order,
        F(Order.number) == 2,
        {"$set": {"lines.$[line].qty": 3}},
        array_filters=[{"line.sku": "tea"}],
    )
    # --8<-- [end:raw]

    # --8<-- [start:upsert]
    await engine.configure_database([Stock])  # creates the unique index
    for _ in range(2):
        await engine.update_one(
            Stock, F(Stock.sku) == "milk", F(Stock.left).inc(2), upsert=True
        )
    milk = await engine.find_one(Stock, F(Stock.sku) == "milk")
    print(milk.left if milk else None)
    # -> 4

    draft = Order(number=3, tags=["draft"])
    result = await engine.update_one(
        Order, F(Order.number) == 3, F(Order.status).set("open"), upsert=draft
    )
    print(result.upserted_id == draft.id)
    # -> True
    # --8<-- [end:upsert]

    # --8<-- [start:options]
    await engine.update_many(
        Order,
        F(Order.number) > 0,
        F(Order.worker).unset(),
        hint="_id_",
        comment="nightly",
    )
    # --8<-- [end:options]

    # --8<-- [start:instance]
    stock = Stock(sku="oil", left=5)
    await engine.insert(stock)
    await engine.update_many(Stock, {}, F(Stock.left).inc(10))  # somebody else
    await engine.update(stock, F(Stock.left).inc(-3))
    print(stock.left)
    # -> 12
    # --8<-- [end:instance]

    # --8<-- [start:where]
    took = await engine.update(stock, F(Stock.left).inc(-3), where=F(Stock.left) > 12)
    print(took, stock.left)
    # -> False 12
    # --8<-- [end:where]

    # --8<-- [start:refused]
    try:
        await engine.update(stock, F(Stock.left).inc(-20))
    except UpdateRefusedError as error:
        print(error.field, error.bound, error.value)
        # -> left ge=0 12

    stock.left = 7
    try:
        await engine.update(stock, F(Stock.left).inc(1))
    except UnsavedChangesError as error:
        print(error.fields)
        # -> ('left',)
    # --8<-- [end:refused]
