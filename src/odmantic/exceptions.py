"""The errors and warnings of odmantic.

    OdmanticError
    ├── BaseEngineException            an operation of an engine failed
    │   ├── BulkWriteError             some of many writes failed (a BulkWriteError of the driver)
    │   ├── DocumentNotFoundError      no document to delete, replace, refresh or update
    │   ├── DuplicateKeyError          a unique index refused a write
    │   ├── ReferencedError            a deletion was denied by a reference
    │   ├── UnsavedChangesError        an update would overwrite unsaved changes (a ValueError)
    │   ├── UnsavedReferenceError      a reference was never saved, and is not saved along (a ValueError)
    │   ├── UpdateRefusedError         an update would break a rule of the model (a ValueError)
    │   └── InvalidDocumentError       BSON cannot store a value (an InvalidDocument)
    │       ├── IntegerTooLargeError   beyond 64 bits (an OverflowError)
    │       ├── IncompleteDocumentError  a field has no value (an AttributeError)
    │       ├── UnencodableValueError  such as text that is not valid Unicode (a ValueError)
    │       └── DocumentTooLargeError  beyond 16 MiB (a DocumentTooLarge)
    ├── DocumentParsingError           a document does not fit its model (a ValueError)
    │   └── UnknownTypeError           it belongs to no known class of a hierarchy
    ├── NotLoadedError                 a reference was not loaded (a RuntimeError)
    ├── TargetNotFoundError            the document of a reference does not exist (a LookupError)
    ├── ServerNotFoundError            no suitable server in time (a ServerSelectionTimeoutError)
    └── TransactionError
        ├── CommitOutcomeUnknownError     it may or may not be committed
        ├── TransactionTimeoutError       not committed in its time, and rolled back
        ├── WriteConflictError            a concurrent change (an OperationFailure)
        ├── TransactionAbortedError       an earlier operation failed (an OperationFailure)
        ├── TransactionNotSupportedError  a standalone server (an OperationFailure)
        ├── UnsafeRetryError              a change would be applied twice (a RuntimeError)
        ├── CommitHookError               committed, but an `on_commit` callable failed
        ├── RollbackHookError             rolled back, but an `on_rollback` callable failed
        └── SessionMisuseError            used out of order (a RuntimeError and InvalidOperation)
            └── StrayOperationError       an operation outside its transaction

    UserWarning
    ├── EmbeddedCopyWarning            a model in a container without a reference
    ├── EmbeddedReferenceWarning       `Reference()` on an embedded model
    ├── ForeignFieldWarning            a query with a field of another model
    ├── OldDocumentsWarning            `on_insert` on a field that old documents lack
    ├── QueryTruthWarning              `and`, `or`, `not` or a chained comparison between conditions
    ├── RawQueryWarning                a plain dictionary as a query
    ├── StrayOperationWarning          an operation outside its transaction
    ├── StoredFieldsWarning            an update by query, and a model with stored properties
    ├── StringOperandWarning           `in_` with a string
    └── UnconfiguredIndexesWarning     unique indexes that were not created

All errors can be pickled and copied if their attributes can. Other failures of the server or the
network raise the driver's own exceptions.
"""

from __future__ import annotations

from typing import Any

from odmantic._errors.base import BaseEngineException, OdmanticError
from odmantic._errors.bulk import BulkFailure, BulkResult, BulkWriteError
from odmantic._errors.lines import ErrorList
from odmantic._errors.operations import (
    DocumentNotFoundError,
    DocumentTooLargeError,
    DuplicateKeyError,
    IncompleteDocumentError,
    IntegerTooLargeError,
    InvalidDocumentError,
    NotLoadedError,
    ReferencedError,
    ServerNotFoundError,
    TargetNotFoundError,
    UnencodableValueError,
    UnsavedChangesError,
    UnsavedReferenceError,
    UpdateRefusedError,
)
from odmantic._errors.parsing import (
    DocumentParsingError,
    IncorrectGenericEmbeddedModelValue,
    KeyNotFoundInDocumentError,
    ODManticCustomError,
    ReferencedDocumentNotFoundError,
    UnknownTypeError,
)
from odmantic._errors.transactions import (
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
from odmantic._errors.warnings import (
    EmbeddedCopyWarning,
    EmbeddedReferenceWarning,
    ForeignFieldWarning,
    OldDocumentsWarning,
    QueryTruthWarning,
    RawQueryWarning,
    StoredFieldsWarning,
    StrayOperationWarning,
    StringOperandWarning,
    UnconfiguredIndexesWarning,
)

__all__ = [
    "BaseEngineException",
    "BulkFailure",
    "BulkResult",
    "BulkWriteError",
    "CommitHookError",
    "CommitOutcomeUnknownError",
    "DocumentNotFoundError",
    "DocumentParsingError",
    "DocumentTooLargeError",
    "DuplicateKeyError",
    "EmbeddedCopyWarning",
    "EmbeddedReferenceWarning",
    "ErrorList",
    "ForeignFieldWarning",
    "IncompleteDocumentError",
    "IncorrectGenericEmbeddedModelValue",
    "IntegerTooLargeError",
    "InvalidDocumentError",
    "KeyNotFoundInDocumentError",
    "NotLoadedError",
    "ODManticCustomError",
    "OdmanticError",
    "OldDocumentsWarning",
    "QueryTruthWarning",
    "RawQueryWarning",
    "ReferencedDocumentNotFoundError",
    "ReferencedError",
    "RollbackHookError",
    "ServerNotFoundError",
    "SessionMisuseError",
    "StoredFieldsWarning",
    "StrayOperationError",
    "StrayOperationWarning",
    "StringOperandWarning",
    "TargetNotFoundError",
    "TransactionAbortedError",
    "TransactionError",
    "TransactionNotSupportedError",
    "TransactionTimeoutError",
    "UnconfiguredIndexesWarning",
    "UnencodableValueError",
    "UnknownTypeError",
    "UnsafeRetryError",
    "UnsavedChangesError",
    "UnsavedReferenceError",
    "UpdateRefusedError",
    "WriteConflictError",
]


def _name_publicly() -> None:
    """Have tracebacks and pickles name each class where programs import it from."""
    for name in __all__:
        public: Any = globals()[name]
        # To Python 3.10, `list[int]` is an instance of `type`.
        if issubclass(type(public), type):
            public.__module__ = __name__


_name_publicly()
