"""What generated code knows of the values of a field: the shapes that it can check by itself."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args, get_origin
from uuid import UUID

import bson
import bson.binary
import bson.decimal128
import bson.int64

from odmantic._conversions import as_stored_datetime
from odmantic._mapping.aliases import is_type_alias
from odmantic._mapping.annotations import (
    is_union,
    models_in,
    type_adapter,
)
from odmantic._mapping.decimals import to_decimal
from odmantic._mapping.mapping import (
    ModelKind,
    ODMReference,
    is_embedded_model,
    kind_of,
    mapping_of,
)
from odmantic._mapping.options import FieldOptions
from odmantic._mapping.plain import is_plain
from odmantic._mapping.shapes import is_document, is_stored_array
from odmantic.bson import (
    BSON_TYPES_SUBSTITUTES,
    DECIMAL_SERIALIZER,
    SUBSTITUTE_MARKS,
    WithBsonSerializer,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.translate import Decoder
    from odmantic.exceptions import ErrorList


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that cannot change and is no container.

    `check` is code that does `{refuse}` unless `{v}` is such a value, and may convert it; the other
    names in braces are those of `names`. `cls` is the class of the result.
    """

    check: str
    names: dict[str, Any]
    cls: type[Any]


@dataclass(frozen=True, slots=True)
class Anything:
    """A value of any type, which stays what it is."""


@dataclass(frozen=True, slots=True)
class Nullable:
    """`None`, or what `inner` says."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Array:
    """A container of the class `origin`, read from an array."""

    origin: type[Any]
    inner: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A `dict` with keys of text."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Document:
    """An embedded document."""

    model: Any


@dataclass(frozen=True, slots=True)
class Target:
    """A document of another collection, in place of its primary key."""

    model: Any


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that pydantic has to look at, though at no other field.

    `read` takes it and the document around it; it raises unless the value is valid. `nests` tells
    that instances of embedded models may be in it.
    """

    read: Callable[[Any, Any], Any]
    nests: bool


Node: TypeAlias = "Leaf | Anything | Nullable | Array | Table | Document | Target | Opaque"

_EXACTLY = """\
if type({v}) is not {cls}:
    {refuse}"""

_CONVERTED = """\
if type({v}) is not {cls}:
    if type({v}) is not {other}:
        {refuse}
    {v} = {cls}({v})"""

_DATETIME = """\
if type({v}) is not {cls}:
    {refuse}
if {v}.tzinfo is not None or {v}.microsecond % 1000:
    {v} = {as_stored_datetime}({v})"""

_DECIMAL = """\
if type({v}) is not {Decimal128}:
    {refuse}
{v} = {to_decimal}({v})
if not {v}.is_finite():
    {refuse}"""

_ONE_OF = """\
if type({v}) is not {cls} or {v} not in {allowed}:
    {refuse}"""

_MEMBER = """\
if type({v}) is not {stored}:
    {refuse}
{v} = {members}.get({v})
if {v} is None:
    {refuse}"""


def _exactly(cls: type[Any]) -> Leaf:
    return Leaf(_EXACTLY, {"cls": cls}, cls)


def _converted(cls: type[Any], other: type[Any]) -> Leaf:
    return Leaf(_CONVERTED, {"cls": cls, "other": other}, cls)


_DECIMAL_LEAF = Leaf(
    _DECIMAL, {"Decimal128": bson.decimal128.Decimal128, "to_decimal": to_decimal}, Decimal
)

_LEAVES: dict[Any, Leaf] = {
    str: _exactly(str),
    bool: _exactly(bool),
    bytes: _exactly(bytes),
    UUID: _exactly(UUID),
    int: _converted(int, bson.int64.Int64),
    float: _converted(float, int),
    BSON_TYPES_SUBSTITUTES[bson.ObjectId]: _exactly(bson.ObjectId),
    BSON_TYPES_SUBSTITUTES[bson.int64.Int64]: _exactly(bson.int64.Int64),
    BSON_TYPES_SUBSTITUTES[bson.decimal128.Decimal128]: _exactly(bson.decimal128.Decimal128),
    BSON_TYPES_SUBSTITUTES[bson.binary.Binary]: _converted(bson.binary.Binary, bytes),
    BSON_TYPES_SUBSTITUTES[datetime]: Leaf(
        _DATETIME, {"cls": datetime, "as_stored_datetime": as_stored_datetime}, datetime
    ),
}

