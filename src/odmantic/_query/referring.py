"""Conditions for the documents that refer to others, by the ids of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._codec.ids import id_filter, ids_filter
from odmantic._mapping.links import Each, Step
from odmantic._query.expressions import QueryExpression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic._mapping.back_links import BackLink
    from odmantic._mapping.links import Link


def refers_to(link: BackLink, ids: list[Any]) -> QueryExpression:
    """Return the condition for documents of a holder that refer to one of some ids, in their stored forms."""
    paths, stored = link.paths, link.stored(ids)
    conditions: list[dict[str, Any]]
    if paths is None:
        referred = {"$setIntersection": [stored_ids(link), {"$literal": stored}]}
        return QueryExpression({"$expr": {"$gt": [{"$size": referred}, 0]}})
    if len(stored) == 1:
        conditions = [id_filter(stored[0], path) for path in paths]
    elif link.is_named:
        # `$in` takes references, even if it takes no other documents with such keys.
        conditions = [{path: {"$in": stored}} for path in paths]
    else:
        conditions = [ids_filter(stored, path) for path in paths]
    return QueryExpression(conditions[0] if len(conditions) == 1 else {"$or": conditions})


def stored_ids(link: BackLink) -> dict[str, Any]:
    """Return the expression of an aggregation for an array of what a document stores that refers to others."""
    arrays = [_array("$$ROOT", (), way, 0) for way in link.ways]
    return {"$concatArrays": arrays}


def _array(place: str, steps: Sequence[Step], way: Sequence[Link], depth: int) -> Any:
    """Return the expression for an array of what is at the end of a way, from a value at a place.

    Args:
        place: The path of the value.
        steps: The containers in it.
        way: The links from there.
        depth: The number of containers around it.
    """
    if not steps:
        if not way:
            return [place]
        link, *rest = way
        return _array(f"{place}.{link.key}", link.steps, rest, depth)
    step, *inner_steps = steps
    name = f"value{depth}"
    inside = _array(f"$${name}", inner_steps, way, depth + 1)
    if inside == [f"$${name}"]:
        return _items(place, step)
    arrays = {"$map": {"input": _items(place, step), "as": name, "in": inside}}
    together = {"$concatArrays": ["$$value", "$$this"]}
    return {"$reduce": {"input": arrays, "initialValue": [], "in": together}}


def _items(place: str, step: Step) -> Any:
    """Return the expression for the values in a container; for what is none, an empty array."""
    nothing: list[Any] = []
    if step is Each.VALUE:
        pairs: Any = {"$objectToArray": place}
        pairs = {"$cond": [{"$eq": [{"$type": place}, "object"]}, pairs, nothing]}
        return {"$map": {"input": pairs, "as": "pair", "in": "$$pair.v"}}
    items: Any = place if step is Each.ITEM else {"$slice": [place, step, 1]}
    return {"$cond": [{"$isArray": [place]}, items, nothing]}
