"""How one class maps to documents: the kinds of fields, and what is known of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from pydantic import BaseModel

from odmantic.bson import ObjectId

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic.fields import FieldInfo

    from odmantic._compiled.compile import Codec
    from odmantic._mapping.encoders import Encoder, FieldEncoder
    from odmantic._mapping.nodes import Node
    from odmantic._mapping.readable import Readable
    from odmantic._mapping.translate import Decoder, FieldDecoder
    from odmantic.config import ODMConfigDict
    from odmantic.model import EmbeddedModel, Model, _BaseODMModel


COLLECTION = "__odm_collection__"
"""The attribute of a class with the name of the collection that was assigned after the class statement."""


DOCUMENT_METHODS = frozenset(
    ("model_dump_doc", "model_dump", "model_validate_doc", "model_validate")
)
"""The methods by which documents are made and read, which a class or a mixin may have its own of."""


_DECISIONS = ("dumps_itself", "shows_itself", "parses_itself", "validates_itself")


class ModelKind(Enum):
    """What a class is to the database; models carry it as `__odm_kind__`."""

    ROOT = auto()
    """`Model` and `EmbeddedModel` themselves, which have no documents."""
    MODEL = auto()
    EMBEDDED = auto()


@dataclass(slots=True, eq=False, kw_only=True)
class ODMBaseField:
    """A field of a document.

    `key_name` is its name in the document; `pydantic_field` is pydantic's view of it.
    """

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset()

    key_name: str
    model_config: ODMConfigDict
    pydantic_field: FieldInfo
    owner: tuple[Any, str] | None = field(default=None, init=False, repr=False)
    """The class that has the field, and its name there."""
    operand: Callable[[Any], Any] | None = field(default=None, init=False, repr=False)
    """What encodes the values that the field is compared with, once that was asked for."""

    def bind_pydantic_field(self, info: FieldInfo) -> None:
        """Replace pydantic's view of the field."""
        self.pydantic_field = info
        self.operand = None

    def is_required_in_doc(self) -> bool:
        """Tell whether a document without the key cannot be parsed."""
        if self.model_config.get("parse_doc_with_default_factories"):
            return self.pydantic_field.is_required()
        return self.pydantic_field.is_required() or self.pydantic_field.default_factory is not None


@dataclass(slots=True, eq=False, kw_only=True)
class ODMBaseIndexableField(ODMBaseField):
    """A field that may have a single-field index."""

    index: bool = False
    unique: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class ODMField(ODMBaseIndexableField):
    """A field with a value of its own."""

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(
        ("eq", "ne", "in_", "not_in", "lt", "lte", "gt", "gte", "match", "asc", "desc")
    )

    primary_field: bool = False

    def get_default_importing_value(self) -> Any:
        """Give the value that stands in for a key the document lacks."""
        if self.model_config.get("parse_doc_with_default_factories"):
            return self.pydantic_field.get_default(call_default_factory=True, validated_data={})
        return self.pydantic_field.get_default()


@dataclass(slots=True, eq=False, kw_only=True)
class ODMReference(ODMBaseField):
    """A field that holds a document of another collection, stored as its primary key."""

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(("eq", "ne", "in_", "not_in"))

    model: type[Model]


@dataclass(slots=True, eq=False, kw_only=True)
class ODMEmbedded(ODMField):
    """A field that holds one embedded document, or none."""

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(("eq", "ne", "in_", "not_in"))

    model: type[EmbeddedModel]


@dataclass(slots=True, eq=False, kw_only=True)
class ODMEmbeddedGeneric(ODMField):
    """A field whose type has an embedded model among its direct arguments."""

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(("eq", "ne"))

    model: type[EmbeddedModel]
    generic_origin: Any


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """Where a reference sits: its own name last, those of the embedded fields around it before."""

    fields: tuple[str, ...]
    keys: tuple[str, ...]
    model: type[Model]


