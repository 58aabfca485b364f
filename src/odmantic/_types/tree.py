"""What generated code knows of the values of a field: the shapes that it can check by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


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


def nodes_around(shape: Node | None) -> list[Node | None]:
    """Give a shape and what is in it, level by level; the last one has nothing in it but, perhaps, a document."""
    nodes = [shape]
    while isinstance(nodes[-1], (Nullable, Array, Table)):
        nodes.append(nodes[-1].inner)
    return nodes


def is_leaf(node: Node) -> bool:
    """Tell whether a value is its own snapshot."""
    return isinstance(node, Leaf) or (isinstance(node, Nullable) and isinstance(node.inner, Leaf))
