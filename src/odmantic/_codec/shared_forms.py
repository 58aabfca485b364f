"""The stored forms that members of a union share, so that pydantic alone might take a value for that of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import NoneType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import bson
from bson.int64 import Int64
from pydantic import RootModel

from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.stored_forms import stored_members
from odmantic._types.tree import (
    Array,
    Choice,
    Enumeration,
    FixedTuple,
    Leaf,
    Object,
    Table,
    Type,
    Union,
)

if TYPE_CHECKING:
    from odmantic._errors.lines import ErrorList
    from odmantic._mapping.interfaces import Decoder, Location

_NUMBERS: frozenset[type[Any]] = frozenset({bool, int, float})
_SCALARS: frozenset[type[Any]] = _NUMBERS | {str, bytes, datetime}
_EXACT: frozenset[type[Any]] = _SCALARS | {NoneType, bson.ObjectId}
"""Classes whose values pydantic tells apart, whatever the order of the members."""
_EXACT_INSIDE = _EXACT - {datetime}
"""The same for items of containers: pydantic reads datetimes from text and numbers, too."""
_TAKE_NO_NUMBERS: frozenset[type[Any]] = frozenset({int, str, bytes, NoneType, bson.ObjectId})

_SEVERAL = 2
_ARRAYS: tuple[type[Any], ...] = (list, tuple)
_DOCUMENTS: tuple[type[Any], ...] = (Mapping,)


def shared_classes(members: list[Type], *, are_decoded: bool) -> tuple[type[Any], ...]:
    """Return the classes of stored values that pydantic might take for values of another member than their own.

    Some values may be decoded before pydantic sees them.
    """
    found: set[type[Any]] = set()
    kinds = [_stored_kinds(member) for member in members]
    for index, (member, own) in enumerate(zip(members, kinds, strict=True)):
        if own and not _are_exact([member], _EXACT):
            for other in kinds[:index] + kinds[index + 1 :]:
                found |= own & other
    if not are_decoded:
        # Pydantic gives them to the member with this very class.
        plain = [member for member in members if type(member) is Leaf]
        found -= {cls for member in plain for cls in member.value_classes}
    arrays = [member for member in members if _is_stored_as(list, member, (Array, FixedTuple))]
    tables = [member for member in members if _is_stored_as(dict, member, (Table,))]
    if _may_be_mistaken(arrays):
        found.update(_ARRAYS)
    if _may_be_mistaken(tables):
        found.update(_DOCUMENTS)
    return tuple(found)


def _is_stored_as(cls: type[Any], node: Type, kinds: tuple[type[Type], ...]) -> bool:
    """Return whether a type is of some kinds of containers, or has members that are stored as one."""
    members = stored_members(node, is_strict=True)
    return isinstance(node, kinds) or any(isinstance(stored, cls) for stored, _ in members)


def _may_be_mistaken(containers: Sequence[Type]) -> bool:
    """Return whether what one container stores may be taken for what another does; documents are told by their keys."""
    containers = [each for each in containers if not _has_objects(each)]
    if len(containers) < _SEVERAL:
        return False
    leaves = [leaf for each in containers for leaf in _leaves(each)]
    # What is read as another class than the driver's is no exact match for pydantic, whatever is inside.
    are_exact = {each.cls for each in containers} in ({list}, {dict})
    return not (are_exact and _are_exact(leaves, _EXACT_INSIDE))


def _has_objects(node: Type) -> bool:
    return any(isinstance(leaf, Object) for leaf in _leaves(node))


def _leaves(node: Type) -> list[Type]:
    """Return the types of what is not a container itself, at any depth."""
    containers = (Array, FixedTuple, Table, Union)
    return [each for each in node.inside if not isinstance(each, containers)]


def _are_exact(leaves: Iterable[Type], exact: frozenset[type[Any]]) -> bool:
    return all(
        isinstance(leaf, Leaf) and all(cls in exact for cls in leaf.value_classes)
        for leaf in leaves
    )


def _stored_kinds(node: Type) -> frozenset[type[Any]]:
    """Return the classes of the scalars as which a type's values are stored; all numbers count as one."""
    if not isinstance(node, Leaf) or node.cls is UUID:
        return frozenset()
    if isinstance(node, (Choice, Enumeration)):
        members = {stored.__class__ for stored, _ in stored_members(node, is_strict=True)}
        return _kinds_of((*members, *node.value_classes))
    if node.form is not None:
        return _kinds_of((node.form.stored,))
    return _kinds_of(node.value_classes)


def _kinds_of(classes: tuple[type[Any], ...]) -> frozenset[type[Any]]:
    found = {kind for cls in classes for kind in _SCALARS if issubclass(cls, kind)}
    return frozenset(found | (_NUMBERS if found & _NUMBERS else set()))


def mistakes_int64(members: list[Type]) -> bool:
    """Return whether pydantic might take an `Int64` for a value of another member than that with integers.

    The driver reads large integers as this class, which is derived from `int`.
    """
    others = [member for member in members if member.cls not in (NoneType, None)]
    leaves = [leaf for member in others for leaf in _leaves(member)]
    classes = {cls for leaf in leaves for cls in leaf.value_classes}
    if len(others) == 1 or not all(isinstance(leaf, (Leaf, Object)) for leaf in leaves):
        return False
    # What a root model holds, it is stored as.
    has_integers = any(issubclass(cls, (int, RootModel)) and cls is not bool for cls in classes)
    return has_integers and Int64 not in classes and not all(map(_takes_no_numbers, leaves))


def _takes_no_numbers(node: Type) -> bool:
    if isinstance(node, Object):
        return not issubclass(node.cls, RootModel)
    return isinstance(node, Choice) or node.value_class in _TAKE_NO_NUMBERS


def with_plain_integers(decode: Decoder | None, members: list[Type]) -> Decoder:
    """Return a decoder that gives plain integers to another, or to pydantic, except those inside of objects."""
    has_objects = any(map(_has_objects, members))

    def plain(value: Any) -> Any:
        if type(value) is Int64:
            return int(value)
        if is_stored_array(value):
            return [plain(item) for item in value]
        if is_document(value) and not has_objects:
            return {key: plain(item) for key, item in value.items()}
        return value

    def decode_plain(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        if type(value) not in _SCALARS:
            value = plain(value)
        return value if decode is None else decode(value, loc, errors, raw)

    return decode_plain
