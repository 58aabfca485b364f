"""Replaces a document that is found by query with that of an instance, in the stages of `replace`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError
from pymongo.results import UpdateResult

from odmantic._aio.operations.hooks import after_query_write, before_query_write, event_in
from odmantic._aio.operations.save import save_one, save_postponed
from odmantic._aio.operations.upsert import repeat_lost_races
from odmantic._driver.plain import check_acknowledged
from odmantic._hooks.supply import supply
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import NOT_ENCODABLE, add_context, write_error
from odmantic._plan.filters import build_filter
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.raw import RawQueries
from odmantic._plan.replacement import has_given_id, plan_replacement
from odmantic._plan.save import all_fields
from odmantic._plan.whole import plan_whole, undo
from odmantic._state.places import Written
from odmantic._state.transitions import mark_dirty, mark_unknown, mark_written
from odmantic._transaction.assigned import Assigned
from odmantic.exceptions import DuplicateKeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._driver.plain import Target
    from odmantic._plan.replacement import Replacement, SentReplacement
    from odmantic._plan.save_plan import SavePlan
    from odmantic._state.state import KeptState
    from odmantic.model import Model


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a replacement has done.

    Attributes:
        result: The driver's result, or one like it.
        former: The document that was replaced, or its primary key alone.
    """

    result: UpdateResult
    former: Any = None

    @property
    def id(self) -> Any:
        """The primary key of the document that was written, if the server was asked for it."""
        inserted = (self.result.raw_result or {}).get("upserted")
        return self.former["_id"] if inserted is None else inserted

    @property
    def is_written(self) -> bool:
        """Whether there is a document of the instance now, as far as the server has said so."""
        raw = self.result.raw_result or {}
        return not self.result.acknowledged or bool(raw.get("n"))

    @property
    def is_inserted(self) -> bool:
        """Whether no document was replaced, and one was inserted."""
        return (self.result.raw_result or {}).get("upserted") is not None


async def replace_by_query(engine: Engine, scope: Scope, call: Replacement, query: Any) -> Replaced:
    """Replace a document, after saving what the instance references.

    Args:
        engine: The engine.
        scope: The scope.
        call: The call.
        query: Its filter.

    Raises:
        DuplicateKeyError: if a unique index refuses the document; the instance is as before.
        InvalidDocumentError: if a value cannot be stored, or the document is too large.
    """
    model = call.model
    collection = call.options.collection(engine._target(model).writing)
    has_id = has_given_id(call.instance, engine._target(type(call.instance)).known.place)
    scope.check_options(call.options, call.operation, model)
    if not has_id or call.sort is not None or call.needs_answer:
        check_acknowledged(collection, call.operation, model)
    reach = engine._target(model).hooks
    hooks = None if reach is None else reach.now()
    if hooks is None:
        return await _replace_in_order(engine, scope, call, query)
    event = event_in(engine, scope, call.operation, frozenset(all_fields(call.instance)))
    # Without what the model adds, which no hook can take away.
    event.filter = build_filter(call.queries, raw=RawQueries.ALLOW)
    event.instance = call.instance
    await before_query_write(hooks, event, model, scope)
    # What a hook gives comes from the program.
    call = replace(call, queries=(event.filter,), policy=RawQueries.ALLOW)
    replaced = await _replace_in_order(engine, scope, call, call.filter)
    await after_query_write(hooks, event, model, scope)
    return replaced


async def _replace_in_order(
    engine: Engine, scope: Scope, call: Replacement, query: Any
) -> Replaced:
    """Save what the instance references, and replace a document by its own."""
    instance = call.instance
    ordered: Sequence[Model] = (instance,)
    if instance.__mapping__.links:
        ordered = scope.order(engine, ordered)
        _check_cycles(engine, scope, call)
    number = next(number for number, each in enumerate(ordered) if each is instance)
    for each in ordered[:number]:
        await save_one(engine, scope, each, engine._target(type(each)), call.operation)
    target = engine._target(type(instance))
    replaced = await _replace_in_turn(engine, scope, call, query, target)
    if replaced.is_written:
        for each in ordered[number + 1 :]:
            await save_one(engine, scope, each, engine._target(type(each)), call.operation)
        await save_postponed(engine, scope)
    return replaced


def _check_cycles(engine: Engine, scope: Scope, call: Replacement) -> None:
    """Refuse a primary key that is not known yet, where others refer to it.

    Raises:
        ValueError: if there are such.
    """
    instance = call.instance
    place = engine._target(type(instance)).known.place
    if scope.postponed and not has_given_id(instance, place):
        raise ValueError(
            f"{call.operation} of {call.model.__name__} cannot replace a document whose primary key is not known yet, where "
            f"what the instance references refers to it: give the {type(instance).__name__} its primary key"
        )


