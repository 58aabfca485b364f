# Generated from src/odmantic/_aio/operations/delete_by_query.py by tools/generate_sync.py: do not edit.
"""Deletes the documents that match, or one of them, with what the delete rules of references say."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._codec.ids import ids_filter
from odmantic._plan.filters import build_filter
from odmantic._plan.query_deletion import Removed, may_fire
from odmantic._plan.raw import RawQueries
from odmantic._plan.references import slices
from odmantic._sync.operations.hooks import (
    after_query_write,
    before_query_write,
    dooming,
    event_in,
)
from odmantic._sync.operations.rules import advising, carry_out, plan_deletion
from odmantic._sync.operations.soft_deletion import remove_softly
from odmantic.query import QueryExpression

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._plan.query_deletion import QueryDeletion
    from odmantic._plan.rules import RuleOptions
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope

    Then = Callable[[Scope, Removed], Any]


def remove(
    engine: Engine,
    scope: Scope,
    call: QueryDeletion,
    query: QueryExpression,
    rules: RuleOptions,
    then: Then | None = None,
) -> Any:
    """Delete matching documents.

    Args:
        engine: The engine.
        scope: The scope.
        call: The call.
        query: Its filter.
        rules: What it says about delete rules.
        then: Makes something of what was deleted, within the transaction of the deletion, if it has one.

    Returns:
        What `then` makes, or a `Removed`.

    Raises:
        ReferencedError: if another document denies it.
        ValueError: if more documents than allowed would be deleted.
    """
    if not may_fire(call.model, rules, hard=call.hard):
        return _remove_hooked(engine, scope, call, query, None, then)

    call.options.check_in_transaction(call.operation, call.model)

    def work(scope: Scope) -> Any:
        return _remove_hooked(engine, scope, call, query, rules.limit, then)

    with advising(call.model):
        return engine._atomically(scope, work)


def _remove_hooked(
    engine: Engine,
    scope: Scope,
    call: QueryDeletion,
    query: QueryExpression,
    limit: int | None,
    then: Then | None,
) -> Any:
    """Delete matching documents, with the hooks for it.

    Args:
        engine: The engine.
        scope: The scope.
        call: The call.
        query: Its filter.
        limit: The largest number of documents that rules may delete; `None` if there are no rules.
        then: Makes something of what was deleted.
    """
    reach = engine._target(call.model).hooks
    hooks = None if reach is None else reach.now()
    if hooks is None:
        removed = _remove(engine, scope, call, query, limit)
    else:
        event = event_in(engine, scope, call.operation)
        # Without the conditions of the model, which no hook can take away.
        event.filter = build_filter(call.queries)
        before_query_write(hooks, event, call.model, scope)
        # What a hook gives comes from the program.
        call = replace(call, queries=(event.filter,), policy=RawQueries.ALLOW)
        removed = _remove(engine, scope, call, call.filter, limit)
        after_query_write(hooks, event, call.model, scope)
    return removed if then is None else then(scope, removed)


def _remove(
    engine: Engine, scope: Scope, call: QueryDeletion, query: QueryExpression, limit: int | None
) -> Removed:
    if limit is not None:
        return _remove_with_rules(engine, scope, call, query, limit)
    if call.is_soft:
        return remove_softly(engine, scope, call, query)
    target = engine._target(call.model)
    if call.finds:
        # What the documents hold is read as by `find`.
        find = call.options.collection(target.collection).find_one_and_delete
        options = {**call.find_options, "session": scope.session}
        send = partial(find, target.bound(query), **options)
        return Removed.of_found(scope.send(engine, send, call.operation, call.model))
    collection = call.options.collection(target.writing)
    delete = collection.delete_one if call.just_one else collection.delete_many
    send = partial(delete, query, **call.options.words, session=scope.session)
    result = scope.send(engine, send, call.operation, call.model)
    return Removed(result.deleted_count)


def _remove_with_rules(
    engine: Engine, scope: Scope, call: QueryDeletion, query: QueryExpression, limit: int
) -> Removed:
    """Delete matching documents by their ids, and do before what the rules say."""
    following = plan_deletion(
        *(engine, scope, call.model, query, call.operation),
        is_soft=call.is_soft,
        limit=limit,
        first_by=call.order if call.just_one else None,
        words=call.options.words,
    )
    document = None
    with dooming(scope):
        if following.roots:
            carry_out(engine, scope, following, call.operation)
        for is_soft in (False, True):
            ids = [root.id for root in following.roots if root.is_soft is is_soft]
            for some in slices(ids):
                query = QueryExpression(ids_filter(some))
                those = call.by_ids(query, hard=not is_soft)
                removed = _remove(engine, scope, those, query, None)
                document = removed.document
    return Removed(len(following.roots), document)
