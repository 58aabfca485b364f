from odmantic import EmbeddedModel, Field, Model, SyncEngine
from odmantic.query import elem_match, icontains, startswith


class User(Model):
    email: str = Field(unique=True)
    name: str


class Line(EmbeddedModel):
    sku: str
    qty: int = 1


class Order(Model):
    number: int
    lines: list[Line] = []


class Plan(Model):
    name: str
    used: int
    quota: int


def main(engine: SyncEngine) -> None:
    few = [Line(sku="tea", qty=1), Line(sku="nut", qty=9)]
    engine.insert_many(
        [Order(number=1, lines=few), Order(number=2, lines=[Line(sku="tea", qty=6)])]
    )
    engine.insert_many(
        [User(email="a@x.no", name="Ada"), User(email="b@x.no", name="A.+")]
    )
    engine.insert_many(
        [Plan(name="S", used=9, quota=5), Plan(name="M", used=1, quota=5)]
    )

    # --8<-- [start:items]
    orders = engine.find(
        Order, elem_match(Order.lines, Line.sku == "tea", Line.qty > 5)
    )
    # --8<-- [end:items]
    assert [order.number for order in orders] == [2]

    # --8<-- [start:text]
    typed = "A."  # by somebody, who may type anything
    query = startswith(User.name, typed) | icontains(User.email, typed)
    users = list(engine.find(User, query, sort=User.name, limit=20))
    # --8<-- [end:text]
    assert [user.name for user in users] == ["A.+"]

    # --8<-- [start:fields]
    beyond = list(engine.find(Plan, Plan.used > Plan.quota))
    # --8<-- [end:fields]
    assert [plan.name for plan in beyond] == ["S"]
