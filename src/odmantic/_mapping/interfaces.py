"""Interfaces of what higher rooms make of a mapping, for the mapping and its users."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from odmantic._errors.lines import ErrorList
from odmantic._types.tree import Node, Opaque

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Encoder: TypeAlias = Callable[[Any], Any]
"""A function that returns the stored form of a value."""
FieldEncoder: TypeAlias = tuple[str, str, Encoder | None]
"""A field's name and key, and its encoder; `None` stores the value as it is."""

Location: TypeAlias = "tuple[Any, ...] | None"
"""The location of a value: the location around it, then a name, an index or (with a third item) a key.

It is written out only for a problem.
"""
Decoder: TypeAlias = Callable[[Any, Location, ErrorList, Any], Any]
"""A function that turns the keys inside a value into field names.

It takes the value, its location, the list for problems, and the document around it.
"""
OnMissing: TypeAlias = Callable[[Location, ErrorList, Any], Any]
"""A function that returns the replacement of a missing key; `MISSING` leaves that to pydantic."""
FieldDecoder: TypeAlias = tuple[str, str, Decoder | None, OnMissing]

MISSING: Any = object()

IsLeftOut: TypeAlias = Callable[[Any], bool]
"""Tells by its stored form whether a value has no key in the document."""

Judge: TypeAlias = Callable[[Any], None]
"""Refuses an instance whose document could not be read again."""

Read: TypeAlias = Callable[[Any], Any]
ReadPart: TypeAlias = Callable[[Any, Any], tuple[Any, ...] | None]
ReadAll: TypeAlias = Callable[[list[Any], Callable[[Any], None], Any], Any]
TakeSnapshot: TypeAlias = Callable[[Any], tuple[Any, ...]]
Write: TypeAlias = Callable[[Any], dict[str, Any]]
Changes: TypeAlias = tuple[frozenset[str], Any, dict[str, Any], Any]
"""The names of the fields to send, the value of `_id`, the document for `$set`, and the write."""


class Take(Protocol):
    """A function that adds the documents and ids of instances that are to be sent whole, up to the first that is not.

    The added instances count as known at the destination. With `new`, it adds only instances whose document cannot
    exist.
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


class Keys(Protocol):
    """The primary keys of one model, see `odmantic._codec.keys`."""

    @property
    def adapter(self) -> TypeAdapter[Any]: ...
    def read(self, stored: Any) -> Any: ...
    def validate(self, value: Any, *, is_json: bool = False) -> Any: ...
    def make_instance(self, value: Any, *, is_json: bool, context: Any) -> Any: ...
    def stored(self, key: Any) -> Any: ...
    def stored_of(self, instance: Any) -> Any: ...


class Readable(Protocol):
    """The parts of a class that generated code can read, see `odmantic._codec.readable`."""

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
    @property
    def read_part(self) -> ReadPart: ...
    def read_known(self, raw: Any, known: Any) -> Any: ...
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
