"""Finds the instance of a document, or creates the document, whoever does the same at that time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from odmantic._aio.operations.find import find_first
from odmantic._aio.operations.find_one_and import instance_of
from odmantic._aio.operations.hooks import after_query_write, before_query_write, event_in
from odmantic._aio.operations.save import save_one
from odmantic._aio.operations.upsert import MOST_ATTEMPTS
from odmantic._codec.encode import encode_document
from odmantic._driver.plain import check_acknowledged
from odmantic._hooks.supply import supply
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.creation import plan_creation
from odmantic._plan.equalities import is_lost_race
from odmantic._plan.errors import NOT_ENCODABLE, write_error
from odmantic._plan.filters import build_filter
from odmantic._plan.find import FindPlan
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.raw import RawQueries
from odmantic._plan.replacement import has_given_id
from odmantic._plan.save import all_fields
from odmantic._plan.whole import plan_whole, undo
from odmantic._state.places import Written
from odmantic._state.transitions import mark_written
from odmantic._transaction.assigned import Assigned
from odmantic.exceptions import DuplicateKeyError

if TYPE_CHECKING:
    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._driver.plain import Target
    from odmantic._plan.creation import Creation, SentCreation
    from odmantic._plan.save_plan import SavePlan
    from odmantic.model import Model
    from odmantic.query import QueryExpression


async def get_or_create(
    engine: Engine, scope: Scope, call: Creation, query: QueryExpression
) -> tuple[Any, bool]:
    """Return the instance of a document, and whether it was created.

    Args:
        engine: The engine.
        scope: The scope; its commands see each other's effects.
        call: The call.
        query: Its filter.

    Raises:
        ValueError: if the query would not find the document of the instance.
        DuplicateKeyError: if a unique index refuses the document; the instance is as before.
    """
    instance = call.instance
    check_acknowledged(engine._target(call.model).writing, call.operation, call.model)
    # What is wrong is told whether there is a document or not.
    plan_creation(call, query, encode_document(instance), has_id=_has_id(engine, instance))
    found = await find_first(engine, scope, FindPlan(call.model, query), call.operation)
    if found is not None:
        return found, False
    reach = engine._target(call.model).hooks
    hooks = None if reach is None else reach.now()
    if hooks is None:
        return await _create_in_order(engine, scope, call, query)
    changes = frozenset(all_fields(instance))
    event = event_in(engine, scope, call.operation, changes, is_new=True)
    # Without what the model adds, which no hook can take away.
    event.filter = build_filter(call.queries, raw=RawQueries.ALLOW)
    event.instance = instance
    await before_query_write(hooks, event, call.model, scope)
    # What a hook gives comes from the program.
    call = replace(call, queries=(event.filter,), policy=RawQueries.ALLOW)
    answer = await _create_in_order(engine, scope, call, call.filter)
    await after_query_write(hooks, event, call.model, scope)
    return answer


def _has_id(engine: Engine, instance: Model) -> bool:
    return has_given_id(instance, engine._target(type(instance)).known.place)


async def _create_in_order(
    engine: Engine, scope: Scope, call: Creation, query: QueryExpression
) -> tuple[Any, bool]:
    """Save what the instance references, and create its document, after other writes of the instance."""
    instance, turns = call.instance, engine._turns
    if instance.__mapping__.links:
        ordered = scope.order(engine, (instance,))
        if scope.postponed or ordered[-1] is not instance:
            raise ValueError(
                f"{call.operation} of {call.model.__name__} may create no document, and what the instance references refers "
                "to it: insert it instead"
            )
        for each in ordered[:-1]:
            await save_one(engine, scope, each, engine._target(type(each)), call.operation)
    turn = turns.take_at_once(instance, scope.unit) or await turns.take(instance, scope.unit)
    try:
        scope.guard(instance)
        if mapping_of(type(instance)).supplied:
            now = engine._now()
            supply(instance, all_fields(instance), lambda: now, is_new=True)
        return await _create(engine, scope, call, query)
    finally:
        if turn is not None:
            turns.leave(instance, turn)


async def _create(
    engine: Engine, scope: Scope, call: Creation, query: QueryExpression
) -> tuple[Any, bool]:
    """Plan the creation, send it and settle it."""
    instance = call.instance
    warn_unless_settled(instance.__mapping__)
    target = engine._target(type(instance))
    has_id = _has_id(engine, instance)
    place = target.known.place
    write = Written(place, scope.journal)
    changed = None if has_id or scope.journal is None else Assigned(instance, place)
    try:
        plan, kept = plan_whole(instance, write, "create")
        try:
            sent = plan_creation(call, query, plan.document, has_id=has_id)
            found = await _send_until_known(engine, scope, call, plan, sent)
        except BaseException:
            undo(instance, kept, write)
            raise
        if found is not None:
            undo(instance, kept, write)
            return found, False
        _settle(scope, plan, sent)
        if changed is not None and scope.journal is not None and changed.end():
            scope.journal.assigned(changed)
        return instance, True
    finally:
        write.end()


def _settle(scope: Scope, plan: SavePlan, sent: SentCreation) -> None:
    """Note that the document was created, also in the journal of the transaction."""
    instance = plan.instance
    if sent.id != plan.id_:
        mapping = mapping_of(type(instance))
        vars(instance)[str(mapping.primary_field)] = mapping.keys.read(sent.id)
    mark_written(instance, plan.names, plan.snapshots)
    if scope.attempt is not None:
        scope.attempt.journal.wrote(plan.write, instance, plan.names)


async def _send_until_known(
    engine: Engine, scope: Scope, call: Creation, plan: SavePlan, sent: SentCreation
) -> Any:
    """Create the document; return the instance of another one that matches, and `None` if there is none.

    Outside of transactions, an index that refuses the document tells of another call that was faster.
    """
    left = MOST_ATTEMPTS if scope.unit is None else 1
    while True:
        left -= 1
        try:
            document = await _send(engine, scope, call, plan, sent)
        except DuplicateKeyError as error:
            if scope.unit is not None:
                raise
            reading = FindPlan(call.model, sent.filter)
            found = await find_first(engine, scope, reading, call.operation)
            if found is not None:
                return found
            refused: Any = error.driver_error
            if not left or not is_lost_race(refused, sent.equalities):
                raise
        else:
            if document is None:
                return None
            load = mapping_of(call.model).usual_load
            return await instance_of(engine, scope, load, document, call.operation)


async def _send(
    engine: Engine, scope: Scope, call: Creation, plan: SavePlan, sent: SentCreation
) -> Any:
    """Send the creation, and return the document that matches, as it was."""
    target: Target = engine._target(call.model)
    # What the document holds is read as by `find`.
    update = partial(
        target.collection.find_one_and_update,
        target.bound(sent.filter),
        target.bound(sent.update),
        upsert=True,
        session=scope.session,
    )
    try:
        return await scope.write_by_query(engine, update, call.operation, call.model)
    except (PyMongoError, *NOT_ENCODABLE) as error:
        ours = write_error(error, plan, "create")
        if ours is None:
            raise
        raise ours from error
