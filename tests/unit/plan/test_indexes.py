"""Conflicts between declared indexes and those that exist."""

from __future__ import annotations

import pymongo
import pytest
from pymongo import IndexModel

from odmantic import Field, Index, Model
from odmantic._plan.indexes import declared_indexes, find_conflict, recreation


class Voyage(Model):
    ship: str = Field(index=True)
    port: str = Field(key_name="p", unique=True)

    model_config = {
        "indexes": lambda: [
            Index(Voyage.ship, Voyage.port),
            IndexModel([("ship", pymongo.TEXT)], name="search"),
        ]
    }


ID = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
TEXT = {"v": 2, "key": {"_fts": "text", "_ftsx": 1}, "name": "text", "weights": {"b": 1}}


def _index(name, *keys, **options):
    return {"v": 2, "key": dict.fromkeys(keys, 1), "name": name, **options}


def test_declared_indexes_are_those_of_the_driver_in_order():
    declared = declared_indexes(Voyage)

    assert all(isinstance(index, IndexModel) for index in declared)
    assert [(i.document["name"], i.document.get("unique", False)) for i in declared] == [
        ("ship_1", False),
        ("p_1", True),
        ("ship_1_p_1", False),
        ("search", False),
    ]


FRENCH = {"locale": "fr", "strength": 3}
CONFLICTS = {
    "nothing": (IndexModel("a"), [ID], None),
    "others": (IndexModel("a"), [ID, _index("b_1", "b"), TEXT], None),
    "the primary key's": (IndexModel("_id", name="mine"), [ID], None),
    "same name": (IndexModel("a", name="n"), [_index("x", "b"), _index("n", "b")], "n"),
    "same keys": (IndexModel("a", name="n"), [_index("old", "a")], "old"),
    "name before keys": (IndexModel("a", name="n"), [_index("old", "a"), _index("n", "b")], "n"),
    "other direction": (IndexModel([("a", -1)], name="n"), [_index("old", "a")], None),
    "other order of keys": (
        IndexModel([("a", 1), ("b", 1)], name="n"),
        [_index("old", "b", "a")],
        None,
    ),
    "other text index": (IndexModel([("a", "text")], name="n"), [TEXT], "text"),
    "same collation": (
        IndexModel("a", name="n"),
        [_index("french", "a", collation=FRENCH), _index("plain", "a")],
        "plain",
    ),
    "same collation, not first": (
        IndexModel("a", name="n", collation={"locale": "fr"}),
        [_index("plain", "a"), _index("french", "a", collation=FRENCH)],
        "french",
    ),
    "same filter": (
        IndexModel("a", name="n", partialFilterExpression={"b": 1}),
        [_index("plain", "a"), _index("some", "a", partialFilterExpression={"b": 1})],
        "some",
    ),
}


@pytest.mark.parametrize(("wanted", "existing", "name"), CONFLICTS.values(), ids=CONFLICTS)
def test_the_index_in_the_way_is_found(wanted, existing, name):
    conflict = find_conflict(wanted, existing)

    assert (conflict and conflict["name"]) == name


def test_an_index_is_created_again_without_its_namespace():
    assert recreation({"ns": "test.x", **_index("a_1", "a", unique=True)}) == {
        "v": 2,
        "key": {"a": 1},
        "name": "a_1",
        "unique": True,
    }
