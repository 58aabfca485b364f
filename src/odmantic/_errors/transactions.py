"""Errors of transactions and sessions.

Where one error stands for several classes of the driver, it has a leaf class for each, so that an `except` clause
for the driver's class keeps working: `except pymongo.errors.AutoReconnect` catches a `CommitOutcomeUnknownError`
that a lost connection caused. Code, details and labels are those of the driver's error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pymongo import errors as driver_errors
from pymongo.errors import InvalidOperation, OperationFailure, PyMongoError
from typing_extensions import Self

from odmantic._errors.base import OdmanticError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

_NO_SUCH_TRANSACTION = 251
_KNOWN_LABELS = (
    "TransientTransactionError",
    "UnknownTransactionCommitResult",
    "RetryableWriteError",
    "NoWritesPerformed",
    "RetryableError",
    "SystemOverloadedError",
)


class TransactionError(OdmanticError):
    """A transaction, or a session, cannot do what was asked."""


class SessionMisuseError(TransactionError, InvalidOperation, RuntimeError):
    """A session or transaction was used out of order, or where it has no place."""


class StrayOperationError(SessionMisuseError):
    """An operation inside a transaction's block was about to run outside of the transaction."""


class UnsafeRetryError(TransactionError, RuntimeError):
    """A repeated transaction would have applied a change to an object twice."""


class _HookError(TransactionError):
    def __init__(self, message: str, errors: Sequence[Exception]) -> None:
        super().__init__(message)
        self.message = message
        self.errors = tuple(errors)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.errors), self.__dict__


class CommitHookError(_HookError):
    """Callables given to `on_commit` failed; the commit stands.

    Attributes:
        errors: what they raised, in order.
    """


class RollbackHookError(_HookError):
    """Callables given to `on_rollback` failed; the transaction has been rolled back.

    Attributes:
        errors: what they raised, in order.
    """


class _DriverBackedError(TransactionError):
    """Stands for an error of the driver, whose code, details and labels it has.

    Attributes:
        driver_error: the driver's error.
        attempts: how often the transaction, or its commit, was tried.
    """

    driver_error: BaseException
    attempts: int

    @classmethod
    def standing_for(cls, error: BaseException, message: str, *, attempts: int = 1) -> Self:
        """Make the error in the leaf class that is also an instance of the driver's class."""
        for base in type(error).__mro__:
            leaf = _LEAVES.get((cls, base))
            if leaf is not None:
                return leaf.made_of(error, message, attempts)  # type: ignore[return-value]  # a subclass of cls
        return cls.made_of(error, message, attempts)

    @classmethod
    def made_of(cls, error: BaseException, message: str, attempts: int) -> Self:
        made = cls.__new__(cls, message)
        made.args = (message,)
        made.driver_error = error
        made.attempts = attempts
        # The attributes that the driver's accessors (`code`, `details`, `has_error_label`) read.
        for name, value in vars(error).items():
            if name != "__notes__":  # told with the driver's error, which is the cause
                made.__dict__.setdefault(name, value)
        made.__dict__["_message"] = message
        made.__dict__["_error_labels"] = set(labels_of(error))
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (type(self), self.driver_error, str(self), self.attempts)
        return _remake, arguments, self.__dict__

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


BackedError = TypeVar("BackedError", bound=_DriverBackedError)


def _remake(
    cls: type[_DriverBackedError], error: BaseException, message: str, attempts: int
) -> _DriverBackedError:
    return cls.made_of(error, message, attempts)


class CommitOutcomeUnknownError(_DriverBackedError):
    """The server may or may not have committed: look before you repeat the work.

    Instances count as modified, so that saving them again brings the database to their state.
    """


class TransactionTimeoutError(_DriverBackedError):
    """A transaction was not committed within its time; it has been rolled back.

    `driver_error` is the error of its last attempt.
    """


