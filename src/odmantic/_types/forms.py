"""The forms of references: the annotations of fields that lead to documents of other collections."""

from __future__ import annotations

from collections import deque
from typing import Any

from odmantic._types.kinds import is_lazy
from odmantic._types.tree import Array, Lazy, Nullable, Table, Target, Targets, Type

_ARRAYS: tuple[Any, ...] = (list, tuple, deque)
_SETS: tuple[Any, ...] = (set, frozenset)


def target_in(node: Type) -> Target | Targets | None:
    """Return the type of the targets of a reference; `None` if no field that is a reference can have the type."""
    match node:
        case Target() | Targets():
            return node
        case Lazy():
            return node.inner if isinstance(node.inner, (Target, Targets)) else None
        case Nullable():
            return target_in(node.inner)
        case Array() if node.cls in _ARRAYS or (node.cls in _SETS and _is_hashable(node.inner)):
            return target_in(node.inner)
        case Table() if node.cls is dict:
            return target_in(node.inner)
        case _:
            return None


def _is_hashable(node: Type) -> bool:
    """Return whether the values of a type can be in a set: instances of models cannot."""
    return isinstance(node.inner if isinstance(node, Nullable) else node, Lazy)


def has_lazy(tree: Type) -> bool:
    """Return whether there are lazy references in a type, fields of classes left aside."""
    return any(is_lazy(node.cls) for node in tree.inside)
