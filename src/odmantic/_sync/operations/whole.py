# Generated from src/odmantic/_aio/operations/whole.py by tools/generate_sync.py: do not edit.
"""Writes of whole instances, `insert` and `replace`, in the stages of `save`; what they reference is saved before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from odmantic._driver.plain import check_acknowledged
from odmantic._hooks.inside import is_in_hook_of, refuse_own
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import NOT_ENCODABLE, write_error
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.save import all_fields
from odmantic._plan.whole import plan_whole, replacement, undo
from odmantic._state.places import Written
from odmantic._state.transitions import mark_dirty, mark_unknown, mark_written
from odmantic._sync.operations.hooks import HookedCall
from odmantic._sync.operations.save import finish, save_hooked, save_one, save_postponed
from odmantic.exceptions import DocumentNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from odmantic._driver.plain import Target
    from odmantic._plan.save_plan import SavePlan
    from odmantic._plan.whole import WholeWrite
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.hooks import HookedWrite
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model


def write_whole(engine: Engine, scope: Scope, instance: Model, how: WholeWrite) -> None:
    """Write an instance as a whole, after saving those it references."""
    if not how.inserts:
        model = type(instance)
        check_acknowledged(engine._target(model).writing, how.operation, model)
    ordered: Sequence[Model] = (instance,)
    if instance.__mapping__.links:
        ordered = scope.order(engine, ordered)
    for each in ordered:
        reach = engine._target(type(each)).hooks
        if reach is not None and reach.now() is not None:
            _write_hooked(engine, scope, ordered, instance, how)
            return
    for each in ordered:
        target = engine._target(type(each))
        if each is instance:
            _write_one(engine, scope, instance, target, how)
        else:
            save_one(engine, scope, each, target, how.operation)
    save_postponed(engine, scope)


def _write_one(
    engine: Engine, scope: Scope, instance: Model, target: Target, how: WholeWrite
) -> None:
    """Write an instance after other writes of it."""
    turns, unit = engine._turns, scope.unit
    turn = turns.take_at_once(instance, unit) or turns.take(instance, unit)
    try:
        scope.guard(instance)
        _write(engine, scope, instance, target, how)
    finally:
        if turn is not None:
            turns.leave(instance, turn)


def _write_hooked(
    engine: Engine, scope: Scope, ordered: Sequence[Model], instance: Model, how: WholeWrite
) -> None:
    """Write an instance with its hooks, and with those of the instances that it references."""
    with HookedCall(engine, scope, how.operation) as call:
        call.check(ordered)

        def write() -> None:
            for each in ordered:
                if each is instance:
                    _write_with_hooks(call, engine, scope, instance, how)
                else:
                    save_hooked(call, engine, scope, each)

        finish(call, engine, scope, write)


def _write_with_hooks(
    call: HookedCall, engine: Engine, scope: Scope, instance: Model, how: WholeWrite
) -> None:
    written = call.of(instance)
    if written is None:
        _write_one(engine, scope, instance, engine._target(type(instance)), how)
        return
    if is_in_hook_of(instance):
        refuse_own(instance, how.operation)
    turns = engine._turns
    turn = turns.take(instance, scope.unit)
    call.saving.append(instance)
    try:
        _write_between(call, engine, scope, written, how)
    finally:
        call.saving.pop()
        if turn is not None:
            turns.leave(instance, turn)
    call.after_save(written)


def _write_between(
    call: HookedCall, engine: Engine, scope: Scope, written: HookedWrite, how: WholeWrite
) -> None:
    """Call the hooks before the write of an instance, and write it."""
    instance = written.instance
    written.is_new = how.inserts
    call.before_save(written, all_fields(instance), is_whole=True)
    # A hook may have assigned others.
    ordered = scope.order(engine, [instance])
    number = next(number for number, each in enumerate(ordered) if each is instance)
    for each in ordered[:number]:
        save_hooked(call, engine, scope, each)
    call.begin(written, all_fields(instance))
    try:
        _write(engine, scope, instance, written.target, how)
    except BaseException:
        call.failed(written)
        raise
    call.wrote(written)
    for each in ordered[number + 1 :]:
        save_hooked(call, engine, scope, each)


def _write(engine: Engine, scope: Scope, instance: Model, target: Target, how: WholeWrite) -> None:
    """Plan the write, send it and settle it."""
    warn_unless_settled(instance.__mapping__)
    write = Written(target.known.place, scope.journal)
    try:
        plan, kept = plan_whole(instance, write, how.verb)
        postponed = scope.postponed.get(id(instance))
        try:
            if postponed is not None:
                postponed.leave_out(plan.document)
            result = _send(engine, scope, plan, target, how)
        except BaseException:
            undo(instance, kept, write)
            raise
        if getattr(result, "acknowledged", True) is False:
            mark_unknown(instance)
            return
        mark_written(instance, plan.names, plan.snapshots)
        if scope.attempt is not None:
            names = plan.names
            if not how.inserts:
                # There was a document with this primary key before.
                names -= {str(mapping_of(type(instance)).primary_field)}
            scope.attempt.journal.wrote(write, instance, names)
        if postponed is not None:
            mark_dirty(instance, postponed.names)
    finally:
        write.end()


def _send(engine: Engine, scope: Scope, plan: SavePlan, target: Target, how: WholeWrite) -> Any:
    """Send the document.

    Raises:
        DocumentNotFoundError: if there is none to replace.
    """
    collection = target.writing
    call: Callable[[], Any]
    if how.inserts:
        insert = collection.insert_one
        call = partial(insert, plan.document, session=scope.session, **how.options)
    else:
        query, document = replacement(plan)
        call = partial(collection.replace_one, query, document, session=scope.session)
    try:
        model = type(plan.instance)
        result = scope.send(engine, call, how.operation, model, plan.id_)
    except (PyMongoError, *NOT_ENCODABLE) as error:
        ours = write_error(error, plan, how.verb)
        if ours is None:
            raise
        raise ours from error
    if not how.inserts and result.matched_count == 0:
        raise DocumentNotFoundError(plan.instance)
    return result
