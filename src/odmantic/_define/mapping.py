"""The `ModelMapping` of a class, compiled from the fields that pydantic collected, and definition errors."""

from __future__ import annotations

import typing
from functools import cached_property
from typing import TYPE_CHECKING, Any

from odmantic._caller import warn_caller
from odmantic._codec.absent import left_out_of
from odmantic._codec.decode import extra_decoder, field_decoders
from odmantic._codec.encode import extra_encoder, field_encoders, stored_encoders
from odmantic._codec.judging import judge_of
from odmantic._codec.keys import KeysOfModel
from odmantic._codec.lookups import takes_aliases
from odmantic._codec.readable import Readable
from odmantic._compiled.compile import Codec
from odmantic._define.absence import absence_of
from odmantic._define.hierarchies import check_keys
from odmantic._define.properties import check_has_none, stored_properties
from odmantic._define.references import reference_options, refuse_expanded
from odmantic._define.rules import check_rule
from odmantic._define.soft_deletion import check_soft_deletion
from odmantic._define.suppliers import if_missing_of
from odmantic._mapping.fields import (
    ODMBaseField,
    ODMEmbedded,
    ODMEmbeddedGeneric,
    ODMField,
    ODMReference,
)
from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.links import ends_of, followed_in
from odmantic._mapping.loading import why_not_missing
from odmantic._mapping.mapping import COLLECTION, ModelMapping
from odmantic._mapping.members import members_of
from odmantic._mapping.naming import (
    check_key_name,
    collection_name,
    generated_key,
    plain_text,
)
from odmantic._mapping.options import options_in
from odmantic._mapping.plain import assigns_itself
from odmantic._mapping.trees import shapes_of
from odmantic._types.forms import has_lazy, target_in
from odmantic._types.instances import Instance
from odmantic._types.internals import generic_origin
from odmantic._types.kinds import (
    ModelKind,
    is_class,
    kind_of,
    origin_of,
)
from odmantic._types.one_shot import is_one_shot, one_shot_refusal
from odmantic._types.tree import (
    Document,
    Nullable,
    Object,
    Target,
    Type,
    Union,
    read_fields,
    read_type,
)
from odmantic.exceptions import EmbeddedCopyWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo

    from odmantic._mapping.interfaces import Encoder
    from odmantic._mapping.members import Member
    from odmantic._mapping.options import FieldOptions
    from odmantic.config import ODMConfigDict


class CompiledMapping(ModelMapping):
    """A mapping with what higher rooms make of it, each when it is first needed."""

    encoders = cached_property(field_encoders)
    stored_encoders = cached_property(stored_encoders)
    encode_extra = cached_property(extra_encoder)
    decode_extra = cached_property(extra_decoder)
    decoders = cached_property(field_decoders)
    shapes = cached_property(shapes_of)
    # Cached properties are properties.
    readable = cached_property(Readable)  # pyright: ignore[reportAssignmentType]
    keys = cached_property(KeysOfModel)  # pyright: ignore[reportAssignmentType]
    codec = cached_property(Codec)  # pyright: ignore[reportAssignmentType]
    left_out = cached_property(left_out_of)
    judge = cached_property(judge_of)
    takes_aliases = cached_property(lambda own: takes_aliases(own.model.__pydantic_core_schema__))


def compile_mapping(model: type[Instance]) -> ModelMapping:
    """Determine how the fields of a class map to documents.

    Raises:
        TypeError: if the fields contradict each other, or one cannot be stored.
    """
    metaclass: Any = type(model)
    is_embedded = metaclass.__odm_concrete_kind__ is ModelKind.EMBEDDED
    has_documents = kind_of(model) is ModelKind.MODEL
    config: Any = model.model_config
    infos = model.__pydantic_fields__
    without_references: set[Any] = set()
    trees = read_fields(model)
    fields = {
        name: _field(
            model, name, info, trees[name], _options(model, name, info), without_references
        )
        for name, info in infos.items()
    }
    for name, field in fields.items():
        field.owner = model, name
    stored = {
        name: _field(
            model,
            name,
            info,
            read_type(info.annotation, info.metadata, codecs=config.get("codecs")),
            options,
            without_references,
        )
        for name, info, options in stored_properties(model)
    }
    _check_keys(model, (*fields.values(), *stored.values()))
    primary_field = _primary_field(fields)
    if is_embedded and primary_field is not None:
        raise TypeError(f"cannot define a primary field in {model.__name__} embedded document")
    check_keys(model, {name: field.key_name for name, field in {**fields, **stored}.items()})
    hierarchy = hierarchy_of(model)
    check_soft_deletion(model, fields, hierarchy)
    if is_embedded and hierarchy is not None and hierarchy.root is not model:
        _check_added_references(model, fields, hierarchy.root)
    mapping = CompiledMapping(
        model=model,
        is_embedded=is_embedded,
        fields=fields,
        primary_field=primary_field,
        collection=_collection(model, config) if has_documents else None,
        references=tuple(name for name, f in fields.items() if isinstance(f, ODMReference)),
        mutable_fields=frozenset(
            name
            for name, field in fields.items()
            if field.tree.is_mutable or (assigns_itself(model) and name != primary_field)
        ),
        nested_fields=tuple(name for name, field in fields.items() if field.tree.models),
        extra_allowed=config.get("extra") == "allow",
        serializers=_serializers(fields),
        stored=stored,
        hierarchy=hierarchy,
    )
    if hierarchy is not None:
        hierarchy.used_by(mapping)
    return mapping


