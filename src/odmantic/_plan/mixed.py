"""Plans a `save_all` of instances of several classes of a hierarchy, which share a collection.

The instances of each class are taken together, as fast as if there were no others; what is to be sent is put back into the
order of the input, so that the first error is that of the first instance that has one.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from operator import itemgetter
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
        members = self._group.members
        numbers: defaultdict[type[Model], list[int]] = defaultdict(list)
        for number, model in enumerate(map(type, members[self._start : self.stop]), self._start):
            numbers[model].append(number)
        self._planners = [
            Planner(
                Group(model, [*map(members.__getitem__, each)], each),
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
        merged = Batch(self._group.model, self._write)
        merged.supposes = any(each.supposes for each in batches)
        for each in batches:
            merged.removed.update(each.removed)
        positions = [
            planner.group.positions[position]
            for planner, batch in zip(self._planners, batches, strict=True)
            for position in batch.positions
        ]
        # One call for all items of a column; for a single item it would give no tuple.
        order = sorted(range(len(positions)), key=positions.__getitem__)
        pick = itemgetter(*order) if len(order) > 1 else tuple

        def in_order(column: Iterable[Any]) -> list[Any]:
            return [*pick([*column])]

        count = len(positions)
        names = ["names", "ids", "documents"]
        if count == self.stop - self._start:
            merged.positions = [*range(self._start, self.stop)]
            merged.instances = [*self._group.members[self._start : self.stop]]
        else:
            merged.positions = in_order(positions)
            names.append("instances")
        for name in ("are_whole", "are_new"):
            if all(False not in getattr(each, name) for each in batches):
                setattr(merged, name, [True] * count)
            else:
                names.append(name)
        for name in names:
            column = chain.from_iterable(getattr(each, name) for each in batches)
            setattr(merged, name, in_order(column))
        return merged
