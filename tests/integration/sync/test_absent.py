# Generated from tests/integration/aio/test_absent.py by tools/generate_sync.py: do not edit.
"""Keys that a document does not have, because their values are `None` or defaults: written, changed and read."""

from __future__ import annotations

from typing import List, Optional

import pytest
from tests.integration.sync.reading import to_list

from odmantic import Model


class Sparse(Model):
    name: str
    nick: Optional[str] = None
    tags: List[str] = []
    model_config = {"store_none": False, "store_defaults": False}


@pytest.mark.parametrize("in_transaction", [False, True])
def test_keys_come_and_go(sync_engine, raw_database, in_transaction):
    first = Sparse(name="a")
    others = [Sparse(name=str(n), nick="n" if n % 2 else None) for n in range(30)]

    def store():
        if in_transaction:
            with sync_engine.transaction() as transaction:
                transaction.save(first)
                transaction.save_all(others)
        else:
            sync_engine.save(first)
            sync_engine.save_all(others)

    store()
    raw = raw_database["sparse"]
    assert raw.find_one({"_id": first.id}) == {"_id": first.id, "name": "a"}
    assert raw.count_documents({"nick": {"$exists": True}}) == 15

    first.nick, first.tags = "x", ["t"]
    for other in others:
        other.nick = None if other.nick else "new"
    store()
    assert raw.find_one({"_id": first.id}) == {
        "_id": first.id, "name": "a", "nick": "x", "tags": ["t"],
    }  # fmt: skip
    assert raw.count_documents({"nick": {"$exists": True}}) == 16
    assert raw.count_documents({"nick": None, "_id": {"$ne": first.id}}) == 15

    first.nick = None
    first.tags.clear()
    store()
    assert raw.find_one({"_id": first.id}) == {"_id": first.id, "name": "a"}
    found = to_list(sync_engine.find(Sparse))
    assert sorted(found, key=lambda one: one.id) == sorted([first, *others], key=lambda one: one.id)
    assert sync_engine.count(Sparse, Sparse.nick == None) == 16  # noqa: E711
