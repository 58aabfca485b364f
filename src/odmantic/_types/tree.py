"""The type tree: an annotation, read once, with a kind of node for each kind of type.

Everything that depends on annotations walks the tree: how values are stored and read, what generated code knows about
them, what can change, which models are inside. Annotations themselves are rewritten only elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from pathlib import Path, PurePath
from types import NoneType
from typing import Annotated, Any, Literal, NewType, TypeAlias, TypeVar, cast, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, EmailStr, FutureDate, NaiveDatetime, PastDate

from odmantic._bson.codecs import NO_CODECS, BsonCodec, Codecs, codec_of_class, is_codec
from odmantic._bson.datetimes import mode_in
from odmantic._bson.forms import Form, form_of
from odmantic._bson.values import AS_IT_IS
from odmantic._types.aliases import alias_value, is_type_alias
from odmantic._types.annotations import annotated, evaluate, is_union, tag_of, union_of
from odmantic._types.classes import (
    IMMUTABLE,
    field_types,
    is_array,
    is_mapping,
    is_object_class,
    type_of_extras,
    type_of_variable,
)
from odmantic._types.kinds import ModelKind, is_class, is_lazy, kind_of
from odmantic._types.leaves import (
    CHECKS,
    CHECKS_OF_DATETIMES,
    NO_CHECK,
    Check,
    check_of_form,
    check_of_members,
    check_of_values,
    is_written_by_user,
)
from odmantic._types.unions import OneOfModels
from odmantic.bson import (
    BSON_TYPES_SUBSTITUTES,
    DATETIMES,
    DECIMAL_SERIALIZER,
    PLAIN_DATETIMES,
    WithBsonSerializer,
)


def read_type(
    annotation: Any, metadata: Iterable[Any] = (), *, codecs: Codecs | None = None
) -> Type:
    """Read an annotation, with its metadata, where a class has codecs.

    Raises:
        NameError: if an alias in it names something that is defined later.
    """
    return _Reading(codecs).make(annotation, metadata)


def read_fields(cls: Any) -> dict[str, Type]:
    """Read the fields of a class."""
    return _Reading().parts(cls)


def read_extras(model: Any) -> Type:
    """Read the type of a model's extra values."""
    return _Reading(_codecs_of(model)).make(type_of_extras(model), ())


@dataclass(frozen=True, eq=False)
class Type:
    """A node of the type tree; this class itself is for generic types of no special kind.

    A node's inside is read once, on first access; an annotation or alias that occurs several times is one node. So a
    type may contain itself, and a walk through a tree visits each node once.

    Attributes:
        annotation: The annotation as written.
        bare: The type inside `Annotated`, new types and aliases.
        cls: The same without arguments; almost always a class.
        marks: The metadata passed on the way, the innermost first.
        is_named: Whether it is a new type or an alias.
    """

    annotation: Any
    bare: Any
    cls: Any
    marks: tuple[Any, ...]
    is_named: bool
    _reading: _Reading = field(repr=False)

    def marked(self, marks: Iterable[Any]) -> Type:
        """Return the same type with other marks."""
        marks = tuple(marks)
        annotation = annotated(self.bare, marks)
        return replace(self, annotation=annotation, marks=marks, is_named=False)

    @cached_property
    def arguments(self) -> tuple[Type, ...]:
        """The types that values hold, or may be; `Literal` and `type[...]` hold nothing."""
        if self.bare is self.cls or self.cls in (Literal, type):
            return ()
        arguments = (each for each in get_args(self.bare) if each is not Ellipsis)
        return tuple(map(self._reading.read, arguments))

    @cached_property
    def inside(self) -> tuple[Type, ...]:
        """This node and all nodes inside it, at any depth, each once; fields of classes are not visited."""
        found: dict[Type, None] = {}
        waiting: list[Type] = [self]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found[node] = None
                if node.bare is not node.cls:
                    waiting.extend(reversed(node.arguments))
        return tuple(found)

    @cached_property
    def models(self) -> tuple[Object, ...]:
        """The models and embedded models inside, those that lazy references lead to included."""
        return tuple(node for node in self.inside if isinstance(node, (Document, Target)))

    @cached_property
    def is_mutable(self) -> bool:
        """Whether a value can change without an assignment."""
        return any(map(_can_change, self.inside))

    @property
    def codecs(self) -> Codecs:
        """The codecs of the class around the type."""
        return self._reading.codecs

    @property
    def value_class(self) -> type[Any]:
        """The class of the values; `Nothing` if it is not known."""
        return self.value_classes[0]

    @property
    def value_classes(self) -> tuple[type[Any], ...]:
        """The classes of the values, if there may be several."""
        cls = self.cls
        if cls is None:
            return (NoneType,)
        if cls is Any or is_union(self.bare) or not is_class(cls):
            return (Nothing,)
        # Typed dictionaries have no instances.
        return (dict if issubclass(cls, dict) else value_class_of(cls),)

    @property
    def is_scalar(self) -> bool:
        """Whether BSON has a type for the values, so that they are stored unchanged."""
        return all(issubclass(cls, AS_IT_IS) for cls in self.value_classes)

    @property
    def datetimes(self) -> str | None:
        """The choice for the type's own datetimes, `"naive"` or `"aware"`; `None` if they are as given."""
        if self.cls not in PLAIN_DATETIMES:
            return _DATETIMES_BY_TYPE.get(self.cls) if self.cls in DATETIMES else None
        chosen = mode_in(self.marks)
        return None if chosen is None else chosen.mode

    @property
    def serializer(self) -> Callable[[Any], Any] | None:
        """How a user or a BSON type stores the values."""
        for mark in self.marks:
            if isinstance(mark, WithBsonSerializer):
                return mark.bson_serializer
        return None

    @property
    def is_stored_by_user(self) -> bool:
        """Whether a user defines how values are stored: only the validators of the type can then read them."""
        return self.serializer not in (None, DECIMAL_SERIALIZER.bson_serializer)


