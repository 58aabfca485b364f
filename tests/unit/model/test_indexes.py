"""`__indexes__`: of fields, then of the config."""

from __future__ import annotations

from typing import List

import pymongo

from odmantic.field import Field
from odmantic.index import Index, ODMCompoundIndex, ODMSingleFieldIndex
from odmantic.model import EmbeddedModel, Model
from odmantic.query import desc


class Stop(EmbeddedModel):
    town: str = Field(key_name="t", index=True)


RAW = pymongo.IndexModel([("x", "text")])


class Route(Model):
    model_config = {
        "indexes": lambda: [Index(Route.first.town), Index(Route.name, desc(Route.id)), RAW]
    }
    name: str = Field(index=True)
    code: str = Field(unique=True, key_name="c")
    plain: int = 0
    first: Stop = Field(index=True, key_name="a")
    rest: List[Stop] = Field([], index=True)


class Keyed(Model):
    key: str = Field(primary_field=True, index=True, unique=True)


def test_fields_in_order_then_the_configured_ones() -> None:
    *fields, single, compound, raw = Route.__indexes__()
    assert [(index.key_name, index.unique) for index in fields] == [
        ("name", False),
        ("c", True),
        ("a", False),
        ("rest", False),
    ]
    assert isinstance(single, ODMSingleFieldIndex)
    assert single.get_index_specifier() == [("a.t", 1)]
    assert isinstance(compound, ODMCompoundIndex)
    assert compound.get_index_specifier() == [("name", 1), ("_id", -1)]
    assert raw is RAW


def test_the_primary_field_has_an_index_already() -> None:
    assert Keyed.__indexes__() == ()


def test_the_index_that_a_primary_field_has_may_be_asked_for() -> None:
    class Indexed(Model):
        key: str = Field(primary_field=True, index=True)

    (index,) = Indexed.__indexes__()

    assert isinstance(index, ODMSingleFieldIndex)
    assert index.get_pymongo_index().document == {"name": "_id_1", "key": {"_id": 1}}
