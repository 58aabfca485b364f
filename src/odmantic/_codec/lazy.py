"""Lazy references in documents: they are stored as primary keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_document
from odmantic._codec.overrides import parse_target
from odmantic._codec.translate import report
from odmantic._codec.types import class_inside
from odmantic._errors.parsing import ReferencedDocumentNotFoundError, no_key
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.ref import NoTarget, Ref, is_ref, model_of, stored_key, unloaded_ref
from odmantic._types.tree import Target

if TYPE_CHECKING:
    from odmantic._codec.objects import Refusal
    from odmantic._errors.lines import ErrorList
    from odmantic._mapping.interfaces import Decoder, Encoder, Location
    from odmantic._types.tree import Lazy


def ref_encoder(node: Lazy, refusal: Refusal) -> Encoder:
    """Return the encoder of lazy references to a model."""
    model = node.inner.cls if isinstance(node.inner, Target) else None
    return partial(_encode, model, refusal)


def _encode(model: Any, refusal: Refusal, value: Any) -> Any:
    # Items of containers may have changed since their validation.
    if not is_ref(value):
        name = "..." if model is None else model.__name__
        raise refusal(
            f"{value!r:.200} is no Ref[{name}]: write Ref(instance), or Ref.to({name}, key)"
        )
    cls = model_of(value)
    if cls is not model and model is not None and not _is_same_collection(cls, model):
        raise refusal(
            f"a reference to {model.__name__} cannot lead to a {cls.__name__}, whose documents are in another collection"
        )
    return stored_key(value)


def _is_same_collection(cls: Any, model: Any) -> bool:
    return mapping_of(cls).collection == mapping_of(model).collection


def ref_decoder(node: Lazy) -> Decoder:
    """Return the decoder of lazy references to a model."""
    model = node.inner.cls

    def decode(value: Any, loc: Location, errors: ErrorList, _raw: Any) -> Any:
        found = ref_of_id(model, value)
        return report(errors, no_key(value, model), loc, value) if found is None else found

    return decode


def field_decoder(node: Lazy, key: str) -> Decoder:
    """Return the decoder of lazy references in a field with a key, where the engines put documents."""
    model = node.inner.cls
    decode_id = ref_decoder(node)

    def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if is_ref(value):
            return value
        if type(value) is NoTarget:
            return report(errors, ReferencedDocumentNotFoundError(key), loc, raw)
        # The id may be a document, too.
        if is_document(value) and "_id" in value:
            cls = class_inside(model, value, loc, errors)
            instance = None if cls is None else parse_target(cls, value, loc, errors)
            return None if instance is None else Ref(instance)
        return decode_id(value, loc, errors, raw)

    return decode


def ref_of_id(model: Any, stored: Any) -> Any:
    """Return a reference to the document with a stored id; `None` if no document of the model can have it."""
    try:
        key = mapping_of(model).keys.read(stored)
    except ValueError:
        return None
    return unloaded_ref(model, key, stored)