LEAF_CLASSES: frozenset[type[Any]] = frozenset(
    (types.NoneType, Decimal, *(leaf.cls for leaf in _LEAVES.values()))
)
"""Classes of values that cannot change."""

_ARRAYS = (list, tuple, set, frozenset)


def shapes_of(mapping: ModelMapping) -> dict[str, Node | None]:
    """Give the shapes of the fields as far as their annotations tell."""
    return {
        name: Target(field.model)
        if isinstance(field, ODMReference)
        else _node(field.pydantic_field.annotation, field.pydantic_field.metadata)
        for name, field in mapping.fields.items()
    }


def readable_nodes(mapping: ModelMapping) -> dict[str, Node] | None:
    """Give what code can read the fields by; `None` if pydantic has to look at whole documents."""
    if not is_plain(mapping):
        return None
    nodes: dict[str, Node] = {}
    for name, shape in readable_shapes(mapping).items():
        node = shape or _opaque(mapping, name)
        if node is None:
            return None
        nodes[name] = node
    return nodes


def readable_shapes(mapping: ModelMapping) -> dict[str, Node | None]:
    """Give the shapes of the fields; `None` where validators of the user's are at work too."""
    return {
        name: shape if shape and _is_readable(shape, ()) else None
        for name, shape in mapping.shapes.items()
    }


def _is_readable(node: Node, around: tuple[Any, ...]) -> bool:
    if isinstance(node, (Nullable, Array, Table)):
        return _is_readable(node.inner, around)
    if not isinstance(node, Document) or node.model in around:
        return True
    mapping = mapping_of(node.model)
    inner = (*around, node.model)
    return is_plain(mapping) and all(
        _is_readable(shape, inner) if shape else _opaque(mapping, name)
        for name, shape in mapping.shapes.items()
    )


def leaf_classes_of(mapping: ModelMapping) -> frozenset[type[Any]]:
    """Give the classes of the values that cannot change in instances of a model."""
    return LEAF_CLASSES.union(_leaf_classes(mapping, set()))


def _leaf_classes(mapping: ModelMapping, seen: set[Any]) -> Iterator[type[Any]]:
    seen.add(mapping.model)
    for shape in mapping.shapes.values():
        node = shape
        while isinstance(node, (Nullable, Array, Table)):
            node = node.inner
        if isinstance(node, Leaf):
            yield node.cls
        elif isinstance(node, Document) and node.model not in seen:
            yield from _leaf_classes(mapping_of(node.model), seen)


# --- By annotation -----------------------------------------------------------------------------


def _node(annotation: Any, metadata: Iterable[Any] = ()) -> Node | None:
    """Give the shape of a type; `None` if only pydantic knows it."""
    if is_type_alias(annotation):
        return None
    if get_origin(annotation) is Annotated:
        return _node(annotation.__origin__, (*annotation.__metadata__, *metadata))
    marks = [item for item in metadata if not isinstance(item, FieldOptions)]
    if annotation is Decimal:
        return _DECIMAL_LEAF if all(map(_is_of_decimals, marks)) else None
    if marks:
        return None
    if is_union(annotation):
        return _union_node(get_args(annotation))
    if get_origin(annotation) is Literal:
        return _literal_leaf(get_args(annotation))
    return _class_node(annotation)


def _is_of_decimals(mark: object) -> bool:
    return mark is DECIMAL_SERIALIZER or isinstance(mark, SUBSTITUTE_MARKS)


