# Generated from src/odmantic/_aio/operations/load.py by tools/generate_sync.py: do not edit.
"""Loads references of instances at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._driver._sync import CAN_AWAIT, take_batch
from odmantic._mapping.loading import NOTHING, load_of
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.filling import Filling, fill_instances
from odmantic._plan.hollows import HollowMaker
from odmantic._plan.references import Settling, copied, settle_documents
from odmantic._shared.reading import read_document
from odmantic._sync.operations.hooks import hooks_of_read, load_hooked
from odmantic._sync.operations.references import as_dictionaries
from odmantic.exceptions import TargetNotFoundError

if TYPE_CHECKING:
    from odmantic._mapping.loading import Load
    from odmantic._plan.references import Request
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic._types.instances import Instance
    from odmantic.model import Model


def load(
    engine: Engine, scope: Scope, instances: list[tuple[Instance, Load]], *, again: bool
) -> None:
    """Load references of instances in place, with one query for each model and level."""
    loading = _Loading(engine, scope)
    steps = fill_instances(instances, Filling(loading.read, loading.note), again=again)
    error: TargetNotFoundError | None = None
    try:
        request = next(steps)
        while True:
            found = loading.find(request)
            request = steps.send(found)
            loading.tell()
    except StopIteration:
        pass
    except TargetNotFoundError as caught:
        error = caught
    loading.tell()
    if error is not None:
        raise error


class _Loading:
    """What is read in one call."""

    def __init__(self, engine: Engine, scope: Scope) -> None:
        self._engine = engine
        self._scope = scope
        self._settling = Settling(HollowMaker(awaits=CAN_AWAIT), is_final=True)
        self._loads: dict[Any, Load] = {}
        self._known: dict[Any, Any] = {}
        self._filled: list[Any] = []

    def find(self, request: Request) -> list[dict[str, Any]]:
        """Find documents."""
        model, count = request.model, len(request.ids) + 1
        collection = self._engine.get_collection(model)

        def call() -> list[Any]:
            cursor = collection.find(request.filter, session=self._scope.session, batch_size=count)
            return take_batch(cursor, count)

        return as_dictionaries(self._scope.send(self._engine, call, "load", model))

    def read(self, model: type[Model], document: Any) -> Instance:
        """Make a clean instance of a document, of which no reference is loaded."""
        if model not in self._loads:
            self._loads[model] = load_of(mapping_of(model), NOTHING)
            target = self._engine._target(model)
            self._known[model] = self._engine._reading_from(model, target.known)
        # Other places may get an instance of the same document.
        own = copied(document)
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
