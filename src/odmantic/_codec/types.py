"""The class as which a document of a hierarchy is read, and what an instance keeps of a type that is unknown."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_document
from odmantic._codec.translate import report
from odmantic._errors.parsing import parsing_error, unknown_type
from odmantic._mapping.hierarchy import MISSING_TYPE, class_to_read
from odmantic.exceptions import ErrorList, InvalidDocumentError

if TYPE_CHECKING:
    from odmantic._mapping.hierarchy import Hierarchy
    from odmantic._mapping.interfaces import Encoder, Location
    from odmantic._mapping.mapping import ModelMapping

_KEPT = "__odm_unknown_type__"
_KEPT_KEYS = "__odm_unknown_keys__"
"""Names of private attributes: such attributes are copied and pickled with an instance."""


def class_of_document(model: Any, raw_doc: Any) -> Any:
    """Return the class as which a document is read: `model`, or one below it in its hierarchy.

    Raises:
        UnknownTypeError: if it belongs to no such class.
    """
    mapping: ModelMapping = model.__mapping__
    if mapping.hierarchy is None or not is_document(raw_doc):
        return model
    cls = class_to_read(model, raw_doc)
    if cls is None:
        errors: ErrorList = []
        _report_unknown(mapping, mapping.hierarchy, raw_doc, None, errors)
        raise parsing_error(errors, model, raw_doc.get("_id"))
    return cls


def class_inside(model: Any, raw_doc: Any, loc: Location, errors: ErrorList) -> Any:
    """Return the class as which a document inside another one is read; `None` if that is a problem."""
    mapping: ModelMapping = model.__mapping__
    if mapping.hierarchy is None or not is_document(raw_doc):
        return model
    cls = class_to_read(model, raw_doc)
    if cls is None:
        _report_unknown(mapping, mapping.hierarchy, raw_doc, loc, errors)
    return cls


def without_alias(cls: Any, document: Any) -> Any:
    """Return a document with the type that its class stores in place of an alias, which a field would not take."""
    hierarchy: Hierarchy | None = cls.__mapping__.hierarchy
    if hierarchy is None or hierarchy.field is None or not is_document(document):
        return document
    value = document.get(hierarchy.key)
    is_alias = value in hierarchy.values_of(cls) and value not in hierarchy.stored_values_of(cls)
    if value is None or not is_alias:
        return document
    return {**document, hierarchy.key: hierarchy.stored_by(cls)}


def _known(mapping: ModelMapping, hierarchy: Hierarchy) -> tuple[Any, ...]:
    """Return the values by which documents of a class and its descendants are told."""
    classes = hierarchy.classes_below(mapping.model)
    values = dict.fromkeys(value for each in classes for value in hierarchy.values_of(each))
    return tuple(value for value in values if value is not None)


def _report_unknown(
    mapping: ModelMapping, hierarchy: Hierarchy, raw_doc: Any, loc: Location, errors: ErrorList
) -> None:
    found = raw_doc.get(hierarchy.key)
    known = _known(mapping, hierarchy)
    problem = unknown_type(found, hierarchy.key, known, mapping.collection)
    report(errors, problem, (loc, hierarchy.key), raw_doc)


# --- Types that are unknown --------------------------------------------------------------------


def keep_unknown_type(instance: Any, raw_doc: Any) -> None:
    """Have an instance that was read from a document of an unknown type, as of a base, remember that.

    An embedded object also remembers what its class does not know, as it is written with the document around it.
    """
    hierarchy: Hierarchy | None = instance.__mapping__.hierarchy
    if hierarchy is None or not is_document(raw_doc):
        return
    value = raw_doc.get(hierarchy.key, MISSING_TYPE)
    if value is MISSING_TYPE or value is None or hierarchy.class_of(value) is not None:
        return
    private: dict[str, Any] = {**(instance.__pydantic_private__ or {}), _KEPT: value}
    mapping: ModelMapping = instance.__mapping__
    if mapping.is_embedded:
        # Extra values are kept as such.
        keys = [hierarchy.key] if mapping.extra_allowed else raw_doc
        others = {key: raw_doc[key] for key in keys if key not in mapping.field_names}
        private[_KEPT_KEYS] = deepcopy(others)
    object.__setattr__(instance, "__pydantic_private__", private)


def unknown_keys(instance: Any) -> dict[str, Any]:
    """Return what an embedded object that was read from a document of an unknown type has not understood of it."""
    private: dict[str, Any] | None = instance.__pydantic_private__
    return private.get(_KEPT_KEYS, {}) if private else {}


def check_whole(instance: Any, verb: str = "save") -> None:
    """Refuse to write an instance as a whole if its document has a type, and maybe keys, that nobody knows.

    Raises:
        InvalidDocumentError: if it was read from a document of an unknown type.
    """
    mapping: ModelMapping = instance.__mapping__
    if mapping.hierarchy is None or mapping.model.model_config.get("unknown_type") != "base":
        return
    private: Any = instance.__pydantic_private__
    if private and _KEPT in private:
        key, name = mapping.hierarchy.key, mapping.model.__name__
        raise InvalidDocumentError(
            f"cannot {verb} {name}: it was read from a document with {key!r}: {private[_KEPT]!r:.200}, of no known class, "
            f"and a write of the whole document would make it one of {name} and lose its other keys. Save it where it "
            "was read, or import the module of its class",
            mapping.model,
        )


def checking_encoder(mapping: ModelMapping, encode: Encoder | None) -> Encoder:
    """Return the encoder of a field that is the discriminator, and which validation lets have any value.

    It refuses a value by which the document would be read as one of another class.
    """
    hierarchy: Any = mapping.hierarchy
    model: Any = mapping.model

    def encode_type(value: Any) -> Any:
        stored = value if encode is None else encode(value)
        if stored is not None and class_to_read(model, {hierarchy.key: stored}) is not model:
            raise InvalidDocumentError(
                f"field '{hierarchy.field}' of {model.__name__} is {stored!r:.200}, so that the document would not be read "
                f"as one of {model.__name__}: make an instance of the class with this value, or name the value in the "
                f"type_aliases of {model.__name__}",
                model,
            )
        return stored

    return encode_type
