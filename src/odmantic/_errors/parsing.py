"""The error for a document that does not fit its model, and the problems that it lists."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from bson.dbref import DBRef
from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from odmantic._errors.base import LONGEST_VALUE, OdmanticError
from odmantic._errors.lines import ErrorList, encodable, is_rendered, line_error, line_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel


class DocumentParsingError(OdmanticError, ValueError):
    """A document could not be read as an instance of `model`.

    Notes name the document and the keys of missing referenced documents; Python 3.11 and newer show them in the
    traceback.

    Attributes:
        model: The class.
        inner: A `pydantic.ValidationError` titled with the model's name; it lists every problem with its location.
        document_id: The document's `_id`; `None` if it has none, as an embedded document.
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
        # Not every version of pydantic can pickle ValidationError and PydanticCustomError, so both are rebuilt from
        # plain data.
        state = {name: value for name, value in self.__dict__.items() if name != "inner"}
        lines = [
            (line["type"], line["msg"], line["loc"], line["input"], line.get("ctx"))
            for line in self.inner.errors(include_url=False)
        ]
        return _parsing_error_from_lines, (type(self), lines, self.model, self.document_id), state


class UnknownTypeError(DocumentParsingError):
    """A document of a hierarchy belongs to no class that is known, or to another than those asked for.

    Attributes:
        found: The value of the discriminator in the document.
        known: The values of the known classes.
        collection: The name of the collection; `None` for embedded documents.
    """

    def __init__(
        self,
        errors: ErrorList | ValidationError,
        model: type[BaseModel],
        document_id: Any = None,
        *,
        found: Any = None,
        known: tuple[Any, ...] = (),
        collection: str | None = None,
    ) -> None:
        """Make the error; pickles restore the attributes afterwards."""
        super().__init__(errors, model, document_id)
        self.found = found
        self.known = known
        self.collection = collection


def ODManticCustomError(  # noqa: N802 - the public name of 1.x
    error_type: str, message_template: str, context: Mapping[str, Any] | None = None
) -> PydanticCustomError:
    """Return an error for a document, its type prefixed with `odmantic::`."""
    return PydanticCustomError(
        # The context fills in the template, so it need not be a literal.
        f"odmantic::{error_type}",  # pyright: ignore[reportArgumentType]
        message_template,  # pyright: ignore[reportArgumentType]
        None if context is None else dict(context),
    )


def KeyNotFoundInDocumentError(key_name: str) -> PydanticCustomError:  # noqa: N802
    """Return the error for a required key that the document lacks."""
    return ODManticCustomError(
        "key_not_found_in_document",
        "Key '{key_name}' not found in document",
        {"key_name": key_name},
    )


def unknown_type(
    found: object, key: str, known: tuple[Any, ...], collection: str | None
) -> PydanticCustomError:
    """Return the error for a document of no known class."""
    return ODManticCustomError(
        _UNKNOWN_TYPE,
        "Unknown type {found} under the key '{key}'; known are {known}: import the module of its class, or name the "
        "value in the type_aliases of another one",
        {
            "found": f"{found!r:.{LONGEST_VALUE}}",
            "key": key,
            "known": ", ".join(map(repr, known)) or "none",
            "known_values": [*known],
            "collection": collection,
        },
    )


def codec_failed(error: Exception) -> PydanticCustomError:
    """Return the error for what a codec of the program cannot decode."""
    return ODManticCustomError(
        "codec_failed",
        "The codec failed with {problem}",
        {"problem": f"{type(error).__name__}: {error}"},
    )


def no_key(found: object, model: type[Any]) -> PydanticCustomError:
    """Return the error for what is stored where the primary key of another document belongs."""
    return ODManticCustomError(
        "no_key",
        "{found} is no primary key of a {model}",
        {"found": f"{found!r:.{LONGEST_VALUE}}", "model": model.__name__},
    )


