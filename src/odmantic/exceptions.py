"""Every error of odmantic's own.

    OdmanticError
    ├── BaseEngineException            an operation of an engine failed
    │   ├── DocumentNotFoundError      nothing to delete
    │   ├── DuplicateKeyError          a unique index refused a save
    │   └── InvalidDocumentError       BSON cannot store a value (an InvalidDocument)
    │       ├── IntegerTooLargeError   beyond 64 bits (an OverflowError)
    │       ├── UnencodableValueError  such as a UUID without a representation (a ValueError)
    │       └── DocumentTooLargeError  beyond 16 MiB (a DocumentTooLarge)
    ├── DocumentParsingError           a document does not fit its model (a ValueError)
    └── TransactionError
        ├── CommitOutcomeUnknownError     it may or may not be committed
        ├── TransactionTimeoutError       not committed in its time, and rolled back
        ├── WriteConflictError            another transaction was first (an OperationFailure)
        ├── TransactionAbortedError       an earlier operation failed (an OperationFailure)
        ├── TransactionNotSupportedError  a standalone server (an OperationFailure)
        ├── UnsafeRetryError              a change would be applied twice (a RuntimeError)
        ├── CommitHookError               committed, but an `on_commit` callable failed
        ├── RollbackHookError             rolled back, but an `on_rollback` callable failed
        └── SessionMisuseError            used out of order (a RuntimeError and InvalidOperation)
            └── StrayOperationError       an operation beside its transaction

All of them can be pickled and copied as far as what they carry can. Any other failure of the
server or the network arrives as the driver's own exception.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from bson.errors import InvalidDocument
from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError
from pymongo.errors import DocumentTooLarge, PyMongoError

from odmantic._transaction_errors import (
    CommitHookError,
    CommitOutcomeUnknownError,
    OdmanticError,
    RollbackHookError,
    SessionMisuseError,
    StrayOperationError,
    StrayOperationWarning,
    TransactionAbortedError,
    TransactionError,
    TransactionNotSupportedError,
    TransactionTimeoutError,
    UnsafeRetryError,
    WriteConflictError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

__all__ = [
    "BaseEngineException",
    "CommitHookError",
    "CommitOutcomeUnknownError",
    "DocumentNotFoundError",
    "DocumentParsingError",
    "DocumentTooLargeError",
    "DuplicateKeyError",
    "EmbeddedReferenceWarning",
    "ErrorList",
    "IncorrectGenericEmbeddedModelValue",
    "IntegerTooLargeError",
    "InvalidDocumentError",
    "KeyNotFoundInDocumentError",
    "ODManticCustomError",
    "OdmanticError",
    "ReferencedDocumentNotFoundError",
    "RollbackHookError",
    "SessionMisuseError",
    "StrayOperationError",
    "StrayOperationWarning",
    "TransactionAbortedError",
    "TransactionError",
    "TransactionNotSupportedError",
    "TransactionTimeoutError",
    "UnencodableValueError",
    "UnsafeRetryError",
    "WriteConflictError",
]

ErrorList: TypeAlias = list[InitErrorDetails]


class BaseEngineException(OdmanticError):
    """An operation on documents of `model` failed."""

    def __init__(self, message: str, model: type[BaseModel]) -> None:
        super().__init__(message)
        self.model = model

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.model), self.__dict__


class EmbeddedReferenceWarning(UserWarning):
    """`Reference()` stands at a field of an embedded model, which is stored in the document as without it."""


class DocumentNotFoundError(BaseEngineException):
    """The document of `instance` is not in the database."""

    def __init__(self, instance: BaseModel) -> None:
        model = type(instance)
        super().__init__(f"Document not found for : {model.__name__}. Instance: {instance}", model)
        self.instance = instance

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.instance,), self.__dict__


class DuplicateKeyError(BaseEngineException):
    """A unique index of the collection already holds a value of `instance`.

    `driver_error` is the driver's exception with code, details and labels.
    """

    def __init__(self, instance: BaseModel, driver_error: PyMongoError) -> None:
        model = type(instance)
        super().__init__(
            f"Duplicate key error for: {model.__name__}. "
            f"Instance: {instance} Driver error: {driver_error}",
            model,
        )
        self.instance = instance
        self.driver_error = driver_error

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.instance, self.driver_error), self.__dict__


class InvalidDocumentError(BaseEngineException, InvalidDocument):
    """A save was refused because BSON has no form for a value of the instance."""


class IntegerTooLargeError(InvalidDocumentError, OverflowError):
    """An integer of the instance needs more than 64 bits."""


class UnencodableValueError(InvalidDocumentError, ValueError):
    """A value of the instance has a type that BSON knows, but not in this form.

    That is a `UUID` where the client sets no `uuidRepresentation`, or text that is not Unicode.
    """


class DocumentTooLargeError(InvalidDocumentError, DocumentTooLarge):
    """The document of the instance is larger than the 16 MiB that MongoDB allows.

    See https://www.mongodb.com/docs/manual/reference/limits/#mongodb-limit-BSON-Document-Size
    """


class DocumentParsingError(OdmanticError, ValueError):
    """A document could not be read as an instance of `model`.

    `inner` is a `pydantic.ValidationError` titled with the name of the model; it lists every
    problem with its location.
    """

    def __init__(self, errors: ErrorList | ValidationError, model: type[BaseModel]) -> None:
        """Make the error from line errors, or from the validation error of an instance."""
        title = model.__name__
        if not isinstance(errors, ValidationError):
            inner = ValidationError.from_exception_data(
                title, [_encodable(line) for line in errors]
            )
        elif errors.title == title and _NOT_RENDERED not in str(errors):
            inner = errors
        else:
            inner = ValidationError.from_exception_data(title, line_errors(errors))
        super().__init__(str(inner))
        self.inner = inner
        self.model = model

    def __str__(self) -> str:
        return str(self.inner)

    def __repr__(self) -> str:
        return repr(self.inner)

    def __reduce__(self) -> tuple[Any, ...]:
        # Neither a ValidationError nor a PydanticCustomError survives pickling in every version
        # of pydantic, so plain data travels and both are made again.
        state = {name: value for name, value in self.__dict__.items() if name != "inner"}
        lines = [
            (line["type"], line["msg"], line["loc"], line["input"], line.get("ctx"))
            for line in self.inner.errors(include_url=False)
        ]
        return _parsing_error_from_lines, (type(self), lines, self.model), state


def ODManticCustomError(  # noqa: N802 - the public name of 1.x
    error_type: str, message_template: str, context: Mapping[str, Any] | None = None
) -> PydanticCustomError:
    """Make an error for a document, its type prefixed with `odmantic::`."""
    return PydanticCustomError(
        # The context fills in the template, so it need not be a literal.
        f"odmantic::{error_type}",  # pyright: ignore[reportArgumentType]
        message_template,  # pyright: ignore[reportArgumentType]
        None if context is None else dict(context),
    )


def KeyNotFoundInDocumentError(key_name: str) -> PydanticCustomError:  # noqa: N802
    """Make the error for a required key which the document lacks."""
    return ODManticCustomError(
        "key_not_found_in_document",
        "Key '{key_name}' not found in document",
        {"key_name": key_name},
    )


def ReferencedDocumentNotFoundError(  # noqa: N802
    foreign_key_name: str,
) -> PydanticCustomError:
    """Make the error for a reference whose target is not in the database."""
    return ODManticCustomError(
        "referenced_document_not_found",
        "Referenced document not found for foreign key '{foreign_key_name}'",
        {"foreign_key_name": foreign_key_name},
    )


def IncorrectGenericEmbeddedModelValue(value: object) -> PydanticCustomError:  # noqa: N802
    """Make the error for a value that is not the container its field declares."""
    return ODManticCustomError(
        "incorrect_generic_embedded_model_value",
        "Incorrect generic embedded model value '{value}'",
        {"value": value},
    )


def line_errors(error: ValidationError) -> ErrorList:
    """Give the line errors of a validation error, fit for raising them again."""
    try:
        lines = error.errors(include_url=False)
    except UnicodeEncodeError:
        return _lines_of_text(error)
    return [
        _line_error(line["type"], line["msg"], line["loc"], line["input"], line.get("ctx"))
        for line in lines
    ]


def _line_error(
    kind: str, message: str, loc: tuple[int | str, ...], given: Any, ctx: dict[str, Any] | None
) -> InitErrorDetails:
    # Only pydantic's own types can be given by name, and only with the context they expect.
    try:
        own = PydanticKnownError(cast("Any", kind), ctx).message() == message
    except (KeyError, TypeError):
        own = False
    if own:
        details = InitErrorDetails(type=kind, loc=loc, input=given)
        return details if ctx is None else {**details, "ctx": ctx}
    custom = PydanticCustomError(cast("Any", kind), cast("Any", message), ctx)
    return InitErrorDetails(type=custom, loc=loc, input=given)


# Pydantic cannot give a message into which a context fills text that is no Unicode, such as a lone surrogate. In the
# text of an error it says so in the place of the message, but then its `errors()` raise, for all of its lines.
_NOT_RENDERED = "(error rendering message: "
_LINE_IN_TEXT = re.compile(
    r"^(?:(?P<loc>\S[^\n]*)\n)?  (?P<message>\S.*?) \[type=(?P<kind>[^],]+)"
    r"(?:, input_value=(?P<given>.*?), input_type=[^\n]*)?\]$",
    re.MULTILINE | re.DOTALL,
)


def _encodable(line: InitErrorDetails) -> InitErrorDetails:
    """Escape what a line's message cannot hold."""
    error = line["type"]
    if not isinstance(error, PydanticCustomError) or error.context is None:
        return line
    try:
        error.message()
    except UnicodeEncodeError:
        context = {name: _escaped(str(value)) for name, value in error.context.items()}
        kind, template = cast("Any", error.type), cast("Any", error.message_template)
        return {**line, "type": PydanticCustomError(kind, template, context)}
    return line


def _escaped(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def _lines_of_text(error: ValidationError) -> ErrorList:
    """Give the line errors as the text of an error tells them."""
    text = _escaped(str(error)).partition("\n")[2]
    lines = [
        _line_error(
            found["kind"], found["message"], _location(found["loc"]), _given(found["given"]), None
        )
        for found in _LINE_IN_TEXT.finditer(text)
    ]
    if len(lines) == error.error_count():
        return lines
    problems = ODManticCustomError("problems", "{problems}", {"problems": text})
    return [InitErrorDetails(type=problems, loc=(), input=None)]


def _location(text: str | None) -> tuple[int | str, ...]:
    parts = text.split(".") if text else ()
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def _given(text: str | None) -> Any:
    """The value that a text represents, or the text where it does not tell, as for long values."""
    try:
        return ast.literal_eval(text or "None")
    except (SyntaxError, TypeError, ValueError):
        return text


def _parsing_error_from_lines(
    cls: type[DocumentParsingError], lines: list[tuple[Any, ...]], model: type[BaseModel]
) -> DocumentParsingError:
    return cls([_line_error(*line) for line in lines], model)
