# Generated from src/odmantic/_aio/operations/load.py by tools/generate_sync.py: do not edit.
"""Loads references of instances at hand, and what refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._driver._sync import CAN_AWAIT, take_batch
from odmantic._mapping.loading import NOTHING, load_of
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.back_loading import back_parts_below, kept_holders
from odmantic._plan.filling import Filling, fill_instances
from odmantic._plan.hollows import HollowMaker
from odmantic._plan.references import Settling, copied, settle_documents
from odmantic._shared.reading import read_document
from odmantic._sync.operations.back_references import find_holders
from odmantic._sync.operations.hooks import hooks_of_read, load_hooked
from odmantic._sync.operations.references import as_dictionaries
from odmantic._sync.operations.steps import run_steps
from odmantic.exceptions import TargetNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odmantic._mapping.loading import BackPart, Load
    from odmantic._plan.references import Request
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic._types.instances import Instance
    from odmantic.model import Model


def load(
    engine: Engine,
    scope: Scope,
    instances: Iterable[tuple[Any, Load]],
    *,
    again: bool,
    fail: Callable[[Any, Exception], None] | None = None,
    operation: str = "load",
) -> None:
    """Load references of instances in place, and what refers to them, with one query for each model and level.

    Args:
        engine: The engine.
        scope: The scope.
        instances: The instances, or lazy references, and what to load of each.
        again: Whether to load what is loaded already, too.
        fail: Called with each of `instances` whose document is missing or does not fit its model, and the error; without
            it, the first error is raised.
        operation: The name of the operation.
    """
    planned = [*instances]
    loading = _Loading(engine, scope, operation)
    error = _load_references(loading, planned, again=again, fail=fail)
    loads = {id(load): load for _, load in planned if load.all_back_parts}
    for key, each in loads.items():
        those = [instance for instance, load in planned if id(load) == key]
        load_back_references(engine, scope, each, those, again=again)
    if error is not None:
        raise error


def load_back_references(
    engine: Engine, scope: Scope, load: Load, instances: list[Any], *, again: bool = False
) -> None:
    """Load what refers to instances, with one query for each back reference and level."""
    level = [(load, instances)]
    while level:
        below: list[tuple[Load, list[Any]]] = []
        for one, those in level:
            for part, parents in back_parts_below(one, those):
                holders = _load_holders(engine, scope, part, parents, again=again)
                below.append((part.inside, holders))
        level = [(one, those) for one, those in below if one.all_back_parts and those]


def _load_holders(
    engine: Engine, scope: Scope, part: BackPart, parents: list[Any], *, again: bool
) -> list[Any]:
    """Load what refers to some instances, and its references; return it."""
    kept = [] if again else [(parent, kept_holders(part, parent)) for parent in parents]
    known = {id(parent) for parent, holders in kept if holders is not None}
    # Instances with one primary key may have some in common.
    holders = [*{id(holder): holder for _, some in kept for holder in some or ()}.values()]
    if holders:
        each = [(holder, part.inside) for holder in holders]
        error = _load_references(_Loading(engine, scope, "load"), each, again=False)
        if error is not None:
            raise error
    wanted = [parent for parent in parents if id(parent) not in known]
    return holders + (find_holders(engine, scope, part, wanted) if wanted else [])


def _load_references(
    loading: _Loading,
    instances: list[tuple[Any, Load]],
    *,
    again: bool,
    fail: Callable[[Any, Exception], None] | None = None,
) -> TargetNotFoundError | None:
    """Load references of instances in place; return the error if one leads nowhere, after all others are loaded."""
    steps = fill_instances(instances, Filling(loading.read, loading.note, fail), again=again)
    error: TargetNotFoundError | None = None

    def find(request: Request) -> list[dict[str, Any]]:
        loading.tell()
        return loading.find(request)

    try:
        run_steps(steps, find)
    except TargetNotFoundError as caught:
        error = caught
    loading.tell()
    return error


class _Loading:
    """What is read in one call."""

    def __init__(self, engine: Engine, scope: Scope, operation: str) -> None:
        self._operation = operation
        self._engine = engine
        self._scope = scope
        self._hollow = HollowMaker(awaits=CAN_AWAIT)
        self._settling = Settling(self._hollow, is_final=True, database=engine.database_name)
        self._loads: dict[Any, Load] = {}
        self._known: dict[Any, Any] = {}
        self._filled: list[Any] = []

    def find(self, request: Request) -> list[dict[str, Any]]:
        """Find documents."""
        model, count = request.model, len(request.ids) + 1
        options = self._scope.lookups
        collection = options.collection(self._engine.get_collection(model))

        def call() -> list[Any]:
            session = self._scope.session
            cursor = collection.find(
                request.filter, session=session, batch_size=count, **options.words
            )
            return take_batch(cursor, count)

        return as_dictionaries(self._scope.send(self._engine, call, self._operation, model))

    def read(self, model: type[Model], document: Any) -> Instance:
        """Make a clean instance of a document, of which no reference is loaded."""
        if model not in self._loads:
            self._loads[model] = load_of(mapping_of(model), NOTHING)
            target = self._engine._target(model)
            self._known[model] = self._engine._reading_from(model, target.known)
        # Other places may get an instance of the same document.
        own = copied(document)
        self._hollow.page.documents += 1
        settle_documents([own], self._loads[model], self._settling)
        return read_document(model, own, self._known[model])

    def note(self, instance: Instance) -> None:
        """Keep an instance that was filled."""
        self._filled.append(instance)

    def tell(self) -> None:
        """Tell the transaction and hooks of what was filled."""
        filled, self._filled = self._filled, []
        for instance in filled:
            target = self._engine._target(type(instance))
            if self._scope.attempt is not None:
                database = target.known.place.database
                self._scope.attempt.journal.read(database, instance)
            hooks = None if target.load_hooks is None else hooks_of_read(target.load_hooks)
            if hooks is not None:
                failed = load_hooked(self._engine, self._scope, hooks, [instance])
                if failed is not None:
                    raise failed
