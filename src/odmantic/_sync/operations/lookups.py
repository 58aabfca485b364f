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


def exists(engine: Engine, scope: Scope, model: type[Model], query: QueryExpression) -> bool:
    """Return whether a document matches."""
    target = engine._target(model)
    read = target.collection.find_one
    call = partial(read, target.bound(query), {"_id": True}, session=scope.session)
    return scope.send(engine, call, "exists", model) is not None


def estimated_count(engine: Engine, scope: Scope, model: type[Model]) -> int:
    """Return the number of documents in a collection, by its metadata.

    Raises:
        SessionMisuseError: if it is called in a transaction.
    """
    session = scope.session
    if scope.unit is not None or (session is not None and runs_transaction(session)):
        raise SessionMisuseError(
            f"estimated_count of {model.__name__} cannot run in a transaction: use count there"
        )
    collection = engine._target(model).collection
    number: int = scope.send(engine, collection.estimated_document_count, "estimated_count", model)
    return number


def distinct(engine: Engine, scope: Scope, plan: DistinctPlan, query: QueryExpression) -> list[Any]:
    """Return the different values of a key in documents that match."""
    target = engine._target(plan.model)
    bound = target.bound(query)

    def read() -> list[Any]:
        found: list[Any] = target.collection.distinct(plan.key, bound, session=scope.session)
        return found

    stored: list[Any] = scope.send(engine, read, "distinct", plan.model)
    return [plan.read(each) for each in stored]