def value_class_of(cls: type[Any]) -> type[Any]:
    """Return the class of the values of a type that is a class."""
    return _VALUE_CLASSES.get(cls, cls)


class Nothing:
    """A class without instances, for values whose class is not known."""


class Coded(Type):
    """A type with a codec of the program, which alone knows what is inside."""

    @cached_property
    def plain(self) -> Type:
        """The type without the codec."""
        return self._reading.node(self.annotation, self.bare, self.cls, self.marks, self.is_named)

    @property
    def arguments(self) -> tuple[Type, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] - never assigned
        return ()

    @cached_property
    def is_mutable(self) -> bool:
        nodes = self.plain.inside
        return not all(issubclass(cls, IMMUTABLE) for each in nodes for cls in _classes_of(each))

    @cached_property
    def codec(self) -> BsonCodec[Any]:
        return cast("BsonCodec[Any]", codec_for(self.plain))

    @property
    def serializer(self) -> Callable[[Any], Any] | None:
        return None

    @property
    def value_classes(self) -> tuple[type[Any], ...]:
        return _classes_of(self.plain)

    @property
    def admits_none(self) -> bool:
        """Whether the type has `None`, which passes by its codec."""
        return isinstance(self.plain, Union) and NoneType in self.value_classes


def codec_for(node: Type) -> BsonCodec[Any] | None:
    """Return the codec for a type: that of the annotation, of the class around it, or a registered one."""
    for mark in reversed(node.marks):
        if is_codec(mark):
            return mark
        if isinstance(mark, WithBsonSerializer) and mark is not DECIMAL_SERIALIZER:
            return None
    if not is_class(node.cls):
        return None
    # Typed dictionaries are no dictionaries for their codecs.
    cls = node.cls if isinstance(node, Object) else node.value_class
    return codec_of_class(node.cls, node.codecs) or codec_of_class(cls, node.codecs)


class Leaf(Type):
    """A class without arguments, or another type with nothing inside."""

    @cached_property
    def check(self) -> Check:
        """The code that checks stored values, and converts them; `NO_CHECK` if only pydantic can."""
        if not is_class(self.cls):
            return NO_CHECK
        form, cls = self.form, self.value_class
        # Pydantic has more to say of the values of its own classes without instances.
        if form is not None and form.is_leaf and (issubclass(cls, self.cls) or cls is date):
            return check_of_form(cls, form)
        if self.datetimes is not None:
            return CHECKS_OF_DATETIMES[self.datetimes]
        return CHECKS[datetime] if self.cls in DATETIMES else CHECKS.get(self.cls, NO_CHECK)

    @cached_property
    def form(self) -> Form | None:
        """The stored form of values for which BSON has no type; `None` for others, and where code of a user says it."""
        form = form_of(self.value_class)
        is_open = form is not None and not is_written_by_user(self.cls, self.marks)
        return form if is_open else None


class Anything(Type):
    """`Any`: a value of any type, which is not changed."""


class Choice(Leaf):
    """A `Literal`."""

    @property
    def values(self) -> tuple[Any, ...]:
        """The permitted values."""
        return get_args(self.bare)

    @cached_property
    def check(self) -> Check:
        return check_of_values(self.values)

    @property
    def value_classes(self) -> tuple[type[Any], ...]:
        return tuple(dict.fromkeys(map(type, self.values)))


