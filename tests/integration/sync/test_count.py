# Generated from tests/integration/aio/test_count.py by tools/generate_sync.py: do not edit.
"""`count`: contract, section 7."""

from __future__ import annotations

import pytest
from bson import ObjectId

from odmantic import EmbeddedModel, Model, Reference


class Parcel(Model):
    code: str
    weight: float = 1.0


class Shipment(Model):
    parcel: Parcel = Reference()


class Label(EmbeddedModel):
    text: str


def test_all_documents_are_counted(sync_engine):
    assert sync_engine.count(Parcel) == 0
    sync_engine.save_all([Parcel(code="A"), Parcel(code="B", weight=2.0)])

    assert sync_engine.count(Parcel) == 2


def test_matching_documents_are_counted(sync_engine):
    sync_engine.save_all([Parcel(code="A"), Parcel(code="B", weight=2.0)])

    assert sync_engine.count(Parcel, Parcel.weight > 1) == 1
    assert sync_engine.count(Parcel, Parcel.weight > 1, {"code": "A"}) == 0
    assert sync_engine.count(Parcel, {"code": {"$in": ["A", "B"]}}) == 2


def test_dangling_references_and_broken_documents_are_counted(sync_engine, raw_database):
    raw_database["shipment"].insert_many([{"parcel": ObjectId()}, {"broken": True}])

    assert sync_engine.count(Shipment) == 2


def test_a_transaction_counts_what_it_wrote(sync_engine, raw_database):
    with sync_engine.transaction() as transaction:
        transaction.save(Parcel(code="A"))
        assert transaction.count(Parcel) == 1
        assert raw_database["parcel"].count_documents({}) == 0


@pytest.mark.parametrize("value", [Label, Model, None, "parcel", Parcel(code="A")])
def test_only_models_are_counted(sync_engine, value):
    with pytest.raises(TypeError, match="Can only call count with a Model class"):
        sync_engine.count(value)


def test_booleans_are_no_queries(sync_engine, commands):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        sync_engine.count(Parcel, True)

    assert commands.names == []
