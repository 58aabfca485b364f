"""The update that writes a document, or a part of one."""

from __future__ import annotations

import pytest

from odmantic._plan.writes import set_fields


@pytest.mark.parametrize(
    ("document", "removed", "update"),
    [
        ({"name": "Ada"}, (), {"$set": {"name": "Ada"}}),
        ({"_id": 7, "name": "Ada"}, (), {"$set": {"name": "Ada"}}),
        ({"name": "Ada"}, ["age"], {"$set": {"name": "Ada"}, "$unset": {"age": ""}}),
        ({}, ["age"], {"$unset": {"age": ""}}),
        ({"_id": 7}, (), {"$setOnInsert": {"_id": 7}}),
    ],
)
def test_an_update_sets_all_but_the_id_which_the_filter_has(document, removed, update):
    before = dict(document)

    assert set_fields(document, removed) == update
    assert document == before
