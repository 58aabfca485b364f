# Generated from src/odmantic/_aio/operations/turns.py by tools/generate_sync.py: do not edit.
"""Saves of one instance take turns.

Fields that are being written are clean. So a second save has to wait for the first: else it would return
before the document is there, or overtake it with newer values, which the older ones would then replace.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from odmantic._driver._sync import Event
from odmantic._hooks.inside import held_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic.model import Model


class Turn:
    """A save that is under way."""

    __slots__ = ("instances", "is_over", "scope", "waiting")

    def __init__(self, scope: Any, instances: Sequence[Model]) -> None:
        """Begin."""
        self.scope = scope
        self.instances = instances
        self.is_over = False
        self.waiting: list[Event] = []

    def end(self) -> None:
        """Wake those that wait."""
        self.is_over = True
        for event in self.waiting:
            event.set()

    def wait(self) -> None:
        """Wait for the end."""
        event = Event()
        self.waiting.append(event)
        # In another thread it may have ended meanwhile, and does not see this event any more.
        if not self.is_over:
            event.wait()


class Turns:
    """The saves of an engine that are under way.

    A save waits for those in the same run of a transaction only (or, like itself, in none). Outside of a transaction
    the server may have a write wait until that transaction ends, which must not wait for the write in turn.
    """

    __slots__ = ("_bulks", "_singles")

    def __init__(self) -> None:
        """Begin with none."""
        self._singles: dict[int, Turn] = {}
        self._bulks: list[Turn] = []

    def take_at_once(self, instance: Model, scope: Any) -> Turn | None:
        """Begin the save of an instance if no other one is under way."""
        mine = Turn(scope, (instance,))
        return mine if self._busy_for(mine) is None else None

    def take(self, instance: Model, scope: Any) -> Turn | None:
        """Wait for other saves of an instance; `None` if one of another scope is under way."""
        while True:
            mine = Turn(scope, (instance,))
            busy = self._busy_for(mine)
            if busy is None:
                return mine
            if busy.scope is not scope:
                return None
            busy.wait()

    def until_free(self, instance: Model) -> None:
        """Wait until no save of an instance is under way, in whatever scope."""
        while busy := self._any_of(instance):
            busy.wait()

    def _any_of(self, instance: Model) -> Turn | None:
        single = self._singles.get(id(instance))
        if single is not None or not self._bulks:
            return single
        held = held_turns()
        for bulk in (*self._bulks,):
            if bulk not in held and any(each is instance for each in bulk.instances):
                return bulk
        return None

    def leave(self, instance: Model, turn: Turn) -> None:
        """End the save of an instance."""
        del self._singles[id(instance)]
        turn.end()

    def take_all(self, instances: Sequence[Model], scope: Any) -> Turn:
        """Wait for other saves of instances that began before."""
        mine = Turn(scope, instances)
        # Others see it before it looks for them, so that of two threads at least one sees the other.
        self._bulks.append(mine)
        try:
            while busy := self._bulk_with(mine) or self._single_of(mine):
                busy.wait()
        except BaseException:
            self.leave_all(mine)
            raise
        return mine

    def leave_all(self, turn: Turn) -> None:
        """End the save of instances."""
        self._bulks.remove(turn)
        turn.end()

    def _busy_for(self, mine: Turn) -> Turn | None:
        """Begin the save of an instance, or tell which other one is under way."""
        busy = self._bulk_with(mine) if self._bulks else None
        if busy is None:
            instance = mine.instances[0]
            busy = self._singles.setdefault(id(instance), mine)
            if busy is mine:
                # In another thread a bulk save may have begun meanwhile, and may have seen this one or not.
                busy = self._bulk_with(mine) if self._bulks else None
                if busy is not None:
                    self.leave(instance, mine)
        return busy

    def _bulk_with(self, mine: Turn) -> Turn | None:
        """Return a bulk save of the same instances, of those before this one if it is one itself."""
        earlier = [*takewhile(lambda bulk: bulk is not mine, (*self._bulks,))]
        if earlier:
            held = held_turns()
            ids = {id(instance) for instance in mine.instances}
            for bulk in earlier:
                if bulk.scope is not mine.scope or ids.isdisjoint(map(id, bulk.instances)):
                    continue
                # One that waits for the hook which this save is in must not be waited for.
                if bulk not in held:
                    return bulk
        return None

    def _single_of(self, mine: Turn) -> Turn | None:
        if self._singles:
            for instance in mine.instances:
                single = self._singles.get(id(instance))
                if single is not None and single.scope is mine.scope:
                    return single
        return None
