"""A class's or mixin's own methods that make and read documents: engines use these.

A document goes through the methods of its class, wherever it is written or read. An embedded object is part of the
document around it, and goes through the methods of that class, as in 1.x.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

from odmantic._codec.translate import written
from odmantic._errors.lines import ErrorList, line_errors
from odmantic._mapping.interfaces import Location
from odmantic._types.kinds import kind_of_instance
from odmantic.exceptions import DocumentParsingError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.mapping import ModelMapping


def dump_document(instance: Any, names: AbstractSet[str]) -> dict[str, Any]:
    """Return what a class's own `model_dump_doc` stores of some fields.

    Raises:
        TypeError: if it does not return a dictionary.
    """
    document: dict[str, Any] = instance.model_dump_doc(include=set(names))
    if isinstance(cast("object", document), dict):
        return document
    raise _wrong(instance.__class__, "model_dump_doc", "a dict", document)


def dump_primary_key(instance: Any, default: Any) -> Any:
    """Return the `_id` from a class's own `model_dump_doc`, or `default` if it has none."""
    mapping: ModelMapping = instance.__mapping__
    return dump_document(instance, {str(mapping.primary_field)}).get("_id", default)


def parse_document(model: type[Any], raw_doc: Any) -> Any:
    """Make an instance by the class's own `model_validate_doc`, which may return one of another model.

    Raises:
        TypeError: if it does not return an instance of a model.
    """
    mapping: ModelMapping = model.__mapping__
    # The method may change its argument, and parents may share a referenced document.
    given = deepcopy(raw_doc) if mapping.links else raw_doc
    instance: Any = model.model_validate_doc(given)
    if kind_of_instance(instance) is None:
        raise _wrong(model, "model_validate_doc", "an instance of a model", instance)
    return instance


def parse_target(model: type[Any], raw_doc: Any, loc: Location, errors: ErrorList) -> Any:
    """Make an instance of a referenced document, like `parse_document`; locate problems at the reference."""
    try:
        return parse_document(model, dict(raw_doc))
    except DocumentParsingError as error:
        for line in line_errors(error.inner):
            errors.append({**line, "loc": (*written(loc), *line.get("loc", ()))})
        return None


def _wrong(model: type[Any], method: str, wanted: str, given: object) -> TypeError:
    return TypeError(f"{model.__name__}.{method} has to give {wanted}, not {given!r:.200}")
