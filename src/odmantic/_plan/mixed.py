"""Plans a `save_all` of instances of several classes of a hierarchy, which share a collection.

The instances of each class are taken together, as fast as if there were no others; what is to be sent is put back into the
order of the input, so that the first error is that of the first instance that has one.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from odmantic._plan.batch import Batch
from odmantic._plan.groups import Group
from odmantic._plan.planner import BATCH_SIZE, UPDATE_BATCH_SIZE, Planner
from odmantic._state.state import may_exist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odmantic._state.places import Written
    from odmantic.model import Model


def planner_for(
    group: Group,
    start: int,
    check: Callable[[Model], None] | None = None,
    *,
    checked: int = 0,
    write: Written,
) -> Planner | MixedPlanner:
    """Return the planner of a group's members, from one on; `Planner` explains the arguments."""
    if group.is_mixed and check is None:
        return MixedPlanner(group, start, write)
    # One after the other: the check has to see them in order.
    return Planner(group, start, check, checked=checked, write=write)


class MixedPlanner:
    """A planner with one `Planner` for each class."""

    __slots__ = ("_group", "_number", "_planners", "_start", "_write", "stop")

    def __init__(self, group: Group, start: int, write: Written) -> None:
        """Take nothing yet."""
        self._group = group
        self._start = start
        self._write = write
        size = UPDATE_BATCH_SIZE if may_exist(group.members[start]) else BATCH_SIZE
        self.stop = min(start + size, len(group.members))
        self._begin()

    def _begin(self) -> None:
        numbers: dict[type[Model], list[int]] = {}
        members = self._group.members
        for number in range(self._start, self.stop):
            numbers.setdefault(type(members[number]), []).append(number)
        self._planners = [
            Planner(
                Group(model, [members[number] for number in each], each),
                0,
                write=self._write,
                stop=len(each),
            )
            for model, each in numbers.items()
        ]
        self._number = 0

    def advance(self) -> bool:
        """Plan a few more, like `Planner.advance`."""
        if self._number < len(self._planners):
            try:
                if not self._planners[self._number].advance():
                    self._number += 1
            except BaseException:
                self.give_back()
                self._begin()
                raise
        return self._number < len(self._planners)

    def finish(self, *, supposes: bool = False) -> Batch:
        """Plan the rest of the batch, like `Planner.finish`."""
        try:
            batches = [(each, each.finish(supposes=supposes)) for each in self._planners]
        except BaseException:
            self.give_back()
            raise
        merged = self._merged([batch for _, batch in batches])
        failed = [
            (planner.group.positions[batch.stop - 1], batch.error)
            for planner, batch in batches
            if batch.error is not None
        ]
        if not failed:
            merged.stop = self.stop
            return merged
        # What comes before the first error is sent, as if it were saved one by one.
        position, merged.error = min(failed, key=lambda each: each[0])
        merged.stop = position + 1
        done = sum(each < position for each in merged.positions)
        merged.part(done).give_back()
        kept = merged.part(0, done)
        kept.error, kept.supposes = merged.error, merged.supposes
        return kept

    def give_back(self) -> None:
        """Make what was planned dirty again."""
        for planner in self._planners:
            planner.give_back()

    def _merged(self, batches: list[Batch]) -> Batch:
        """Put the writes of all classes into the order of the input."""
        positions = [
            planner.group.positions[position]
            for planner, batch in zip(self._planners, batches, strict=True)
            for position in batch.positions
        ]
        order = sorted(range(len(positions)), key=positions.__getitem__)

        def column(parts: Iterable[list[Any]]) -> list[Any]:
            return [*map([*chain.from_iterable(parts)].__getitem__, order)]

        merged = Batch(
            self._group.model,
            self._write,
            [positions[number] for number in order],
            column(each.instances for each in batches),
            column(each.names for each in batches),
            column(each.ids for each in batches),
            column(each.documents for each in batches),
            column(each.are_whole for each in batches),
            column(each.are_new for each in batches),
            supposes=any(each.supposes for each in batches),
        )
        for each in batches:
            merged.removed.update(each.removed)
        return merged
