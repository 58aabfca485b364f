# Generated from tests/integration/aio/test_engine_errors.py by tools/generate_sync.py: do not edit.
"""Errors of the engine: classes, texts and attributes, also of validators; they can be copied and pickled."""

from __future__ import annotations

import copy
import pickle
import sys

import pymongo.errors
import pytest
from pydantic import ValidationError, field_validator
from pydantic_core import PydanticCustomError

from odmantic import Field, Model
from odmantic.exceptions import (
    BaseEngineException,
    DocumentNotFoundError,
    DocumentParsingError,
    DuplicateKeyError,
)


class Coded(Model):
    code: str = Field(unique=True)
    number: int = 0


class Picky(Model):
    number: int

    @field_validator("number")
    @classmethod
    def _check(cls, value):
        if value < 0:
            raise PydanticCustomError("too_small", "{number} is too small", {"number": value})
        return value


@pytest.fixture
def duplicate(sync_engine):
    sync_engine.configure_database([Coded])
    sync_engine.save(Coded(code="a"))
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.save(Coded(code="a"))
    return caught.value


@pytest.fixture
def not_found(sync_engine):
    with pytest.raises(DocumentNotFoundError) as caught:
        sync_engine.delete(Coded(code="a"))
    return caught.value


@pytest.fixture
def unparsed(sync_engine, raw_database):
    raw_database["coded"].insert_one({"number": "x"})
    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one(Coded, {"number": "x"})
    return caught.value


def test_a_duplicate_carries_what_the_driver_says(duplicate):
    assert isinstance(duplicate, BaseEngineException)
    assert isinstance(duplicate.driver_error, pymongo.errors.DuplicateKeyError)
    assert duplicate.driver_error.code == 11000
    assert duplicate.driver_error.details["keyValue"] == {"code": "a"}
    assert duplicate.model is Coded


def test_a_parsing_error_is_a_value_error_of_its_own(unparsed):
    assert isinstance(unparsed, ValueError)
    assert not isinstance(unparsed, (ValidationError, BaseEngineException))
    assert unparsed.model is Coded
    assert isinstance(unparsed.inner, ValidationError)
    assert unparsed.inner.title == "Coded"
    assert str(unparsed) == str(unparsed.inner)
    assert repr(unparsed) == repr(unparsed.inner)
    assert unparsed.args


@pytest.mark.parametrize("how", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("kind", ["duplicate", "not_found", "unparsed"])
def test_errors_can_be_copied_and_pickled(duplicate, not_found, unparsed, kind, how):
    error = {"duplicate": duplicate, "not_found": not_found, "unparsed": unparsed}[kind]
    twin = how(error)

    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert twin.model is Coded


def test_custom_errors_of_validators_are_parsing_errors(sync_engine, raw_database):
    raw_database["picky"].insert_one({"number": -1})

    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one(Picky)

    [line] = caught.value.inner.errors()
    assert (line["type"], line["msg"], line["loc"]) == ("too_small", "-1 is too small", ("number",))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes since Python 3.11")
@pytest.mark.parametrize(
    ("command", "operation", "call"),
    [
        ("find", "find", lambda engine: engine.find_one(Coded)),
        ("update", "save", lambda engine: engine.save(Coded(code="a"))),
        ("update", "save", lambda engine: engine.save_all([Coded(code="a")])),
        ("delete", "delete", lambda engine: engine.delete(Coded(code="a"))),
        ("delete", "remove", lambda engine: engine.remove(Coded)),
        ("delete", "delete_one", lambda engine: engine.delete_one(Coded, {})),
        ("delete", "delete_many", lambda engine: engine.delete_many(Coded, {})),
        (
            "findAndModify",
            "find_one_and_delete",
            lambda engine: engine.find_one_and_delete(Coded, {}),
        ),
        (
            "findAndModify",
            "find_one_and_update",
            lambda engine: engine.find_one_and_update(Coded, {}, {"$set": {"x": 1}}),
        ),
        (
            "findAndModify",
            "replace_one",
            lambda engine: engine.replace_one(Coded, {}, Coded(code="a")),
        ),
        (
            "findAndModify",
            "find_one_and_replace",
            lambda engine: engine.find_one_and_replace(Coded, {}, Coded(code="a")),
        ),
        (
            "findAndModify",
            "get_or_create",
            lambda engine: engine.get_or_create(Coded, Coded.code == "z", Coded(code="z")),
        ),
        ("update", "update_one", lambda engine: engine.update_one(Coded, {}, {"$set": {"x": 1}})),
        ("update", "update_many", lambda engine: engine.update_many(Coded, {}, {"$set": {"x": 1}})),
        (
            "findAndModify",
            "update_one",
            lambda engine: engine.update_one(Coded, {}, {"$set": {"x": 1}}, sort=Coded.code),
        ),
        ("aggregate", "count", lambda engine: engine.count(Coded)),
        (
            "createIndexes",
            "configure_database",
            lambda engine: engine.configure_database([Coded]),
        ),
    ],
)
def test_a_driver_error_tells_operation_and_model(
    sync_engine, fail_point, command, operation, call
):
    with (
        fail_point(command, error_code=13),
        pytest.raises(pymongo.errors.OperationFailure) as caught,
    ):
        call(sync_engine)

    assert caught.value.code == 13
    assert f"odmantic: in {operation} of Coded" in caught.value.__notes__
