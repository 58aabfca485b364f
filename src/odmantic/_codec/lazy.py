"""Lazy references in documents: they are stored as primary keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_document
from odmantic._codec.members import names_in, problem_of
from odmantic._codec.overrides import parse_target
from odmantic._codec.translate import report
from odmantic._codec.types import class_inside
from odmantic._errors.parsing import ReferencedDocumentNotFoundError, no_key
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.members import ELSEWHERE, Found, member_for, members_of
from odmantic._mapping.ref import NoTarget, Ref, is_ref, model_of, stored_key, unloaded_ref
from odmantic._types.tree import Target, Targets

if TYPE_CHECKING:
    from odmantic._codec.objects import Refusal
    from odmantic._errors.lines import ErrorList
    from odmantic._mapping.interfaces import Decoder, Encoder, Location
    from odmantic._mapping.members import Member
    from odmantic._types.tree import Lazy


def ref_encoder(node: Lazy, refusal: Refusal) -> Encoder:
    """Return the encoder of lazy references."""
    return partial(_encode, _members_in(node), refusal)


def _members_in(node: Lazy) -> tuple[Member, ...]:
    """Return the members of a lazy reference; none if it leads to the parameter of a generic class."""
    return members_of(node.inner) if isinstance(node.inner, (Target, Targets)) else ()


def _encode(members: tuple[Member, ...], refusal: Refusal, value: Any) -> Any:
    # Items of containers may have changed since their validation.
    if not is_ref(value):
        name = names_in(members)
        raise refusal(
            f"{value!r:.200} is no Ref[{name}]: write Ref(instance), or Ref.to(model, key)"
        )
    if not members:
        return stored_key(value)
    first = members[0]
    cls = model_of(value)
    if cls is first.cls and not first.is_chosen:
        return stored_key(value)
    member = member_for(members, value)
    if member is None:
        if not first.is_chosen and _is_same_collection(cls, first.cls):
            return stored_key(value)
        raise refusal(f"a reference to a {names_in(members)} cannot lead to a {cls.__name__}")
    return member.refer(stored_key(value))


def _is_same_collection(cls: Any, model: Any) -> bool:
    return mapping_of(cls).collection == mapping_of(model).collection


def ref_decoder(node: Lazy) -> Decoder:
    """Return the decoder of lazy references."""
    members = _members_in(node)

    def decode(value: Any, loc: Location, errors: ErrorList, _raw: Any) -> Any:
        for member in members:
            id_ = member.id_in(value)
            if id_ is not ELSEWHERE:
                found = ref_of_id(member.cls, id_)
                return (
                    report(errors, no_key(id_, member.cls), loc, value) if found is None else found
                )
        return report(errors, problem_of(members, "", value), loc, value)

    return decode


def field_decoder(node: Lazy, key: str) -> Decoder:
    """Return the decoder of lazy references in a field with a key, where the engines put documents."""
    members = _members_in(node)
    decode_id = ref_decoder(node)

    def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if is_ref(value):
            return value
        if type(value) is NoTarget:
            return report(errors, ReferencedDocumentNotFoundError(key), loc, raw)
        if type(value) is Found:
            return _loaded(value.cls, value.document, loc, errors)
        # The id may be a document, too.
        if not members[0].is_named and is_document(value) and "_id" in value:
            return _loaded(members[0].cls, value, loc, errors)
        return decode_id(value, loc, errors, raw)

    return decode


def _loaded(model: Any, document: Any, loc: Location, errors: ErrorList) -> Any:
    cls = class_inside(model, document, loc, errors)
    instance = None if cls is None else parse_target(cls, document, loc, errors)
    return None if instance is None else Ref(instance)


def ref_of_id(model: Any, stored: Any) -> Any:
    """Return a reference to the document with a stored id; `None` if no document of the model can have it."""
    try:
        key = mapping_of(model).keys.read(stored)
    except ValueError:
        return None
    return unloaded_ref(model, key, stored)