def _union_node(members: tuple[Any, ...]) -> Node | None:
    others = [member for member in members if member is not types.NoneType]
    if len(others) != 1 or len(members) == 1:
        return None
    inner = _node(others[0])
    return inner and Nullable(inner)


def _literal_leaf(values: tuple[Any, ...]) -> Leaf | None:
    cls = _class_of_all(values)
    if cls is None:
        return None
    return Leaf(_ONE_OF, {"cls": cls, "allowed": frozenset(values)}, cls)


def _class_of_all(values: Iterable[Any]) -> type[Any] | None:
    """Give `str` or `int` if all values are just that."""
    classes: set[type[Any]] = set(map(type, values))
    return classes.pop() if classes in ({str}, {int}) else None


def _class_node(cls: Any) -> Node | None:
    if cls in _LEAVES:
        return _LEAVES[cls]
    if cls is Any:
        return Anything()
    if is_embedded_model(cls):
        return Document(cls)
    if isinstance(cls, type) and issubclass(cls, Enum):
        return _enum_leaf(cls)
    return _generic_node(get_origin(cls), get_args(cls))


def _enum_leaf(cls: type[Enum]) -> Leaf | None:
    values = {member.value: member for member in cls}
    stored = None if hasattr(cls, _HOOK) else _class_of_all(values)
    if stored is None:
        return None
    return Leaf(_MEMBER, {"stored": stored, "members": values}, cls)


_HOOK = "__get_pydantic_core_schema__"


def _generic_node(origin: Any, arguments: tuple[Any, ...]) -> Node | None:
    if origin is dict and arguments[0] is str:
        inner = _node(arguments[1])
        return inner and Table(inner)
    if origin in _ARRAYS:
        if origin is tuple and arguments[1:] != (Ellipsis,):
            return None
        inner = _node(arguments[0])
        # The items of a set have an order of their own.
        is_ordered = origin in (list, tuple) or isinstance(inner, Leaf)
        return Array(origin, inner) if inner and is_ordered else None
    return None


# --- By pydantic -------------------------------------------------------------------------------


def _opaque(mapping: ModelMapping, name: str) -> Opaque | None:
    info = mapping.fields[name].pydantic_field
    models = list(models_in(info.annotation))
    if any(
        kind_of(model) is ModelKind.MODEL or model.__mapping__.reference_paths for model in models
    ):
        return None
    adapter = _adapter(mapping, info.annotation, info.metadata)
    # Older versions of pydantic leave the names in an argument of a generic class as they are.
    if not adapter.pydantic_complete or _looks_around(adapter.core_schema):
        return None
    decode = next(decode for each, _, decode, _ in mapping.decoders if each == name)
    return Opaque(_reader(decode, adapter), nests=bool(models))


def _adapter(mapping: ModelMapping, annotation: Any, metadata: Iterable[Any]) -> TypeAdapter[Any]:
    marks = [item for item in metadata if not isinstance(item, (FieldOptions, WithBsonSerializer))]
    if marks:
        parts = (annotation, *marks)
        annotation = Annotated[parts]
    arbitrary_types = bool(mapping.model.model_config.get("arbitrary_types_allowed"))
    return type_adapter(annotation, arbitrary_types=arbitrary_types)


def _looks_around(schema: Any) -> bool:
    """Tell whether a validator may ask for the field it validates, or for other fields."""
    if is_document(schema):
        return schema.get("type") == "with-info" or any(map(_looks_around, schema.values()))
    return is_stored_array(schema) and any(map(_looks_around, schema))


class NotReadError(Exception):
    """Says that pydantic has to look at the whole document."""


def _reader(decode: Decoder | None, adapter: TypeAdapter[Any]) -> Callable[[Any, Any], Any]:
    validate = adapter.validator.validate_python

    def read(value: Any, raw: Any) -> Any:
        if decode is not None:
            errors: ErrorList = []
            value = decode(value, None, errors, raw)
            if errors:
                raise NotReadError
        return validate(value, by_alias=True, by_name=True)

    return read
