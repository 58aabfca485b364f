# Generated from tests/integration/aio/test_incomplete.py by tools/generate_sync.py: do not edit.
"""What a field has no value of is never stored, whatever else is in the dictionary of its instance."""

from __future__ import annotations

from typing import Any

import pytest

from odmantic import EmbeddedModel, Model
from odmantic.exceptions import IncompleteDocumentError


class Inner(EmbeddedModel):
    needed: str
    count: int = 0


class Whole(Model):
    needed: str
    count: int = 0


class Outer(Model):
    inner: Inner
    many: list[Inner] = []


def _whole() -> Any:
    whole = Whole(needed="a")
    del whole.needed
    object.__setattr__(whole, "foreign", 3)
    return whole


def _constructed() -> Any:
    whole = Whole.model_construct()
    whole.__dict__["foreign"] = 3
    return whole


def _inner() -> Inner:
    inner = Inner(needed="a")
    inner.__dict__["renamed"] = inner.__dict__.pop("needed")
    return inner


def _outer() -> Any:
    outer = Outer(inner=Inner(needed="a"))
    outer.__dict__["inner"] = _inner()
    return outer


def _listed() -> Any:
    outer = Outer(inner=Inner(needed="a"))
    outer.many.append(_inner())
    return outer


@pytest.mark.parametrize("make", [_whole, _constructed, _outer, _listed])
@pytest.mark.parametrize("bulk", [False, True])
def test_nothing_is_stored(sync_engine, commands, make, bulk):
    instance = make()
    with pytest.raises(IncompleteDocumentError, match="'needed'"):
        if bulk:
            sync_engine.save_all([instance])
        else:
            sync_engine.save(instance)
    assert commands.names == []
