"""Follows the delete rules of references: reads what a deletion takes along, and writes all but the deletion itself.

A deletion with rules is `plan_deletion`, which only reads, and then, in one `dooming` block, `carry_out` and the deletion
of the roots. All of it is in one transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from odmantic._aio.operations.find import find
from odmantic._aio.operations.hooks import HookedCall
from odmantic._aio.operations.soft_deletion import delete_softly, remove_softly
from odmantic._aio.operations.steps import run_steps
from odmantic._caller import warn_caller
from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import ids_filter
from odmantic._driver._aio import take_batch
from odmantic._hooks.events import OF_DELETES
from odmantic._hooks.supply import supplied_in_update
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import add_context, naming_duplicates
from odmantic._plan.find import LIST_PAGE_SIZE, FindPlan, loads_references
from odmantic._plan.holders import release
from odmantic._plan.loading import plan_load
from odmantic._plan.query_deletion import QueryDeletion
from odmantic._plan.references import MOST_IDS, slices
from odmantic._plan.rules import FindHolders, consequences, index_advice, key_of, type_keys
from odmantic._state.transitions import mark_deleted
from odmantic.exceptions import StoredFieldsWarning, TransactionTimeoutError
from odmantic.query import QueryExpression

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable, Iterable, Mapping
    from datetime import datetime

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.hooks import HookedWrite
    from odmantic._aio.operations.scope import Scope
    from odmantic._plan.rules import Consequences, Deleted, Releasing
    from odmantic.model import Model

_MAX_TIME_EXPIRED, _NO_SUCH_TRANSACTION, _LIFETIME_EXCEEDED = 50, 251, 290
_OUT_OF_TIME = (_MAX_TIME_EXPIRED, _NO_SUCH_TRANSACTION, _LIFETIME_EXCEEDED)
_MOST_IN_BATCH = MOST_IDS + 1
_LARGEST_LIMIT = 2**31 - 1
_IN_ORDER: list[tuple[str, Any]] = [("_id", 1)]


async def plan_deletion(  # noqa: PLR0913 - what is found, and how
    engine: Engine,
    scope: Scope,
    model: type[Model],
    query: Mapping[str, Any],
    operation: str,
    *,
    is_soft: bool,
    limit: int,
    first_by: list[tuple[str, Any]] | None = None,
    words: Mapping[str, Any] | None = None,
) -> Consequences:
    """Return what follows from the deletion of the documents that match; nothing is written.

    With `first_by`, it is the deletion of the first one in this order. The `words` are options of the read that finds
    what matches.

    Raises:
        ReferencedError: if a document denies it.
        ValueError: if there are more documents than the limit.
    """
    most = limit + 1 if first_by is None else 1
    asked = FindHolders(model, dict(query), type_keys(model), most)
    roots = await _read(engine, scope, operation, asked, first_by or _IN_ORDER, words)

    def place_of(cls: Any) -> Hashable:
        place = engine._target(cls).known.place
        return place.database, place.collection

    steps = consequences(model, roots, is_soft=is_soft, limit=limit, place_of=place_of)
    return await run_steps(steps, partial(_read, engine, scope, operation))


async def _read(
    engine: Engine,
    scope: Scope,
    operation: str,
    request: FindHolders,
    order: list[tuple[str, Any]] | None = None,
    words: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Read some keys of documents of a model."""
    target, limit = engine._target(request.model), request.limit
    query = target.bound(request.filter)

    async def read() -> list[Any]:
        cursor = target.collection.find(
            query,
            request.projection,
            sort=order,
            limit=min(limit, _LARGEST_LIMIT),
            batch_size=min(limit, _MOST_IN_BATCH) + 1,
            session=scope.session,
            **(words or {}),
        )
        found: list[Any] = []
        while batch := await take_batch(cursor, LIST_PAGE_SIZE):
            found += batch
        return found

    found: list[Any] = await scope.send(engine, read, operation, request.model)
    return found


async def carry_out(engine: Engine, scope: Scope, following: Consequences, operation: str) -> None:
    """Update the documents that refer to deleted ones, and delete those that go with them, from the leaves on."""
    async with HookedCall(engine, scope, operation) as hooked:
        written = await _read_hooked(engine, scope, hooked, following.deletions)
        for each in written.values():
            await hooked.before_delete(each)
        now = engine._now()
        for releasing in following.releases:
            await _release(engine, scope, releasing, now, operation)
        for members in following.deletions:
            await _delete(engine, scope, members, written, hooked, operation)