def unknown_collection(found: str, known: list[str]) -> PydanticCustomError:
    """Return the error for a reference to a collection of no model that it may lead to."""
    return ODManticCustomError(
        "unknown_collection",
        "Reference to the collection {found}; known are {known}: add the model of that collection to the annotation, or "
        "give the collection of one of these as '$ref'",
        {"found": f"{found!r:.{LONGEST_VALUE}}", "known": ", ".join(map(repr, known))},
    )


def other_database(found: str) -> PydanticCustomError:
    """Return the error for a reference into another database."""
    return ODManticCustomError(
        "other_database",
        "Reference into the database {found}: only documents of the same database can be read, so leave out '$db'",
        {"found": f"{found!r:.{LONGEST_VALUE}}"},
    )


def no_collection_named(stored: object, known: list[str]) -> PydanticCustomError:
    """Return the error for a reference that does not say to which collection it leads."""
    return ODManticCustomError(
        "no_collection_named",
        "{stored} names no collection: a reference to models of several collections is stored as "
        "{{'$ref': collection, '$id': id}}, with one of {known}",
        {"stored": f"{stored!r:.{LONGEST_VALUE}}", "known": ", ".join(map(repr, known))},
    )


_UNKNOWN_TYPE = "unknown_type"


def parsing_error(
    errors: ErrorList, model: type[BaseModel], document_id: Any
) -> DocumentParsingError:
    """Return the error for a document with problems; a type that is unknown explains all others."""
    for line in errors:
        problem = line["type"]
        if isinstance(problem, str) or problem.type != f"odmantic::{_UNKNOWN_TYPE}":
            continue
        context = problem.context or {}
        return UnknownTypeError(
            errors,
            model,
            document_id,
            found=line["input"].get(context["key"]),
            known=tuple(context["known_values"]),
            collection=context["collection"],
        )
    return DocumentParsingError(errors, model, document_id)


_NO_TARGET = "odmantic::referenced_document_not_found"


def ReferencedDocumentNotFoundError(  # noqa: N802
    foreign_key_name: str,
) -> PydanticCustomError:
    """Return the error for a reference to a missing document."""
    return ODManticCustomError(
        _NO_TARGET.removeprefix("odmantic::"),
        "Referenced document not found for foreign key '{foreign_key_name}'",
        {"foreign_key_name": foreign_key_name},
    )


def IncorrectGenericEmbeddedModelValue(value: object) -> PydanticCustomError:  # noqa: N802
    """Return the error for a value that is not the container its field declares."""
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
    """Return the foreign key of a missing referenced document and the document that holds it."""
    error, holder = line["type"], line["input"]
    if isinstance(error, PydanticCustomError) and error.type == _NO_TARGET and error.context:
        key = str(error.context["foreign_key_name"])
        if isinstance(holder, dict) and key in holder:
            document = cast("dict[str, Any]", holder)
            return (None if document[key] is None else key), document
    return None, {}


def _missing_target(title: str, line: InitErrorDetails) -> str | None:
    """Return a note that names a missing referenced document."""
    key, holder = _foreign_key(line)
    if key is None:
        return None
    loc = [*map(str, line.get("loc", ()))]
    field = ".".join(loc)
    target = _item_at(holder[key], loc)
    stored = f"{target!r:.{LONGEST_VALUE}}"
    what = stored if isinstance(target, DBRef) else f"_id {stored}"
    return (
        f"odmantic: {title}.{field} refers to {what}, and there is no such document: "
        f"store one, or give the key {key!r} of this one another value"
    )


def _item_at(value: Any, loc: Sequence[str]) -> Any:
    """Return what is in a container at the places with which a location ends."""
    places = [*takewhile(lambda part: part.startswith("["), reversed(loc))]
    for place in reversed(places):
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value).get(place[2:-2])
        elif isinstance(value, list):
            value = cast("Sequence[Any]", value)[int(place[1:-1])]
    return value


def _without_key(line: InitErrorDetails) -> InitErrorDetails:
    """Return a line whose input lacks the foreign key without a target, as in 1.x."""
    key, holder = _foreign_key(line)
    if key is None:
        return line
    return {**line, "input": {name: value for name, value in holder.items() if name != key}}
