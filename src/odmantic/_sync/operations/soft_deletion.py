# Generated from src/odmantic/_aio/operations/soft_deletion.py by tools/generate_sync.py: do not edit.
"""Soft deletions: the document of an instance, or all that match, get the time of the deletion, or lose it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from pymongo import ReturnDocument

from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import check_id
from odmantic._hooks.supply import supplied_in_update, supply
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import naming_duplicates
from odmantic._plan.query_deletion import Removed
from odmantic._plan.save import plan_save
from odmantic._plan.soft_deletion import plan_soft_remove, time_of_deletion
from odmantic._state.places import Written
from odmantic._state.transitions import give_back, mark_written
from odmantic._sync.operations.save import send
from odmantic._transaction.assigned import Assigned
from odmantic.exceptions import DocumentNotFoundError

if TYPE_CHECKING:
    from datetime import datetime

    from odmantic._driver.plain import Target
    from odmantic._plan.query_deletion import QueryDeletion
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model
    from odmantic.query import QueryExpression


def delete_softly(engine: Engine, scope: Scope, instance: Model) -> None:
    """Set the time of deletion of an instance and its document.

    Raises:
        DocumentNotFoundError: if there is none.
    """
    _write(engine, scope, instance, "delete", is_deleted=True)


def restore(engine: Engine, scope: Scope, instance: Model) -> None:
    """Unset the time of deletion of an instance and its document.

    Raises:
        DocumentNotFoundError: if there is none.
    """
    _write(engine, scope, instance, "restore", is_deleted=False)


def remove_softly(
    engine: Engine, scope: Scope, call: QueryDeletion, query: QueryExpression
) -> Removed:
    """Set the time of deletion of documents that match a filter.

    Raises:
        DuplicateKeyError: if a unique index refuses one of them.
    """
    model = call.model
    target, now = engine._target(model), engine._now()
    supplied = supplied_in_update(model, lambda: now)
    time = _time_at(now, target, model)
    write = plan_soft_remove(call, query, time, supplied)
    if call.finds:
        # What the documents hold is read as by `find`.
        find = call.options.collection(target.collection).find_one_and_update
        options = {"return_document": ReturnDocument.AFTER, "session": scope.session}
        changes = target.bound(write.update)
        send = partial(find, target.bound(query), changes, **call.find_options, **options)
        with naming_duplicates(model):
            found = scope.write_by_query(engine, send, call.operation, model)
        return Removed.of_found(found)
    collection = call.options.collection(target.writing)
    update = collection.update_one if call.just_one else collection.update_many
    words = call.options.words
    send = partial(update, write.filter, write.update, **words, session=scope.session)
    with naming_duplicates(model):
        result = scope.write_by_query(engine, send, call.operation, model)
    return Removed(result.matched_count)


def _time_at(now: datetime, target: Target, model: Any) -> Any:
    options: Any = getattr(target.collection, "codec_options", None)
    tz_aware = getattr(options, "tz_aware", None) is True
    return time_of_deletion(mapping_of(model), now, tz_aware=tz_aware)


def _write(
    engine: Engine, scope: Scope, instance: Model, operation: str, *, is_deleted: bool
) -> None:
    """Write the field for the time, after saves of the instance that are under way."""
    check_id(type(instance), encode_primary_key(instance), operation)
    turns, unit = engine._turns, scope.unit
    turn = turns.take_at_once(instance, unit) or turns.take(instance, unit)
    try:
        _set_time(engine, scope, instance, operation, is_deleted=is_deleted)
    finally:
        if turn is not None:
            turns.leave(instance, turn)


def _set_time(
    engine: Engine, scope: Scope, instance: Model, operation: str, *, is_deleted: bool
) -> None:
    """Set the field of an instance, and send it; if that fails, the instance is as before."""
    target, now = engine._target(type(instance)), engine._now()
    mapping = mapping_of(type(instance))
    name = mapping.soft_delete or ""
    names = {name, *(each.name for each in mapping.supplied if each.on_update is not None)}
    assigned = Assigned(instance, target.known.place)
    write = Written(target.known.place, scope.journal)
    plan = None
    try:
        try:
            # A frozen model may be deleted, too.
            vars(instance)[name] = _time_at(now, target, type(instance)) if is_deleted else None
            instance.__pydantic_fields_set__.add(name)
            supply(instance, {name}, lambda: now, is_new=False)
        finally:
            assigned.end()
        plan = plan_save(instance, names, write)
        if plan is None or not send(engine, scope, plan, target, operation):
            _raise_not_found(instance)
    except BaseException:
        if plan is not None:
            give_back(instance, plan.names, write)
        assigned.keep_clean(frozenset())
        assigned.undo()
        write.end()
        raise
    mark_written(instance, plan.names, plan.snapshots)
    if scope.attempt is not None:
        # In this order: what the program wrote itself before stays dirty after a rollback.
        scope.attempt.journal.assigned(assigned)
        scope.attempt.journal.wrote(write, instance, plan.names)
    write.end()


def _raise_not_found(instance: Model) -> NoReturn:
    raise DocumentNotFoundError(instance)
