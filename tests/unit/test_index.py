"""Indexes, as users declare them and as the driver takes them."""

from __future__ import annotations

import pymongo
import pytest

from odmantic.field import Field
from odmantic.index import Index, ODMBaseIndex, ODMCompoundIndex, ODMSingleFieldIndex
from odmantic.model import EmbeddedModel, Model
from odmantic.query import SortExpression, asc, desc
from odmantic.reference import Reference


class Port(Model):
    name: str


class Stop(EmbeddedModel):
    town: str = Field(key_name="t")


class Voyage(Model):
    ship: str
    leaves: int = Field(key_name="l")
    first: Stop = Field(key_name="a")
    port: Port = Reference()


def test_an_index_keeps_its_arguments():
    fields = (Voyage.ship, desc(Voyage.leaves))
    index = Index(*fields, unique=True, name="n")
    assert all(kept is given for kept, given in zip(index.fields, fields, strict=True))
    assert (index.unique, index.name) == (True, "n")


@pytest.mark.parametrize(
    ("field", "key"),
    [
        (Voyage.ship, "ship"),
        (Voyage.leaves, "l"),
        (Voyage.first.town, "a.t"),
        (Voyage.port, "port"),
        (asc(Voyage.leaves), "l"),
        (desc(Voyage.leaves), "l"),
    ],
)
def test_an_index_on_one_field_is_ascending(field, key):
    index = Index(field).to_odm_index()
    assert index == ODMSingleFieldIndex(key, unique=False)
    assert index.get_index_specifier() == [(key, 1)]


def test_an_index_on_several_fields_keeps_their_directions():
    index = Index(Voyage.ship, desc(Voyage.leaves), asc(Voyage.port)).to_odm_index()
    assert isinstance(index, ODMCompoundIndex)
    assert index.fields == ({"ship": 1}, {"l": -1}, {"port": 1})
    assert all(isinstance(field, SortExpression) for field in index.fields)
    assert index.get_index_specifier() == [("ship", 1), ("l", -1), ("port", 1)]


def test_a_merged_sort_order_is_an_index_on_several_fields():
    index = Index(SortExpression({"a": 1, "b": -1})).to_odm_index()
    assert index.get_index_specifier() == [("a", 1), ("b", -1)]


@pytest.mark.parametrize("fields", [(Voyage.ship,), (Voyage.ship, Voyage.leaves)])
def test_uniqueness_and_name_are_handed_on(fields):
    index = Index(*fields, unique=True, name="n").to_odm_index()
    assert (index.unique, index.index_name) == (True, "n")
    assert index.get_pymongo_index().document["unique"] is True
    assert index.get_pymongo_index().document["name"] == "n"


def test_the_driver_names_an_index_without_a_name():
    index = Index(Voyage.ship, desc(Voyage.leaves)).to_odm_index().get_pymongo_index()
    assert isinstance(index, pymongo.IndexModel)
    assert index.document == {"name": "ship_1_l_-1", "key": {"ship": 1, "l": -1}}


def test_an_index_in_terms_of_keys_can_be_made_directly():
    assert ODMSingleFieldIndex("k", True, "n").get_pymongo_index().document == {
        "name": "n",
        "key": {"k": 1},
        "unique": True,
    }
    assert ODMSingleFieldIndex("k", unique=False).index_name is None
    assert ODMCompoundIndex((asc(Voyage.ship), desc(Voyage.leaves)), False, None).unique is False


@pytest.mark.parametrize("fields", [(), (SortExpression(),)])
def test_an_index_without_fields_is_refused(fields):
    with pytest.raises(ValueError, match="at least one field"):
        Index(*fields)


@pytest.mark.parametrize("stranger", ["ship", {"ship": 1}, 1, None, [Voyage.ship], Voyage])
def test_an_index_on_something_else_is_refused(stranger):
    with pytest.raises(TypeError, match="expected a field of a model"):
        Index(stranger)


def test_an_index_is_one_of_two_kinds():
    with pytest.raises(TypeError, match="abstract"):
        ODMBaseIndex()
