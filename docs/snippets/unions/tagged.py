from typing import Annotated, Literal

from odmantic import EmbeddedModel, Field, Model


class Card(EmbeddedModel):
    kind: Literal["card"] = "card"
    digits: str


class Transfer(EmbeddedModel):
    kind: Literal["transfer"] = "transfer"
    iban: str


Payment = Annotated[Card | Transfer, Field(discriminator="kind")]


class Order(Model):
    paid: Payment | None = None
    tried: list[Payment] = []


order = Order(paid=Transfer(iban="NO93"), tried=[Card(digits="1234")])
print(order.model_dump_doc()["paid"])
# -> {'kind': 'transfer', 'iban': 'NO93'}
