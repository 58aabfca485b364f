"""Driver errors as errors that name model, field and operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pymongo.errors
from bson.errors import BSONError, InvalidDocument
from pymongo.errors import DocumentTooLarge, OperationFailure

from odmantic._mapping import mapping_of
from odmantic._state.changes import DIGEST_OPTIONS
from odmantic.exceptions import (
    DocumentTooLargeError,
    DuplicateKeyError,
    IntegerTooLargeError,
    InvalidDocumentError,
    TransactionNotSupportedError,
    WriteConflictError,
)

if TYPE_CHECKING:
    from odmantic._plan.save import SavePlan
    from odmantic.model import Model

#: What the driver raises for a value that BSON has no form for.
NOT_ENCODABLE = (BSONError, OverflowError, RecursionError)

_ILLEGAL_OPERATION = 20
_WRITE_CONFLICT = 112
_TOO_LARGE_CODES = frozenset({10334, 17280, 17419, 17420})
_NESTED_TOO_DEEP = 15


def write_error(error: Exception, plan: SavePlan) -> Exception | None:
    """The error of ours for a failed save, or `None` where the driver's own says it best."""
    instance = plan.instance
    if isinstance(error, pymongo.errors.DuplicateKeyError):
        return DuplicateKeyError(instance, error)
    name = type(instance).__name__
    if isinstance(error, DocumentTooLarge) or _code(error) in _TOO_LARGE_CODES:
        message = (
            f"cannot save {name}: its document is larger than the 16 MiB that MongoDB allows "
            f"({error}). Split it, or store large content in GridFS"
        )
        return DocumentTooLargeError(message, type(instance))
    if isinstance(error, (RecursionError, OverflowError)) or _code(error) == _NESTED_TOO_DEEP:
        return _not_storable(error, plan)
    if isinstance(error, InvalidDocument):
        return _not_storable(error, plan)
    return None


def operation_error(
    error: Exception, operation: str, model: type[Model], document_id: Any
) -> Exception | None:
    """The error of ours for an operation that failed because of its transaction, if the driver's says it worse."""
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


def add_context(error: BaseException, text: str) -> None:
    """Add a line of ours to the traceback of somebody else's error (Python 3.11 and newer)."""
    add_note = getattr(error, "add_note", None)
    if add_note is not None:
        add_note(f"odmantic: {text}")


def _not_storable(error: Exception, plan: SavePlan) -> Exception:
    model = type(plan.instance)
    field = _culprit(plan)
    where = f"field '{field}' of {model.__name__}" if field else model.__name__
    message = f"cannot save {model.__name__}: {where} holds a value that BSON cannot store: {error}"
    if isinstance(error, OverflowError):
        return IntegerTooLargeError(message, model)
    return InvalidDocumentError(message, model)


def _culprit(plan: SavePlan) -> str | None:
    """Name of the field whose stored form cannot be encoded."""
    fields = mapping_of(type(plan.instance)).fields
    names = {field.key_name: name for name, field in fields.items()}
    for key, value in plan.document.items():
        try:
            bson.encode({key: value}, codec_options=DIGEST_OPTIONS)
        except NOT_ENCODABLE:
            return names.get(key, key)
    return None


def _code(error: Any) -> int | None:
    return error.code if isinstance(error, OperationFailure) else None
