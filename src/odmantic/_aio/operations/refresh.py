"""Reads the document of an instance again, into the same object."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from odmantic._aio.operations.find import find
from odmantic._aio.operations.hooks import hooks_of_read, load_hooked
from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import check_id
from odmantic._hooks.inside import is_in_hook_of
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.conditions import instance_filter
from odmantic._plan.find import FindPlan
from odmantic._plan.refresh import complete, names_in, projection_for, with_changed_targets
from odmantic._plan.save import fields_to_save
from odmantic._shared.reading import Reader
from odmantic._state.refreshing import known_in, take_over
from odmantic._state.snapshot import field_digests
from odmantic._transaction.journal import Journal
from odmantic.exceptions import DocumentNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic.model import Model


async def refresh(
    engine: Engine,
    scope: Scope,
    instance: Model,
    names: frozenset[str] | None,
    *,
    discard: bool,
) -> None:
    """Read the document of an instance; what has changed in the instance stays, unless it is to be discarded.

    Raises:
        DocumentNotFoundError: if there is none of its class.
    """
    model = type(instance)
    load_hooks = engine._target(model).load_hooks
    hooks = None if load_hooks is None else hooks_of_read(load_hooks)
    check_id(model, encode_primary_key(instance), "refresh")
    while True:
        if not is_in_hook_of(instance):
            # What is on its way to the server is clean, and not read yet.
            await engine._turns.until_free(instance)
        known = known_in(instance)
        fresh = await _read(engine, scope, instance, names)
        if known_in(instance) is known:
            break
    if fresh is None or type(fresh) is not model:
        raise DocumentNotFoundError(instance)
    _settle(engine, scope, instance, fresh, names, discard=discard)
    if hooks is not None:
        error = await load_hooked(engine, scope, hooks, [instance])
        if error is not None:
            raise error


async def _read(
    engine: Engine, scope: Scope, instance: Model, names: frozenset[str] | None
) -> Model | None:
    """Return another instance of the document."""
    model = type(instance)
    query = instance_filter(model, encode_primary_key(instance))
    projection = projection_for(mapping_of(model), names)
    if projection is not None:
        target = engine._target(model)
        read = target.collection.find_one
        call = partial(read, target.bound(query), projection, session=scope.session)
        part = await scope.send(engine, call, "refresh", model)
        if part is None:
            return None
        document = complete(instance, part, projection)
        if document is not None:
            fresh: Model | None = mapping_of(model).codec.read_known(document, target.known)
            if fresh is not None:
                Reader(model, target.known, scope.attempt).note(fresh)
                return fresh
    plan = FindPlan(model, query, limit=1)
    found = await find(engine, scope, plan, "refresh", is_hooked=False)._to_list()
    return found[0] if found else None


def _settle(
    engine: Engine,
    scope: Scope,
    instance: Model,
    fresh: Model,
    names: frozenset[str] | None,
    *,
    discard: bool,
) -> None:
    """Give an instance the values that were read."""
    place = engine._target(type(instance)).known.place
    journals = list(_journals_of(scope, instance))
    wanted = names_in(instance, fresh) if names is None else names
    wanted -= {str(mapping_of(type(instance)).primary_field)}
    kept = frozenset[str]()
    if not discard:
        # What another transaction has written is a change, too, as long as nobody else can see it.
        pending = [each.written(instance) for each in journals if each is not scope.journal]
        kept = wanted.intersection({*fields_to_save(instance, place)}.union(*pending))
        kept |= with_changed_targets(
            instance, fresh, wanted - kept, lambda model: engine._target(model).known.place
        )
    taken = wanted - kept
    written = taken & {name for each in journals for name in each.written(instance)}
    before = field_digests(instance, written)
    take_over(instance, fresh, taken, kept, is_whole=names is None)
    after = field_digests(instance, written)
    changed = {name for name in written if after.get(name) != before.get(name)}
    for journal in journals:
        journal.refreshed(instance, changed, taken)
    if scope.attempt is not None and scope.attempt.guard is not None:
        scope.attempt.guard.refreshed(instance, taken)


def _journals_of(scope: Scope, instance: Model) -> Iterator[Journal]:
    """Yield the journals that an instance may be in: of the operation, and of a transaction that has not ended."""
    own = scope.journal
    if own is not None:
        yield own
    other = getattr(known_in(instance), "journal", None)
    if isinstance(other, Journal) and other is not own and other.committed is None:
        yield other
