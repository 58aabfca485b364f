"""Deletes the document of an instance, or all that match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import check_id, id_filter
from odmantic._state.transitions import mark_deleted
from odmantic.exceptions import DocumentNotFoundError

if TYPE_CHECKING:
    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic.model import Model
    from odmantic.query import QueryExpression


async def delete(engine: Engine, scope: Scope, instance: Model) -> None:
    """Delete the document of an instance.

    Raises:
        DocumentNotFoundError: there is none.
    """
    model = type(instance)
    target = engine._target(model)
    collection = target.collection
    id_ = encode_primary_key(instance)
    check_id(model, id_, "delete")
    query = id_filter(id_)
    journal = scope.journal
    before = journal.deleting(instance) if journal is not None else None
    result = await scope.send(
        engine,
        lambda: collection.delete_one(query, session=scope.session),
        "delete",
        model,
        id_,
    )
    if result.deleted_count == 0:
        raise DocumentNotFoundError(instance)
    was_here, ended = mark_deleted(instance, target.known.place)
    if journal is not None:
        journal.deleted(instance, before if was_here else None, ended)


async def remove(
    engine: Engine, scope: Scope, model: type[Model], query: QueryExpression, *, just_one: bool
) -> int:
    """Delete matching documents and tell how many there were."""
    collection = engine.get_collection(model)
    delete = collection.delete_one if just_one else collection.delete_many
    result = await scope.send(engine, lambda: delete(query, session=scope.session), "remove", model)
    count: int = result.deleted_count
    return count
