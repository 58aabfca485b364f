# Generated from src/odmantic/_aio/operations/delete.py by tools/generate_sync.py: do not edit.
"""Deletes the document of an instance, with what the delete rules of references say."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import check_id
from odmantic._hooks.events import OF_DELETES
from odmantic._hooks.inside import refuse_own
from odmantic._plan.conditions import instance_filter
from odmantic._plan.query_deletion import is_soft, may_fire
from odmantic._plan.writes import Delete
from odmantic._state.transitions import mark_deleted
from odmantic._sync.operations.hooks import HookedCall, dooming
from odmantic._sync.operations.rules import advising, carry_out, plan_deletion
from odmantic._sync.operations.soft_deletion import delete_softly
from odmantic.exceptions import DocumentNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._driver.plain import Target
    from odmantic._plan.rules import RuleOptions
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model


def delete(
    engine: Engine, scope: Scope, instance: Model, *, hard: bool, rules: RuleOptions
) -> None:
    """Delete the document of an instance.

    Raises:
        DocumentNotFoundError: if there is none.
        ReferencedError: if another document denies it.
        ValueError: if more documents than allowed would be deleted with it.
    """
    # What only hands on is no coroutine of its own.
    if may_fire(type(instance), rules, hard=hard):
        return _delete_atomically(engine, scope, instance, hard=hard, limit=rules.limit)
    return _delete(engine, scope, instance, hard=hard)


def _delete_atomically(
    engine: Engine, scope: Scope, instance: Model, *, hard: bool, limit: int
) -> None:
    def work(scope: Scope) -> None:
        _delete(engine, scope, instance, hard=hard, limit=limit)

    with advising(type(instance)):
        engine._atomically(scope, work)


def _delete(
    engine: Engine,
    scope: Scope,
    instance: Model,
    *,
    hard: bool,
    limit: int | None = None,
    hooked: HookedCall | None = None,
) -> None:
    """Delete the document of an instance.

    Args:
        engine: The engine.
        scope: The scope.
        instance: The instance.
        hard: Whether to delete it for good.
        limit: The largest number of documents that rules may delete; `None` if there are no rules.
        hooked: Calls its hooks already, if it is given.
    """
    target = engine._target(type(instance))
    if target.hooks is not None and hooked is None:
        _delete_hooked(engine, scope, instance, hard=hard, limit=limit)
    elif limit is not None:
        _delete_with_rules(engine, scope, instance, hard=hard, limit=limit)
    else:
        _delete_document(engine, scope, instance, target, hard=hard)


def _delete_document(
    engine: Engine, scope: Scope, instance: Model, target: Target, *, hard: bool
) -> None:
    model = type(instance)
    if not hard and model.__mapping__.soft_delete is not None:
        delete_softly(engine, scope, instance)
        return
    id_ = encode_primary_key(instance)
    check_id(model, id_, "delete")
    journal = scope.journal
    before = journal.deleting(instance) if journal is not None else None
    call = _call_for(Delete(instance_filter(model, id_), just_one=True), target.writing, scope)
    result = scope.send(engine, call, "delete", model, id_)
    if result.deleted_count == 0:
        raise DocumentNotFoundError(instance)
    was_here, ended = mark_deleted(instance, target.known.place)
    if journal is not None:
        journal.deleted(instance, before if was_here else None, ended)


def _delete_with_rules(
    engine: Engine, scope: Scope, instance: Model, *, hard: bool, limit: int
) -> None:
    """Delete the document of an instance, and do before what the rules say."""
    model = type(instance)
    id_ = encode_primary_key(instance)
    check_id(model, id_, "delete")
    following = plan_deletion(
        *(engine, scope, model, instance_filter(model, id_), "delete"),
        is_soft=is_soft(model, hard=hard),
        limit=limit,
    )
    if not following.roots:
        raise DocumentNotFoundError(instance)
    with dooming(scope):
        carry_out(engine, scope, following, "delete")
        hard = not following.roots[0].is_soft
        _delete_document(engine, scope, instance, engine._target(model), hard=hard)


def _delete_hooked(
    engine: Engine, scope: Scope, instance: Model, *, hard: bool, limit: int | None
) -> None:
    """Delete the document of an instance with its hooks."""
    with HookedCall(engine, scope, "delete") as hooked:
        hooked.check((instance,), OF_DELETES)
        refuse_own(instance, "delete")
        written = hooked.of(instance)
        if written is not None:
            hooked.before_delete(written)
            hooked.begin(written)
        _delete(engine, scope, instance, hard=hard, limit=limit, hooked=hooked)
        if written is not None:
            hooked.wrote(written)
            hooked.after_delete(written)


def _call_for(write: Delete, collection: Any, scope: Scope) -> Callable[[], Any]:
    """Return the call of the driver that deletes."""
    delete = collection.delete_one if write.just_one else collection.delete_many
    return partial(delete, write.filter, session=scope.session)
