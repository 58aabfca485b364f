# Generated from src/odmantic/_aio/operations/find_any.py by tools/generate_sync.py: do not edit.
"""Reads of several models in one ordered stream."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._driver.clients import runs_transaction
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.find import loads_references
from odmantic._plan.find_any import MARK, check_one_database
from odmantic._shared.reading import AnyReader, ModelType, Reader
from odmantic._sync.cursor import Source, SyncCursor
from odmantic._sync.operations.hooks import hooks_of_read, load_hooked
from odmantic._sync.operations.references import ReferenceLoader

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._plan.find_any import FindAnyPlan
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope


def find_any(engine: Engine, scope: Scope, plan: FindAnyPlan[ModelType]) -> SyncCursor[ModelType]:
    """Return a cursor over the instances of a read of several models."""
    models = plan.models
    targets = [engine._target(model) for model in models]
    collections = [target.collection for target in targets]
    collection = collections[0]
    check_one_database(models, collections)
    options: Any = getattr(collection, "codec_options", None)
    is_dict = getattr(options, "document_class", dict) is dict
    in_transaction = scope.session is not None and runs_transaction(scope.session)
    pipeline = plan.pipeline(
        [each.name for each in collections],
        lambda model, query: targets[models.index(model)].bound(query),
        resolves=not is_dict,
        in_transaction=in_transaction,
    )

    def open_cursor() -> Any:
        source = collection
        if in_transaction:
            source = collection.database.with_options(codec_options=options)
        return source.aggregate(pipeline, batchSize=plan.batch_size, session=scope.session)

    def send(call: Callable[[], Any]) -> Any:
        return scope.send(engine, call, "find", models[0])

    readers = tuple(
        Reader(model, engine._reading_from(model, target.known), scope.attempt)
        for model, target in zip(models, targets, strict=True)
    )
    first = readers[0]
    source = Source(
        AnyReader(first.model, first.known, first.attempt, None, readers), open_cursor, send
    )
    loaders = {
        number: ReferenceLoader(engine, scope, mapping_of(model).usual_load, collections[number])
        for number, model in enumerate(models)
        if is_dict and loads_references(model.__mapping__)
    }
    if loaders:
        source.complete = partial(_complete, loaders)
    reaches = [target.load_hooks for target in targets if target.load_hooks is not None]
    # They are those of the engine, whatever the model.
    hooks = [each for each in map(hooks_of_read, reaches) if each is not None]
    if hooks:
        source.after_load = partial(load_hooked, engine, scope, hooks[0])
    return SyncCursor[ModelType].reading(source)


def _complete(loaders: dict[int, ReferenceLoader], documents: list[Any]) -> list[Any]:
    """Put referenced documents in place of their ids, in documents of several models."""
    completed: list[Any] = [*documents]
    for number, loader in loaders.items():
        places = [place for place, each in enumerate(documents) if each[MARK] == number]
        if places:
            found = loader.complete_each([documents[place] for place in places])
            for place, each in zip(places, found, strict=True):
                # What was read again has no mark.
                completed[place] = None if each is None else {**each, MARK: number}
    return [each for each in completed if each is not None]
