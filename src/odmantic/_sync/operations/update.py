# Generated from src/odmantic/_aio/operations/update.py by tools/generate_sync.py: do not edit.
"""Updates of documents by query; no instance in memory changes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

import pymongo.errors
from pymongo.results import UpdateResult

from odmantic._driver.plain import check_acknowledged
from odmantic._hooks.supply import supplied_in_update
from odmantic._plan.filters import build_filter
from odmantic._plan.query_update import SentUpdate, UpdatePlans, plan_query_update
from odmantic._plan.raw import RawQueries
from odmantic._sync.operations.hooks import after_query_write, before_query_write, event_in
from odmantic.exceptions import DuplicateKeyError
from odmantic.update import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odmantic._driver.plain import Target
    from odmantic._plan.query_update import QueryUpdate
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope


def plan_for(engine: Engine, call: QueryUpdate) -> UpdatePlans:
    """Return what a call sends, with the values of fields with `on_update`, which have the time of the call."""
    return plan_query_update(call, supplied_in_update(call.model, cache(engine._now)))


def update(engine: Engine, scope: Scope, call: QueryUpdate, plans: UpdatePlans) -> UpdateResult:
    """Update documents that match, with the hooks for it.

    Raises:
        DuplicateKeyError: if a unique index refuses a document.
    """
    model = call.model
    reach = engine._target(model).hooks
    hooks = None if reach is None else reach.now()
    if hooks is None:
        return _update(engine, scope, call, plans)
    event = event_in(engine, scope, call.operation, plans.names)
    # Without what the model adds, which no hook can take away.
    event.filter = build_filter(call.queries, raw=RawQueries.ALLOW)
    is_built = any(isinstance(each, Update) for each in call.updates)
    event.update = call.updates if is_built else call.updates[0]
    before_query_write(hooks, event, model, scope)
    given: Any = event.update
    is_several = isinstance(given, tuple)
    updates = tuple(cast("Iterable[Any]", given)) if is_several else (given,)
    # What a hook gives comes from the program.
    call = replace(call, queries=(event.filter,), updates=updates, policy=RawQueries.ALLOW)
    result = _update(engine, scope, call, plan_for(engine, call))
    after_query_write(hooks, event, model, scope)
    return result


def _update(engine: Engine, scope: Scope, call: QueryUpdate, plans: UpdatePlans) -> UpdateResult:
    """Send the update, and where values with defaults are missing, the others for it."""
    target = engine._target(call.model)
    collection = call.options.collection(target.writing)
    if call.just_one and (call.finds or plans.others):
        check_acknowledged(collection, call.operation, call.model)
    if call.returning is not None:
        # What the document holds is read as by `find`.
        collection = call.options.collection(target.collection)
        bound = partial(_bound, target)
        plans = UpdatePlans(bound(plans.first), tuple(map(bound, plans.others)), plans.names)
    result = _send(engine, scope, call, collection, plans.first)
    for sent in plans.others:
        if not call.just_one:
            result = _together(result, _send(engine, scope, call, collection, sent))
        elif not result.matched_count:
            result = _send(engine, scope, call, collection, sent)
    return result


def _bound(target: Target, sent: SentUpdate) -> SentUpdate:
    """Return what the driver can encode for the collection as it is read."""
    bound: Any = target.bound
    return SentUpdate(bound(sent.filter), bound(sent.update), bound(sent.array_filters))


def _send(
    engine: Engine, scope: Scope, call: QueryUpdate, collection: Any, sent: SentUpdate
) -> UpdateResult:
    try:
        result = scope.write_by_query(
            engine, _call_for(call, collection, sent, scope), call.operation, call.model
        )
    except pymongo.errors.DuplicateKeyError as error:
        raise DuplicateKeyError(None, error, call.model) from error
    if not call.finds:
        answer: UpdateResult = result
        return answer
    # The server does not say whether the document it met has changed.
    number = int(result is not None)
    raw = {"n": number, "nModified": number, "ok": 1.0, "value": result}
    return UpdateResult(raw, acknowledged=True)


def _call_for(
    call: QueryUpdate, collection: Any, sent: SentUpdate, scope: Scope
) -> Callable[[], Any]:
    """Return the call of the driver that updates."""
    options: dict[str, Any]
    if call.finds:
        options = call.options.command_words | call.find_options
        method = collection.find_one_and_update
    else:
        options = {**call.options.words}
        method = collection.update_one if call.just_one else collection.update_many
    options["session"] = scope.session
    if sent.array_filters is not None:
        options["array_filters"] = sent.array_filters
    return partial(method, sent.filter, sent.update, **options)


def _together(one: UpdateResult, other: UpdateResult) -> UpdateResult:
    """Return the result of two updates of different documents."""
    if not one.acknowledged:
        return one
    raw = {
        "n": one.matched_count + other.matched_count,
        "nModified": one.modified_count + other.modified_count,
        "ok": 1.0,
    }
    return UpdateResult(raw, acknowledged=True)
