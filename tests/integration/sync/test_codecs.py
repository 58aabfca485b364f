# Generated from tests/integration/aio/test_codecs.py by tools/generate_sync.py: do not edit.
"""Values that are stored by a program's own codecs, on a server."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Dict, List, Optional, Union

import pytest
from bson import ObjectId

from odmantic import BsonCodec, EmbeddedModel, Field, Model, Reference, register_codec
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError


@dataclass(unsafe_hash=True)
class Money:
    amount: int
    currency: str


def as_text(money: Money) -> str:
    return f"{money.amount} {money.currency}"


def from_text(text: str) -> Money:
    amount, currency = text.split()
    return Money(int(amount), currency)


Price = Annotated[Money, BsonCodec(as_text, from_text)]
TEN, TWO = Money(10, "EUR"), Money(2, "EUR")


class Weight(float):
    pass


register_codec(Weight, BsonCodec(lambda weight: {"kg": float(weight)}, lambda s: Weight(s["kg"])))


class Line(EmbeddedModel):
    price: Price = Field(key_name="p")
    weight: Optional[Weight] = None


class Product(Model):
    model_config = {"codecs": {Fraction: BsonCodec(str, Fraction)}, "extra": "allow"}
    name: Annotated[str, BsonCodec(str.encode, bytes.decode)] = Field(primary_field=True)
    share: Fraction = Fraction(1, 3)
    price: Price = TEN
    many: List[Price] = []
    by_price: Dict[Price, Line] = {}
    either: Union[Price, int, None] = None
    weight: Weight = Weight(1)
    anything: Any = None


class Order(Model):
    product: Product = Reference()
    lines: List[Line] = []


def a_product(name: str = "tea") -> Product:
    return Product(
        name=name,
        many=[TEN, TWO],
        by_price={TEN: Line(price=TWO, weight=Weight(2))},
        either=TEN,
        more=[Weight(3)],
    )


def test_what_was_saved_is_found(sync_engine):
    order = sync_engine.save(Order(product=a_product(), lines=[Line(price=TEN)]))
    again = sync_engine.find_one(Order, Order.product == "tea")
    assert again.product.more == [{"kg": 3.0}]
    order.product.more = [{"kg": 3.0}]
    assert again == order
    assert (type(again.product.share), type(again.product.weight)) == (Fraction, Weight)
    assert again.__fields_modified__ == set()


def test_documents_hold_what_the_codecs_give(sync_engine):
    sync_engine.save(a_product())
    document = sync_engine.get_collection(Product).find_one({})
    assert document == {
        "_id": b"tea",
        "share": "1/3",
        "price": "10 EUR",
        "many": ["10 EUR", "2 EUR"],
        "by_price": {"10 EUR": {"p": "2 EUR", "weight": {"kg": 2.0}}},
        "either": "10 EUR",
        "weight": {"kg": 1.0},
        "anything": None,
        "more": [{"kg": 3.0}],
    }


def test_values_find_what_they_are_stored_as(sync_engine):
    sync_engine.save_all([a_product("tea"), Product(name="milk", price=TWO)])
    for condition in (
        Product.name == "tea",
        Product.price == TEN,
        Product.price == "10 EUR",
        Product.many == TEN,
        Product.many == [TEN, TWO],
        Product.either == TEN,
        Product.price.in_([TEN, Money(3, "EUR")]),
        Product.price.not_in([TWO]),
        {**(Product.share == Fraction(1, 3)), "many": "2 EUR"},
    ):
        assert sync_engine.count(Product, condition) == 1
        assert sync_engine.find_one(Product, condition).name == "tea"
    assert sync_engine.count(Product, Product.weight == Weight(1)) == 2
    assert sync_engine.remove(Product, Product.price == TWO) == 1


def test_changes_in_place_are_saved(sync_engine):
    sync_engine.save(Order(product=a_product(), lines=[Line(price=TEN)]))
    order = sync_engine.find_one(Order)
    order.lines[0].price.amount = 11
    order.product.many.append(TEN)
    order.product.either = 3
    sync_engine.save(order)
    again = sync_engine.find_one(Order)
    assert again.lines == [Line(price=Money(11, "EUR"))]
    assert again.product.many == [TEN, TWO, TEN]
    assert again.product.either == 3
    sync_engine.delete(again.product)
    assert sync_engine.count(Product) == 0


def test_what_a_codec_cannot_decode_is_a_parsing_error(sync_engine):
    sync_engine.save(a_product())
    sync_engine.get_collection(Product).update_one({}, {"$set": {"many": ["1 EUR", "bad"]}})
    with pytest.raises(DocumentParsingError, match="The codec failed with ValueError") as info:
        sync_engine.find_one(Product)
    assert info.value.inner.errors()[0]["loc"] == ("many", "[1]")


class Wrong(Model):
    number: Annotated[int, BsonCodec(lambda number: object())]


def test_what_bson_has_no_form_for_is_not_sent(sync_engine):
    good = Wrong.model_construct(id=ObjectId(), number=1)
    with pytest.raises(InvalidDocumentError, match="the codec of int gives a object"):
        sync_engine.save(good)
    with pytest.raises(InvalidDocumentError):
        sync_engine.save_all([Wrong(number=1), Wrong(number=2)])
    assert sync_engine.count(Wrong) == 0


class Exact(Model):
    model_config = {"codecs": {Decimal: BsonCodec(str, Decimal)}}
    value: Decimal


def test_a_class_may_store_its_decimals_as_text(sync_engine):
    exact = sync_engine.save(Exact(value=Decimal("1." + "3" * 50)))
    assert sync_engine.find_one(Exact, Exact.value == exact.value) == exact
