"""What the rooms above make of a mapping, as the mapping and those who use it see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from odmantic._errors.lines import ErrorList
from odmantic._types.tree import Node, Opaque

Encoder: TypeAlias = Callable[[Any], Any]
"""Gives the stored form of a value."""
FieldEncoder: TypeAlias = tuple[str, str, Encoder | None]
"""Name and key of a field, and how its value is converted; `None` stores it as it is."""

Location: TypeAlias = "tuple[Any, ...] | None"
"""Where a value is: the location around it, then a name, an index or (with a third item) a key.

Written out only for a problem.
"""
Decoder: TypeAlias = Callable[[Any, Location, ErrorList, Any], Any]
"""Turns the keys inside a value into names of fields.

Takes the value, its location, the list for the problems found, and the document it is in.
"""
OnMissing: TypeAlias = Callable[[Location, ErrorList, Any], Any]
"""Gives what stands in for a missing key; `MISSING` leaves that to pydantic."""
FieldDecoder: TypeAlias = tuple[str, str, Decoder | None, OnMissing]

MISSING: Any = object()

Read: TypeAlias = Callable[[Any], Any]
ReadAll: TypeAlias = Callable[[list[Any], Callable[[Any], None], Any], Any]
TakeSnapshot: TypeAlias = Callable[[Any], tuple[Any, ...]]
Write: TypeAlias = Callable[[Any], dict[str, Any]]
Changes: TypeAlias = tuple[frozenset[str], Any, dict[str, Any]]
"""The names of the fields to be sent, what `_id` holds, and the document for `$set`."""


class Take(Protocol):
    """Adds the document, and the id, of each instance that is to be sent as a whole, up to one that is not.

    Those taken count as known where the write goes. With `new`, only instances are taken of which no document can exist.
    """

    def __call__(
        self,
        instances: Iterable[Any],
        documents: list[dict[str, Any]],
        ids: list[Any],
        known: Any,
        *,
        new: bool,
    ) -> None: ...


class Readable(Protocol):
    """What generated code can read of a class, see `odmantic._codec.readable`."""

    @property
    def nodes(self) -> dict[str, Node] | None: ...
    @property
    def shapes(self) -> dict[str, Node | None]: ...
    @property
    def is_throughout(self) -> bool: ...
    @property
    def is_by_itself(self) -> bool: ...
    def opaque_node(self, name: str) -> Opaque | None: ...


class Codec(Protocol):
    """The functions generated for a class, see `odmantic._compiled.compile`."""

    @property
    def source(self) -> str: ...
    @property
    def read_new(self) -> Read: ...
    @property
    def read_all(self) -> ReadAll: ...
    def read_known(self, raw: Any, known: Any = ...) -> Any: ...
    @property
    def snapshots(self) -> dict[str, TakeSnapshot]: ...
    @property
    def snapshot(self) -> TakeSnapshot: ...
    @property
    def baseline(self) -> TakeSnapshot: ...
    @property
    def leaf_classes(self) -> frozenset[type[Any]]: ...
    @property
    def exact_classes(self) -> dict[str, type[Any]]: ...
    @property
    def is_judged_whole(self) -> bool: ...
    @property
    def write(self) -> Write: ...
    @property
    def encoders(self) -> dict[str, tuple[str, Encoder | None]]: ...
    @property
    def take(self) -> Take | None: ...
    @property
    def take_changes(self) -> Callable[..., Changes | None] | None: ...
    @property
    def mark_nested(self) -> Callable[[Iterable[Any]], None] | None: ...
