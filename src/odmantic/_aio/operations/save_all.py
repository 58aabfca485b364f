"""Saves of several instances: in bulk where the driver can, else one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._aio.operations.bulk import BulkSave, StoppedError, is_general
from odmantic._aio.operations.hooked_bulk import HookedBulk
from odmantic._aio.operations.hooks import HookedCall
from odmantic._aio.operations.save import save_fields
from odmantic._plan.groups import group_instances
from odmantic._plan.save import fields_to_save

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._driver.plain import Target
    from odmantic.model import Model

    Write = Callable[[Sequence[Model], HookedBulk | None], Awaitable[None]]
    """Writes instances, which come after those they reference."""


def save_all(engine: Engine, scope: Scope, instances: Sequence[Model]) -> Awaitable[None]:
    """Save instances, each after those it references, and after other saves of them; see `save` for the stages."""

    def save(ordered: Sequence[Model], bulk: HookedBulk | None) -> Awaitable[None]:
        return _save_all(engine, scope, ordered, bulk)

    return write_in_turn(engine, scope, instances, "save_all", save)


async def write_in_turn(
    engine: Engine,
    scope: Scope,
    instances: Sequence[Model],
    operation: str,
    write: Write,
    inserted: AbstractSet[int] = frozenset(),
) -> None:
    """Order instances, have their hooks called, and write them, after other writes of them.

    Args:
        engine: The engine.
        scope: The scope.
        instances: What the program gave.
        operation: The name of the operation, for hooks.
        write: What writes them.
        inserted: The identities of instances that are inserted, whatever has changed in them.
    """
    ordered = scope.order(engine, instances)
    for model in set(map(type, ordered)):
        # A program's own `get_collection` is asked only for what is written.
        is_kept = engine._keeps_collections
        reach = engine._target(model).hooks if is_kept else engine._hooks.for_writes(model)
        # Hooks of classes of a hierarchy may be there one day.
        if reach is not None and reach.now() is not None:
            async with HookedCall(engine, scope, operation) as call:
                call.check(ordered)
                bulk = HookedBulk(call, scope, inserted)
                try:
                    await _write_hooked(scope, instances, ordered, call, bulk, write)
                except Exception:
                    await bulk.after_failure()
                    raise
                await bulk.after()
            return
    turns = engine._turns
    turn = await turns.take_all(ordered, scope.unit)
    try:
        await write(ordered, None)
    finally:
        turns.leave_all(turn)


async def _write_hooked(
    scope: Scope,
    instances: Sequence[Model],
    ordered: Sequence[Model],
    call: HookedCall,
    bulk: HookedBulk,
    write: Write,
) -> None:
    """Call the hooks before the write, and write, after other saves of the instances."""
    turns = call.engine._turns
    turn = call.turn = await turns.take_all(bulk.apart(ordered), scope.unit)
    try:
        ordered = await bulk.before(instances, ordered)
        known = {*map(id, turn.instances)}
        # What hooks have assigned to references.
        new = [each for each in bulk.apart(ordered) if id(each) not in known]
        others = await turns.take_all(new, scope.unit)
        try:
            await write(ordered, bulk)
        except BaseException:
            bulk.failed()
            raise
        finally:
            turns.leave_all(others)
    finally:
        call.turn = None
        turns.leave_all(turn)


async def _save_all(
    engine: Engine, scope: Scope, ordered: Sequence[Model], bulk: HookedBulk | None
) -> None:
    """Save instances, and set the references that were left out of the documents of new ones."""
    await save_ordered(engine, scope, ordered, bulk)
    await save_all_postponed(engine, scope)


async def save_all_postponed(engine: Engine, scope: Scope) -> None:
    """Set the references that were left out of the documents of new instances; no hooks are called again."""
    if scope.postponed:
        postponed = [each.instance for each in scope.take_postponed()]
        await save_ordered(engine, scope, postponed, None)


async def save_ordered(
    engine: Engine, scope: Scope, ordered: Sequence[Model], bulk: HookedBulk | None
) -> None:
    """Save instances from the first one on that has to be written."""
    target: Target | None = None
    model = None
    for number, instance in enumerate(ordered):
        if target is None or type(instance) is not model:
            model = type(instance)
            target = engine._target(model)
        if fields_to_save(instance, target.known.place):
            ordered = ordered[number:] if number else ordered
            await _save_from(engine, scope, ordered, target, bulk)
            return


async def _save_from(
    engine: Engine,
    scope: Scope,
    ordered: Sequence[Model],
    target: Target,
    bulk: HookedBulk | None,
) -> None:
    """Save some instances, of which the first one has to be written."""
    if len(ordered) > 1 and target.is_of_driver:
        await _save_in_bulk(engine, scope, ordered, bulk)
        return
    guard = scope.guard if bulk is None else bulk.guard
    for number, instance in enumerate(ordered):
        if number:
            target = engine._target(type(instance))
        names = fields_to_save(instance, target.known.place)
        if names:
            guard(instance)
            is_written = await save_fields(engine, scope, instance, names, target)
            if is_written and bulk is not None:
                bulk.wrote((instance,))


async def _save_in_bulk(
    engine: Engine, scope: Scope, ordered: Sequence[Model], bulk: HookedBulk | None
) -> None:
    """Save instances, which come after those they reference.

    What a save one after the other would have written before an error is written; of the rest, some referenced
    instances and some of other models may be written too. Each knows whether it is.
    """
    failed: Exception | None = None
    limit = len(ordered)
    for each in group_instances(ordered):
        group = each.before(limit) if failed is not None else each
        saving = BulkSave(engine, scope, group, bulk)
        try:
            await saving.save()
        except StoppedError as stopped:
            failed, limit = stopped.error, group.positions[stopped.position]
            if not saving.goes_on or is_general(failed):
                break
    if failed is not None:
        raise failed
