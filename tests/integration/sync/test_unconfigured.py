# Generated from tests/integration/aio/test_unconfigured.py by tools/generate_sync.py: do not edit.
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

    from odmantic import SyncEngine


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


def test_the_first_write_of_a_model_is_told(sync_engine: SyncEngine, request):
    member = make_model(request.node.name)
    to_list(sync_engine.find(member))

    with pytest.warns(
        UnconfiguredIndexesWarning, match=r"configure_database\(\[Member\]\)"
    ) as caught:
        sync_engine.save(member(email="a"))
    sync_engine.save(member(email="b"))
    sync_engine.save_all([member(email="c"), member(email="d")])

    assert [each.filename for each in caught] == [__file__]


def test_the_first_write_of_many_is_told(sync_engine: SyncEngine, request):
    member = make_model(request.node.name)

    with pytest.warns(UnconfiguredIndexesWarning):
        sync_engine.save_all([member(email="c"), member(email="d")])

    assert sync_engine.count(member) == 2


def test_a_warning_that_is_an_error_writes_nothing(sync_engine: SyncEngine, request, quiet):
    member = make_model(request.node.name)
    one = member(email="a")

    with pytest.raises(UnconfiguredIndexesWarning):
        sync_engine.save(one)

    assert sync_engine.count(member) == 0
    sync_engine.save(one)
    assert sync_engine.count(member) == 1


def test_who_has_asked_is_not_told(sync_engine: SyncEngine, request, quiet):
    member = make_model(request.node.name)
    sync_engine.configure_database([member])

    sync_engine.save(member(email="a"))


def test_a_configured_unique_index_counts(sync_engine: SyncEngine, request):
    member = make_model(request.node.name, indexes=lambda: [IndexModel("email", unique=True)])

    with pytest.warns(UnconfiguredIndexesWarning):
        sync_engine.save(member(email="a"))


@pytest.mark.parametrize(
    "indexes", [lambda: [IndexModel("email")], lambda: 1 / 0], ids=["plain", "broken"]
)
def test_other_indexes_do_not_matter(sync_engine: SyncEngine, request, quiet, indexes):
    sync_engine.save(make_model(request.node.name, indexes=indexes)(email="a"))


def test_without_models_those_in_use_are_configured(sync_engine: SyncEngine, request, raw_database):
    used, other = make_model("used"), make_model("other")
    to_list(sync_engine.find(used))

    sync_engine.configure_database()

    assert set(raw_database["used"].index_information()) == {"_id_", "email_1"}
    assert "other" not in raw_database.list_collection_names()
    assert other.__collection__ == "other"


def test_an_engine_that_used_nothing_needs_models(sync_engine: SyncEngine):
    with pytest.raises(TypeError, match=r"name them, as in configure_database\(\[User, Order\]\)"):
        sync_engine.configure_database()
