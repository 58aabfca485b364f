"""Conversion of driver errors to errors that name model, field and operation."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import bson
import pymongo.errors
from bson.errors import BSONError
from pymongo.errors import DocumentTooLarge, OperationFailure

from odmantic._codec.encode import encode_field
from odmantic._mapping.mapping import mapping_of
from odmantic.exceptions import (
    DocumentTooLargeError,
    DuplicateKeyError,
    IntegerTooLargeError,
    InvalidDocumentError,
    TransactionNotSupportedError,
    UnencodableValueError,
    WriteConflictError,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from odmantic._plan.save_plan import SavePlan
    from odmantic.model import Model

NOT_ENCODABLE = (BSONError, OverflowError, RecursionError, ValueError)
"""The driver's errors for a value without a BSON form."""

_BAD_VALUE = 2
_ILLEGAL_OPERATION = 20
_WRITE_CONFLICT = 112
_TOO_LARGE_CODES = frozenset({10334, 17280, 17419, 17420})
_NESTED_TOO_DEEP = 15
_LONGEST_REASON = 500


def write_error(error: Exception, plan: SavePlan, verb: str = "save") -> Exception | None:
    """Return odmantic's error for a failed write, or `None` if the driver's own is best."""
    instance = plan.instance
    if isinstance(error, pymongo.errors.DuplicateKeyError):
        return DuplicateKeyError(instance, error)
    name = type(instance).__name__
    if _is_too_large(error):
        message = (
            f"cannot {verb} {name}: its document is larger than the 16 MiB that MongoDB allows "
            f"({error}). Split it, or store large content in GridFS"
        )
        return DocumentTooLargeError(message, type(instance))
    if isinstance(error, NOT_ENCODABLE) or _code(error) == _NESTED_TOO_DEEP:
        return _not_storable(error, plan, verb)
    return None


def is_about_document(error: Exception) -> bool:
    """Return whether one document is to blame for a failed command."""
    is_of_server = _code(error) == _NESTED_TOO_DEEP or _is_too_large(error)
    return is_of_server or isinstance(error, NOT_ENCODABLE)


def _is_too_large(error: Exception) -> bool:
    if isinstance(error, DocumentTooLarge) or _code(error) in _TOO_LARGE_CODES:
        return True
    return _code(error) == _BAD_VALUE and "object to insert too large" in str(error)


def encoding_error(
    error: RecursionError, instance: Model, verb: str = "save"
) -> InvalidDocumentError:
    """Return the error for an instance that is nested too deeply, or in itself."""
    model = type(instance)
    culprit = next((name for name in mapping_of(model).fields if not _ends(instance, name)), None)
    where = f"field '{culprit}' of {model.__name__}" if culprit else model.__name__
    message = (
        f"cannot {verb} {model.__name__}: {where} is nested more deeply than the 100 levels that "
        f"MongoDB allows, or contains itself ({error})"
    )
    return InvalidDocumentError(message, model)


def refusal_of_write(
    error: InvalidDocumentError, instance: Model, verb: str
) -> InvalidDocumentError:
    """Return the error for a write of an instance with a value that is not stored because of `error`."""
    model = type(instance)
    return type(error)(f"cannot {verb} {model.__name__}: {error}", model)


def operation_error(
    error: Exception, operation: str, model: type[Model], document_id: Any
) -> Exception | None:
    """Return odmantic's error for a failure because of the transaction, if it is better than the driver's."""
    if _code(error) == _WRITE_CONFLICT and isinstance(error, OperationFailure):
        collection = mapping_of(model).collection or ""
        return WriteConflictError(error, model, operation, collection, document_id)
    if (
        isinstance(error, OperationFailure)
        and error.code == _ILLEGAL_OPERATION
        and "Transaction numbers" in str(error)
    ):
        message = (
            "this MongoDB server is a standalone one, and transactions need a replica set or a sharded cluster: "
            "start mongod with --replSet and call rs.initiate() once, or use odmantic.testing.LocalReplicaSet "
            f"or `odmantic serve` for development ({error})"
        )
        return TransactionNotSupportedError(message, error)
    return None


@contextmanager
def naming_duplicates(model: type[Any]) -> Generator[None, None, None]:
    """Enclose a write by query: the error of a unique index names model and fields, and no values.

    Raises:
        DuplicateKeyError: if a unique index refuses a document; its `instance` is `None`.
    """
    try:
        yield
    except pymongo.errors.DuplicateKeyError as error:
        raise DuplicateKeyError(None, error, model) from error


def add_context(error: BaseException, text: str) -> None:
    """Add a note to another library's error; Python 3.11 and newer show it in the traceback."""
    notes: list[str] = error.__dict__.setdefault("__notes__", [])
    notes.append(f"odmantic: {text}")


def _not_storable(error: Exception, plan: SavePlan, verb: str) -> Exception:
    model = type(plan.instance)
    key = _deepest(plan.document) if isinstance(error, OperationFailure) else _culprit(plan, error)
    field = mapping_of(model).field_names.get(key, key) if key else None
    where = f"field '{field}' of {model.__name__}" if field else model.__name__
    reason = (
        error.details.get("errmsg")
        if isinstance(error, OperationFailure) and error.details
        else error
    )
    message = (
        f"cannot {verb} {model.__name__}: {where} holds a value that BSON cannot store: "
        f"{reason!s:.{_LONGEST_REASON}}{_remedy(error)}"
    )
    if isinstance(error, OverflowError):
        return IntegerTooLargeError(message, model)
    if isinstance(error, ValueError):
        return UnencodableValueError(message, model)
    return InvalidDocumentError(message, model)


def _remedy(error: Exception) -> str:
    """Return the remedy for a class without a BSON form."""
    if "cannot encode object" not in str(error):
        return ""
    return (
        ". Give the field a stored form with WithBsonSerializer from odmantic.bson, for example "
        "Annotated[date, WithBsonSerializer(date.isoformat)]"
    )


def _ends(instance: Model, name: str) -> bool:
    try:
        encode_field(instance, name)
    except RecursionError:
        return False
    return True


def _culprit(plan: SavePlan, error: Exception) -> str | None:
    """Return the key of the first value that fails to encode in the same way."""
    for key, value in plan.document.items():
        try:
            bson.encode({key: value})
        except type(error):
            return key
        except NOT_ENCODABLE:  # the client's own codecs can
            continue
    return None


def _deepest(document: dict[str, Any]) -> str:
    """Return the key of the most deeply nested value."""
    return max(document, key=lambda key: depth(document[key]))


def depth(value: Any) -> int:
    """Return the number of levels of documents and arrays in a value."""
    depth = 0
    level = [value]
    while level := [item for each in level for item in _items(each)]:
        depth += 1
    return depth


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("Iterable[Any]", value.values())
    return cast("Iterable[Any]", value) if isinstance(value, (list, tuple)) else ()


def _code(error: Any) -> int | None:
    return error.code if isinstance(error, OperationFailure) else None
