# Generated from tests/integration/aio/test_own_hooks.py by tools/generate_sync.py: do not edit.
"""What a class of the user's defines for itself takes no part in operations, single or many, in a transaction or not."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

import pytest

from odmantic import EmbeddedModel, Field, Model, Reference


def _boom(*_arguments: Any) -> Any:
    raise RuntimeError("not to be asked")


def _key_error(_self: Any, name: str) -> Any:
    raise KeyError(name)


class Part(EmbeddedModel):
    n: int = 1

    __getattr__ = _key_error
    __eq__ = __bool__ = __len__ = __iter__ = __repr__ = __hash__ = _boom


class Target(Model):
    name: str = Field("t", primary_field=True)
    n: int = 1

    __getattr__ = _key_error
    __eq__ = __bool__ = __len__ = __iter__ = __repr__ = __hash__ = _boom


class Guarded(Model):
    n: int = 1
    tags: list[str] = []
    part: Part = Field(default_factory=Part)
    parts: list[Part] = Field(default_factory=lambda: [Part()])
    target: Target = Reference()

    model_config = {"parse_doc_with_default_factories": True}

    __getattr__ = _key_error
    __eq__ = __bool__ = __len__ = __iter__ = __repr__ = __hash__ = _boom


class Falsy(Model):
    n: int = 1
    tags: list[str] = []

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


def _make(model: Any, n: int) -> Any:
    return model(n=n, target=Target(name=str(n))) if model is Guarded else model(n=n)


@pytest.mark.parametrize("model", [Guarded, Falsy])
def test_instances_are_saved_found_changed_and_deleted(sync_engine, model, raw_database):
    one = _make(model, 1)
    assert sync_engine.save(one) is one
    others = [_make(model, n) for n in range(2, 5)]
    sync_engine.save_all(others)
    assert sync_engine.count(model) == 4

    found = [each for each in sync_engine.find(model, sort=model.n)]
    assert [each.n for each in found] == [1, 2, 3, 4]
    found[0].n = 10
    found[1].tags.append("a")
    sync_engine.save(found[0])
    sync_engine.save_all(found)
    read = sync_engine.find_one(model, model.id == found[1].id)
    assert read is not None
    assert read.tags == ["a"]

    with sync_engine.transaction() as transaction:
        read.n = 20
        transaction.save(read)
        transaction.save_all([_make(model, 30)])
    stored = raw_database[+model].distinct("n")
    assert stored == [3, 4, 10, 20, 30]
    sync_engine.delete(read)
    assert sync_engine.count(model) == 4


class Direct(Model):
    """Its assignments are seen by nobody."""

    n: int = 1
    name: str = "a"
    at: Optional[datetime] = None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def test_what_an_own_setattr_assigns_is_saved(sync_engine, raw_database):
    direct = sync_engine.save(Direct())
    direct.n = 2
    sync_engine.save(direct)
    assert raw_database["direct"].find_one()["n"] == 2
    read = sync_engine.find_one(Direct)
    assert read is not None
    read.name = "b"
    read.at = datetime(2020, 1, 1)
    sync_engine.save_all([read])
    assert raw_database["direct"].find_one() == read.model_dump_doc()


def test_what_a_patch_changes_though_it_is_equal_is_stored(sync_engine, raw_database):
    class Loose(Model):
        value: Any = 1

    loose = sync_engine.save(Loose())
    for value in (True, 1.0, 1, [1], [True], {"a": 1, "b": 2}, {"b": 2, "a": 1}):
        loose.model_update(value=value)
        sync_engine.save(loose)
        assert repr(raw_database["loose"].find_one()["value"]) == repr(value)
