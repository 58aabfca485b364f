"""Updates the document of an instance, which takes the new values from the server's answer.

The fields that are touched have the values of the document afterwards, other writers' changes included, and are clean.
Until the answer is there, nothing of the instance changes: a failed or cancelled update leaves it as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import pymongo.errors
from pymongo import ReadPreference, ReturnDocument

from odmantic._aio.operations.hooks import after_query_write, before_query_write, event_in
from odmantic._aio.operations.references import ReferenceLoader
from odmantic._bson.alike import is_alike
from odmantic._codec.part import read_fields
from odmantic._driver._aio import resolve, take_batch
from odmantic._driver.plain import check_acknowledged
from odmantic._hooks.inside import refuse_own
from odmantic._hooks.supply import supplied_in_update
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.suppliers import one_time
from odmantic._plan.errors import add_context
from odmantic._plan.filters import build_filter
from odmantic._plan.find import FindPlan
from odmantic._plan.references import copied
from odmantic._plan.refresh import with_changed_targets
from odmantic._plan.update_instance import (
    InstanceUpdate,
    InstanceUpdatePlan,
    Judgement,
    check_unsaved,
    plan_instance_update,
    with_hooked,
)
from odmantic._shared.reading import read_document
from odmantic._state.dirty import dirty_among
from odmantic._state.refreshing import part_of, take_over
from odmantic._state.snapshot import field_digests
from odmantic.exceptions import DocumentNotFoundError, DocumentParsingError, DuplicateKeyError
from odmantic.update import Update

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._driver.plain import Target
    from odmantic._plan.query_update import SentUpdate
    from odmantic._state.places import Known
    from odmantic.model import Model

_MOST_ATTEMPTS = 10
"""The largest number of attempts to update a document that others change, so that each one misses and none should."""


def plan_for(engine: Engine, call: InstanceUpdate) -> InstanceUpdatePlan:
    """Return what a call sends, with the values of fields with `on_update`, which have the time of the call."""
    now = one_time(engine._now)
    return plan_instance_update(call, supplied_in_update(type(call.instance), now))


async def update_instance(engine: Engine, scope: Scope, plan: InstanceUpdatePlan) -> bool:
    """Update the document of an instance, with the hooks for it; tell whether `where` held.

    Raises:
        UnsavedChangesError: if changes in the instance would be lost; nothing is sent.
        DocumentNotFoundError: if there is no document of its class.
        UpdateRefusedError: if the values would not fit the model.
        DocumentParsingError: if the values of the updated document do not fit the model; the instance is as before.
        DuplicateKeyError: if a unique index refuses the document.
    """
    instance = plan.call.instance
    model = type(instance)
    target = engine._target(model)
    hooks = None if target.hooks is None else target.hooks.now()
    if hooks is None:
        return await _update_in_turn(engine, scope, plan, target)
    event = event_in(engine, scope, "update", plan.touched)
    event.instance = instance
    event.filter = build_filter((plan.call.own_filter, *plan.call.where))
    updates = plan.call.updates
    is_built = any(isinstance(each, Update) for each in updates)
    event.update = updates if is_built else updates[0]
    # A hook may change either in place.
    known_filter, known_update = copied(event.filter), copied(event.update)
    await before_query_write(hooks, event, model, scope)
    has_filter = is_alike(known_filter, copied(event.filter))
    if not has_filter or not is_alike(known_update, copied(event.update)):
        # The document of the instance is meant, whatever the filter says.
        where = plan.call.where if has_filter else (event.filter,)
        plan = plan_for(engine, with_hooked(plan.call, where, event.update))
    is_updated = await _update_in_turn(engine, scope, plan, engine._target(model))
    if is_updated:
        await after_query_write(hooks, event, model, scope)
    return is_updated


async def _update_in_turn(
    engine: Engine, scope: Scope, plan: InstanceUpdatePlan, target: Target
) -> bool:
    """Update after saves and other updates of the instance that are under way: later values come later."""
    instance, turns, unit = plan.call.instance, engine._turns, scope.unit
    refuse_own(instance, "update")
    turn = turns.take_at_once(instance, unit) or await turns.take(instance, unit)
    try:
        return await _update(engine, scope, plan, target)
    finally:
        if turn is not None:
            turns.leave(instance, turn)


async def _update(engine: Engine, scope: Scope, plan: InstanceUpdatePlan, target: Target) -> bool:
    instance = plan.call.instance
    check_acknowledged(target.collection, "update", type(instance))
    held = _Held.of(instance, plan.touched, target.known.place)
    check_unsaved(plan, held.dirty)
    if held.dirty:
        # An attempt before may have changed them already.
        scope.guard(instance)
    for _ in range(_MOST_ATTEMPTS):
        for sent in chain((plan.first,), plan.others):
            document = await _send(engine, scope, plan, sent, target)
            if document is not None:
                fresh = await _read(engine, scope, plan, document, target)
                _settle(engine, scope, plan, held, fresh, target.known)
                return True
        if not await _may_match_now(engine, scope, plan.call, target):
            break
    return False


async def _send(
    engine: Engine, scope: Scope, plan: InstanceUpdatePlan, sent: SentUpdate, target: Target
) -> Any:
    """Update the document; return what is asked of it, or `None` if it does not match."""
    instance = plan.call.instance
    model = type(instance)
    options: dict[str, Any] = {"session": scope.session}
    if sent.array_filters is not None:
        options["array_filters"] = target.bound(sent.array_filters)
    call = partial(
        target.collection.find_one_and_update,
        target.bound(sent.filter),
        target.bound(sent.update),
        plan.projection,
        return_document=ReturnDocument.AFTER,
        **options,
    )
    try:
        return await scope.write_by_query(engine, call, "update", model)
    except pymongo.errors.DuplicateKeyError as error:
        raise DuplicateKeyError(instance, error) from error


async def _may_match_now(
    engine: Engine, scope: Scope, call: InstanceUpdate, target: Target
) -> bool:
    """Find out why no document has matched; tell whether it would by now, since somebody else has changed it.

    Raises:
        DocumentNotFoundError: if there is none.
        UpdateRefusedError: if the conditions of the call hold, and one of its updates does not.
    """
    model, judgement = type(call.instance), Judgement(call)
    collection = target.collection.with_options(read_preference=ReadPreference.PRIMARY)

    async def read() -> Any:
        stages = target.bound(judgement.pipeline)
        cursor = await resolve(collection.aggregate(stages, session=scope.session))
        (answer,) = await take_batch(cursor, 1)
        return answer

    answer = await scope.send(engine, read, "update", model)
    if not judgement.has_found(answer):
        raise DocumentNotFoundError(call.instance)
    if not judgement.has_held(answer):
        return False
    if judgement.unasked is not None:
        query = target.bound(build_filter((call.own_filter, judgement.unasked)))
        ask = partial(collection.find_one, query, {"_id": 1}, session=scope.session)
        if await scope.send(engine, ask, "update", model) is None:
            return False
    refusal = judgement.refusal(answer)
    if refusal is not None:
        raise refusal
    return True


async def _read(
    engine: Engine, scope: Scope, plan: InstanceUpdatePlan, document: Any, target: Target
) -> Model:
    """Return an instance of the updated document, or of the part of it that was asked for.

    Raises:
        DocumentParsingError: if it does not fit the model.
    """
    instance = plan.call.instance
    model = type(instance)
    mapping = mapping_of(model)
    if plan.projection is not None:
        values = read_fields(mapping, plan.touched, document)
        if values is not None:
            part: Model = part_of(model, values, target.known)
            return part
        collection = target.collection.with_options(read_preference=ReadPreference.PRIMARY)
        query = target.bound(plan.call.own_filter)
        call = partial(collection.find_one, query, session=scope.session)
        document = await scope.send(engine, call, "update", model)
    found = [document] if document is not None else []
    reading = FindPlan(model, plan.call.own_filter)
    if found and reading.has_references:
        loader = ReferenceLoader(engine, scope, reading.loads, target.collection)
        found = await scope.send(engine, partial(loader.complete, found), "update", model)
    if not found:
        raise DocumentNotFoundError(instance)
    try:
        fresh = read_document(model, found[0], engine._reading_from(model, target.known))
    except DocumentParsingError as error:
        add_context(error, f"the document of the {model.__name__} was updated all the same")
        raise
    if type(fresh) is not model:
        raise DocumentNotFoundError(instance)
    return fresh


@dataclass(frozen=True, slots=True)
class _Held:
    """What an instance holds before an update in the fields that it touches, to see what changes meanwhile."""

    dirty: AbstractSet[str]
    values: dict[str, Any]
    digests: dict[str, bytes]

    @classmethod
    def of(cls, instance: Model, names: AbstractSet[str], place: Any) -> _Held:
        """Look at the fields that are dirty: what is assigned to others makes these dirty."""
        dirty = dirty_among(instance, names, place)
        if not dirty:
            return cls(dirty, {}, {})
        values = {name: getattr(instance, name, None) for name in dirty}
        return cls(dirty, values, field_digests(instance, dirty))

    def changed_since(
        self, instance: Model, names: AbstractSet[str], place: Any
    ) -> AbstractSet[str]:
        """Return the fields that a program has changed meanwhile."""
        dirty = dirty_among(instance, names, place)
        if not dirty:
            return dirty
        both = dirty & self.dirty
        digests = field_digests(instance, both)
        return (dirty - self.dirty) | {
            name
            for name in both
            if getattr(instance, name, None) is not self.values[name]
            or digests.get(name) != self.digests.get(name)
        }


def _settle(
    engine: Engine,
    scope: Scope,
    plan: InstanceUpdatePlan,
    held: _Held,
    fresh: Model,
    known: Known,
) -> None:
    """Give an instance the values of the document, except where it was changed while the update was under way."""
    instance = plan.call.instance
    kept = held.changed_since(instance, plan.touched, known.place)
    if mapping_of(type(instance)).links:
        kept |= with_changed_targets(
            instance, fresh, plan.touched - kept, lambda model: engine._target(model).known.place
        )
    taken = plan.touched - kept
    journal = scope.journal
    if journal is None:
        take_over(instance, fresh, taken, kept, is_whole=False)
        return
    values = journal.updating(instance, taken, held.dirty & taken, known.place)
    take_over(instance, fresh, taken, kept, is_whole=False)
    journal.updated(values)
    if scope.attempt is not None and scope.attempt.guard is not None:
        scope.attempt.guard.refreshed(instance, taken)