class Enumeration(Leaf):
    """An `Enum`."""

    @property
    def values(self) -> tuple[Any, ...]:
        """The members."""
        return tuple(self.cls)

    @cached_property
    def check(self) -> Check:
        return check_of_members(self.cls, self.values)


class Variable(Type):
    """A type variable: a parameter of a generic class without an argument."""

    @cached_property
    def bound(self) -> Type:
        """The type that validates values."""
        return self._reading.make(type_of_variable(self.bare), self.marks)


class Union(Type):
    """A union of several types."""


class Nullable(Union):
    """`None`, or a value of `inner`."""

    @property
    def inner(self) -> Type:
        """The type of values that are not `None`."""
        first, second = self.arguments
        return second if first.cls is NoneType else first


class Tagged(Union):
    """A union of classes that the value of a field tells apart."""

    @property
    def tag(self) -> str:
        """The name of the field."""
        return next(tag for mark in self.marks if (tag := tag_of(mark)) is not None)


class Targets(Union):
    """One of several models, in a reference."""


class Array(Type):
    """A container of the class `cls`, stored as an array."""

    @property
    def inner(self) -> Type:
        """The type of the items."""
        return self.arguments[0]


class FixedTuple(Type):
    """A tuple with a type for each item."""


class Table(Type):
    """A container with keys, stored as a document."""

    @property
    def key(self) -> Type:
        """The type of the keys."""
        return self.arguments[0]

    @property
    def inner(self) -> Type:
        """The type of the values."""
        return self.arguments[1]


class Object(Type):
    """A class with fields: a plain pydantic model, a dataclass, a typed dictionary or a named tuple."""

    @property
    def parts(self) -> dict[str, Type]:
        """The types of the fields by name."""
        return self._reading.parts(self.cls)

    @property
    def extras(self) -> Type:
        """The type of extra values."""
        return self._reading.make(type_of_extras(self.cls), ())


class Document(Object):
    """An embedded model: a document in the document."""


class Target(Object):
    """A model: a document of another collection, in place of its primary key."""


