"""What a field has no value of is never stored, whatever else is in the dictionary of its instance."""

from __future__ import annotations

from typing import Any

import pytest

from odmantic import EmbeddedModel, Field, Model
from odmantic.exceptions import IncompleteDocumentError


class Inner(EmbeddedModel):
    needed: str
    count: int = 0


class Renamed(EmbeddedModel):
    needed: str = Field(key_name="n")
    count: int = 0


class Wide(EmbeddedModel):
    needed: str
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    e: int = 0


class Whole(Model):
    needed: str
    count: int = 0


class Outer(Model):
    inner: Inner
    many: list[Inner] = []


class OuterOfRenamed(Model):
    inner: Renamed
    many: list[Renamed] = []


class OuterOfWide(Model):
    inner: Wide
    many: list[Wide] = []


OUTERS = pytest.mark.parametrize(
    ("outer", "inner"), [(Outer, Inner), (OuterOfRenamed, Renamed), (OuterOfWide, Wide)]
)


def _whole() -> Any:
    whole = Whole(needed="a")
    del whole.needed
    object.__setattr__(whole, "foreign", 3)
    return whole


def _constructed() -> Any:
    whole = Whole.model_construct()
    whole.__dict__["foreign"] = 3
    return whole


@pytest.mark.parametrize("make", [_whole, _constructed])
@pytest.mark.parametrize("bulk", [False, True])
async def test_nothing_is_stored(aio_engine, commands, make, bulk):
    await _is_refused(aio_engine, make(), bulk)
    assert commands.names == []


@OUTERS
@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("bulk", [False, True])
async def test_nothing_is_stored_of_what_holds_it(aio_engine, commands, outer, inner, listed, bulk):
    instance = outer(inner=inner(needed="a"), many=[inner(needed="a")])
    values = (instance.many[0] if listed else instance.inner).__dict__
    values["renamed"] = values.pop("needed")
    with pytest.raises(IncompleteDocumentError, match=f"{inner.__name__}.*'needed'"):
        instance.model_dump_doc()
    await _is_refused(aio_engine, instance, bulk)
    assert commands.names == []


async def _is_refused(engine, instance, bulk):
    with pytest.raises(IncompleteDocumentError, match="'needed'"):
        if bulk:
            await engine.save_all([instance])
        else:
            await engine.save(instance)


@OUTERS
@pytest.mark.parametrize("bulk", [False, True])
async def test_what_is_no_field_is_not_stored(aio_engine, raw_database, outer, inner, bulk):
    instance = outer(inner=inner(needed="a"), many=[inner(needed="b")])
    expected = instance.model_dump_doc()
    for each in (instance, instance.inner, *instance.many):
        each.__dict__["foreign"] = 3
    assert instance.model_dump_doc() == expected
    if bulk:
        await aio_engine.save_all([instance])
    else:
        await aio_engine.save(instance)
    assert raw_database[outer.__collection__].find_one({}) == expected
