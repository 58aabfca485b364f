"""The documents that refer to deleted ones: the filter that finds them, and the update that takes the ids out.

A way through arrays alone is a path of the query language, and array filters say which elements are meant. The keys of
some documents are data, which may have dots and dollar signs: there a pipeline goes through them as keys and values. Ids
are operands of `$in`, or literals, and never read as anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from odmantic._codec.ids import ids_filter
from odmantic._mapping.links import Each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic._mapping.links import Hop
    from odmantic._mapping.rules import Rule

Document: TypeAlias = dict[str, Any]
Expression: TypeAlias = Any
"""An expression of the aggregation language."""


def holders_filter(rule: Rule, ids: list[Any], excluded: list[Any] | None = None) -> Document:
    """Return the filter for the documents that refer to one with some ids, but for those with excluded ids."""
    queries = [_filter_at(each, ids) for each in rule.places]
    query: Document = queries[0] if len(queries) == 1 else {"$or": queries}
    if rule.type_key is not None:
        query[rule.type_key] = {"$in": [*rule.types]}
    if excluded:
        query["$nor"] = [ids_filter(excluded)]
    return query


def _filter_at(place: Rule, ids: list[Any]) -> Document:
    if place.is_in_table:
        key, *hops = place.hops
        return {"$expr": _any_in(f"${key}", hops, _literal(ids))}
    return _query(place.hops, {"$in": ids})


@dataclass(frozen=True, slots=True)
class Release:
    """The update of the documents that refer to deleted ones, which they then do not any more."""

    filter: Document
    update: Document | list[Document]
    array_filters: list[Document] | None


def release(rule: Rule, ids: list[Any], excluded: list[Any] | None, supplied: Document) -> Release:
    """Return the update for a rule that keeps the documents.

    Args:
        rule: The rule, at one of its places.
        ids: The ids of the deleted documents.
        excluded: The ids of those that are left alone: they are deleted too.
        supplied: What each update sets besides, by key.
    """
    query = holders_filter(rule, ids, excluded)
    if rule.is_in_table:
        key, *hops = rule.hops
        changed = _Rewriting(rule, _literal(ids)).value(f"${key}", hops)
        others = {each: {"$literal": value} for each, value in supplied.items()}
        return Release(query, [{"$set": {key: changed, **others}}], None)
    update, filters = _operators(rule, {"$in": ids})
    if supplied:
        update["$set"] = {**update.get("$set", {}), **supplied}
    return Release(query, update, filters or None)


def _operators(rule: Rule, one_of: Document) -> tuple[Document, list[Document]]:
    hops = rule.hops
    match rule.on_delete:
        case "pull":
            path, filters = _positional(hops, len(hops) - 1, one_of)
            return {"$pull": {path: one_of}}, filters
        case "pull_element":
            path, filters = _positional(hops, rule.list_at, one_of)
            return {"$pull": {path: _query(hops[rule.list_at + 1 :], one_of)}}, filters
        case _:
            path, filters = _positional(hops, len(hops), one_of)
            return (
                {"$unset": {path: ""}} if rule.leaves_out_none else {"$set": {path: None}}
            ), filters


# --- Paths of the query language ---------------------------------------------------------------


def _query(hops: Sequence[Hop], one_of: Any, path: str = "") -> Document:
    """Return the filter for documents with one of the ids at the end of a way, which begins at a path."""
    may_pass = False
    for at, hop in enumerate(hops):
        if hop is not Each.ITEM:
            path = f"{path}.{hop}" if path else str(hop)
            may_pass = True
        elif may_pass and hops[at + 1 : at + 2] != (Each.ITEM,):
            # A path leads into one array by itself.
            may_pass = False
        else:
            return {path: {"$elemMatch": _of_element(hops[at + 1 :], one_of)}}
    return {path: one_of}


def _of_element(hops: Sequence[Hop], one_of: Any) -> Document:
    """Return the condition for an element of an array that is, or has at the end of a way, one of the ids."""
    if not hops:
        return {**one_of}
    if hops[0] is Each.ITEM:
        return {"$elemMatch": _of_element(hops[1:], one_of)}
    return _query(hops, one_of)


def _positional(hops: Sequence[Hop], end: int, one_of: Any) -> tuple[str, list[Document]]:
    """Return the path of an update to a position on a way, with filters for the elements of the arrays before."""
    parts: list[str] = []
    filters: list[Document] = []
    for at, hop in enumerate(hops[:end]):
        if hop is Each.ITEM:
            name = f"e{len(filters)}"
            parts.append(f"$[{name}]")
            filters.append(_query(hops[at + 1 :], one_of, name))
        else:
            parts.append(str(hop))
    return ".".join(parts), filters


# --- Expressions -------------------------------------------------------------------------------


def _literal(ids: list[Any]) -> Expression:
    return {"$literal": ids}


def _is_table(value: Expression) -> Expression:
    return {"$eq": [{"$type": value}, "object"]}


def _entries(table: Expression) -> Expression:
    return {"$objectToArray": table}


def _any_in(value: Expression, hops: Sequence[Hop], ids: Expression, depth: int = 0) -> Expression:
    """Return whether one of the ids is at the end of a way from a value, which is a path."""
    if not hops:
        return {"$in": [value, ids]}
    hop, rest = hops[0], hops[1:]
    name = f"v{depth}"
    if isinstance(hop, str):
        return _any_in(f"{value}.{hop}", rest, ids, depth)
    none: list[Any] = []
    each: Expression
    if hop is Each.VALUE:
        each, inner = {"$cond": [_is_table(value), _entries(value), none]}, f"$${name}.v"
    else:
        each = {"$cond": [{"$isArray": [value]}, value, none]}
        inner = f"$${name}"
        if isinstance(hop, int):
            each = {"$slice": [each, hop, 1]}
    found = _any_in(inner, rest, ids, depth + 1)
    return {"$anyElementTrue": [{"$map": {"input": each, "as": name, "in": found}}]}


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """Makes expressions for values without the ids, at any depth; what has another shape stays as it is."""

    rule: Rule
    ids: Expression

    def value(self, value: str, hops: Sequence[Hop], depth: int = 0) -> Expression:
        """Return a value, which is at a path, without the ids at the end of a way from it."""
        if not hops:
            return {"$cond": [{"$in": [value, self.ids]}, None, value]}
        hop = hops[0]
        if isinstance(hop, str):
            return {"$cond": [_is_table(value), self._object(value, hops, depth), value]}
        if hop is Each.VALUE:
            return {"$cond": [_is_table(value), self._table(value, hops, depth), value]}
        is_array = {"$isArray": [value]}
        if isinstance(hop, int):
            return {"$cond": [is_array, self._element(value, hop, hops[1:], depth), value]}
        return {"$cond": [is_array, self._array(value, hops, depth), value]}

    def _object(self, value: str, hops: Sequence[Hop], depth: int) -> Expression:
        key: Any = hops[0]
        if len(hops) == 1 and self.rule.leaves_out_none:
            name = f"v{depth}"
            is_it = {"$and": [{"$eq": [f"$${name}.k", key]}, {"$in": [f"$${name}.v", self.ids]}]}
            return {"$arrayToObject": _without(_entries(value), name, is_it)}
        changed = self.value(f"{value}.{key}", hops[1:], depth)
        return {"$mergeObjects": [value, {key: changed}]}

    def _table(self, value: str, hops: Sequence[Hop], depth: int) -> Expression:
        name, entries = f"v{depth}", _entries(value)
        inner = f"$${name}.v"
        if len(hops) == 1 and self.rule.on_delete == "pull":
            left = _without(entries, name, {"$in": [inner, self.ids]})
        else:
            changed = {"k": f"$${name}.k", "v": self.value(inner, hops[1:], depth + 1)}
            left = {"$map": {"input": entries, "as": name, "in": changed}}
        return {"$arrayToObject": left}

    def _array(self, value: str, hops: Sequence[Hop], depth: int) -> Expression:
        name, rule, rest = f"v{depth}", self.rule, hops[1:]
        if rule.on_delete == "pull" and not rest:
            return _without(value, name, {"$in": [f"$${name}", self.ids]})
        if rule.on_delete == "pull_element" and len(rule.hops) - len(hops) == rule.list_at:
            return _without(value, name, _any_in(f"$${name}", rest, self.ids, depth + 1))
        changed = self.value(f"$${name}", rest, depth + 1)
        return {"$map": {"input": value, "as": name, "in": changed}}

    def _element(self, value: str, index: int, rest: Sequence[Hop], depth: int) -> Expression:
        name, at = f"v{depth}", f"i{depth}"
        element = {"$arrayElemAt": [value, f"$${at}"]}
        changed = {
            "$let": {"vars": {name: element}, "in": self.value(f"$${name}", rest, depth + 1)}
        }
        each = {"$cond": [{"$eq": [f"$${at}", index]}, changed, element]}
        return {"$map": {"input": {"$range": [0, {"$size": value}]}, "as": at, "in": each}}


def _without(array: Expression, name: str, condition: Expression) -> Expression:
    return {"$filter": {"input": array, "as": name, "cond": {"$not": [condition]}}}
