"""A guard against changes that a repeated transaction would apply twice.

`stock.n -= 1` on an object from outside the callback subtracts again in each attempt: the database was rolled back,
the object was not. When an attempt saves the very object that an earlier one saved, its document must be the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._mapping import encode_document, mapping_of
from odmantic._state.changes import digest
from odmantic._state.tracked import Tracked
from odmantic._transaction_errors import UnsafeRetryError

if TYPE_CHECKING:
    from odmantic.model import Model


class RetryGuard:
    """The documents that each attempt of a repeated transaction saved, by object, in order."""

    __slots__ = ("_earlier", "_now", "tracked")

    def __init__(self) -> None:
        """Begin with nothing saved and nothing tracked."""
        self.tracked = Tracked()
        """Objects whose values are put back before each further attempt."""
        # The objects are held, so that an id stands for one object as long as this lives.
        self._earlier: dict[int, tuple[Model, list[bytes | None]]] = {}
        self._now: dict[int, int] = {}

    def begin_attempt(self) -> None:
        """Put the values of tracked objects back, and start counting the saves of another attempt."""
        self.tracked.restore()
        self._now = {}

    def check(self, instance: Model) -> None:
        """Enter a save that is about to be sent, and compare it with that of the attempt before.

        Raises:
            UnsafeRetryError: the object's values differ from those it was saved with then.
        """
        if instance in self.tracked:
            return
        key = id(instance)
        document = digest(encode_document(instance))
        _, saves = self._earlier.setdefault(key, (instance, []))
        number = self._now.get(key, 0)
        self._now[key] = number + 1
        if number == len(saves):
            saves.append(document)
        elif saves[number] != document:
            raise UnsafeRetryError(_describe(instance))


def _describe(instance: Model) -> str:
    name = type(instance).__name__
    key = getattr(instance, mapping_of(type(instance)).primary_field or "id", None)
    return (
        f"the transaction cannot be run again: its callback saves a {name} object from outside ({key!r}) with other "
        "values than in the attempt before, so a change would be applied twice. Load the object inside the callback, "
        "or have its values put back before each attempt: restore=[...] or transaction.track(object)"
    )
