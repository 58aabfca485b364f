"""Unique fields are unique only where somebody has asked for the indexes.

The rule: a process that writes documents of a model with unique indexes, and never asked for these, is told so, once
for each model, at the first write; not if any engine has asked.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
from pymongo import IndexModel

from odmantic import Field, Model
from odmantic.exceptions import UnconfiguredIndexesWarning

from .reading import to_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from odmantic import AIOEngine


@pytest.fixture
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def make_model(name: str, **config: object) -> type[Model]:
    """A model of a collection that no other test has written."""
    body = {
        "__module__": __name__,
        "__annotations__": {"email": str},
        "email": Field("", unique=not config),
        "model_config": {"collection": name, **config},
    }
    return type(Model)("Member", (Model,), body)


async def test_the_first_write_of_a_model_is_told(aio_engine: AIOEngine, request):
    member = make_model(request.node.name)
    await to_list(aio_engine.find(member))

    with pytest.warns(
        UnconfiguredIndexesWarning, match=r"configure_database\(\[Member\]\)"
    ) as caught:
        await aio_engine.save(member(email="a"))
    await aio_engine.save(member(email="b"))
    await aio_engine.save_all([member(email="c"), member(email="d")])

    assert [each.filename for each in caught] == [__file__]


async def test_the_first_write_of_many_is_told(aio_engine: AIOEngine, request):
    member = make_model(request.node.name)

    with pytest.warns(UnconfiguredIndexesWarning):
        await aio_engine.save_all([member(email="c"), member(email="d")])

    assert await aio_engine.count(member) == 2


async def test_a_warning_that_is_an_error_writes_nothing(aio_engine: AIOEngine, request, quiet):
    member = make_model(request.node.name)
    one = member(email="a")

    with pytest.raises(UnconfiguredIndexesWarning):
        await aio_engine.save(one)

    assert await aio_engine.count(member) == 0
    await aio_engine.save(one)
    assert await aio_engine.count(member) == 1


async def test_who_has_asked_is_not_told(aio_engine: AIOEngine, request, quiet):
    member = make_model(request.node.name)
    await aio_engine.configure_database([member])

    await aio_engine.save(member(email="a"))


async def test_a_configured_unique_index_counts(aio_engine: AIOEngine, request):
    member = make_model(request.node.name, indexes=lambda: [IndexModel("email", unique=True)])

    with pytest.warns(UnconfiguredIndexesWarning):
        await aio_engine.save(member(email="a"))


@pytest.mark.parametrize(
    "indexes", [lambda: [IndexModel("email")], lambda: 1 / 0], ids=["plain", "broken"]
)
async def test_other_indexes_do_not_matter(aio_engine: AIOEngine, request, quiet, indexes):
    await aio_engine.save(make_model(request.node.name, indexes=indexes)(email="a"))


async def test_without_models_those_in_use_are_configured(
    aio_engine: AIOEngine, request, raw_database
):
    used, other = make_model("used"), make_model("other")
    await to_list(aio_engine.find(used))

    await aio_engine.configure_database()

    assert set(raw_database["used"].index_information()) == {"_id_", "email_1"}
    assert "other" not in raw_database.list_collection_names()
    assert other.__collection__ == "other"


async def test_an_engine_that_used_nothing_needs_models(aio_engine: AIOEngine):
    with pytest.raises(TypeError, match=r"name them, as in configure_database\(\[User, Order\]\)"):
        await aio_engine.configure_database()
