"""The mapping of one class to documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, PydanticUndefinedAnnotation

from odmantic._mapping.fields import ODMBaseField, ODMBaseIndexableField
from odmantic._mapping.hierarchy import hidden_type_of, types_condition
from odmantic._mapping.links import FoundLink, Link, found_links, links_of, targets_of
from odmantic._mapping.loading import Load, load_of
from odmantic._mapping.rule_places import rules_in
from odmantic._mapping.rules import Rule
from odmantic._mapping.suppliers import Supplied, supplied_fields
from odmantic._types.instances import Instance
from odmantic._types.kinds import ModelKind, kind_of, origin_of
from odmantic.bson import ObjectId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from odmantic._mapping.hierarchy import Hierarchy, TypeValue
    from odmantic._mapping.interfaces import (
        Codec,
        Decoder,
        Encoder,
        FieldDecoder,
        FieldEncoder,
        IsLeftOut,
        Judge,
        Keys,
        Readable,
    )
    from odmantic._types.tree import Type


COLLECTION = "__odm_collection__"
"""The class attribute for a collection name assigned after the class statement."""


DOCUMENT_METHODS = frozenset(
    ("model_dump_doc", "model_dump", "model_validate_doc", "model_validate")
)
"""The methods that make and read documents; a class or a mixin may define its own."""


_DECISIONS = ("dumps_itself", "shows_itself", "parses_itself", "validates_itself")


@dataclass(frozen=True, eq=False)
class ModelMapping:
    """Everything known about the documents of one class.

    Attributes:
        fields: The fields by name, in the order of their declaration.
        primary_field: Name of the field stored under `_id`; embedded models have none.
        collection: Name of the collection; embedded models have none.
        references: Names of the reference fields.
        mutable_fields: Names of the fields that can change without an assignment.
        nested_fields: Names of the fields whose value may hold instances of models.
        extra_allowed: Whether instances may have extra values.
        serializers: The serialisers of whole fields, from the user or a BSON type.
        hierarchy: The hierarchy to which the class belongs, if any.
        stored: The stored properties by name; they are in documents and queries, but no fields of instances.
    """

    model: type[Instance]
    is_embedded: bool
    fields: dict[str, ODMBaseField]
    primary_field: str | None
    collection: str | None
    references: tuple[str, ...]
    mutable_fields: frozenset[str]
    nested_fields: tuple[str, ...]
    extra_allowed: bool
    serializers: dict[str, Encoder]
    stored: dict[str, ODMBaseField]
    hierarchy: Hierarchy | None = None

    # Higher rooms make these when they are first needed: `odmantic._define.mapping.CompiledMapping`.
    encoders: ClassVar[cached_property[tuple[FieldEncoder, ...]]]
    """How each field is written, decided once."""
    stored_encoders: ClassVar[cached_property[tuple[FieldEncoder, ...]]]
    """How each stored property is written."""
    encode_extra: ClassVar[cached_property[Encoder]]
    """The encoder of extra values."""
    decode_extra: ClassVar[cached_property[Decoder | None]]
    """The decoder of extra values."""
    decoders: ClassVar[cached_property[tuple[FieldDecoder, ...]]]
    """How each field is read, decided once."""
    shapes: ClassVar[cached_property[dict[str, Type | None]]]
    """The shapes of the fields' values; `None` where only pydantic knows."""
    readable: ClassVar[cached_property[Readable]]
    """The parts of the class that generated code can read."""
    keys: ClassVar[cached_property[Keys]]
    """The primary keys of documents that are not read."""
    codec: ClassVar[cached_property[Codec]]
    """The functions generated for the class."""
    left_out: ClassVar[cached_property[dict[str, IsLeftOut]]]
    """What tells whether a value is left out of documents, by the keys of the fields that leave out any."""
    judge: ClassVar[cached_property[Judge | None]]
    """What refuses instances that could not be read again, if their values may be unvalidated."""
    takes_aliases: ClassVar[cached_property[bool]]
    """Whether pydantic may use aliases of fields, here and in all that is nested."""

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The references, and the fields with embedded objects that have some, at any depth."""
        return links_of(self)

    @property
    def usual_load(self) -> Load:
        """What a read loads if the call does not say."""
        kept: Load | None = self.__dict__.get("_usual_load")
        if kept is None:
            kept = load_of(self)
            if not kept.may_change:
                self.__dict__["_usual_load"] = kept
        return kept

    @cached_property
    def targets(self) -> tuple[Any, ...]:
        """The models that the references lead to, those of embedded objects included."""
        return tuple(targets_of(self))

    @cached_property
    def automatic_id(self) -> str | None:
        """The name of the primary field if odmantic generates its ids."""
        name = self.primary_field
        if name is None or self.fields[name].pydantic_field.default_factory is not ObjectId:
            return None
        return name

    @cached_property
    def supplied(self) -> tuple[Supplied, ...]:
        """The fields whose values functions give."""
        return supplied_fields(self.model, self.fields)

    @cached_property
    def may_be_unique(self) -> bool:
        """Whether an index of the model may be unique; a function that declares indexes is not called yet."""
        fields = (*self.fields.values(), *self.stored.values())
        has_unique = any(isinstance(f, ODMBaseIndexableField) and f.unique for f in fields)
        return has_unique or bool(declared_indexes(self.model))

    @cached_property
    def field_names(self) -> dict[str, str]:
        """The names of the fields by key, stored properties last."""
        return {one.key_name: name for name, one in (*self.fields.items(), *self.stored.items())}

    @cached_property
    def has_key_names(self) -> bool:
        """Whether a field other than the primary one has a different key."""
        return any(
            name not in (one.key_name, self.primary_field) for name, one in self.fields.items()
        )

    @cached_property
    def names_and_keys(self) -> frozenset[str]:
        """The names that extra values may not have."""
        hidden = () if self.hierarchy is None or self.hierarchy.field else (self.hierarchy.key,)
        return frozenset((*self.fields, *self.stored, *self.field_names, *hidden))

    @cached_property
    def has_conditions(self) -> bool:
        """Whether operations on the class may add conditions to their filters, see `odmantic._plan.conditions`."""
        return self.hierarchy is not None or self.soft_delete is not None

    @cached_property
    def soft_delete(self) -> str | None:
        """The name of the field for the time of a deletion, if a deletion keeps the document."""
        config: Any = self.model.model_config
        name: str | None = config.get("soft_delete")
        return name

    @cached_property
    def live_condition(self) -> Mapping[str, Any]:
        """The condition for documents that are not deleted."""
        return {} if self.soft_delete is None else {self.fields[self.soft_delete].key_name: None}

    @property
    def type_condition(self) -> Mapping[str, Any]:
        """The condition for documents of the class and its descendants; it is empty for a root."""
        hierarchy = self.hierarchy
        if hierarchy is None:
            return {}
        hierarchy.load()
        condition: Mapping[str, Any] = self._kept_with_classes(
            "_type_condition", lambda: types_condition(hierarchy, [self.model])
        )
        return condition

    @property
    def read_as(self) -> tuple[ModelMapping, ...]:
        """The mappings of the classes as which documents are read that are found by this class."""
        hierarchy = self.hierarchy
        if hierarchy is None:
            return (self,)
        origin = origin_of(self.model)
        classes = hierarchy.classes_below(self.model)
        found = (self if each is origin else mapping_or_none(each) for each in classes)
        return tuple(each for each in found if each is not None)

    @property
    def found_links(self) -> tuple[FoundLink, ...]:
        """The links of documents that are found by this class."""
        links: tuple[FoundLink, ...] = self._kept_with_classes(
            "_found_links", lambda: found_links(self)
        )
        return links

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The delete rules in documents that are found by this class."""
        rules: tuple[Rule, ...] = self._kept_with_classes("_rules", lambda: rules_in(self))
        return rules

    @property
    def read_targets(self) -> tuple[Any, ...]:
        """The models that the references of documents lead to that are found by this class."""
        return tuple(dict.fromkeys(model for each in self.read_as for model in each.targets))

    def _kept_with_classes(self, name: str, make: Callable[[], Any]) -> Any:
        """Return something that is made again when the classes of the hierarchy change."""
        # In this order: another thread may add a class meanwhile.
        version = 0 if self.hierarchy is None else self.hierarchy.version
        kept: tuple[int, Any] | None = self.__dict__.get(name)
        if kept is None or kept[0] != version:
            kept = self.__dict__[name] = version, make()
        return kept[1]

    @property
    def type_field(self) -> str | None:
        """The name of the field that is the discriminator of the hierarchy."""
        return None if self.hierarchy is None else self.hierarchy.field

    @cached_property
    def exact_type_condition(self) -> Mapping[str, Any]:
        """The condition for documents of the class alone."""
        if self.hierarchy is None:
            return {}
        return types_condition(self.hierarchy, [self.model], exact=True)

    @cached_property
    def hidden_type(self) -> dict[str, TypeValue]:
        """The key and the value with which a document begins, if the class is told by a hidden discriminator."""
        return hidden_type_of(self.model)

    @cached_property
    def keeps_unknown_keys(self) -> bool:
        """Whether embedded objects of unknown types are read as the class, and keep the keys that it does not know."""
        is_base = self.model.model_config.get("unknown_type") == "base"
        return self.is_embedded and self.hierarchy is not None and is_base

    @cached_property
    def encoder_of(self) -> dict[str, Encoder | None]:
        """The encoders by field name."""
        return {name: encode for name, _, encode in (*self.encoders, *self.stored_encoders)}

    @cached_property
    def compared_fields(self) -> tuple[str, ...]:
        """The names of the mutable fields, in the order of their declaration."""
        return tuple(name for name in self.fields if name in self.mutable_fields)

    @cached_property
    def positions(self) -> dict[str, int]:
        """The positions of the fields by name, in the order of their declaration."""
        return {name: position for position, name in enumerate(self.fields)}

    @cached_property
    def dumps_itself(self) -> bool:
        """Whether the class defines `model_dump_doc` or `model_dump`, see `odmantic._codec.overrides`."""
        return self.shows_itself or _has_own(self.model, "model_dump_doc")

    @cached_property
    def shows_itself(self) -> bool:
        """Whether the class defines `model_dump`, see `odmantic._codec.shown`."""
        return _has_own(self.model, "model_dump")

    @cached_property
    def parses_itself(self) -> bool:
        """Whether the class defines `model_validate_doc`."""
        return _has_own(self.model, "model_validate_doc")

    @cached_property
    def validates_itself(self) -> bool:
        """Whether the class defines `model_validate`, which makes instances of what was read."""
        return _has_own(self.model, "model_validate")

    @cached_property
    def is_unvalidated(self) -> bool:
        """Whether an instance may hold what nothing has validated, so that a save has to look."""
        config = self.model.model_config
        return not (config.get("validate_assignment") and config.get("validate_default")) or any(
            info.validate_default is False for info in self.model.__pydantic_fields__.values()
        )

    @cached_property
    def has_only_fields(self) -> bool:
        """Whether a document is what the fields store: nothing is added, left out or judged."""
        others = (
            self.extra_allowed,
            self.stored,
            self.keeps_unknown_keys,
            self.left_out,
            self.judge,
        )
        return not any(others)

    def decide_again(self) -> None:
        """Forget decisions based on the methods of the class."""
        for name in (*_DECISIONS, "readable", "codec", "links", "targets", "_rules"):
            self.__dict__.pop(name, None)

    def move(self, collection: str) -> None:
        """Use another collection from now on; nothing else of a mapping ever changes."""
        object.__setattr__(self, "collection", collection)

    def source(self) -> str:
        """Return the code that is generated for the class.

        It names fields by position: `f0` is the first field, `k0` its key if that differs, and `f0_f2` the third
        field of the model embedded in it; `f0_v1_f2` is that of the second class which may be embedded there.
        """
        return self.codec.source