async def _replace_in_turn(
    engine: Engine, scope: Scope, call: Replacement, query: Any, target: Target
) -> Replaced:
    """Replace a document after other writes of the instance."""
    instance, turns, unit = call.instance, engine._turns, scope.unit
    turn = turns.take_at_once(instance, unit) or await turns.take(instance, unit)
    try:
        scope.guard(instance)
        if mapping_of(type(instance)).supplied:
            now = engine._now()
            supply(instance, all_fields(instance), lambda: now, is_new=call.upsert)
        return await _replace(engine, scope, call, query, target)
    finally:
        if turn is not None:
            turns.leave(instance, turn)


async def _replace(
    engine: Engine, scope: Scope, call: Replacement, query: Any, target: Target
) -> Replaced:
    """Plan the replacement, send it and settle it."""
    instance = call.instance
    warn_unless_settled(instance.__mapping__)
    has_id = has_given_id(instance, target.known.place)
    place = target.known.place
    write = Written(place, scope.journal)
    # After a rollback, the next attempt may meet another document.
    changed = None if has_id or scope.journal is None else Assigned(instance, place)
    try:
        plan, kept = plan_whole(instance, write, "replace")
        postponed = scope.postponed.get(id(instance))
        try:
            if postponed is not None:
                postponed.leave_out(plan.document)
            sent = plan_replacement(call, query, plan, has_id=has_id)
            replaced = await _send(engine, scope, call, target, plan, sent)
        except BaseException:
            undo(instance, kept, write)
            raise
        _settle(scope, plan, kept, replaced, has_id=has_id)
        if changed is not None and scope.journal is not None and changed.end():
            scope.journal.assigned(changed)
        if postponed is not None and replaced.is_written:
            mark_dirty(instance, postponed.names)
        return replaced
    finally:
        write.end()


def _settle(
    scope: Scope, plan: SavePlan, kept: KeptState | None, replaced: Replaced, *, has_id: bool
) -> None:
    """Note what was written, also in the journal of the transaction."""
    instance, write = plan.instance, plan.write
    if not replaced.result.acknowledged:
        mark_unknown(instance)
        return
    if not replaced.is_written:
        undo(instance, kept, write)
        return
    primary = str(mapping_of(type(instance)).primary_field)
    if not has_id:
        _take_id(instance, replaced.id)
    mark_written(instance, plan.names, plan.snapshots)
    if scope.attempt is not None:
        # There was a document with this primary key before.
        is_kept = has_id and not replaced.is_inserted
        scope.attempt.journal.wrote(
            write, instance, plan.names - {primary} if is_kept else plan.names
        )


def _take_id(instance: Model, stored: Any) -> None:
    """Give an instance the primary key of its document.

    Raises:
        ValueError: if its class has no such primary keys.
    """
    mapping = mapping_of(type(instance))
    try:
        key = mapping.keys.read(stored)
    except ValueError as error:
        mark_unknown(instance)
        add_context(error, "the document is replaced")
        raise
    vars(instance)[str(mapping.primary_field)] = key


async def _send(
    engine: Engine,
    scope: Scope,
    call: Replacement,
    target: Target,
    plan: SavePlan,
    sent: SentReplacement,
) -> Replaced:
    model = type(plan.instance)
    send = _call_for(call, target, sent, scope)

    async def attempt() -> Any:
        return await scope.write_by_query(engine, send, call.operation, model)

    try:
        answer = await repeat_lost_races(scope, model, sent.equalities, attempt)
    except DuplicateKeyError as error:
        raise DuplicateKeyError(plan.instance, error.driver_error) from error.driver_error
    except (PyMongoError, *NOT_ENCODABLE) as error:
        ours = write_error(error, plan, "replace")
        if ours is None:
            raise
        raise ours from error
    if not sent.finds:
        return Replaced(answer)
    if answer is not None:
        # The server does not say whether it has changed.
        return Replaced(
            UpdateResult({"n": 1, "nModified": 1, "ok": 1.0}, acknowledged=True), answer
        )
    raw: dict[str, Any] = {"n": int(call.upsert), "nModified": 0, "ok": 1.0}
    if call.upsert:
        raw["upserted"] = sent.id
    return Replaced(UpdateResult(raw, acknowledged=True))


def _call_for(
    call: Replacement, target: Target, sent: SentReplacement, scope: Scope
) -> Callable[[], Any]:
    """Return the call of the driver that replaces."""
    options = {"upsert": call.upsert, "session": scope.session}
    if not sent.finds:
        collection = call.options.collection(target.writing)
        words = call.options.words
        return partial(collection.replace_one, sent.filter, sent.change, **words, **options)
    options |= call.options.command_words
    if call.sort is not None:
        options["sort"] = [*call.sort.items()]
    query: Any = sent.filter
    change = sent.change
    if call.gives_former:
        # What the document holds is read as by `find`.
        collection = call.options.collection(target.collection)
        query, change = target.bound(query), target.bound(change)
    else:
        collection = call.options.collection(target.writing)
        options["projection"] = {"_id": True}
    name = "find_one_and_update" if sent.is_staged else "find_one_and_replace"
    return partial(getattr(collection, name), query, change, **options)
