"""Saves: what has changed of instances is written, in five stages.

1. **Order**: instances come behind those they reference (`Scope.order`).
2. **Changes**: the fields that a save has to send are found (`fields_to_save`).
3. **Plan**: they are taken from the instance, which counts as saved in them from here on, and encoded (`plan_save`).
   For usual instances, code that was generated for the class does this and the stage before at once (`plan_quickly`).
4. **Send**: the update that is planned is sent (`send`).
5. **Settle**: what was written is noted, also in the journal of the transaction; what was not is dirty again.

Saves of one instance take turns. In `bulk` the same stages are run for batches of many.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo import ReadPreference
from pymongo.errors import PyMongoError

from odmantic._aio.operations.hooks import HookedCall, HookedWrite
from odmantic._hooks.inside import is_in_hook_of, refuse_own
from odmantic._plan.command import has_matched, met_document, update_command
from odmantic._plan.errors import NOT_ENCODABLE, write_error
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.save import all_fields, fields_to_save, plan_quickly, plan_save
from odmantic._state.places import Written
from odmantic._state.transitions import give_back, mark_dirty, mark_written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._driver.plain import Target
    from odmantic._plan.save_plan import SavePlan
    from odmantic.model import Model


def save(engine: Engine, scope: Scope, instance: Model, operation: str = "save") -> Awaitable[None]:
    """Save an instance, after those it references; hooks are told the name of the operation."""
    if instance.__mapping__.links:
        return _save_in_order(engine, scope, instance, operation)
    return save_one(engine, scope, instance, engine._target(type(instance)), operation)


async def _save_in_order(engine: Engine, scope: Scope, instance: Model, operation: str) -> None:
    ordered = scope.order(engine, [instance])
    targets: list[Target] = []
    for each in ordered:
        target = engine._target(type(each))
        targets.append(target)
        if target.hooks is not None and target.hooks.now() is not None:
            await _save_hooked(engine, scope, ordered, operation)
            return
    for each, target in zip(ordered, targets, strict=True):
        await save_one(engine, scope, each, target)
    await save_postponed(engine, scope)


async def save_one(
    engine: Engine,
    scope: Scope,
    instance: Model,
    target: Target,
    operation: str = "save",
) -> None:
    """Save an instance, after other saves of it; what it references is left alone."""
    if target.hooks is not None and target.hooks.now() is not None:
        await _save_hooked(engine, scope, (instance,), operation)
        return
    turns, unit = engine._turns, scope.unit
    turn = turns.take_at_once(instance, unit) or await turns.take(instance, unit)
    try:
        plan, attempt = None, scope.attempt
        if turn is not None and (attempt is None or attempt.guard is None):
            journal = None if attempt is None else attempt.journal
            plan = plan_quickly(instance, target.known, journal)
        if plan is None:
            names = fields_to_save(instance, target.known.place)
            if turn is None and not names:
                # What a save of another transaction has taken may never come to be.
                names = all_fields(instance)
            if names:
                scope.guard(instance)
                await save_fields(engine, scope, instance, names, target)
        elif plan.names:
            await _write(engine, scope, plan, target)
    finally:
        if turn is not None:
            turns.leave(instance, turn)


async def _save_hooked(
    engine: Engine, scope: Scope, ordered: Sequence[Model], operation: str
) -> None:
    """Save instances, which come after those they reference, with their hooks."""
    async with HookedCall(engine, scope, operation) as call:
        call.check(ordered)

        async def write() -> None:
            for instance in ordered:
                await save_hooked(call, engine, scope, instance)

        await finish(call, engine, scope, write)


async def finish(
    call: HookedCall, engine: Engine, scope: Scope, write: Callable[[], Awaitable[None]]
) -> None:
    """Write with hooks, set the references that were left out, and call the hooks that have waited for these."""
    try:
        await write()
        await save_postponed(engine, scope)
    except Exception:
        await call.after_failure(call.unfinished)
        raise
    for written in call.unfinished:
        await call.after_save(written)


async def save_hooked(call: HookedCall, engine: Engine, scope: Scope, instance: Model) -> None:
    """Save one instance in a call with hooks."""
    written = call.of(instance)
    if written is None:
        await save_one(engine, scope, instance, engine._target(type(instance)))
        return
    if is_in_hook_of(instance):
        if fields_to_save(instance, written.place):
            refuse_own(instance, "save")
        return
    turns = engine._turns
    turn = await turns.take(instance, scope.unit)
    call.saving.append(instance)
    try:
        # What a save of another transaction has taken may never come to be.
        least = all_fields(instance) if turn is None else frozenset[str]()
        is_written = await _save_between(call, engine, scope, written, least)
    finally:
        call.saving.pop()
        if turn is not None:
            turns.leave(instance, turn)
    if is_written:
        await call.after_save(written)


async def _save_between(
    call: HookedCall, engine: Engine, scope: Scope, written: HookedWrite, least: AbstractSet[str]
) -> bool:
    """Call the hooks before a save, and save what there is to send then; tell whether there is anything."""
    instance = written.instance
    names = fields_to_save(instance, written.place) or least
    if names:
        names = await call.before_save(written, names) or least
    if not names:
        return False
    # A hook may have assigned others.
    ordered = scope.order(engine, [instance], call.saving[:-1])
    number = next(number for number, each in enumerate(ordered) if each is instance)
    for each in ordered[:number]:
        await save_hooked(call, engine, scope, each)
    call.begin(written, names)
    try:
        is_written = await save_fields(engine, scope, instance, names, written.target)
    except BaseException:
        call.failed(written)
        raise
    if is_written:
        call.wrote(written)
    for each in ordered[number + 1 :]:
        await save_hooked(call, engine, scope, each)
    return is_written


async def save_fields(
    engine: Engine, scope: Scope, instance: Model, names: AbstractSet[str], target: Target
) -> bool:
    """Plan, send and settle some fields of an instance; if they are not all and there is no document, all of them.

    Returns:
        Whether there was anything to send.
    """
    write = Written(target.known.place, scope.journal)
    try:
        plan = plan_save(instance, names, write)
    except BaseException:
        write.end()
        raise
    if plan is None:
        return False
    await _write(engine, scope, plan, target)
    return True


async def _write(engine: Engine, scope: Scope, plan: SavePlan, target: Target) -> None:
    """Send what is planned, and settle it."""
    instance = plan.instance
    # An update of a part is no first write.
    postponed = scope.postponed.get(id(instance)) if scope.postponed and plan.upsert else None
    try:
        if postponed is not None:
            postponed.leave_out(plan.document)
        warn_unless_settled(instance.__mapping__)
        if not await send(engine, scope, plan, target):
            plan = plan_save(instance, all_fields(instance), plan.write) or plan
            await send(engine, scope, plan, target)
    except BaseException:
        give_back(instance, plan.names, plan.write)
        plan.write.end()
        raise
    mark_written(instance, plan.names, plan.snapshots)
    if scope.attempt is not None:
        scope.attempt.journal.wrote(plan.write, instance, plan.names)
    if postponed is not None:
        mark_dirty(instance, postponed.names)
    plan.write.end()


async def save_postponed(engine: Engine, scope: Scope) -> None:
    """Set the references that were left out of the documents of new instances."""
    for each in scope.take_postponed():
        instance = each.instance
        target, turns = engine._target(type(instance)), engine._turns
        turn = await turns.take(instance, scope.unit)
        try:
            names = each.names & fields_to_save(instance, target.known.place)
            # What a save of another transaction has taken may never come to be.
            names = each.names if turn is None else names
            if names:
                await save_fields(engine, scope, instance, names, target)
        finally:
            if turn is not None:
                turns.leave(instance, turn)


async def send(
    engine: Engine, scope: Scope, plan: SavePlan, target: Target, operation: str = "save"
) -> bool:
    """Send one update, and tell whether it met or made a document."""
    update, collection = plan.update, target.writing
    read: Callable[[Any], bool] | None = None
    call: Callable[[], Any]
    if scope.attempt is not None and target.command_options is not None:
        # The same as a command, whose answer tells of an error in its own way.
        call = partial(
            collection.database.command,
            update_command(collection.name, update),
            read_preference=ReadPreference.PRIMARY,
            codec_options=target.command_options,
            session=scope.session,
        )
        read = met_document
    else:
        call = partial(
            collection.update_one,
            update.filter,
            update.update,
            upsert=update.upsert,
            session=scope.session,
        )
    try:
        result = await scope.send(engine, call, operation, type(plan.instance), plan.id_, read)
    except (PyMongoError, *NOT_ENCODABLE) as error:
        ours = write_error(error, plan)
        if ours is None:
            raise
        raise ours from error
    return plan.upsert or (has_matched(result) if read is None else result)
