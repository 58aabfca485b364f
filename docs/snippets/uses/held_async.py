from odmantic import AIOEngine, EmbeddedModel, Field, Model
from odmantic.path import where
from odmantic.session import AIOTransaction
from odmantic.update import inc, push, set_


class User(Model):
    name: str
    age: int = Field(default=0, ge=0, le=150)
    tags: list[str] = []


class Line(EmbeddedModel):
    sku: str
    qty: int = 1


class Order(Model):
    lines: list[Line] = []


class Stock(Model):
    sku: str
    left: int = Field(default=0, ge=0)


class SoldOutError(Exception):
    pass


async def main(engine: AIOEngine) -> None:
    user = await engine.insert(User(name="Ada", age=36))
    lines = [Line(sku="tea", qty=2), Line(sku="nut", qty=3)]
    order = await engine.insert(Order(lines=lines))
    stock = await engine.insert(Stock(sku="tea", left=1))

    # --8<-- [start:held]
    await engine.update(user, inc(User.age, 1), push(User.tags, "new"))
    print(user.age, user.tags)  # what the document has now, whoever changed it
    # -> 37 ['new']
    # --8<-- [end:held]

    # --8<-- [start:last]
    for tag in ("a", "b", "c"):
        await engine.update(user, push(User.tags, tag, slice=-2))  # keeps two
    print(user.tags)
    # -> ['b', 'c']
    # --8<-- [end:last]

    # --8<-- [start:item]
    tea = Order.lines[where(Line.sku == "tea")]
    await engine.update(order, set_(tea.qty, 0))
    print([line.qty for line in order.lines])
    # -> [0, 3]
    # --8<-- [end:item]

    # --8<-- [start:transaction]
    async def buy(transaction: AIOTransaction) -> None:
        one_less = inc(Stock.left, -1)
        if not await transaction.update(stock, one_less, where=Stock.left > 0):
            raise SoldOutError
        await transaction.insert(Order(lines=[Line(sku=stock.sku)]))

    await engine.run_transaction(buy)
    # --8<-- [end:transaction]
    assert stock.left == 0
    assert await engine.count(Order) == 2
