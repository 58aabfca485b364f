"""Driver errors as errors that name model, field and operation."""

from __future__ import annotations

import sys
from typing import Any

import bson.errors
import pymongo.errors
import pytest
from tests.unit.somewhere import a_write

from odmantic import Field, Model
from odmantic._plan.errors import add_context, operation_error, write_error
from odmantic._plan.save import all_fields, plan_save
from odmantic.exceptions import (
    DocumentTooLargeError,
    DuplicateKeyError,
    IntegerTooLargeError,
    InvalidDocumentError,
    TransactionNotSupportedError,
    UnencodableValueError,
    WriteConflictError,
)


class Parcel(Model):
    code: str = "A"
    first: Any = Field(key_name="f", default=None)
    second: Any = None


def _plan(**values):
    parcel = Parcel(**values)
    return plan_save(parcel, all_fields(parcel), a_write())


def _failure(code, text="failed"):
    return pymongo.errors.OperationFailure(text, code, {"errmsg": text, "code": code})


def test_a_duplicate_names_the_instance():
    plan = _plan()
    driver_error = pymongo.errors.DuplicateKeyError("E11000", 11000, {})

    error = write_error(driver_error, plan)

    assert type(error) is DuplicateKeyError
    assert error.instance is plan.instance
    assert error.driver_error is driver_error


@pytest.mark.parametrize(
    "driver_error",
    [
        pymongo.errors.DocumentTooLarge("too large"),
        *(_failure(code) for code in (10334, 17280, 17419, 17420)),
    ],
    ids=lambda error: str(getattr(error, "code", "driver")),
)
def test_too_large_a_document_names_the_model(driver_error):
    error = write_error(driver_error, _plan())

    assert type(error) is DocumentTooLargeError
    assert error.model is Parcel
    assert "cannot save Parcel: its document is larger than the 16 MiB" in str(error)


def _nested(depth):
    value: Any = 1
    for number in range(depth):
        value = {"a": value} if number % 2 else [value]
    return value


VALUES = [
    (object(), bson.errors.InvalidDocument("x"), InvalidDocumentError),
    (2**63, OverflowError("x"), IntegerTooLargeError),
    ("\ud800", UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"), UnencodableValueError),
    (_nested(200), _failure(15, "too deep"), InvalidDocumentError),
]


@pytest.mark.parametrize(("value", "driver_error", "kind"), VALUES)
@pytest.mark.parametrize("field", ["first", "second"])
def test_the_field_that_cannot_be_stored_is_named(value, driver_error, kind, field):
    error = write_error(driver_error, _plan(**{field: value}))

    assert type(error) is kind
    assert error.model is Parcel
    assert f"cannot save Parcel: field '{field}' of Parcel holds a value" in str(error)


def test_a_field_that_fails_in_another_way_is_not_blamed():
    plan = _plan(first=object(), second=2**63)

    assert "field 'second'" in str(write_error(OverflowError("x"), plan))


def test_where_no_field_is_to_blame_the_model_is_named():
    error = write_error(bson.errors.InvalidDocument("x"), _plan())

    assert str(error).startswith("cannot save Parcel: Parcel holds a value")


def test_a_server_error_without_details_is_named():
    error = write_error(pymongo.errors.OperationFailure("too deep", 15), _plan())

    assert type(error) is InvalidDocumentError
    assert "too deep" in str(error)


def test_a_long_reason_is_shortened():
    assert len(str(write_error(bson.errors.InvalidDocument("x" * 9999), _plan()))) < 700


@pytest.mark.parametrize(
    "error",
    [_failure(13), pymongo.errors.AutoReconnect("gone"), pymongo.errors.InvalidOperation("no")],
)
def test_other_errors_stay_the_drivers(error):
    assert write_error(error, _plan()) is None


def test_a_standalone_server_is_explained():
    driver_error = _failure(20, "Transaction numbers are only allowed on a replica set member")

    error = operation_error(driver_error, "save", Parcel, None)

    assert type(error) is TransactionNotSupportedError
    assert error.driver_error is driver_error
    assert "replica set" in str(error)


@pytest.mark.parametrize("error", [_failure(20, "other"), _failure(13), ValueError("x")])
def test_other_errors_are_not_explained(error):
    assert operation_error(error, "save", Parcel, None) is None


def test_a_write_conflict_names_what_it_met():
    driver_error = _failure(112)

    error = operation_error(driver_error, "save", Parcel, 7)

    assert type(error) is WriteConflictError
    assert (error.operation, error.collection, error.document_id) == ("save", "parcel", 7)
    assert error.code == 112
    assert "save of Parcel" in str(error)
    assert "_id 7" in str(error)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes since Python 3.11")
def test_an_error_takes_a_note():
    error = ValueError("x")
    add_context(error, "in find of Parcel")

    assert error.__notes__ == ["odmantic: in find of Parcel"]


def test_an_error_that_takes_no_note_stays_as_it_is():
    class Old:
        """Stands for an exception of Python 3.10."""

    assert add_context(Old(), "in find of Parcel") is None