@dataclass(frozen=True, eq=False)
class ModelMapping:
    """Everything known about the documents of one class.

    Attributes:
        fields: The fields in the order of their declaration, by name.
        primary_field: Name of the field stored under `_id`; embedded models have none.
        collection: Name of the collection; embedded models have none.
        references: Names of the reference fields.
        mutable_fields: Names of the fields that can change without an assignment.
        nested_fields: Names of the fields whose value may hold instances of models.
        extra_allowed: Whether instances may have values that are no fields.
        serializers: What a user or a BSON type says about storing whole fields.
        encoders_for: Works out the encoders when they are first needed.
        extra_encoder_for: Works out how additional values are stored when that is first needed.
        extra_decoder_for: Works out how additional values are read when that is first needed.
        decoders_for: Works out the decoders when they are first needed.
        shapes_for: Works out what annotations say of values when that is first needed.
        readable_for: Works out what generated code can read when that is first needed.
        codec_for: Gives the functions of the class, which are generated when they are first needed.
        aliases_for: Tells whether aliases may be looked for when that is first needed.
    """

    model: type[_BaseODMModel]
    is_embedded: bool
    fields: dict[str, ODMBaseField]
    primary_field: str | None
    collection: str | None
    references: tuple[str, ...]
    mutable_fields: frozenset[str]
    nested_fields: tuple[str, ...]
    extra_allowed: bool
    serializers: dict[str, Encoder]
    encoders_for: Callable[[ModelMapping], tuple[FieldEncoder, ...]] = field(repr=False)
    extra_encoder_for: Callable[[ModelMapping], Encoder] = field(repr=False)
    extra_decoder_for: Callable[[ModelMapping], Decoder | None] = field(repr=False)
    decoders_for: Callable[[ModelMapping], tuple[FieldDecoder, ...]] = field(repr=False)
    shapes_for: Callable[[ModelMapping], dict[str, Node | None]] = field(repr=False)
    readable_for: Callable[[ModelMapping], Readable] = field(repr=False)
    codec_for: Callable[[ModelMapping], Codec] = field(repr=False)
    aliases_for: Callable[[Any], bool] = field(repr=False)

    @cached_property
    def reference_paths(self) -> tuple[ReferencePath, ...]:
        """The references of this model and of the models directly embedded in it."""
        paths: list[ReferencePath] = []
        for name, one in self.fields.items():
            key = one.key_name
            if isinstance(one, ODMReference):
                paths.append(ReferencePath((name,), (key,), one.model))
            elif isinstance(one, ODMEmbedded) and one.pydantic_field.annotation is one.model:
                paths.extend(
                    ReferencePath((name, *path.fields), (key, *path.keys), path.model)
                    for path in mapping_of(one.model).reference_paths
                )
        return tuple(paths)

    @cached_property
    def automatic_id(self) -> str | None:
        """The name of the primary field if its ids are made by the library."""
        name = self.primary_field
        if name is None or self.fields[name].pydantic_field.default_factory is not ObjectId:
            return None
        return name

    @cached_property
    def may_be_unique(self) -> bool:
        """Whether an index of the model may be a unique one; what a function declares is not asked yet."""
        fields = self.fields.values()
        has_unique = any(isinstance(f, ODMBaseIndexableField) and f.unique for f in fields)
        return has_unique or self.model.model_config.get("indexes") is not None

    @cached_property
    def field_names(self) -> dict[str, str]:
        """The names of the fields by their keys."""
        return {one.key_name: name for name, one in self.fields.items()}

    @cached_property
    def has_key_names(self) -> bool:
        """Whether a field other than the primary one is stored under another name than its own."""
        return any(
            name not in (one.key_name, self.primary_field) for name, one in self.fields.items()
        )

    @cached_property
    def encoders(self) -> tuple[FieldEncoder, ...]:
        """How each field is written, decided once."""
        return self.encoders_for(self)

    @cached_property
    def names_and_keys(self) -> frozenset[str]:
        """What additional values may not be called."""
        return frozenset((*self.fields, *self.field_names))

    @cached_property
    def encode_extra(self) -> Encoder:
        """How additional values are written."""
        return self.extra_encoder_for(self)

    @cached_property
    def decode_extra(self) -> Decoder | None:
        """How additional values are read."""
        return self.extra_decoder_for(self)

    @cached_property
    def encoder_of(self) -> dict[str, Encoder | None]:
        """The encoders by the names of the fields."""
        return {name: encode for name, _, encode in self.encoders}

    @cached_property
    def decoders(self) -> tuple[FieldDecoder, ...]:
        """How each field is read, decided once."""
        return self.decoders_for(self)

    @cached_property
    def compared_fields(self) -> tuple[str, ...]:
        """The names of the mutable fields, in the order of their declaration."""
        return tuple(name for name in self.fields if name in self.mutable_fields)

    @cached_property
    def shapes(self) -> dict[str, Node | None]:
        """What values of the fields look like; `None` where only pydantic knows."""
        return self.shapes_for(self)

    @cached_property
    def positions(self) -> dict[str, int]:
        """The positions of the fields in the order of their declaration, by name."""
        return {name: position for position, name in enumerate(self.fields)}

    @cached_property
    def readable(self) -> Readable:
        """What generated code can read."""
        return self.readable_for(self)

    @cached_property
    def codec(self) -> Codec:
        """The functions generated for the class."""
        return self.codec_for(self)

    @cached_property
    def dumps_itself(self) -> bool:
        """Whether the class has its own `model_dump_doc`, or `model_dump`, see `odmantic._mapping.overrides`."""
        return self.shows_itself or _has_own(self.model, "model_dump_doc")

    @cached_property
    def shows_itself(self) -> bool:
        """Whether the class has its own `model_dump`, see `odmantic._mapping.shown`."""
        return _has_own(self.model, "model_dump")

    @cached_property
    def parses_itself(self) -> bool:
        """Whether the class has its own `model_validate_doc`."""
        return _has_own(self.model, "model_validate_doc")

    @cached_property
    def validates_itself(self) -> bool:
        """Whether the class has its own `model_validate`, which makes instances of what was read."""
        return _has_own(self.model, "model_validate")

    def decide_again(self) -> None:
        """Forget what depends on the methods of the class."""
        for name in (*_DECISIONS, "readable", "codec"):
            self.__dict__.pop(name, None)

    def move(self, collection: str) -> None:
        """Use another collection from now on; nothing else of a mapping ever changes."""
        object.__setattr__(self, "collection", collection)

    @cached_property
    def takes_aliases(self) -> bool:
        """Whether pydantic may look for fields by their aliases too, here and in all that is nested."""
        return self.aliases_for(self.model.__pydantic_core_schema__)

    def source(self) -> str:
        """Give the code that is generated for the class.

        Fields go by their positions: `f0` is the first one, `k0` its key where that is another, and `f0_f2` the third
        one of what is embedded there.
        """
        return self.codec.source


