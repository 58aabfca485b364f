"""Errors of transactions and sessions.

An error that can stand for several of the driver's classes has a leaf class for each, so that `except` clauses for the
driver's class keep working: `except pymongo.errors.AutoReconnect` catches a `CommitOutcomeUnknownError` caused by a
lost connection. Code, details and labels are the driver error's.
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
    """A transaction or session cannot do what was asked."""


class SessionMisuseError(TransactionError, InvalidOperation, RuntimeError):
    """A session or transaction was used out of order, or in the wrong place."""


class StrayOperationError(SessionMisuseError):
    """An operation inside a transaction's block was about to run outside of the transaction."""


class UnsafeRetryError(TransactionError, RuntimeError):
    """A retried transaction would have applied a change to an object twice."""


class _HookError(TransactionError):
    def __init__(self, message: str, errors: Sequence[Exception]) -> None:
        super().__init__(message)
        self.message = message
        self.errors: tuple[Exception, ...] = tuple(errors)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.errors), self.__dict__


class CommitHookError(_HookError):
    """Callables given to `on_commit` failed; the commit stands.

    Attributes:
        errors: Their exceptions, in order.
    """


class RollbackHookError(_HookError):
    """Callables given to `on_rollback` failed; the transaction has been rolled back.

    Attributes:
        errors: Their exceptions, in order.
    """


class _DriverBackedError(TransactionError):
    """An error that stands for one of the driver's, with its code, details and labels.

    Attributes:
        driver_error: The driver's error.
        attempts: The number of attempts of the transaction, or of its commit.
    """

    driver_error: PyMongoError
    attempts: int

    @classmethod
    def standing_for(cls, error: PyMongoError, message: str, *, attempts: int = 1) -> Self:
        """Return the error as an instance of the leaf class that derives from the driver's class."""
        for base in type(error).__mro__:
            leaf = _LEAVES.get((cls, base))
            if leaf is not None:
                return leaf.made_of(error, message, attempts)  # type: ignore[return-value]  # a subclass of cls
        return cls.made_of(error, message, attempts)

    @classmethod
    def made_of(cls, error: PyMongoError, message: str, attempts: int) -> Self:
        made = cls.__new__(cls, message)
        made.args = (message,)
        made.driver_error = error
        made.attempts = attempts
        # The attributes that the driver's accessors (`code`, `details`, `has_error_label`) read.
        for name, value in vars(error).items():
            if name != "__notes__":  # shown with the driver's error, which is the cause
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
    cls: type[_DriverBackedError], error: PyMongoError, message: str, attempts: int
) -> _DriverBackedError:
    return cls.made_of(error, message, attempts)


class CommitOutcomeUnknownError(_DriverBackedError):
    """The server may or may not have committed: check before you run the work again.

    Instances count as modified, so saving them again brings the database to their state.
    """


class TransactionTimeoutError(_DriverBackedError):
    """A transaction was not committed within its time; it has been rolled back.

    `driver_error` is the error of its last attempt.
    """


class WriteConflictError(TransactionError, OperationFailure):
    """Another transaction has changed the same document; run the whole transaction again.

    Attributes:
        operation: The method that met the conflict, such as `"save"`.
        collection: The name of the collection.
        document_id: The stored form of the document's `_id`, or `None` if the operation has no single one.
        driver_error: The driver's error.
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
    """The server aborted this transaction when an earlier operation in it failed.

    Code and details are those of the exception that the server would cause. The labels are those of `first_error`: the
    transaction is worth retrying only if that error was transient.
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
    """Return the driver error that an error is or stands for, or else the error itself; ignore `__cause__`."""
    if isinstance(error, PyMongoError):
        return error
    stood_for: BaseException = getattr(error, "driver_error", error)
    return stood_for


def labels_of(error: BaseException) -> list[str]:
    """Return the labels of a driver error, or of the one that an error stands for."""
    error = driver_error_of(error)
    if not isinstance(error, PyMongoError):
        return []
    # The driver cannot list labels, and adds some that are not in the details.
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
