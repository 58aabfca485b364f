"""What generated code reads for a missing key."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from odmantic._codec.coded import has_codec
from odmantic._codec.untyped import encode_any
from odmantic._mapping.fields import none_if_missing
from odmantic._types.leaves import LEAF_CLASSES
from odmantic._types.tree import (
    Anything,
    Array,
    Lazy,
    Leaf,
    Nullable,
    Opaque,
    Table,
    Target,
    Targets,
)

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMBaseField
    from odmantic._types.tree import Node

NO_DEFAULT: Any = object()

_CONTAINERS = (list, tuple, set, frozenset, dict)
_SAME_FOR_PYDANTIC = (type(None), str, int, float, bool)


def stored_default(field: ODMBaseField, node: Node) -> Any:
    """Return the stored form of a field's default.

    `NO_DEFAULT` means that there is none, or that it has to be made for each document.
    """
    if field.if_missing is none_if_missing:
        return None
    info = field.pydantic_field
    is_made_anew = field.is_required_in_doc() or field.if_missing is not None
    if isinstance(node, (Target, Targets, Lazy)) or is_made_anew:
        return NO_DEFAULT
    if info.default_factory is None:
        is_decoded = isinstance(node, Opaque) and info.default is not None and has_codec(field.tree)
        return NO_DEFAULT if is_decoded else _stored(info.default, node)
    is_container = any(info.default_factory is cls for cls in _CONTAINERS)
    return _empty(info.default_factory, node) if is_container else NO_DEFAULT


def _stored(default: Any, node: Node) -> Any:
    if isinstance(node, Opaque):
        return default if type(default) in _SAME_FOR_PYDANTIC else NO_DEFAULT
    if isinstance(node, Nullable):
        return None if default is None else _stored(default, node.inner)
    if isinstance(node, Leaf):
        if isinstance(default, Enum):
            return encode_any(default.value)
        return encode_any(default) if type(default) in LEAF_CLASSES else NO_DEFAULT
    if isinstance(node, Anything):
        return default if type(default) in LEAF_CLASSES else NO_DEFAULT
    if type(default) in _CONTAINERS and not default:
        return _empty(type(default), node)
    return NO_DEFAULT


def _empty(cls: Any, node: Node) -> Any:
    if isinstance(node, Nullable):
        return _empty(cls, node.inner)
    if isinstance(node, Array) and cls is node.cls:
        return []
    if isinstance(node, Table) and cls is dict:
        return {}
    return NO_DEFAULT
