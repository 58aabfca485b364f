"""Loads references of instances at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._aio.operations.hooks import hooks_of_read, load_hooked
from odmantic._aio.operations.references import as_dictionaries
from odmantic._driver._aio import CAN_AWAIT, resolve, take_batch
from odmantic._mapping.loading import NOTHING, load_of
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.filling import Filling, fill_instances
from odmantic._plan.hollows import HollowMaker
from odmantic._plan.references import Settling, copied, settle_documents
from odmantic._shared.reading import read_document
from odmantic.exceptions import TargetNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._mapping.loading import Load
    from odmantic._plan.references import Request
    from odmantic._types.instances import Instance
    from odmantic.model import Model


async def load(
    engine: Engine,
    scope: Scope,
    instances: Iterable[tuple[Any, Load]],
    *,
    again: bool,
    fail: Callable[[Any, Exception], None] | None = None,
    operation: str = "load",
) -> None:
    """Load references of instances in place, with one query for each model and level.

    Args:
        engine: The engine.
        scope: The scope.
        instances: The instances, or lazy references, and what to load of each.
        again: Whether to load what is loaded already, too.
        fail: Called with each of `instances` whose document is missing or does not fit its model, and the error; without
            it, the first error is raised.
        operation: The name of the operation.
    """
    loading = _Loading(engine, scope, operation)
    filling = Filling(loading.read, loading.note, fail)
    steps = fill_instances(instances, filling, again=again)
    error: TargetNotFoundError | None = None
    try:
        request = next(steps)
        while True:
            found = await loading.find(request)
            request = steps.send(found)
            await loading.tell()
    except StopIteration:
        pass
    except TargetNotFoundError as caught:
        error = caught
    await loading.tell()
    if error is not None:
        raise error


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

    async def find(self, request: Request) -> list[dict[str, Any]]:
        """Find documents."""
        model, count = request.model, len(request.ids) + 1
        collection = self._engine.get_collection(model)

        async def call() -> list[Any]:
            cursor = await resolve(
                collection.find(request.filter, session=self._scope.session, batch_size=count)
            )
            return await take_batch(cursor, count)

        return as_dictionaries(await self._scope.send(self._engine, call, self._operation, model))

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

    async def tell(self) -> None:
        """Tell the transaction and hooks of what was filled."""
        filled, self._filled = self._filled, []
        for instance in filled:
            target = self._engine._target(type(instance))
            if self._scope.attempt is not None:
                database = target.known.place.database
                self._scope.attempt.journal.read(database, instance)
            hooks = None if target.load_hooks is None else hooks_of_read(target.load_hooks)
            if hooks is not None:
                failed = await load_hooked(self._engine, self._scope, hooks, [instance])
                if failed is not None:
                    raise failed
