"""The kinds of fields in a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Flag, auto
from typing import TYPE_CHECKING, Any, ClassVar

from odmantic._types.annotations import marks_of
from odmantic._types.forms import has_lazy
from odmantic._types.tree import Lazy, Nullable, Target, Targets, Type, read_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic.fields import FieldInfo

    from odmantic._mapping.members import Member
    from odmantic._mapping.options import FieldOptions


_OF_ALL = ("is_null", "exists", "type_")
_OF_ARRAYS = ("contains", "all_", "size", "elem_match")


class Absence(Flag):
    """The values of a field that have no key in the document."""

    NEVER = 0
    OF_NONE = auto()
    OF_DEFAULT = auto()


def none_if_missing() -> None:
    """Return what a field has that leaves out `None`, where a document lacks its key."""


@dataclass(slots=True, eq=False, kw_only=True)
class ODMBaseField:
    """A field of a document.

    `key_name` is its name in the document; `pydantic_field` is pydantic's view of it.
    """

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset()

    key_name: str
    model_config: Mapping[str, object]
    pydantic_field: FieldInfo
    options: FieldOptions
    """What `Field` says."""
    if_missing: Callable[[], Any] | None = None
    """The function that returns the value if a document lacks the key."""
    absence: Absence = Absence.NEVER
    """The values that are left out of documents."""
    owner: tuple[Any, str] | None = field(default=None, init=False, repr=False)
    """The class that has the field, and the field's name there."""
    operand: Callable[[Any], Any] | None = field(default=None, init=False, repr=False)
    """The encoder for values that the field is compared with; `None` until it is first needed."""
    _tree: Type | None = field(default=None, repr=False)

    def bind_pydantic_field(self, info: FieldInfo) -> None:
        """Replace pydantic's view of the field."""
        self.pydantic_field = info
        self._tree = None
        self.operand = None

    @property
    def tree(self) -> Type:
        """What the annotation says."""
        if self._tree is None:
            codecs: Any = self.model_config.get("codecs")
            info = self.pydantic_field
            self._tree = read_type(info.annotation, marks_of(info), codecs=codecs)
        return self._tree

    def is_required_in_doc(self) -> bool:
        """Return whether a document without the key cannot be parsed."""
        if self.if_missing is not None:
            return False
        if self.model_config.get("parse_doc_with_default_factories"):
            return self.pydantic_field.is_required()
        return self.pydantic_field.is_required() or self.pydantic_field.default_factory is not None


@dataclass(slots=True, eq=False, kw_only=True)
class ODMBaseIndexableField(ODMBaseField):
    """A field that may have a single-field index."""

    @property
    def index(self) -> bool:
        """Whether the field has an index."""
        return self.options.index

    @property
    def unique(self) -> bool:
        """Whether the field has a unique index, of all documents or of live ones."""
        return bool(self.options.unique)


@dataclass(slots=True, eq=False, kw_only=True)
class ODMField(ODMBaseIndexableField):
    """A field with a value of its own."""

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(
        (
            *("eq", "ne", "in_", "not_in", "lt", "lte", "gt", "gte", "match", "asc", "desc"),
            *("mod", "bits_all_set", "bits_any_set", "bits_all_clear", "bits_any_clear"),
            *("startswith", "endswith", "icontains", "iequals"),
            *(*_OF_ALL, *_OF_ARRAYS),
        )
    )

    @property
    def primary_field(self) -> bool:
        """Whether the field is the primary key."""
        return self.options.primary_field

    def get_default_importing_value(self) -> Any:
        """Return the value that replaces a key missing from the document."""
        if self.if_missing is not None:
            return self.if_missing()
        if self.model_config.get("parse_doc_with_default_factories"):
            return self.pydantic_field.get_default(call_default_factory=True, validated_data={})
        return self.pydantic_field.get_default()


@dataclass(slots=True, eq=False, kw_only=True)
class ODMReference(ODMBaseIndexableField):
    """A field that holds documents of other collections, stored as their primary keys: one, or several in containers.

    `model` is the class of the first of its members, which are the models that it may lead to.
    """

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(
        ("eq", "ne", "in_", "not_in", *_OF_ALL, *_OF_ARRAYS)
    )

    model: type[Any]
    members: tuple[Member, ...]

    @property
    def is_to_one(self) -> bool:
        """Whether the field holds a single target, and no container."""
        tree = self.tree
        inner = tree.inner if isinstance(tree, Nullable) else tree
        return isinstance(inner, (Target, Targets, Lazy))

    @property
    def is_lazy(self) -> bool:
        """Whether the values are `Ref`s."""
        return has_lazy(self.tree)


@dataclass(slots=True, eq=False, kw_only=True)
class ODMEmbedded(ODMField):
    """A field that holds one embedded document, or none."""

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(
        ("eq", "ne", "in_", "not_in", *_OF_ALL)
    )

    model: type[Any]


@dataclass(slots=True, eq=False, kw_only=True)
class ODMEmbeddedGeneric(ODMField):
    """A field whose type has an embedded model among its direct arguments."""

    __allowed_operators__: ClassVar[frozenset[str]] = frozenset(("eq", "ne", *_OF_ALL, *_OF_ARRAYS))

    model: type[Any]
    generic_origin: Any
