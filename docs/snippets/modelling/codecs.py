from dataclasses import dataclass
from typing import Annotated

from odmantic import BsonCodec, EmbeddedModel, Model


@dataclass(frozen=True)
class Money:
    cents: int
    currency: str


def encode(money: Money) -> str:
    return f"{money.cents} {money.currency}"


def decode(stored: str) -> Money:
    cents, currency = stored.split()
    return Money(int(cents), currency)


money_codec = BsonCodec(encode, decode)


class Line(EmbeddedModel):
    price: Annotated[Money, money_codec]


class Order(Model):
    model_config = {"codecs": {Money: money_codec}}

    total: Money
    by_day: dict[str, Money] = {}
    lines: list[Line] = []


ten = Money(1000, "EUR")
order = Order(total=ten, lines=[Line(price=ten)])
print(order.model_dump_doc(include={"total", "lines"}))
# -> {'total': '1000 EUR', 'lines': [{'price': '1000 EUR'}]}
print(Order.total == ten)
# -> QueryExpression({'total': {'$eq': '1000 EUR'}})