def _has_own(model: type[Any], method: str) -> bool:
    owner = next(cls for cls in model.__mro__ if method in vars(cls))
    return owner is not BaseModel and not is_library_base(owner)


def is_library_base(cls: type[Any]) -> bool:
    """Tell whether a class is the one that all models are derived from."""
    return "__baseline__" in vars(cls)


def mapping_of(model: Any) -> ModelMapping:
    """Give the mapping of a class.

    Raises:
        TypeError: it is not a model, or it is `Model` or `EmbeddedModel` itself.
    """
    if kind_of(model) in (None, ModelKind.ROOT):
        raise TypeError(f"{model!r} is not a subclass of odmantic.Model or odmantic.EmbeddedModel")
    mapping: ModelMapping = model.__mapping__
    return mapping


def is_class(obj: object) -> TypeGuard[type[Any]]:
    """Tell whether this is a class, and not a generic one with its arguments.

    In Python 3.10, `isinstance(list[int], type)` is true, and `issubclass` then fails.
    """
    return issubclass(type(obj), type)


def origin_of(model: Any) -> Any:
    """Give the generic class that a class parametrises, else the class itself."""
    return model.__pydantic_generic_metadata__["origin"] or model


_TWIN = ".__pydantic_model__"


def why_no_model(cls: type[Any]) -> str:
    """Say why a class that inherits from a model is none, to be put behind its name; nothing for other classes."""
    parent = next((base for base in cls.__mro__ if base.__qualname__.endswith(_TWIN)), None)
    if parent is None:
        return ""
    name = parent.__qualname__.removesuffix(_TWIN)
    return (
        f": it inherits from {name}, and a subclass of a model is a plain pydantic model, without a collection. "
        "Put the common fields into a class that is no model, and derive both from it and from Model"
    )


def kind_of(obj: object) -> ModelKind | None:
    """Tell what a class is to the database; `None` for anything but a model."""
    if not is_class(obj):
        return None
    return getattr(obj, "__odm_kind__", None)


def kind_of_instance(value: object) -> ModelKind | None:
    """Tell what the class of an instance is to the database."""
    return getattr(type(value), "__odm_kind__", None)


def is_model(obj: object) -> TypeGuard[type[Model]]:
    """Tell whether this is a class with a collection."""
    return kind_of(obj) is ModelKind.MODEL


def is_embedded_model(obj: object) -> TypeGuard[type[EmbeddedModel]]:
    """Tell whether this is a class of embedded documents."""
    return kind_of(obj) is ModelKind.EMBEDDED


def is_model_instance(obj: object) -> TypeGuard[Model]:
    """Tell whether this is an instance of a class with a collection."""
    return getattr(type(obj), "__odm_kind__", None) is ModelKind.MODEL
