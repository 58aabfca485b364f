"""A guard against changes that a retried transaction would apply twice.

`stock.n -= 1` on an object from outside the callback subtracts again in each attempt: the database was rolled back,
the object was not. When an attempt saves an object that an earlier attempt saved, each field must be as at that save,
or as the earlier attempt left it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from odmantic._codec.encode import encode_document
from odmantic._errors.transactions import UnsafeRetryError
from odmantic._mapping.mapping import mapping_of
from odmantic._state.snapshot import digest
from odmantic._transaction.tracked import Tracked
from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from collections.abc import Iterable

    _Document = dict[str, bytes | None]
    """Digests of the stored values by key."""


class RetryGuard:
    """The documents that each attempt of a retried transaction saved, by object, in order."""

    __slots__ = ("_saves", "attempt", "tracked")

    def __init__(self) -> None:
        """Begin with nothing saved and nothing tracked."""
        self.tracked: Tracked = Tracked()
        """Objects whose values are restored before each further attempt."""
        self.attempt: int = 1
        """The number of the present attempt."""
        self._saves: dict[int, _Saves] = {}

    def begin_attempt(self) -> None:
        """Restore the values of tracked objects, and count the saves from zero."""
        self.attempt += 1
        self.tracked.restore()
        for saves in self._saves.values():
            saves.count = 0
            saves.left = saves.latest
            saves.fresh = set()

    def refreshed(self, instance: Instance, names: Iterable[str]) -> None:
        """Note that values of an object came from the server in this attempt: it is no change to begin with others."""
        fields = mapping_of(type(instance)).fields
        fresh = self._saves.setdefault(id(instance), _Saves(instance)).fresh
        fresh.update(fields[name].key_name if name in fields else name for name in names)

    def check(self, instance: Instance) -> None:
        """Enter a save that is about to be sent, and compare it with the same one of the previous attempt.

        Raises:
            UnsafeRetryError: if the object had other values then.
        """
        if instance in self.tracked:
            return
        saves = self._saves.setdefault(id(instance), _Saves(instance))
        document = {key: digest(value) for key, value in _compared(instance).items()}
        if not saves.enter(document):
            raise UnsafeRetryError(_describe(instance))


@dataclass(slots=True)
class _Saves:
    """The saves of one object, which is held so that its id identifies it."""

    instance: Instance
    earlier: list[_Document] = field(default_factory=list["_Document"])
    """By number of the save in its attempt."""
    left: _Document = field(default_factory=dict[str, "bytes | None"])
    """The object as the previous attempt left it."""
    latest: _Document = field(default_factory=dict[str, "bytes | None"])
    count: int = 0
    fresh: set[str] = field(default_factory=set[str])
    """The keys of values that came from the server in this attempt."""

    def enter(self, document: _Document) -> bool:
        """Enter a save; return whether it is as in an earlier attempt."""
        number, self.count, self.latest = self.count, self.count + 1, document
        if number == len(self.earlier):
            self.earlier.append(document)
            return True
        then = self.earlier[number]
        return all(
            key in self.fresh or value in {then.get(key), self.left.get(key)}
            for key, value in document.items()
        )


def _compared(instance: Instance) -> dict[str, Any]:
    """Return the document of an instance, without what the library assigns or computes: that differs by itself."""
    mapping = mapping_of(type(instance))
    if not (mapping.supplied or mapping.soft_delete or mapping.stored):
        return encode_document(instance)
    assigned = {mapping.soft_delete, *(each.name for each in mapping.supplied)}
    return encode_document(instance, mapping.fields.keys() - assigned)


def _describe(instance: Instance) -> str:
    name = type(instance).__name__
    key = getattr(instance, mapping_of(type(instance)).primary_field or "id", None)
    return (
        f"the transaction cannot be run again: its callback saves a {name} object from outside ({key!r}) with other "
        "values than in the attempt before, so a change would be applied twice. Load the object inside the callback, "
        "or have its values put back before each attempt: restore=[...] or transaction.track(object)"
    )
