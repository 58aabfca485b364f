# Generated from src/odmantic/_aio/operations/update.py by tools/generate_sync.py: do not edit.
"""Updates of documents by query; no instance in memory changes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import bson
from pymongo.results import UpdateResult

from odmantic._bson.alike import is_alike
from odmantic._driver.plain import check_acknowledged, is_acknowledged
from odmantic._hooks.supply import supplied_in_update
from odmantic._mapping.suppliers import one_time
from odmantic._plan.filters import build_filter
from odmantic._plan.query_update import plan_query_update
from odmantic._plan.raw import RawQueries
from odmantic._plan.references import copied
from odmantic._plan.update_call import Later
from odmantic._sync.operations.hooks import after_query_write, before_query_write, event_in
from odmantic._sync.operations.upsert import repeat_lost_races
from odmantic.update import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odmantic._driver.plain import Target
    from odmantic._plan.query_update import QueryUpdate, SentUpdate, UpdatePlans
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope


def plan_for(engine: Engine, call: QueryUpdate) -> UpdatePlans:
    """Return what a call sends, with the values of fields with `on_update`, which have the time of the call."""
    now = one_time(engine._now)
    return plan_query_update(call, supplied_in_update(call.model, now), now)


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
    known = copied(event.filter), copied(event.update)
    before_query_write(hooks, event, model, scope)
    given: Any = event.update
    if not is_alike(known, (copied(event.filter), copied(given))):
        is_several = isinstance(given, tuple)
        updates = tuple(cast("Iterable[Any]", given)) if is_several else (given,)
        # What a hook gives comes from the program.
        call = replace(call, queries=(event.filter,), updates=updates, policy=RawQueries.ALLOW)
        plans = plan_for(engine, call)
    result = _update(engine, scope, call, plans)
    after_query_write(hooks, event, model, scope)
    return result


def _update(engine: Engine, scope: Scope, call: QueryUpdate, plans: UpdatePlans) -> UpdateResult:
    target = engine._target(call.model)
    collection = call.options.collection(target.writing)
    if not is_acknowledged(collection) and _needs_answer(call, plans):
        check_acknowledged(collection, call.operation, call.model)
    if call.returning is not None:
        # What the document holds is read as by `find`.
        collection = call.options.collection(target.collection)
        bound = partial(_bound, target)
        plans = replace(
            plans,
            first=bound(plans.first),
            others=Later(partial(map, bound, plans.others)),
            insert=None if plans.insert is None else bound(plans.insert),
        )
    send = partial(_send, engine, scope, call, collection)

    def attempt() -> UpdateResult:
        result = _send_all(call, plans, send)
        if plans.insert is None or result.matched_count:
            return result
        inserted = send(plans.insert)
        if inserted.upserted_id is not None:
            return inserted
        # There is one now, or it has failed the conditions of the updates.
        return _send_all(call, plans, send)

    return repeat_lost_races(scope, call.model, plans.equalities, attempt)


def _needs_answer(call: QueryUpdate, plans: UpdatePlans) -> bool:
    """Return whether what is sent depends on whether a document has matched."""
    return plans.insert is not None or (call.just_one and (call.finds or any(plans.others)))


def _send_all(
    call: QueryUpdate, plans: UpdatePlans, send: Callable[[SentUpdate], UpdateResult]
) -> UpdateResult:
    """Send the update, and where values with defaults are missing, the others for it."""
    result = send(plans.first)
    for sent in plans.others:
        if not call.just_one:
            result = _together(result, send(sent))
        elif not result.matched_count:
            result = send(sent)
    return result


def _bound(target: Target, sent: SentUpdate) -> SentUpdate:
    """Return what the driver can encode for the collection as it is read."""
    bound: Any = target.bound
    return replace(
        sent,
        filter=bound(sent.filter),
        update=bound(sent.update),
        array_filters=bound(sent.array_filters),
        document=bound(sent.document),
    )


def _send(
    engine: Engine, scope: Scope, call: QueryUpdate, collection: Any, sent: SentUpdate
) -> UpdateResult:
    result = scope.write_by_query(
        engine, _call_for(call, collection, sent, scope), call.operation, call.model
    )
    if sent.is_insertion and call.returning == "after" and result.upserted_id is not None:
        options = collection.codec_options
        driver: Any = bson
        value = driver.decode(bson.encode(sent.document or {}, codec_options=options), options)
        return UpdateResult({**result.raw_result, "value": value}, acknowledged=True)
    if sent.is_insertion or not call.finds:
        answer: UpdateResult = result
        return answer
    if result is None and sent.upsert:
        id_ = (sent.document or {}).get("_id")
        return UpdateResult({"n": 1, "nModified": 0, "upserted": id_, "ok": 1.0}, acknowledged=True)
    # The server does not say whether the document it met has changed.
    number = int(result is not None)
    raw = {"n": number, "nModified": number, "ok": 1.0, "value": result}
    return UpdateResult(raw, acknowledged=True)


def _call_for(
    call: QueryUpdate, collection: Any, sent: SentUpdate, scope: Scope
) -> Callable[[], Any]:
    """Return the call of the driver that updates."""
    options: dict[str, Any]
    if call.finds and not sent.is_insertion:
        options = call.options.command_words | call.find_options
        method = collection.find_one_and_update
    else:
        options = {**call.options.words}
        is_one = call.just_one or sent.is_insertion
        method = collection.update_one if is_one else collection.update_many
    if sent.upsert:
        options["upsert"] = True
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
