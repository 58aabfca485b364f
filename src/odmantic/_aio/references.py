"""Loading the referenced documents of the documents of a read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._driver._aio import resolve, take_batch
from odmantic._mapping import ids_filter
from odmantic._plan.find import resolve_references
from odmantic._plan.references import (
    comparable,
    reference_tree,
    referenced_models,
    resolve_documents,
)

if TYPE_CHECKING:
    from odmantic._aio.operations import Operations
    from odmantic.model import Model


class ReferenceLoader:
    """Completes documents of a model, batch by batch, with one query for each referenced model and level."""

    __slots__ = ("_collection", "_collections", "_model", "_session", "_tree")

    def __init__(self, operations: Operations, model: type[Model], collection: Any) -> None:
        """Look the collections of the referenced models up."""
        self._model = model
        self._collection = collection
        self._session = operations.session
        self._tree = reference_tree(model)
        self._collections = {
            each: operations.engine.get_collection(each) for each in referenced_models(self._tree)
        }

    async def complete(self, documents: list[Any]) -> list[Any]:
        """Put referenced documents in place of their ids.

        What seems to be missing may have been replaced between two queries, so it is read once more.
        """
        # Into what is no dictionary, the server has to put them.
        broken = await self._resolve(documents) if isinstance(documents[0], dict) else documents
        if not broken:
            return documents
        ids = [document.get("_id") for document in broken]
        stages = [{"$match": ids_filter(ids)}, *resolve_references(self._model)]
        cursor = await resolve(self._collection.aggregate(stages, session=self._session))
        now = {comparable(one["_id"]): one for one in await take_batch(cursor, len(ids))}
        again = {id(document): now.get(comparable(document.get("_id"))) for document in broken}
        # A document that is gone by now is left out.
        current = [again.get(id(document), document) for document in documents]
        return [document for document in current if document is not None]

    async def _resolve(self, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        steps = resolve_documents(documents, self._tree)
        try:
            request = next(steps)
            while True:
                count = len(request.ids) + 1
                cursor = await resolve(
                    self._collections[request.model].find(
                        request.filter, session=self._session, batch_size=count
                    )
                )
                request = steps.send(await take_batch(cursor, count))
        except StopIteration as end:
            broken: list[dict[str, Any]] = end.value
            return broken
