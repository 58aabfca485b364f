"""Writes one document: some fields of an instance, or all of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo import ReadPreference
from pymongo.errors import PyMongoError

from odmantic._codec.ids import id_filter
from odmantic._plan.command import has_matched, met_document, update_command
from odmantic._plan.errors import NOT_ENCODABLE, write_error
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.save import all_fields, plan_save
from odmantic._state.places import Written
from odmantic._state.transitions import give_back, mark_written

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._driver.plain import Target
    from odmantic._plan.save_plan import SavePlan
    from odmantic.model import Model


async def write(
    engine: Engine, scope: Scope, instance: Model, names: AbstractSet[str], target: Target
) -> None:
    """Send some fields of an instance; if they are not all and there is no document, all of them."""
    write = Written(target.known.place, scope.journal)
    try:
        plan = plan_save(instance, names, write)
    except BaseException:
        write.end()
        raise
    if plan is not None:
        await write_plan(engine, scope, plan, target)


async def write_plan(engine: Engine, scope: Scope, plan: SavePlan, target: Target) -> None:
    """Send what is planned; if there is no document, all fields; and note what was written."""
    instance = plan.instance
    try:
        warn_unless_settled(instance.__mapping__)
        if not await _update(engine, scope, plan, target):
            plan = plan_save(instance, all_fields(instance), plan.write) or plan
            await _update(engine, scope, plan, target)
    except BaseException:
        give_back(instance, plan.names, plan.write)
        plan.end()
        raise
    mark_written(instance, plan.names, plan.snapshots)
    if scope.attempt is not None:
        scope.attempt.journal.wrote(plan.write, instance, plan.names)
    plan.end()


async def _update(engine: Engine, scope: Scope, plan: SavePlan, target: Target) -> bool:
    """Send one update, and tell whether it met or made a document."""
    read: Callable[[Any], bool] | None = None
    call: Callable[[], Any]
    collection = target.collection
    if scope.attempt is not None and target.command_options is not None:
        # The same as a command, whose answer tells of an error in its own way.
        call = partial(
            collection.database.command,
            update_command(collection.name, plan),
            read_preference=ReadPreference.PRIMARY,
            codec_options=target.command_options,
            session=scope.session,
        )
        read = met_document
    else:
        call = partial(
            collection.update_one,
            id_filter(plan.id_),
            plan.update,
            upsert=plan.upsert,
            session=scope.session,
        )
    try:
        result = await scope.send(engine, call, "save", type(plan.instance), plan.id_, read)
    except (PyMongoError, *NOT_ENCODABLE) as error:
        ours = write_error(error, plan)
        if ours is None:
            raise
        raise ours from error
    return plan.upsert or (has_matched(result) if read is None else result)
