"""Every error of odmantic's own.

    OdmanticError
    ├── BaseEngineException            an operation of an engine failed
    │   ├── DocumentNotFoundError      nothing to delete
    │   ├── DuplicateKeyError          a unique index refused a save
    │   └── InvalidDocumentError       BSON cannot store a value (an InvalidDocument)
    │       ├── IntegerTooLargeError   beyond 64 bits (an OverflowError)
    │       ├── IncompleteDocumentError  a field has no value (an AttributeError)
    │       ├── UnencodableValueError  such as a UUID without a representation (a ValueError)
    │       └── DocumentTooLargeError  beyond 16 MiB (a DocumentTooLarge)
    ├── DocumentParsingError           a document does not fit its model (a ValueError)
    ├── ServerNotFoundError            no server took an operation in time (a ServerSelectionTimeoutError)
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

    UserWarning
    ├── EmbeddedCopyWarning            a model in a container without a reference
    ├── EmbeddedReferenceWarning       `Reference()` at an embedded model
    ├── ForeignFieldWarning            a query with a field of another model
    ├── QueryTruthWarning              `and`, `or`, `not` or a chained comparison between conditions
    ├── StrayOperationWarning          an operation beside its transaction
    ├── StringOperandWarning           `in_` of a text
    └── UnconfiguredIndexesWarning     unique indexes that nobody asked for

All of the errors can be pickled and copied as far as what they carry can. Any other failure of the
server or the network arrives as the driver's own exception.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from bson.errors import InvalidDocument
from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError
from pymongo.errors import DocumentTooLarge, PyMongoError, ServerSelectionTimeoutError

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
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

__all__ = [
    "BaseEngineException",
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
    "ODManticCustomError",
    "OdmanticError",
    "QueryTruthWarning",
    "ReferencedDocumentNotFoundError",
    "RollbackHookError",
    "ServerNotFoundError",
    "SessionMisuseError",
    "StrayOperationError",
    "StrayOperationWarning",
    "StringOperandWarning",
    "TransactionAbortedError",
    "TransactionError",
    "TransactionNotSupportedError",
    "TransactionTimeoutError",
    "UnconfiguredIndexesWarning",
    "UnencodableValueError",
    "UnsafeRetryError",
    "WriteConflictError",
]

ErrorList: TypeAlias = list[InitErrorDetails]

_LONGEST_VALUE = 200


class BaseEngineException(OdmanticError):
    """An operation on documents of `model` failed."""

    def __init__(self, message: str, model: type[BaseModel]) -> None:
        super().__init__(message)
        self.model = model

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.model), self.__dict__


class EmbeddedCopyWarning(UserWarning):
    """A field holds models in a container: their documents are stored in it as copies, not as references."""


class EmbeddedReferenceWarning(UserWarning):
    """`Reference()` stands at a field of an embedded model, which is stored in the document as without it."""


class ForeignFieldWarning(UserWarning):
    """A query or a sort order names a field of another model than the one it is for."""


class QueryTruthWarning(UserWarning):
    """A condition was asked whether it is true, as `and`, `or`, `not` and chained comparisons do: one of two is lost."""


class StringOperandWarning(UserWarning):
    """`in_` or `not_in` was given a text, which is the list of its characters."""


class UnconfiguredIndexesWarning(UserWarning):
    """A model with unique fields is saved, and this process has not asked for its indexes: nothing may be unique."""


class ServerNotFoundError(OdmanticError, ServerSelectionTimeoutError):
    """No server was found that takes an operation, within the time that the client looks for one.

    Attributes:
        driver_error: the driver's exception, with labels.
        operation: what was to be done.
        addresses: the servers that were looked for, as far as the client tells.
    """

    def __init__(
        self, driver_error: ServerSelectionTimeoutError, operation: str, addresses: Sequence[str]
    ) -> None:
        where = f" at {', '.join(addresses)}" if addresses else ""
        message = (
            f"{operation}: no MongoDB server{where} took it in time. Is one running there? `odmantic serve` starts one "
            "for development, and the client's serverSelectionTimeoutMS (30 seconds, unless you set it) says how long "
            f"it is waited for ({driver_error})"
        )
        super().__init__(message)
        # Its labels, which decide whether a transaction is run again, among others.
        vars(self).update({k: v for k, v in vars(driver_error).items() if k not in _NOT_TAKEN})
        self.driver_error = driver_error
        self.operation = operation
        self.addresses = tuple(addresses)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.driver_error, self.operation, self.addresses), self.__dict__


#: What an error has of its own although it stands for another one.
_NOT_TAKEN = frozenset({"__notes__", "_message"})


class DocumentNotFoundError(BaseEngineException):
    """The document of `instance` is not in the database."""

    def __init__(self, instance: BaseModel) -> None:
        model = type(instance)
        primary = getattr(model, "__primary_field__", "id")
        id_ = f"{primary}={getattr(instance, primary, None)!r:.{_LONGEST_VALUE}}"
        super().__init__(f"Document not found for : {model.__name__} ({id_})", model)
        self.instance = instance

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.instance,), self.__dict__


class DuplicateKeyError(BaseEngineException):
    """A unique index of the collection already holds a value of `instance`.

    Its text, such as "User with this email exists already", names the fields, and shows no value: values may be
    secret, and texts go into logs.

    Attributes:
        instance: The instance that was refused.
        model: Its class.
        driver_error: The driver's exception with code, details and labels.
        key_pattern: The index as the server tells it, such as `{"email": 1}`; empty if it does not.
        fields: Names of the fields that the index is on, such as `("email",)` or `("address.city",)`; a key that is
            no field of the model stands as it is.
    """

    def __init__(self, instance: BaseModel, driver_error: PyMongoError) -> None:
        model = type(instance)
        details: dict[str, Any] = getattr(driver_error, "details", None) or {}
        self.key_pattern: dict[str, Any] = dict(details.get("keyPattern") or {})
        self.fields: tuple[str, ...] = tuple(
            _field_path(model, str(key)) for key in self.key_pattern
        )
        named = f" with this {_joined(self.fields)}" if self.fields else ""
        super().__init__(f"{model.__name__}{named} exists already", model)
        self.instance = instance
        self.driver_error = driver_error

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.instance, self.driver_error), self.__dict__


def _joined(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _field_path(model: Any, key: str) -> str:
    """Give the path of names for a path of keys, as far as the model knows them."""
    names: list[str] = []
    for part in key.split("."):
        fields = getattr(model, "__odm_fields__", {})
        name = next((name for name, field in fields.items() if field.key_name == part), part)
        model = getattr(fields.get(name), "model", None)
        names.append(name)
    return ".".join(names)


class InvalidDocumentError(BaseEngineException, InvalidDocument):
    """A save was refused because BSON has no form for a value of the instance."""


class IntegerTooLargeError(InvalidDocumentError, OverflowError):
    """An integer of the instance needs more than 64 bits."""


class IncompleteDocumentError(InvalidDocumentError, AttributeError):
    """A field of the instance has no value, so that its document would lack a key."""


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

    A note tells which document it was, and the keys of referenced documents that are missing; Python 3.11 and newer
    show it in the traceback.

    Attributes:
        model: The class.
        inner: A `pydantic.ValidationError` titled with the name of the model; it lists every problem with its
            location.
        document_id: `_id` of the document; `None` where it has none, as embedded documents.
    """

    def __init__(
        self,
        errors: ErrorList | ValidationError,
        model: type[BaseModel],
        document_id: Any = None,
    ) -> None:
        """Make the error from line errors, or from the validation error of an instance."""
        title = model.__name__
        missing: list[str] = []
        if not isinstance(errors, ValidationError):
            missing = [note for line in errors if (note := _missing_target(title, line))]
            inner = ValidationError.from_exception_data(
                title, [_encodable(_without_key(line)) for line in errors]
            )
        elif errors.title == title and _NOT_RENDERED not in str(errors):
            inner = errors
        else:
            inner = ValidationError.from_exception_data(title, line_errors(errors))
        super().__init__(str(inner))
        self.inner = inner
        self.model = model
        self.document_id = document_id
        if document_id is not None:
            shown = f"{document_id!r:.{_LONGEST_VALUE}}"
            missing.insert(0, f"odmantic: in the document of {title} with _id {shown}")
        if missing:
            self.__notes__ = missing

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
        return _parsing_error_from_lines, (type(self), lines, self.model, self.document_id), state


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


