# Generated from src/odmantic/_aio/operations/find_one_and.py by tools/generate_sync.py: do not edit.
"""Finds one document by query and writes it, in one command; what the server answers becomes an instance."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._plan.errors import add_context
from odmantic._plan.find import loads_references
from odmantic._plan.upsert import refusal_of_upsert
from odmantic._shared.reading import Reader
from odmantic._state.transitions import mark_unknown
from odmantic._sync.operations.hooks import hooks_of_read, load_hooked
from odmantic._sync.operations.load import load_back_references
from odmantic._sync.operations.references import ReferenceLoader
from odmantic._sync.operations.update import update

if TYPE_CHECKING:
    from collections.abc import Generator

    from odmantic._mapping.loading import Load
    from odmantic._plan.query_deletion import QueryDeletion, Removed
    from odmantic._plan.query_update import QueryUpdate, UpdatePlans
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope


def deleted_instance(
    engine: Engine, call: QueryDeletion, load: Load, scope: Scope, removed: Removed
) -> Any:
    """Return the instance of a document that was deleted; it counts as never saved, unless its document stays."""
    if removed.document is None:
        return None
    with saying("the document is deleted"):
        is_new = not call.is_soft
        return instance_of(engine, scope, load, removed.document, call.operation, is_new=is_new)


def find_and_update(
    engine: Engine, scope: Scope, call: QueryUpdate, plans: UpdatePlans, load: Load
) -> Any:
    """Update one document, and return its instance; `None` if none matches, or there was none before an upsert.

    Raises:
        UpdateRefusedError: if an upsert has neither updated nor inserted.
        DuplicateKeyError: if a unique index refuses the document.
        DocumentParsingError: if the document does not fit the model, or lacks a target.
    """
    result = update(engine, scope, call, plans)
    document = (result.raw_result or {}).get("value")
    may_be_new = call.upsert is not False and call.returning == "after"
    if document is None:
        if may_be_new:
            raise refusal_of_upsert(call.model, call.updates)
        return None
    with saying("the document is updated"):
        instance = instance_of(engine, scope, load, document, call.operation)
    if may_be_new and scope.attempt is not None:
        # The server does not say whether it is.
        scope.attempt.journal.may_have_inserted(instance)
    return instance


def instance_of(
    engine: Engine,
    scope: Scope,
    load: Load,
    document: Any,
    operation: str,
    *,
    is_new: bool = False,
) -> Any:
    """Return the instance of a document that a write has given, with its references, after its hooks.

    Args:
        engine: The engine.
        scope: The scope.
        load: What is loaded of references.
        document: The document.
        operation: The name of the operation.
        is_new: Whether the instance counts as never saved.

    Raises:
        DocumentParsingError: if the document does not fit the model.
    """
    model = load.model
    target = engine._target(model)
    hooks = None if target.load_hooks is None else hooks_of_read(target.load_hooks)
    known = engine._reading_from(model, target.known)
    if loads_references(model.__mapping__):
        loader = ReferenceLoader(engine, scope, load, target.collection)
        complete = partial(loader.complete_once, document)
        document = scope.send(engine, complete, operation, model)
    instance = Reader(model, known, scope.attempt).parse(document)
    if is_new:
        mark_unknown(instance)
    if load.all_back_parts:
        load_back_references(engine, scope, load, [instance])
    if hooks is not None:
        error = load_hooked(engine, scope, hooks, [instance])
        if error is not None:
            raise error
    return instance


@contextmanager
def saying(text: str) -> Generator[None, None, None]:
    """Enclose what follows an acknowledged write: errors say that it stands."""
    try:
        yield
    except Exception as error:
        add_context(error, text)
        raise
