"""The error for a document that is not an instance of its model, and the problems that it lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from odmantic._errors.base import LONGEST_VALUE, OdmanticError
from odmantic._errors.lines import ErrorList, encodable, is_rendered, line_error, line_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel


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
                title, [encodable(_without_key(line)) for line in errors]
            )
        elif errors.title == title and is_rendered(errors):
            inner = errors
        else:
            inner = ValidationError.from_exception_data(title, line_errors(errors))
        super().__init__(str(inner))
        self.inner = inner
        self.model = model
        self.document_id = document_id
        if document_id is not None:
            shown = f"{document_id!r:.{LONGEST_VALUE}}"
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


def _parsing_error_from_lines(
    cls: type[DocumentParsingError],
    lines: list[tuple[Any, ...]],
    model: type[BaseModel],
    document_id: Any,
) -> DocumentParsingError:
    return cls([line_error(*line) for line in lines], model, document_id)


def _foreign_key(line: InitErrorDetails) -> tuple[str | None, dict[str, Any]]:
    """Return the key that a line misses the referenced document of, with the document that has it."""
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
        f"odmantic: {title}.{field} refers to _id {holder[key]!r:.{LONGEST_VALUE}}, and there is no such document: "
        f"store one, or give the key {key!r} of this one another value"
    )


def _without_key(line: InitErrorDetails) -> InitErrorDetails:
    """Have a line show the document without a foreign key that has no target, as the text always was."""
    key, holder = _foreign_key(line)
    if key is None:
        return line
    return {**line, "input": {name: value for name, value in holder.items() if name != key}}
