"""From a document to a clean instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._codec.decode import validate_document
from odmantic._codec.overrides import parse_document
from odmantic._state.transitions import mark_read
from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from odmantic._state.places import Known

ModelType = TypeVar("ModelType", bound=Instance)


def read_document(model: type[ModelType], raw_doc: Any, known: Known) -> ModelType:
    """Make an instance of a document at the place of `known`.

    Raises:
        DocumentParsingError: if the document does not fit the model.
    """
    mapping = model.__mapping__
    instance: ModelType | None = mapping.codec.read_known(raw_doc, known)
    if instance is not None:
        return instance
    read = parse_document if mapping.parses_itself else validate_document
    judged: ModelType = read(model, raw_doc)
    mark_read(judged, known)
    return judged