async def _read_hooked(
    engine: Engine, scope: Scope, hooked: HookedCall, deletions: Iterable[list[Deleted]]
) -> dict[int, HookedWrite]:
    """Return the instances that have hooks of deletions, by the identity of the members."""
    written: dict[int, HookedWrite] = {}
    for members in deletions:
        by_class: dict[Any, dict[Hashable, Deleted]] = {}
        for member in members:
            reach = engine._target(member.cls).hooks
            if reach is not None and reach.now() is not None and reach.present & OF_DELETES:
                by_class.setdefault(member.cls, {})[key_of(member.id)] = member
        for cls, wanted in by_class.items():
            for instance, id_ in await _instances(engine, scope, cls, [*wanted.values()]):
                each = hooked.of(instance)
                if each is not None:
                    written[id(wanted[id_])] = each
    hooked.check((each.instance for each in written.values()), OF_DELETES)
    return written


async def _instances(
    engine: Engine, scope: Scope, cls: Any, members: list[Deleted]
) -> list[tuple[Any, Hashable]]:
    """Read documents as instances, in order, with what tells their ids apart."""
    load = plan_load(cls, None, "keep") if loads_references(mapping_of(cls)) else None
    found: dict[Hashable, Any] = {}
    for some in slices([member.id for member in members]):
        plan = FindPlan(cls, ids_filter(some), load=load)
        for instance in await find(engine, scope, plan)._to_list():
            found[key_of(encode_primary_key(instance))] = instance
    ids = [key_of(member.id) for member in members]
    return [(found[id_], id_) for id_ in ids if id_ in found]


async def _release(
    engine: Engine, scope: Scope, releasing: Releasing, now: datetime, operation: str
) -> None:
    """Update the documents that refer to deleted ones."""
    rule = releasing.rule
    holder, cls = rule.holder, rule.supplier
    if holder is None or cls is None:
        return
    supplied = supplied_in_update(cls, lambda: now)
    write = release(rule, releasing.ids, releasing.excluded, supplied)
    target = engine._target(holder)
    call = partial(
        target.writing.update_many,
        write.filter,
        write.update,
        array_filters=write.array_filters,
        session=scope.session,
    )
    with naming_duplicates(holder):
        result = await scope.write_by_query(engine, call, operation, holder)
    stored = mapping_of(cls).stored
    if stored and result.modified_count:
        warn_caller(
            f"on_delete={rule.on_delete!r} of {holder.__name__}.{rule.path} updates documents by a query, and computes no "
            f"stored properties of {cls.__name__}: {', '.join(stored)}. Call recompute if one depends on it; filter this warning if none does",
            StoredFieldsWarning,
        )


async def _delete(
    engine: Engine,
    scope: Scope,
    members: list[Deleted],
    written: dict[int, HookedWrite],
    hooked: HookedCall,
    operation: str,
) -> None:
    """Delete documents of one collection."""
    mine = [(member, written[id(member)]) for member in members if id(member) in written]
    for _, each in mine:
        hooked.begin(each)
    await _delete_for_good(engine, scope, [each for each in members if not each.is_soft], operation)
    others = [each for each in members if each.is_soft and id(each) not in written]
    await _delete_softly(engine, scope, others, operation)
    for member, each in mine:
        if member.is_soft:
            await delete_softly(engine, scope, each.instance)
        else:
            _mark_deleted(scope, each)
        hooked.wrote(each)
    for _, each in mine:
        await hooked.after_delete(each)


async def _delete_softly(
    engine: Engine, scope: Scope, members: list[Deleted], operation: str
) -> None:
    by_class: dict[Any, list[Any]] = {}
    for member in members:
        by_class.setdefault(member.cls, []).append(member.id)
    for cls, ids in by_class.items():
        for some in slices(ids):
            query = QueryExpression(
                {"$and": [dict(mapping_of(cls).live_condition), ids_filter(some)]}
            )
            await remove_softly(engine, scope, QueryDeletion(operation, cls, (query,)), query)


async def _delete_for_good(
    engine: Engine, scope: Scope, members: list[Deleted], operation: str
) -> None:
    for some in slices([member.id for member in members]):
        target = engine._target(members[0].cls)
        call = partial(target.writing.delete_many, ids_filter(some), session=scope.session)
        await scope.send(engine, call, operation, members[0].cls)


def _mark_deleted(scope: Scope, written: HookedWrite) -> None:
    journal, instance = scope.journal, written.instance
    before = None if journal is None else journal.deleting(instance)
    was_here, ended = mark_deleted(instance, written.place)
    if journal is not None:
        journal.deleted(instance, before if was_here else None, ended)


@contextmanager
def advising(model: Any) -> Generator[None, None, None]:
    """Have errors for lack of time name the references of rules that have no index."""
    try:
        yield
    except Exception as error:
        if _is_out_of_time(error) and (advice := index_advice(model)):
            add_context(error, advice.removeprefix(". "))
        raise


def _is_out_of_time(error: Exception) -> bool:
    if isinstance(error, PyMongoError) and error.timeout:
        return True
    return (
        isinstance(error, TransactionTimeoutError) or getattr(error, "code", None) in _OUT_OF_TIME
    )
