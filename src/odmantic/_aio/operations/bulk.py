"""Bulk saves: the stages of `save` for many instances of one model, a batch at a time.

`save_all` has put the instances in **order**, and in groups that can be written together. For each batch of a group,
a `Planner` finds the **changes** and makes the **plan**, in columns; `_send` **sends** it as one insert or bulk write;
`_settle` **settles** it, and writes whole documents where updates of a part met none. `_stop` and `_recover` settle what
an error leaves.

While a batch is on its way, the event loop is free to plan the next one: `Meanwhile` has it call `Planner.advance`, a
millisecond's work at a time (`_write_and_plan`). If the batch fails, what was planned ahead is given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ReadPreference
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from odmantic._aio.operations.save import save_fields
from odmantic._bson.conversions import as_uuid
from odmantic._driver._aio import Meanwhile, resolve
from odmantic._driver.clients import runs_transaction
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.batch import FEWEST_TO_LOOK_FOR, FEWEST_TO_SUPPOSE, Batch
from odmantic._plan.errors import NOT_ENCODABLE, is_about_document, write_error
from odmantic._plan.groups import Group
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.mixed import planner_for
from odmantic._plan.outcome import (
    Failure,
    deepest,
    failure_of,
    first_not_encodable,
    is_doubtful,
    missing_writes,
)
from odmantic._plan.planner import replan
from odmantic._plan.postponed import leave_out_postponed, mark_postponed
from odmantic._plan.save import fields_to_save
from odmantic._state.places import Written
from odmantic._state.transitions import mark_nested
from odmantic._transaction.attempt import DOOMING_ERRORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.hooked_bulk import HookedBulk
    from odmantic._aio.operations.scope import Scope
    from odmantic._plan.mixed import MixedPlanner
    from odmantic._plan.planner import Planner
    from odmantic.model import Model


_MAY_BE_UPDATED = (OperationFailure, *NOT_ENCODABLE)
"""Failures of the search for ids that do not keep them from being sent as updates, or that an update tells better.

