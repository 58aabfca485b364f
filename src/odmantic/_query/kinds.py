"""What the values of a type are in documents, as far as operators care."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, Flag, auto
from types import NoneType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bson.decimal128 import Decimal128

from odmantic._codec.own_forms import dumping_marks
from odmantic._codec.stored_forms import stored_members
from odmantic._mapping.mapping import mapping_of
from odmantic._types.tree import (
    Array,
    Choice,
    Coded,
    Document,
    Enumeration,
    FixedTuple,
    Lazy,
    Leaf,
    Object,
    Table,
    Target,
    Type,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(Flag):
    """Kinds of stored values."""

    NOTHING = 0
    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    BYTES = auto()
    ARRAY = auto()
    DOCUMENT = auto()
    OTHER = auto()
    """Values of which operators ask nothing but comparisons."""
    ANYTHING = TEXT | INTEGER | NUMBER | BYTES | ARRAY | DOCUMENT | OTHER


_KINDS: tuple[tuple[tuple[type[Any], ...], Kind], ...] = (
    ((bool,), Kind.OTHER),
    ((int,), Kind.INTEGER | Kind.NUMBER),
    ((float, Decimal, Decimal128), Kind.NUMBER),
    ((str,), Kind.TEXT),
    ((bytes,), Kind.BYTES),
    ((NoneType,), Kind.NOTHING),
    ((list, tuple, set, frozenset), Kind.ARRAY),
    ((dict,), Kind.DOCUMENT),
)

_found: WeakKeyDictionary[Type, Kind] = WeakKeyDictionary()


def kinds_of(node: Type) -> Kind:
    """Return the kinds of values that a type may store: all of them if only code of the program knows."""
    kind = _found.get(node)
    if kind is None:
        _found[node] = Kind.NOTHING  # of a union that is a member of itself
        kind = _found[node] = _kinds_of(node)
    return kind


def _kinds_of(node: Type) -> Kind:
    is_dumped = node.serializer is None and dumping_marks(node) is not None
    if isinstance(node, Coded) or node.is_stored_by_user or is_dumped:
        return Kind.ANYTHING
    match node:
        case Union():
            return _joined(map(kinds_of, node.arguments))
        case Array() | FixedTuple():
            return Kind.ARRAY
        case Table() | Document():
            return Kind.DOCUMENT
        case Lazy():
            return kinds_of(node.inner)
        case Target():
            mapping = mapping_of(node.cls)
            return kinds_of(mapping.fields[mapping.primary_field or ""].tree)
        case Object():
            return Kind.ANYTHING
        case _:
            return _joined(map(_kind_of_class, _stored_classes(node)))


def _stored_classes(node: Type) -> tuple[type[Any], ...]:
    if isinstance(node, (Choice, Enumeration)):
        plain = [each for each in node.values if not isinstance(each, Enum)]
        stored = [each for each, _ in stored_members(node, is_strict=True)]
        return tuple(each.__class__ for each in (*plain, *stored))
    form = node.form if isinstance(node, Leaf) else None
    return node.value_classes if form is None else (form.stored,)


def _kind_of_class(cls: Any) -> Kind:
    for classes, kind in _KINDS:
        if issubclass(cls, classes):
            return kind
    return Kind.OTHER if cls.__module__ in _PLAIN_MODULES else Kind.ANYTHING


_PLAIN_MODULES = frozenset(
    {"bson.objectid", "datetime", "uuid", "re", "bson.regex", "bson.timestamp"}
)


def _joined(kinds: Iterable[Kind]) -> Kind:
    found = Kind.NOTHING
    for each in kinds:
        found |= each
    return found