_NO_TARGET = "odmantic::referenced_document_not_found"


def ReferencedDocumentNotFoundError(  # noqa: N802
    foreign_key_name: str,
) -> PydanticCustomError:
    """Make the error for a reference whose target is not in the database."""
    return ODManticCustomError(
        _NO_TARGET.removeprefix("odmantic::"),
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
    cls: type[DocumentParsingError],
    lines: list[tuple[Any, ...]],
    model: type[BaseModel],
    document_id: Any,
) -> DocumentParsingError:
    return cls([_line_error(*line) for line in lines], model, document_id)


def _foreign_key(line: InitErrorDetails) -> tuple[str | None, dict[str, Any]]:
    """Give the key that a line misses the referenced document of, with the document that has it."""
    error, holder = line["type"], line["input"]
    if isinstance(error, PydanticCustomError) and error.type == _NO_TARGET and error.context:
        key = str(error.context["foreign_key_name"])
        if isinstance(holder, dict) and key in holder:
            document = cast("dict[str, Any]", holder)
            return (None if document[key] is None else key), document
    return None, {}


def _missing_target(title: str, line: InitErrorDetails) -> str | None:
    """Tell which document a reference names in vain."""
    key, holder = _foreign_key(line)
    if key is None:
        return None
    field = ".".join(map(str, line.get("loc", ())))
    return (
        f"odmantic: {title}.{field} refers to _id {holder[key]!r:.{_LONGEST_VALUE}}, and there is no such document: "
        f"store one, or give the key {key!r} of this one another value"
    )


def _without_key(line: InitErrorDetails) -> InitErrorDetails:
    """Have a line show the document without a foreign key that has no target, as the text always was."""
    key, holder = _foreign_key(line)
    if key is None:
        return line
    return {**line, "input": {name: value for name, value in holder.items() if name != key}}