def mapping_or_none(cls: Any) -> ModelMapping | None:
    """Return the mapping of a class; `None` as long as an annotation names what does not exist yet."""
    try:
        return mapping_of(cls)
    except PydanticUndefinedAnnotation:
        return None


def _has_own(model: type[Any], method: str) -> bool:
    owners = [cls for cls in model.__mro__ if method in vars(cls)]
    if method == "model_dump":
        # That of the library calls the one behind it.
        owners = [cls for cls in owners if not is_library_base(cls)]
    return owners[0] is not BaseModel and not is_library_base(owners[0])


def declared_indexes(model: Any) -> list[Callable[[], Iterable[Any]]]:
    """Return the functions for the indexes in the configs of a class and its abstract bases, the bases' first."""
    classes = [cls for cls in reversed(model.__mro__) if kind_of(cls) is ModelKind.ABSTRACT]
    found = [cls.model_config.get("indexes") for cls in (*classes, model)]
    return [each for each in found if each is not None]


def is_library_base(cls: type[Any]) -> bool:
    """Return whether a class is the common base of all models."""
    return "__baseline__" in vars(cls)


def mapping_of(model: Any) -> ModelMapping:
    """Return the mapping of a class.

    Raises:
        TypeError: if it is not a model, or it is `Model` or `EmbeddedModel` itself.
    """
    # This inlines `kind_of`, which would be one more call in every operation.
    kind = getattr(model, "__odm_kind__", None) if issubclass(type(model), type) else None
    if kind is not ModelKind.MODEL and kind is not ModelKind.EMBEDDED:
        raise TypeError(f"{model!r} is not a subclass of odmantic.Model or odmantic.EmbeddedModel")
    mapping: ModelMapping = model.__mapping__
    return mapping
