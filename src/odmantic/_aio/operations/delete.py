"""Deletes the document of an instance, or all that match."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._aio.operations.hooks import (
    HookedCall,
    after_query_write,
    before_query_write,
    event_in,
)
from odmantic._aio.operations.soft_deletion import delete_softly, remove_softly
from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import check_id
from odmantic._hooks.events import OF_DELETES
from odmantic._hooks.inside import refuse_own
from odmantic._plan.conditions import instance_filter
from odmantic._plan.filters import build_filter
from odmantic._plan.writes import Delete
from odmantic._state.transitions import mark_deleted
from odmantic.exceptions import DocumentNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic.model import Model
    from odmantic.query import QueryExpression


async def delete(
    engine: Engine,
    scope: Scope,
    instance: Model,
    *,
    hard: bool,
    hooked: HookedCall | None = None,
) -> None:
    """Delete the document of an instance; `hooked` calls its hooks already.

    Raises:
        DocumentNotFoundError: if there is none.
    """
    model = type(instance)
    target = engine._target(model)
    if target.hooks is not None and hooked is None:
        await _delete_hooked(engine, scope, instance, hard=hard)
        return
    if not hard and model.__mapping__.soft_delete is not None:
        await delete_softly(engine, scope, instance)
        return
    id_ = encode_primary_key(instance)
    check_id(model, id_, "delete")
    journal = scope.journal
    before = journal.deleting(instance) if journal is not None else None
    call = _call_for(Delete(instance_filter(model, id_), just_one=True), target.writing, scope)
    result = await scope.send(engine, call, "delete", model, id_)
    if result.deleted_count == 0:
        raise DocumentNotFoundError(instance)
    was_here, ended = mark_deleted(instance, target.known.place)
    if journal is not None:
        journal.deleted(instance, before if was_here else None, ended)


async def _delete_hooked(engine: Engine, scope: Scope, instance: Model, *, hard: bool) -> None:
    """Delete the document of an instance with its hooks."""
    async with HookedCall(engine, scope, "delete") as hooked:
        hooked.check((instance,), OF_DELETES)
        refuse_own(instance, "delete")
        written = hooked.of(instance)
        if written is not None:
            await hooked.before_delete(written)
            hooked.begin(written)
        await delete(engine, scope, instance, hard=hard, hooked=hooked)
        if written is not None:
            hooked.wrote(written)
            await hooked.after_delete(written)


async def remove(
    engine: Engine,
    scope: Scope,
    model: type[Model],
    query: QueryExpression,
    given: tuple[tuple[Any, ...], str | Collection[str]],
    *,
    just_one: bool,
    hard: bool,
) -> int:
    """Delete matching documents and tell how many there were; the filter is made of given queries and `without=`."""
    reach = engine._target(model).hooks
    hooks = None if reach is None else reach.now()
    if hooks is None:
        return await _remove(engine, scope, model, query, just_one=just_one, hard=hard)
    event = event_in(engine, scope, "remove")
    # Without the conditions of the model, which no hook can take away.
    queries, without = given
    event.filter = build_filter(queries)
    await before_query_write(hooks, event, model, scope)
    query = build_filter((event.filter,), model, without)
    count = await _remove(engine, scope, model, query, just_one=just_one, hard=hard)
    await after_query_write(hooks, event, model, scope)
    return count


async def _remove(
    engine: Engine,
    scope: Scope,
    model: type[Model],
    query: QueryExpression,
    *,
    just_one: bool,
    hard: bool,
) -> int:
    if not hard and model.__mapping__.soft_delete is not None:
        return await remove_softly(engine, scope, model, query, just_one=just_one)
    call = _call_for(Delete(query, just_one), engine._target(model).writing, scope)
    result = await scope.send(engine, call, "remove", model)
    count: int = result.deleted_count
    return count


def _call_for(write: Delete, collection: Any, scope: Scope) -> Callable[[], Any]:
    """Return the call of the driver that deletes."""
    delete = collection.delete_one if write.just_one else collection.delete_many
    return partial(delete, write.filter, session=scope.session)