class Lazy(Type):
    """A lazy reference: its values are `Ref`s, whether or not the documents that they lead to are loaded."""

    @cached_property
    def inner(self) -> Type:
        """What the reference leads to: documents of a model, or of one of several."""
        node = self.arguments[0]
        if not isinstance(node, Union) or not all(isinstance(e, Target) for e in node.arguments):
            return node
        return Targets(
            node.annotation, node.bare, node.cls, node.marks, node.is_named, self._reading
        )


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that pydantic has to validate, though without any other field.

    `read` takes it and the document around it, and raises unless the value is valid. `nests` tells whether it may hold
    instances of embedded models.
    """

    read: Callable[[Any, Any], Any]
    nests: bool


Node: TypeAlias = Type | Opaque
"""How generated code reads a field."""


def nodes_around(shape: Node | None) -> list[Node | None]:
    """Return a shape and the shapes in it, level by level; the last one holds at most a document."""
    nodes = [shape]
    while isinstance(last := nodes[-1], (Nullable, Array, Table)):
        nodes.append(last.inner)
    return nodes


def is_leaf(node: Node) -> bool:
    """Return whether a value is its own snapshot in generated code."""
    return isinstance(node.inner if isinstance(node, Nullable) else node, Leaf)


def _can_change(node: Type) -> bool:
    """Return whether a value can change apart from its contents."""
    match node:
        case Coded():
            return node.is_mutable
        case Choice() | Union() | Target() | Lazy():
            return False
        case Object() if issubclass(node.cls, BaseModel):
            return isinstance(node, Document) or not node.cls.model_config.get("frozen")
        case _:
            return not issubclass(node.value_class, IMMUTABLE)


def _classes_of(node: Type) -> tuple[type[Any], ...]:
    if isinstance(node, Union):
        return tuple(cls for each in node.arguments for cls in each.value_classes)
    return node.value_classes


_DATETIMES_BY_TYPE: dict[Any, str] = {AwareDatetime: "aware", NaiveDatetime: "naive"}

_VALUE_CLASSES: dict[Any, type[Any]] = {
    **{other: cls for cls, other in BSON_TYPES_SUBSTITUTES.items() if is_class(other)},
    **dict.fromkeys(DATETIMES, datetime),
    PastDate: date,
    FutureDate: date,
    EmailStr: str,
    PurePath: type(PurePath()),
    Path: type(Path()),
}


class _Reading:
    """A builder of one tree: one node per annotation, whose fields are read once per class."""

    def __init__(self, codecs: Codecs | None = None) -> None:
        self.codecs = codecs or NO_CODECS
        self._nodes: dict[Any, Type] = {}
        self._behind: dict[Any, Any] = {}
        self._parts: dict[Any, dict[str, Type]] = {}

    def read(self, annotation: Any) -> Type:
        # Comparing nested annotations takes longer with each level. The node keeps the annotation, so that no other
        # gets its id.
        key = annotation if is_type_alias(annotation) else id(annotation)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = self.make(annotation, ())
        return node

    def make(self, annotation: Any, metadata: Iterable[Any]) -> Type:
        bare: Any = annotation
        marks: tuple[Any, ...] = tuple(metadata)
        is_named = False
        while True:
            if get_origin(bare) is Annotated:
                marks = (*bare.__metadata__, *marks)
                bare = bare.__origin__
            elif isinstance(bare, NewType):
                bare, is_named = bare.__supertype__, True
            elif is_type_alias(bare):
                bare, is_named = self._behind_alias(bare), True
            else:
                break
        cls: Any = get_origin(bare)
        if cls is None:
            cls = bare
        elif not hasattr(bare, "__args__"):
            # A bare `typing.List` is a list of `Any`.
            bare = cls
        node = self.node(annotation, bare, cls, marks, is_named)
        is_coded = codec_for(node) is not None
        return Coded(annotation, bare, cls, marks, is_named, self) if is_coded else node

    def node(
        self, annotation: Any, bare: Any, cls: Any, marks: tuple[Any, ...], is_named: bool
    ) -> Type:
        """Make a node, whatever codec there is."""
        if is_union(bare) and any(isinstance(mark, OneOfModels) for mark in marks):
            return Targets(annotation, bare, cls, marks, is_named, self)
        if is_union(bare) and any(map(tag_of, marks)):
            return self._tagged(annotation, bare, cls, marks, is_named)
        return _kind(bare, cls)(annotation, bare, cls, marks, is_named, self)

    def _tagged(
        self, annotation: Any, bare: Any, cls: Any, marks: tuple[Any, ...], is_named: bool
    ) -> Type:
        members = get_args(bare)
        if NoneType not in members:
            return Tagged(annotation, bare, cls, marks, is_named, self)
        others = tuple(member for member in members if member is not NoneType)
        if len(others) > 1:
            # The tag concerns the others, as if `Optional` were around them.
            tags = [mark for mark in marks if tag_of(mark)]
            marks = tuple(mark for mark in marks if not tag_of(mark))
            bare = union_of((annotated(union_of(others), tags), NoneType))
        return Nullable(annotation, bare, cls, marks, is_named, self)

    def parts(self, cls: Any) -> dict[str, Type]:
        if cls not in self._parts:
            # The codecs of a class are not those of documents embedded in it.
            reading = self if kind_of(cls) is None else _Reading(_codecs_of(cls))
            self._parts[cls] = {name: reading.make(*of) for name, of in field_types(cls).items()}
        return self._parts[cls]

    def _behind_alias(self, alias: Any) -> Any:
        # An alias with arguments is a new object each time the alias around it is evaluated.
        if alias not in self._behind:
            value = alias_value(alias)
            # Arguments have been evaluated with the alias.
            is_evaluated = get_origin(alias) is not None
            value = value if is_evaluated else evaluate(value, alias.__module__, {})[0]
            self._behind[alias] = value
        return self._behind[alias]


def _codecs_of(model: Any) -> Codecs | None:
    codecs: Codecs | None = model.model_config.get("codecs")
    return codecs


def _kind(bare: Any, cls: Any) -> type[Type]:
    if bare is Any:
        return Anything
    if is_union(bare):
        members = get_args(bare)
        return Nullable if len(members) == _OPTIONAL and NoneType in members else Union
    kind = _kind_of_class(cls) if is_class(cls) else None
    if kind is not None:
        return kind
    if bare is not cls:
        return _kind_of_generic(cls, get_args(bare))
    return Variable if isinstance(bare, TypeVar) else Leaf


def _kind_of_class(cls: type[Any]) -> type[Type] | None:
    kind = _KINDS_OF_MODELS.get(kind_of(cls))
    if kind is not None:
        return kind
    if issubclass(cls, Enum):
        return Enumeration
    return Object if is_object_class(cls) else None


def _kind_of_generic(cls: Any, arguments: tuple[Any, ...]) -> type[Type]:
    if cls is Literal:
        return Choice
    if is_lazy(cls):
        return Lazy
    if is_mapping(cls):
        return Table if len(arguments) == _KEY_AND_VALUE else Type
    if cls is tuple and arguments[-1:] != (Ellipsis,):
        return FixedTuple
    return Array if arguments and is_array(cls) else Type


_OPTIONAL = 2
_KEY_AND_VALUE = 2

_KINDS_OF_MODELS: dict[ModelKind | None, type[Type]] = {
    ModelKind.EMBEDDED: Document,
    ModelKind.MODEL: Target,
}
