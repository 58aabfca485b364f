"""Loading the referenced documents of the documents of a read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._driver._aio import resolve, take_batch
from odmantic._plan.conditions import instances_filter
from odmantic._plan.find import resolve_references
from odmantic._plan.references import (
    comparable,
    reference_tree,
    referenced_models,
    resolve_documents,
)

if TYPE_CHECKING:
    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic.model import Model


def are_where_the_server_looks(engine: Engine, model: type[Model]) -> bool:
    """Return whether the collections of referenced models have these names; a program may replace `get_collection`."""
    return engine._keeps_collections or all(
        getattr(engine.get_collection(each), "full_name", None)
        == f"{engine.database_name}.{each.__collection__}"
        for each in referenced_models(reference_tree(model))
    )


class ReferenceLoader:
    """Completes documents of a model, batch by batch, with one query for each referenced model and level."""

    __slots__ = ("_by_server", "_collection", "_collections", "_model", "_session", "_tree")

    def __init__(self, engine: Engine, scope: Scope, model: type[Model], collection: Any) -> None:
        """Look the collections of the referenced models up."""
        self._model = model
        self._collection = collection
        self._session = scope.session
        self._tree = reference_tree(model)
        self._collections = {
            each: engine.get_collection(each) for each in referenced_models(self._tree)
        }
        self._by_server = are_where_the_server_looks(engine, model)

    async def complete(self, documents: list[Any]) -> list[Any]:
        """Put referenced documents in place of their ids; leave out documents that are gone by now."""
        return [each for each in await self.complete_each(documents) if each is not None]

    async def complete_each(self, documents: list[Any]) -> list[Any]:
        """Put referenced documents in place of their ids, with `None` for a document that is gone by now.

        What seems to be missing may have been replaced between two queries, so it is read once more.
        """
        # Into what is no dictionary, the server has to put them.
        broken = await self._resolve(documents) if isinstance(documents[0], dict) else documents
        if not broken:
            return documents
        read_again = await self._read([document.get("_id") for document in broken])
        now = {comparable(one["_id"]): one for one in read_again}
        again = {id(document): now.get(comparable(document.get("_id"))) for document in broken}
        return [again.get(id(document), document) for document in documents]

    async def _read(self, ids: list[Any]) -> list[dict[str, Any]]:
        """Read some documents with what they refer to, at one time if the server knows where that is."""
        query = instances_filter(self._model, ids)
        if self._by_server:
            stages = [{"$match": query}, *resolve_references(self._model)]
            cursor = await resolve(self._collection.aggregate(stages, session=self._session))
            return await take_batch(cursor, len(ids))
        cursor = await resolve(self._collection.find(query, session=self._session))
        documents: list[dict[str, Any]] = await take_batch(cursor, len(ids))
        await self._resolve(documents)
        return documents

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
