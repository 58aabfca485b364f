from decimal import Decimal

from odmantic import AIOEngine, EmbeddedModel, Field, Model
from odmantic.path import each, element, given
from odmantic.query import (
    all_,
    contains,
    elem_match,
    exists,
    icontains,
    is_null,
    not_,
    raw,
    size,
    startswith,
)


# --8<-- [start:models]
class Line(EmbeddedModel):
    sku: str
    quantity: int = Field(default=1, key_name="q")


class Address(EmbeddedModel):
    city: str


class Order(Model):
    number: str
    lines: list[Line] = []
    tags: set[str] = set()
    prices: list[Decimal] = []
    notes: dict[str, str] = {}
    address: Address | None = None


# --8<-- [end:models]


async def main(engine: AIOEngine) -> None:
    await engine.save_all(
        [
            Order(
                number="A-1 (old)",
                lines=[Line(sku="tea", quantity=1), Line(sku="nut", quantity=7)],
                tags={"new", "gift"},
                prices=[Decimal("1.50")],
                notes={"en": "leave it at the door"},
                address=Address(city="Oslo"),
            ),
            Order(number="B-2", lines=[Line(sku="tea", quantity=6)]),
        ]
    )

    # --8<-- [start:paths]
    print(Order.lines[each].quantity > 5)  # some line
    # -> QueryExpression({'lines.q': {'$gt': 5}})
    print(Order.lines[0].quantity > 5)  # the first line
    # -> QueryExpression({'lines.0.q': {'$gt': 5}})
    print(Order.notes["en"] == "ring twice")  # the value of a key
    # -> QueryExpression({'notes.en': {'$eq': 'ring twice'}})
    print(given(Order.address).city == "Oslo")
    # -> QueryExpression({'address.city': {'$eq': 'Oslo'}})
    # --8<-- [end:paths]

    # --8<-- [start:elem_match]
    both = await engine.find(
        Order, elem_match(Order.lines, Line.sku == "tea", Line.quantity > 5)
    )
    dear = elem_match(Order.prices, element > Decimal(1), element < Decimal(2))
    # --8<-- [end:elem_match]
    assert [order.number for order in both] == ["B-2"]
    assert await engine.count(Order, dear) == 1

    # --8<-- [start:text]
    query = "a-1 ("  # what somebody has typed
    print(icontains(Order.number, query))
    # -> QueryExpression({'number': Regex('a\\-1\\ \\(', re.IGNORECASE)})
    found = await engine.find(
        Order, icontains(Order.number, query), sort=Order.number
    )
    # --8<-- [end:text]
    assert [order.number for order in found] == ["A-1 (old)"]
    assert await engine.count(Order, startswith(Order.number, "B")) == 1

    # --8<-- [start:others]
    await engine.find(Order, all_(Order.tags, ["new", "gift"]))
    await engine.find(Order, contains(Order.tags, "new"), not_(size(Order.lines, 0)))
    await engine.find(Order, exists(Order.notes["en"]) | is_null(Order.address))
    # --8<-- [end:others]
    assert await engine.count(Order, exists(Order.notes["en"])) == 1

    # --8<-- [start:raw]
    costly = raw({"$expr": {"$gt": [{"$sum": "$prices"}, 100]}})
    await engine.find(Order, costly, Order.lines[each].sku == "tea")
    # --8<-- [end:raw]