class WriteConflictError(TransactionError, OperationFailure):
    """Another transaction has changed the same document; running the whole transaction again is right.

    Attributes:
        operation: the method that met the conflict, such as `"save"`.
        collection: name of the collection.
        document_id: the stored form of the document's `_id`, or `None` where the operation has no single one.
        driver_error: the driver's error.
    """

    def __init__(
        self,
        driver_error: OperationFailure,
        model: type[BaseModel],
        operation: str,
        collection: str,
        document_id: Any = None,
    ) -> None:
        """Keep the driver's code, details and labels."""
        which = "" if document_id is None else f", _id {document_id!r}"
        message = (
            f"write conflict in {operation} of {model.__name__} (collection '{collection}'{which}): another "
            "transaction has changed the same data; run the whole transaction again, for instance with "
            f"run_transaction ({(driver_error.details or {}).get('errmsg', driver_error)})"
        )
        super().__init__(message, driver_error.code, driver_error.details)
        self.message = message
        self.model = model
        self.operation = operation
        self.collection = collection
        self.document_id = document_id
        self.driver_error = driver_error

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (
            self.driver_error,
            self.model,
            self.operation,
            self.collection,
            self.document_id,
        )
        return type(self), arguments, self.__dict__


class TransactionAbortedError(TransactionError, OperationFailure):
    """The server gave up this transaction when an earlier operation in it failed.

    Code, labels and details are those of the driver's exception the server would provoke, except
    that the labels come from `first_error`: the transaction is worth repeating only if that error
    was transient.
    """

    def __init__(self, message: str, first_error: BaseException) -> None:
        """Keep the labels of the first error."""
        details: dict[str, Any] = {
            "ok": 0.0,
            "code": _NO_SUCH_TRANSACTION,
            "codeName": "NoSuchTransaction",
            "errmsg": message,
            "errorLabels": labels_of(first_error),
        }
        super().__init__(message, _NO_SUCH_TRANSACTION, details)
        self.message = message
        self.first_error = first_error

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.first_error), self.__dict__


class TransactionNotSupportedError(TransactionError, OperationFailure):
    """The server is a standalone one; transactions need a replica set or a sharded cluster."""

    def __init__(self, message: str, driver_error: OperationFailure) -> None:
        """Keep the driver's code and details."""
        super().__init__(message, driver_error.code, driver_error.details)
        self.message = message
        self.driver_error = driver_error

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.driver_error), self.__dict__


def driver_error_of(error: BaseException) -> BaseException:
    """Return the driver error that an error is or stands for, or else the error; never along `__cause__`."""
    if isinstance(error, PyMongoError):
        return error
    stood_for: BaseException = getattr(error, "driver_error", error)
    return stood_for


def labels_of(error: BaseException) -> list[str]:
    """Return the labels of a driver error, or of the one an error of ours stands for."""
    error = driver_error_of(error)
    if not isinstance(error, PyMongoError):
        return []
    # The driver has no way to list labels, and adds some that are not in the details.
    details: dict[str, Any] = getattr(error, "details", None) or {}
    labels = dict.fromkeys(details.get("errorLabels", ()))
    labels.update(dict.fromkeys(label for label in _KNOWN_LABELS if error.has_error_label(label)))
    return list(labels)


_STOOD_FOR: tuple[type[PyMongoError], ...] = (
    driver_errors.AutoReconnect,
    driver_errors.ConnectionFailure,
    driver_errors.ExecutionTimeout,
    driver_errors.NetworkTimeout,
    driver_errors.NotPrimaryError,
    driver_errors.OperationFailure,
    driver_errors.PyMongoError,
    driver_errors.ServerSelectionTimeoutError,
    driver_errors.WaitQueueTimeoutError,
    driver_errors.WriteConcernError,
    driver_errors.WTimeoutError,
)

_LEAVES: dict[tuple[type[TransactionError], type[BaseException]], type[_DriverBackedError]] = {}


def _make_leaves(cls: type[_DriverBackedError]) -> None:
    for driver_class in _STOOD_FOR:
        name = f"{cls.__name__}_{driver_class.__name__}"
        namespace = {"__doc__": cls.__doc__, "__module__": __name__, "__qualname__": name}
        leaf = type(name, (cls, driver_class), namespace)
        globals()[name] = _LEAVES[cls, driver_class] = leaf


_make_leaves(CommitOutcomeUnknownError)
_make_leaves(TransactionTimeoutError)
