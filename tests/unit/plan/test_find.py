"""What `find` sends."""

from __future__ import annotations

import bson
import pytest

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._plan.find import BATCH_SIZE, FLAT_BATCH_SIZE, FindPlan, plan_find
from odmantic.query import desc


class Country(Model):
    code: str = Field(primary_field=True)


class Customer(Model):
    name: str
    country: Country = Reference(key_name="co")


class Address(EmbeddedModel):
    street: str
    country: Country = Reference(key_name="c")


class Outer(EmbeddedModel):
    address: Address = Field(key_name="a")


class Plain(Model):
    name: str


class Order(Model):
    number: int
    customer: Customer = Reference(key_name="cust")


class Placed(Model):
    address: Address = Field(key_name="ad")


class Deep(Model):
    outer: Outer


def test_a_model_without_references_is_read_by_find():
    plan = plan_find(Plain, (Plain.name == "x",))

    assert plan == FindPlan(Plain, {"name": {"$eq": "x"}})
    assert not plan.needs_pipeline
    assert plan.find_options() == {"batch_size": FLAT_BATCH_SIZE}
    assert plan.pipeline() == [{"$match": {"name": {"$eq": "x"}}}]


@pytest.mark.parametrize("model", [Order, Deep])
def test_documents_of_many_parts_come_in_smaller_batches(model):
    assert plan_find(model, ()).batch_size == BATCH_SIZE


def test_the_options_of_find():
    plan = plan_find(Plain, (), sort=desc(Plain.name), skip=2, limit=3)

    assert plan.find_options() == {
        "batch_size": FLAT_BATCH_SIZE,
        "sort": [("name", -1)],
        "skip": 2,
        "limit": 3,
    }


def test_the_stages_of_a_pipeline_come_in_order():
    plan = plan_find(Order, (), sort=Order.number, skip=2, limit=1)

    assert plan.pipeline()[:4] == [
        {"$match": {}},
        {"$sort": {"number": 1}},
        {"$skip": 2},
        {"$limit": 1},
    ]


def test_references_of_one_document_are_resolved_by_the_server():
    assert plan_find(Order, (), limit=1).needs_pipeline
    assert not plan_find(Order, ()).needs_pipeline
    assert not plan_find(Order, (), limit=2).needs_pipeline
    assert not plan_find(Plain, (), limit=1).needs_pipeline


RESOLVED = "__odmantic_resolved__"


def _lookup(collection, key, nested=()):
    return {
        "$lookup": {
            "from": collection,
            "let": {"foreign_key": f"${key}"},
            "pipeline": [{"$match": {"$expr": {"$eq": ["$_id", "$$foreign_key"]}}}, *nested],
            "as": RESOLVED,
        }
    }


def _target_or_key(key):
    """A key without a target stays, for the error to name it; a document would be taken for the target."""
    is_document = {"$eq": [{"$type": f"${key}"}, "object"]}
    kept = {"$cond": [is_document, "$$REMOVE", f"${key}"]}
    return {"$ifNull": [{"$arrayElemAt": [f"${RESOLVED}", 0]}, kept]}


def _put(key):
    return [{"$set": {key: _target_or_key(key)}}, {"$unset": RESOLVED}]


def test_references_are_looked_up_at_every_depth():
    assert plan_find(Order, ()).pipeline() == [
        {"$match": {}},
        _lookup("customer", "cust", [_lookup("country", "co"), *_put("co")]),
        *_put("cust"),
    ]


def test_a_reference_in_an_embedded_object_is_looked_up_beside_it():
    lookup, put, drop = plan_find(Placed, ()).pipeline()[1:]

    assert lookup == _lookup("country", "ad.c")
    found = {"c": _target_or_key("ad.c")}
    assert put == {
        "$set": {
            "ad": {
                "$cond": [
                    {"$eq": [{"$type": "$ad"}, "object"]},
                    {"$mergeObjects": ["$ad", found]},
                    "$ad",
                ]
            }
        }
    }
    assert drop == {"$unset": RESOLVED}


def test_a_reference_two_levels_down_is_put_where_it_belongs():
    lookup, put, _ = plan_find(Deep, ()).pipeline()[1:]

    assert lookup["$lookup"]["let"] == {"foreign_key": "$outer.a.c"}
    outer = put["$set"]["outer"]["$cond"][1]["$mergeObjects"]
    assert outer[0] == "$outer"
    assert outer[1]["a"]["$cond"][1]["$mergeObjects"][0] == "$outer.a"


def test_a_model_that_refers_to_itself_is_resolved_once():
    class Node(Model):
        parent: Node = Reference()

    Node.model_rebuild(_types_namespace={"Node": Node})

    assert plan_find(Node, ()).pipeline() == [
        {"$match": {}},
        _lookup("node", "parent"),
        *_put("parent"),
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"model": Address}, TypeError, "Can only call find with a Model class"),
        ({"model": Plain, "sort": "name"}, TypeError, "sort has to be"),
        ({"model": Plain, "limit": 0}, ValueError, "limit has to be a strict positive value"),
        ({"model": Plain, "skip": -1}, ValueError, "skip has to be a positive integer"),
        ({"model": Plain, "limit": "2"}, TypeError, "limit has to be an integer, not '2'"),
        ({"model": Plain, "limit": 2.5}, TypeError, "limit has to be an integer, not 2.5"),
        ({"model": Plain, "skip": None}, TypeError, "skip has to be an integer, not None"),
        ({"model": Plain, "queries": (True,)}, TypeError, "booleans"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        plan_find(**{"queries": (), **arguments})


def test_a_whole_number_counts_whatever_its_type():
    plan = plan_find(Plain, (), skip=4 / 2, limit=bson.Int64(3))
    assert (plan.skip, type(plan.skip), plan.limit) == (2, int, 3)
