# Generated from tests/integration/aio/test_earlier_documents.py by tools/generate_sync.py: do not edit.
"""Documents that earlier versions wrote are read as they are, and changed as by those versions.

`tests/integration/earlier` has them as extended JSON, and the program that had each version write them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from bson import encode, json_util
from tests.integration.earlier.models import FORMS
from tests.integration.sync.reading import to_list

EARLIER = Path(__file__).parents[1] / "earlier"
OPTIONS = json_util.CANONICAL_JSON_OPTIONS
WRITTEN = {
    path.stem: json_util.loads(path.read_text(encoding="utf-8"), json_options=OPTIONS)
    for path in sorted(EARLIER.glob("*.json"))
}
UPDATES = WRITTEN["odmantic-2.0.0.dev0"]
"""What the last version without new words sends is what is sent today."""

each_form = pytest.mark.parametrize(
    ("version", "form"), [(version, form) for version, forms in WRITTEN.items() for form in forms]
)


def stored(raw_database):
    """All documents, byte for byte."""
    return {
        name: [encode(each) for each in raw_database[name].find()]
        for name in raw_database.list_collection_names()
    }


@pytest.fixture
def written(raw_database, version, form):
    """The documents of a form, stored again."""
    one = WRITTEN[version][form]
    for collection, documents in one["documents"].items():
        raw_database[collection].insert_many(documents)
    return one


def read(engine, model, written, way):
    query = {"_id": written["_id"]}
    if way == "find":
        (found,) = to_list(engine.find(model, query))
        return found
    if way == "find_one":
        return engine.find_one(model, query)
    with engine.session() as session:
        return session.find_one(model, query)


def test_both_versions_are_there():
    assert [*WRITTEN] == ["odmantic-1.1", "odmantic-2.0.0.dev0"]
    assert UPDATES.keys() == FORMS.keys()
    assert len(WRITTEN["odmantic-1.1"]) == 18


@each_form
def test_a_read_changes_nothing(sync_engine, commands, raw_database, written, form):
    instance, _ = FORMS[form]
    before = stored(raw_database)
    for way in ("find", "find_one", "session"):
        found = read(sync_engine, type(instance), written, way)
        assert found is not None
        commands.clear()
        sync_engine.save(found)
        sync_engine.save_all([found])
        assert commands.names == []
    assert stored(raw_database) == before


@each_form
def test_a_change_is_sent_as_ever(sync_engine, commands, written, form):
    instance, change = FORMS[form]
    found = read(sync_engine, type(instance), written, "find")
    change(found)
    commands.clear()
    sync_engine.save(found)
    sent = [
        (event.command["update"], encode(update["u"]))
        for event in commands.started
        for update in event.command["updates"]
    ]
    assert sent == [(each["in"], encode(each["u"])) for each in UPDATES[form]["updates"]]


@each_form
def test_a_whole_document_has_the_same_values(sync_engine, raw_database, written, form):
    instance, _ = FORMS[form]
    found = read(sync_engine, type(instance), written, "find")
    name = type(found).__collection__
    (document,) = [each for each in written["documents"][name] if each["_id"] == written["_id"]]
    raw_database[name].delete_many({})
    sync_engine.save(found.model_copy())
    (again,) = raw_database[name].find()
    assert {key: encode({"": again[key]}) for key in again} == {
        key: encode({"": document[key]}) for key in document
    }
