# Generated from tests/integration/aio/test_tagged_unions.py by tools/generate_sync.py: do not edit.
"""Embedded models that a field tells apart."""

from __future__ import annotations

from typing import Annotated, Dict, List, Literal, Optional, Union

import pytest
from tests.integration.sync.reading import to_list

from odmantic import EmbeddedModel, Field, Model
from odmantic.exceptions import DocumentParsingError


class Card(EmbeddedModel):
    kind: Literal["card"] = Field("card", key_name="k")
    digits: str = Field(key_name="d")


class Transfer(EmbeddedModel):
    kind: Literal["transfer"] = Field("transfer", key_name="k")
    iban: str
    parts: List[int] = []


Payment = Annotated[Union[Card, Transfer], Field(discriminator="kind")]


class Order(Model):
    number: int
    paid: Optional[Payment] = None
    tried: List[Payment] = []
    by_name: Dict[str, Payment] = {}


def test_each_member_is_read_as_it_was_saved(sync_engine, raw_database):
    orders = [
        Order(number=1),
        Order(number=2, paid=Card(digits="1234")),
        Order(
            number=3,
            paid=Transfer(iban="NO1"),
            tried=[Card(digits="5"), Transfer(iban="NO2", parts=[1, 2])],
            by_name={"a": Card(digits="6")},
        ),
    ]
    sync_engine.save(orders[0])
    sync_engine.save_all(orders)

    found = to_list(sync_engine.find(Order, sort=Order.number))

    assert found == orders
    assert [type(each) for each in found[2].tried] == [Card, Transfer]
    assert raw_database["order"].find_one({"number": 3})["tried"][0] == {"k": "card", "d": "5"}
    assert sync_engine.find_one(Order, Order.number == 3) == orders[2]


def test_changes_in_a_member_are_sent(sync_engine, raw_database):
    order = Order(number=1, tried=[Card(digits="5"), Transfer(iban="NO2")])
    sync_engine.save(order)
    order = sync_engine.find_one(Order)

    order.tried[1].parts.append(7)
    sync_engine.save(order)
    order.tried[0] = Transfer(iban="NO3")
    sync_engine.save_all([order])

    assert raw_database["order"].find_one() == {
        "_id": order.id,
        "number": 1,
        "paid": None,
        "tried": [
            {"k": "transfer", "iban": "NO3", "parts": []},
            {"k": "transfer", "iban": "NO2", "parts": [7]},
        ],
        "by_name": {},
    }


def test_an_unknown_tag_is_refused(sync_engine, raw_database):
    sync_engine.save_all([Order(number=1), Order(number=2, paid=Card(digits="1"))])
    raw_database["order"].update_one({"number": 2}, {"$set": {"paid.k": "cheque"}})

    with pytest.raises(DocumentParsingError, match=r"paid\.kind\n  Input should be 'card'"):
        to_list(sync_engine.find(Order))
