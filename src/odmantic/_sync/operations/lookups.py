# Generated from src/odmantic/_aio/operations/lookups.py by tools/generate_sync.py: do not edit.
"""Reads that need no whole documents, and reads by primary key."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._driver.clients import runs_transaction
from odmantic._plan.find import FindPlan
from odmantic._plan.identity import Identities
from odmantic._plan.lookups import filter_of_ids
from odmantic._shared.reading import ModelType
from odmantic._sync.operations.find import find
from odmantic.exceptions import SessionMisuseError

if TYPE_CHECKING:
    from odmantic._plan.distinct import DistinctPlan
    from odmantic._plan.lookups import Wanted
    from odmantic._plan.options import CallOptions
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model
    from odmantic.query import QueryExpression


def get_many(
    engine: Engine, scope: Scope, plan: FindPlan[ModelType], wanted: Wanted, without: Any
) -> list[ModelType | None]:
    """Return the instances of documents with some ids, in their order; `plan` says how they are loaded."""
    instances: list[ModelType] = []
    for ids in wanted.queries():
        query = filter_of_ids(plan.model, ids, without)
        asked = replace(plan, filter=query, identity=False)
        instances += find(engine, scope, asked, "get_many")._to_list()
    answers: list[ModelType | None] = wanted.in_order(instances)
    if plan.identity:
        found = [each for each in answers if each is not None]
        united = iter(Identities().unite(found))
        return [None if each is None else next(united) for each in answers]
    return answers


def exists(
    engine: Engine,
    scope: Scope,
    model: type[Model],
    query: QueryExpression,
    options: CallOptions,
) -> bool:
    """Return whether a document matches."""
    target = engine._target(model)
    read = options.collection(target.collection).find_one
    words = options.words
    call = partial(read, target.bound(query), {"_id": True}, session=scope.session, **words)
    return scope.send(engine, call, "exists", model) is not None


def estimated_count(engine: Engine, scope: Scope, model: type[Model], options: CallOptions) -> int:
    """Return the number of documents in a collection, by its metadata.

    Raises:
        SessionMisuseError: if it is called in a transaction.
    """
    session = scope.session
    if scope.unit is not None or (session is not None and runs_transaction(session)):
        raise SessionMisuseError(
            f"estimated_count of {model.__name__} cannot run in a transaction: use count there"
        )
    collection = options.collection(engine._target(model).collection)
    call = partial(collection.estimated_document_count, **options.command_words)
    number: int = scope.send(engine, call, "estimated_count", model)
    return number


def distinct(
    engine: Engine,
    scope: Scope,
    plan: DistinctPlan,
    query: QueryExpression,
    options: CallOptions,
) -> list[Any]:
    """Return the different values of a key in documents that match."""
    target = engine._target(plan.model)
    bound, collection = target.bound(query), options.collection(target.collection)

    def read() -> list[Any]:
        found: list[Any] = collection.distinct(
            plan.key, bound, session=scope.session, **options.command_words
        )
        return found

    stored: list[Any] = scope.send(engine, read, "distinct", plan.model)
    return [plan.read(each) for each in stored]
