# Generated from tests/integration/aio/test_typed_fields.py by tools/generate_sync.py: do not edit.
"""Typed fields in the calls of an engine."""

from __future__ import annotations

import pytest

from odmantic import EmbeddedModel, F, Model
from odmantic.path import each, given, where


class Address(EmbeddedModel):
    city: str


class Line(EmbeddedModel):
    sku: str
    qty: int = 1


class Person(Model):
    name: str
    age: int = 0
    quota: int = 18
    nick: str | None = None
    tags: list[str] = []
    home: Address | None = None


class Purchase(Model):
    number: int
    lines: list[Line] = []


@pytest.fixture
def people(sync_engine):
    ada = Person(name="Ada", age=36, nick="A", tags=["x", "y"], home=Address(city="Ulm"))
    return sync_engine.save_all([ada, Person(name="Bob", age=12)])


FINDS_ADA = {
    "comparison": F(Person.age) >= 18,
    "in_": F(Person.name).in_({"Ada", "Eve"}),
    "text": F(Person.name).startswith("A"),
    "null": F(Person.nick) != None,  # noqa: E711
    "type": F(Person.nick).type_("string"),
    "item": F(Person.tags) == "x",
    "array": F(Person.tags) == ["x", "y"],
    "size": F(Person.tags).size(2),
    "below": F(given(Person.home).city) == "Ulm",
    "fields": F(Person.age) > Person.quota,
    "computed": F(Person.age) == Person.quota * 2,
    "not": ~(F(Person.age) < 18),
    "or": (F(Person.name) == "Eve") | (F(Person.age) > 30),
    "mixed": (F(Person.age) > 3) & (Person.name == "Ada"),
}


@pytest.mark.parametrize("condition", FINDS_ADA.values(), ids=FINDS_ADA)
def test_a_condition_finds_what_it_says(sync_engine, people, condition):
    assert [found for found in sync_engine.find(Person, condition)] == people[:1]


def test_a_sort_order_sorts(sync_engine, people):
    ada, bob = people
    assert [found for found in sync_engine.find(Person, sort=F(Person.age))] == [bob, ada]
    order = (F(Person.quota).asc(), F(Person.age).desc())
    assert [found for found in sync_engine.find(Person, sort=order)] == [ada, bob]


def test_updates_change_documents(sync_engine, people):
    sync_engine.update_one(
        Person,
        F(Person.name) == "Ada",
        F(Person.age).inc(1),
        F(Person.nick).unset(),
        F(Person.tags).pull("x"),
        F(given(Person.home).city).set("Oslo"),
    )
    ada = sync_engine.find_one(Person, F(Person.name) == "Ada")
    assert (ada.age, ada.nick, ada.tags, ada.home.city) == (37, None, ["y"], "Oslo")


def test_items_are_changed(sync_engine):
    sync_engine.save(Purchase(number=1, lines=[Line(sku="tea"), Line(sku="nut", qty=0)]))
    found = F(Purchase.lines).elem_match(F(Line.sku) == "nut", F(Line.qty) == 0)
    nuts = Purchase.lines[where(F(Line.sku) == "nut")]
    sync_engine.update_many(Purchase, found, F(nuts.qty).inc(2))
    sync_engine.update_many(Purchase, {}, F(Purchase.lines[each].qty).mul(3))
    sync_engine.update_many(Purchase, {}, F(Purchase.lines).pull(F(Line.qty) == 3))
    purchase = sync_engine.find_one(Purchase, F(Purchase.number) == 1)
    assert purchase.lines == [Line(sku="nut", qty=6)]


REFUSED = {
    "find": lambda engine: engine.find(Purchase, F(Person.age) > 3),
    "sort": lambda engine: engine.find(Purchase, sort=F(Person.age).desc()),
    "find_one": lambda engine: engine.find_one(Purchase, {"number": 1} | (F(Person.age) > 3)),
    "count": lambda engine: engine.count(Purchase, ~(F(Person.age) > 3)),
    "update_one": lambda engine: engine.update_one(
        Purchase, F(Person.age) > 3, F(Purchase.number).inc(1)
    ),
    "update": lambda engine: engine.update_many(Purchase, {}, F(Person.age).inc(1)),
    "delete_many": lambda engine: engine.delete_many(Purchase, F(Person.age) > 3),
    "find_one_and_update": lambda engine: engine.find_one_and_update(
        Purchase, {}, F(Purchase.number).inc(1), sort=F(Person.age)
    ),
    "remove": lambda engine: engine.remove(Purchase, F(Person.age) > 3),
    "embedded": lambda engine: engine.find(Purchase, F(Line.qty) > 3),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_a_field_of_another_model_is_refused_before_anything_is_sent(sync_engine, call):
    purchase = sync_engine.save(Purchase(number=1))
    with pytest.raises(TypeError, match=r"Person|Line"):
        call(sync_engine)
    assert [found for found in sync_engine.find(Purchase)] == [purchase]


def test_in_a_transaction_a_field_of_another_model_is_refused(sync_engine):
    sync_engine.save(Purchase(number=1))
    with sync_engine.transaction() as transaction:
        with pytest.raises(TypeError, match="Person"):
            transaction.find(Purchase, F(Person.age) > 3)
        transaction.update_one(Purchase, F(Purchase.number) == 1, F(Purchase.number).set(2))
    assert sync_engine.count(Purchase, F(Purchase.number) == 2) == 1
