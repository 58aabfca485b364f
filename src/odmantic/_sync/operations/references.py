# Generated from src/odmantic/_aio/operations/references.py by tools/generate_sync.py: do not edit.
"""Loading the referenced documents of the documents of a read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._driver._sync import CAN_AWAIT, take_batch
from odmantic._plan.conditions import instances_filter
from odmantic._plan.find import resolve_references
from odmantic._plan.hollows import HollowMaker
from odmantic._plan.references import (
    Settling,
    as_dictionary,
    comparable,
    resolve_documents,
    settle_documents,
)
from odmantic._sync.operations.steps import run_steps

if TYPE_CHECKING:
    from odmantic._mapping.loading import Load
    from odmantic._plan.references import Request
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope


def are_where_the_server_looks(engine: Engine, load: Load) -> bool:
    """Return whether the collections of referenced models have these names; a program may replace `get_collection`."""
    return engine._keeps_collections or all(
        getattr(engine.get_collection(each), "full_name", None)
        == f"{engine.database_name}.{each.__collection__}"
        for each in load.models
    )


class ReferenceLoader:
    """Completes documents of a model, batch by batch, with one query for each referenced model and level."""

    __slots__ = (
        *("_by_server", "_collection", "_collections", "_database", "_hollow"),
        *("_is_at_one_time", "_load", "_lookups", "_session"),
    )

    def __init__(self, engine: Engine, scope: Scope, load: Load, collection: Any) -> None:
        """Look the collections of the referenced models up."""
        self._load = load
        lookups = self._lookups = scope.lookups
        self._collection = lookups.collection(collection)
        self._session = scope.session
        self._is_at_one_time = scope.attempt is not None
        self._hollow = HollowMaker(awaits=CAN_AWAIT)
        self._database = engine.database_name
        self._collections = {
            each: lookups.collection(engine.get_collection(each)) for each in load.models
        }
        self._by_server = load.fits_pipeline and are_where_the_server_looks(engine, load)

    def complete(self, documents: list[Any]) -> list[Any]:
        """Put referenced documents in place of their ids; leave out documents that are gone by now."""
        return [each for each in self.complete_each(documents) if each is not None]

    def complete_each(self, documents: list[Any]) -> list[Any]:
        """Put referenced documents in place of their ids, with `None` for a document that is gone by now.

        What seems to be missing may have been replaced between two queries, so it is read once more.
        """
        self._hollow.page.documents += len(documents)
        if not _are_dictionaries(documents):
            # Into what is no dictionary, the server has to put them.
            if self._by_server and self._load.is_usual:
                return self._read_again(documents, documents)
            documents = [as_dictionary(document) for document in documents]
        # In a transaction all queries see the same.
        is_final = self._is_at_one_time or not self._load.models
        broken = self._resolve(documents, is_final=is_final)
        return self._read_again(documents, broken) if broken else documents

    def complete_once(self, document: Any) -> dict[str, Any]:
        """Put referenced documents in place of the ids in a document that cannot be read once more, as it was."""
        self._hollow.page.documents += 1
        documents = as_dictionaries([document])
        self._resolve(documents, is_final=True)
        return documents[0]

    def settle(self, documents: list[Any]) -> list[Any]:
        """Put in place what stands in for targets, after the server has put the others there."""
        self._hollow.page.documents += len(documents)
        return self._settled(documents)

    def _settled(self, documents: list[Any]) -> list[Any]:
        if self._load.is_usual:
            return documents
        documents = as_dictionaries(documents)
        settle_documents(documents, self._load, self._settling(is_final=True))
        return documents

    def _read_again(self, documents: list[Any], broken: list[Any]) -> list[Any]:
        read_again = self._read([document.get("_id") for document in broken])
        now = {comparable(one["_id"]): one for one in read_again}
        again = {id(document): now.get(comparable(document.get("_id"))) for document in broken}
        return [again.get(id(document), document) for document in documents]

    def _read(self, ids: list[Any]) -> list[dict[str, Any]]:
        """Read some documents with what they refer to, at one time if the server knows where that is."""
        query = instances_filter(self._load.model, ids)
        if self._by_server:
            stages = [{"$match": query}, *resolve_references(self._load)]
            cursor = self._collection.aggregate(
                stages, session=self._session, **self._lookups.command_words
            )
            found: list[dict[str, Any]] = take_batch(cursor, len(ids))
            return found if self._load.is_usual or not found else self._settled(found)
        cursor = self._collection.find(query, session=self._session, **self._lookups.words)
        documents = as_dictionaries(take_batch(cursor, len(ids)))
        self._resolve(documents, is_final=True)
        return documents

    def _resolve(self, documents: list[dict[str, Any]], *, is_final: bool) -> list[dict[str, Any]]:
        steps = resolve_documents(documents, self._load, self._settling(is_final=is_final))
        return run_steps(steps, self._find)

    def _find(self, request: Request) -> list[dict[str, Any]]:
        """Find referenced documents."""
        count = len(request.ids) + 1
        cursor = self._collections[request.model].find(
            request.filter, session=self._session, batch_size=count, **self._lookups.words
        )
        return as_dictionaries(take_batch(cursor, count))

    def _settling(self, *, is_final: bool) -> Settling:
        return Settling(self._hollow, is_final=is_final, database=self._database)


def as_dictionaries(documents: list[Any]) -> list[dict[str, Any]]:
    """Return documents as dictionaries, which can be changed."""
    if not documents or _are_dictionaries(documents):
        return documents
    return [as_dictionary(document) for document in documents]


def _are_dictionaries(documents: list[Any]) -> bool:
    """Return whether the driver gives documents as dictionaries, which can be changed."""
    return isinstance(documents[0], dict)
