# Generated from src/odmantic/_aio/turns.py by tools/generate_sync.py: do not edit.
"""Saves of one instance take turns.

Fields that are being written count as unmodified. So a second save has to wait for the first: else it would return
before the document is there, or overtake it with newer values, which the older ones would then replace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._driver._sync import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic.model import Model


class Turns:
    """The saves of an engine that are under way.

    A save waits for those in the same run of a transaction only (or, like itself, in none). Outside of a transaction
    the server may have a write wait until that transaction ends, which must not wait for the write in turn.
    """

    __slots__ = ("_bulks", "_singles")

    def __init__(self) -> None:
        """Begin with none."""
        self._singles: dict[int, tuple[Any, Turn]] = {}
        self._bulks: list[tuple[Any, Turn, Sequence[Model]]] = []

    def take(self, instance: Model, scope: Any) -> Turn | None:
        """Wait for other saves of an instance; `None` if one of another scope is under way."""
        mine = scope, Turn()
        while True:
            busy = self._bulk_with((instance,), scope) if self._bulks else None
            if busy is None:
                other = self._singles.setdefault(id(instance), mine)
                if other is mine:
                    return mine[1]
                if other[0] is not scope:
                    return None
                busy = other[1]
            busy.wait()

    def leave(self, instance: Model, turn: Turn) -> None:
        """End the save of an instance."""
        del self._singles[id(instance)]
        turn.end()

    def take_all(self, instances: Sequence[Model], scope: Any) -> Turn:
        """Wait for other saves of instances."""
        while busy := self._bulk_with(instances, scope) or self._single_of(instances, scope):
            busy.wait()
        turn = Turn()
        self._bulks.append((scope, turn, instances))
        return turn

    def leave_all(self, turn: Turn) -> None:
        """End the save of instances."""
        self._bulks = [bulk for bulk in self._bulks if bulk[1] is not turn]
        turn.end()

    def _bulk_with(self, instances: Sequence[Model], scope: Any) -> Turn | None:
        if self._bulks:
            ids = {id(instance) for instance in instances}
            for other, turn, written in self._bulks:
                if other is scope and not ids.isdisjoint(map(id, written)):
                    return turn
        return None

    def _single_of(self, instances: Sequence[Model], scope: Any) -> Turn | None:
        if self._singles:
            for instance in instances:
                other = self._singles.get(id(instance))
                if other is not None and other[0] is scope:
                    return other[1]
        return None
