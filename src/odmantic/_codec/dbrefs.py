"""Documents that the driver takes for references: it makes a `DBRef` of each that has `$ref` and `$id`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.dbref import DBRef

from odmantic._bson.values import is_document, is_stored_array

if TYPE_CHECKING:
    from pydantic import ValidationError


def with_documents(raw_doc: Any, error: ValidationError) -> Any:
    """Return a document with documents in place of the references that a model refuses; `None` if it refuses none.

    A field of dictionaries may store any document, and one with such keys may come from a request.
    """
    refused = {id(each["input"]) for each in error.errors() if isinstance(each["input"], DBRef)}
    return _replaced(raw_doc, refused) if refused and _has(raw_doc, refused) else None


def _has(value: Any, refused: set[int]) -> bool:
    if is_document(value):
        return any(_has(each, refused) for each in value.values())
    if is_stored_array(value):
        return any(_has(each, refused) for each in value)
    return id(value) in refused


def _replaced(value: Any, refused: set[int]) -> Any:
    if is_document(value):
        return {key: _replaced(each, refused) for key, each in value.items()}
    if is_stored_array(value):
        return [_replaced(each, refused) for each in value]
    return dict(value.as_doc()) if id(value) in refused else value
