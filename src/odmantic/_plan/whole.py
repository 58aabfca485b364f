"""Plans of writes of whole instances: what `insert` and `replace` send, and what undoes their taking.

An instance is taken as by a save, but with all of its fields. If the write fails, it is as before: a clean one is clean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from odmantic._codec.ids import id_filter
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.planner import PIECE_SIZE
from odmantic._plan.save import all_fields, plan_as_made, plan_save
from odmantic._plan.save_plan import SavePlan
from odmantic._state.dirty import update_baseline
from odmantic._state.state import KeptState, kept_state
from odmantic._state.transitions import give_back_whole, put_back

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Written
    from odmantic.model import Model


@dataclass(frozen=True, slots=True)
class WholeWrite:
    """A way to write whole instances."""

    operation: str
    verb: str
    """What it does, for errors."""
    inserts: bool
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further arguments for the driver's method."""


REPLACE = WholeWrite("replace", "replace", inserts=False)


def insert_as(operation: str, options: Mapping[str, Any]) -> WholeWrite:
    """Return the way to write of `insert` or `insert_many`."""
    return WholeWrite(operation, "insert", inserts=True, options=options)


def plan_whole(instance: Model, write: Written, verb: str) -> tuple[SavePlan, KeptState | None]:
    """Take an instance to be written whole; return the plan, and the state before if `undo` needs it.

    Raises:
        InvalidDocumentError: as `plan_save` does; the instance is as before.
    """
    plan = plan_as_made(instance, write)
    if plan is not None:
        return plan, None
    kept = kept_state(instance)
    planned = plan_save(instance, all_fields(instance), write, kept=kept, verb=verb)
    if planned is None:  # a class of a program's own stores nothing at all
        planned = SavePlan(instance, frozenset(), None, {}, {}, upsert=True, write=write)
    # A class's own method may leave it out.
    if "_id" not in planned.document and planned.id_ is not None:
        planned.document = {"_id": planned.id_, **planned.document}
    return planned, kept


def undo(instance: Model, kept: KeptState | None, write: Written) -> None:
    """Put an instance back that was taken, but not written."""
    if kept is None:
        give_back_whole(instance, write)
    else:
        put_back(instance, kept, write)


def replacement(plan: SavePlan) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the filter and the new document of a replacement.

    The document keeps its `_id`: the stored one may be equal but not the same, such as a number of another type.
    """
    # A document of another class would be read as one of this class afterwards.
    query = {**id_filter(plan.id_), **mapping_of(type(plan.instance)).exact_type_condition}
    return query, {key: value for key, value in plan.document.items() if key != "_id"}


@dataclass(slots=True)
class Inserts:
    """The documents of one command, in order."""

    model: type[Model]
    """The class of the instances, or the root of their hierarchy."""
    write: Written
    instances: list[Model] = field(default_factory=list["Model"])
    positions: list[int] = field(default_factory=list[int])
    """Their places in what the program gave."""
    documents: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    names: list[AbstractSet[str]] = field(default_factory=list["AbstractSet[str]"])
    kept: list[KeptState | None] = field(default_factory=list["KeptState | None"])
    refused: dict[int, Exception] = field(default_factory=dict[int, Exception])
    """The errors of instances that have no document, by place."""

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.documents)

    def plan(self, number: int) -> SavePlan:
        """Return the plan of one of them, for its error."""
        document = self.documents[number]
        instance = self.instances[number]
        names = self.names[number]
        return SavePlan(
            instance, names, document.get("_id"), document, {}, upsert=True, write=self.write
        )

    def pick(self, numbers: Sequence[int]) -> Inserts:
        """Return some of them."""
        return Inserts(
            self.model,
            self.write,
            [self.instances[number] for number in numbers],
            [self.positions[number] for number in numbers],
            [self.documents[number] for number in numbers],
            [self.names[number] for number in numbers],
            [self.kept[number] for number in numbers],
        )

    def undo(self) -> None:
        """Put back what is not known to be written; in reverse, as one instance may occur twice."""
        for instance, kept in zip(reversed(self.instances), reversed(self.kept), strict=True):
            undo(instance, kept, self.write)


class InsertPlanner:
    """A planner of the inserts of one command, which may take instances while another command is in flight.

    Attributes:
        members: The instances, of one class or of a hierarchy.
        inserts: What is taken.
    """

    __slots__ = ("_goes_on", "_positions", "_taken", "inserts", "members")

    def __init__(
        self,
        model: type[Model],
        members: Sequence[Model],
        positions: Sequence[int],
        write: Written,
        *,
        goes_on: bool,
    ) -> None:
        """Take nothing yet.

        Args:
            model: The class, or the root of the hierarchy.
            members: The instances.
            positions: Their places in what the program gave.
            write: The write to which all of them belong.
            goes_on: Whether to go on behind one that has no document; the error is kept in any case.
        """
        self.members = members
        self.inserts = Inserts(model, write)
        self._positions = positions
        self._goes_on = goes_on
        self._taken = 0

    def advance(self) -> bool:
        """Take a few more; return whether there may be others."""
        return self._take(min(self._taken + PIECE_SIZE, len(self.members)))

    def finish(self) -> Inserts:
        """Take the rest."""
        self._take(len(self.members))
        return self.inserts

    def give_back(self) -> None:
        """Put back what was taken."""
        self.inserts.undo()
        self.inserts, self._taken = Inserts(self.inserts.model, self.inserts.write), 0

    def _take(self, stop: int) -> bool:
        try:
            for _, alike in groupby(self.members[self._taken : stop], type):
                mine = list(alike)
                behind = self._taken + len(mine)
                places = self._positions[self._taken : behind]
                _add_alike(self.inserts, mine, places, goes_on=self._goes_on)
                self._taken = behind
                if self.inserts.refused and not self._goes_on:
                    self._taken = len(self.members)
                    break
        except BaseException:
            self.give_back()
            raise
        return self._taken < len(self.members)


def _add_alike(
    inserts: Inserts, members: list[Model], positions: Sequence[int], *, goes_on: bool
) -> None:
    """Take instances of one class."""
    number = 0
    while number < len(members):
        number = _take_usual(inserts, members, positions, number)
        if number == len(members):
            break
        try:
            plan, kept = plan_whole(members[number], inserts.write, "insert")
        except Exception as error:  # noqa: BLE001 - raised once those before it are written
            inserts.refused[positions[number]] = error
            if not goes_on:
                break
        else:
            inserts.instances.append(plan.instance)
            inserts.kept.append(kept)
            inserts.documents.append(plan.document)
            inserts.names.append(plan.names)
            inserts.positions.append(positions[number])
            update_baseline(plan.instance, plan.snapshots)
        number += 1


def _take_usual(
    inserts: Inserts, members: list[Model], positions: Sequence[int], start: int
) -> int:
    """Take instances by generated code, up to the first that it leaves to slower code; return the place of that."""
    mapping = mapping_of(type(members[start]))
    if mapping.codec.take is None:
        return start
    before = len(inserts.documents)
    ids: list[Any] = []
    try:
        mapping.codec.take(members[start:], inserts.documents, ids, inserts.write, new=False)
    except BaseException:
        # An interrupt may leave an instance that is taken and not added.
        for each in members[start + len(inserts.documents) - before :][:1]:
            give_back_whole(each, inserts.write)
        raise
    finally:
        taken = len(inserts.documents) - before
        stop = start + taken
        inserts.instances += members[start:stop]
        inserts.positions += positions[start:stop]
        inserts.names += [frozenset(mapping.fields)] * taken
        inserts.kept += [None] * taken
    return stop