def _field(
    model: type[Instance],
    name: str,
    info: FieldInfo,
    tree: Type,
    options: FieldOptions,
    without_references: set[Any],
) -> ODMBaseField:
    config: Any = model.model_config
    _check_parts(model, name, tree, set())
    # A reference to an embedded model is an ordinary field, see `Declaration`; 1.x stored it under the field's name.
    options = reference_options(f"{model.__name__}.{name}", tree, options)
    target = target_in(tree) if options.reference else None
    is_named = options.key_name is not None and (not options.reference or target is not None)
    key_name = (
        plain_text(options.key_name) if is_named else generated_key(model.__name__, name, config)
    )
    check_key_name(key_name)
    if isinstance(tree, Target) and not options.reference:
        raise TypeError(
            f"cannot define a reference {name} (in {model.__name__}) without a Reference "
            "assigned to it"
        )
    common: dict[str, Any] = {
        "key_name": key_name,
        "model_config": config,
        "pydantic_field": info,
        "options": options,
        "_tree": tree,
    }
    absence = absence_of(f"{model.__name__}.{name}", info, tree, options, config)
    common |= {
        "if_missing": if_missing_of(model, name, tree, options, absence),
        "absence": absence,
    }
    if target is not None:
        members = members_of(target)
        _check_members(f"{model.__name__}.{name}", members)
        reference = ODMReference(model=members[0].cls, members=members, **common)
        _check_missing(model, name, reference)
        check_rule(model, name, reference)
        return reference
    if isinstance(tree, Document):
        return ODMEmbedded(model=tree.cls, **common)
    _check_generic(model, name, tree, options, without_references)
    if isinstance(tree, Nullable) and isinstance(tree.inner, Document):
        return ODMEmbedded(model=tree.inner.cls, **common)
    for argument in tree.arguments:
        if isinstance(argument, Document):
            origin = typing.Union if isinstance(tree, Union) else tree.cls
            return ODMEmbeddedGeneric(model=argument.cls, generic_origin=origin, **common)
    if any(isinstance(node, Target) for node in tree.models):
        warn_caller(
            f"{model.__name__}.{name} stores copies of whole documents, which no later change reaches: "
            "declare it with Reference() to store their keys, or make the class inside an EmbeddedModel",
            EmbeddedCopyWarning,
        )
    return ODMField(**common)


def _check_members(where: str, members: tuple[Member, ...]) -> None:
    """Refuse models of one collection in which nothing tells their documents apart."""
    seen: dict[str, Any] = {}
    for each in members if len(members) > 1 else ():
        # Their mappings may not exist yet.
        collection = _collection(each.cls, each.cls.model_config)
        other = seen.setdefault(collection, each.cls)
        if other is not each.cls:
            raise TypeError(
                f"{where} cannot refer to {other.__name__} or {each.cls.__name__}: both are in the collection "
                f"{collection!r}, where nothing tells their documents apart. Give one of them another collection, or "
                'derive both from a model with inheritance="single"'
            )


def _check_missing(model: type[Instance], name: str, reference: ODMReference) -> None:
    """Refuse what cannot stand in for missing targets."""
    options = reference.options.reference
    missing = "raise" if options is None else options.missing
    for _, steps, is_optional in ends_of(reference.tree):
        why = why_not_missing(missing, steps, is_optional=is_optional)
        if why is not None:
            raise TypeError(f"{model.__name__}.{name} cannot have missing={missing!r}: {why}")


