"""The errors of transactions, against the table of them in the documentation."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from pathlib import Path

import pymongo.errors
import pytest
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ProtocolError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

from odmantic import Model, exceptions
from odmantic._errors.transactions import _DriverBackedError
from odmantic.exceptions import (
    CommitHookError,
    CommitOutcomeUnknownError,
    RollbackHookError,
    SessionMisuseError,
    StrayOperationError,
    TransactionAbortedError,
    TransactionError,
    TransactionNotSupportedError,
    TransactionTimeoutError,
    UnsafeRetryError,
    WriteConflictError,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "transactions.md"
OF_THE_DRIVER = "class of the driver's error"
TRANSIENT = "TransientTransactionError"
UNKNOWN = "UnknownTransactionCommitResult"


class Stock(Model):
    left: int = 1


def failure(code, *labels, kind=OperationFailure):
    return kind("why", code, {"code": code, "errmsg": "why", "errorLabels": list(labels)})


def lost(kind=AutoReconnect, *labels):
    return kind("lost", {"errorLabels": list(labels)})


def noted(error):
    error.__notes__ = ["odmantic: after 3 attempt(s) of the transaction"]
    return error


CONFLICT, STANDALONE = failure(112, TRANSIENT), failure(20)

# Error; its code, its labels, the code in its details (`None`: it has no details).
ERRORS = [
    (TransactionError("text"), None, (), None),
    (SessionMisuseError("text"), None, (), None),
    (StrayOperationError("text"), None, (), None),
    (UnsafeRetryError("text"), None, (), None),
    (CommitHookError("text", [ValueError("one"), KeyError("two")]), None, (), None),
    (RollbackHookError("text", [ValueError("one")]), None, (), None),
    (WriteConflictError(CONFLICT, Stock, "save", "stock", 7), 112, (TRANSIENT,), 112),
    (TransactionAbortedError("text", CONFLICT), 251, (TRANSIENT,), 251),
    (TransactionAbortedError("text", ValueError("no error of a driver")), 251, (), 251),
    (TransactionNotSupportedError("text", STANDALONE), 20, (), 20),
    (
        CommitOutcomeUnknownError.standing_for(lost(AutoReconnect, UNKNOWN), "text", attempts=3),
        None,
        (UNKNOWN,),
        None,
    ),
    (
        CommitOutcomeUnknownError.standing_for(
            failure(64, UNKNOWN, kind=WTimeoutError), "text", attempts=3
        ),
        64,
        (UNKNOWN,),
        64,
    ),
    (TransactionTimeoutError.standing_for(CONFLICT, "text", attempts=3), 112, (TRANSIENT,), 112),
    (
        TransactionTimeoutError.standing_for(lost(NetworkTimeout, TRANSIENT), "text", attempts=3),
        None,
        (TRANSIENT,),
        None,
    ),
    (
        TransactionTimeoutError.standing_for(
            WriteConflictError(CONFLICT, Stock, "save", "stock"), "text", attempts=3
        ),
        112,
        (TRANSIENT,),
        112,
    ),
    (TransactionTimeoutError.standing_for(ValueError("mine"), "text"), None, (), None),
]


def cells(row):
    return [cell.strip() for cell in row.strip("|").split("|")]


def documented():
    """The rows of the table in the documentation."""
    section = PAGE.read_text().partition("\n## Errors\n")[2].partition("\n## ")[0]
    rows = [cells(row) for row in section.splitlines() if row.startswith("| `")]
    assert rows
    return {
        re.search(r"`(\w+)`", name)[1]: (also, re.findall(r"`(\w+)`", carries))
        for name, also, carries, _ in rows
    }


def public_errors():
    return {
        name: error
        for name, error in vars(exceptions).items()
        if inspect.isclass(error)
        and issubclass(error, TransactionError)
        and error is not TransactionError
    }


def bases(error):
    """The public bases of an error; those of a private base are its own."""
    for base in error.__bases__:
        if base.__name__.startswith("_"):
            yield from bases(base)
        elif base is not TransactionError:
            yield base.__name__


def public_class(error):
    return next(each for each in type(error).__mro__ if each in public_errors().values())


def test_the_documentation_tells_of_every_error():
    assert documented().keys() == public_errors().keys()
    covered = {base for error, *_ in ERRORS for base in type(error).__mro__}
    assert [name for name, error in public_errors().items() if error not in covered] == []


@pytest.mark.parametrize(("name", "error"), public_errors().items())
def test_the_documentation_tells_its_bases(name, error):
    also, _ = documented()[name]

    if issubclass(error, _DriverBackedError):
        assert also == OF_THE_DRIVER
        assert list(bases(error)) == []
    else:
        assert set(re.findall(r"`(\w+)`", also)) == set(bases(error))


@pytest.mark.parametrize(("error", "_code", "_labels", "_details"), ERRORS)
def test_the_documentation_tells_what_it_carries(error, _code, _labels, _details):
    if type(error) is TransactionError:
        return
    _, carries = documented()[public_class(error).__name__]

    of_the_driver = vars(getattr(error, "driver_error", None) or Exception())
    own = vars(error).keys() - of_the_driver.keys() - {"message", "model", "__notes__"}
    assert set(carries) - {"driver_error"} == {
        name for name in own if not name.startswith("_") and name != "driver_error"
    }
    assert ("driver_error" in carries) == hasattr(error, "driver_error")


@pytest.mark.parametrize(("error", "code", "labels", "details"), ERRORS)
def test_code_details_and_labels_can_be_read(error, code, labels, details):
    assert getattr(error, "code", None) == code
    assert (getattr(error, "details", None) or {}).get("code") == details
    if isinstance(error, PyMongoError):
        known = (TRANSIENT, UNKNOWN, "RetryableWriteError")
        assert tuple(label for label in known if error.has_error_label(label)) == labels
    else:
        assert labels == ()


CLONES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
}


def comparable(value):
    """Errors are equal only to themselves."""
    if isinstance(value, BaseException):
        return type(value), str(value), comparable(vars(value))
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [comparable(each) for each in value]
    return value


@pytest.mark.parametrize("row", ERRORS, ids=lambda row: type(row[0]).__name__)
@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
def test_nothing_is_lost_by_copying(row, clone):
    error, code, labels, details = row
    again = clone(noted(error))

    assert type(again) is type(error)
    assert (str(again), repr(again)) == (str(error), repr(error))
    assert comparable(again) == comparable(error)
    assert again.__notes__ == error.__notes__
    test_code_details_and_labels_can_be_read(again, code, labels, details)


DRIVER_ERRORS = [
    lost(AutoReconnect),
    lost(NetworkTimeout),
    lost(NotPrimaryError),
    lost(ServerSelectionTimeoutError),
    WaitQueueTimeoutError("no connection"),
    pymongo.errors.ConnectionFailure("lost"),
    ProtocolError("nonsense"),
    PyMongoError("anything"),
    *(
        failure(code, kind=kind)
        for code, kind in [
            (1, OperationFailure),
            (50, ExecutionTimeout),
            (64, WTimeoutError),
            (91, WriteConcernError),
            (11000, DuplicateKeyError),
        ]
    ),
]
# There is no transaction that ends with these.
WITHOUT_LEAF = {DuplicateKeyError, ProtocolError, pymongo.errors.WriteError}


@pytest.mark.parametrize("driver_error", DRIVER_ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", [CommitOutcomeUnknownError, TransactionTimeoutError])
def test_an_except_clause_for_the_drivers_class_catches_it(kind, driver_error):
    for caught in set(type(driver_error).__mro__) - WITHOUT_LEAF - {object}:
        error = kind.standing_for(driver_error, "what happened")
        try:
            raise error from driver_error
        except caught as found:
            assert found is error

    assert isinstance(error, kind)
    assert str(error) == "what happened"
    assert error.__doc__ == kind.__doc__
    assert error.driver_error is driver_error


def test_notes_of_the_drivers_error_stay_with_it():
    driver_error = noted(lost())

    error = CommitOutcomeUnknownError.standing_for(driver_error, "text")

    assert not hasattr(error, "__notes__")
