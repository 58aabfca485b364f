"""The options of commands: what the driver gets, and what is refused."""

from __future__ import annotations

from uuid import UUID

import pytest
from pymongo import ReadPreference, WriteConcern
from pymongo.collation import Collation
from pymongo.read_concern import ReadConcern

from odmantic import Field, Index, Model
from odmantic._plan.options import (
    NO_OPTIONS,
    OF_AGGREGATIONS,
    OF_DELETIONS,
    OF_FINDS,
    OF_UPDATES,
    checked_call_options,
)
from odmantic.expr import call
from odmantic.query import desc, raw
from odmantic.typing import AggregateOptions, FindOptions, WriteOptions

EVERY = OF_UPDATES | OF_FINDS | OF_AGGREGATIONS


class Ship(Model):
    name: str = Field(key_name="n")
    size: int = 0


class Boat(Model, inheritance="single"):
    name: str


def _checked(model=Ship, takes=EVERY, **options):
    return checked_call_options("update_one", model, options, takes)


NUMBER = UUID(int=1)

TAKEN = [
    ({"hint": "n_1"}, {"hint": "n_1"}),
    ({"hint": Index(Ship.name, name="by_name")}, {"hint": "by_name"}),
    ({"hint": Index(Ship.name, desc(Ship.size))}, {"hint": [("n", 1), ("size", -1)]}),
    ({"hint": Ship.name}, {"hint": [("n", 1)]}),
    ({"hint": desc(Ship.size)}, {"hint": [("size", -1)]}),
    ({"hint": (Ship.name, desc(Ship.size))}, {"hint": [("n", 1), ("size", -1)]}),
    ({"collation": {"locale": "de"}}, {"collation": {"locale": "de"}}),
    ({"comment": {"by": 1}}, {"comment": {"by": 1}}),
    ({"comment": None, "hint": None, "write_concern": None, "array_filters": None}, {}),
    ({"let": {"a": 3}}, {"let": {"a": 3}}),
    ({"let": {"a": "$secret"}}, {"let": {"a": {"$literal": "$secret"}}}),
    ({"let": {"a": {"$add": [1, 2]}}}, {"let": {"a": {"$literal": {"$add": [1, 2]}}}}),
    ({"let": {"a": raw({"$add": [1, 2]})}}, {"let": {"a": {"$add": [1, 2]}}}),
    ({"let": raw({"a": {"$add": [1, 2]}})}, {"let": {"a": {"$add": [1, 2]}}}),
    ({"let": {"a": NUMBER}}, {"let": {"a": {"$literal": NUMBER}}}),
    ({"let": {"a": "x", "b": call("$$NOW")}}, {"let": {"a": "x", "b": "$$NOW"}}),
    ({"bypass_document_validation": True}, {"bypass_document_validation": True}),
    ({"max_time_ms": 5, "batch_size": 0}, {"max_time_ms": 5, "batch_size": 0}),
    (
        {"allow_disk_use": True, "no_cursor_timeout": False},
        {"allow_disk_use": True, "no_cursor_timeout": False},
    ),
]


@pytest.mark.parametrize(("options", "words"), TAKEN)
def test_the_driver_gets(options, words):
    assert _checked(**options).words == words


def test_a_collation_stays_one():
    collation = Collation("de")
    assert _checked(collation=collation).words["collation"] is collation


def test_an_index_by_type_has_the_key_of_the_hierarchy():
    words = _checked(Boat, hint=Index(Boat.name, by_type=True)).words
    assert words == {"hint": [("_type", 1), ("name", 1)]}


def test_concerns_are_of_the_collection():
    options = {
        "write_concern": WriteConcern(w=0),
        "read_concern": ReadConcern("local"),
        "read_preference": ReadPreference.SECONDARY,
    }
    checked = _checked(**options)
    assert (checked.words, checked.concerns) == ({}, options)

    class Collection:
        def with_options(self, **given):
            return given

    assert checked.collection(Collection()) == options


def test_without_options_the_collection_is_the_same():
    assert _checked() is NO_OPTIONS
    assert NO_OPTIONS.collection(collection := object()) is collection


def test_some_methods_of_the_driver_know_the_servers_names_only():
    options = {
        "max_time_ms": 5,
        "batch_size": 7,
        "allow_disk_use": True,
        "bypass_document_validation": False,
        "comment": "c",
    }
    assert _checked(**options).command_words == {
        "maxTimeMS": 5,
        "batchSize": 7,
        "allowDiskUse": True,
        "bypassDocumentValidation": False,
        "comment": "c",
    }


WRONG = [
    ({"hnt": "n_1"}, TypeError, "'hnt'.*hint"),
    *(
        ({"hint": value}, TypeError, "index.* as hint=")
        for value in ("", 3, [("n", 1)], (), {"n": 1}, Ship.name == "x", ["n"])
    ),
    *(({"collation": value}, TypeError, "Collation.* as collation=") for value in ("de", 3)),
    *(
        ({"let": value}, TypeError, "values by name as let=")
        for value in ("x", [1], {1: 2}, {"": 2}, Ship.name == "x")
    ),
    *(
        ({name: value}, TypeError, f"True or False as {name}=, not")
        for name in ("bypass_document_validation", "allow_disk_use", "no_cursor_timeout")
        for value in (1, "yes")
    ),
    *(
        ({name: value}, TypeError, f"a number of .* as {name}=, not")
        for name in ("max_time_ms", "batch_size")
        for value in (True, 1.5, "1")
    ),
    ({"max_time_ms": -1}, ValueError, "max_time_ms= cannot be negative"),
    ({"write_concern": "majority"}, TypeError, "WriteConcern as write_concern="),
    ({"read_concern": "local"}, TypeError, "ReadConcern as read_concern="),
    ({"read_preference": "secondary"}, TypeError, "ReadPreference as read_preference="),
]


@pytest.mark.parametrize(("options", "kind", "match"), WRONG)
def test_what_is_refused(options, kind, match):
    with pytest.raises(kind, match=match) as caught:
        _checked(**options)
    assert str(caught.value).startswith("update_one of Ship")


def test_each_operation_has_its_options():
    with pytest.raises(TypeError, match="update_one of Ship has no option 'array_filters'"):
        _checked(takes=OF_DELETIONS, array_filters=[])
    with pytest.raises(TypeError, match="'batch_size'"):
        _checked(takes=OF_UPDATES, batch_size=3)
    assert set(WriteOptions.__annotations__) == OF_UPDATES
    assert set(FindOptions.__annotations__) == OF_FINDS
    assert set(AggregateOptions.__annotations__) == OF_AGGREGATIONS


def test_a_transaction_has_one_concern_for_all_its_commands():
    for name, value in (("write_concern", WriteConcern(1)), ("read_concern", ReadConcern())):
        with pytest.raises(TypeError, match=f"update_one of Ship cannot take {name}= in a trans"):
            _checked(**{name: value}).check_in_transaction("update_one", Ship)
    with pytest.raises(TypeError, match="reads from the primary"):
        _checked(read_preference=ReadPreference.NEAREST).check_in_transaction("update_one", Ship)
    _checked(read_preference=ReadPreference.PRIMARY, hint="n_1").check_in_transaction("x", Ship)