def _check_parts(model: type[Instance], name: str, tree: Type, seen: set[type[Any]]) -> None:
    """Refuse types whose values can be iterated only once, and properties that nothing would store, in plain classes too."""
    for node in tree.inside:
        refuse_expanded(f"{model.__name__}.{name}", node)
        if is_one_shot(node.bare):
            raise TypeError(f"{one_shot_refusal(node.bare)} (field {name} in {model.__name__})")
        is_foreign = is_class(node.bare) and kind_of(node.bare) is None
        if isinstance(node, Object) and is_foreign and node.cls not in seen:
            seen.add(node.cls)
            check_has_none(node.cls, f"field {name} in {model.__name__}")
            for part in node.parts.values():
                _check_parts(model, name, part, seen)


def _options(model: type[Instance], name: str, info: FieldInfo) -> FieldOptions:
    # Pydantic 2.12 loses field metadata of a class parametrised by a forward reference.
    origin = generic_origin(model)
    declared = info if origin is None else origin.__pydantic_fields__[name]
    return options_in(declared.metadata)


def _serializers(fields: dict[str, ODMBaseField]) -> dict[str, Encoder]:
    found = {name: field.tree.serializer for name, field in fields.items()}
    return {name: serializer for name, serializer in found.items() if serializer is not None}


def _check_generic(
    model: type[Instance],
    name: str,
    tree: Type,
    options: FieldOptions,
    without_references: set[Any],
) -> None:
    embedded = [node.cls for node in tree.models if isinstance(node, Document)]
    if embedded and options.primary_field:
        raise TypeError(
            "Declaring a generic type of embedded models as a primary field is not allowed: "
            f"{name} in {model.__name__}"
        )
    # Which member a document belongs to is known only when it is read.
    followed = set(followed_in(tree))
    others = [
        node.cls for node in tree.models if isinstance(node, Document) and node not in followed
    ]
    if any(_has_references(nested, without_references) for nested in others):
        raise TypeError(
            "Declaring a generic type of embedded models containing references is not allowed: "
            f"{name} in {model.__name__}. The embedded models of a union cannot have any, only those that are optional "
            "or in lists, tuples and dictionaries"
        )


def _has_references(embedded: Any, without: set[Any]) -> bool:
    """Return whether an embedded model has references, by pydantic's fields: mappings may not exist yet.

    `without` holds the classes that are known to have none; this call adds to them.
    """
    waiting = [embedded]
    while waiting:
        one = waiting.pop()
        if one in without:
            continue
        without.add(one)
        infos = one.__pydantic_fields__
        for name, tree in read_fields(one).items():
            is_reference = options_in(infos[name].metadata).reference or has_lazy(tree)
            if is_reference and target_in(tree) is not None:
                return True
            waiting += (node.cls for node in tree.inside if isinstance(node, Document))
    return False


def _check_added_references(
    model: type[Instance], fields: Mapping[str, ODMBaseField], root: Any
) -> None:
    """Refuse references of some classes of an embedded hierarchy: they are read where the annotation says they are."""
    for name, field in fields.items():
        embedded = field.model if isinstance(field, ODMEmbedded) else None
        if name not in root.__pydantic_fields__ and (
            isinstance(field, ODMReference) or (embedded and _has_references(embedded, set()))
        ):
            raise TypeError(
                f"{model.__name__}.{name} cannot be a reference, nor hold one: {root.__name__}, the root of its hierarchy, "
                f"has no such field. Declare it in {root.__name__}, or store the key, as in `{name}_id: ObjectId`"
            )


def _check_keys(model: type[Instance], fields: Iterable[ODMBaseField]) -> None:
    seen: set[str] = set()
    for field in fields:
        if field.key_name in seen:
            raise TypeError(f"Duplicated key_name: {field.key_name} in {model.__name__}")
        seen.add(field.key_name)


def _primary_field(fields: dict[str, ODMBaseField]) -> str | None:
    return next(
        (name for name, f in fields.items() if isinstance(f, ODMField) and f.primary_field), None
    )


def _collection(model: type[Instance], config: ODMConfigDict) -> str:
    # A parametrised model shares the collection of the class it parametrises, a class of a hierarchy that of the root.
    hierarchy = hierarchy_of(model)
    origin: type[Any] = origin_of(model) if hierarchy is None else hierarchy.root
    if origin is not model and hierarchy is not None:
        config = origin.model_config
    assigned: str | None = vars(model).get(COLLECTION) or vars(origin).get(COLLECTION)
    return collection_name(origin.__name__, assigned or config.get("collection"))
