"""From a document to an instance; every problem of the document is reported with its location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import PydanticUserError, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from odmantic._bson.reading import while_reading
from odmantic._bson.values import is_document
from odmantic._codec.dbrefs import with_documents
from odmantic._codec.decoders import DecoderCompiler, array_decoder
from odmantic._codec.lazy import field_decoder
from odmantic._codec.members import problem_of
from odmantic._codec.overrides import parse_document, parse_target
from odmantic._codec.stored_forms import in_utc
from odmantic._codec.strict import is_strict_class
from odmantic._codec.translate import report, translate
from odmantic._codec.types import (
    class_inside,
    class_of_document,
    keep_unknown_type,
    without_alias,
)
from odmantic._errors.parsing import (
    parsing_error,
)
from odmantic._mapping.fields import ODMEmbeddedGeneric, ODMReference
from odmantic._mapping.interfaces import MISSING, Decoder, FieldDecoder, Location, OnMissing
from odmantic._mapping.members import Found
from odmantic._types.classes import is_array, is_mapping
from odmantic._types.instances import Instance
from odmantic._types.tree import Array, Lazy, Nullable, Table, Type, read_extras
from odmantic.exceptions import (
    DocumentParsingError,
    ErrorList,
    IncorrectGenericEmbeddedModelValue,
    KeyNotFoundInDocumentError,
    OdmanticError,
    ReferencedDocumentNotFoundError,
)

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.members import Member

    T = TypeVar("T", bound=Instance)


def decode_document(model: type[T], raw_doc: Any) -> T:
    """Make an instance from a document, which is not changed.

    Raises:
        DocumentParsingError: if the document does not fit the model; all problems with its keys are
            reported together, or else all problems with its values.
    """
    mapping: ModelMapping = model.__mapping__
    instance: T | None = mapping.codec.read_new(raw_doc)
    return validate_document(model, raw_doc) if instance is None else instance


def validate_document(model: type[T], raw_doc: Any) -> T:
    """Make an instance from a document of any shape, like `decode_document`.

    Raises:
        DocumentParsingError: if the document does not fit the model.
    """
    return while_reading(_validated, model, raw_doc)


def _validated(model: type[T], raw_doc: Any) -> T:
    mapping: ModelMapping = model.__mapping__
    if mapping.hierarchy is not None:
        cls: Any = class_of_document(model, raw_doc)
        if cls is not model:
            below: T = _made_below(model, cls, raw_doc)
            return below
        instance = _made(model, raw_doc)
        keep_unknown_type(instance, raw_doc)
        return instance
    return _made(model, raw_doc)


def _made_below(model: Any, cls: Any, raw_doc: Any) -> Any:
    """Make an instance of a class below that asked for, by its own method if that differs."""
    own, other = cls.model_validate_doc, model.model_validate_doc
    return _made(cls, raw_doc) if own.__func__ is other.__func__ else parse_document(cls, raw_doc)


def _made(model: type[T], raw_doc: Any) -> T:
    mapping: ModelMapping = model.__mapping__
    errors: ErrorList = []
    document = raw_doc if mapping.hierarchy is None else without_alias(model, raw_doc)
    values = translate(mapping, document, None, errors)
    if errors:
        raise parsing_error(errors, model, _id_in(raw_doc))
    try:
        if mapping.validates_itself:
            return model.model_validate(values)
        # `values` has field names, even if an annotation defines an alias.
        instance: T = model.__pydantic_validator__.validate_python(
            values, by_alias=mapping.takes_aliases, by_name=True
        )
    except ValidationError as error:
        again = with_documents(raw_doc, error)
        if again is not None:
            return _made(model, again)
        raise DocumentParsingError(error, model, _id_in(raw_doc)) from error
    except (OdmanticError, PydanticUserError, RecursionError):
        raise
    except Exception as error:
        # Pydantic propagates a validator's exceptions, except those that mean an invalid value.
        line = _line_of(error, raw_doc)
        raise DocumentParsingError([line], model, _id_in(raw_doc)) from error
    return instance


def _line_of(error: Exception, raw_doc: Any) -> InitErrorDetails:
    problem = f"{type(error).__name__}: {error}"
    message = PydanticCustomError(
        "validator_failed", "A validator failed with {problem}", {"problem": problem}
    )
    return InitErrorDetails(type=message, loc=(), input=raw_doc)


def _id_in(raw_doc: Any) -> Any:
    return raw_doc.get("_id") if is_document(raw_doc) else None


def field_decoders(mapping: ModelMapping) -> tuple[FieldDecoder, ...]:
    """Decide how the fields of a model are read."""
    return tuple(
        (name, field.key_name, _field_decoder(mapping, name, field), _on_missing(field))
        for name, field in mapping.fields.items()
    )


def name_decoders(mapping: ModelMapping) -> dict[str, Decoder]:
    """Return, by field, the functions that rename aliases to field names in a patch."""
    compiler = DecoderCompiler(arbitrary_types=_has_arbitrary_types(mapping), by_names=True)
    decoders = {name: compiler.decoder(field.tree) for name, field in mapping.fields.items()}
    return {name: decode for name, decode in decoders.items() if decode is not None}


def extra_decoder(mapping: ModelMapping) -> Decoder | None:
    """Decide how extra values are read."""
    compiler = DecoderCompiler(
        arbitrary_types=_has_arbitrary_types(mapping), is_strict=is_strict_class(mapping.model)
    )
    return compiler.extra_decoder(read_extras(mapping.model))


def _has_arbitrary_types(mapping: ModelMapping) -> bool:
    return bool(mapping.model.model_config.get("arbitrary_types_allowed"))


def _field_decoder(mapping: ModelMapping, name: str, field: ODMBaseField) -> Decoder | None:
    if isinstance(field, ODMReference):
        return _reference_decoder(field, field.tree)
    compiler = DecoderCompiler(
        arbitrary_types=_has_arbitrary_types(mapping), is_strict=is_strict_class(mapping.model)
    )
    decode = compiler.field_decoder(mapping.model, name, field.tree)
    if decode not in (None, in_utc) and isinstance(field, ODMEmbeddedGeneric):
        return _strictly(decode, field.tree.cls)
    return decode


def _on_missing(field: ODMBaseField) -> OnMissing:
    key = field.key_name
    if isinstance(field, ODMReference) and field.is_required_in_doc():

        def report_reference(loc: Location, errors: ErrorList, raw: Any) -> Any:
            report(errors, ReferencedDocumentNotFoundError(key), loc, raw)

        return report_reference
    if field.is_required_in_doc():

        def report_missing(loc: Location, errors: ErrorList, raw: Any) -> Any:
            report(errors, KeyNotFoundInDocumentError(key), loc, raw)

        return report_missing
    supply = field.if_missing
    if supply is not None:
        return lambda _loc, _errors, _raw: supply()
    info = field.pydantic_field
    if info.default_factory is not None and info.default_factory_takes_validated_data:
        return lambda _loc, _errors, _raw: MISSING
    return lambda _loc, _errors, _raw: info.get_default(call_default_factory=True)


def _reference_decoder(field: ODMReference, node: Type) -> Decoder:
    match node:
        case Nullable():
            decode_other = _reference_decoder(field, node.inner)
            return lambda value, loc, errors, raw: (
                None if value is None else decode_other(value, loc, errors, raw)
            )
        case Array():
            return array_decoder(_reference_decoder(field, node.inner))
        case Table():
            compiler = DecoderCompiler(arbitrary_types=True)
            decode_other = _reference_decoder(field, node.inner)
            return compiler.table_decoder(node, decode_other) or decode_other
        case Lazy():
            return field_decoder(node, field.key_name)
        case _ if field.members[0].is_named:
            return _named_decoder(field)
        case _:
            return _target_decoder(field.members[0], field.key_name)


def _target_decoder(member: Member, key: str) -> Decoder:
    model, classes = member.cls, member.classes

    def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if isinstance(value, classes):  # the engines have made it
            return value
        # The engines put the referenced document in place of its id; if there is none, the id or null is still here.
        if type(value) is not dict and not isinstance(value, Mapping):
            return report(errors, ReferencedDocumentNotFoundError(key), loc, raw)
        cls = class_inside(model, value, loc, errors)
        if cls is None:
            return None
        if model.__mapping__.hierarchy is not None or model.__mapping__.parses_itself:
            # Pydantic would make an instance of the class that the annotation names.
            return parse_target(cls, value, loc, errors)
        return translate(model.__mapping__, value, loc, errors)

    return decode


def _named_decoder(field: ODMReference) -> Decoder:
    """Return the decoder of a document of one of several collections, in place of which there may be what led to it."""

    def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if type(value) is Found:
            cls = class_inside(value.cls, value.document, loc, errors)
            return None if cls is None else parse_target(cls, value.document, loc, errors)
        if any(each.has(value) for each in field.members):  # the engines have made it
            return value
        return report(errors, problem_of(field.members, field.key_name, value), loc, raw)

    return decode


def _strictly(decode: Decoder, origin: Any) -> Decoder:
    """Refuse any container but the one that the field declares."""
    if not (is_mapping(origin) or is_array(origin)):
        return decode
    container: Any = Mapping if is_mapping(origin) else (list, tuple)

    def decode_container(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if isinstance(value, container):
            return decode(value, loc, errors, raw)
        return report(errors, IncorrectGenericEmbeddedModelValue(value), loc, raw)

    return decode_container
