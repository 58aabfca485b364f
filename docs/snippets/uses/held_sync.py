from odmantic import EmbeddedModel, Field, Model, SyncEngine
from odmantic.path import where
from odmantic.session import SyncTransaction
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


def main(engine: SyncEngine) -> None:
    user = engine.insert(User(name="Ada", age=36))
    lines = [Line(sku="tea", qty=2), Line(sku="nut", qty=3)]
    order = engine.insert(Order(lines=lines))
    stock = engine.insert(Stock(sku="tea", left=1))

    # --8<-- [start:held]
    engine.update(user, inc(User.age, 1), push(User.tags, "new"))
    print(user.age, user.tags)  # what the document has now, whoever changed it
    # -> 37 ['new']
    # --8<-- [end:held]

    # --8<-- [start:last]
    for tag in ("a", "b", "c"):
        engine.update(user, push(User.tags, tag, slice=-2))  # keeps two
    print(user.tags)
    # -> ['b', 'c']
    # --8<-- [end:last]

    # --8<-- [start:item]
    tea = Order.lines[where(Line.sku == "tea")]
    engine.update(order, set_(tea.qty, 0))
    print([line.qty for line in order.lines])
    # -> [0, 3]
    # --8<-- [end:item]

    # --8<-- [start:transaction]
    def buy(transaction: SyncTransaction) -> None:
        one_less = inc(Stock.left, -1)
        if not transaction.update(stock, one_less, where=Stock.left > 0):
            raise SoldOutError
        transaction.insert(Order(lines=[Line(sku=stock.sku)]))

    engine.run_transaction(buy)
    # --8<-- [end:transaction]
    assert stock.left == 0
    assert engine.count(Order) == 2
