# Generated from src/odmantic/_aio/operations/insert_many.py by tools/generate_sync.py: do not edit.
"""Inserts of several instances: one command for many documents of a collection, in order or as far as possible.

What they reference is saved before. Each instance knows whether its document is there: those before a failure are clean,
and the others as before.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from pymongo.errors import BulkWriteError as DriverBulkWriteError

from odmantic._driver._sync import Meanwhile
from odmantic._driver.clients import runs_transaction
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import NOT_ENCODABLE, is_about_document, write_error
from odmantic._plan.groups import group_instances, kind_of
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.order import referenced
from odmantic._plan.outcome import deepest
from odmantic._plan.planner import BATCH_SIZE
from odmantic._plan.postponed import leave_out_postponed, mark_postponed
from odmantic._plan.refusals import bulk_error, refusals_of, unfit_documents
from odmantic._plan.whole import InsertPlanner
from odmantic._state.places import Written
from odmantic._state.transitions import mark_nested, mark_unknown
from odmantic._sync.operations.save_all import (
    save_all_postponed,
    save_ordered,
    write_in_turn,
)
from odmantic.exceptions import InvalidDocumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic._plan.refusals import Refusals
    from odmantic._plan.whole import Inserts, WholeWrite
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.hooked_bulk import HookedBulk
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model


def insert_many(
    engine: Engine, scope: Scope, instances: Sequence[Model], how: WholeWrite, *, ordered: bool
) -> None:
    """Insert instances, which are all different objects.

    Raises:
        BulkWriteError: if some cannot be inserted, and they need not be `ordered`; all others are.
    """
    inserting = _Inserting(engine, scope, instances, how, ordered=ordered)
    identities = frozenset(inserting.positions)
    write_in_turn(engine, scope, instances, how.operation, inserting.write, identities)


class _Inserting:
    """The inserts of one call.

    Attributes:
        positions: The places of the instances in what the program gave, by identity.
    """

    def __init__(
        self,
        engine: Engine,
        scope: Scope,
        instances: Sequence[Model],
        how: WholeWrite,
        *,
        ordered: bool,
    ) -> None:
        """Send nothing yet."""
        self.positions = {id(instance): number for number, instance in enumerate(instances)}
        self._instances = instances
        self._engine = engine
        self._scope = scope
        self._how = how
        self._is_ordered = ordered
        self._bulk: HookedBulk | None = None
        self._failed: dict[int, tuple[Model, Exception]] = {}
        """The instances that are not inserted, and why, by place."""
        self._inserted = 0

    def write(self, ordered: Sequence[Model], bulk: HookedBulk | None) -> None:
        """Write instances, which come after those they reference."""
        self._bulk = bulk
        for is_given, members in self._runs(ordered):
            if not is_given:
                save_ordered(self._engine, self._scope, members, bulk)
                continue
            for model, some in self._by_collection(members):
                self._insert(model, some)
        if self._failed:
            raise bulk_error(self._failed, self._inserted)
        save_all_postponed(self._engine, self._scope)

    def _runs(self, ordered: Sequence[Model]) -> list[tuple[bool, Sequence[Model]]]:
        """Split instances into those that are inserted, and references, which are saved."""
        if len(ordered) == len(self.positions):
            return [(True, ordered)]
        runs = groupby(self._apart(ordered), lambda each: id(each) in self.positions)
        return [(is_given, list(run)) for is_given, run in runs]

    def _apart(self, ordered: Sequence[Model]) -> Sequence[Model]:
        """Put references before all that is inserted, unless one of them refers to that."""
        given = [each for each in ordered if id(each) in self.positions]
        others = [each for each in ordered if id(each) not in self.positions]
        for each in others:
            if any(id(target) in self.positions for target in referenced(each)):
                return ordered
        return [*others, *given]

    def _by_collection(self, members: Sequence[Model]) -> list[tuple[type[Model], Sequence[Model]]]:
        """Split instances into those of one collection: in order, or into as few parts as possible."""
        runs = [members]
        kinds = {model: kind_of(model) for model in set(map(type, members))}
        if self._is_ordered and len(kinds) > 1:
            runs = [list(run) for _, run in groupby(members, lambda each: kinds[type(each)])]
        return [(each.model, each.members) for run in runs for each in group_instances(run)]

    def _insert(self, model: type[Model], members: Sequence[Model]) -> None:
        """Insert instances of one collection, a batch at a time."""
        warn_unless_settled(mapping_of(model))
        write = Written(self._engine._target(model).known.place, self._scope.journal)
        starts = range(0, len(members), BATCH_SIZE)
        batches = (members[start : start + BATCH_SIZE] for start in starts)
        planners = (self._planner(model, batch, write) for batch in batches)
        planner = next(planners, None)
        try:
            while planner is not None:
                following = next(planners, None)
                self._write_and_plan(planner, following)
                planner = following
        finally:
            write.end()

    def _planner(
        self, model: type[Model], members: Sequence[Model], write: Written
    ) -> InsertPlanner:
        places = [self.positions[id(instance)] for instance in members]
        return InsertPlanner(model, members, places, write, goes_on=not self._is_ordered)

    def _write_and_plan(self, planner: InsertPlanner, following: InsertPlanner | None) -> None:
        """Insert a batch, and begin to plan the following one while it is on its way."""
        if self._scope.is_guarded:
            guard = self._scope.guard if self._bulk is None else self._bulk.guard
            for instance in planner.members:
                guard(instance)
        inserts = planner.finish()
        leave_out_postponed(inserts.instances, inserts.documents, self._scope.postponed)
        may_plan = not self._scope.is_guarded and self._engine._target(inserts.model).is_of_driver
        ahead = following if may_plan else None
        try:
            with Meanwhile(_nothing if ahead is None else ahead.advance):
                self._send_all(inserts)
            for place, error in inserts.refused.items():
                self._fail(self._instances[place], place, error)
        except BaseException:
            if ahead is not None:
                ahead.give_back()
            raise

    def _fail(self, instance: Model, place: int, error: Exception) -> None:
        """Note why an instance is not inserted; raise if that ends the call."""
        self._failed[place] = instance, error
        if self._is_ordered:
            raise error
        if runs_transaction(self._scope.session) and not isinstance(error, InvalidDocumentError):
            # The server has given it up.
            raise bulk_error(self._failed, self._inserted) from error

    def _send_all(self, inserts: Inserts) -> None:
        """Send documents and settle them, around those that have no stored form."""
        pending: list[tuple[Inserts, int, Exception]] = []
        unfit = self._unfit_at_first(inserts) or self._send(inserts)
        while unfit:
            first = min(unfit)
            numbers = [first] if self._is_ordered else list(unfit)
            refused = inserts.pick(numbers)
            refused.undo()
            found = [(refused, place, unfit[each]) for place, each in enumerate(numbers)]
            if self._is_ordered:
                inserts.pick(range(first + 1, len(inserts))).undo()
                pending, others = found, range(first)
            else:
                pending, others = pending + found, range(len(inserts))
            inserts = inserts.pick([each for each in others if each not in unfit])
            unfit = self._send(inserts)
        for those, number, error in pending:
            self._refuse(those, number, error)

    def _refuse(self, inserts: Inserts, number: int, error: Exception) -> None:
        """Note the error of one of the documents, which are put back already."""
        ours = write_error(error, inserts.plan(number), self._how.verb)
        if ours is not None:
            ours.__cause__ = error
        self._fail(inserts.instances[number], inserts.positions[number], ours or error)

    def _unfit_at_first(self, inserts: Inserts) -> dict[int, Exception]:
        """Return the documents without a stored form, in the first command of a transaction.

        The driver would take the transaction for begun, and give it up.
        """
        if not self._scope.begins_transaction:
            return {}
        return unfit_documents(inserts.documents, self._options(inserts))[0]

    def _options(self, inserts: Inserts) -> Any:
        return self._engine._target(inserts.model).writing.codec_options

    def _send(self, inserts: Inserts) -> dict[int, Exception]:
        """Send documents in one command, and settle them, unless some cannot be sent; return the errors of these."""
        if not inserts:
            return {}
        collection = self._engine._target(inserts.model).writing
        refusals: Refusals | None = None

        def call() -> Any:
            nonlocal refusals
            try:
                return collection.insert_many(
                    inserts.documents,
                    ordered=self._is_ordered,
                    session=self._scope.session,
                    **self._how.options,
                )
            except DriverBulkWriteError as error:
                refusals = refusals_of(error, inserts.positions)
                # The text of the other one holds all that was sent.
                raise refusals.first from None

        try:
            model, operation = inserts.model, self._how.operation
            result = self._scope.send(self._engine, call, operation, model)
        except Exception as error:
            if refusals is not None:
                self._settle_refused(inserts, refusals, error)
                return {}
            unfit = self._unfit(inserts, error)
            if unfit:
                return unfit
            inserts.undo()
            raise
        except BaseException:
            inserts.undo()
            raise
        self._settle(inserts, is_known=getattr(result, "acknowledged", True) is not False)
        return {}

    def _unfit(self, inserts: Inserts, error: Exception) -> dict[int, Exception]:
        """Return the documents to blame for an error; none if nobody is, or if others may have been sent before."""
        if not is_about_document(error) or not self._scope.goes_on:
            return {}
        if isinstance(error, NOT_ENCODABLE):
            unfit, is_unsent = unfit_documents(inserts.documents, self._options(inserts))
            return unfit if is_unsent else {}
        return {deepest(inserts.documents): error}

    def _settle_refused(self, inserts: Inserts, refusals: Refusals, error: Exception) -> None:
        """Settle documents of which the server refused some."""
        refused = sorted(refusals.errors)
        is_over = runs_transaction(self._scope.session)
        if is_over or not refused:
            inserts.undo()
        else:
            stop = refused[0] if self._is_ordered else len(inserts)
            if self._is_ordered:
                inserts.pick(range(stop, len(inserts))).undo()
            else:
                inserts.pick(refused).undo()
            written = [number for number in range(stop) if number not in refusals.errors]
            self._settle(inserts.pick(written))
        if not refused:
            raise error
        for number in refused:
            self._refuse(inserts, number, refusals.errors[number])

    def _settle(self, inserts: Inserts, *, is_known: bool = True) -> None:
        """Note what was inserted."""
        instances = inserts.instances
        if not is_known:
            for instance in instances:
                mark_unknown(instance)
            return
        for model in dict.fromkeys(map(type, instances)):
            if mapping_of(model).nested_fields:
                mark_nested([each for each in instances if type(each) is model], model)
        self._scope.enter(instances, inserts.names, inserts.write)
        if self._scope.postponed:
            mark_postponed(instances, self._scope.postponed)
        self._inserted += len(inserts)
        if self._bulk is not None:
            self._bulk.wrote(instances)


def _nothing() -> bool:
    return False
