"""Rewrites the stored properties of documents, page by page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from odmantic._aio.operations.hooks import hooks_of_read, load_hooked
from odmantic._aio.operations.references import ReferenceLoader
from odmantic._driver._aio import resolve, take_batch
from odmantic._driver.plain import check_acknowledged
from odmantic._plan.errors import add_context, naming_duplicates
from odmantic._plan.find import PAGE_SIZE
from odmantic._plan.outcome import failure_of
from odmantic._shared.reading import Reader

if TYPE_CHECKING:
    from pymongo import UpdateOne

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._plan.find import FindPlan
    from odmantic._plan.recompute import Recomputation
    from odmantic.model import Model

_OPERATION = "recompute"


async def recompute(
    engine: Engine, scope: Scope, plan: FindPlan[Any], recomputation: Recomputation
) -> int:
    """Rewrite the stored properties of documents that match; return how many were rewritten.

    Raises:
        DuplicateKeyError: if a unique index refuses a value.
    """
    run = _Run(engine, scope, plan, recomputation)
    query = run.target.bound(plan.filter)
    number = 0
    cursor: Any = None

    async def next_page() -> list[RawBSONDocument]:
        nonlocal cursor
        if cursor is None:
            cursor = await resolve(run.open(query))
        return await take_batch(cursor, PAGE_SIZE)

    try:
        while True:
            page = await scope.send(engine, next_page, _OPERATION, plan.model)
            number += await run.rewrite(page)
            if len(page) < PAGE_SIZE:
                return number
    finally:
        # The server ends those of a transaction with it.
        if cursor is not None and scope.unit is None:
            await resolve(cursor.close())


class _Run:
    """One run, with the collection as it is read: the documents as they are, from the server that is written to."""

    def __init__(
        self, engine: Engine, scope: Scope, plan: FindPlan[Any], recomputation: Recomputation
    ) -> None:
        model = plan.model
        self.target = target = engine._target(model)
        check_acknowledged(target.collection, _OPERATION, model)
        self._engine = engine
        self._scope = scope
        self._plan = plan
        self._recomputation = recomputation
        self._options = target.collection.codec_options
        self._collection = target.collection.with_options(
            codec_options=self._options.with_options(document_class=RawBSONDocument),
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("local"),
        )
        self._reader = Reader(model, engine._reading_from(model, target.known), scope.attempt)
        has_references = plan.has_references
        self._loader = (
            ReferenceLoader(engine, scope, plan.loads, target.collection)
            if has_references
            else None
        )
        reach = target.load_hooks
        self._hooks = None if reach is None else hooks_of_read(reach)

    def open(self, query: Any) -> Any:
        return self._collection.find(query, session=self._scope.session, batch_size=PAGE_SIZE)

    async def rewrite(self, page: list[RawBSONDocument]) -> int:
        """Rewrite the documents of a page; those that change meanwhile are read again."""
        number = 0
        while page:
            requests = await self._requests(page)
            if not requests:
                break
            written = await self._write([request for _, request in requests])
            number += written
            if written == len(requests):
                break
            page = await self._read_again([raw["_id"] for raw, _ in requests])
        return number

    async def _requests(
        self, page: list[RawBSONDocument]
    ) -> list[tuple[RawBSONDocument, UpdateOne]]:
        instances = await self._instances(page)
        found: list[tuple[RawBSONDocument, UpdateOne]] = []
        for raw, instance in instances:
            try:
                request = self._recomputation.update_of(instance, raw)
            except Exception as error:
                where = f"{self._plan.model.__name__} with the _id {raw['_id']!r:.200}"
                add_context(error, f"in {_OPERATION} of {where}")
                raise
            if request is not None:
                found.append((raw, request))
        return found

    async def _instances(self, page: list[RawBSONDocument]) -> list[tuple[RawBSONDocument, Model]]:
        """Read the documents of a page as `find` does, hooks included; some may be gone."""
        documents: list[Any] = [self._decoded(raw) for raw in page]
        if self._loader is not None:
            call = partial(self._loader.complete_each, documents)
            documents = await self._scope.send(self._engine, call, _OPERATION, self._plan.model)
            page = [raw for raw, each in zip(page, documents, strict=True) if each is not None]
            documents = [each for each in documents if each is not None]
        instances, error = self._reader.parse_all([documents])
        if error is None and self._hooks is not None:
            error = await load_hooked(self._engine, self._scope, self._hooks, instances)
        if error is not None:
            raise error
        return [*zip(page, instances, strict=True)]

    def _decoded(self, raw: RawBSONDocument) -> Any:
        return bson.decode(raw.raw, self._options)  # pyright: ignore[reportUnknownMemberType] - of the driver

    async def _write(self, requests: list[UpdateOne]) -> int:
        """Send the updates; return how many found their documents as they were."""
        collection, session = self.target.writing, self._scope.session

        async def call() -> int:
            try:
                result = await resolve(
                    collection.bulk_write(requests, ordered=False, session=session)
                )
            except BulkWriteError as error:
                # The text of the other one holds all that was sent.
                raise failure_of(error).error from None
            matched: int = result.matched_count
            return matched

        model = self._plan.model
        with naming_duplicates(model):
            written: int = await self._scope.write_by_query(self._engine, call, _OPERATION, model)
        return written

    async def _read_again(self, ids: list[Any]) -> list[RawBSONDocument]:
        query = {"$and": [self.target.bound(self._plan.filter), {"_id": {"$in": ids}}]}

        async def read() -> list[RawBSONDocument]:
            return await take_batch(await resolve(self.open(query)), len(ids))

        again: list[RawBSONDocument] = await self._scope.send(
            self._engine, read, _OPERATION, self._plan.model
        )
        return again
