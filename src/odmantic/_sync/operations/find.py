# Generated from src/odmantic/_aio/operations/find.py by tools/generate_sync.py: do not edit.
"""Reads: all matching documents, the first one, or their number."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from odmantic._driver._sync import take_batch
from odmantic._driver.encoded_batches import documents_of, in_pieces
from odmantic._plan.command import find_command, first_document, may_read_again
from odmantic._plan.filters import fits_match
from odmantic._plan.find import LIST_PAGE_SIZE, loads_references
from odmantic._plan.identity import Identities
from odmantic._shared.reading import ModelType, Reader
from odmantic._sync.cursor import Source, SyncCursor
from odmantic._sync.operations.hooks import hooks_of_read, load_hooked
from odmantic._sync.operations.load import load_back_references
from odmantic._sync.operations.references import ReferenceLoader, are_where_the_server_looks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from odmantic._driver.plain import Target
    from odmantic._mapping.loading import Load
    from odmantic._plan.find import FindPlan
    from odmantic._sync.cursor import AfterLoad
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic.query import SortExpression


def find(
    engine: Engine,
    scope: Scope,
    plan: FindPlan[ModelType],
    operation: str = "find",
    *,
    is_hooked: bool = True,
) -> SyncCursor[ModelType]:
    """Return a cursor over the instances of a read; their hooks are called, unless it is not hooked."""
    model = plan.model
    target = engine._target(model)
    query = target.bound(plan.filter)
    if query is not plan.filter:
        plan = replace(plan, filter=query)
    collection = plan.options.collection(target.collection)
    options: Any = getattr(collection, "codec_options", None)
    has_references = plan.has_references
    by_server = has_references and _resolves_on_server(engine, plan, options)
    encoded = None if has_references or plan.options.concerns else in_pieces(target)
    read = collection if encoded is None else encoded

    def open_cursor() -> Any:
        if by_server:
            return collection.aggregate(
                plan.pipeline(), session=scope.session, **plan.aggregate_options()
            )
        return read.find(plan.filter, session=scope.session, **plan.find_options())

    def send(call: Callable[[], Any]) -> Any:
        return scope.send(engine, call, operation, model)

    known = engine._reading_from(model, target.known)
    source = Source(Reader(model, known, scope.attempt), open_cursor, send)
    if has_references:
        loader = ReferenceLoader(engine, scope, plan.loads, collection)
        _load_by(source, loader, plan, by_server=by_server)
    source.after_load = _after_load(engine, scope, plan, target, is_hooked=is_hooked)
    if plan.loads_back:
        source.page_size = plan.batch_size
    if encoded is not None:
        source.decode = lambda pieces: documents_of(pieces, options)
    return SyncCursor[ModelType].reading(source)


def _after_load(
    engine: Engine, scope: Scope, plan: FindPlan[Any], target: Target, *, is_hooked: bool
) -> AfterLoad | None:
    """Return what is done with the instances of a page: back references are loaded, and then hooks called."""
    reach = target.load_hooks if is_hooked else None
    hooks = None if reach is None else hooks_of_read(reach)
    then = None if hooks is None else partial(load_hooked, engine, scope, hooks)
    return partial(_load_back, engine, scope, plan.loads, then) if plan.loads_back else then


def _load_back(
    engine: Engine,
    scope: Scope,
    load: Load,
    then: AfterLoad | None,
    instances: list[Any],
) -> Exception | None:
    """Load what refers to the instances of a page, before its hooks; without that, there is no page."""
    try:
        load_back_references(engine, scope, load, instances)
    except Exception as error:  # noqa: BLE001 - raised to each consumer
        instances.clear()
        return error
    return None if then is None else then(instances)


def _load_by(
    source: Source[ModelType],
    loader: ReferenceLoader,
    plan: FindPlan[ModelType],
    *,
    by_server: bool,
) -> None:
    """Have references loaded for the pages of a read."""
    if plan.identity:
        source.unite = Identities().unite
    if by_server:
        source.complete = loader.settle
    else:
        source.complete = loader.complete
        source.page_size = plan.batch_size


def _resolves_on_server(engine: Engine, plan: FindPlan[Any], options: Any) -> bool:
    """Return whether an aggregation puts referenced documents into those read."""
    # Here they are put into dictionaries only.
    is_needed = getattr(options, "document_class", dict) is not dict or (
        plan.needs_pipeline and are_where_the_server_looks(engine, plan.loads)
    )
    return is_needed and plan.fits_pipeline and plan.loads.fits_pipeline


def find_first(
    engine: Engine, scope: Scope, plan: FindPlan[ModelType], operation: str
) -> ModelType | None:
    """Find the first matching instance."""
    model, target = plan.model, engine._target(plan.model)
    if plan.load is None and target.finds_plainly and not loads_references(model.__mapping__):
        return find_one(engine, scope, target, model, plan.filter, plan.sort, operation)
    found = find(engine, scope, replace(plan, limit=1), operation)._to_list()
    return found[0] if found else None


def find_one(
    engine: Engine,
    scope: Scope,
    target: Target,
    model: type[ModelType],
    query: Mapping[str, Any],
    sort: SortExpression | None,
    operation: str = "find",
) -> ModelType | None:
    """Find the first matching instance of a model without references."""
    collection, query = target.collection, target.bound(query)
    # To a read in a session of a program's own the driver adds the time it has to see, but not to a command.
    by_itself = scope.session is None
    codec_options = target.read_options if by_itself or scope.attempt else None
    options: dict[str, Any] = {"sort": list(sort.items())} if sort else {}
    hooks = None if target.load_hooks is None else hooks_of_read(target.load_hooks)

    def read() -> Any:
        if codec_options is not None:
            database = collection.database
            try:
                reply = database.command(
                    find_command(collection.name, query, sort),
                    codec_options=codec_options,
                    session=scope.session,
                )
                return first_document(reply)
            except PyMongoError as error:
                may_retry = by_itself and database.client.options.retry_reads
                if not may_retry or not may_read_again(error):
                    raise
        return collection.find_one(query, session=scope.session, **options)

    document = scope.send(engine, read, operation, model)
    if document is None:
        return None
    instance = Reader(model, target.known, scope.attempt).parse(document)
    if hooks is not None:
        error = load_hooked(engine, scope, hooks, [instance])
        if error is not None:
            raise error
    return instance


def count(engine: Engine, scope: Scope, plan: FindPlan[Any]) -> int:
    """Count the matching documents, up to the limit of the plan, and without those that it skips."""
    target, options = engine._target(plan.model), plan.options
    collection, query = options.collection(target.collection), target.bound(plan.filter)
    bounds: dict[str, Any] = {"skip": plan.skip} if plan.skip else {}
    if plan.limit is not None:
        bounds["limit"] = plan.limit

    def read() -> int:
        if fits_match(query):
            words = {**bounds, **options.command_words}
            counted: int = collection.count_documents(query, session=scope.session, **words)
            return counted
        # Sent as an aggregation, which does not take such a filter.
        words = {**bounds, **options.words}
        found = collection.find(query, {"_id": 1}, session=scope.session, **words)
        number = 0
        while batch := take_batch(found, LIST_PAGE_SIZE):
            number += len(batch)
        return number

    number: int = scope.send(engine, read, "count", plan.model)
    return number