A role may write without reading, and an id may have no stored form.
"""


class StoppedError(Exception):
    """The write of a member of a group failed, and those behind it were not tried."""

    def __init__(self, position: int, error: Exception) -> None:
        """Keep what is raised in the end."""
        super().__init__(position, error)
        self.position = position
        self.error = error


def is_general(error: Exception) -> bool:
    """Return whether the next command would fare the same."""
    return isinstance(error, ConnectionFailure) or (
        isinstance(error, PyMongoError) and error.timeout
    )


class BulkSave:
    """The save of one group, in batches."""

    __slots__ = (
        *("_checked", "_collection", "_engine", "_failure", "_group", "_hooked", "_is_over"),
        *("_known", "_scope", "_target", "_was_wrong"),
    )

    def __init__(
        self, engine: Engine, scope: Scope, group: Group, hooked: HookedBulk | None = None
    ) -> None:
        """Send nothing yet; `hooked` is told what is written."""
        warn_unless_settled(mapping_of(group.model))
        self._engine = engine
        self._scope = scope
        self._group = group
        self._hooked = hooked
        self._target = target = engine._target(group.model)
        self._collection = target.writing
        self._known = Written(target.known.place, scope.journal)
        self._was_wrong = False
        self._checked = 0
        """How many members were shown to the guard of a repeated transaction."""
        self._failure: Failure | None = None
        """What the last bulk write failed with, if it says what was written."""
        self._is_over = False
        """Whether an error has ended the transaction, also one that the program began in a session of the driver."""

    @property
    def goes_on(self) -> bool:
        """Whether more can be sent."""
        return self._scope.goes_on and not self._is_over

    @property
    def _is_in_transaction(self) -> bool:
        return runs_transaction(self._scope.session)

    @property
    def _supposes(self) -> bool:
        """Whether ids that were given are supposed to be new: what is wrong with this an update puts right."""
        return (
            not self._was_wrong
            and len(self._group.members) >= FEWEST_TO_SUPPOSE
            and not self._is_in_transaction
            and self._target.is_of_driver
            and self._collection.write_concern.acknowledged
        )

    async def save(self) -> None:
        """Write the members in order.

        Raises:
            StoppedError: if a member could not be planned or written.
        """
        try:
            await self._save()
        finally:
            self._known.end()

    async def _save(self) -> None:
        planner = self._planner(0)
        while planner is not None:
            batch = planner.finish(supposes=self._supposes)
            self._checked = max(self._checked, batch.stop)
            if batch.error is not None and not self.goes_on:
                batch.give_back()
                raise StoppedError(batch.stop - 1, batch.error)
            planner = await self._write_and_plan(batch)

    async def _write_and_plan(self, batch: Batch) -> Planner | MixedPlanner | None:
        """Write a batch, and begin to plan the next one while it is on its way; `None` behind the last one."""
        if not self._may_plan_ahead(batch):
            start = await self._write(batch)
            if batch.error is not None and start == batch.stop:
                raise StoppedError(batch.stop - 1, batch.error)
            return self._planner(start)
        planner = planner_for(self._group, batch.stop, write=self._known)
        try:
            with Meanwhile(planner.advance):
                start = await self._write(batch)
        except BaseException:
            planner.give_back()
            raise
        if start == batch.stop:
            return planner
        planner.give_back()
        return self._planner(start)

    def _planner(self, start: int) -> Planner | MixedPlanner | None:
        if start == len(self._group.members):
            return None
        check = (self._hooked or self._scope).guard if self._scope.is_guarded else None
        return planner_for(self._group, start, check, checked=self._checked, write=self._known)

    def _may_plan_ahead(self, batch: Batch) -> bool:
        """Return whether there are others behind a batch, which nothing has to look at while it is on its way."""
        return (
            batch.stop < len(self._group.members)
            and batch.error is None
            and not self._scope.is_guarded
            and self._target.is_of_driver
        )

    async def _write(self, batch: Batch) -> int:
        """Send a batch and settle it; tell where to go on, which may be in the middle of it."""
        if not batch:
            return batch.stop
        if len(batch) == 1 or not self._target.is_of_driver:
            batch.give_back()
            return await self._write_each(batch)
        if self._scope.postponed:
            leave_out_postponed(batch.instances, batch.documents, self._scope.postponed)
        await self._rule_out_known(batch)
        number = self._first_refused(batch)
        if number is not None:
            batch.give_back()
            return await self._write_around(batch, number)
        inserting = batch.inserts
        try:
            updated = await self._send(batch, inserting=inserting)
        except Exception as error:  # noqa: BLE001 - raised with the member that it is about
            self._note(error)
            if self._failure is None:
                batch.give_back()
                return await self._recover(batch, error)
            return await self._stop(batch, self._failure, error, inserting=inserting)
        except BaseException:
            batch.give_back()
            raise
        await self._settle(batch, updated, inserting=inserting)
        return batch.stop

    async def _rule_out_known(self, batch: Batch) -> None:
        """Have no insert fail because of its id: that would end a transaction, where a save of one is an update."""
        if not batch.inserts or not (self._is_in_transaction or batch.supposes):
            return
        if len(batch) < FEWEST_TO_LOOK_FOR:
            batch.suppose_nothing()
            return
        try:
            known = await self._find_ids(batch, batch.new_filter())
            batch.note_known(known)
        except Exception as error:
            if batch.supposes and isinstance(error, _MAY_BE_UPDATED):
                batch.suppose_nothing()
                self._was_wrong = True
                return
            batch.give_back()
            self._note(error)
            raise StoppedError(batch.positions[0], error) from error
        except BaseException:
            batch.give_back()
            raise
        self._was_wrong |= bool(known)

    async def _send(self, batch: Batch, *, inserting: bool) -> int:
        """Send one bulk write; the number of documents that its updates met or made."""
        collection, session = self._collection, self._scope.session
        self._failure = None

        async def call() -> int:
            try:
                if inserting and all(batch.are_new):
                    await resolve(collection.insert_many(batch.documents, session=session))
                    return 0
                requests = batch.requests(inserting=inserting)
                result = await resolve(collection.bulk_write(requests, session=session))
            except BulkWriteError as error:
                self._failure = failure_of(error)
                # The text of the other one holds all that was sent.
                raise self._failure.error from None
            updated: int = result.matched_count + result.upserted_count
            return updated

        updated: int = await self._scope.send(self._engine, call, "save", batch.model)
        return updated

    async def _stop(
        self, batch: Batch, failure: Failure, error: Exception, *, inserting: bool
    ) -> int:
        """Settle what was written before a write that failed, and raise; or tell where to go on."""
        batch.part(failure.done).give_back()
        await self._settle(batch.part(0, failure.done), failure.updated, inserting=inserting)
        position = (
            batch.positions[failure.done] if failure.done < len(batch) else batch.positions[0]
        )
        # The id came from elsewhere after all. It counts as used by now, so the next plan is an update.
        if inserting and self.goes_on and is_doubtful(batch, failure):
            self._was_wrong = True
            return position
        ours = write_error(failure.error, batch.plan(failure.done))
        if ours is not None:
            ours.__cause__ = failure.error
        raise StoppedError(position, ours or error) from error

    async def _recover(self, batch: Batch, error: Exception) -> int:
        """After an error that does not say which document is to blame, and when nothing is known to be written."""
        if not is_about_document(error):
            raise StoppedError(batch.positions[0], error) from error
        if isinstance(error, NOT_ENCODABLE):
            number = first_not_encodable(batch.documents, self._collection.codec_options)
        else:
            number = deepest(batch.documents)
        if self.goes_on:
            if number is None:
                return await self._write_each(batch)
            return await self._write_around(batch, number)
        number = number or 0
        ours = write_error(error, batch.plan(number))
        if ours is not None:
            ours.__cause__ = error
        raise StoppedError(batch.positions[number], ours or error) from error

    async def _write_each(self, batch: Batch) -> int:
        """Write instances that are still dirty one after the other."""
        for number in range(len(batch)):
            await self._write_one(batch, number)
        return batch.stop

    async def _write_around(self, batch: Batch, number: int) -> int:
        """Write instances that are still dirty up to one that will be refused, which then says why."""
        following = await self._write(replan(batch, range(number), self._known))
        if following < batch.positions[number]:
            return following
        await self._write_one(batch, number)
        return batch.positions[number] + 1

    async def _write_one(self, batch: Batch, number: int) -> None:
        try:
            instance = batch.instances[number]
            names = fields_to_save(instance, self._known.place)
            if names:
                target = self._target
                if await save_fields(self._engine, self._scope, instance, names, target):
                    self._tell((instance,))
        except Exception as error:
            self._note(error)
            raise StoppedError(batch.positions[number], error) from error

    def _note(self, error: Exception) -> None:
        is_of_server = isinstance(error, DOOMING_ERRORS) or isinstance(
            error.__cause__, DOOMING_ERRORS
        )
        self._is_over = self._is_in_transaction and is_of_server

    def _first_refused(self, batch: Batch) -> int | None:
        """Return a document that has no stored form, in the first command of a transaction.

        The driver would take the transaction for begun, and give it up.
        """
        if not self._scope.begins_transaction:
            return None
        return first_not_encodable(batch.documents, self._collection.codec_options)

    async def _settle(self, batch: Batch, updated: int, *, inserting: bool) -> None:
        """Note what was written, and write documents as a whole that were not there."""
        missing: list[int] = []
        unsure: list[int] = []
        is_short = updated < batch.update_count(inserting=inserting)
        if is_short and self.goes_on:
            try:
                found = await self._find_ids(batch, batch.updated_filter())
                missing, unsure = missing_writes(batch, found)
            except BaseException:
                batch.give_back()
                raise
        self._note_written(batch, {*missing, *unsure})
        for number in unsure:
            batch.part(number, number + 1).give_back()
        if missing:
            again = replan(batch, missing, self._known, whole=True)
            if await self._write(again) < again.stop:
                await self._write_each(again)
        for number in unsure:
            await self._write_one(batch, number)

    def _note_written(self, batch: Batch, left_out: set[int]) -> None:
        instances, names = batch.instances, batch.names
        if left_out:
            kept = [number for number in range(len(batch)) if number not in left_out]
            instances = [instances[number] for number in kept]
            names = [names[number] for number in kept]
        models = dict.fromkeys(map(type, instances)) if self._group.is_mixed else (batch.model,)
        for model in models:
            nested = mapping_of(model).nested_fields
            if nested:
                pairs = zip(instances, names, strict=True)
                mine = ((each, written) for each, written in pairs if type(each) is model)
                mark_nested(
                    [each for each, written in mine if not written.isdisjoint(nested)], model
                )
        self._scope.enter(instances, names, self._known)
        if self._scope.postponed:
            mark_postponed(instances, self._scope.postponed)
        self._tell(instances)

    def _tell(self, instances: Sequence[Model]) -> None:
        if self._hooked is not None:
            self._hooked.wrote(instances)

    async def _find_ids(self, batch: Batch, query: dict[str, Any]) -> list[Any]:
        """The ids of the documents that match."""
        target = self._target
        collection = target.collection.with_options(
            read_preference=ReadPreference.PRIMARY, read_concern=ReadConcern("local")
        )

        async def read() -> list[Any]:
            cursor = await resolve(
                collection.find(
                    target.bound(query),
                    {"_id": 1},
                    session=self._scope.session,
                )
            )
            found = [document["_id"] async for document in cursor]
            return [*found, *filter(None, map(as_uuid, found))] if target.names_no_uuids else found

        found: list[Any] = await self._scope.send(self._engine, read, "save", batch.model)
        return found
