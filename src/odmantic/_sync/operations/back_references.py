# Generated from src/odmantic/_aio/operations/back_references.py by tools/generate_sync.py: do not edit.
"""Reads what refers to instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._driver._sync import take_batch
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.back_loading import BackPage
from odmantic._plan.find import BATCH_SIZE, loads_references
from odmantic._plan.references import copied
from odmantic._shared.reading import Reader
from odmantic._sync.operations.hooks import hooks_of_read, load_hooked
from odmantic._sync.operations.references import ReferenceLoader, as_dictionaries

if TYPE_CHECKING:
    from collections.abc import Hashable

    from odmantic._mapping.loading import BackPart
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic._types.instances import Instance

    Placed = list[tuple[Hashable, int, Any]]
    """Documents, with the keys to which they refer, and their ranks."""


def find_holders(
    engine: Engine, scope: Scope, part: BackPart, parents: list[Instance]
) -> list[Any]:
    """Load what refers to some instances; return all of it."""
    page = BackPage(part, parents)
    reading = _Reading(engine, scope, part, page)
    for ids in page.slices():
        reading.read(ids)
    return page.keep()


class _Reading:
    """What is read for one back reference."""

    def __init__(self, engine: Engine, scope: Scope, part: BackPart, page: BackPage) -> None:
        """Send nothing yet."""
        self._engine = engine
        self._scope = scope
        self._model = model = part.link.holder
        self._is_ranked = part.choice.limit is not None
        self._page = page
        self._target = target = engine._target(model)
        self._reader = Reader(model, engine._reading_from(model, target.known), scope.attempt)
        self._loader: ReferenceLoader | None = None
        if loads_references(mapping_of(model)):
            self._loader = ReferenceLoader(engine, scope, part.inside, target.collection)
        self._hooks = None if target.load_hooks is None else hooks_of_read(target.load_hooks)

    def read(self, ids: list[Any]) -> None:
        """Read what refers to documents with some primary keys."""
        cursor: Any = None

        def call() -> tuple[Placed, bool]:
            nonlocal cursor
            if cursor is None:
                cursor = self._open(ids)
            documents = as_dictionaries(take_batch(cursor, BATCH_SIZE))
            is_last = len(documents) < BATCH_SIZE
            return self._complete(self._page.placed(documents)), is_last

        is_last = False
        while not is_last:
            placed, is_last = self._scope.send(self._engine, call, "load", self._model)
            self._take(placed)

    def _open(self, ids: list[Any]) -> Any:
        """Return the driver's cursor, or what is to be awaited for it."""
        page, session, options = self._page, self._scope.session, self._scope.lookups
        collection = options.collection(self._target.collection)
        bound = self._target.bound
        query = bound(page.filter(ids))
        if self._is_ranked:
            stages = bound(page.ranked(ids, query))
            return collection.aggregate(
                stages,
                batchSize=BATCH_SIZE,
                session=session,
                allowDiskUse=True,
                **options.command_words,
            )
        return collection.find(
            query, sort=page.sort, batch_size=BATCH_SIZE, session=session, **options.words
        )

    def _complete(self, placed: Placed) -> Placed:
        """Put referenced documents in place of their ids; leave out documents that are gone by now."""
        if self._loader is None or not placed:
            return placed
        completed = self._loader.complete_each([document for *_, document in placed])
        seen: set[int] = set()
        own: Placed = []
        for (key, rank, _), document in zip(placed, completed, strict=True):
            if document is not None:
                # What was read once more is one document for all.
                own.append((key, rank, copied(document) if id(document) in seen else document))
                seen.add(id(document))
        return own

    def _take(self, placed: Placed) -> None:
        instances, error = self._reader.parse_all([[document for *_, document in placed]])
        if error is None and self._hooks is not None:
            error = load_hooked(self._engine, self._scope, self._hooks, instances)
        if error is not None:
            raise error
        for (key, rank, _), instance in zip(placed, instances, strict=True):
            self._page.add(key, rank, instance)
